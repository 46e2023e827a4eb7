package sfn

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/run"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// gatewayHeaders are those that tasks which call APIs must not set.
var gatewayHeaders = []string{
	"X-Forwarded*", "X-Amz*", "Authorization", "Connection", "Content-md5", "Expect", "Host", "Max-Forwards", "Proxy-Authenticate", "Server", "TE",
	"Transfer-Encoding", "Trailer", "Upgrade", "Via", "Www-Authenticate",
}

// localAPI is where the emulator serves APIs by path: what follows is an API's id.
const localAPI = "/_aws/execute-api/"

// hosts are the names of APIs: their ids and regions.
var hosts = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([a-z0-9]+)\.execute-api\.(?:([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?|localhost(?::[0-9]+)?)$`)
})

// apiOf is the id of the API that an endpoint names and the region that it is in, ""
// where it does not tell: ID.execute-api.REGION.amazonaws.com, or what the emulator
// gives as the endpoint of an API. Stages and paths are no part of it.
func apiOf(endpoint string) (id, region string, ok bool) {
	if _, path, local := strings.Cut(endpoint, localAPI); local {
		id = strings.TrimSuffix(path, "/")
		return id, "", id != "" && !strings.ContainsAny(id, "/?#.:@")
	}
	m := hosts().FindStringSubmatch(endpoint)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// invokeAPI calls a deployed API, in a role where the task wants that.
func (s *Service) invokeAPI(ctx context.Context, e *execution, role string, params *jsonvalue.Object) (string, *run.Failure) {
	a := arguments{params}
	if f := a.check([]string{"ApiEndpoint", "Method"}, "Headers", "Stage", "Path", "QueryParameters", "RequestBody", "AllowNullValues", "AuthType"); f != nil {
		return "", f
	}
	if f := a.texts("Stage", "Path", "AuthType"); f != nil {
		return "", f
	}
	switch allowed := a.Get("AllowNullValues").(type) {
	case nil, jsonvalue.Null:
		a = arguments{withoutNulls(params)}
	case bool:
		if !allowed {
			a = arguments{withoutNulls(params)}
		}
	default:
		return "", wrong("The field 'AllowNullValues' must be true or false")
	}
	id, region, ok := apiOf(a.text("ApiEndpoint"))
	if !ok {
		return "", wrong("The field 'ApiEndpoint' must be the host name of an API, such as ID.execute-api.REGION.amazonaws.com, not '%s'", a.text("ApiEndpoint"))
	}
	scope := env.ScopeOf(ctx)
	if region == "" {
		region = scope.Region
	}
	header, failure := a.headers(gatewayHeaders)
	if failure != nil {
		return "", failure
	}
	names, query, failure := a.lists("QueryParameters")
	if failure != nil {
		return "", failure
	}
	body := a.body()
	if header.Get("Content-Type") == "" && len(body) > 0 {
		header.Set("Content-Type", "application/json")
	}
	path := "/"
	for _, part := range []string{a.text("Stage"), a.text("Path")} {
		if part = strings.Trim(part, "/"); part != "" {
			path = strings.TrimSuffix(path, "/") + "/" + part
		}
	}
	address := "https://" + id + ".execute-api." + region + ".amazonaws.com" + path
	if q := queryOf(names, query); q != "" {
		address += "?" + q
	}
	r, err := http.NewRequestWithContext(ctx, a.text("Method"), address, bytes.NewReader(body))
	if err != nil {
		return "", wrong("The request cannot be made: %s", err)
	}
	header.Set("User-Agent", "Amazon|StepFunctions|"+region)
	r.Header, r.RequestURI, r.RemoteAddr = header, r.URL.RequestURI(), "127.0.0.1:443"
	switch auth := a.text("AuthType"); auth {
	case "", "NO_AUTH", "RESOURCE_POLICY": // HTTP APIs have no resource policies, and ask nothing of services
	case "IAM_ROLE":
		if failure := s.sign(e, r, body, role, region); failure != nil {
			return "", failure
		}
	default:
		return "", wrong("The field 'AuthType' must be NO_AUTH, IAM_ROLE or RESOURCE_POLICY, not '%s'", auth)
	}
	r = r.WithContext(env.WithCaller(ctx, env.Caller{})) // it is known by its signature, or not at all
	answer, whole := serve(s.APIs, r)
	if ctx.Err() != nil {
		return "", wrong("The execution has ended")
	}
	if !whole {
		f := run.Fails("ApiGateway.SdkClientException", "The API has cut its answer")
		return "", &f
	}
	return answer.outcome("ApiGateway.")
}

// body is the request's body: JSON, also of a text, or nothing.
func (a arguments) body() []byte {
	v := a.Get("RequestBody")
	if v == nil {
		return nil
	}
	return jsonvalue.Marshal(v)
}

// withoutNulls is an object without the members that are null, at any depth.
func withoutNulls(o *jsonvalue.Object) *jsonvalue.Object {
	out := jsonvalue.NewObject(o.Len())
	for name, v := range o.All() {
		if _, null := v.(jsonvalue.Null); !null {
			out.Set(name, innerWithoutNulls(v))
		}
	}
	return out
}

func innerWithoutNulls(v any) any {
	switch v := v.(type) {
	case *jsonvalue.Object:
		return withoutNulls(v)
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = innerWithoutNulls(item)
		}
		return list
	}
	return v
}

// sign signs a request in a role, which Step Functions assumes for the state machine
// of an execution by the name of which the role trusts it.
func (s *Service) sign(e *execution, r *http.Request, body []byte, role, region string) *run.Failure {
	var key, secret, token string
	var err error
	for _, principal := range []string{Principal, "states." + e.Scope.Region + ".amazonaws.com"} {
		if key, secret, token, _, err = s.Roles.AssumeForService(s.as(e), role, principal, "StepFunctions"); err == nil {
			break
		}
	}
	if err != nil {
		why := err.Error()
		var api smithy.APIError
		if errors.As(err, &api) {
			why = api.ErrorMessage()
		}
		f := run.Fails("States.TaskFailed", why)
		return &f
	}
	sum := sha256.Sum256(body)
	at := s.env.Clock.Now()
	credentials := aws.Credentials{AccessKeyID: key, SecretAccessKey: secret, SessionToken: token}
	if err := v4.NewSigner().SignHTTP(r.Context(), credentials, r, hex.EncodeToString(sum[:]), "execute-api", region, at); err != nil {
		return wrong("The request cannot be signed: %s", err)
	}
	return nil
}

// recorder takes the answer of a handler.
type recorder struct {
	reply
	sent bool
}

// Header implements [http.ResponseWriter].
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader implements [http.ResponseWriter].
func (r *recorder) WriteHeader(status int) {
	if !r.sent && status >= http.StatusOK {
		r.sent, r.status = true, status
	}
}

// Write implements [http.ResponseWriter]. What no result can hold is not kept.
func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	room := max(run.MaxPayload+2-len(r.body), 0)
	r.body = append(r.body, b[:min(len(b), room)]...)
	return len(b), nil
}

// serve has a handler answer a request. An answer that the handler gave up is not
// whole.
func serve(h http.Handler, r *http.Request) (answer *reply, whole bool) {
	w := &recorder{reply: reply{status: http.StatusOK, header: http.Header{}}}
	defer func() {
		if p := recover(); p != nil {
			if err, ok := p.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			answer, whole = nil, false
		}
	}()
	h.ServeHTTP(w, r)
	return &w.reply, true
}
