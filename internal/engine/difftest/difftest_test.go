package difftest

import (
	"bufio"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tfserverless/terraform-provider-serverless/internal/cli"
	"github.com/tfserverless/terraform-provider-serverless/internal/seeds"
)

var (
	update = flag.Bool("update", false, "record anew what terraform and tofu do")
	peers  = flag.Bool("peers", false, "check all golden files against terraform and tofu")
)

// ours is the program under test: this test's binary, when asked to be it.
const (
	ours   = "tfserverless"
	asOurs = "DIFFTEST_PROGRAM=1"
)

func TestMain(m *testing.M) {
	if os.Getenv("DIFFTEST_PROGRAM") != "" {
		path, err := os.Executable()
		must(err)
		os.Exit(cli.Main(&cli.Program{Version: "1.2.3", Main: path, In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, os.Args[1:]))
	}
	for _, sink := range []string{"TF_LOG_SDK_PROTO", "TF_LOG_SDK_FRAMEWORK"} {
		must(os.Setenv(sink, "off")) // the provider in this process would log each call
	}
	must(flag.Set("rapid.checks", "6")) // each starts the program a dozen times; -rapid.checks asks for more
	seeds.Main(m)
}

// TestRows carries out every row on our engine and compares with what the golden
// file says that terraform or tofu did.
func TestRows(t *testing.T) {
	table := readSummaries(t, "ours.txt")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows(t) {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			got := carryOut(t, r, ours, self, asOurs)
			if *update && r.peer() == ours {
				if err := os.WriteFile(r.golden(), []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(r.golden())
			if err != nil {
				t.Fatalf("nothing is recorded: %v (run with -update)", err)
			}
			diff := compare(string(want), got, table)
			switch pending := r.set["pending"]; {
			case pending != "" && diff == "":
				t.Errorf("%s does as %s does: it is not pending any more", r.name, r.peer())
			case pending != "":
				t.Skipf("pending: %s", pending)
			case diff != "":
				t.Errorf("%s (-%s +ours)\n%s", r.path, r.peer(), diff)
			}
		})
	}
}

// TestPeers checks the golden files against the real programs, or records them.
// Without -peers or -update it takes only every twentieth row.
func TestPeers(t *testing.T) {
	if testing.Short() {
		t.Skip("starts terraform many times; left out by -short")
	}
	var found []string
	paths := map[string]string{}
	for _, program := range []string{"terraform", "tofu"} {
		if path := locate(program); path != "" {
			found, paths[program] = append(found, program), path
		}
	}
	if len(found) == 0 {
		t.Skip("neither terraform nor tofu is on PATH")
	}
	table := readSummaries(t, "tofu.txt")
	for i, r := range rows(t) {
		if !*peers && !*update && i%20 != 0 || r.peer() == ours {
			continue
		}
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			said := map[string]string{}
			for _, program := range found {
				if r.set["only"] == "" || program == r.peer() {
					said[program] = carryOut(t, r, program, paths[program])
				}
			}
			if other, ok := said["tofu"]; ok && said["terraform"] != "" {
				said["tofu"] = strings.Join(reword(strings.Split(other, "\n"), strings.Split(said["terraform"], "\n"), table), "\n")
			}
			main, ok := said[r.peer()]
			if !ok {
				t.Skipf("%s is not on PATH", r.peer())
			}
			for program, other := range said {
				if diff := cmp.Diff(main, other); diff != "" && r.set["follow"] == "" {
					t.Errorf("%s and %s differ; the row has to say which one to follow, and why (-%[1]s +%[2]s)\n%[3]s", r.peer(), program, diff)
				} else if program != r.peer() && diff == "" && r.set["follow"] != "" {
					t.Errorf("%s and %s do not differ any more", r.peer(), program)
				}
			}
			if *update {
				if err := os.WriteFile(r.golden(), []byte(main), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(r.golden())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), main); diff != "" {
				t.Errorf("%s does not do what is recorded (-recorded +now)\n%s", r.peer(), diff)
			}
		})
	}
}

