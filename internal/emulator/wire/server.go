package wire

import (
	"cmp"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/traits"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

// A Config is what a server serves, and to whom.
type Config struct {
	Services []Service
	// Keys knows the access keys.
	Keys Keys
	// AnyCredentials turns the check of signatures off: every request is let in
	// but those of web pages. Account and region still come from the credentials'
	// scope.
	AnyCredentials bool
	Clock          clock.Clock
	Log            *slog.Logger
	Between        Between // nil: nothing
}

// maxBody bounds a request. It is Lambda's bound, the largest: a function's package
// of 50 MB in base64.
const maxBody = 70167211

// New returns the handler that answers the services' calls.
func New(c Config) (http.Handler, error) {
	s := &server{auth: auth{keys: c.Keys, any: c.AnyCredentials, clock: c.Clock, derived: &signingKeys{}}, log: c.Log, between: c.Between}
	for _, svc := range c.Services {
		served, err := serve(svc)
		if err != nil {
			return nil, err
		}
		s.services = append(s.services, served)
	}
	return s, nil
}

type server struct {
	services []*service
	auth     auth
	log      *slog.Logger
	between  Between
}

// A service is a [Service] that is being served.
type service struct {
	Service
	protocol        protocol
	shapes          *shapes
	ops             map[string]*operation
	routes          []route
	queryCompatible bool                // it understands awsQuery too
	flat            map[string]flatForm // on awsQuery, its lists and maps
	bound           *bindings           // of restXml
	model           func() *model
}

// An operation is an [Operation] with its shapes, which the first call prepares:
// most runs use few operations.
type operation struct {
	Operation
	status        int
	boundQuery    map[string]bool
	prepare       func() error
	input, output *shape
}

func serve(svc Service) (*service, error) {
	s := &service{Service: svc, shapes: newShapes(svc.Unions), ops: map[string]*operation{}}
	s.shapes.small = svc.Target != ""
	switch svc.Protocol {
	case AWSJSON10:
		s.protocol = awsJSON{"application/x-amz-json-1.0"}
	case AWSJSON11:
		s.protocol = awsJSON{"application/x-amz-json-1.1"}
	case RESTJSON:
		s.protocol = restJSON{}
	case Query:
		s.protocol = query{}
	case RESTXML:
		s.protocol = restXML{}
		var err error
		if s.bound, err = readBindings(svc.Name); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("the service %s names no protocol", svc.Name)
	}
	if svc.Schema == nil && svc.Target == "" && svc.Protocol != Query && svc.Protocol != RESTXML {
		return nil, fmt.Errorf("the service %s has no schema", svc.Name)
	}
	if svc.Schema != nil {
		if _, s.queryCompatible = smithy.SchemaTrait[*traits.AWSQueryCompatible](svc.Schema.Schema); s.queryCompatible {
			s.Version = svc.Schema.Version
			s.flat = flatForms[s.modelName()]
		}
	}
	s.model = sync.OnceValue(s.sharedModel)
	for _, op := range svc.Operations {
		if _, ok := s.ops[op.Name]; ok {
			return nil, fmt.Errorf("the service %s lists %s twice", svc.Name, op.Name)
		}
		for _, path := range slices.Concat(op.Refused, op.Unchecked, op.zeros) {
			if !hasPath(op.in, strings.Split(path, ".")) {
				return nil, fmt.Errorf("%s of the service %s names a member %s that its input does not have", op.Name, svc.Name, path)
			}
		}
		s.ops[op.Name] = s.serveOp(op)
	}
	switch svc.Protocol {
	case RESTJSON:
		s.routes = routesOf(s.ops, svc.Unrouted...)
	case RESTXML:
		s.routes = s.bound.routes(s.ops)
	}
	return s, nil
}

func (s *service) serveOp(op Operation) *operation {
	o := &operation{Operation: op, status: http.StatusOK}
	if t, ok := smithy.SchemaTrait[*traits.HTTP](op.schema); ok {
		if t.Code != 0 {
			o.status = t.Code
		}
		o.boundQuery = map[string]bool{}
		for k := range parsePattern(t.URI).query {
			o.boundQuery[k] = true
		}
	}
	if s.bound != nil {
		b := s.bound.Operations[op.Name]
		o.status = cmp.Or(b.Status, http.StatusOK)
		o.prepare = sync.OnceValue(func() (err error) {
			if o.input, err = s.shapes.bound(s.bound, b.Input, op.in); err == nil && b.Output != "" {
				o.output, err = s.shapes.bound(s.bound, b.Output, op.out)
			}
			return err
		})
		return o
	}
	o.prepare = sync.OnceValue(func() error {
		var err error
		if s.Schema == nil {
			if o.input, err = s.shapes.of(nil, op.in); err != nil {
				return err
			}
			o.output, err = s.shapes.of(nil, op.out)
			return err
		}
		if schema := schemaOf(op.in); schema != nil {
			if o.input, err = s.shapes.of(schema, op.in); err != nil {
				return err
			}
			for _, path := range op.zeros {
				o.input.tellZero(strings.Split(path, "."))
			}
			for _, m := range o.input.members {
				if m.in == inQuery {
					o.boundQuery[m.bound] = true
				}
			}
		}
		if schema := schemaOf(op.out); schema != nil {
			o.output, err = s.shapes.of(schema, op.out)
		}
		return err
	})
	return o
}

// rpc reports whether the service's protocol has one URL for everything.
func (s *service) rpc() bool { return s.Protocol == AWSJSON10 || s.Protocol == AWSJSON11 }

// A protocol reads requests and makes responses.
type protocol interface {
	// decode fills the input struct in.
	decode(c *call, in reflect.Value) error
	// encode makes the response to a call that succeeded with the struct out.
	encode(c *call, out reflect.Value) (response, error)
	// fail makes the response to a call that failed. The call's service may be nil.
	fail(c *call, f fault) response
}

// A call is one request, as far as it is understood.
type call struct {
	id       string
	r        *http.Request
	cred     credential // what r is signed with, or nothing
	body     []byte
	stream   *Body        // on restXml
	chunks   *chunkSigner // of a stream whose chunks are signed
	form     url.Values   // on awsQuery
	labels   map[string]string
	svc      *service   // nil when it is not emulated
	op       *operation // nil when it is not emulated
	protocol protocol   // never nil
}

// A response is what goes out.
type response struct {
	status      int
	header      http.Header
	contentType string
	body        []byte
	lent        *jsonBody // holds body, until it is sent
	stream      io.Reader // in place of body
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{id: uuid.NewString(), r: r, cred: credentialOf(r), protocol: restJSON{}}
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if p == http.ErrAbortHandler { //nolint:errorlint // the sentinel that net/http compares so itself
			panic(p)
		}
		s.send(w, c, s.fail(c, fmt.Errorf("panic: %v\n%s", p, debug.Stack())))
	}()
	if err := s.understand(c, w); err != nil {
		s.send(w, c, s.fail(c, err))
		return
	}
	if s.between == nil {
		s.respond(w, c)
		return
	}
	if err := s.between.Admit(c.request()); err != nil {
		s.send(w, c, s.fail(c, err))
		return
	}
	s.between.Show(c.request(), w, func(w http.ResponseWriter) { s.respond(w, c) })
}

