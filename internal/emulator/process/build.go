package process

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// BuildOf names the build of a program file: equal for copies of a file, and
// different for programs that were compiled from different sources. It reads the
// identity that Go's linker writes near the beginning, because a digest of the
// whole file would take longer than all else that a caller does to join.
func BuildOf(main string) (string, error) {
	f, err := os.Open(main)
	if err != nil {
		return "", fmt.Errorf("finding out the build of %s: %w", main, err)
	}
	defer f.Close()
	head := make([]byte, 64<<10)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", fmt.Errorf("finding out the build of %s: %w", main, err)
	}
	if _, rest, ok := bytes.Cut(head[:n], []byte("\xff Go build ID: \"")); ok {
		if id, _, ok := bytes.Cut(rest, []byte("\"\n \xff")); ok && len(id) > 0 {
			return string(id), nil
		}
	}
	info, err := f.Stat()
	if err != nil {
		return "", fmt.Errorf("finding out the build of %s: %w", main, err)
	}
	return fmt.Sprintf("%d bytes of %s", info.Size(), info.ModTime().UTC().Format("2006-01-02T15:04:05.000000000Z")), nil
}
