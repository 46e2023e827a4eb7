package wire

import (
	"encoding/base64"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/aws/smithy-go"
	smithytime "github.com/aws/smithy-go/time"
)

// A reader turns a decoded body into the Go values of an input.
type reader struct {
	rest   bool   // names are those of restJson1
	naming string // the prefix of shape names in AWS's error texts
}

// unserializable is AWS's answer to a value of the wrong type.
func unserializable(format string, args ...any) error {
	return &smithy.GenericAPIError{Code: "SerializationException", Message: fmt.Sprintf(format, args...), Fault: smithy.FaultClient}
}

// read stores v, which s describes, in dst. Nothing is stored for a null.
func (r reader) read(v any, s *shape, dst reflect.Value) error {
	if v == nil {
		return nil
	}
	if dst.Kind() == reflect.Pointer {
		p := reflect.New(s.typ)
		if err := r.read(v, s, p.Elem()); err != nil {
			return err
		}
		dst.Set(p)
		return nil
	}
	switch s.kind {
	case smithy.ShapeTypeStructure:
		return r.structure(v, s, dst)
	case smithy.ShapeTypeUnion:
		return r.union(v, s, dst)
	case smithy.ShapeTypeList, smithy.ShapeTypeSet:
		return r.list(v, s, dst)
	case smithy.ShapeTypeMap:
		return r.mapping(v, s, dst)
	}
	return r.scalar(v, s, dst)
}

// mismatch words the refusal of v where another kind of value is expected; the
// texts are those that DynamoDB is known to answer with.
func (r reader) mismatch(v any, java string) error {
	switch v := v.(type) {
	case []any:
		return unserializable("Unrecognized collection type %s", java)
	case *object:
		return unserializable("Start of structure or map found where not expected")
	case bool:
		if v {
			return unserializable("TRUE_VALUE cannot be converted to %s", simple(java))
		}
		return unserializable("FALSE_VALUE cannot be converted to %s", simple(java))
	case number:
		if strings.ContainsAny(string(v), ".eE") {
			return unserializable("DECIMAL_VALUE cannot be converted to %s", simple(java))
		}
		return unserializable("NUMBER_VALUE cannot be converted to %s", simple(java))
	}
	return unserializable("STRING_VALUE cannot be converted to %s", simple(java))
}

// simple is the last part of a Java class's name.
func simple(java string) string { return java[strings.LastIndexByte(java, '.')+1:] }

func (r reader) structure(v any, s *shape, dst reflect.Value) error {
	o, ok := v.(*object)
	if !ok {
		if _, list := v.([]any); list {
			return unserializable("Unrecognized collection type class %s%s", r.naming, s.name)
		}
		return unserializable("Unexpected field type")
	}
	names := s.byName
	if r.rest {
		names = s.byJSON
	}
	for i, k := range o.keys {
		m, ok := names[k]
		if !ok || o.values[i] == nil {
			continue // AWS ignores keys that a shape does not have
		}
		if err := r.read(o.values[i], m.shape, dst.Field(m.field)); err != nil {
			return err
		}
	}
	return nil
}

func (r reader) union(v any, s *shape, dst reflect.Value) error {
	o, ok := v.(*object)
	if !ok {
		if _, list := v.([]any); list {
			return unserializable("Unrecognized collection type class %s%s", r.naming, s.name)
		}
		return unserializable("Unexpected value type in payload")
	}
	names := s.byName
	if r.rest {
		names = s.byJSON
	}
	set := false
	for i, k := range o.keys {
		m, ok := names[k]
		if !ok || o.values[i] == nil {
			continue
		}
		if set {
			return unionFault(s, "Supplied %s has more than one datatypes set, must contain exactly one of the supported datatypes")
		}
		p := reflect.New(m.variant)
		if err := r.read(o.values[i], m.shape, p.Elem().Field(m.field)); err != nil {
			return err
		}
		dst.Set(p)
		set = true
	}
	if !set {
		return unionFault(s, "Supplied %s is empty, must contain exactly one of the supported datatypes")
	}
	return nil
}

// unionFault is what DynamoDB, the one service whose unions are known to people,
// answers for an attribute value with no type or with several.
func unionFault(s *shape, format string) error {
	return &smithy.GenericAPIError{Code: "ValidationException", Message: fmt.Sprintf(format, s.name), Fault: smithy.FaultClient}
}

func (r reader) list(v any, s *shape, dst reflect.Value) error {
	l, ok := v.([]any)
	if !ok {
		if _, obj := v.(*object); obj {
			return unserializable("Start of structure or map found where not expected")
		}
		return unserializable("Unexpected field type")
	}
	out := reflect.MakeSlice(dst.Type(), len(l), len(l))
	for i, v := range l {
		if v == nil && s.typ.Elem().Kind() != reflect.Pointer {
			return nullIn(s)
		}
		if err := r.read(v, s.elem, out.Index(i)); err != nil {
			return inside(v, err)
		}
	}
	dst.Set(out)
	return nil
}

func (r reader) mapping(v any, s *shape, dst reflect.Value) error {
	o, ok := v.(*object)
	if !ok {
		if _, list := v.([]any); list {
			return unserializable("Unrecognized collection type java.util.Map<java.lang.String, %s>", r.java(s.elem))
		}
		return unserializable("Unexpected field type")
	}
	out := reflect.MakeMapWithSize(dst.Type(), len(o.keys))
	key := reflect.New(dst.Type().Key()).Elem()
	for i, k := range o.keys {
		v := o.values[i]
		if v == nil && s.typ.Elem().Kind() != reflect.Pointer {
			return nullIn(s)
		}
		item := reflect.New(dst.Type().Elem()).Elem()
		if err := r.read(v, s.elem, item); err != nil {
			return inside(v, err)
		}
		key.SetString(k)
		out.SetMapIndex(key, item)
	}
	dst.Set(out)
	return nil
}

