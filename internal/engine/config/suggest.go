package config

import (
	"fmt"
	"iter"

	"github.com/agext/levenshtein"
)

// Suggest is the sentence " Did you mean X?" for the known name that is nearest
// to given, or empty when none is near.
func Suggest(given string, known iter.Seq[string]) string {
	best, least := "", 3+len(given)/10
	for name := range known {
		if d := levenshtein.Distance(given, name, nil); d < least || d == least && best != "" && name < best {
			best, least = name, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" Did you mean %q?", best)
}
