package wire

// A decoded body is a tree of these types, whatever protocol it came by:
//
//	nil, bool, number, string, []byte, time.Time, []any, *object
//
// []byte and time.Time come from CBOR alone.

// A number is a number as it was written, so that nothing is lost.
type number string

// An object keeps its members in their order.
type object struct {
	keys   []string
	values []any
}

func (o *object) add(key string, v any) {
	o.keys = append(o.keys, key)
	o.values = append(o.values, v)
}
