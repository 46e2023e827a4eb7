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
	if c.op.input == nil {
		return nil
	}
	return formReader{c.svc.flat}.read(formTree(c.form), c.op.input, in)
}

// A flatForm is how a list or map is written whose entries stand in the parent
// itself: the name of an entry, and those of its key and value.
type flatForm struct{ item, key, value string }

// formReader reads forms; flat are the flat lists and maps by member.
type formReader struct{ flat map[string]flatForm }

// flatOf is how the member is written, if it is flat.
func flatOf(all map[string]flatForm, m *member) (flatForm, bool) {
	f, ok := all[m.name]
	if f.item == "" && ok {
		f.item = m.shape.elem.name
	}
	return f, ok
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

// read stores what is below f in dst.
func (r formReader) read(f *field, s *shape, dst reflect.Value) error {
	if f == nil {
		return nil
	}
	if dst.Kind() == reflect.Pointer {
		p := reflect.New(s.typ)
		if err := r.read(f, s, p.Elem()); err != nil {
			return err
		}
		dst.Set(p)
		return nil
	}
	switch s.kind {
	case smithy.ShapeTypeStructure:
		for _, m := range s.members {
			if flat, ok := flatOf(r.flat, m); ok {
				if err := r.flatMember(f.sub[flat.item], flat, m.shape, dst.Field(m.field)); err != nil {
					return err
				}
				continue
			}
			sub := f.sub[m.name]
			if sub == nil {
				sub = f.sub[lower(m.name)] // SNS has members that begin small
			}
			if err := r.read(sub, m.shape, dst.Field(m.field)); err != nil {
				return err
			}
			if m.zero && sub != nil && dst.Field(m.field).Int() == 0 {
				dst.Field(m.field).SetInt(Zero)
			}
		}
		return nil
	case smithy.ShapeTypeList:
		return r.items(f.sub["member"], s, dst)
	case smithy.ShapeTypeMap:
		return r.entries(f.sub["entry"], flatForm{}, s, dst)
	}
	if f.text == nil {
		return malformed("a value is missing")
	}
	return readFormText(*f.text, s, dst)
}

// flatMember stores a flat list or map; nothing when it is not there.
func (r formReader) flatMember(f *field, flat flatForm, s *shape, dst reflect.Value) error {
	switch {
	case f == nil:
		return nil
	case flat.key != "":
		return r.entries(f, flat, s, dst)
	}
	return r.items(f, s, dst)
}

func (r formReader) items(items *field, s *shape, dst reflect.Value) error {
	out := reflect.MakeSlice(s.typ, 0, 0)
	for i := 1; items != nil && items.sub[strconv.Itoa(i)] != nil; i++ {
		if i > maxItems {
			return malformed("a list of more than %d members", maxItems)
		}
		item := reflect.New(s.typ.Elem()).Elem()
		if err := r.read(items.sub[strconv.Itoa(i)], s.elem, item); err != nil {
			return err
		}
		out = reflect.Append(out, item)
	}
	dst.Set(out)
	return nil
}

func (r formReader) entries(f *field, flat flatForm, s *shape, dst reflect.Value) error {
	out := reflect.MakeMap(s.typ)
	for i := 1; f != nil && f.sub[strconv.Itoa(i)] != nil; i++ {
		entry := f.sub[strconv.Itoa(i)].sub
		k, v := entry["key"], entry["value"]
		if k == nil {
			k, v = entry["Name"], entry["Value"] // SNS's message attributes
		}
		if flat.key != "" {
			k, v = entry[flat.key], entry[flat.value]
		}
		if k == nil || k.text == nil {
			return malformed("a map entry has no key")
		}
		item := reflect.New(s.typ.Elem()).Elem()
		if err := r.read(v, s.elem, item); err != nil {
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
	x := xmlWriter{&b, c.svc.flat}
	if c.op.output != nil {
		x.members(out, c.op.output)
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

// xmlWriter writes the elements of an answer; flat are its flat lists and maps.
type xmlWriter struct {
	b    *bytes.Buffer
	flat map[string]flatForm
}

// members writes what a structure holds.
func (x xmlWriter) members(v reflect.Value, s *shape) {
	for _, m := range s.members {
		field := v.Field(m.field)
		flat, ok := flatOf(x.flat, m)
		switch {
		case !ok:
			x.element(m.name, field, m.shape)
		case unset(field):
		case flat.key != "":
			x.entries(flat, field, m.shape)
		default:
			for i := range field.Len() {
				x.item(flat.item, field.Index(i), m.shape.elem)
			}
		}
	}
}

// entries writes a map.
func (x xmlWriter) entries(flat flatForm, v reflect.Value, s *shape) {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, k := range keys {
		x.b.WriteString("<" + flat.item + "><" + flat.key + ">")
		escapeXML(x.b, k.String())
		x.b.WriteString("</" + flat.key + ">")
		x.item(flat.value, v.MapIndex(k), s.elem)
		x.b.WriteString("</" + flat.item + ">")
	}
}

// element writes one element, or none for a value that is not set.
func (x xmlWriter) element(name string, v reflect.Value, s *shape) {
	b := x.b
	if unset(v) {
		return
	}
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	b.WriteString("<" + name + ">")
	switch s.kind {
	case smithy.ShapeTypeStructure:
		x.members(v, s)
	case smithy.ShapeTypeList:
		for i := range v.Len() {
			x.item("member", v.Index(i), s.elem)
		}
	case smithy.ShapeTypeMap:
		x.entries(flatForm{"entry", "key", "value"}, v, s)
	case smithy.ShapeTypeString, smithy.ShapeTypeEnum:
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

// item writes an element of a list or map, empty or not.
func (x xmlWriter) item(name string, v reflect.Value, s *shape) {
	if unset(v) {
		x.b.WriteString("<" + name + "></" + name + ">")
		return
	}
	x.element(name, v, s)
}

func escapeXML(b *bytes.Buffer, s string) {
	_ = xml.EscapeText(b, []byte(s)) // a buffer takes every write
}

func (query) fail(c *call, f fault) response {
	var b bytes.Buffer
	if c.svc != nil && c.svc.queryCompatible {
		f = f.asQuery()
	}
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

// asQuery is the fault in the words of the query protocol, for a service that
// speaks another one too.
func (f fault) asQuery() fault {
	if named, _, ok := strings.Cut(f.header.Get("X-Amzn-Query-Error"), ";"); ok {
		f.query = named
	}
	if f.query != "" {
		f.code = f.query
	}
	if text, ok := queryTexts[f.code]; ok {
		f.message = text
	}
	return f
}
