package sfn

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/run"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// requestTime is how long a server may take to answer an HTTP task.
const requestTime = time.Minute

// ownHeaders are those that HTTP tasks must not set.
var ownHeaders = []string{
	"A-IM", "Accept-Charset", "Accept-Datetime", "Accept-Encoding", "Authorization", "Cache-Control", "Connection", "Content-Encoding", "Content-MD5", "Date",
	"Expect", "Forwarded", "From", "Host", "HTTP2-Settings", "If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since", "Max-Forwards",
	"Origin", "Pragma", "Proxy-Authorization", "Referer", "Server", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Via", "Warning",
	"x-forwarded-*", "x-amz-*", "x-amzn-*",
}

// httpTask is the request of an HTTP task, before its connection adds to it.
type httpTask struct {
	method     string
	url        *url.URL
	connection string // ARN
	header     http.Header
	names      []string // of the query's parameters, in order
	query      map[string][]string
	body       any // nil for none
	form       bool
	lists      string // how a form has lists: INDICES, REPEAT, COMMAS or BRACKETS
}

// readHTTP reads the parameters of an HTTP task.
func readHTTP(params *jsonvalue.Object) (t httpTask, failure *run.Failure) {
	a := arguments{params}
	if f := a.check([]string{"ApiEndpoint", "Method"}, "Authentication", "InvocationConfig", "Headers", "QueryParameters", "RequestBody", "Transform"); f != nil {
		return t, f
	}
	t.method, t.lists = a.text("Method"), "INDICES"
	var err error
	if t.url, err = url.Parse(a.text("ApiEndpoint")); err != nil || t.url.Host == "" || t.url.Scheme != "https" && t.url.Scheme != "http" {
		return t, wrong("The field 'ApiEndpoint' must be the URL of an HTTPS API")
	}
	if !env.IsLoopback(t.url.Hostname()) {
		return t, wrong("%s", (&env.ForeignError{Host: t.url.Host}).Error())
	}
	for _, name := range []string{"Authentication", "InvocationConfig"} {
		o, f := a.only(name, "ConnectionArn")
		if f != nil {
			return t, f
		}
		if o != nil {
			t.connection, _ = o.Get("ConnectionArn").(string)
		}
	}
	if t.connection == "" {
		return t, wrong("The field 'ConnectionArn' of 'Authentication' or 'InvocationConfig' is required")
	}
	if t.header, failure = a.headers(ownHeaders); failure != nil {
		return t, failure
	}
	if t.names, t.query, failure = a.lists("QueryParameters"); failure != nil {
		return t, failure
	}
	if t.body = params.Get("RequestBody"); t.body == (jsonvalue.Null{}) {
		t.body = nil
	}
	return t, t.transform(a)
}

// transform reads how the body of an HTTP task is written.
func (t *httpTask) transform(a arguments) *run.Failure {
	x, f := a.only("Transform", "RequestBodyEncoding", "RequestEncodingOptions")
	if x == nil {
		return f
	}
	how := arguments{x}
	if f := how.texts("RequestBodyEncoding"); f != nil {
		return f
	}
	switch encoding := how.text("RequestBodyEncoding"); encoding {
	case "URL_ENCODED":
		t.form = true
	case "", "NONE":
	default:
		return wrong("The field 'RequestBodyEncoding' must be NONE or URL_ENCODED, not '%s'", encoding)
	}
	options, f := how.only("RequestEncodingOptions", "ArrayFormat")
	if options == nil || options.Get("ArrayFormat") == nil {
		return f
	}
	if t.lists, _ = options.Get("ArrayFormat").(string); !slices.Contains([]string{"INDICES", "REPEAT", "COMMAS", "BRACKETS"}, t.lists) {
		return wrong("The field 'ArrayFormat' must be INDICES, REPEAT, COMMAS or BRACKETS")
	}
	return nil
}

// with adds what a connection adds. What both have is the connection's.
func (t httpTask) with(header http.Header, query url.Values, body map[string]string) (httpTask, *run.Failure) {
	t.header, t.names = t.header.Clone(), slices.Clone(t.names)
	for name := range header {
		t.header[name] = header[name]
	}
	all := map[string][]string{}
	for name, values := range t.query {
		all[name] = values
	}
	added := make([]string, 0, len(query))
	for name, values := range query {
		if _, has := all[name]; !has {
			added = append(added, name)
		}
		all[name] = values
	}
	slices.Sort(added)
	t.names, t.query = append(t.names, added...), all
	if len(body) == 0 {
		return t, nil
	}
	o, ok := t.body.(*jsonvalue.Object)
	switch {
	case ok:
		o = o.Clone()
	case t.body == nil:
		o = jsonvalue.NewObject(len(body))
	default:
		return t, wrong("The request body is no object, so that the body parameters of the connection cannot be added to it")
	}
	names := make([]string, 0, len(body))
	for name := range body {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		o.Set(name, body[name])
	}
	t.body = o
	return t, nil
}

