package gateway

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// event2 is the event of payload format 2.0. Members without a value are absent.
type event2 struct {
	Version               string            `json:"version"`
	RouteKey              string            `json:"routeKey"`
	RawPath               string            `json:"rawPath"`
	RawQueryString        string            `json:"rawQueryString"`
	Cookies               []string          `json:"cookies,omitempty"`
	Headers               map[string]string `json:"headers"`
	QueryStringParameters map[string]string `json:"queryStringParameters,omitempty"`
	RequestContext        context2          `json:"requestContext"`
	Body                  *string           `json:"body,omitempty"`
	PathParameters        map[string]string `json:"pathParameters,omitempty"`
	IsBase64Encoded       bool              `json:"isBase64Encoded"`
	StageVariables        map[string]string `json:"stageVariables,omitempty"`
}

type context2 struct {
	AccountID    string `json:"accountId"`
	APIID        string `json:"apiId"`
	DomainName   string `json:"domainName"`
	DomainPrefix string `json:"domainPrefix"`
	HTTP         http2  `json:"http"`
	RequestID    string `json:"requestId"`
	RouteKey     string `json:"routeKey"`
	Stage        string `json:"stage"`
	Time         string `json:"time"`
	TimeEpoch    int64  `json:"timeEpoch"` // milliseconds
}

type http2 struct {
	Method    string `json:"method"`
	Path      string `json:"path"`
	Protocol  string `json:"protocol"`
	SourceIP  string `json:"sourceIp"`
	UserAgent string `json:"userAgent"`
}

// event1 is the event of payload format 1.0. Members without a value are null.
type event1 struct {
	Version                         string              `json:"version"`
	Resource                        string              `json:"resource"`
	Path                            string              `json:"path"`
	HTTPMethod                      string              `json:"httpMethod"`
	Headers                         map[string]string   `json:"headers"`
	MultiValueHeaders               map[string][]string `json:"multiValueHeaders"`
	QueryStringParameters           map[string]string   `json:"queryStringParameters"`
	MultiValueQueryStringParameters map[string][]string `json:"multiValueQueryStringParameters"`
	RequestContext                  context1            `json:"requestContext"`
	PathParameters                  map[string]string   `json:"pathParameters"`
	StageVariables                  map[string]string   `json:"stageVariables"`
	Body                            *string             `json:"body"`
	IsBase64Encoded                 bool                `json:"isBase64Encoded"`
}

type context1 struct {
	AccountID         string             `json:"accountId"`
	APIID             string             `json:"apiId"`
	Authorizer        *struct{}          `json:"authorizer"`
	DomainName        string             `json:"domainName"`
	DomainPrefix      string             `json:"domainPrefix"`
	ExtendedRequestID string             `json:"extendedRequestId"`
	HTTPMethod        string             `json:"httpMethod"`
	Identity          map[string]*string `json:"identity"`
	OperationName     string             `json:"operationName,omitempty"`
	Path              string             `json:"path"`
	Protocol          string             `json:"protocol"`
	RequestID         string             `json:"requestId"`
	RequestTime       string             `json:"requestTime"`
	RequestTimeEpoch  int64              `json:"requestTimeEpoch"` // milliseconds
	ResourceID        string             `json:"resourceId"`
	ResourcePath      string             `json:"resourcePath"`
	Stage             string             `json:"stage"`
}

// clfTime is the time format of requestContext, such as 12/Mar/2020:19:03:58 +0000.
const clfTime = "02/Jan/2006:15:04:05 -0700"

// event returns the JSON event in the integration's format.
func (q *request) event() ([]byte, error) {
	var event any
	switch format := q.route.Integration.Format; format {
	case "1.0":
		event = q.event1()
	case "2.0":
		event = q.event2()
	default:
		return nil, fmt.Errorf("the payload format %q is unknown", format)
	}
	return json.Marshal(event)
}

