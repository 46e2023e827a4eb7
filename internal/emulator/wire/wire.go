// Package wire speaks the AWS protocols from the server's side, over the same
// Go types and Smithy schemas that the AWS SDK's clients use: awsJson 1.0 and
// 1.1, restJson1, restXml, awsQuery, rpcv2Cbor and event streams.
//
// It turns an HTTP request into an operation's input, calls the operation's
// handler, and turns the output or the error into the response. Between the two
// it checks who calls, what the operation refuses, and the constraints of AWS's
// published models. It must not know what any service does: what a service
// serves is the data of a [Service], and what sets one service's wire form apart
// from the next is data in facts.go.
//
// Handlers see inputs whose required members are set and whose members are within
// their bounds. What they return goes out as it is: a nil list or map is left out
// and an empty one is written, as AWS does for most lists; a number or boolean
// that is not a pointer is always written. IAM's policy documents are URL-encoded
// on the wire, and so they are in IAM's outputs: that is the service's part.
package wire

import (
	"context"
	"math"
	"reflect"
	"strings"

	"github.com/aws/smithy-go"
)

// A Service is what one emulated AWS service serves.
type Service struct {
	// Name is the service's name in credential scopes, such as "dynamodb".
	Name string
	// Protocol is the protocol that the service's model names. A service on
	// awsJson or restJson1 answers rpcv2Cbor requests too.
	Protocol Protocol
	// Schema is the SDK's service schema; nil for awsQuery and restXml services,
	// which are not on schemas yet.
	Schema *smithy.ServiceSchema
	// Target is what X-Amz-Target begins with on a service of awsJson whose SDK
	// package has no schemas; its members begin small on the wire.
	Target string
	// Version is the API version of an awsQuery service, such as "2010-05-08".
	Version string

	Operations []Operation
	Unions     []Union

	// Unserved says of operations that are not served why, as the end of the sentence
	// that refuses them.
	Unserved map[string]string
	// Unrouted are the schemas of those operations of a restJson1 service, whose methods
	// and paths tell which of them a request is for.
	Unrouted []*smithy.Schema
}

// A Protocol is one of the protocols that AWS services speak.
type Protocol int

// The protocols.
const (
	AWSJSON10 Protocol = iota + 1
	AWSJSON11
	RESTJSON
	Query
	RESTXML
)

// An Operation is one AWS operation and the method that serves it.
type Operation struct {
	Name      string
	Refused   []string // input members that are answered with an error that names them
	Unchecked []string // input members whose constraints the handler checks itself
	zeros     []string // input members whose zero is told from nothing

	unsigned bool // whoever calls need not sign

	schema *smithy.Schema // nil on awsQuery and restXml
	in     reflect.Type   // the input struct
	out    reflect.Type   // the output struct
	event  reflect.Type   // the union of events; nil but on event streams
	serve  func(ctx context.Context, in any) (out any, err error)
	stream func(ctx context.Context, in any, start func(out any) (send func(event any) error)) error
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
	op.Name = strings.TrimSuffix(op.in.Name(), "Input")
	for _, o := range opts {
		o(&op)
	}
	return op
}

// Stream binds an operation whose output is a stream of events, each a variant of
// the union Event. The handler calls start once, when it knows that it will
// answer, with the output's other members, and then send for each event, which
// reaches the client at once. An error before start is an ordinary error; one
// after it ends the stream as an exception.
func Stream[In, Out, Event any](
	schema *smithy.Schema,
	h func(ctx context.Context, in *In, start func(*Out) (send func(Event) error)) error,
	opts ...Option,
) Operation {
	op := Operation{
		Name:   schema.ID().Name,
		schema: schema,
		in:     reflect.TypeFor[In](),
		out:    reflect.TypeFor[Out](),
		event:  reflect.TypeFor[Event](),
		stream: func(ctx context.Context, in any, start func(any) func(any) error) error {
			return h(ctx, in.(*In), func(out *Out) func(Event) error {
				send := start(out)
				return func(e Event) error { return send(e) }
			})
		},
	}
	for _, o := range opts {
		o(&op)
	}
	return op
}

// Unsigned says that the operation's callers need no credentials: the input proves
// who they are.
func Unsigned() Option { return func(o *Operation) { o.unsigned = true } }

// Refuse names input members that the operation does not implement: a request
// that sets one is answered with an error that names it, never ignored. A nested
// member is written as a path, "VpcConfig.SubnetIds", also through lists and maps.
// An empty text, list or map and a false are as good as absent.
func Refuse(members ...string) Option {
	return func(op *Operation) { op.Refused = append(op.Refused, members...) }
}

// Unchecked names input members, as in [Refuse], for which AWS answers other
// errors than its usual "validation error detected"; the handler checks them.
func Unchecked(members ...string) Option {
	return func(op *Operation) { op.Unchecked = append(op.Unchecked, members...) }
}

// Zero is what an input member named by [ExplicitZero] holds when the request
// sends a zero.
const Zero = math.MinInt32

// ExplicitZero names input members, as in [Refuse], that are int32 in the SDK and
// for which a zero that is sent means another thing than nothing: they then hold
// [Zero].
func ExplicitZero(members ...string) Option {
	return func(op *Operation) { op.zeros = append(op.zeros, members...) }
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
		_, member, _ := strings.Cut(strings.TrimPrefix(t.Name(), u.iface.Name()), "Member")
		u.variants[member] = t
	}
	return u
}
