package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/aws/smithy-go"
)

// query is awsQuery: a form in, XML out. Its SDK types carry no schemas yet; the
// Go types tell what is needed.
type query struct{}

// maxItems bounds the members of one list in a form.
const maxItems = 10000

func (query) decode(c *call, in reflect.Value) error {
	tree := formTree(c.form)
	return readForm(tree, c.op.input, in)
}

// A field is a form's values below one name: "A.B.1" is under A, B and 1.
type field struct {
	text *string
	sub  map[string]*field
}

func formTree(form url.Values) *field {
	root := &field{}
	for key, values := range form {
		f := root
		for part := range strings.SplitSeq(key, ".") {
			if f.sub == nil {
				f.sub = map[string]*field{}
			}
			next := f.sub[part]
			if next == nil {
				next = &field{}
				f.sub[part] = next
			}
			f = next
		}
		f.text = &values[0]
	}
	return root
}

// readForm stores what is below f in dst.
func readForm(f *field, s *shape, dst reflect.Value) error {
	if f == nil {
		return nil
	}
	if dst.Kind() == reflect.Pointer {
		p := reflect.New(s.typ)
		if err := readForm(f, s, p.Elem()); err != nil {
			return err
		}
		dst.Set(p)
		return nil
	}
	switch s.kind {
	case smithy.ShapeTypeStructure:
		for _, m := range s.members {
			sub := f.sub[m.name]
			if sub == nil {
				sub = f.sub[lower(m.name)] // SNS has members that begin small
			}
			if err := readForm(sub, m.shape, dst.Field(m.field)); err != nil {
				return err
			}
		}
		return nil
	case smithy.ShapeTypeList:
		items := f.sub["member"]
		out := reflect.MakeSlice(s.typ, 0, 0)
		for i := 1; items != nil && items.sub[strconv.Itoa(i)] != nil; i++ {
			if i > maxItems {
				return malformed("a list of more than %d members", maxItems)
			}
			item := reflect.New(s.typ.Elem()).Elem()
			if err := readForm(items.sub[strconv.Itoa(i)], s.elem, item); err != nil {
				return err
			}
			out = reflect.Append(out, item)
		}
		dst.Set(out)
		return nil
	case smithy.ShapeTypeMap:
		return readEntries(f.sub["entry"], s, dst)
	}
	if f.text == nil {
		return malformed("a value is missing")
	}
	return readFormText(*f.text, s, dst)
}

func readEntries(f *field, s *shape, dst reflect.Value) error {
	out := reflect.MakeMap(s.typ)
	for i := 1; f != nil && f.sub[strconv.Itoa(i)] != nil; i++ {
		entry := f.sub[strconv.Itoa(i)].sub
		k, v := entry["key"], entry["value"]
		if k == nil {
			k, v = entry["Name"], entry["Value"] // SNS's message attributes
		}
		if k == nil || k.text == nil {
			return malformed("a map entry has no key")
		}
		item := reflect.New(s.typ.Elem()).Elem()
		if err := readForm(v, s.elem, item); err != nil {
			return err
		}
		out.SetMapIndex(reflect.ValueOf(*k.text).Convert(s.typ.Key()), item)
	}
	dst.Set(out)
	return nil
}

// malformed is AWS's answer to a form that does not fit the operation.
func malformed(format string, args ...any) error {
	e := unserializable(format, args...).(*smithy.GenericAPIError) //nolint:errorlint,forcetypeassert // its own type
	e.Code = "MalformedInput"
	return e
}

func readFormText(text string, s *shape, dst reflect.Value) error {
	switch s.kind {
	case smithy.ShapeTypeBlob:
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return malformed("Invalid base64: %s", err)
		}
		dst.SetBytes(b)
		return nil
	case smithy.ShapeTypeTimestamp:
		t, ok := readTime(text, "")
		if !ok {
			return malformed("timestamp must follow ISO8601")
		}
		dst.Set(reflect.ValueOf(t))
		return nil
	}
	if err := readText([]string{text}, s, dst); err != nil {
		return malformed("Invalid value for %s", s.name)
	}
	return nil
}

func lower(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}

func (query) encode(c *call, out reflect.Value) (response, error) {
	var b bytes.Buffer
	op := c.op.Name
	b.WriteString("<" + op + "Response xmlns=\"" + c.svc.xmlns() + "\"><" + op + "Result>")
	for _, m := range c.op.output.members {
		writeXML(&b, m.name, out.Field(m.field), m.shape)
	}
	b.WriteString("</" + op + "Result><ResponseMetadata><RequestId>" + c.id + "</RequestId></ResponseMetadata></" + op + "Response>")
	return response{status: http.StatusOK, contentType: "text/xml", body: b.Bytes()}, nil
}

// xmlns is the namespace of a service's answers.
func (s *service) xmlns() string {
	if s.Protocol == RESTXML {
		return "http://" + s.Name + ".amazonaws.com/doc/" + s.Version + "/"
	}
	return "https://" + s.Name + ".amazonaws.com/doc/" + s.Version + "/"
}

// writeXML writes one element, or none for a value that is not set.
func writeXML(b *bytes.Buffer, name string, v reflect.Value, s *shape) {
	if unset(v) {
		return
	}
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	b.WriteString("<" + name + ">")
	switch s.kind {
	case smithy.ShapeTypeStructure:
		for _, m := range s.members {
			writeXML(b, m.name, v.Field(m.field), m.shape)
		}
	case smithy.ShapeTypeList:
		for i := range v.Len() {
			writeItem(b, "member", v.Index(i), s.elem)
		}
	case smithy.ShapeTypeMap:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, k := range keys {
			b.WriteString("<entry><key>")
			escapeXML(b, k.String())
			b.WriteString("</key>")
			writeItem(b, "value", v.MapIndex(k), s.elem)
			b.WriteString("</entry>")
		}
	case smithy.ShapeTypeString:
		escapeXML(b, v.String())
	case smithy.ShapeTypeBlob:
		b.WriteString(base64.StdEncoding.EncodeToString(v.Bytes()))
	case smithy.ShapeTypeTimestamp:
		b.WriteString(v.Interface().(time.Time).UTC().Truncate(time.Second).Format(time.RFC3339))
	default:
		b.WriteString(formatText(v, s, ""))
	}
	b.WriteString("</" + name + ">")
}

// writeItem writes an element of a list or map, empty or not.
func writeItem(b *bytes.Buffer, name string, v reflect.Value, s *shape) {
	if unset(v) {
		b.WriteString("<" + name + "></" + name + ">")
		return
	}
	writeXML(b, name, v, s)
}

func escapeXML(b *bytes.Buffer, s string) {
	_ = xml.EscapeText(b, []byte(s)) // a buffer takes every write
}

func (query) fail(c *call, f fault) response {
	var b bytes.Buffer
	b.WriteString("<ErrorResponse")
	if c.svc != nil {
		b.WriteString(" xmlns=\"" + c.svc.xmlns() + "\"")
	}
	b.WriteString("><Error><Type>" + f.sender() + "</Type><Code>")
	escapeXML(&b, f.code)
	b.WriteString("</Code><Message>")
	escapeXML(&b, f.message)
	b.WriteString("</Message></Error><RequestId>" + c.id + "</RequestId></ErrorResponse>")
	return response{status: f.status, contentType: "text/xml", body: b.Bytes()}
}
