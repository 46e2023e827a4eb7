package gateway

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/payload"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/policy"
)

// An Authorizer says who may call a route: by a token of an issuer, or by a function.
type Authorizer struct {
	ID string
	// Issuer and Audience are those of tokens, which are at the only source.
	Issuer   string
	Audience []string
	// Function is the ARN of the function, called with a role where one is named.
	Function, Role string
	Format         string // of the function's event: "1.0" or "2.0"; "" on WebSocket APIs
	Simple         bool   // whether the function answers isAuthorized, and no policy
	Keep           time.Duration
	sources        []term
}

// ParseSources sets where an authorizer finds who calls.
func (a *Authorizer) ParseSources(texts []string, websocket bool) error {
	for _, text := range texts {
		t, err := parseIdentity(text, websocket)
		if err != nil {
			return err
		}
		a.sources = append(a.sources, t)
	}
	return nil
}

// invokeAction is what those who sign must be allowed.
const invokeAction = "execute-api:Invoke"

// admit asks who may call the route. When the caller may not, it has answered.
func (g *Gateway) admit(q *request) bool {
	switch a := q.route.Authorizer; {
	case q.route.IAM:
		return g.admitSigned(q)
	case a == nil:
		return true
	case a.Function != "":
		status, message := g.ask(q, a)
		if status != 0 {
			q.who.failed = cmp.Or(q.who.failed, message)
			q.fail(status, message)
		}
		return status == 0
	default:
		return g.admitToken(q, a)
	}
}

func (g *Gateway) admitSigned(q *request) bool {
	caller, err := g.verified(q)
	if err != nil {
		q.who.failed = err.Error()
		q.fail(http.StatusForbidden, "Forbidden")
		return false
	}
	q.who.caller = &caller
	return true
}

// verified returns who signed the request, if they may call the route.
func (g *Gateway) verified(q *request) (env.Caller, error) {
	q.who.status = http.StatusForbidden
	caller, err := g.links.Signatures.Verify(q.Request, q.body)
	if err != nil {
		return caller, err
	}
	resource := q.authorizedARN()
	ok, err := g.links.Identities.Allows(env.WithScope(q.Context(), q.api.Scope), caller.ARN, invokeAction, resource)
	if err == nil && ok {
		q.who.status = http.StatusOK
	}
	if err == nil && !ok {
		err = fmt.Errorf("User: %s is not authorized to perform: %s on resource: %s", caller.ARN, invokeAction, resource) //nolint:revive,staticcheck // AWS's text
	}
	return caller, err
}

// methodARN is the resource that a request is for in policies.
func (q *request) methodARN() string { return q.arn(q.Method + q.rest) }

// identities are the values of the authorizer's sources; ok is false where one has none.
func (a *Authorizer) identities(from scope) (values []string, ok bool) {
	for _, t := range a.sources {
		v, ok := from.lookup(t)
		if !ok || v == "" {
			return nil, false
		}
		values = append(values, v)
	}
	return values, true
}

// decision is what a function has decided.
type decision struct {
	Authorized *bool           `json:"isAuthorized"`
	Principal  string          `json:"principalId"`
	Policy     json.RawMessage `json:"policyDocument"`
	Context    map[string]any  `json:"context"`
	Key        string          `json:"usageIdentifierKey"`
}

// answers are the decisions of functions that may be kept.
type answers struct {
	clock clock.Clock
	mu    sync.Mutex
	kept  map[answerKey]answered
}

type answerKey struct {
	api, stage, authorizer, identity string
	resets                           int
}

type answered struct {
	decision *decision
	until    time.Time
}

// maxAnswers bounds the decisions that are kept; beyond it those that are void are
// forgotten, and else all.
const maxAnswers = 10000

func (a *answers) get(k answerKey) *decision {
	a.mu.Lock()
	defer a.mu.Unlock()
	v, ok := a.kept[k]
	if !ok || !a.clock.Now().Before(v.until) {
		return nil
	}
	return v.decision
}

func (a *answers) put(k answerKey, d *decision, keep time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.clock.Now()
	if len(a.kept) >= maxAnswers {
		maps.DeleteFunc(a.kept, func(_ answerKey, v answered) bool { return !now.Before(v.until) })
	}
	if len(a.kept) >= maxAnswers {
		clear(a.kept)
	}
	a.kept[k] = answered{d, now.Add(keep)}
}

