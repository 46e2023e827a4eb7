package wire

import (
	"embed"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/aws/smithy-go"
)

// The bindings are written by internal/tools/constraints.
//
//go:embed bindings/*.json
var bindingFiles embed.FS

// bindings is the wire form of a restXml service, which the SDK has no schemas of:
// every operation of AWS's, served or not, and where its members are.
type bindings struct {
	Operations map[string]boundOperation `json:"operations"`
	Shapes     map[string]boundShape     `json:"shapes"`
}

type boundOperation struct {
	Method string `json:"method"`
	URI    string `json:"uri"`
	Status int    `json:"status"` // 0 is 200
	Input  string `json:"input"`
	Output string `json:"output"`
}

type boundShape struct {
	Payload string                 `json:"payload"` // the member that is the whole body
	Members map[string]boundMember `json:"members"`
	Item    string                 `json:"item"` // the shape of a list's items
	As      string                 `json:"as"`   // the items' element
	Flat    bool                   `json:"flat"` // items repeat the list's element
}

type boundMember struct {
	Shape    string `json:"shape"`
	In       string `json:"in"`
	As       string `json:"as"`
	Time     string `json:"time"`
	Required bool   `json:"required"` // of headers and query parameters
	Stream   bool   `json:"stream"`
}

// read are the bindings that were read, by service; nobody changes them. A process of
// tests has many emulators.
var read sync.Map

func readBindings(service string) (*bindings, error) {
	if b, ok := read.Load(service); ok {
		return b.(*bindings), nil
	}
	raw, err := bindingFiles.ReadFile("bindings/" + service + ".json")
	if err != nil {
		return nil, fmt.Errorf("the service %s has no bindings: %w", service, err)
	}
	b := &bindings{}
	if err := json.Unmarshal(raw, b); err != nil {
		return nil, fmt.Errorf("reading the bindings of %s: %w", service, err)
	}
	read.Store(service, b)
	return b, nil
}

// demands are the query parameters and headers without which a request is for
// another operation.
func (b *bindings) demands(op boundOperation) (query, headers []string) {
	for name, m := range b.Shapes[op.Input].Members {
		if !m.Required {
			continue
		}
		if m.As == "" {
			m.As = name
		}
		if m.In == "querystring" {
			query = append(query, m.As)
		} else {
			headers = append(headers, m.As)
		}
	}
	return query, headers
}

var bindingPlaces = map[string]binding{
	"":            inBody,
	"attribute":   inAttribute,
	"header":      inHeader,
	"headers":     inPrefixHeaders,
	"querystring": inQuery,
	"statusCode":  inStatus,
	"uri":         inLabel,
}

var bindingTimes = map[string]string{"": "", "iso8601": "date-time", "rfc822": "http-date", "unixTimestamp": "epoch-seconds"}

// bound returns the shape of values of the Go type t that the bindings call name.
func (c *shapes) bound(b *bindings, name string, t reflect.Type) (*shape, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.overlay(b, name, t)
}

func (c *shapes) overlay(b *bindings, name string, t reflect.Type) (*shape, error) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	bs, ok := b.Shapes[name]
	if !ok {
		return c.plain(t) // a text, number, time or blob
	}
	id := shapeID{typ: t, name: name}
	if s, ok := c.known[id]; ok {
		return s, nil
	}
	s := &shape{name: name, typ: t, flat: bs.Flat}
	c.known[id] = s
	var err error
	if t.Kind() == reflect.Slice {
		s.kind, s.item = smithy.ShapeTypeList, bs.As
		if s.item == "" {
			s.item = "member"
		}
		s.elem, err = c.overlay(b, bs.Item, t.Elem())
		return s, err
	}
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("wire: %s is a structure but %s is none", name, t)
	}
	s.kind = smithy.ShapeTypeStructure
	for member, bm := range bs.Members {
		if err := c.bindMember(b, s, bs, member, bm); err != nil {
			return nil, err
		}
	}
	s.index()
	return s, nil
}

func (c *shapes) bindMember(b *bindings, s *shape, bs boundShape, name string, bm boundMember) error {
	f, ok := s.typ.FieldByName(capital(name))
	if !ok {
		return nil // the bindings are newer than the SDK
	}
	m := &member{name: name, json: name, field: f.Index[0], in: bindingPlaces[bm.In], stream: bm.Stream}
	if bm.As != "" {
		m.json = bm.As
	}
	m.bound = m.json
	if bs.Payload == name {
		m.in = inPayload
	}
	switch {
	case f.Type.Implements(readerType):
		m.stream = true
		m.shape = &shape{name: bm.Shape, kind: smithy.ShapeTypeBlob, typ: f.Type}
	case f.Type == timePointer || f.Type == timeType:
		format := bindingTimes[bm.Time]
		if format == "" && m.in == inHeader {
			format = "http-date"
		}
		m.shape = &shape{name: bm.Shape, kind: smithy.ShapeTypeTimestamp, typ: timeType, format: format}
	default:
		sub, err := c.overlay(b, bm.Shape, f.Type)
		if err != nil {
			return err
		}
		m.shape = sub
	}
	s.members = append(s.members, m)
	return nil
}

// routes are those of all of the service's operations; one that is not served has
// an operation without a handler, so that a request for it is for no other.
func (b *bindings) routes(ops map[string]*operation) []route {
	var out []route
	for name, bo := range b.Operations {
		op := ops[name]
		if op == nil {
			op = &operation{Operation: Operation{Name: name}}
		}
		r := route{op: op, method: bo.Method, status: bo.Status, pattern: parsePattern(bo.URI)}
		query, headers := b.demands(bo)
		for _, q := range query {
			r.pattern.query.Add(q, "")
		}
		r.pattern.headers = headers
		out = append(out, r)
	}
	sortRoutes(out)
	return out
}

// streams reports whether the operation's input has a body that is not to be read
// before the handler reads it.
func (b *bindings) streams(op string) bool {
	in := b.Shapes[b.Operations[op].Input]
	return in.Payload != "" && in.Members[in.Payload].Stream
}

// documented reports whether checksums in the headers are those of the operation's
// document, and not, as members, those of an object.
func (b *bindings) documented(op string) bool {
	_, ok := b.Shapes[b.Operations[op].Input].Members["ChecksumCRC32"]
	return !ok
}

// bucketIn is the bucket that a virtual-hosted request has in its host; "" for a
// path-style one.
func bucketIn(host string) string {
	host = strings.ToLower(host)
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		host = host[:i]
	}
	for _, mark := range []string{".s3.", ".s3-"} {
		if i := strings.LastIndex(host, mark); i > 0 {
			return host[:i]
		}
	}
	if b, ok := strings.CutSuffix(host, ".localhost"); ok && b != "s3" && !strings.HasPrefix(b, "s3.") {
		return b
	}
	return ""
}

// s3Host reports whether a host is S3's, whatever the request is signed for.
func s3Host(host string) bool {
	host = strings.ToLower(host)
	return strings.HasPrefix(host, "s3.") || strings.HasPrefix(host, "s3-") || strings.Contains(host, ".s3.") || strings.Contains(host, ".s3-")
}
