package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// extra holds the fields of a JSON object that this version does not know.
// They are written back as they were, so that a newer tool loses nothing.
type extra map[string]json.RawMessage

// fields reads a JSON object member by member; what is left in the end is extra.
type fields map[string]json.RawMessage

// take decodes the member called name into into, if it is there and not null.
func (f fields) take(name string, into any) error {
	raw, ok := f[name]
	if !ok {
		return nil
	}
	delete(f, name)
	if err := json.Unmarshal(raw, into); err != nil {
		return fieldError{path: "." + name, err: err}
	}
	return nil
}

// rest is what nobody took.
func (f fields) rest() extra {
	if len(f) == 0 {
		return nil
	}
	return extra(f)
}

// object writes a JSON object in a fixed order of members.
type object struct{ buf bytes.Buffer }

func (o *object) put(name string, v any) error {
	if o.buf.Len() == 0 {
		o.buf.WriteByte('{')
	} else {
		o.buf.WriteByte(',')
	}
	key, err := json.Marshal(name)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encoding %s: %w", name, err)
	}
	o.buf.Write(key)
	o.buf.WriteByte(':')
	o.buf.Write(raw)
	return nil
}

func (o *object) end(rest extra) (json.RawMessage, error) {
	for _, name := range slices.Sorted(maps.Keys(rest)) {
		if err := o.put(name, rest[name]); err != nil {
			return nil, err
		}
	}
	if o.buf.Len() == 0 {
		return json.RawMessage("{}"), nil
	}
	o.buf.WriteByte('}')
	return o.buf.Bytes(), nil
}

// fieldError says where in the document a member is that cannot be read, as a
// path such as `.resources[0].mode`.
type fieldError struct {
	path string
	err  error
}

func (e fieldError) Error() string { return fmt.Sprintf("%s: %v", e.path, e.err) }
func (e fieldError) Unwrap() error { return e.err }

// within puts a step before the path of err.
func within(step string, err error) error {
	if err == nil {
		return nil
	}
	var f fieldError
	if errors.As(err, &f) {
		return fieldError{path: step + f.path, err: f.err}
	}
	return fieldError{path: step, err: err}
}
