package wire

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/aws/smithy-go"
	smithytime "github.com/aws/smithy-go/time"
)

// restJSON is restJson1: method and path name the operation, and members are
// spread over path, query, headers and body.
type restJSON struct{}

func (p restJSON) decode(c *call, in reflect.Value) error {
	s := c.op.input
	if s == nil {
		return nil
	}
	bodied, err := readBound(c, s, in, func(m *member, dst reflect.Value) error { return p.payload(c, m, dst) })
	if err != nil || !bodied || len(bytes.TrimSpace(c.body)) == 0 {
		return err
	}
	v, err := parseJSON(c.body)
	if err != nil {
		return unserializable("Could not parse request body into json: %v", err)
	}
	return c.svc.reader(true).object(v, s, in)
}

// readBound fills the members of in that are not in a body, by payload the one that
// is a whole body, and reports whether there are others.
func readBound(c *call, s *shape, in reflect.Value, payload func(*member, reflect.Value) error) (bodied bool, err error) {
	query := c.r.URL.Query()
	for _, m := range s.members {
		dst := in.Field(m.field)
		switch m.in {
		case inBody:
			bodied = true
		case inLabel:
			err = readText([]string{c.labels[m.name]}, m.shape, dst)
		case inQuery:
			err = readText(query[m.bound], m.shape, dst)
		case inHeader:
			err = readText(headerValues(c.r.Header, m), m.shape, dst)
		case inQueryParams:
			readParams(query, c.op.boundQuery, dst)
		case inPrefixHeaders:
			readPrefixed(c.r.Header, m.bound, dst)
		case inPayload:
			err = payload(m, dst)
		}
		if err != nil {
			return bodied, err
		}
	}
	return bodied, nil
}

// payload gives the whole body to one member.
func (p restJSON) payload(c *call, m *member, dst reflect.Value) error {
	switch {
	case m.stream:
		dst.Set(reflect.ValueOf(io.NopCloser(bytes.NewReader(c.body))).Convert(dst.Type()))
	case len(c.body) == 0:
	case m.shape.kind == smithy.ShapeTypeBlob:
		dst.SetBytes(c.body)
	case m.shape.kind == smithy.ShapeTypeString || m.shape.kind == smithy.ShapeTypeEnum:
		return readText([]string{string(c.body)}, m.shape, dst)
	default:
		v, err := parseJSON(c.body)
		if err != nil {
			return unserializable("Could not parse request body into json: %v", err)
		}
		return c.svc.reader(true).read(v, m.shape, dst)
	}
	return nil
}

// readText reads values that are written as text in a path, query or header.
func readText(texts []string, s *shape, dst reflect.Value) error {
	if len(texts) == 0 {
		return nil
	}
	if s.kind == smithy.ShapeTypeList {
		out := reflect.MakeSlice(s.typ, len(texts), len(texts))
		for i, t := range texts {
			if err := readText([]string{t}, s.elem, out.Index(i)); err != nil {
				return err
			}
		}
		dst.Set(out)
		return nil
	}
	text := texts[0]
	var v any = text
	switch s.kind {
	case smithy.ShapeTypeBoolean:
		b, err := strconv.ParseBool(strings.ToLower(text))
		if err != nil {
			return unserializable("STRING_VALUE cannot be converted to Boolean")
		}
		v = b
	case smithy.ShapeTypeString, smithy.ShapeTypeEnum, smithy.ShapeTypeBlob:
	case smithy.ShapeTypeTimestamp:
		if _, err := strconv.ParseFloat(text, 64); err == nil {
			v = number(text)
		}
	default:
		if _, err := strconv.ParseFloat(text, 64); err == nil {
			v = number(text)
		}
	}
	return reader{}.read(v, s, dst)
}

// headerValues are the values of a header: one, or several that commas separate.
func headerValues(h http.Header, m *member) []string {
	values := h.Values(m.bound)
	if m.shape.kind != smithy.ShapeTypeList {
		return values
	}
	var parts []string
	for _, v := range values {
		for p := range strings.SplitSeq(v, ",") {
			parts = append(parts, strings.TrimSpace(p))
		}
	}
	return parts
}

// readParams takes the query parameters that no other member is bound to.
func readParams(query url.Values, bound map[string]bool, dst reflect.Value) {
	out := reflect.MakeMap(dst.Type())
	for k, values := range query {
		switch {
		case bound[k]:
		case dst.Type().Elem().Kind() == reflect.Slice:
			out.SetMapIndex(reflect.ValueOf(k), reflect.ValueOf(values))
		default:
			out.SetMapIndex(reflect.ValueOf(k), reflect.ValueOf(values[0]))
		}
	}
	dst.Set(out)
}

