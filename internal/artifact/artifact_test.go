package artifact

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// write makes files below a new folder.
func tempTree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func paths(p Package) []string {
	var out []string
	for _, f := range p.Files {
		out = append(out, f.Path)
	}
	return out
}

// TestGolden pins the bytes: when this fails, the encoder changed, and every
// function of every user would be deployed anew by the next release.
func TestGolden(t *testing.T) {
	inline := map[string]string{"index.mjs": "export const handler = async () => ({ ok: true })\n", "lib/a.txt": strings.Repeat("abc", 1000)}
	p, err := Describe(Source{Inline: inline})
	if err != nil {
		t.Fatal(err)
	}
	const want = "zq691nucSe2e7Rhpj5Tzpm3dziEkaseR9ZdwUklzQio="
	if p.SHA256 != want {
		t.Errorf("SHA256 = %q, want %q", p.SHA256, want)
	}
	fromDir, err := Describe(Source{Dir: tempTree(t, inline)})
	if err != nil {
		t.Fatal(err)
	}
	if fromDir.SHA256 != want {
		t.Errorf("the same files in a folder give %q, want %q", fromDir.SHA256, want)
	}
}

func TestTimesAndModesDoNotCount(t *testing.T) {
	dir := tempTree(t, map[string]string{"a.py": "a", "b/c.py": "c"})
	before, err := Describe(Source{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(filepath.Join(dir, "a.py"), time.Unix(0, 0), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "b/c.py"), 0o700); err != nil {
		t.Fatal(err)
	}
	after, err := Describe(Source{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if before.SHA256 != after.SHA256 {
		t.Errorf("the package changed with a time and a mode: %s, then %s", before.SHA256, after.SHA256)
	}
}

func TestZipIsReadableAndHashed(t *testing.T) {
	var buf bytes.Buffer
	p, err := Write(&buf, Source{Inline: map[string]string{"x/y.txt": "hello"}})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(buf.Bytes())
	if got := base64.StdEncoding.EncodeToString(sum[:]); got != p.SHA256 || p.Size != int64(buf.Len()) {
		t.Errorf("described as %s of %d bytes, is %s of %d", p.SHA256, p.Size, got, buf.Len())
	}
	z, err := zip.NewReader(bytes.NewReader(buf.Bytes()), p.Size)
	if err != nil {
		t.Fatal(err)
	}
	e := z.File[0]
	if e.Name != "x/y.txt" || e.Mode().Perm() != 0o755 || !e.Modified.Equal(epoch) {
		t.Errorf("entry %q, mode %v, time %v", e.Name, e.Mode(), e.Modified)
	}
}

func TestIgnore(t *testing.T) {
	files := map[string]string{
		"index.mjs": "1", "index.test.mjs": "1", "lib/a.mjs": "1", "lib/a.test.mjs": "1", "docs/a.md": "1",
		"docs/keep.md": "1", "build/x": "1", "src/build/y": "1", ".git/HEAD": "1", "terraform.tfstate": "{}",
	}
	for _, c := range []struct {
		name             string
		include, exclude []string
		ignoreFile       string
		want             string
	}{
		{name: "all", want: "build/x docs/a.md docs/keep.md index.mjs index.test.mjs lib/a.mjs lib/a.test.mjs src/build/y"},
		{name: "at every depth", exclude: []string{"*.test.mjs", "docs"}, want: "build/x index.mjs lib/a.mjs src/build/y"},
		{name: "tied to the top", exclude: []string{"/build", "docs/", "**/*.test.mjs"}, want: "index.mjs lib/a.mjs src/build/y"},
		{name: "kept after all", exclude: []string{"docs/*", "!docs/keep.md", "build/", "*.test.*"}, want: "docs/keep.md index.mjs lib/a.mjs"},
		{name: "included", include: []string{"**/*.mjs"}, exclude: []string{"*.test.mjs"}, want: "index.mjs lib/a.mjs"},
		{name: "file", ignoreFile: "# a comment\n\n*.test.mjs\r\nbuild/\ndocs/\n", want: "index.mjs lib/a.mjs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := tempTree(t, files)
			if c.ignoreFile != "" {
				if err := os.WriteFile(filepath.Join(dir, IgnoreFile), []byte(c.ignoreFile), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			p, err := Describe(Source{Dir: dir, Include: c.include, Exclude: c.exclude})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(paths(p), " "); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestSymlinks(t *testing.T) {
	dir := tempTree(t, map[string]string{"real/a.py": "a"})
	link := func(target, name string) {
		t.Helper()
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Skipf("symlinks: %v", err)
		}
	}
	link("real", "folder")
	link("real/a.py", "file.py")
	p, err := Describe(Source{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := paths(p), []string{"file.py", "folder/a.py", "real/a.py"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}

	link("../..", "out")
	if _, err := Describe(Source{Dir: dir}); err == nil || !strings.Contains(err.Error(), "out of the folder") {
		t.Errorf("a symlink out of the folder: got %v", err)
	}
	if _, err := Describe(Source{Dir: dir, Exclude: []string{"out"}}); err != nil {
		t.Errorf("excluded: %v", err)
	}
	link(".", "loop")
	if _, err := Describe(Source{Dir: dir, Exclude: []string{"out"}}); err == nil || !strings.Contains(err.Error(), "in a circle") {
		t.Errorf("a loop: got %v", err)
	}
}

func TestMachine(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "linux" {
		t.Skip("the test binary is ELF on Linux only")
	}
	p, err := Describe(Source{File: self})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH]
	if f, ok := p.Find(filepath.Base(self)); !ok || f.Machine != want {
		t.Errorf("machine %q, want %q", f.Machine, want)
	}
}

func TestZipAsItIs(t *testing.T) {
	var buf bytes.Buffer
	made, err := Write(&buf, Source{Inline: map[string]string{"b.py": "b", "a.py": "a"}})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "f.zip")
	if err := os.WriteFile(name, buf.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := Describe(Source{Zip: name})
	if err != nil {
		t.Fatal(err)
	}
	if p.SHA256 != made.SHA256 || !slices.Equal(paths(p), []string{"a.py", "b.py"}) {
		t.Errorf("got %+v, want %+v", p, made)
	}
}

func TestErrors(t *testing.T) {
	dir := tempTree(t, map[string]string{"a.txt": "not a zip"})
	escaping := filepath.Join(t.TempDir(), "escaping.zip")
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	if _, err := z.Create("../evil"); err != nil {
		t.Fatal(err)
	}
	z.Close()
	if err := os.WriteFile(escaping, buf.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "a.txt")
	for name, c := range map[string]struct {
		source Source
		want   string
	}{
		"nothing":        {Source{}, "names no dir, file, zip or inline"},
		"no folder":      {Source{Dir: filepath.Join(dir, "nope")}, "there is no folder"},
		"a file as dir":  {Source{Dir: file}, "use file to package a single file"},
		"no file":        {Source{File: filepath.Join(dir, "nope")}, "there is no file"},
		"a dir as file":  {Source{File: dir}, "use dir to package a folder"},
		"not a zip":      {Source{Zip: file}, "is not a zip file"},
		"escaping zip":   {Source{Zip: escaping}, "outside the function's folder"},
		"escaping name":  {Source{Inline: map[string]string{"../a": ""}}, "does not stay inside"},
		"absolute name":  {Source{Inline: map[string]string{"/a": ""}}, "does not stay inside"},
		"no inline code": {Source{Inline: map[string]string{}}, "no files to package"},
		"empty folder":   {Source{Dir: t.TempDir()}, "no files to package"},
		"bad pattern":    {Source{Dir: dir, Exclude: []string{"[a"}}, "not a valid glob"},
		"bad include":    {Source{Dir: dir, Include: []string{"{a"}}, "not a valid glob"},
	} {
		if _, err := Describe(c.source); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, c.want)
		}
	}
}
