package process

import (
	"bytes"
	"encoding/binary"
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
	if id := buildID(head[:n]); id != "" {
		return id, nil
	}
	info, err := f.Stat()
	if err != nil {
		return "", fmt.Errorf("finding out the build of %s: %w", main, err)
	}
	return fmt.Sprintf("%d bytes of %s", info.Size(), info.ModTime().UTC().Format("2006-01-02T15:04:05.000000000Z")), nil
}

// buildID finds Go's build id: in an ELF file it is a note of type 4 by "Go",
// elsewhere a text at the beginning of the code. Builds can be told to have none.
func buildID(head []byte) string {
	if before, rest, ok := bytes.Cut(head, []byte("\x04\x00\x00\x00Go\x00\x00")); ok && len(before) >= 4 {
		size := int(binary.LittleEndian.Uint32(before[len(before)-4:]))
		if size >= 0 && size <= len(rest) {
			return string(rest[:size])
		}
	}
	if _, rest, ok := bytes.Cut(head, []byte("\xff Go build ID: \"")); ok {
		if id, _, ok := bytes.Cut(rest, []byte("\"\n \xff")); ok {
			return string(id)
		}
	}
	return ""
}