func readPrefixed(h http.Header, prefix string, dst reflect.Value) {
	out := map[string]string{}
	for k := range h {
		if len(k) >= len(prefix) && strings.EqualFold(k[:len(prefix)], prefix) {
			out[strings.ToLower(k[len(prefix):])] = h.Get(k)
		}
	}
	if len(out) > 0 {
		dst.Set(reflect.ValueOf(out).Convert(dst.Type()))
	}
}

func (p restJSON) encode(c *call, out reflect.Value) (response, error) {
	resp := response{status: c.op.status, contentType: "application/json", header: http.Header{}}
	s := c.op.output
	if s == nil {
		resp.contentType = ""
		return resp, nil
	}
	var payload *member
	for _, m := range s.members {
		if m.in == inPayload {
			payload = m
		}
	}
	resp.status = writeHeaders(resp.header, s, out, resp.status)
	if payload != nil {
		return resp, p.writePayload(&resp, payload, out.Field(payload.field))
	}
	if resp.status == http.StatusNoContent {
		resp.contentType = ""
		return resp, nil
	}
	var b jsonBody
	writer{sink: &b, rest: true}.write(out, s)
	resp.body = b.b
	return resp, nil
}

// writeHeaders writes the members that are headers, and returns the status, which
// a member may hold.
func writeHeaders(h http.Header, s *shape, v reflect.Value, status int) int {
	for _, m := range s.members {
		f := v.Field(m.field)
		if f.Kind() == reflect.Pointer {
			if f.IsNil() {
				continue
			}
			f = f.Elem()
		}
		switch m.in {
		case inStatus:
			if n := int(f.Int()); n != 0 {
				status = n
			}
		case inHeader:
			if t := formatText(f, m.shape, "http-date"); t != "" {
				h.Set(m.bound, t)
			}
		case inPrefixHeaders:
			for it := f.MapRange(); it.Next(); {
				h.Set(m.bound+it.Key().String(), it.Value().String())
			}
		}
	}
	return status
}

// formatText writes a value as the text of a header.
func formatText(v reflect.Value, s *shape, timeFormat string) string {
	switch s.kind {
	case smithy.ShapeTypeString, smithy.ShapeTypeEnum:
		return v.String()
	case smithy.ShapeTypeBoolean:
		return strconv.FormatBool(v.Bool())
	case smithy.ShapeTypeTimestamp:
		t := v.Interface().(time.Time)
		if s.format != "" {
			timeFormat = s.format
		}
		switch timeFormat {
		case "http-date":
			return smithytime.FormatHTTPDate(t)
		case "date-time":
			return smithytime.FormatDateTime(t)
		}
		return epochSeconds(t)
	case smithy.ShapeTypeFloat, smithy.ShapeTypeDouble:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	case smithy.ShapeTypeList:
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = formatText(v.Index(i), s.elem, timeFormat)
		}
		return strings.Join(parts, ", ")
	case smithy.ShapeTypeBlob:
		return ""
	}
	return strconv.FormatInt(v.Int(), 10)
}

func (p restJSON) writePayload(resp *response, m *member, v reflect.Value) error {
	switch {
	case m.stream:
		resp.contentType = "application/octet-stream"
		if !v.IsNil() {
			resp.stream = v.Interface().(io.Reader)
		}
	case m.shape.kind == smithy.ShapeTypeBlob:
		// Lambda answers a function's payload, which is JSON unless the function
		// says otherwise, as application/json.
		if t, _, err := mime.ParseMediaType(resp.header.Get("Content-Type")); err != nil || t == "" {
			resp.contentType = "application/octet-stream"
		}
		resp.body = v.Bytes()
	case m.shape.kind == smithy.ShapeTypeString:
		if v.Kind() == reflect.Pointer && !v.IsNil() {
			resp.body = []byte(v.Elem().String())
		}
		resp.contentType = "text/plain"
	case unset(v):
		resp.contentType = ""
	default:
		var b jsonBody
		writer{sink: &b, rest: true}.write(v, m.shape)
		resp.body = b.b
	}
	return nil
}

func (p restJSON) fail(c *call, f fault) response {
	resp := response{status: f.status, contentType: "application/json", header: http.Header{}}
	resp.header.Set("X-Amzn-Errortype", f.code)
	if f.shape != nil {
		writeHeaders(resp.header, f.shape, f.value, f.status)
	}
	var b jsonBody
	f.write(writer{sink: &b, rest: true}, "")
	resp.body = b.b
	return resp
}