// inside corrects the text for a structure that is an item of a list or a map.
func inside(v any, err error) error {
	e, ok := err.(*smithy.GenericAPIError) //nolint:errorlint // made by this reader, never wrapped
	_, obj := v.(*object)
	if ok && !obj && e.Message == "Unexpected field type" {
		return unserializable("Unexpected value type in payload")
	}
	return err
}

// nullIn refuses a null item, which the SDK's types cannot hold.
func nullIn(s *shape) error {
	if s.elem.kind == smithy.ShapeTypeUnion {
		return unionFault(s.elem, "Supplied %s is empty, must contain exactly one of the supported datatypes")
	}
	return unserializable("%s must not contain a null", s.name)
}

// java is the Java class that AWS names in its errors.
func (r reader) java(s *shape) string {
	switch s.kind {
	case smithy.ShapeTypeString, smithy.ShapeTypeEnum:
		return "java.lang.String"
	case smithy.ShapeTypeBoolean:
		return "java.lang.Boolean"
	case smithy.ShapeTypeByte:
		return "java.lang.Byte"
	case smithy.ShapeTypeShort:
		return "java.lang.Short"
	case smithy.ShapeTypeInteger, smithy.ShapeTypeIntEnum:
		return "java.lang.Integer"
	case smithy.ShapeTypeLong:
		return "java.lang.Long"
	case smithy.ShapeTypeFloat:
		return "java.lang.Float"
	case smithy.ShapeTypeDouble:
		return "java.lang.Double"
	case smithy.ShapeTypeBlob:
		return "java.nio.ByteBuffer"
	case smithy.ShapeTypeTimestamp:
		return "java.util.Date"
	}
	return r.naming + s.name
}

func (r reader) scalar(v any, s *shape, dst reflect.Value) error {
	wrong := func() error { return r.mismatch(v, "class "+r.java(s)) }
	switch s.kind {
	case smithy.ShapeTypeString, smithy.ShapeTypeEnum:
		x, ok := v.(string)
		if !ok {
			return wrong()
		}
		dst.SetString(x)
	case smithy.ShapeTypeBoolean:
		x, ok := v.(bool)
		if _, text := v.(string); text {
			return unserializable("Unexpected token received from parser")
		}
		if !ok {
			return wrong()
		}
		dst.SetBool(x)
	case smithy.ShapeTypeBlob:
		return r.blob(v, dst)
	case smithy.ShapeTypeTimestamp:
		t, ok := readTime(v, s.format)
		if !ok {
			return wrong()
		}
		dst.Set(reflect.ValueOf(t))
	case smithy.ShapeTypeFloat, smithy.ShapeTypeDouble:
		f, ok := readFloat(v)
		if !ok {
			return wrong()
		}
		dst.SetFloat(f)
	default:
		n, ok := readInt(v)
		if !ok || dst.OverflowInt(n) {
			return wrong()
		}
		dst.SetInt(n)
	}
	return nil
}

func (r reader) blob(v any, dst reflect.Value) error {
	switch v := v.(type) {
	case []byte:
		dst.SetBytes(v)
		return nil
	case string:
		if len(v)%4 != 0 {
			return unserializable("Base64 encoded length is expected a multiple of 4 bytes but found: %d", len(v))
		}
		b, err := base64.StdEncoding.DecodeString(v)
		if err != nil {
			return unserializable("Invalid last non-pad Base64 character dectected")
		}
		dst.SetBytes(b)
		return nil
	case []any, *object:
		return r.mismatch(v, "class java.nio.ByteBuffer")
	}
	return unserializable("only base-64-encoded strings are convertible to bytes")
}

// readInt reads a whole number; like AWS it drops a fraction.
func readInt(v any) (int64, bool) {
	x, ok := v.(number)
	if !ok {
		return 0, false
	}
	if n, err := strconv.ParseInt(string(x), 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(string(x), 64)
	if err != nil || f >= math.MaxInt64 || f <= math.MinInt64 {
		return 0, false
	}
	return int64(f), true
}

func readFloat(v any) (float64, bool) {
	switch x := v.(type) {
	case number:
		f, err := strconv.ParseFloat(string(x), 64)
		return f, err == nil
	case string:
		switch x {
		case "NaN":
			return math.NaN(), true
		case "Infinity":
			return math.Inf(1), true
		case "-Infinity":
			return math.Inf(-1), true
		}
	}
	return 0, false
}

// readTime reads a timestamp. AWS's parsers take a number for seconds whatever
// the format says, and a text for a date.
func readTime(v any, format string) (time.Time, bool) {
	switch x := v.(type) {
	case time.Time:
		return x, true
	case number:
		f, ok := readFloat(x)
		if !ok || math.Abs(f) > 1e12 {
			return time.Time{}, false
		}
		return smithytime.ParseEpochSeconds(f), true
	case string:
		if format == "http-date" {
			t, err := smithytime.ParseHTTPDate(x)
			return t, err == nil
		}
		t, err := smithytime.ParseDateTime(x)
		return t, err == nil
	}
	return time.Time{}, false
}
