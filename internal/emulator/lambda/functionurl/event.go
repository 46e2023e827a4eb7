package functionurl

import (
	"encoding/json"
	"net"
	"strconv"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/payload"
)

// fallback is the route and the stage of every function URL.
const fallback = "$default"

// event returns the function's event as JSON: payload format 2.0, as of HTTP APIs.
func (q *request) event() ([]byte, error) {
	domain := q.domain()
	e := payload.New(q.Request, q.path, q.body, q.at)
	e.RouteKey, e.Headers = fallback, q.headers(domain)
	c := &e.RequestContext
	c.AccountID, c.APIID, c.DomainName, c.DomainPrefix = "anonymous", q.url.ID, domain, q.url.ID
	c.RequestID, c.RouteKey, c.Stage = q.id, fallback, fallback
	if q.url.IAM {
		c.AccountID = q.url.Scope.Account
		id, _, _ := strings.Cut(q.caller.UserID, ":")
		c.Authorizer = map[string]payload.IAM{"iam": {
			AccessKey: q.caller.AccessKey, AccountID: q.url.Scope.Account, CallerID: id, UserARN: q.caller.ARN, UserID: q.caller.UserID,
		}}
	}
	return json.Marshal(e)
}

// headers are the request's headers with those that Lambda adds.
func (q *request) headers(domain string) map[string]string {
	out := payload.Headers(q.Header)
	out["host"] = domain
	if len(q.body) > 0 || q.ContentLength > 0 {
		out["content-length"] = strconv.Itoa(len(q.body))
	}
	out["x-forwarded-for"] = payload.Source(q.Request)
	out["x-forwarded-port"] = payload.Port(q.Request)
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
