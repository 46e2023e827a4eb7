package wire

import (
	"reflect"

	"github.com/aws/smithy-go"
)

// Stub is an operation that nothing serves, for [Exchange].
func Stub(name string, schema *smithy.Schema, in, out reflect.Type) Operation {
	return Operation{Name: name, schema: schema, in: in, out: out}
}

// Constrain checks an input, a pointer to an operation's input struct.
func Constrain(svc Service, op string, in any) error {
	s, err := serve(svc)
	if err != nil {
		return err
	}
	return s.constrain(s.ops[op], reflect.ValueOf(in).Elem())
}
