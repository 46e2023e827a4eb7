package functionurl

import (
	"encoding/base64"
	"encoding/json"
	"mime"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// event is what the function gets: payload format 2.0, as of HTTP APIs.
type event struct {
	Version               string            `json:"version"`
	RouteKey              string            `json:"routeKey"`
	RawPath               string            `json:"rawPath"`
	RawQueryString        string            `json:"rawQueryString"`
	Cookies               []string          `json:"cookies,omitempty"`
	Headers               map[string]string `json:"headers"`
	QueryStringParameters map[string]string `json:"queryStringParameters,omitempty"`
	RequestContext        requestContext    `json:"requestContext"`
	Body                  *string           `json:"body,omitempty"`
	IsBase64Encoded       bool              `json:"isBase64Encoded"`
}

type requestContext struct {
	AccountID    string      `json:"accountId"`
	APIID        string      `json:"apiId"`
	Authorizer   *authorizer `json:"authorizer,omitempty"`
	DomainName   string      `json:"domainName"`
	DomainPrefix string      `json:"domainPrefix"`
	HTTP         about       `json:"http"`
	RequestID    string      `json:"requestId"`
	RouteKey     string      `json:"routeKey"`
	Stage        string      `json:"stage"`
	Time         string      `json:"time"`
	TimeEpoch    int64       `json:"timeEpoch"` // milliseconds
}

type authorizer struct {
	IAM identity `json:"iam"`
}

// identity is who signed a request.
type identity struct {
	AccessKey       string  `json:"accessKey"`
	AccountID       string  `json:"accountId"`
	CallerID        string  `json:"callerId"`
	CognitoIdentity *string `json:"cognitoIdentity"`
	PrincipalOrgID  *string `json:"principalOrgId"`
	UserARN         string  `json:"userArn"`
	UserID          string  `json:"userId"`
}

type about struct {
	Method    string `json:"method"`
	Path      string `json:"path"`
	Protocol  string `json:"protocol"`
	SourceIP  string `json:"sourceIp"`
	UserAgent string `json:"userAgent"`
}

// fallback is the route and the stage of every function URL.
const fallback = "$default"

// clfTime is the time format of requestContext, such as 12/Mar/2020:19:03:58 +0000.
const clfTime = "02/Jan/2006:15:04:05 -0700"

// event returns the function's event as JSON.
func (q *request) event() ([]byte, error) {
	domain := q.domain()
	e := event{
		Version: "2.0", RouteKey: fallback, RawPath: q.path, RawQueryString: q.URL.RawQuery,
		Cookies: cookies(q.Header["Cookie"]), Headers: q.headers(domain),
		RequestContext: requestContext{
			AccountID: "anonymous", APIID: q.url.ID, DomainName: domain, DomainPrefix: q.url.ID,
			HTTP:      about{Method: q.Method, Path: q.path, Protocol: q.Proto, SourceIP: q.source(), UserAgent: q.UserAgent()},
			RequestID: q.id, RouteKey: fallback, Stage: fallback, Time: q.at.UTC().Format(clfTime), TimeEpoch: q.at.UnixMilli(),
		},
	}
	if q.url.IAM {
		e.RequestContext.AccountID = q.url.Scope.Account
		id, _, _ := strings.Cut(q.caller.UserID, ":")
		e.RequestContext.Authorizer = &authorizer{identity{
			AccessKey: q.caller.AccessKey, AccountID: q.url.Scope.Account, CallerID: id, UserARN: q.caller.ARN, UserID: q.caller.UserID,
		}}
	}
	for name, values := range q.URL.Query() {
		if e.QueryStringParameters == nil {
			e.QueryStringParameters = map[string]string{}
		}
		e.QueryStringParameters[name] = strings.Join(values, ",")
	}
	if len(q.body) > 0 {
		text := string(q.body)
		if e.IsBase64Encoded = !isText(q.Header.Get("Content-Type")) || !utf8.ValidString(text); e.IsBase64Encoded {
			text = base64.StdEncoding.EncodeToString(q.body)
		}
		e.Body = &text
	}
	return json.Marshal(e)
}

// hopByHop headers are of one connection and never passed on.
var hopByHop = []string{"Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

// headers are the request's headers with those that Lambda adds.
func (q *request) headers(domain string) map[string]string {
	out := map[string]string{}
	for name, values := range q.Header {
		if name != "Cookie" && !slices.Contains(hopByHop, name) {
			out[strings.ToLower(name)] = strings.Join(values, ",")
		}
	}
	out["host"] = domain
	if len(q.body) > 0 || q.ContentLength > 0 {
		out["content-length"] = strconv.Itoa(len(q.body))
	}
	out["x-forwarded-for"] = q.source()
	out["x-forwarded-port"] = "80"
	if port := (&url.URL{Host: q.Host}).Port(); port != "" {
		out["x-forwarded-port"] = port
	}
	out["x-forwarded-proto"] = "http"
	if out["x-amzn-trace-id"] == "" {
		out["x-amzn-trace-id"] = q.trace()
	}
	return out
}

// trace returns a trace header such as Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e.
func (q *request) trace() string {
	id := strings.ReplaceAll(q.id, "-", "")
	return "Root=1-" + strconv.FormatInt(q.at.Unix(), 16) + "-" + id[:24]
}

// domain is the host name of the URL, with its port.
func (q *request) domain() string {
	if strings.HasPrefix(q.Host, q.url.ID+"."+hostLabel+".") {
		return q.Host
	}
	domain := q.url.ID + "." + hostLabel + "." + q.url.Scope.Region + ".localhost"
	if _, port, err := net.SplitHostPort(q.Host); err == nil {
		domain += ":" + port
	}
	return domain
}

// source is the client's address without the port.
func (q *request) source() string {
	host, _, err := net.SplitHostPort(q.RemoteAddr)
	if err != nil {
		return q.RemoteAddr
	}
	return host
}

// cookies returns the cookies of the Cookie headers, one each.
func cookies(headers []string) []string {
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

// isText reports whether Lambda passes a body of that type as text.
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
