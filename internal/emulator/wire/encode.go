package wire

import (
	"encoding/base64"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/smithy-go"
	smithytime "github.com/aws/smithy-go/time"
)

// A sink is a body that is being written.
type sink interface {
	object()
	endObject()
	list()
	endList()
	key(string)

	text(string)
	integer(int64)
	float(float64)
	boolean(bool)
	blob([]byte)
	time(t time.Time, format string)
	null()
}

// A writer turns Go values into a body. Members come in the order of their names,
// so that the same value is always the same bytes.
type writer struct {
	sink
	rest bool // names are those of restJson1
}

func (w writer) write(v reflect.Value, s *shape) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			w.null()
			return
		}
		v = v.Elem()
	}
	switch s.kind {
	case smithy.ShapeTypeStructure:
		w.object()
		w.members(v, s)
		w.endObject()
	case smithy.ShapeTypeUnion:
		w.union(v, s)
	case smithy.ShapeTypeList, smithy.ShapeTypeSet:
		w.list()
		for i := range v.Len() {
			w.write(v.Index(i), s.elem)
		}
		w.endList()
	case smithy.ShapeTypeMap:
		w.object()
		for _, e := range entries(v) {
			w.key(e.key)
			w.write(e.value, s.elem)
		}
		w.endObject()
	case smithy.ShapeTypeString, smithy.ShapeTypeEnum:
		w.text(v.String())
	case smithy.ShapeTypeBoolean:
		w.boolean(v.Bool())
	case smithy.ShapeTypeBlob:
		w.blob(v.Bytes())
	case smithy.ShapeTypeTimestamp:
		w.time(v.Interface().(time.Time), s.format)
	case smithy.ShapeTypeFloat, smithy.ShapeTypeDouble:
		w.float(v.Float())
	default:
		w.integer(v.Int())
	}
}

// An entry is one of a map's.
type entry struct {
	key   string
	value reflect.Value
}

// entries are a map's, by key.
func entries(v reflect.Value) []entry {
	list := make([]entry, 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		list = append(list, entry{it.Key().String(), it.Value()})
	}
	slices.SortFunc(list, func(a, b entry) int { return strings.Compare(a.key, b.key) })
	return list
}

// members writes the members of a structure that are in the body and are set.
func (w writer) members(v reflect.Value, s *shape) {
	for _, m := range s.members {
		f := v.Field(m.field)
		if w.rest && m.in != inBody || m.stream || unset(f) {
			continue
		}
		if w.rest {
			w.key(m.json)
		} else {
			w.key(m.name)
		}
		w.write(f, m.shape)
	}
}

func (w writer) union(v reflect.Value, s *shape) {
	w.object()
	defer w.endObject()
	if v.IsNil() {
		return
	}
	p := v.Elem() // the pointer to the variant
	for _, m := range s.members {
		if m.variant != p.Type().Elem() {
			continue
		}
		if w.rest {
			w.key(m.json)
		} else {
			w.key(m.name)
		}
		w.write(p.Elem().Field(m.field), m.shape)
	}
}

// unset reports whether a field holds nothing. A number or boolean that is not a
// pointer always holds something: AWS writes zeros, and clients in other languages
// rely on them.
func unset(f reflect.Value) bool {
	switch f.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return f.IsNil()
	case reflect.String:
		return f.Len() == 0
	}
	return f.Type() == timeType && f.IsZero()
}

// jsonBody is a JSON text that is being written.
type jsonBody struct {
	b     []byte
	comma bool // a value stands before
}

func (j *jsonBody) begin() {
	if j.comma {
		j.b = append(j.b, ',')
	}
	j.comma = true
}

func (j *jsonBody) object()    { j.begin(); j.b = append(j.b, '{'); j.comma = false }
func (j *jsonBody) endObject() { j.b = append(j.b, '}'); j.comma = true }
func (j *jsonBody) list()      { j.begin(); j.b = append(j.b, '['); j.comma = false }
func (j *jsonBody) endList()   { j.b = append(j.b, ']'); j.comma = true }

func (j *jsonBody) key(k string) {
	j.text(k)
	j.b = append(j.b, ':')
	j.comma = false
}

func (j *jsonBody) integer(n int64) { j.begin(); j.b = strconv.AppendInt(j.b, n, 10) }
func (j *jsonBody) boolean(b bool)  { j.begin(); j.b = strconv.AppendBool(j.b, b) }
func (j *jsonBody) null()           { j.begin(); j.b = append(j.b, "null"...) }

func (j *jsonBody) float(f float64) {
	switch {
	case math.IsNaN(f):
		j.text("NaN")
	case math.IsInf(f, 1):
		j.text("Infinity")
	case math.IsInf(f, -1):
		j.text("-Infinity")
	default:
		j.begin()
		j.b = strconv.AppendFloat(j.b, f, 'g', -1, 64)
	}
}

func (j *jsonBody) blob(b []byte) {
	j.begin()
	j.b = append(j.b, '"')
	j.b = base64.StdEncoding.AppendEncode(j.b, b)
	j.b = append(j.b, '"')
}

func (j *jsonBody) time(t time.Time, format string) {
	switch format {
	case "date-time":
		j.text(smithytime.FormatDateTime(t))
	case "http-date":
		j.text(smithytime.FormatHTTPDate(t))
	default:
		j.begin()
		j.b = append(j.b, epochSeconds(t)...)
	}
}

// epochSeconds writes a time to the millisecond, as AWS keeps it.
func epochSeconds(t time.Time) string {
	return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', -1, 64)
}

// plain is the index, from i on, of the first byte that a JSON text does not have as
// it is, or that is no ASCII; the length of s where all are plain. It looks at eight
// bytes at once, as items of tables are mostly texts.
func plain[T string | []byte](s T, i int) int {
	const each, top = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(s); i += 8 {
		w := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
			uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
		quote, slash := w^each*'"', w^each*'\\'
		// The top bit of a byte is set where it was, or where a subtraction went below zero.
		if (w|(w-each*' ')|(quote-each)|(slash-each))&top != 0 {
			break
		}
	}
	for i < len(s) && s[i] >= ' ' && s[i] != '"' && s[i] != '\\' && s[i] < utf8.RuneSelf {
		i++
	}
	return i
}

const hexDigits = "0123456789abcdef"

func (j *jsonBody) text(s string) {
	j.begin()
	j.b = append(j.b, '"')
	from := 0
	for i := plain(s, 0); i < len(s); i = plain(s, i) {
		c := s[i]
		if c >= utf8.RuneSelf {
			if r, n := utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || n > 1 {
				i += n
				continue
			}
		}
		j.b = append(j.b, s[from:i]...)
		switch {
		case c == '"' || c == '\\':
			j.b = append(j.b, '\\', c)
		case c == '\n':
			j.b = append(j.b, `\n`...)
		case c == '\r':
			j.b = append(j.b, `\r`...)
		case c == '\t':
			j.b = append(j.b, `\t`...)
		case c < ' ':
			j.b = append(j.b, `\u00`...)
			j.b = append(j.b, hexDigits[c>>4], hexDigits[c&15])
		default:
			j.b = append(j.b, "\ufffd"...)
		}
		i++
		from = i
	}
	j.b = append(j.b, s[from:]...)
	j.b = append(j.b, '"')
}
