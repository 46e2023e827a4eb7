package wire

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// parseCBOR reads one CBOR data item.
func parseCBOR(b []byte) (any, error) {
	var v any
	if err := cborMode.Unmarshal(b, &v); err != nil {
		return nil, err
	}
	return fromCBOR(v)
}

var cborMode = func() cbor.DecMode {
	m, err := cbor.DecOptions{
		MaxNestedLevels: maxDepth,
		TimeTag:         cbor.DecTagOptional,
		TagsMd:          cbor.TagsAllowed,
	}.DecMode()
	if err != nil {
		panic(err) // the options are constants
	}
	return m
}()

// fromCBOR gives the value the types of a decoded body.
func fromCBOR(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool, string, []byte, time.Time:
		return v, nil
	case uint64:
		return number(strconv.FormatUint(v, 10)), nil
	case int64:
		return number(strconv.FormatInt(v, 10)), nil
	case float32:
		return cborFloat(float64(v)), nil
	case float64:
		return cborFloat(v), nil
	case []any:
		for i := range v {
			x, err := fromCBOR(v[i])
			if err != nil {
				return nil, err
			}
			v[i] = x
		}
		return v, nil
	case map[any]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			s, ok := k.(string)
			if !ok {
				return nil, fmt.Errorf("a map key of type %T", k)
			}
			keys = append(keys, s)
		}
		slices.Sort(keys)
		o := &object{}
		for _, k := range keys {
			x, err := fromCBOR(v[k])
			if err != nil {
				return nil, err
			}
			o.add(k, x)
		}
		return o, nil
	}
	return nil, fmt.Errorf("a value of type %T", v)
}

func cborFloat(f float64) any {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return number(strconv.FormatFloat(f, 'g', -1, 64))
}

// cborBody is a CBOR data item that is being written. Lists and maps have no
// length up front, since their ends come later.
type cborBody struct{ b []byte }

// The major types, shifted into place.
const (
	cborUnsigned = 0 << 5
	cborNegative = 1 << 5
	cborBytes    = 2 << 5
	cborText     = 3 << 5
	cborTag      = 6 << 5

	cborListBegin = 0x9f
	cborMapBegin  = 0xbf
	cborEnd       = 0xff
	cborFalse     = 0xf4
	cborTrue      = 0xf5
	cborNull      = 0xf6
	cborFloat64   = 0xfb
	cborEpochTime = 1
)

func (c *cborBody) head(major byte, n uint64) {
	switch {
	case n < 24:
		c.b = append(c.b, major|byte(n))
	case n <= math.MaxUint8:
		c.b = append(c.b, major|24, byte(n))
	case n <= math.MaxUint16:
		c.b = binary.BigEndian.AppendUint16(append(c.b, major|25), uint16(n))
	case n <= math.MaxUint32:
		c.b = binary.BigEndian.AppendUint32(append(c.b, major|26), uint32(n))
	default:
		c.b = binary.BigEndian.AppendUint64(append(c.b, major|27), n)
	}
}

func (c *cborBody) object()      { c.b = append(c.b, cborMapBegin) }
func (c *cborBody) endObject()   { c.b = append(c.b, cborEnd) }
func (c *cborBody) list()        { c.b = append(c.b, cborListBegin) }
func (c *cborBody) endList()     { c.b = append(c.b, cborEnd) }
func (c *cborBody) key(k string) { c.text(k) }
func (c *cborBody) null()        { c.b = append(c.b, cborNull) }

func (c *cborBody) text(s string) {
	s = valid(s)
	c.head(cborText, uint64(len(s)))
	c.b = append(c.b, s...)
}

func (c *cborBody) blob(b []byte) {
	c.head(cborBytes, uint64(len(b)))
	c.b = append(c.b, b...)
}

func (c *cborBody) integer(n int64) {
	if n < 0 {
		c.head(cborNegative, uint64(-(n + 1)))
		return
	}
	c.head(cborUnsigned, uint64(n))
}

func (c *cborBody) float(f float64) {
	c.b = binary.BigEndian.AppendUint64(append(c.b, cborFloat64), math.Float64bits(f))
}

func (c *cborBody) boolean(b bool) {
	if b {
		c.b = append(c.b, cborTrue)
		return
	}
	c.b = append(c.b, cborFalse)
}

func (c *cborBody) time(t time.Time, _ string) {
	c.head(cborTag, cborEpochTime)
	c.float(float64(t.UnixMilli()) / 1000)
}
