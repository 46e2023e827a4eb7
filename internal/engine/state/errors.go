package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// damaged is the remedy for a file that no tool wrote like this.
const damaged = "The file is damaged or was edited by hand. It was left as it is. Mend it at that place, or put back the last good copy (terraform.tfstate.backup, or the version that your backups hold)."

// ReadError says why a state file cannot be read. The file is never changed by
// whoever gets this error.
type ReadError struct {
	Path    string // the file, filled in by the backend
	Line    int    // from 1; 0 if no place in the file is to blame
	Column  int    // from 1, in bytes
	Summary string // what is wrong
	Remedy  string // what to do
}

func (e *ReadError) Error() string {
	at := e.Path
	if e.Line > 0 {
		at += fmt.Sprintf(":%d:%d", e.Line, e.Column)
	}
	if at != "" {
		at += ": "
	}
	return at + e.Summary
}

type place struct{ line, column int }

// placeOf is the line and column of the byte at offset.
func placeOf(data []byte, offset int64) place {
	before := data[:min(int(offset), len(data))]
	return place{
		line:   bytes.Count(before, []byte("\n")) + 1,
		column: len(before) - bytes.LastIndexByte(before, '\n'),
	}
}

func syntaxError(data []byte, err error) error {
	out := &ReadError{Summary: "this is not a state file: " + err.Error(), Remedy: damaged}
	var syntax *json.SyntaxError
	var shape *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		// The offset counts the bytes read, the bad one among them.
		at := placeOf(data, max(syntax.Offset-1, 0))
		out.Line, out.Column = at.line, at.column
		out.Summary = "the state file is not valid JSON: " + syntax.Error()
	case errors.As(err, &shape):
		out.Line, out.Column = 1, 1
		out.Summary = "this is not a state file: it holds no JSON object"
	}
	return out
}

func shapeError(data []byte, err error) error {
	out := &ReadError{Summary: "the state file cannot be understood: " + err.Error(), Remedy: damaged}
	var field fieldError
	if errors.As(err, &field) {
		at := position(data, field.path)
		out.Line, out.Column = at.line, at.column
		out.Summary = fmt.Sprintf("the state file cannot be understood at %s: %v", field.path[1:], field.err)
	}
	return out
}

// position is where the value at a path such as `.resources[0].mode` begins, or
// the deepest part of the path that exists. Output names with dots or brackets
// are found as far as they can be.
func position(data []byte, path string) place {
	d := json.NewDecoder(bytes.NewReader(data))
	at := walk(d, "", path)
	// A token's offset is that of the byte before it, spaces and colons included.
	for at < int64(len(data)) && bytes.IndexByte([]byte(" \t\r\n:,"), data[at]) >= 0 {
		at++
	}
	return placeOf(data, at)
}

// walk reads one value, whose own path is here, and returns the offset of the
// deepest value that lies on the way to path.
func walk(d *json.Decoder, here, path string) int64 {
	start := d.InputOffset()
	tok, err := d.Token()
	if err != nil || here == path {
		return start
	}
	open, ok := tok.(json.Delim)
	if !ok {
		return start
	}
	best := start
	for i := 0; d.More(); i++ {
		step := "[" + strconv.Itoa(i) + "]"
		if open == '{' {
			name, err := d.Token()
			if err != nil {
				return best
			}
			step = fmt.Sprintf(".%v", name)
		}
		next := here + step
		if onTheWay(next, path) {
			return walk(d, next, path)
		}
		var skip json.RawMessage
		if err := d.Decode(&skip); err != nil {
			return best
		}
	}
	return best
}

func onTheWay(prefix, path string) bool {
	if len(path) < len(prefix) || path[:len(prefix)] != prefix {
		return false
	}
	return len(path) == len(prefix) || path[len(prefix)] == '.' || path[len(prefix)] == '['
}
