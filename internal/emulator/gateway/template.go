package gateway

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway/vtl"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/payload"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonpath"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// Templates make the body of a request to an integration, or that of an answer.
type Templates struct {
	selection expression
	by        map[string]*vtl.Template
	// passthrough says what becomes of a body that no template is for: WHEN_NO_MATCH,
	// WHEN_NO_TEMPLATES or NEVER pass it on.
	passthrough string
}

// defaultTemplate is the key of the template for what no other is for.
const defaultTemplate = "$default"

// ParseTemplates reads the request templates of an integration.
func ParseTemplates(selection string, texts map[string]string, passthrough string) (*Templates, error) {
	t := &Templates{by: map[string]*vtl.Template{}, passthrough: passthrough}
	if selection == "" {
		selection = `\` + defaultTemplate
	}
	var err error
	if plain, ok := strings.CutPrefix(selection, `\`); ok {
		t.selection = expression{{text: plain}}
	} else if t.selection, err = parseExpression(selection, "request"); err != nil {
		return nil, fmt.Errorf("Invalid selection expression specified: %s", selection) //nolint:revive,staticcheck // AWS's text
	}
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		if t.by[key], err = vtl.Parse(texts[key]); err != nil {
			return nil, fmt.Errorf("the template %s: %w", key, err)
		}
	}
	return t, nil
}

// errUnsupported is the end of a body that no template is for.
var errUnsupported = errors.New("no template is for this message, and it is not passed through")

// render is the body that a template makes of one.
func (t *Templates) render(ctx context.Context, m *message, from []byte) ([]byte, error) {
	k, _ := t.selection.eval(m)
	template := t.by[k]
	if template == nil {
		template = t.by[defaultTemplate]
	}
	switch {
	case template != nil:
		text, err := template.Run(ctx, m.variables(from))
		return []byte(text), err
	case t.passthrough == "NEVER", t.passthrough == "WHEN_NO_TEMPLATES" && len(t.by) > 0:
		return nil, errUnsupported
	}
	return from, nil
}

// A Response makes the answer to a client from what an integration answers.
type Response struct {
	status    *regexp.Regexp // nil of $default
	templates *Templates
}

// ParseResponse reads an integration response: its key is $default, or the pattern of a
// status between slashes, such as /4\d\d/.
func ParseResponse(key, selection string, texts map[string]string) (*Response, error) {
	r := &Response{}
	if key != defaultTemplate {
		pattern, ok := strings.CutPrefix(key, "/")
		pattern, closed := strings.CutSuffix(pattern, "/")
		if !ok || !closed {
			return nil, fmt.Errorf("Invalid integration response key specified: %s. Must be $default or a pattern between slashes", key) //nolint:revive,staticcheck // AWS's text
		}
		var err error
		if r.status, err = regexp.Compile("^(?:" + pattern + ")$"); err != nil {
			return nil, fmt.Errorf("Invalid integration response key specified: %w", err) //nolint:revive,staticcheck // AWS's text
		}
	}
	var err error
	r.templates, err = ParseTemplates(selection, texts, "WHEN_NO_MATCH")
	return r, err
}

// responseFor is the response for a status; nil where there is none.
func (i *Integration) responseFor(status int) *Response {
	var other *Response
	for _, r := range i.Responses {
		switch {
		case r.status == nil:
			other = r
		case r.status.MatchString(strconv.Itoa(status)):
			return r
		}
	}
	return other
}

// callTemplated calls an integration with what its template makes of a message, and
// returns what the response's template makes of the answer.
func (g *Gateway) callTemplated(ctx context.Context, m *message, i *Integration) (*payload.Result, error) {
	sent, err := i.Templates.render(ctx, m, m.body)
	if err != nil {
		return nil, err
	}
	var r *payload.Result
	switch {
	case i.Function != "":
		raw, err := g.invokeMessage(ctx, m, i, sent)
		if err != nil {
			return nil, err
		}
		r = &payload.Result{Status: http.StatusOK, Body: raw}
	case i.Service != nil:
		r, err = g.callService(ctx, m, i, sent)
	case i.URL != "":
		r, err = g.sendMessage(ctx, m, i, sent)
	default:
		r, err = mock(sent)
	}
	if err != nil {
		return nil, err
	}
	if response := i.responseFor(r.Status); response != nil {
		if r.Body, err = response.templates.render(ctx, m, r.Body); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// mock answers with the statusCode that the request's template makes.
func mock(sent []byte) (*payload.Result, error) {
	v, err := jsonvalue.Parse(sent)
	o, ok := v.(*jsonvalue.Object)
	if err != nil || !ok {
		return nil, errors.New("the request template of a MOCK integration must make a JSON object with a statusCode")
	}
	status, ok := jsonvalue.Float(o.Get("statusCode"))
	if !ok || status < 200 || status > 599 {
		return nil, errors.New("the request template of a MOCK integration must make a statusCode from 200 to 599")
	}
	return &payload.Result{Status: int(status)}, nil
}

// callService carries out an operation with the input that a template makes.
func (g *Gateway) callService(ctx context.Context, m *message, i *Integration, sent []byte) (*payload.Result, error) {
	v, err := jsonvalue.Parse(sent)
	params, ok := v.(*jsonvalue.Object)
	if err != nil || !ok {
		return nil, fmt.Errorf("the input of %s must be a JSON object", i.Service.Operation)
	}
	output, err := g.perform(ctx, m.socket.api, i, params, sessionName(m.request))
	if answered := (*CallError)(nil); errors.As(err, &answered) {
		return &payload.Result{Status: answered.Status, Body: i.Service.fault(answered, m.request)}, nil
	}
	if err != nil {
		return nil, err
	}
	return &payload.Result{Status: http.StatusOK, Body: i.Service.output(output, m.request)}, nil
}

// sendMessage sends a message to a server and returns what it answers.
func (g *Gateway) sendMessage(ctx context.Context, m *message, i *Integration, sent []byte) (*payload.Result, error) {
	address := m.stage.expand(i.URL)
	h, parameters := http.Header{"Content-Type": {"application/json"}}, url.Values{}
	for _, c := range i.Request {
		if v, ok := c.value.eval(m); ok && c.target == pathValue {
			address = strings.ReplaceAll(address, "{"+c.name+"}", url.PathEscape(v))
		}
	}
	i.Request.apply(m, h, parameters, new(string))
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	if len(parameters) > 0 {
		u.RawQuery = strings.TrimPrefix(u.RawQuery+"&"+parameters.Encode(), "&")
	}
	method := i.Method
	if method == "" || method == "ANY" {
		method = http.MethodPost
	}
	out, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(sent)) //nolint:gosec // the address is the API owner's
	if err != nil {
		return nil, err
	}
	out.Header = h
	in, err := g.proxy.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(in.Body, maxMessage+1))
	if err != nil {
		return nil, err
	}
	if len(answer) > maxMessage {
		return nil, fmt.Errorf("the server answered more than %d bytes", maxMessage)
	}
	return &payload.Result{Status: in.StatusCode, Headers: in.Header, Body: answer}, nil
}

// variables are what templates can refer to.
func (m *message) variables(from []byte) map[string]any {
	stage := jsonvalue.NewObject(len(m.stage.Variables))
	for _, name := range slices.Sorted(maps.Keys(m.stage.Variables)) {
		stage.Set(name, m.stage.Variables[name])
	}
	return map[string]any{
		"input":          &input{m, from},
		"context":        &contextObject{m.context, ""},
		"stageVariables": stage,
		"util":           utilities{},
	}
}

// input is $input: the body that a template works on.
type input struct {
	m    *message
	body []byte
}

// Property implements [vtl.Object].
func (i *input) Property(name string) any {
	if name == "body" {
		return string(i.body)
	}
	return nil
}

// Call implements [vtl.Object].
func (i *input) Call(method string, args []any) (any, error) {
	switch {
	case method == "path" && len(args) == 1:
		return i.at(vtl.Text(args[0]))
	case method == "json" && len(args) == 1:
		v, err := i.at(vtl.Text(args[0]))
		return string(jsonvalue.Marshal(vtl.JSON(v))), err
	case method == "params" && len(args) == 1:
		for _, s := range []source{pathValue, query, header} {
			if v, ok := i.m.lookup(term{source: s, name: vtl.Text(args[0])}); ok {
				return v, nil
			}
		}
		return "", nil
	}
	return nil, fmt.Errorf("$input.%s with %d arguments is not carried out", method, len(args))
}

// at is what a path leads to in the body; nothing where it leads nowhere.
func (i *input) at(path string) (any, error) {
	p, err := jsonpath.Parse(path)
	if err != nil {
		return nil, err
	}
	document, err := jsonvalue.Parse(i.body)
	if err != nil {
		return nil, nil //nolint:nilerr // what is no JSON has nothing at any path
	}
	v, err := p.Get(document)
	if missing := (*jsonpath.NotFoundError)(nil); errors.As(err, &missing) {
		return nil, nil
	}
	return v, err
}

// contextObject is $context or a part of it.
type contextObject struct {
	lookup func(name string) (string, bool)
	prefix string
}

// Property implements [vtl.Object].
func (c *contextObject) Property(name string) any {
	if v, ok := c.lookup(c.prefix + name); ok {
		return v
	}
	if c.prefix == "" && slices.Contains([]string{"authorizer", "error", "identity", "integration"}, name) {
		return &contextObject{c.lookup, name + "."}
	}
	return nil
}

// Call implements [vtl.Object].
func (c *contextObject) Call(method string, _ []any) (any, error) {
	return nil, fmt.Errorf("$context.%s() is not carried out", method)
}

// utilities is $util.
type utilities struct{}

// Property implements [vtl.Object].
func (utilities) Property(string) any { return nil }

// Call implements [vtl.Object].
func (utilities) Call(method string, args []any) (any, error) {
	if len(args) != 1 {
		return nil, fmt.Errorf("$util.%s takes one argument", method)
	}
	text := vtl.Text(args[0])
	switch method {
	case "escapeJavaScript":
		return escapeJavaScript(text), nil
	case "parseJson":
		return jsonvalue.Parse([]byte(text))
	case "urlEncode":
		return url.QueryEscape(text), nil
	case "urlDecode":
		return url.QueryUnescape(text)
	case "base64Encode":
		return base64.StdEncoding.EncodeToString([]byte(text)), nil
	case "base64Decode":
		b, err := base64.StdEncoding.DecodeString(text)
		return string(b), err
	}
	return nil, fmt.Errorf("$util.%s is not carried out", method)
}

// escapeJavaScript is a text as the inside of a text in JavaScript.
func escapeJavaScript(text string) string {
	quoted := quote(text)
	return strings.NewReplacer("'", `\'`, "/", `\/`).Replace(quoted[1 : len(quoted)-1])
}
