package difftest

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// A row is one configuration with the commands to carry out, read from a txtar
// archive. Its files are those of the working directory; files in a folder
// "@NAME/" are copied over them by the command "files NAME". What stands before
// the files is a description, then commands, each after "> ", and settings, each
// a word with a colon:
//
//	slow: NAME...      changes of these objects take a while; * is all
//	order: NAME...     changes of these objects have one order; * is all
//	follow: PROGRAM, REASON   terraform and tofu differ
//	only: PROGRAM, REASON     the other one cannot do it
//	own: REASON        neither can: the golden file is our own
//	pending: REASON    our engine does not do it yet
//
// The commands are those of terraform, and some of the harness's own:
//
//	apply FLAGS        plan -out, show -json and apply of that plan
//	plan FLAGS         plan -out and show -json
//	files NAME         copy files; a file that is empty there is removed
//	drift OBJECT gone  change an object behind the state's back
//	drift OBJECT ATTRIBUTE=JSON
//	env NAME=VALUE     for all that follows
type row struct {
	name, path string
	files      []txtar.File
	commands   []string
	set        map[string]string
}

func readRow(path string) (row, error) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		return row{}, err
	}
	r := row{name: strings.TrimSuffix(filepath.Base(path), ".txtar"), path: path, files: archive.Files, set: map[string]string{}}
	if len(archive.Comment) == 0 || archive.Comment[0] == '>' {
		return r, fmt.Errorf("%s: the description is missing", path)
	}
	for line := range strings.Lines(string(archive.Comment)) {
		line = strings.TrimSpace(line)
		if command, ok := strings.CutPrefix(line, "> "); ok {
			r.commands = append(r.commands, command)
			continue
		}
		if key, value, ok := strings.Cut(line, ": "); ok {
			switch key {
			case "slow", "order", "follow", "only", "own", "pending":
				r.set[key] = value
			}
		}
	}
	if len(r.commands) == 0 {
		r.commands = []string{"apply", "plan"}
	}
	return r, nil
}

// names are the words of a setting; none for "*".
func (r row) names(setting string) []string {
	words := strings.Fields(r.set[setting])
	if len(words) == 1 && words[0] == "*" {
		return nil
	}
	return words
}

// peer is the program whose behavior the row records.
func (r row) peer() string {
	for _, setting := range []string{"follow", "only"} {
		if who, _, ok := strings.Cut(r.set[setting], ", "); ok {
			return who
		}
	}
	if r.set["own"] != "" {
		return ours
	}
	return "terraform"
}

func (r row) golden() string {
	return filepath.Join("testdata", "golden", r.name+".txt")
}

func rows(t *testing.T) []row {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "rows", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	var out []row
	for _, path := range paths {
		r, err := readRow(path)
		if err != nil {
			t.Error(err)
			continue
		}
		out = append(out, r)
	}
	return out
}
