package wire

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream/eventstreamapi"
	"github.com/aws/smithy-go"
)

const eventStreamType = "application/vnd.amazon.eventstream"

// An events is a response whose body is a stream of events.
type events struct {
	server  *server
	call    *call
	w       http.ResponseWriter
	shape   *shape // the union of events
	encoder *eventstream.Encoder
}

// serveStream answers a call of an operation whose output is a stream of events.
func (s *server) serveStream(w http.ResponseWriter, c *call) {
	in, err := s.input(c)
	if err != nil {
		s.send(w, c, s.fail(c, err))
		return
	}
	var e *events
	start := func(out any) func(any) error {
		if e != nil {
			panic("wire: the handler of " + c.name() + " called start twice")
		}
		e = &events{server: s, call: c, w: w, encoder: eventstream.NewEncoder()}
		if err := e.start(reflect.ValueOf(out)); err != nil {
			return func(any) error { return err }
		}
		return e.send
	}
	err = c.op.stream(c.r.Context(), in.Interface(), start)
	switch {
	case e == nil && err == nil:
		s.send(w, c, s.fail(c, errors.New("the handler returned without having started its stream")))
	case e == nil:
		s.send(w, c, s.fail(c, err))
	case err != nil:
		e.fail(err)
	}
}

// start sends everything that comes before the first event.
func (e *events) start(out reflect.Value) error {
	c := e.call
	var err error
	if e.shape, err = c.svc.eventShape(c.op); err != nil {
		return err
	}
	resp := response{status: c.op.status, header: http.Header{}}
	initial := c.svc.Protocol != RESTJSON // RPC protocols send the other members as a first message
	if !initial && c.op.output != nil && !out.IsNil() {
		resp.status = writeHeaders(resp.header, c.op.output, out.Elem(), resp.status)
	}
	h := e.w.Header()
	for k, v := range resp.header {
		h[k] = v
	}
	h.Set("X-Amzn-Requestid", c.id)
	h.Set("Content-Type", eventStreamType)
	e.w.WriteHeader(resp.status)
	if !initial {
		return e.flush()
	}
	var body []byte
	if c.op.output != nil && !out.IsNil() {
		r, err := c.protocol.encode(c, out.Elem())
		if err != nil {
			return err
		}
		body = r.body
	}
	return e.frame("event", "initial-response", e.bodyType(), nil, body)
}

// bodyType is the content type of messages that are structures.
func (e *events) bodyType() string {
	if _, ok := e.call.protocol.(cborRPC); ok {
		return "application/cbor"
	}
	return "application/json"
}

func (e *events) writer() (writer, func() []byte) {
	if _, ok := e.call.protocol.(cborRPC); ok {
		b := &cborBody{}
		return writer{sink: b}, func() []byte { return b.b }
	}
	b := &jsonBody{}
	return writer{sink: b, rest: e.call.svc.Protocol == RESTJSON}, func() []byte { return b.b }
}

// send sends one event, a pointer to a variant of the union.
func (e *events) send(event any) error {
	v := reflect.ValueOf(event)
	if !v.IsValid() || v.IsNil() {
		return errors.New("wire: an event that is nil")
	}
	i := slices.IndexFunc(e.shape.members, func(m *member) bool { return m.variant == v.Type().Elem() })
	if i < 0 {
		return fmt.Errorf("wire: %s is no event of this stream", v.Type())
	}
	m := e.shape.members[i]
	value := v.Elem().Field(m.field)
	var headers eventstream.Headers
	for _, f := range m.shape.members {
		if fv := value.Field(f.field); f.in == inEventHeader && !unset(fv) {
			headers.Set(f.name, eventstream.StringValue(formatText(reflect.Indirect(fv), f.shape, "epoch-seconds")))
		}
	}
	for _, f := range m.shape.members {
		if f.in == inEventPayload {
			contentType, body := e.payload(value.Field(f.field), f.shape)
			return e.frame("event", m.name, contentType, headers, body)
		}
	}
	w, done := e.writer()
	w.write(value, m.shape)
	return e.frame("event", m.name, e.bodyType(), headers, done())
}

func (e *events) payload(v reflect.Value, s *shape) (contentType string, body []byte) {
	v = reflect.Indirect(v)
	switch {
	case !v.IsValid():
		return e.bodyType(), nil
	case s.kind == smithy.ShapeTypeBlob:
		return "application/octet-stream", v.Bytes()
	case s.kind == smithy.ShapeTypeString:
		return "text/plain", []byte(v.String())
	}
	w, done := e.writer()
	w.write(v, s)
	return e.bodyType(), done()
}

// fail ends the stream with an exception.
func (e *events) fail(err error) {
	f, ok := e.call.svc.faultOf(err)
	if !ok {
		e.server.log.ErrorContext(e.call.r.Context(), "an operation failed", "operation", e.call.name(), "request", e.call.id, "error", err)
	}
	w, done := e.writer()
	f.write(w, "")
	if err := e.frame("exception", f.code, e.bodyType(), nil, done()); err != nil {
		e.server.log.DebugContext(e.call.r.Context(), "a stream was cut", "operation", e.call.name(), "error", err)
	}
}

// frame writes one message and sends it off.
func (e *events) frame(kind, name, contentType string, headers eventstream.Headers, body []byte) error {
	headers.Set(eventstreamapi.MessageTypeHeader, eventstream.StringValue(kind))
	headers.Set(":"+kind+"-type", eventstream.StringValue(name))
	headers.Set(eventstreamapi.ContentTypeHeader, eventstream.StringValue(contentType))
	var b bytes.Buffer
	if err := e.encoder.Encode(&b, eventstream.Message{Headers: headers, Payload: body}); err != nil {
		return fmt.Errorf("encoding an event: %w", err)
	}
	if _, err := e.w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("sending an event: %w", err)
	}
	return e.flush()
}

func (e *events) flush() error {
	err := http.NewResponseController(e.w).Flush()
	if errors.Is(err, http.ErrNotSupported) {
		return nil // a writer that holds nothing back
	}
	return err
}
