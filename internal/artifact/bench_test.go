package artifact

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The test binary itself stands for a function of a few megabytes.
func BenchmarkInspect(b *testing.B) {
	benchmark(b, func(s Source) error { _, err := Inspect(s); return err })
}
func BenchmarkWrite(b *testing.B) {
	benchmark(b, func(s Source) error { _, err := Write(io.Discard, s); return err })
}

func benchmark(b *testing.B, f func(Source) error) {
	s := Source{File: os.Args[0]}
	info, err := os.Stat(s.File)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(info.Size())
	for b.Loop() {
		if err := f(s); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkInspectFiles looks at a folder of 5,000 files, as a plan does.
func BenchmarkInspectFiles(b *testing.B) {
	dir := b.TempDir()
	for i := range 5000 {
		name := filepath.Join(dir, fmt.Sprint(i/100), fmt.Sprint(i)+".mjs")
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(strings.Repeat(fmt.Sprint("line ", i, "\n"), 400)), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, err := Inspect(Source{Dir: dir}); err != nil {
			b.Fatal(err)
		}
	}
}
