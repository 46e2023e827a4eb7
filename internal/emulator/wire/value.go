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

// newObject returns an object with room for two members in the same allocation: most
// have one, such as the values of DynamoDB.
func newObject() *object {
	o := &struct {
		object
		keys   [2]string
		values [2]any
	}{}
	o.object.keys, o.object.values = o.keys[:0], o.values[:0]
	return &o.object
}

func (o *object) add(key string, v any) {
	o.keys = append(o.keys, key)
	o.values = append(o.values, v)
}
