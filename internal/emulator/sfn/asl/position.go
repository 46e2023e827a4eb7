package asl

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// Range is a place in the text of a definition. Lines and columns count from one,
// columns in characters; bytes from zero.
type Range struct {
	Line, Column int
	Start, End   int // bytes; End is behind the last one
}

// Locate finds the place in a definition that a diagnostic's location means: the
// value there or, where it is missing, the nearest value around it. The whole
// text is the place of a location that leads nowhere.
func Locate(definition, location string) Range {
	l := &locator{text: definition, location: strings.TrimSuffix(location, "/"), best: [2]int{0, len(definition)}, length: -1}
	if _, err := jsonvalue.Parse([]byte(definition)); err == nil {
		l.value("")
	}
	start := min(l.best[0], len(definition))
	return Range{
		Line:   1 + strings.Count(definition[:start], "\n"),
		Column: 1 + utf8.RuneCountInString(definition[strings.LastIndexByte(definition[:start], '\n')+1:start]),
		Start:  start, End: l.best[1],
	}
}

// locator goes through a text that is JSON.
type locator struct {
	text     string
	at       int
	location string
	best     [2]int
	length   int // of the location of best
}

func (l *locator) space() {
	for l.at < len(l.text) && strings.IndexByte(" \t\r\n", l.text[l.at]) >= 0 {
		l.at++
	}
}

// value goes through the value at a location.
func (l *locator) value(location string) {
	l.space()
	start := l.at
	switch l.text[l.at] {
	case '{':
		for l.at++; ; l.at++ {
			if l.space(); l.text[l.at] == '}' {
				break
			}
			key := l.str()
			l.space()
			l.at++ // the colon
			l.value(location + "/" + key)
			if l.space(); l.text[l.at] == '}' {
				break
			}
		}
		l.at++
	case '[':
		l.at++
		for i := 0; ; i++ {
			if l.space(); l.text[l.at] == ']' {
				break
			}
			l.value(location + "[" + strconv.Itoa(i) + "]")
			if l.space(); l.text[l.at] == ']' {
				break
			}
			l.at++
		}
		l.at++
	case '"':
		l.str()
	default:
		for l.at < len(l.text) && strings.IndexByte(",]} \t\r\n", l.text[l.at]) < 0 {
			l.at++
		}
	}
	rest, within := strings.CutPrefix(l.location, location)
	if within && (rest == "" || rest[0] == '/' || rest[0] == '[') && len(location) > l.length {
		l.best, l.length = [2]int{start, l.at}, len(location)
	}
}

// str goes through a string and gives its value.
func (l *locator) str() string {
	start := l.at
	for l.at++; l.text[l.at] != '"'; l.at++ {
		if l.text[l.at] == '\\' {
			l.at++
		}
	}
	l.at++
	v, _ := jsonvalue.Parse([]byte(l.text[start:l.at]))
	s, _ := v.(string)
	return s
}