// request is the request that is sent, and its body.
func (t *httpTask) request(ctx context.Context, region string) (*http.Request, string, *run.Failure) {
	u := *t.url
	if q := queryOf(t.names, t.query); q != "" && u.RawQuery != "" {
		u.RawQuery += "&" + q
	} else if q != "" {
		u.RawQuery = q
	}
	header, text := t.header.Clone(), ""
	switch body, isText := t.body.(string); {
	case t.body == nil:
	case t.form:
		o, ok := t.body.(*jsonvalue.Object)
		if !ok {
			return nil, "", wrong("The request body must be an object to be URL-encoded")
		}
		text = strings.Join(formOf("", o, t.lists), "&")
	case isText:
		text = body
	default:
		text = textOf(t.body)
	}
	if t.body != nil && header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/json; charset=UTF-8")
	}
	header.Set("User-Agent", "Amazon|StepFunctions|HttpInvoke|"+region)
	header.Set("Range", "bytes=0-262144")
	r, err := http.NewRequestWithContext(ctx, t.method, u.String(), strings.NewReader(text))
	if err != nil {
		return nil, "", wrong("The request cannot be made: %s", err)
	}
	r.Header = header
	return r, text, nil
}

// formOf are the pairs of a form, below a key.
func formOf(key string, v any, lists string) (pairs []string) {
	switch v := v.(type) {
	case *jsonvalue.Object:
		for name, member := range v.All() {
			if key != "" {
				name = key + "[" + name + "]"
			}
			pairs = append(pairs, formOf(name, member, lists)...)
		}
		return pairs
	case []any:
		if lists == "COMMAS" {
			texts := make([]string, 0, len(v))
			for _, item := range v {
				texts = append(texts, escape(plain(item)))
			}
			return []string{escape(key) + "=" + strings.Join(texts, ",")}
		}
		for i, item := range v {
			at := key
			switch lists {
			case "INDICES":
				at += "[" + plain(float64(i)) + "]"
			case "BRACKETS":
				at += "[]"
			}
			pairs = append(pairs, formOf(at, item, lists)...)
		}
		return pairs
	}
	return []string{escape(key) + "=" + escape(plain(v))}
}

// plain is a text as it is, and another value as JSON.
func plain(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case jsonvalue.Null:
		return ""
	}
	return textOf(v)
}

// invokeHTTP makes the request of an HTTP task.
func (s *Service) invokeHTTP(ctx context.Context, params *jsonvalue.Object) (string, *run.Failure) {
	t, failure := readHTTP(params)
	if failure != nil {
		return "", failure
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	timer := s.env.Clock.AfterFunc(requestTime, cancel)
	defer timer.Stop()
	answer, failure := s.send(ctx, &t)
	if failure == nil && (answer.status == http.StatusUnauthorized || answer.status == http.StatusProxyAuthRequired) && s.Connections.Renew(ctx, t.connection) {
		answer, failure = s.send(ctx, &t)
	}
	if failure != nil {
		return "", failure
	}
	if failure := answer.readable(); failure != nil {
		return "", failure
	}
	lower := http.Header{}
	for name, values := range answer.header {
		lower[strings.ToLower(name)] = values
	}
	answer.header = lower
	return answer.outcome("States.Http.StatusCode.")
}

// send sends the request of an HTTP task once, with its connection's credentials.
func (s *Service) send(ctx context.Context, t *httpTask) (*reply, *run.Failure) {
	header, query, body, err := s.Connections.Credentials(ctx, t.connection)
	if err != nil {
		code := "InternalError"
		var api smithy.APIError
		if errors.As(err, &api) {
			code, err = api.ErrorCode(), errors.New(api.ErrorMessage())
		}
		f := run.Fails("Events.ConnectionResource."+code, err.Error())
		return nil, &f
	}
	whole, failure := t.with(header, query, body)
	if failure != nil {
		return nil, failure
	}
	region := env.ScopeOf(ctx).Region
	r, text, failure := whole.request(ctx, region)
	if failure != nil {
		return nil, failure
	}
	seen := exchangeOf(ctx)
	if seen != nil && seen.reveal {
		seen.sent(r, text)
	} else if seen != nil {
		if own, text, failure := t.request(ctx, region); failure == nil {
			seen.sent(own, text)
		}
	}
	resp, err := s.away.RoundTrip(r)
	if err != nil {
		return nil, unreachable(t, err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer := &reply{status: resp.StatusCode, header: resp.Header}
	if answer.body, err = io.ReadAll(io.LimitReader(resp.Body, run.MaxPayload+2)); err != nil {
		return nil, unreachable(t, err)
	}
	seen.got(t.url.Scheme, answer)
	return answer, nil
}

// unreachable is the failure of a request that nobody answered.
func unreachable(t *httpTask, err error) *run.Failure {
	cause := "The server " + t.url.Host + " cannot be reached, or has cut the connection"
	if errors.Is(err, context.Canceled) {
		cause = "The server " + t.url.Host + " has not answered within 60 seconds"
	}
	f := run.Fails("States.Http.Socket", cause)
	return &f
}
