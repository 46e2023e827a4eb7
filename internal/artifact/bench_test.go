package artifact

import (
	"io"
	"os"
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
