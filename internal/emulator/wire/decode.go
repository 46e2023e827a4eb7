package wire

import (
	"encoding/base64"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"

	"github.com/aws/smithy-go"
	smithytime "github.com/aws/smithy-go/time"
)

// A reader turns a decoded body into the Go values of an input.
type reader struct {
	rest    bool   // names are those of restJson1
	naming  string // the prefix of shape names in AWS's error texts
	earlier bool   // the texts are those of AWS's earlier framework
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

func (r reader) structure(v any, s *shape, dst reflect.Value) error {
	o, ok := v.(*object)
	if !ok {
		return r.mistyped(v, s)
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
		if m.zero && dst.Field(m.field).Int() == 0 {
			dst.Field(m.field).SetInt(Zero)
		}
	}
	return nil
}

func (r reader) union(v any, s *shape, dst reflect.Value) error {
	o, ok := v.(*object)
	if !ok {
		return r.mistyped(v, s)
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
		return r.mistyped(v, s)
	}
	out := reflect.MakeSlice(dst.Type(), len(l), len(l))
	for i, v := range l {
		if v == nil && s.typ.Elem().Kind() != reflect.Pointer {
			return nullIn(s)
		}
		if !fits(v, s.elem) {
			return r.mistypedItem(v, s.elem)
		}
		if err := r.read(v, s.elem, out.Index(i)); err != nil {
			return err
		}
	}
	dst.Set(out)
	return nil
}

func (r reader) mapping(v any, s *shape, dst reflect.Value) error {
	o, ok := v.(*object)
	if !ok {
		return r.mistyped(v, s)
	}
	out := reflect.MakeMapWithSize(dst.Type(), len(o.keys))
	key := reflect.New(dst.Type().Key()).Elem()
	for i, k := range o.keys {
		v := o.values[i]
		if v == nil && s.typ.Elem().Kind() != reflect.Pointer {
			return nullIn(s)
		}
		if !fits(v, s.elem) {
			return r.mistypedItem(v, s.elem)
		}
		item := reflect.New(dst.Type().Elem()).Elem()
		if err := r.read(v, s.elem, item); err != nil {
			return err
		}
		key.SetString(k)
		out.SetMapIndex(key, item)
	}
	dst.Set(out)
	return nil
}

// nullIn refuses a null item, which the SDK's types cannot hold.
func nullIn(s *shape) error {
	if s.elem.kind == smithy.ShapeTypeUnion {
		return unionFault(s.elem, "Supplied %s is empty, must contain exactly one of the supported datatypes")
	}
	return unserializable("%s must not contain a null", s.name)
}

func (r reader) scalar(v any, s *shape, dst reflect.Value) error {
	switch s.kind {
	case smithy.ShapeTypeString, smithy.ShapeTypeEnum:
		x, ok := v.(string)
		if !ok {
			return r.mistyped(v, s)
		}
		dst.SetString(x)
	case smithy.ShapeTypeBoolean:
		x, ok := v.(bool)
		if !ok {
			return r.mistyped(v, s)
		}
		dst.SetBool(x)
	case smithy.ShapeTypeBlob:
		return r.blob(v, s, dst)
	case smithy.ShapeTypeTimestamp:
		t, ok := readTime(v, s.format)
		if !ok {
			return r.mistyped(v, s)
		}
		dst.Set(reflect.ValueOf(t))
	case smithy.ShapeTypeFloat, smithy.ShapeTypeDouble:
		f, ok := readFloat(v)
		if !ok {
			return r.mistyped(v, s)
		}
		dst.SetFloat(f)
	default:
		n, ok := readInt(v)
		if !ok || dst.OverflowInt(n) {
			return r.mistyped(v, s)
		}
		dst.SetInt(n)
	}
	return nil
}

func (r reader) blob(v any, s *shape, dst reflect.Value) error {
	switch v := v.(type) {
	case []byte:
		dst.SetBytes(v)
		return nil
	case string:
		if len(v)%4 != 0 {
			return r.notBase64(v, fmt.Sprintf("Base64 encoded length is expected a multiple of 4 bytes but found: %d", len(v)))
		}
		b, err := base64.StdEncoding.DecodeString(v)
		if err != nil {
			return r.notBase64(v, "Invalid last non-pad Base64 character dectected")
		}
		dst.SetBytes(b)
		return nil
	}
	return r.mistyped(v, s)
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
