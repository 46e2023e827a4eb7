package wire

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/traits"
)

// A shape is a Smithy shape together with the Go type that holds its values,
// with everything that reading and writing needs looked up once.
type shape struct {
	name    string // of the shape; on awsQuery, of the Go type
	kind    smithy.ShapeType
	typ     reflect.Type // never a pointer
	format  string       // of timestamps; empty for the protocol's own
	members []*member    // of structures and unions, by name
	byName  map[string]*member
	byJSON  map[string]*member // by the name in restJson1 bodies
	elem    *shape             // of lists and maps
	item    string             // on restXml, the element of a list's items
	flat    bool               // on restXml, a list's items repeat its element
}

// A member is a member of a structure or a union.
type member struct {
	shape   *shape
	name    string
	json    string       // its name in a restJson1 or restXml body
	field   int          // index of the field in the Go struct
	variant reflect.Type // of a union: the Go struct of this variant
	in      binding
	bound   string // the name or prefix of the header or query parameter
	stream  bool   // the field is an io.Reader
	zero    bool   // see ExplicitZero
}

// tellZero marks the member at path, through lists and maps.
func (s *shape) tellZero(path []string) {
	for s.elem != nil {
		s = s.elem
	}
	m := s.byName[path[0]]
	if len(path) == 1 {
		m.zero = true
		return
	}
	m.shape.tellZero(path[1:])
}

// A binding is the part of an HTTP message that a member is in.
type binding int

const (
	inBody binding = iota
	inLabel
	inQuery
	inQueryParams
	inHeader
	inPrefixHeaders
	inPayload
	inStatus
	inEventHeader
	inEventPayload
	inAttribute
)

var (
	timeType    = reflect.TypeFor[time.Time]()
	timePointer = reflect.TypeFor[*time.Time]()
	readerType  = reflect.TypeFor[io.Reader]()
	bytesType   = reflect.TypeFor[[]byte]()
)

// shapes prepares shapes of one service, each once.
type shapes struct {
	unions map[reflect.Type]Union
	small  bool // members of shapes without a schema begin small

	mu    sync.Mutex
	known map[shapeID]*shape
}

type shapeID struct {
	schema *smithy.Schema
	typ    reflect.Type
	name   string // on restXml
}

func newShapes(unions []Union) *shapes {
	s := &shapes{unions: map[reflect.Type]Union{}, known: map[shapeID]*shape{}}
	for _, u := range unions {
		s.unions[u.iface] = u
	}
	return s
}

// of returns the shape of values of type t that schema describes. A nil schema
// means that the Go type alone tells, as on awsQuery.
func (c *shapes) of(schema *smithy.Schema, t reflect.Type) (*shape, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if schema == nil {
		return c.plain(t)
	}
	return c.prepare(schema, t)
}

func (c *shapes) prepare(schema *smithy.Schema, t reflect.Type) (*shape, error) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if s, ok := c.known[shapeID{schema: schema, typ: t}]; ok {
		return s, nil
	}
	s := &shape{name: schema.TargetID().Name, kind: schema.Type(), typ: t}
	if s.name == "" {
		s.name = schema.ID().Name
	}
	c.known[shapeID{schema: schema, typ: t}] = s
	var err error
	switch s.kind {
	case smithy.ShapeTypeStructure, smithy.ShapeTypeUnion:
		err = c.addMembers(s, schema)
	case smithy.ShapeTypeList, smithy.ShapeTypeSet:
		if t.Kind() != reflect.Slice {
			return nil, fmt.Errorf("wire: %s is a list but %s is none", s.name, t)
		}
		s.elem, err = c.prepare(schema.ListMember(), t.Elem())
	case smithy.ShapeTypeMap:
		if t.Kind() != reflect.Map {
			return nil, fmt.Errorf("wire: %s is a map but %s is none", s.name, t)
		}
		s.elem, err = c.prepare(schema.MapValue(), t.Elem())
	case smithy.ShapeTypeTimestamp:
		if f, ok := smithy.SchemaTrait[*traits.TimestampFormat](schema); ok {
			s.format = f.Format
		}
	case smithy.ShapeTypeBigDecimal, smithy.ShapeTypeBigInteger, smithy.ShapeTypeDocument:
		err = fmt.Errorf("wire: %s: values of this kind are not supported", s.name)
	}
	return s, err
}

func (c *shapes) addMembers(s *shape, schema *smithy.Schema) error {
	for name, ms := range schema.Members() {
		m := &member{name: name, json: name}
		t := s.typ
		if s.kind == smithy.ShapeTypeUnion {
			v, ok := c.unions[s.typ].variants[capital(name)]
			if !ok {
				return fmt.Errorf("wire: the variant %s of %s is not named; list it with wire.UnionOf[%s]", name, s.typ, s.typ)
			}
			m.variant, t = v, v
			name = "Value"
		}
		f, ok := t.FieldByName(capital(name))
		if !ok {
			if isStream(ms) {
				continue // an event stream has no field; see [Stream]
			}
			return fmt.Errorf("wire: %s has no field for the member %s", t, name)
		}
		m.field = f.Index[0]
		bind(m, ms)
		if f.Type.Implements(readerType) {
			m.stream = true
			m.shape = &shape{name: ms.TargetID().Name, kind: smithy.ShapeTypeBlob, typ: f.Type}
		} else {
			ft := f.Type
			sub, err := c.prepare(ms, ft)
			if err != nil {
				return err
			}
			m.shape = sub
		}
		s.members = append(s.members, m)
	}
	s.index()
	return nil
}