// ask has the authorizer's function decide. A status other than zero is that of the
// refusal.
func (g *Gateway) ask(q *request, a *Authorizer) (status int, message string) {
	q.who.asked = q.api.WebSocket
	defer func() { q.who.status = cmp.Or(status, http.StatusOK) }()
	values, ok := a.identities(q)
	if !ok {
		return http.StatusUnauthorized, "Unauthorized"
	}
	k := answerKey{q.api.ID, q.stage.Name, a.ID, strings.Join(values, "\x00"), q.stage.Resets}
	var d *decision
	if a.Keep > 0 {
		d = g.answers.get(k)
	}
	if d == nil {
		var err error
		started := g.clock.Now()
		if d, err = g.decide(q.Context(), q, a, values); err != nil {
			g.log.Warn("an authorizer failed", "api", q.api.ID, "authorizer", a.ID, "reason", err)
			q.who.failed = err.Error()
			return http.StatusInternalServerError, "Internal Server Error"
		}
		q.who.took = g.clock.Now().Sub(started)
		if a.Keep > 0 {
			g.answers.put(k, d, a.Keep)
		}
	}
	allowed, err := d.allows(a, q.authorizedARN(), q.conditionKeys())
	if err != nil {
		g.log.Warn("an authorizer failed", "api", q.api.ID, "authorizer", a.ID, "reason", err)
		q.who.failed = err.Error()
		return http.StatusInternalServerError, "Internal Server Error"
	}
	if !allowed {
		return http.StatusForbidden, "Forbidden"
	}
	q.who.lambda, q.who.context, q.who.user, q.who.key = true, d.Context, d.Principal, d.Key
	return 0, ""
}

// authorizedARN is what the function decides on: of a WebSocket API its route.
func (q *request) authorizedARN() string {
	if q.api.WebSocket {
		return q.arn(q.route.Key)
	}
	return q.methodARN()
}

// authorizerTimeout is how long a function may take to decide.
const authorizerTimeout = 10 * time.Second

// decide calls the function.
func (g *Gateway) decide(ctx context.Context, q *request, a *Authorizer, values []string) (*decision, error) {
	event, err := q.authorizerEvent(a, values)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer g.clock.AfterFunc(authorizerTimeout, func() { cancel(context.DeadlineExceeded) }).Stop()
	source := q.api.Scope.ARN(hostLabel, q.api.ID+"/authorizers/"+a.ID)
	if ctx, err = g.as(ctx, q.api, a.Role, source, sessionName(q.id)); err != nil {
		return nil, err
	}
	raw, err := g.whole(ctx, q.stage.expand(a.Function), event)
	if err != nil {
		return nil, err
	}
	d := &decision{}
	if err := json.Unmarshal(raw, d); err != nil {
		return nil, fmt.Errorf("the function's answer is no decision: %w", err)
	}
	for name, v := range d.Context {
		if a.Format != "2.0" && !scalarValue(v) {
			return nil, fmt.Errorf("the function's context has a list or an object, %s; texts, numbers and booleans are allowed", name)
		}
	}
	return d, nil
}

func scalarValue(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return false
	}
	return true
}

// authorizerEvent is what the function gets.
func (q *request) authorizerEvent(a *Authorizer, values []string) ([]byte, error) {
	if q.message != nil {
		return q.message.authorizerEvent(q.authorizedARN())
	}
	if a.Format == "2.0" {
		e := q.event2()
		return json.Marshal(struct {
			Version               string            `json:"version"`
			Type                  string            `json:"type"`
			RouteARN              string            `json:"routeArn"`
			IdentitySource        []string          `json:"identitySource"`
			RouteKey              string            `json:"routeKey"`
			RawPath               string            `json:"rawPath"`
			RawQueryString        string            `json:"rawQueryString"`
			Cookies               []string          `json:"cookies,omitempty"`
			Headers               map[string]string `json:"headers"`
			QueryStringParameters map[string]string `json:"queryStringParameters,omitempty"`
			RequestContext        payload.Context   `json:"requestContext"`
			PathParameters        map[string]string `json:"pathParameters,omitempty"`
			StageVariables        map[string]string `json:"stageVariables,omitempty"`
		}{
			"2.0", "REQUEST", q.methodARN(), values, e.RouteKey, e.RawPath, e.RawQueryString, e.Cookies, e.Headers,
			e.QueryStringParameters, e.RequestContext, e.PathParameters, e.StageVariables,
		})
	}
	joined := strings.Join(values, ",")
	e := q.event1()
	e.Type, e.MethodARN, e.IdentitySource, e.AuthorizationToken = "REQUEST", q.authorizedARN(), &joined, &joined
	e.Body, e.IsBase64Encoded = nil, false
	return json.Marshal(e)
}

