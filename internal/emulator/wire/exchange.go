package wire

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"reflect"

	"github.com/aws/smithy-go"
)

// Exchange reads r as a call of the operation and writes out, a pointer to the
// operation's output or an error, as its answer. No check is made and no handler
// is called: it is for tests of what goes over the wire.
func Exchange(svc Service, op string, r *http.Request, out any) (in any, answer *http.Response, err error) {
	s, err := serve(svc)
	if err != nil {
		return nil, nil, err
	}
	c := &call{id: "exchange", r: r, cred: credentialOf(r), svc: s, op: s.ops[op], protocol: s.protocol}
	if c.op == nil {
		return nil, nil, fmt.Errorf("%s does not serve %s", svc.Name, op)
	}
	if err := c.op.prepare(); err != nil {
		return nil, nil, err
	}
	if c.body, err = io.ReadAll(r.Body); err != nil {
		return nil, nil, err
	}
	all := &server{services: []*service{s}}
	if err := all.route(c, c.body); err != nil {
		return nil, nil, err
	}
	if c.op.Name != op {
		return nil, nil, fmt.Errorf("the request is routed to %s", c.op.Name)
	}
	if s.Protocol == RESTXML {
		r.Body = io.NopCloser(bytes.NewReader(c.body))
		if c.stream, err = newBody(c); err != nil {
			return nil, nil, err
		}
	}
	v := reflect.New(c.op.in)
	if err := c.protocol.decode(c, v.Elem()); err != nil {
		return nil, nil, err
	}
	resp, err := c.reply(out)
	if err != nil {
		return nil, nil, err
	}
	answer = &http.Response{StatusCode: resp.status, Header: http.Header{}, ContentLength: int64(len(resp.body))}
	resp.writeHeader(answer.Header, c)
	answer.Body = io.NopCloser(bytes.NewReader(resp.body))
	if resp.stream != nil {
		answer.Body, answer.ContentLength = io.NopCloser(resp.stream), -1
	}
	return v.Interface(), answer, nil
}

func (c *call) reply(out any) (response, error) {
	if fail, ok := out.(error); ok {
		f, ok := c.svc.faultOf(fail)
		if !ok {
			return response{}, fmt.Errorf("not an error of AWS: %w", fail)
		}
		return c.protocol.fail(c, f), nil
	}
	return c.protocol.encode(c, reflect.ValueOf(out).Elem())
}

// Types returns the types of the operation's input and output.
func (o Operation) Types() (in, out reflect.Type) { return o.in, o.out }

// Schemas returns the schemas of the operation, its input and its output; nil for
// what has none.
func (o Operation) Schemas() (op, in, out *smithy.Schema) {
	return o.schema, schemaOf(o.in), schemaOf(o.out)
}
