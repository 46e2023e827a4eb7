package wire

import (
	"reflect"

	"github.com/aws/smithy-go"
)

// Stub is an operation that nothing serves, for [Exchange].
func Stub(name string, schema *smithy.Schema, in, out reflect.Type) Operation {
	return Operation{Name: name, schema: schema, in: in, out: out}
}
