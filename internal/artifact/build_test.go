package artifact

import (
	"archive/zip"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// need skips where a program is missing.
func need(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("%s is not on PATH", program)
	}
}

// script is a program that counts its runs in the file runs beside it, and then
// does the lines.
func script(t *testing.T, dir, name string, lines ...string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("there are no scripts without a shell on Windows")
	}
	name = filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	text := "#!/bin/sh\nset -e\n" + strings.Join(lines, "\n") + "\n"
	if err := os.WriteFile(name, []byte(text), 0o755); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
}

// built is the package of what a source's build makes.
func built(t *testing.T, s Source) Package {
	t.Helper()
	made, done, err := Make(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	p, err := Write(io.Discard, made)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func key(t *testing.T, s Source) string {
	t.Helper()
	k, err := Key(s)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestKey demands that a key changes with what decides a build, and with nothing
// else: neither the place, the times, nor what the build makes.
func TestKey(t *testing.T) {
	files := map[string]string{"src/a.js": "a", "README": "r", "package-lock.json": "{}"}
	build := func() *Build {
		return &Build{Steps: [][]string{{"make", "all"}}, Output: "dist", Env: map[string]string{"MODE": "x"}}
	}
	here, there := tempTree(t, files), tempTree(t, files)
	s := Source{Dir: here, Build: build()}
	k := key(t, s)
	for name, change := range map[string]func(*Source){
		"another folder": func(s *Source) { s.Dir = there },
		"built": func(s *Source) {
			s.Dir = tempTree(t, map[string]string{"src/a.js": "a", "README": "r", "package-lock.json": "{}", "dist/a.js": "out"})
		},
		"excluded": func(s *Source) {
			s.Dir = tempTree(t, map[string]string{"src/a.js": "a", "README": "r", "package-lock.json": "{}", "tests/t.js": ""})
			s.Build.Ignored = []string{"tests/"}
		},
	} {
		s := Source{Dir: here, Build: build()}
		if change(&s); key(t, s) != k {
			t.Errorf("%s: the key changes", name)
		}
	}
	for name, change := range map[string]func(*Source){
		"an input": func(s *Source) {
			s.Dir = tempTree(t, map[string]string{"src/a.js": "b", "README": "r", "package-lock.json": "{}"})
		},
		"a file more": func(s *Source) {
			s.Dir = tempTree(t, map[string]string{"src/a.js": "a", "README": "r", "package-lock.json": "{}", "b": ""})
		},
		"the command":                    func(s *Source) { s.Build.Steps = [][]string{{"make", "all", ""}} },
		"the steps":                      func(s *Source) { s.Build.Steps = [][]string{{"make"}, {"all"}} },
		"a variable":                     func(s *Source) { s.Build.Env["MODE"] = "y" },
		"the output":                     func(s *Source) { s.Build.Output = "out" },
		"fewer inputs":                   func(s *Source) { s.Build.Inputs = []string{"src/**"} },
		"what of the output is left out": func(s *Source) { s.Exclude = []string{"*.map"} },
		"what of the output is taken":    func(s *Source) { s.Include = []string{"**"} },
	} {
		s := Source{Dir: here, Build: build()}
		if change(&s); key(t, s) == k {
			t.Errorf("%s: the key does not change", name)
		}
	}
	s.Build.Inputs = []string{"none/**"}
	if _, err := Key(s); err == nil || !strings.Contains(err.Error(), "input") {
		t.Errorf("no inputs: got %v", err)
	}
}

func TestBuild(t *testing.T) {
	dir := tempTree(t, map[string]string{"src.txt": "hello", "unused.txt": ""})
	script(t, dir, "build.sh", `mkdir -p dist/lib`, `cp src.txt dist/index.mjs`, `echo "$MODE" > dist/lib/mode`, `[ -z "$TF_TOKEN" ]`)
	t.Setenv("TF_TOKEN", "secret")
	p := built(t, Source{Dir: dir, Build: &Build{Steps: [][]string{{"./build.sh"}}, Output: "dist", Env: map[string]string{"MODE": "fast"}}})
	if got := paths(p); !slices.Equal(got, []string{"index.mjs", "lib/mode"}) {
		t.Errorf("packaged %v", got)
	}
	p = built(t, Source{Dir: dir, Build: &Build{Steps: [][]string{{"./build.sh"}}, Output: "dist/index.mjs"}})
	if got := paths(p); !slices.Equal(got, []string{"index.mjs"}) {
		t.Errorf("packaged %v", got)
	}
	p = built(t, Source{Dir: dir, Build: &Build{Steps: [][]string{{"cp", "src.txt", Out + "/made"}}}})
	if got := paths(p); !slices.Equal(got, []string{"made"}) {
		t.Errorf("packaged %v", got)
	}
}

func TestBuildErrors(t *testing.T) {
	dir := tempTree(t, map[string]string{"a": ""})
	script(t, dir, "fail.sh", `echo "line 7: no such thing" >&2`, `exit 3`)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name  string
		ctx   context.Context
		build Build
		want  []string
	}{
		{"fails", t.Context(), Build{Steps: [][]string{{"./fail.sh"}}}, []string{"fail.sh", "exit status 3", "line 7: no such thing"}},
		{"no program", t.Context(), Build{Steps: [][]string{{"no-such-tool"}}}, []string{"no program no-such-tool", "install it"}},
		{"no output", t.Context(), Build{Steps: [][]string{{"true"}}, Output: "dist"}, []string{"dist", "correct output"}},
		{"output outside", t.Context(), Build{Steps: [][]string{{"true"}}, Output: "../x"}, []string{"../x", "inside"}},
		{"canceled", canceled, Build{Steps: [][]string{{"sleep", "100"}}}, []string{"context canceled"}},
	} {
		_, _, err := Make(c.ctx, Source{Dir: dir, Build: &c.build})
		for _, part := range c.want {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%s: got %v, want an error with %q", c.name, err, part)
			}
		}
	}
}

// TestGo builds a main package beside another one of its module, twice alike.
func TestGo(t *testing.T) {
	need(t, "go")
	files := map[string]string{
		"go.mod":        "module example.org/shop\n\ngo 1.21\n",
		"cmd/main.go":   "package main\n\nimport \"example.org/shop/lib\"\n\nfunc main() { println(lib.Word) }\n",
		"lib/lib.go":    "package lib\n\nconst Word = \"hello\"\n",
		"lib/x_test.go": "package lib\n",
	}
	source := func(dir string) Source {
		b, err := Go(filepath.Join(dir, "cmd"), "", "arm64", nil)
		if err != nil {
			t.Fatal(err)
		}
		return Source{Dir: filepath.Join(dir, "cmd"), Build: b}
	}
	one, two := source(tempTree(t, files)), source(tempTree(t, files))
	if key(t, one) != key(t, two) {
		t.Error("the same sources in another folder have another key")
	}
	p := built(t, one)
	if len(p.Files) != 1 || p.Files[0].Path != "bootstrap" || p.Files[0].Machine != "arm64" {
		t.Errorf("packaged %+v", p.Files)
	}
	if again := built(t, two); again.SHA256 != p.SHA256 {
		t.Error("the same sources in another folder give another package")
	}
	files["lib/lib.go"] = strings.Replace(files["lib/lib.go"], "hello", "hi", 1)
	if key(t, source(tempTree(t, files))) == key(t, one) {
		t.Error("the key does not change with a package that is imported")
	}
	if _, err := Go(t.TempDir(), "", "arm64", nil); err == nil || !strings.Contains(err.Error(), "go mod init") {
		t.Errorf("without a module: got %v", err)
	}
}

// TestNPM installs a package that lies in the folder itself.
func TestNPM(t *testing.T) {
	need(t, "npm")
	dir := tempTree(t, map[string]string{
		"index.mjs":              "import { word } from 'word'\nexport const handler = async () => word\n",
		"words/package.json":     `{"name":"word","version":"1.0.0","main":"index.js"}`,
		"words/index.js":         "exports.word = 'hello'\n",
		"package.json":           `{"name":"app","version":"1.0.0","dependencies":{"word":"file:words"},"scripts":{"bundle":"mkdir dist && cp index.mjs dist/"}}`,
		"package-lock.json":      `{"name":"app","version":"1.0.0","lockfileVersion":3,"requires":true,"packages":{"":{"name":"app","version":"1.0.0","dependencies":{"word":"file:words"}},"node_modules/word":{"resolved":"words","link":true},"words":{"name":"word","version":"1.0.0"}}}`,
		"node_modules/stale.txt": "of this machine",
	})
	t.Setenv("npm_config_offline", "true")
	t.Setenv("npm_config_cache", t.TempDir())
	got := paths(built(t, Source{Dir: dir, Build: NPM("", "")}))
	if !slices.Contains(got, "node_modules/word/index.js") || !slices.Contains(got, "index.mjs") || slices.Contains(got, "node_modules/stale.txt") {
		t.Errorf("packaged %v", got)
	}
	if got := paths(built(t, Source{Dir: dir, Build: NPM("bundle", "dist")})); !slices.Equal(got, []string{"index.mjs"}) {
		t.Errorf("the script's output is %v", got)
	}
	if _, err := os.Stat(filepath.Join(dir, "dist")); err == nil {
		t.Error("the build wrote into the sources")
	}
}

// TestPip installs a wheel that lies on this machine.
func TestPip(t *testing.T) {
	need(t, "python3")
	if err := exec.CommandContext(t.Context(), "python3", "-m", "pip", "--version").Run(); err != nil {
		t.Skip("python3 has no pip")
	}
	wheels := t.TempDir()
	f, err := os.Create(filepath.Join(wheels, "word-1.0-py3-none-any.whl"))
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for name, text := range map[string]string{
		"word.py":                     "WORD = 'hello'\n",
		"word-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: word\nVersion: 1.0\n",
		"word-1.0.dist-info/WHEEL":    "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
		"word-1.0.dist-info/RECORD":   "word.py,,\nword-1.0.dist-info/METADATA,,\nword-1.0.dist-info/WHEEL,,\nword-1.0.dist-info/RECORD,,\n",
	} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PIP_NO_INDEX", "1")
	t.Setenv("PIP_FIND_LINKS", wheels)
	dir := tempTree(t, map[string]string{"app.py": "import word\n", "requirements.txt": "word==1.0\n"})
	b, err := Pip("", "python3.13", "arm64")
	if err != nil {
		t.Fatal(err)
	}
	got := paths(built(t, Source{Dir: dir, Build: b}))
	if !slices.Contains(got, "word.py") || !slices.Contains(got, "app.py") || slices.ContainsFunc(got, func(s string) bool { return strings.HasSuffix(s, ".pyc") }) {
		t.Errorf("packaged %v", got)
	}
	if _, err := Pip("", "nodejs22.x", "arm64"); err == nil || !strings.Contains(err.Error(), "python") {
		t.Errorf("for node: got %v", err)
	}
}

// TestEsbuild takes the folder's own esbuild, here a script that tells its
// arguments.
func TestEsbuild(t *testing.T) {
	dir := tempTree(t, map[string]string{"src/index.ts": "export const handler = async () => 1\n"})
	script(t, dir, "node_modules/.bin/esbuild", `for a in "$@"; do case "$a" in --outfile=*) out="${a#--outfile=}";; esac; done`, `echo "$@" > "$out"`)
	b, err := Esbuild(dir, "src/index.ts", "nodejs22.x", []string{"@aws-sdk/*"}, true)
	if err != nil {
		t.Fatal(err)
	}
	if got := paths(built(t, Source{Dir: dir, Build: b})); !slices.Equal(got, []string{"index.mjs"}) {
		t.Errorf("packaged %v", got)
	}
	arguments := strings.Join(b.Steps[0], " ")
	for _, want := range []string{"src/index.ts", "--target=node22", "--external:@aws-sdk/*", "--minify"} {
		if !strings.Contains(arguments, want) {
			t.Errorf("%q has no %q", arguments, want)
		}
	}
	if _, err := Esbuild(dir, "../x.ts", "nodejs22.x", nil, false); err == nil || !strings.Contains(err.Error(), "inside") {
		t.Errorf("an entry outside: got %v", err)
	}
}
