package eventpattern

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// An Error says what is wrong with a pattern, in AWS's words, and where.
type Error struct {
	Reason       string
	Source       string
	Line, Column int // where AWS's parser stood; 0: nowhere
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Reason
	}
	return fmt.Sprintf("%s\n at [Source: (String)\"%s\"; line: %d, column: %d]", e.Reason, e.Source, e.Line, e.Column)
}

// kind is the kind of a token: one of {}[], a name n, a text s, a number 0 or a
// literal l.
type kind byte

const (
	name    kind = 'n'
	text    kind = 's'
	number  kind = '0'
	literal kind = 'l'
	end     kind = 0 // behind the last token
)

type token struct {
	kind       kind
	text       string // of a name or text its value, else as written
	start, end int    // bytes of the source
}

// scan takes a JSON text apart.
func scan(source string) ([]token, error) {
	d := json.NewDecoder(strings.NewReader(source))
	d.UseNumber()
	var out []token
	var open []bool // whether the nested collections are objects
	named := false  // whether a name has come whose value follows
	at := 0
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) && len(open) == 0 && len(out) > 0 {
			return out, nil
		}
		if err != nil || len(open) > maxDepth {
			return nil, notJSON(source, err, int(d.InputOffset()))
		}
		start := at
		for start < len(source) && strings.IndexByte(" \t\r\n,:", source[start]) >= 0 {
			start++
		}
		at = int(d.InputOffset())
		tok := token{start: start, end: at}
		switch t := t.(type) {
		case json.Delim:
			tok.kind, tok.text = kind(t), t.String()
			switch t {
			case '{', '[':
				open = append(open, t == '{')
			default:
				open = open[:len(open)-1]
			}
			named = false
		case string:
			tok.kind, tok.text = text, t
			if len(open) > 0 && open[len(open)-1] && !named {
				tok.kind, named = name, true
			} else {
				named = false
			}
		case json.Number:
			tok.kind, tok.text, named = number, t.String(), false
		default:
			tok.kind, tok.text, named = literal, source[start:at], false
		}
		out = append(out, tok)
		if len(open) == 0 && len(bytes.TrimSpace([]byte(source[at:]))) > 0 {
			return nil, notJSON(source, nil, at)
		}
	}
}

// maxDepth is how deep a pattern may be nested.
const maxDepth = 1000

func notJSON(source string, err error, at int) error {
	reason := "Unexpected content"
	switch {
	case err != nil && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)):
		reason = "Unexpected end-of-input"
	case err != nil:
		reason = err.Error()
	}
	return place(source, reason, at)
}

// place is an error with the line and the column behind a byte of the source.
func place(source, reason string, at int) *Error {
	at = min(at, len(source))
	before := source[:at]
	return &Error{Reason: reason, Source: source, Line: 1 + strings.Count(before, "\n"), Column: at - strings.LastIndexByte(before, '\n')}
}
