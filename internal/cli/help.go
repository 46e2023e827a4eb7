package cli

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

// name is what the program is called on the command line.
const name = "tfserverless"

// overview lists the commands of a group; "" is all of them.
func overview(group string) string {
	var b strings.Builder
	if group == "" {
		fmt.Fprintf(&b, "Usage: %s [-chdir=DIR] COMMAND [FLAGS]\n\nServerless applications from HCL: on AWS, or on this machine.\n", name)
	} else {
		fmt.Fprintf(&b, "Usage: %s [-chdir=DIR] %s COMMAND [FLAGS]\n", name, group)
	}
	b.WriteString("\nCommands:\n")
	width := 0
	for _, c := range below(group) {
		width = max(width, len(c.name))
	}
	for _, c := range below(group) {
		fmt.Fprintf(&b, "  %-*s  %s\n", width, c.name, c.summary)
	}
	fmt.Fprintf(&b, "\nFor the flags of a command: %s COMMAND -help\n", name)
	return b.String()
}

// usage explains one command.
func usage(c *command, fs *flag.FlagSet) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage: %s [-chdir=DIR] %s", name, c.name)
	flags := flagsOf(fs)
	if len(flags) > 0 {
		b.WriteString(" [FLAGS]")
	}
	if c.args != "" {
		b.WriteString(" " + c.args)
	}
	fmt.Fprintf(&b, "\n\n%s.\n", c.summary)
	if c.help != "" {
		fmt.Fprintf(&b, "\n%s\n", strings.TrimSpace(c.help))
	}
	if len(flags) > 0 {
		b.WriteString("\nFlags:\n")
	}
	for _, f := range flags {
		placeholder, text := flag.UnquoteUsage(f)
		fmt.Fprintf(&b, "  -%s", f.Name)
		if placeholder != "" {
			fmt.Fprintf(&b, "=%s", placeholder)
		}
		fmt.Fprintf(&b, "\n      %s", text)
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" && f.DefValue != "0s" {
			fmt.Fprintf(&b, " (default %s)", f.DefValue)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func flagsOf(fs *flag.FlagSet) []*flag.Flag {
	var all []*flag.Flag
	fs.VisitAll(func(f *flag.Flag) { all = append(all, f) })
	return all
}

// unknown is the error for a word that continues no command of the group.
func unknown(group []string, word string) error {
	prefix := strings.Join(append(slices.Clone(group), ""), " ")
	next := map[string]bool{}
	for _, c := range below(strings.TrimSpace(prefix)) {
		w, _, _ := strings.Cut(strings.TrimPrefix(c.name, prefix), " ")
		next[w] = true
	}
	list := name + " " + prefix + "-help"
	return fmt.Errorf("there is no command %q%s\n\nFor a list of commands: %s", prefix+word, suggestion(word, slices.Sorted(maps.Keys(next)), prefix), list)
}

// badFlag turns the flag package's error into one with a remedy.
func badFlag(err error, c *command, fs *flag.FlagSet) error {
	text := err.Error()
	if flagName, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		var known []string
		for _, f := range flagsOf(fs) {
			known = append(known, f.Name)
		}
		text = fmt.Sprintf("the command %q has no flag -%s%s", c.name, flagName, suggestion(flagName, known, "-"))
	}
	return errors.New(text + "\n\nFor its flags: " + name + " " + c.name + " -help")
}

// suggestion asks for the known word that is nearest to what was typed, if one
// is near.
func suggestion(typed string, known []string, prefix string) string {
	for _, k := range known {
		if d := levenshtein.Distance(typed, k, nil); d <= 2 && d < len(k) {
			return fmt.Sprintf("; did you mean %q?", prefix+k)
		}
	}
	return ""
}
