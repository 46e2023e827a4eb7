package gateway

import (
	"strings"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/cors"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway/routekey"
)

// DefaultStage is the stage that is served without a path prefix of its own.
const DefaultStage = "$default"

// An API is a snapshot of one API and its stages. It does not change.
type API struct {
	ID    string
	Scope env.Scope
	// Closed APIs have their execute-api endpoint disabled.
	Closed    bool
	WebSocket bool
	Stages    map[string]*Stage
}

// A Stage is one deployment as it is served.
type Stage struct {
	Name      string
	Variables map[string]string
	CORS      *cors.Config // nil where the API has none
	// Routes are those of an HTTP API, Messages those of a WebSocket API by their keys.
	Routes   routekey.Table[*Route]
	Messages map[string]*Route
	// Selection is what chooses the route of a message.
	Selection *Selection
	// Keys is where a WebSocket API looks for API keys when a client connects:
	// $request.header.x-api-key or $context.authorizer.usageIdentifierKey.
	Keys string
	// Limits of the routes by key, and under "" those of all others.
	Limits map[string]Limit
	Log    *AccessLog // nil where nothing is logged
	// Resets tells caches of authorizers apart: those of an earlier number are void.
	Resets int
}

// A Route is a route key and what serves it.
type Route struct {
	Key         string
	Path        string // of an HTTP API; empty for $default
	Operation   string // the operation name; may be empty
	Integration *Integration
	// IAM routes are for those who sign, and may execute-api:Invoke.
	IAM        bool
	Authorizer *Authorizer // nil where there is none
	Scopes     []string    // one of them must be among the token's
	APIKey     bool        // whether an API key is needed
	Responds   bool        // whether the client gets what the integration answers
	required   []term      // what who connects must send
}

// Require has who connects send the parameters of the route request by these names, such
// as route.request.querystring.token.
func (r *Route) Require(names ...string) error {
	for _, name := range names {
		t, err := parseRouteReference(name)
		if err != nil {
			return err
		}
		r.required = append(r.required, t)
	}
	return nil
}

// missing are the names of the parameters that a request must have and does not: AWS
// demands that they are "included and not blank".
func (r *Route) missing(q *request) (names []string) {
	for _, t := range r.required {
		if v, _ := q.lookup(t); strings.TrimSpace(v) == "" {
			names = append(names, t.name)
		}
	}
	return names
}

// An Integration is what a route calls: a Lambda function, an HTTP server, an operation
// of an AWS service, or nothing.
type Integration struct {
	// Function is the ARN of the function; it may hold ${stageVariables.name}.
	Function string
	// Role is the ARN of the role that API Gateway calls with; empty for its own name.
	Role string
	// Format is the payload's version for a function, "1.0" or "2.0".
	Format string
	// URL and Method of the server. Method ANY keeps the request's own; the URL may hold
	// {variables} of the path.
	URL, Method string
	Service     *Service
	Timeout     time.Duration
	Request     Mapping
	Response    map[string]Mapping // by status

	// Proxy integrations of WebSocket APIs get what the client sent as it is, others what
	// a template makes of it.
	Proxy     bool
	Templates *Templates
	Responses []*Response
}

// A Limit is the throttling of one route: a bucket of Burst requests that fills
// at Rate requests a second.
type Limit struct {
	Burst int32
	Rate  float64
}

// An AccessLog is where a line about each request goes.
type AccessLog struct {
	Group  string
	Scope  env.Scope
	Format string // with $context.variables
}

// A Source knows the APIs and the domain names.
type Source interface {
	// API returns the API of that id, which is unique over all accounts and regions.
	API(id string) (*API, bool)
	// Domain returns a domain name as it is served.
	Domain(name string) (*Domain, bool)
}

// A Domain is a custom domain name.
type Domain struct {
	Name     string
	Rules    []Rule // by priority
	Mappings []Mapped
}

// Mapped is an API's stage below a path of a domain name.
type Mapped struct{ Key, API, Stage string }

// A Rule sends requests that have these headers and paths to a REST API.
type Rule struct {
	Paths   []string            // one of them must begin the path; none: any
	Headers [][]HeaderCondition // of each list, one must be true
	API     string
	Stage   string
	// Strip rules hand requests on without the path that the rule asked for.
	Strip bool
}

// A HeaderCondition is true of headers that match the pattern, in which * stands for
// anything at its ends.
type HeaderCondition struct{ Name, Glob string }