func (q *request) event2() event2 {
	body, encoded := q.bodyText()
	h := q.headers()
	cookies := h["Cookie"]
	delete(h, "Cookie")
	headers := map[string]string{}
	for name, values := range h {
		headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	e := event2{
		Version:         "2.0",
		RouteKey:        q.route.Key.String(),
		RawPath:         q.path,
		RawQueryString:  q.URL.RawQuery,
		Cookies:         splitCookies(cookies),
		Headers:         headers,
		PathParameters:  q.values,
		StageVariables:  q.stage.Variables,
		Body:            body,
		IsBase64Encoded: encoded,
		RequestContext: context2{
			AccountID:    q.api.Scope.Account,
			APIID:        q.api.ID,
			DomainName:   q.domain(),
			DomainPrefix: q.api.ID,
			HTTP: http2{
				Method: q.Method, Path: q.path, Protocol: q.Proto,
				SourceIP: q.sourceIP(), UserAgent: q.UserAgent(),
			},
			RequestID: q.id,
			RouteKey:  q.route.Key.String(),
			Stage:     q.stage.Name,
			Time:      q.at.UTC().Format(clfTime),
			TimeEpoch: q.at.UnixMilli(),
		},
	}
	for name, values := range q.URL.Query() {
		if e.QueryStringParameters == nil {
			e.QueryStringParameters = map[string]string{}
		}
		e.QueryStringParameters[name] = strings.Join(values, ",")
	}
	return e
}

func (q *request) event1() event1 {
	body, encoded := q.bodyText()
	ip, agent := q.sourceIP(), q.UserAgent()
	resource := q.route.Key.Path
	if q.route.Key.IsDefault() {
		resource = q.route.Key.String()
	}
	e := event1{
		Version:           "1.0",
		Resource:          resource,
		Path:              q.path,
		HTTPMethod:        q.Method,
		Headers:           map[string]string{},
		MultiValueHeaders: q.headers(),
		PathParameters:    q.values,
		StageVariables:    q.stage.Variables,
		Body:              body,
		IsBase64Encoded:   encoded,
		RequestContext: context1{
			AccountID:         q.api.Scope.Account,
			APIID:             q.api.ID,
			DomainName:        q.domain(),
			DomainPrefix:      q.api.ID,
			ExtendedRequestID: q.id,
			HTTPMethod:        q.Method,
			Identity: map[string]*string{
				"accessKey": nil, "accountId": nil, "caller": nil, "cognitoAmr": nil,
				"cognitoAuthenticationProvider": nil, "cognitoAuthenticationType": nil,
				"cognitoIdentityId": nil, "cognitoIdentityPoolId": nil, "principalOrgId": nil,
				"sourceIp": &ip, "user": nil, "userAgent": &agent, "userArn": nil,
			},
			OperationName:    q.route.Operation,
			Path:             q.path,
			Protocol:         q.Proto,
			RequestID:        q.id,
			RequestTime:      q.at.UTC().Format(clfTime),
			RequestTimeEpoch: q.at.UnixMilli(),
			ResourceID:       q.route.Key.String(),
			ResourcePath:     resource,
			Stage:            q.stage.Name,
		},
	}
	for name, values := range e.MultiValueHeaders {
		e.Headers[name] = values[len(values)-1]
	}
	for name, values := range q.URL.Query() {
		if e.QueryStringParameters == nil {
			e.QueryStringParameters, e.MultiValueQueryStringParameters = map[string]string{}, map[string][]string{}
		}
		e.QueryStringParameters[name] = values[len(values)-1]
		e.MultiValueQueryStringParameters[name] = values
	}
	return e
}

// headers are the request's headers with those that API Gateway adds.
func (q *request) headers() http.Header {
	h := maps.Clone(q.Header)
	for _, name := range hopByHop {
		h.Del(name)
	}
	h.Set("Host", q.Host)
	if _, ok := h["Content-Length"]; !ok {
		h.Set("Content-Length", fmt.Sprint(len(q.body)))
	}
	h["X-Forwarded-For"] = []string{strings.Join(append(slices.Clone(q.Header["X-Forwarded-For"]), q.sourceIP()), ", ")}
	h.Set("X-Forwarded-Port", q.port())
	h.Set("X-Forwarded-Proto", "http")
	if h.Get("X-Amzn-Trace-Id") == "" {
		h.Set("X-Amzn-Trace-Id", q.traceID())
	}
	return h
}

// hopByHop headers are of one connection and never passed on.
var hopByHop = []string{"Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

// traceID returns a trace header such as Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e.
func (q *request) traceID() string {
	var b [12]byte
	copy(b[:], q.id)
	return fmt.Sprintf("Root=1-%08x-%x", q.at.Unix(), b)
}

// splitCookies returns the cookies of the Cookie headers, one each.
func splitCookies(headers []string) []string {
	var cookies []string
	for _, header := range headers {
		for cookie := range strings.SplitSeq(header, ";") {
			if cookie = strings.TrimSpace(cookie); cookie != "" {
				cookies = append(cookies, cookie)
			}
		}
	}
	return cookies
}

// bodyText is the body as the event holds it: text as it is, anything else in
// base64, and nil when there is none.
func (q *request) bodyText() (body *string, encoded bool) {
	if len(q.body) == 0 {
		return nil, false
	}
	text := string(q.body)
	if isText(q.Header.Get("Content-Type")) && utf8.ValidString(text) {
		return &text, false
	}
	text = base64.StdEncoding.EncodeToString(q.body)
	return &text, true
}

// isText reports whether API Gateway passes a body of that type as text.
func isText(contentType string) bool {
	t, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	switch t {
	case "application/json", "application/javascript", "application/xml":
		return true
	}
	return strings.HasPrefix(t, "text/") || strings.HasSuffix(t, "+json") || strings.HasSuffix(t, "+xml")
}