// locate is the path of a program, or empty.
func locate(program string) string {
	if path, err := exec.LookPath(program); err == nil {
		return path
	}
	if path, err := filepath.Abs(filepath.Join("..", "..", "..", "bin", "tools", program)); err == nil {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return ""
}

// compare is the difference between two observations. Our summaries may have
// words of their own, and values that are known once need not be planned again.
func compare(want, got string, table wording) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	w = spare(w, g)
	return cmp.Diff(strings.Join(w, "\n"), strings.Join(reword(g, w, table), "\n"))
}

// spare leaves out the calls that terraform makes though nothing can come of
// them: what is planned again while applying, with all values known before, and
// the plan that it makes before one to destroy everything.
func spare(want, got []string) []string {
	made := map[string]bool{} // command and call
	section := ""
	for _, line := range got {
		if strings.HasPrefix(line, "== ") {
			section = line
		}
		made[section+line] = true
	}
	var out []string
	for _, line := range want {
		if strings.HasPrefix(line, "== ") {
			section = line
		}
		phase, call, _ := strings.Cut(line, ": ")
		op, _, _ := strings.Cut(call, " ")
		again := phase == "apply" || strings.Contains(section, "destroy") && (phase == "plan" || phase == "destroy")
		if again && !made[section+line] && slices.Contains([]string{"configure", "plan", "validate", "data"}, op) {
			continue
		}
		out = append(out, line)
	}
	return out
}

// reword gives our summaries the words of the other program, where the table says
// that they mean the same. One of ours may stand for several of theirs, and the
// other way round.
func reword(got, want []string, table wording) []string {
	theirs := said(want)
	var out []string
	for i := 0; i < len(got); {
		if !isSummary(got[i]) {
			out = append(out, got[i])
			i++
			continue
		}
		var own []string
		for ; i < len(got) && isSummary(got[i]); i++ {
			own = append(own, got[i])
		}
		out = append(out, table.translate(own, theirs[place(out)])...)
	}
	return out
}

func isSummary(line string) bool {
	return strings.HasPrefix(line, "error: ") || strings.HasPrefix(line, "warning: ")
}

// place names where the next summaries stand.
func place(before []string) string {
	section := ""
	for _, line := range before {
		if strings.HasPrefix(line, "== ") {
			section = line
		}
	}
	phase, _, _ := strings.Cut(before[len(before)-1], " ")
	return section + phase
}

// said are the summaries at each place.
func said(lines []string) map[string][]string {
	out := map[string][]string{}
	for i := 0; i < len(lines); {
		if !isSummary(lines[i]) {
			i++
			continue
		}
		at := place(lines[:i])
		for ; i < len(lines) && isSummary(lines[i]); i++ {
			out[at] = append(out[at], lines[i])
		}
	}
	return out
}

// wording says which summaries of a program stand for which of terraform's.
type wording []struct {
	own    *regexp.Regexp
	theirs string
}

func (w wording) means(own, theirs string) bool {
	ownKind, own, _ := strings.Cut(own, ": ")
	theirKind, theirs, _ := strings.Cut(theirs, ": ")
	for _, pair := range w {
		if ownKind == theirKind && pair.theirs == theirs && pair.own.MatchString(own) {
			return true
		}
	}
	return false
}

// translate is own in the words of theirs, as far as the two mean the same.
func (w wording) translate(own, theirs []string) []string {
	var out []string
	for _, line := range theirs {
		if slices.ContainsFunc(own, func(o string) bool { return o == line || w.means(o, line) }) {
			out = append(out, line)
		}
	}
	for _, line := range own {
		if !slices.ContainsFunc(theirs, func(t string) bool { return t == line || w.means(line, t) }) {
			out = append(out, line)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// readSummaries reads a wording: "own = terraform's", one a line; a * in what is
// a program's own stands for any text.
func readSummaries(t *testing.T, name string) wording {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "summaries", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out wording
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		own, theirs, ok := strings.Cut(line, " = ")
		if !ok {
			t.Fatalf("%s: %q is not of the form \"own = terraform's\"", name, line)
		}
		pattern := "^" + strings.ReplaceAll(regexp.QuoteMeta(own), `\*`, ".*") + "$"
		out = append(out, struct {
			own    *regexp.Regexp
			theirs string
		}{regexp.MustCompile(pattern), theirs})
	}
	return out
}
