package wire

import (
	"maps"
	"net/http"
	"reflect"
	"sync"

	"github.com/aws/smithy-go"
)

// awsJSON is awsJson 1.0 and 1.1: one URL, the operation in a header, everything
// else in the body.
type awsJSON struct{ contentType string }

func (p awsJSON) decode(c *call, in reflect.Value) error {
	v, err := parseJSON(c.body)
	if err != nil {
		return unserializable("Could not parse request body into json: %v", err)
	}
	if c.op.input == nil {
		return nil
	}
	return c.svc.reader(false).object(v, c.op.input, in)
}

// reader reads the service's bodies.
func (s *service) reader(rest bool) reader {
	return reader{rest: rest, naming: s.errorNamespace() + ".", earlier: earlierFramework[s.modelName()]}
}

// object reads the value of a whole body.
func (r reader) object(v any, s *shape, in reflect.Value) error {
	if _, ok := v.(*object); !ok {
		return unserializable("Unexpected value type in payload")
	}
	return r.read(v, s, in)
}

// lentBodies are bodies to write into, which [server.send] gives back.
var lentBodies = sync.Pool{New: func() any { return &jsonBody{} }}

// maxLent is the size up to which a body is worth keeping.
const maxLent = 64 << 10

func (p awsJSON) encode(c *call, out reflect.Value) (response, error) {
	resp := response{status: http.StatusOK, contentType: p.contentType}
	if c.op.output != nil {
		resp.lent = lentBodies.Get().(*jsonBody)
		resp.lent.b, resp.lent.comma = resp.lent.b[:0], false
		writer{sink: resp.lent}.write(out, c.op.output)
		resp.body = resp.lent.b
	}
	return resp, nil
}

// giveBack lets others write into the body that was lent. It has been sent.
func (resp response) giveBack() {
	if resp.lent != nil && cap(resp.lent.b) <= maxLent {
		lentBodies.Put(resp.lent)
	}
}

func (p awsJSON) fail(c *call, f fault) response {
	var b jsonBody
	f.write(writer{sink: &b}, c.svc.errorType(f))
	resp := response{status: f.status, contentType: p.contentType, body: b.b, header: f.header}
	if f.query != "" {
		resp.header = http.Header{"X-Amzn-Query-Error": {f.query + ";" + f.sender()}}
	}
	return resp
}

// target is what X-Amz-Target begins with; "" on services that have none.
func (s *service) target() string {
	if s.Schema == nil {
		return s.Target
	}
	return s.Schema.ID().Name
}

// errorNamespace is the namespace of the service's shapes in its answers.
func (s *service) errorNamespace() string {
	if s == nil {
		return ""
	}
	if s.Schema == nil {
		return errorNamespaces[s.Name]
	}
	ns := s.Schema.ID().Namespace
	if own, ok := errorNamespaces[ns]; ok {
		return own
	}
	return ns
}

// errorType is the "__type" of an error: awsJson 1.0 names the whole shape.
func (s *service) errorType(f fault) string {
	if s == nil || s.Protocol != AWSJSON10 {
		return f.code
	}
	if f.modeled {
		return s.errorNamespace() + "#" + f.code
	}
	if ns, ok := frameworkNamespaces[f.code]; ok {
		return ns + "#" + f.code
	}
	return frameworkNamespace + "#" + f.code
}

// cborRPC is rpcv2Cbor: the operation in the path, everything else in the body.
type cborRPC struct{}

func (cborRPC) decode(c *call, in reflect.Value) error {
	if c.op.input == nil || len(c.body) == 0 {
		return nil
	}
	v, err := parseCBOR(c.body)
	if err != nil {
		return unserializable("Could not parse request body into cbor: %v", err)
	}
	return c.svc.reader(false).object(v, c.op.input, in)
}

func (cborRPC) response(status int, body []byte) response {
	return response{
		status:      status,
		contentType: "application/cbor",
		header:      http.Header{"Smithy-Protocol": {"rpc-v2-cbor"}},
		body:        body,
	}
}

func (p cborRPC) encode(c *call, out reflect.Value) (response, error) {
	if c.op.output == nil {
		resp := p.response(http.StatusOK, nil)
		resp.contentType = ""
		return resp, nil
	}
	var b cborBody
	writer{sink: &b}.write(out, c.op.output)
	return p.response(http.StatusOK, b.b), nil
}

func (p cborRPC) fail(c *call, f fault) response {
	typ := f.code
	if f.modeled && c.svc != nil && c.svc.Schema != nil {
		typ = smithy.ShapeID{Namespace: c.svc.Schema.ID().Namespace, Name: f.code}.String()
	}
	var b cborBody
	f.write(writer{sink: &b}, typ)
	resp := p.response(f.status, b.b)
	maps.Copy(resp.header, f.header)
	if f.query != "" {
		resp.header.Set("X-Amzn-Query-Error", f.query+";"+f.sender())
	}
	return resp
}
