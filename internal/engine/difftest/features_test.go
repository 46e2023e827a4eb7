package difftest

import (
	"bufio"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// enough is how many configurations are recorded at least.
const enough = 360

// TestFeatures demands that all that testdata/features.txt says shows a feature is
// there, so that nothing that is shown is lost unseen.
func TestFeatures(t *testing.T) {
	t.Parallel()
	f, err := os.Open(filepath.Join("testdata", "features.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tests := map[string]string{} // the tests' sources by folder
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		at := strings.LastIndex(line, " = ")
		if at < 0 || len(strings.Fields(line[at+3:])) == 0 {
			t.Errorf("nothing shows %q", line)
			continue
		}
		for _, name := range strings.Fields(line[at+3:]) {
			if !shows(t, tests, name) {
				t.Errorf("%s is not there, which should show: %s", name, line[:at])
			}
		}
	}
	if n := len(rows(t)); n < enough {
		t.Errorf("got %d rows, want at least %d: which one was lost?", n, enough)
	}
}

// shows tells that a row, a script or a test is there.
func shows(t *testing.T, tests map[string]string, name string) bool {
	t.Helper()
	root := filepath.Join("..", "..")
	if script, ok := strings.CutPrefix(name, "script/"); ok {
		return exists(filepath.Join(root, "cli", "testdata", "script", script+".txtar"))
	}
	folder, test, ok := strings.Cut(name, ".")
	if !ok {
		return exists(filepath.Join("testdata", "rows", name+".txtar")) && exists(filepath.Join("testdata", "golden", name+".txt"))
	}
	if tests[folder] == "" {
		files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(folder), "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			tests[folder] += string(raw)
		}
	}
	return regexp.MustCompile(`(?m)^func ` + regexp.QuoteMeta(test) + `\(t \*testing\.T\)`).MatchString(tests[folder])
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
