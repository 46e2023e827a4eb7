package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/aws/smithy-go"
	smithytime "github.com/aws/smithy-go/time"
)

// An element is one of an XML document that came in, without its namespace.
type element struct {
	name  string
	text  string
	data  []byte // of the text, until the element ends
	attrs map[string]string
	kids  []*element
}

// maxXMLDepth bounds how deep the elements of a document nest.
const maxXMLDepth = 32

var errXML = errors.New("not a well-formed XML document")

func parseXML(body []byte) (*element, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	d.Entity = nil
	var open []*element
	var root *element
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errXML
		}
		switch t := tok.(type) {
		case xml.Directive:
			return nil, errXML // no document types: they can define entities
		case xml.StartElement:
			e := &element{name: t.Name.Local, attrs: map[string]string{}}
			for _, a := range t.Attr {
				e.attrs[a.Name.Local] = a.Value
			}
			switch {
			case len(open) > 0:
				open[len(open)-1].kids = append(open[len(open)-1].kids, e)
			case root != nil:
				return nil, errXML
			default:
				root = e
			}
			if open = append(open, e); len(open) > maxXMLDepth {
				return nil, errXML
			}
		case xml.EndElement:
			e := open[len(open)-1]
			e.text, e.data = string(e.data), nil
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				e := open[len(open)-1]
				e.data = append(e.data, t...)
			}
		}
	}
	if root == nil || len(open) > 0 {
		return nil, errXML
	}
	return root, nil
}

// readXML stores an element in dst. One that the shape does not have makes the
// document invalid.
func readXML(e *element, s *shape, dst reflect.Value) error {
	if dst.Kind() == reflect.Pointer {
		p := reflect.New(s.typ)
		if err := readXML(e, s, p.Elem()); err != nil {
			return err
		}
		dst.Set(p)
		return nil
	}
	switch s.kind {
	case smithy.ShapeTypeStructure:
		return readXMLMembers(e, s, dst)
	case smithy.ShapeTypeList:
		return readXMLItems(e.kids, s, dst, s.item)
	case smithy.ShapeTypeBlob:
		b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(e.text))
		if err != nil {
			return malformedXML
		}
		dst.SetBytes(b)
		return nil
	case smithy.ShapeTypeTimestamp:
		t, ok := readTime(strings.TrimSpace(e.text), s.format)
		if !ok {
			t, ok = readTime(strings.TrimSpace(e.text), "http-date")
		}
		if !ok {
			return malformedXML
		}
		dst.Set(reflect.ValueOf(t))
		return nil
	case smithy.ShapeTypeString:
		dst.SetString(e.text)
		return nil
	}
	if err := readText([]string{strings.TrimSpace(e.text)}, s, dst); err != nil {
		return malformedXML
	}
	return nil
}

func readXMLMembers(e *element, s *shape, dst reflect.Value) error {
	byName := map[string][]*element{}
	for _, k := range e.kids {
		byName[k.name] = append(byName[k.name], k)
	}
	for _, m := range s.members {
		found := byName[m.json]
		switch {
		case m.in == inAttribute:
			_, local, _ := strings.Cut(m.json, ":")
			if v, ok := e.attrs[local]; ok {
				if err := readText([]string{v}, m.shape, dst.Field(m.field)); err != nil {
					return malformedXML
				}
			}
			continue
		case m.in != inBody || found == nil:
			continue
		case m.shape.flat:
			if err := readXMLItems(found, m.shape, dst.Field(m.field), m.json); err != nil {
				return err
			}
		case len(found) > 1:
			return malformedXML
		default:
			if err := readXML(found[0], m.shape, dst.Field(m.field)); err != nil {
				return err
			}
		}
		delete(byName, m.json)
	}
	if len(byName) > 0 {
		return malformedXML
	}
	return nil
}

func readXMLItems(items []*element, s *shape, dst reflect.Value, name string) error {
	out := reflect.MakeSlice(s.typ, len(items), len(items))
	for i, e := range items {
		if e.name != name {
			return malformedXML
		}
		if err := readXML(e, s.elem, out.Index(i)); err != nil {
			return err
		}
	}
	dst.Set(out)
	return nil
}

// writeElement writes one element of a restXml answer, or none for a value that is
// not set.
func writeElement(b *bytes.Buffer, name, xmlns string, v reflect.Value, s *shape) {
	if unset(v) {
		return
	}
	v = reflect.Indirect(v)
	if s.kind == smithy.ShapeTypeList && s.flat {
		for i := range v.Len() {
			writeElement(b, name, "", v.Index(i), s.elem)
		}
		return
	}
	b.WriteString("<" + name)
	if xmlns != "" {
		b.WriteString(` xmlns="` + xmlns + `"`)
	}
	if s.kind == smithy.ShapeTypeStructure {
		for _, m := range s.members {
			if f := v.Field(m.field); m.in == inAttribute && !unset(f) {
				prefix, _, _ := strings.Cut(m.json, ":")
				b.WriteString(" xmlns:" + prefix + `="http://www.w3.org/2001/XMLSchema-instance" ` + m.json + `="`)
				escapeXML(b, formatText(reflect.Indirect(f), m.shape, ""))
				b.WriteString(`"`)
			}
		}
	}
	b.WriteString(">")
	switch s.kind {
	case smithy.ShapeTypeStructure:
		for _, m := range s.members {
			if m.in == inBody {
				writeElement(b, m.json, "", v.Field(m.field), m.shape)
			}
		}
	case smithy.ShapeTypeList:
		for i := range v.Len() {
			writeElement(b, s.item, "", v.Index(i), s.elem)
		}
	case smithy.ShapeTypeString:
		escapeXML(b, v.String())
	case smithy.ShapeTypeBlob:
		b.WriteString(base64.StdEncoding.EncodeToString(v.Bytes()))
	case smithy.ShapeTypeTimestamp:
		t := v.Interface().(time.Time).UTC()
		if s.format == "http-date" {
			b.WriteString(smithytime.FormatHTTPDate(t))
		} else {
			b.WriteString(t.Format("2006-01-02T15:04:05.000Z")) // S3 always shows milliseconds
		}
	case smithy.ShapeTypeBoolean:
		b.WriteString(strconv.FormatBool(v.Bool()))
	default:
		b.WriteString(formatText(v, s, ""))
	}
	b.WriteString("</" + name + ">")
}