// respond answers a call that was understood.
func (s *server) respond(w http.ResponseWriter, c *call) {
	if c.op.stream != nil {
		s.serveStream(w, c)
		return
	}
	resp, err := s.answer(c)
	if err != nil {
		resp = s.fail(c, err)
	}
	s.send(w, c, resp)
}

// understand reads the body, finds the operation, and checks who calls.
func (s *server) understand(c *call, w http.ResponseWriter) error {
	if svc := s.xmlService(c); svc != nil {
		return s.understandXML(c, w, svc)
	}
	var body []byte
	var err error
	if c.r.Body != nil {
		body, err = io.ReadAll(http.MaxBytesReader(w, c.r.Body, maxBody))
	}
	unknown := s.route(c, body)
	if err != nil {
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			return &refusal{
				code:    "RequestEntityTooLargeException",
				message: "Request must be smaller than " + strconv.Itoa(maxBody) + " bytes for the " + c.operation() + " operation",
				status:  http.StatusRequestEntityTooLarge,
			}
		}
		return &refusal{code: "IncompleteBody", message: "The request's body ended early", status: http.StatusBadRequest}
	}
	c.body = body
	ctx, err := s.auth.check(c)
	if err != nil {
		return err
	}
	c.r = c.r.WithContext(ctx)
	if unknown != nil {
		return unknown
	}
	return c.op.prepare()
}

// route finds the service and the operation; even where it fails, it sets the
// protocol in which to say so.
func (s *server) route(c *call, body []byte) error {
	r := c.r
	if svc := s.xmlService(c); svc != nil {
		return svc.routeXML(c)
	}
	scope := c.cred.service
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		name, op, _ := strings.Cut(target, ".")
		c.protocol = awsJSON{jsonType(r)}
		return s.named(c, name, op)
	}
	if r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor" {
		c.protocol = cborRPC{}
		parts := split(r.URL.Path)
		if len(parts) < 4 || parts[len(parts)-4] != "service" || parts[len(parts)-2] != "operation" {
			return unserved(r.Method + " " + r.URL.Path + " of " + orUnknown(scope))
		}
		err := s.named(c, parts[len(parts)-3], parts[len(parts)-1])
		c.protocol = cborRPC{}
		return err
	}
	if form, ok := formOf(r, body); ok {
		c.form, c.protocol = form, query{}
		return s.byAction(c, scope)
	}
	return s.byPath(c, scope)
}

