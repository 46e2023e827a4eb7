package cli

import (
	"fmt"
	"os"
	"strings"
)

// fromEnvironment puts the flags of TF_CLI_ARGS and TF_CLI_ARGS_<command> before
// those of the command line, so that the latter win. They hold for Terraform's
// commands, whose names have an underscore for a space in the variable.
func fromEnvironment(c *command, args []string) ([]string, error) {
	if strings.HasPrefix(c.name, "emulator") || strings.HasPrefix(c.name, "execution") {
		return args, nil
	}
	var out []string
	for _, variable := range []string{"TF_CLI_ARGS", "TF_CLI_ARGS_" + strings.ReplaceAll(c.name, " ", "_")} {
		words, err := split(os.Getenv(variable))
		if err != nil {
			return nil, fmt.Errorf("the environment variable %s: %w", variable, err)
		}
		out = append(out, words...)
	}
	return append(out, args...), nil
}

// split takes a line apart as a shell does: at spaces, but for quoted ones, and
// with a backslash before a character that is to be taken as it is. Nothing else
// that shells know has a meaning.
func split(line string) ([]string, error) {
	var out []string
	var word strings.Builder
	var quote rune
	inWord, escaped := false, false
	for _, r := range line {
		switch {
		case escaped:
			word.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			escaped, inWord = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '"' || r == '\'':
			quote, inWord = r, true
		case r == ' ' || r == '\t' || r == '\n':
			if inWord {
				out = append(out, word.String())
				word.Reset()
				inWord = false
			}
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if quote != 0 || escaped {
		return nil, fmt.Errorf("a quote is not closed in %q", line)
	}
	if inWord {
		out = append(out, word.String())
	}
	return out, nil
}
