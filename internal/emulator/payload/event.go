// Package payload is the form in which functions get HTTP requests and give answers to
// them: payload format 2.0, of HTTP APIs and function URLs, and what format 1.0 shares
// with it. It must not know who serves the request, nor any AWS service.
package payload

import (
	"encoding/base64"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// An Event is the event of format 2.0. Members without a value are absent.
type Event struct {
	Version               string            `json:"version"`
	RouteKey              string            `json:"routeKey"`
	RawPath               string            `json:"rawPath"`
	RawQueryString        string            `json:"rawQueryString"`
	Cookies               []string          `json:"cookies,omitempty"`
	Headers               map[string]string `json:"headers"`
	QueryStringParameters map[string]string `json:"queryStringParameters,omitempty"`
	RequestContext        Context           `json:"requestContext"`
	Body                  *string           `json:"body,omitempty"`
	PathParameters        map[string]string `json:"pathParameters,omitempty"`
	IsBase64Encoded       bool              `json:"isBase64Encoded"`
	StageVariables        map[string]string `json:"stageVariables,omitempty"`
}

// A Context is what API Gateway or Lambda says of a request.
type Context struct {
	AccountID    string `json:"accountId"`
	APIID        string `json:"apiId"`
	Authorizer   any    `json:"authorizer,omitempty"`
	DomainName   string `json:"domainName"`
	DomainPrefix string `json:"domainPrefix"`
	HTTP         About  `json:"http"`
	RequestID    string `json:"requestId"`
	RouteKey     string `json:"routeKey"`
	Stage        string `json:"stage"`
	Time         string `json:"time"`
	TimeEpoch    int64  `json:"timeEpoch"` // milliseconds
}

// An About is the request line and who sent it.
type About struct {
	Method    string `json:"method"`
	Path      string `json:"path"`
	Protocol  string `json:"protocol"`
	SourceIP  string `json:"sourceIp"`
	UserAgent string `json:"userAgent"`
}

// An IAM is who signed a request.
type IAM struct {
	AccessKey       string  `json:"accessKey"`
	AccountID       string  `json:"accountId"`
	CallerID        string  `json:"callerId"`
	CognitoIdentity *string `json:"cognitoIdentity"`
	PrincipalOrgID  *string `json:"principalOrgId"`
	UserARN         string  `json:"userArn"`
	UserID          string  `json:"userId"`
}

// New returns the event of a request with that path and body, which came at that time.
// The caller adds the headers, and what it knows of the API and the route.
func New(r *http.Request, path string, body []byte, at time.Time) *Event {
	text, encoded := Body(r.Header.Get("Content-Type"), body)
	e := &Event{
		Version:         "2.0",
		RawPath:         path,
		RawQueryString:  r.URL.RawQuery,
		Cookies:         Cookies(r.Header["Cookie"]),
		Body:            text,
		IsBase64Encoded: encoded,
		RequestContext: Context{
			HTTP:      About{Method: r.Method, Path: path, Protocol: r.Proto, SourceIP: Source(r), UserAgent: r.UserAgent()},
			Time:      at.UTC().Format(CLFTime),
			TimeEpoch: at.UnixMilli(),
		},
	}
	if r.URL.RawQuery == "" {
		return e
	}
	for name, values := range r.URL.Query() {
		if e.QueryStringParameters == nil {
			e.QueryStringParameters = map[string]string{}
		}
		e.QueryStringParameters[name] = strings.Join(values, ",")
	}
	return e
}

// CLFTime is the time format of request contexts, such as 12/Mar/2020:19:03:58 +0000.
const CLFTime = "02/Jan/2006:15:04:05 -0700"

// HopByHop headers are of one connection and never passed on.
var HopByHop = []string{"Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

// Headers returns headers as format 2.0 has them: small names, values joined, and none
// of cookies or of the connection.
func Headers(h http.Header) map[string]string {
	out := make(map[string]string, len(h))
	for name, values := range h {
		if name != "Cookie" && !slices.Contains(HopByHop, name) {
			out[strings.ToLower(name)] = strings.Join(values, ",")
		}
	}
	return out
}

// Cookies returns the cookies of Cookie headers, one each.
func Cookies(headers []string) []string {
	var out []string
	for _, header := range headers {
		for cookie := range strings.SplitSeq(header, ";") {
			if cookie = strings.TrimSpace(cookie); cookie != "" {
				out = append(out, cookie)
			}
		}
	}
	return out
}

// Source is the client's address without the port.
func Source(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// Port is the port at which a request arrived.
func Port(r *http.Request) string {
	if port := (&url.URL{Host: r.Host}).Port(); port != "" {
		return port
	}
	return "80"
}

// Body is a body as events hold it: text as it is, anything else in base64, and nil when
// there is none.
func Body(contentType string, body []byte) (text *string, encoded bool) {
	if len(body) == 0 {
		return nil, false
	}
	s := string(body)
	if isText(contentType) && utf8.ValidString(s) {
		return &s, false
	}
	s = base64.StdEncoding.EncodeToString(body)
	return &s, true
}

// isText reports whether a body of that type is passed on as text.
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