// conditionKeys are what the conditions of a policy can ask of a request.
func (q *request) conditionKeys() map[string]string {
	keys := map[string]string{
		"aws:currenttime":     q.at.UTC().Format(time.RFC3339),
		"aws:epochtime":       strconv.FormatInt(q.at.Unix(), 10),
		"aws:requestedregion": q.api.Scope.Region,
		"aws:securetransport": "false", // the emulator answers without TLS
		"aws:sourceip":        payload.Source(q.Request),
	}
	if agent := q.UserAgent(); agent != "" {
		keys["aws:useragent"] = agent
	}
	if referer := q.Referer(); referer != "" {
		keys["aws:referer"] = referer
	}
	return keys
}

// allows reports whether the decision lets the request through, of which these condition
// keys are known.
func (d *decision) allows(a *Authorizer, arn string, keys map[string]string) (bool, error) {
	if a.Simple {
		if d.Authorized == nil {
			return false, errors.New("the function did not answer isAuthorized")
		}
		return *d.Authorized, nil
	}
	var document struct {
		Statement statements `json:"Statement"`
	}
	if d.Policy == nil {
		return false, errors.New("the function did not answer a policyDocument")
	}
	if err := json.Unmarshal(d.Policy, &document); err != nil {
		return false, fmt.Errorf("reading the function's policyDocument: %w", err)
	}
	allowed := false
	for _, s := range document.Statement {
		if s.Effect != "Allow" && s.Effect != "Deny" {
			return false, fmt.Errorf("the function's policyDocument has the effect %q, which is neither Allow nor Deny", s.Effect)
		}
		if !s.covers(arn) {
			continue
		}
		holds, err := s.Condition.Hold(keys)
		switch {
		case err != nil:
			return false, fmt.Errorf("the function's policyDocument: %w", err)
		case holds && s.Effect == "Deny":
			return false, nil
		case holds:
			allowed = true
		}
	}
	return allowed, nil
}

// statements is one statement or a list of them.
type statements []statement

type statement struct {
	Effect      string
	Action      patterns
	NotAction   patterns
	Resource    patterns
	NotResource patterns
	Condition   policy.Conditions
}

// covers reports whether a statement is about calls of that resource.
func (s *statement) covers(arn string) bool {
	action, resource := func(of patterns) bool { return of.match(strings.ToLower(invokeAction), strings.ToLower) },
		func(of patterns) bool { return of.match(arn, func(p string) string { return p }) }
	return (action(s.Action) || s.NotAction != nil && !action(s.NotAction)) &&
		(resource(s.Resource) || s.NotResource != nil && !resource(s.NotResource))
}

// UnmarshalJSON implements [json.Unmarshaler].
func (s *statements) UnmarshalJSON(raw []byte) error {
	var many []statement
	if err := json.Unmarshal(raw, &many); err == nil {
		*s = many
		return nil
	}
	var one statement
	err := json.Unmarshal(raw, &one)
	*s = statements{one}
	return err
}

// patterns is one pattern or a list of them.
type patterns []string

// UnmarshalJSON implements [json.Unmarshaler].
func (p *patterns) UnmarshalJSON(raw []byte) error {
	var one string
	if err := json.Unmarshal(raw, &one); err == nil {
		*p = patterns{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(p))
}

func (p patterns) match(text string, fold func(string) string) bool {
	for _, pattern := range p {
		if policy.Glob(fold(pattern), text) {
			return true
		}
	}
	return false
}

// anyText is a value of JSON as text.
func anyText(v any) string {
	if text, ok := v.(string); ok {
		return text
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(raw)
}