func (s *shape) index() {
	slices.SortFunc(s.members, func(a, b *member) int { return strings.Compare(a.name, b.name) })
	s.byName, s.byJSON = make(map[string]*member, len(s.members)), make(map[string]*member, len(s.members))
	for _, m := range s.members {
		s.byName[m.name] = m
		if m.in == inBody {
			s.byJSON[m.json] = m
		}
	}
}

// bind reads the traits that say where a member is on the wire.
func bind(m *member, s *smithy.Schema) {
	if t, ok := smithy.SchemaTrait[*traits.JSONName](s); ok {
		m.json = t.Name
	}
	if _, ok := smithy.SchemaTrait[*traits.HTTPLabel](s); ok {
		m.in = inLabel
	} else if t, ok := smithy.SchemaTrait[*traits.HTTPQuery](s); ok {
		m.in, m.bound = inQuery, t.Name
	} else if _, ok := smithy.SchemaTrait[*traits.HTTPQueryParams](s); ok {
		m.in = inQueryParams
	} else if t, ok := smithy.SchemaTrait[*traits.HTTPHeader](s); ok {
		m.in, m.bound = inHeader, t.Name
	} else if t, ok := smithy.SchemaTrait[*traits.HTTPPrefixHeaders](s); ok {
		m.in, m.bound = inPrefixHeaders, t.Prefix
	} else if _, ok := smithy.SchemaTrait[*traits.HTTPPayload](s); ok {
		m.in = inPayload
	} else if _, ok := smithy.SchemaTrait[*traits.HTTPResponseCode](s); ok {
		m.in = inStatus
	} else if _, ok := smithy.SchemaTrait[*traits.EventHeader](s); ok {
		m.in = inEventHeader
	} else if _, ok := smithy.SchemaTrait[*traits.EventPayload](s); ok {
		m.in = inEventPayload
	}
}

func isStream(s *smithy.Schema) bool {
	_, ok := smithy.SchemaTrait[*traits.Streaming](s)
	return ok && s.Type() == smithy.ShapeTypeUnion
}

// plain derives a shape from the Go type alone.
func (c *shapes) plain(t reflect.Type) (*shape, error) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if s, ok := c.known[shapeID{typ: t}]; ok {
		return s, nil
	}
	s := &shape{name: t.Name(), typ: t}
	c.known[shapeID{typ: t}] = s
	var err error
	switch {
	case t == timeType:
		s.kind = smithy.ShapeTypeTimestamp
		if !c.small {
			s.format = "date-time"
		}
	case t == bytesType:
		s.kind = smithy.ShapeTypeBlob
	case t.Kind() == reflect.Struct:
		s.kind = smithy.ShapeTypeStructure
		for i := range t.NumField() {
			f := t.Field(i)
			if !f.IsExported() || f.Name == "ResultMetadata" || f.Name == "ErrorCodeOverride" {
				continue
			}
			m := &member{name: f.Name, json: f.Name, field: i}
			if c.small {
				m.name, m.json = lower(f.Name), lower(f.Name)
			}
			if m.shape, err = c.plain(f.Type); err != nil {
				return nil, err
			}
			s.members = append(s.members, m)
		}
		s.index()
	case t.Kind() == reflect.Slice:
		s.kind = smithy.ShapeTypeList
		s.elem, err = c.plain(t.Elem())
	case t.Kind() == reflect.Map:
		s.kind = smithy.ShapeTypeMap
		s.elem, err = c.plain(t.Elem())
	case t.Kind() == reflect.String:
		s.kind = smithy.ShapeTypeString
	case t.Kind() == reflect.Bool:
		s.kind = smithy.ShapeTypeBoolean
	case t.Kind() == reflect.Int32:
		s.kind = smithy.ShapeTypeInteger
	case t.Kind() == reflect.Int64:
		s.kind = smithy.ShapeTypeLong
	case t.Kind() == reflect.Float32:
		s.kind = smithy.ShapeTypeFloat
	case t.Kind() == reflect.Float64:
		s.kind = smithy.ShapeTypeDouble
	default:
		err = fmt.Errorf("wire: values of type %s are not supported", t)
	}
	return s, err
}

// capital is the Go field of a member: its name with a capital.
func capital(member string) string { return strings.ToUpper(member[:1]) + member[1:] }

// schemaOf learns the schema of a generated type from what it writes first; nil
// for types without one.
func schemaOf(t reflect.Type) (schema *smithy.Schema) {
	v, ok := reflect.New(t).Interface().(smithy.Serializable)
	if !ok {
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			s, ok := p.(*smithy.Schema)
			if !ok {
				panic(p)
			}
			schema = s
		}
	}()
	v.Serialize(probe{})
	return nil
}

// probe throws the structure that a value begins with; the interface's other
// methods are never called.
type probe struct{ smithy.ShapeSerializer }

func (probe) WriteStruct(s *smithy.Schema) { panic(s) }

// eventShape returns the shape of a stream's events: the union that the output's
// schema streams.
func (s *service) eventShape(op *operation) (*shape, error) {
	schema := schemaOf(op.out)
	if schema != nil {
		for _, m := range schema.Members() {
			if isStream(m) {
				return s.shapes.of(m, op.event)
			}
		}
	}
	return nil, fmt.Errorf("wire: the output of %s has no stream of events", op.Name)
}
