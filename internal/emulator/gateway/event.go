package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/payload"
)

// event1 is the event of payload format 1.0. Members without a value are null.
type event1 struct {
	Version                         string              `json:"version"`
	Type                            string              `json:"type,omitempty"`               // of authorizers
	MethodARN                       string              `json:"methodArn,omitempty"`          // of authorizers
	IdentitySource                  *string             `json:"identitySource,omitempty"`     // of authorizers
	AuthorizationToken              *string             `json:"authorizationToken,omitempty"` // of authorizers
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
	Authorizer        any                `json:"authorizer"`
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

// event returns the JSON event in the integration's format.
func (q *request) event() ([]byte, error) {
	switch format := q.route.Integration.Format; format {
	case "1.0":
		return json.Marshal(q.event1())
	case "2.0":
		return json.Marshal(q.event2())
	default:
		return nil, fmt.Errorf("the payload format %q is unknown", format)
	}
}

func (q *request) event2() *payload.Event {
	e := payload.New(q.Request, q.path, q.body, q.at)
	e.RouteKey = q.route.Key
	e.Headers = payload.Headers(q.headers())
	e.PathParameters = q.values
	e.StageVariables = q.stage.Variables
	c := &e.RequestContext
	c.AccountID = q.api.Scope.Account
	c.APIID = q.api.ID
	c.Authorizer = q.who.format2(q.api.Scope.Account)
	c.DomainName = q.domain()
	c.DomainPrefix = q.prefix()
	c.RequestID = q.id
	c.RouteKey = q.route.Key
	c.Stage = q.stage.Name
	return e
}

// format2 is requestContext.authorizer of format 2.0; nil where the route has none.
func (a *authorized) format2(account string) any {
	switch {
	case a.token:
		return map[string]any{"jwt": map[string]any{"claims": a.claims, "scopes": a.scopes}}
	case a.lambda:
		return map[string]any{"lambda": a.context}
	case a.caller != nil:
		id, _, _ := strings.Cut(a.caller.UserID, ":")
		return map[string]any{"iam": payload.IAM{
			AccessKey: a.caller.AccessKey, AccountID: account, CallerID: id, UserARN: a.caller.ARN, UserID: a.caller.UserID,
		}}
	}
	return nil
}

// format1 is requestContext.authorizer of format 1.0.
func (a *authorized) format1() any {
	switch {
	case a.token:
		return map[string]any{"claims": a.claims, "scopes": a.scopes}
	case a.lambda:
		out := map[string]any{"principalId": a.user, "integrationLatency": a.took.Milliseconds()}
		for name, v := range a.context {
			out[name] = v
		}
		return out
	}
	return nil
}

func (q *request) event1() *event1 {
	text, encoded := payload.Body(q.Request.Header.Get("Content-Type"), q.body)
	resource := q.route.Path
	if resource == "" {
		resource = q.route.Key
	}
	e := &event1{
		Version:           "1.0",
		Resource:          resource,
		Path:              q.path,
		HTTPMethod:        q.Method,
		MultiValueHeaders: q.headers(),
		PathParameters:    q.values,
		StageVariables:    q.stage.Variables,
		Body:              text,
		IsBase64Encoded:   encoded,
		RequestContext: context1{
			AccountID:         q.api.Scope.Account,
			APIID:             q.api.ID,
			Authorizer:        q.who.format1(),
			DomainName:        q.domain(),
			DomainPrefix:      q.prefix(),
			ExtendedRequestID: q.id,
			HTTPMethod:        q.Method,
			Identity:          q.identity(),
			OperationName:     q.route.Operation,
			Path:              q.path,
			Protocol:          q.Proto,
			RequestID:         q.id,
			RequestTime:       q.at.UTC().Format(payload.CLFTime),
			RequestTimeEpoch:  q.at.UnixMilli(),
			ResourceID:        q.route.Key,
			ResourcePath:      resource,
			Stage:             q.stage.Name,
		},
	}
	e.Headers = lasts(e.MultiValueHeaders)
	if parameters := q.parameters(); len(parameters) > 0 {
		e.QueryStringParameters, e.MultiValueQueryStringParameters = lasts(parameters), parameters
	}
	return e
}

// lasts are the last values of many.
func lasts(many map[string][]string) map[string]string {
	one := make(map[string]string, len(many))
	for name, values := range many {
		one[name] = values[len(values)-1]
	}
	return one
}

// identity is who sent a request, in format 1.0.
func (q *request) identity() map[string]*string {
	ip, agent := payload.Source(q.Request), q.UserAgent()
	id := map[string]*string{
		"accessKey": nil, "accountId": nil, "caller": nil, "cognitoAmr": nil,
		"cognitoAuthenticationProvider": nil, "cognitoAuthenticationType": nil,
		"cognitoIdentityId": nil, "cognitoIdentityPoolId": nil, "principalOrgId": nil,
		"sourceIp": &ip, "user": nil, "userAgent": &agent, "userArn": nil,
	}
	if c := q.who.caller; c != nil {
		s := q.signer()
		id["accessKey"], id["accountId"], id["caller"], id["user"], id["userArn"] = &c.AccessKey, &s.account, &s.id, &s.id, &s.arn
	}
	return id
}

var _ http.ResponseWriter = (*request)(nil)
