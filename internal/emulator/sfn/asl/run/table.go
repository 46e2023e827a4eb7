package run

import (
	"bufio"
	"errors"
	"io"
)

// table reads rows of CSV as Step Functions does: a field in quotes may hold the
// delimiter and line breaks; two quotes stand for one, outside of quotes too; a
// backslash takes the meaning of another one, of a quote and of the delimiter, and
// is dropped in front of anything else. Empty lines are skipped.
type table struct {
	in        *bufio.Reader
	delimiter byte
}

// row is the next row, or io.EOF.
func (t *table) row() ([]string, error) {
	for {
		fields, any, err := t.line()
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if any {
			return fields, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// line reads to the end of a row; any tells that it is not empty.
func (t *table) line() (fields []string, any bool, err error) {
	var field []byte
	quoted, begun := false, false // of the field
	for {
		c, err := t.in.ReadByte()
		if err != nil {
			return append(fields, string(field)), any, err
		}
		first := !begun
		begun = true
		switch {
		case c == '"' && first:
			quoted = true
		case c == '"' && t.next('"'):
			field = append(field, '"')
		case c == '"' && quoted:
			quoted = false
		case c == '\\':
			if e, err := t.in.ReadByte(); err == nil {
				field = append(field, e)
			}
		case quoted:
			field = append(field, c)
		case c == t.delimiter:
			fields = append(fields, string(field))
			field, begun = nil, false
		case c == '\r' && t.next('\n'), c == '\n':
			return append(fields, string(field)), any, nil
		default:
			field = append(field, c)
		}
		any = true
	}
}

// next takes the next byte if it is c.
func (t *table) next(c byte) bool {
	b, err := t.in.Peek(1)
	if err != nil || b[0] != c {
		return false
	}
	_, _ = t.in.Discard(1)
	return true
}
