package wire

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"

	"github.com/aws/smithy-go"
)

// restXML is S3's protocol: members are spread over path, query, headers and an
// XML body, and a body may be a stream of any length.
type restXML struct{}

// RESTXMLOp binds a handler of a restXml service; the operation's name is that of
// the input type.
func RESTXMLOp[In, Out any](h func(context.Context, *In) (*Out, error), opts ...Option) Operation {
	return QueryOp(h, opts...)
}

// An Error is an error that no SDK has a type for, as most of those of restXml
// services are.
type Error struct {
	Code, Message string
	Status        int
	Detail        []Detail    // further elements of the answer
	Header        http.Header // further headers of the answer; nil: none
}

// A Detail is an element of an error's answer, such as the name of the bucket.
type Detail struct{ Name, Value string }

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// ErrorCode implements [smithy.APIError].
func (e *Error) ErrorCode() string { return e.Code }

// ErrorMessage implements [smithy.APIError].
func (e *Error) ErrorMessage() string { return e.Message }

// ErrorFault implements [smithy.APIError].
func (e *Error) ErrorFault() smithy.ErrorFault { return smithy.FaultClient }

// understandXML finds the operation of a restXml request and checks who calls
// before it reads anything of the body.
func (s *server) understandXML(c *call, w http.ResponseWriter, svc *service) error {
	unknown := svc.routeXML(c)
	ctx, err := s.auth.check(c)
	if err != nil {
		return err
	}
	c.r = c.r.WithContext(ctx)
	if unknown != nil {
		return unknown
	}
	if err := c.op.prepare(); err != nil {
		return err
	}
	if c.stream, err = newBody(c); err != nil {
		return err
	}
	if svc.bound.streams(c.op.Name) {
		return nil
	}
	if c.body, err = io.ReadAll(http.MaxBytesReader(w, c.stream, maxXML)); err != nil {
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			return malformedXML
		}
		return err
	}
	if len(c.body) == 0 {
		return nil // of CompleteMultipartUpload, a checksum is the object's
	}
	if svc.bound.documented(c.op.Name) {
		return checkDocument(c.r.Header, c.body)
	}
	return nil
}

// maxXML bounds the documents that requests carry, in bytes.
const maxXML = 4 << 20

var malformedXML = &Error{
	Code:    "MalformedXML",
	Message: "The XML you provided was not well-formed or did not validate against our published schema",
	Status:  http.StatusBadRequest,
}

// xmlService returns the restXml service that a request is for, if it is.
func (s *server) xmlService(c *call) *service {
	scope := c.cred.service
	for _, svc := range s.services {
		if svc.Protocol == RESTXML && (svc.Name == scope || scope == "" && svc.Name == "s3" && s3Host(c.r.Host)) {
			return svc
		}
	}
	return nil
}

// routeXML finds the operation; the bucket may be in the host.
func (s *service) routeXML(c *call) error {
	c.svc, c.protocol = s, s.protocol
	path := strings.TrimPrefix(c.r.URL.EscapedPath(), "/")
	if bucket := bucketIn(c.r.Host); bucket != "" {
		path = bucket + "/" + path
	}
	segments := strings.Split(path, "/")
	if len(segments) == 2 && segments[1] == "" {
		segments = segments[:1] // a slash after the bucket is no key
	}
	query := c.r.URL.Query()
	for _, rt := range s.routes {
		if rt.method != c.r.Method {
			continue
		}
		if labels, ok := rt.pattern.match(segments, query); ok && rt.pattern.has(c.r.Header) {
			c.labels = labels
			if rt.op.serve == nil {
				return unimplemented("the operation " + rt.op.Name)
			}
			c.op = rt.op
			return nil
		}
	}
	return &Error{
		Code: "MethodNotAllowed", Message: "The specified method is not allowed against this resource.",
		Status: http.StatusMethodNotAllowed, Detail: []Detail{{"Method", c.r.Method}},
	}
}

// unimplemented is S3's answer for what it does not do.
func unimplemented(what string) error {
	return &Error{Code: "NotImplemented", Message: "The emulator does not implement " + what, Status: http.StatusNotImplemented}
}

