// Package wire speaks the AWS protocols from the server's side, over the same
// Go types and Smithy schemas that the AWS SDK's clients use: awsJson 1.0 and
// 1.1, restJson1, awsQuery, rpcv2Cbor and event streams.
//
// It turns an HTTP request into an operation's input, calls the operation's
// handler, and turns the output or the error into the response. It must not know
// any service: what a service serves is the data of a [Service].
package wire

import (
	"context"
	"reflect"

	"github.com/aws/smithy-go"
)

// A Service is what one emulated AWS service serves.
type Service struct {
	// Name is the service's name in credential scopes, such as "dynamodb".
	Name string
	// Protocol is the protocol that the service's model names. A service on
	// awsJson or restJson1 answers rpcv2Cbor requests too.
	Protocol Protocol
	// Schema is the SDK's service schema; nil for awsQuery services, which are
	// not on schemas yet.
	Schema *smithy.ServiceSchema
	// Version is the API version of an awsQuery service, such as "2010-05-08".
	Version string

	Operations []Operation
	Unions     []Union
}

// A Protocol is one of the protocols that AWS services speak.
type Protocol int

// The protocols.
const (
	AWSJSON10 Protocol = iota + 1
	AWSJSON11
	RESTJSON
	Query
)

// An Operation is one AWS operation and the method that serves it.
type Operation struct {
	Name    string
	Refused []string // input members that are answered with an error that names them

	schema *smithy.Schema // nil on awsQuery
	in     reflect.Type   // the input struct
	out    reflect.Type   // the output struct
	serve  func(ctx context.Context, in any) (out any, err error)
}

// An Option changes how an operation is served.
type Option func(*Operation)

// Op binds an operation's schema to its handler. The handler's signature names
// the SDK's input and output types, so that the two cannot disagree; path, method
// and status come from the schema.
func Op[In, Out any](schema *smithy.Schema, h func(context.Context, *In) (*Out, error), opts ...Option) Operation {
	op := QueryOp(h, opts...)
	op.Name, op.schema = schema.ID().Name, schema
	return op
}

// QueryOp binds a handler of an awsQuery service; the operation's name is that
// of the input type.
func QueryOp[In, Out any](h func(context.Context, *In) (*Out, error), opts ...Option) Operation {
	op := Operation{
		in:  reflect.TypeFor[In](),
		out: reflect.TypeFor[Out](),
		serve: func(ctx context.Context, in any) (any, error) {
			return h(ctx, in.(*In))
		},
	}
	op.Name = trimInput(op.in.Name())
	for _, o := range opts {
		o(&op)
	}
	return op
}

func trimInput(name string) string { return name[:len(name)-len("Input")] }

// Refuse names input members that the operation does not implement: a request
// that sets one is answered with an error that names it, never ignored.
func Refuse(members ...string) Option {
	return func(op *Operation) { op.Refused = append(op.Refused, members...) }
}

// A Union lists the variants of one Smithy union; see [UnionOf].
type Union struct {
	iface    reflect.Type
	variants map[string]reflect.Type // by member name, capitalized
}

// UnionOf names the variants of the union T once, because Go cannot list the
// implementers of an interface.
func UnionOf[T any](variants ...T) Union {
	u := Union{iface: reflect.TypeFor[T](), variants: map[string]reflect.Type{}}
	for _, v := range variants {
		t := reflect.TypeOf(v).Elem()
		u.variants[memberOf(t.Name())] = t
	}
	return u
}

// memberOf is the part of a variant's type name behind "Member".
func memberOf(name string) string {
	const sep = "Member"
	for i := 0; i+len(sep) <= len(name); i++ {
		if name[i:i+len(sep)] == sep {
			return name[i+len(sep):]
		}
	}
	return name
}
