package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type entry struct {
	name, content string
	mode          fs.FileMode
}

func zipOf(t *testing.T, entries ...entry) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		h.SetMode(e.mode)
		f, err := w.CreateHeader(h)
		if err == nil {
			_, err = f.Write([]byte(e.content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "a.zip")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func tarOf(t *testing.T, entries ...entry) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: int64(e.mode.Perm()), Size: int64(len(e.content)), Typeflag: tar.TypeReg}
		if e.mode&fs.ModeSymlink != 0 {
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, e.content, 0
		}
		err := w.WriteHeader(h)
		if err == nil && h.Size > 0 {
			_, err = w.Write([]byte(e.content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

// What a hostile archive may hold, zip and tar alike.
var bad = []struct {
	entries []entry
	want    string
}{
	{[]entry{{"../x", "", 0o644}}, `"../x", which would be unpacked outside`},
	{[]entry{{"a/../../x", "", 0o644}}, "outside"},
	{[]entry{{"/etc/x", "", 0o644}}, "outside"},
	{[]entry{{`a\..\..\x`, "", 0o644}}, "outside"},
	{[]entry{{"l", "/etc/passwd", fs.ModeSymlink | 0o777}}, "the link \"l\", which leads to \"/etc/passwd\" outside"},
	{[]entry{{"a/l", "../../x", fs.ModeSymlink | 0o777}}, "outside"},
	{[]entry{{"big", strings.Repeat("0", 2000), 0o644}}, "more than 1000 bytes"},
	{[]entry{{"a", "", 0o644}, {"b", "", 0o644}, {"c", "", 0o644}, {"d", "", 0o644}}, "more than 3 files"},
}

func TestHostile(t *testing.T) {
	t.Parallel()
	limits := Limits{Bytes: 1000, Files: 3}
	for _, c := range bad {
		dir := t.TempDir()
		if err := Unzip(zipOf(t, c.entries...), filepath.Join(dir, "in"), limits); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("zip of %q: got %v, want %s", c.entries[0].name, err, c.want)
		}
		if err := Untar(tarOf(t, c.entries...), filepath.Join(dir, "in"), limits); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("tar of %q: got %v, want %s", c.entries[0].name, err, c.want)
		}
		if found, _ := filepath.Glob(filepath.Join(dir, "*")); len(found) != 1 {
			t.Errorf("%q: got %v beside the folder", c.entries[0].name, found)
		}
	}
	if err := Unzip(os.DevNull, t.TempDir(), limits); err == nil || !strings.Contains(err.Error(), "reading the archive") {
		t.Errorf("no zip: got %v", err)
	}
	if err := Untar(strings.NewReader("no"), t.TempDir(), limits); err == nil || !strings.Contains(err.Error(), "reading the archive") {
		t.Errorf("no tar: got %v", err)
	}
}

func TestUnpack(t *testing.T) {
	t.Parallel()
	good := []entry{{"bin/run", "hello", 0o755}, {"README", "text", 0o600}, {"bin/again", "../README", fs.ModeSymlink | 0o777}}
	zipped, tarred := filepath.Join(t.TempDir(), "new"), filepath.Join(t.TempDir(), "new")
	if err := Unzip(zipOf(t, good...), zipped, Roomy); err != nil {
		t.Fatal(err)
	}
	if err := Untar(tarOf(t, good...), tarred, Roomy); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{zipped, tarred} {
		if got, err := os.ReadFile(filepath.Join(dir, "bin", "again")); err != nil || string(got) != "text" {
			t.Errorf("got %q, %v", got, err)
		}
		if at, err := os.Stat(filepath.Join(dir, "bin", "run")); err != nil || at.Mode().Perm()&0o111 == 0 {
			t.Errorf("got %v, %v, want an executable", at, err)
		}
	}
}

// TestHardLinks unpacks a file that has two names, as tar packs a folder with one.
func TestHardLinks(t *testing.T) {
	t.Parallel()
	for to, want := range map[string]string{"a": "", "../../x": "outside", "none": "none"} {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		w := tar.NewWriter(z)
		err := w.WriteHeader(&tar.Header{Name: "a", Typeflag: tar.TypeReg, Mode: 0o644, Size: 4})
		if err == nil {
			_, err = w.Write([]byte("text"))
		}
		if err = errors.Join(err, w.WriteHeader(&tar.Header{Name: "b/c", Typeflag: tar.TypeLink, Mode: 0o644, Linkname: to}), w.Close(), z.Close()); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		err = Untar(&b, dir, Roomy)
		if want != "" {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("to %s: got %v, want %s", to, err, want)
			}
			continue
		}
		if got, read := os.ReadFile(filepath.Join(dir, "b", "c")); err != nil || read != nil || string(got) != "text" {
			t.Errorf("got %q, %v, %v", got, err, read)
		}
	}
}

// The hash of a folder is that of the list of its files, each with its SHA-256.
func TestHashes(t *testing.T) {
	t.Parallel()
	file := zipOf(t, entry{"a", "hello", 0o644}, entry{"b/c", "world", 0o755})
	dir := t.TempDir()
	if err := Unzip(file, dir, Roomy); err != nil {
		t.Fatal(err)
	}
	const want = "h1:Uhs+sYUHhzYUAc6A627Zx5tarnua78HBKy2rDJgD7kU="
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	for _, got := range []func() (string, error){
		func() (string, error) { return HashZip(file) },
		func() (string, error) { return HashDir(dir) },
		func() (string, error) { return HashDir(link) },
	} {
		if got, err := got(); err != nil || got != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := HashFile(empty); err != nil || got != "zh:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" {
		t.Errorf("got %s, %v", got, err)
	}
}