func (p restXML) decode(c *call, in reflect.Value) error {
	s := c.op.input
	if s == nil {
		return nil
	}
	bodied, err := readBound(c, s, in, func(m *member, dst reflect.Value) error {
		switch {
		case m.stream:
			dst.Set(reflect.ValueOf(c.stream).Convert(dst.Type()))
		case len(c.body) == 0:
		case m.shape.kind == smithy.ShapeTypeString || m.shape.kind == smithy.ShapeTypeBlob:
			return readText([]string{string(c.body)}, m.shape, dst)
		default:
			root, err := parseXML(c.body)
			if err != nil || root.name != m.json && root.name != m.shape.name {
				return malformedXML
			}
			return readXML(root, m.shape, dst)
		}
		return nil
	})
	if own := (*Error)(nil); err != nil && !errors.As(err, &own) {
		return &Error{Code: "InvalidArgument", Message: err.Error(), Status: http.StatusBadRequest}
	}
	if err != nil || !bodied || len(bytes.TrimSpace(c.body)) == 0 {
		return err
	}
	root, err := parseXML(c.body)
	if err != nil {
		return malformedXML
	}
	return readXML(root, s, in)
}

func (p restXML) encode(c *call, out reflect.Value) (response, error) {
	resp := response{status: c.op.status, header: http.Header{}}
	s := c.op.output
	if s == nil {
		return resp, nil
	}
	resp.status = writeHeaders(resp.header, s, out, resp.status)
	var payload *member
	bodied := false
	for _, m := range s.members {
		switch m.in {
		case inPayload:
			payload = m
		case inBody:
			bodied = true
		}
	}
	var b bytes.Buffer
	switch {
	case payload != nil && payload.stream:
		resp.contentType = "binary/octet-stream"
		if v := out.Field(payload.field); !v.IsNil() {
			resp.stream = v.Interface().(io.Reader)
		}
		return resp, nil
	case payload != nil && payload.shape.kind == smithy.ShapeTypeString:
		resp.contentType = "application/json" // bucket policies
		resp.body = []byte(reflect.Indirect(out.Field(payload.field)).String())
		return resp, nil
	case payload != nil:
		b.WriteString(xml.Header)
		writeElement(&b, payload.json, c.svc.xmlns(), out.Field(payload.field), payload.shape)
	case bodied && xmlTextRoots[c.op.Name]:
		b.WriteString(xml.Header)
		m := s.members[0]
		v := reflect.Indirect(out.Field(m.field))
		b.WriteString("<" + m.json + ` xmlns="` + c.svc.xmlns() + `">`)
		if v.IsValid() {
			escapeXML(&b, v.String())
		}
		b.WriteString("</" + m.json + ">")
	case bodied:
		root, ok := xmlRoots[c.op.Name]
		if !ok {
			root = c.op.Name + "Result"
		}
		b.WriteString(xml.Header)
		writeElement(&b, root, c.svc.xmlns(), out, s)
	default:
		return resp, nil
	}
	resp.contentType, resp.body = "application/xml", b.Bytes()
	return resp, nil
}

func (p restXML) fail(c *call, f fault) response {
	resp := response{status: f.status, header: f.header.Clone(), contentType: "application/xml"}
	if resp.header == nil {
		resp.header = http.Header{}
	}
	if c.r.Method == http.MethodHead || f.status == http.StatusNotModified {
		resp.contentType = ""
		return resp
	}
	var b bytes.Buffer
	b.WriteString(xml.Header + "<Error>")
	element := func(name, value string) {
		b.WriteString("<" + name + ">")
		escapeXML(&b, value)
		b.WriteString("</" + name + ">")
	}
	element("Code", f.code)
	element("Message", f.message)
	for _, d := range f.detail {
		element(d.Name, d.Value)
	}
	element("RequestId", c.id)
	element("HostId", c.hostID())
	b.WriteString("</Error>")
	resp.body = b.Bytes()
	return resp
}

// hostID is S3's second name for a request.
func (c *call) hostID() string { return "host-" + c.id }