func jsonType(r *http.Request) string {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-amz-json-1.1") {
		return "application/x-amz-json-1.1"
	}
	return "application/x-amz-json-1.0"
}

// named finds a service by its model's name and one of its operations.
func (s *server) named(c *call, name, op string) error {
	for _, svc := range s.services {
		if svc.target() != name {
			continue
		}
		c.svc = svc
		if svc.rpc() {
			c.protocol = svc.protocol
		}
		if c.op = svc.ops[op]; c.op == nil {
			return svc.refusal(op)
		}
		return nil
	}
	return unserved("the operation " + op + " of the service " + name)
}

// formOf returns the form of an awsQuery call.
func formOf(r *http.Request, body []byte) (url.Values, bool) {
	form := r.URL.Query()
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		more, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, false
		}
		for k, v := range more {
			form[k] = v
		}
	}
	return form, form.Get("Action") != ""
}

func (s *server) byAction(c *call, scope string) error {
	action, version := c.form.Get("Action"), c.form.Get("Version")
	for _, svc := range s.services {
		if svc.Protocol != Query && !svc.queryCompatible || scope != "" && svc.Name != scope || version != "" && svc.Version != version {
			continue
		}
		c.svc = svc
		if c.op = svc.ops[action]; c.op != nil {
			return nil
		}
	}
	return unserved("the operation " + action + " of " + orUnknown(scope))
}

func orUnknown(scope string) string {
	if scope == "" {
		return "a service that the request does not name"
	}
	return "the service " + scope
}

// answer decodes the input, checks it, and calls the handler.
func (s *server) answer(c *call) (response, error) {
	in, err := s.input(c)
	if err != nil {
		return response{}, err
	}
	out, err := c.op.serve(c.r.Context(), in.Interface())
	if err != nil {
		return response{}, err
	}
	v := reflect.ValueOf(out)
	if v.IsNil() {
		v = reflect.New(c.op.out)
	}
	return c.protocol.encode(c, v.Elem())
}

// input returns a pointer to the input, decoded and checked.
func (s *server) input(c *call) (reflect.Value, error) {
	in := reflect.New(c.op.in)
	if err := c.protocol.decode(c, in.Elem()); err != nil {
		return in, err
	}
	if err := c.svc.refuse(c.op, in.Elem()); err != nil {
		return in, err
	}
	return in, c.svc.constrain(c.op, in.Elem())
}

// fail makes the response to an error. What is not one of AWS's errors is logged,
// and the client learns no more than that.
func (s *server) fail(c *call, err error) response {
	f, ok := c.svc.faultOf(err)
	if !ok {
		s.log.ErrorContext(c.r.Context(), "an operation failed", "operation", c.name(), "request", c.id, "error", err)
	}
	return c.protocol.fail(c, f)
}

// operation is the name of the operation, or of nothing.
func (c *call) operation() string {
	if c.op == nil {
		return "unknown"
	}
	return c.op.Name
}

// name names the call in the log.
func (c *call) name() string {
	switch {
	case c.op != nil:
		return c.svc.Name + "." + c.op.Name
	case c.svc != nil:
		return c.svc.Name
	}
	return c.r.Method + " " + c.r.URL.Path
}

func (s *server) send(w http.ResponseWriter, c *call, resp response) {
	w.Header().Set("Date", s.auth.clock.Now().UTC().Format(http.TimeFormat)) // SDKs correct their clocks by it
	resp.writeHeader(w.Header(), c)
	w.WriteHeader(resp.status)
	if resp.stream == nil {
		_, _ = w.Write(resp.body) // the client may have left
		resp.giveBack()
		return
	}
	if _, err := io.Copy(w, resp.stream); err != nil {
		s.log.DebugContext(c.r.Context(), "a response was cut", "operation", c.name(), "error", err)
	}
	if closer, ok := resp.stream.(io.Closer); ok {
		_ = closer.Close()
	}
}

// writeHeader writes the response's headers to h.
func (resp response) writeHeader(h http.Header, c *call) {
	if c.svc != nil && c.svc.Protocol == RESTXML {
		h.Set("X-Amz-Request-Id", c.id)
		h.Set("X-Amz-Id-2", c.hostID())
	} else {
		h.Set("X-Amzn-Requestid", c.id)
	}
	for k, v := range resp.header {
		h[k] = v
	}
	if resp.contentType != "" && h.Get("Content-Type") == "" {
		h.Set("Content-Type", resp.contentType)
	}
	if resp.stream != nil {
		return
	}
	if c.svc != nil && checksummed[c.svc.Name] {
		h.Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(resp.body)), 10))
	}
	if resp.status != http.StatusNoContent && h.Get("Content-Length") == "" {
		h.Set("Content-Length", strconv.Itoa(len(resp.body)))
	}
}
