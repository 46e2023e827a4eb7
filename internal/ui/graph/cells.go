package graph

import (
	"unicode"

	"golang.org/x/text/width"
)

// cells are a text's cells on the grid: each a letter with the marks that belong to
// it. One that takes two is followed by an empty one. What cannot be shown, a line
// break or the beginning of a terminal's command, is a replacement character.
func cells(text string) []string {
	var all []string
	for _, r := range text {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me) && len(all) > 0:
			at := len(all) - 1
			if all[at] == "" {
				at--
			}
			all[at] += string(r)
			continue
		case !unicode.IsGraphic(r):
			r = unicode.ReplacementChar
		}
		all = append(all, string(r))
		if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
			all = append(all, "")
		}
	}
	return all
}
