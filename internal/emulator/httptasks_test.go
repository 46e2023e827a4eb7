package emulator_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

// web is a server that tells of the requests that it gets, answers as their paths
// say, and gives tokens, of which it takes the newest only.
type web struct {
	*httptest.Server
	mu     sync.Mutex
	tokens int
	asked  []string // the forms of requests for tokens
}

func newWeb(t *testing.T) *web {
	s := &web{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		defer s.mu.Unlock()
		switch r.URL.Path {
		case "/token":
			s.tokens++
			s.asked = append(s.asked, string(body))
			_, _ = fmt.Fprintf(w, `{"access_token":"t%d","expires_in":3600}`, s.tokens)
			return
		case "/private":
			if r.Header.Get("Authorization") != fmt.Sprintf("Bearer t%d", s.tokens) {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
		case "/missing":
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, "not here")
			return
		case "/picture":
			w.Header().Set("Content-Type", "image/png")
			return
		case "/large":
			_, _ = io.WriteString(w, strings.Repeat("a", 300_000))
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"method": r.Method, "uri": r.RequestURI, "header": r.Header, "body": string(body)})
	}))
	t.Cleanup(s.Close)
	return s
}

// connect makes a connection and returns its ARN once it is authorized.
func connect(t *testing.T, cfg aws.Config, name string, kind ebtypes.ConnectionAuthorizationType, p ebtypes.CreateConnectionAuthRequestParameters) string {
	t.Helper()
	c := eventbridge.NewFromConfig(cfg)
	out, err := c.CreateConnection(t.Context(), &eventbridge.CreateConnectionInput{Name: &name, AuthorizationType: kind, AuthParameters: &p})
	must(t, err)
	until(t, "the connection is authorized", func() bool {
		d, err := c.DescribeConnection(t.Context(), &eventbridge.DescribeConnectionInput{Name: &name})
		return err == nil && d.ConnectionState == ebtypes.ConnectionStateAuthorized
	})
	return *out.ConnectionArn
}

func httpTask(arguments string) string {
	return `{"QueryLanguage":"JSONata","StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::http:invoke","Arguments":` + arguments + `,"End":true}}}`
}

// TestHTTPTask has HTTP tasks call a server of this machine with the connections of
// EventBridge.
func TestHTTPTask(t *testing.T) {
	t.Parallel()
	s := newWeb(t)
	cfg := config(start(t, emulator.Config{}))
	c := states(t, cfg)
	basic := connect(t, cfg, "basic", ebtypes.ConnectionAuthorizationTypeBasic, ebtypes.CreateConnectionAuthRequestParameters{
		BasicAuthParameters: &ebtypes.CreateConnectionBasicAuthRequestParameters{Username: aws.String("user"), Password: aws.String("hidden")},
	})
	key := connect(t, cfg, "key", ebtypes.ConnectionAuthorizationTypeApiKey, ebtypes.CreateConnectionAuthRequestParameters{
		ApiKeyAuthParameters: &ebtypes.CreateConnectionApiKeyAuthRequestParameters{ApiKeyName: aws.String("x-key"), ApiKeyValue: aws.String("hidden")},
		InvocationHttpParameters: &ebtypes.ConnectionHttpParameters{
			HeaderParameters:      []ebtypes.ConnectionHeaderParameter{{Key: aws.String("X-Both"), Value: aws.String("connection")}},
			QueryStringParameters: []ebtypes.ConnectionQueryStringParameter{{Key: aws.String("q"), Value: aws.String("hidden"), IsValueSecret: true}},
			BodyParameters:        []ebtypes.ConnectionBodyParameter{{Key: aws.String("b"), Value: aws.String("connection")}},
		},
	})
	oauth := connect(t, cfg, "oauth", ebtypes.ConnectionAuthorizationTypeOauthClientCredentials, ebtypes.CreateConnectionAuthRequestParameters{
		OAuthParameters: &ebtypes.CreateConnectionOAuthRequestParameters{
			AuthorizationEndpoint: aws.String(s.URL + "/token"), HttpMethod: ebtypes.ConnectionOAuthHttpMethodPost,
			ClientParameters:    &ebtypes.CreateConnectionOAuthClientRequestParameters{ClientID: aws.String("me"), ClientSecret: aws.String("hidden")},
			OAuthHttpParameters: &ebtypes.ConnectionHttpParameters{BodyParameters: []ebtypes.ConnectionBodyParameter{{Key: aws.String("audience"), Value: aws.String("shop")}}},
		},
	})
	s.mu.Lock()
	if got, want := strings.Join(s.asked, " "), "audience=shop&client_id=me&client_secret=hidden&grant_type=client_credentials"; got != want {
		t.Errorf("asked for a token with %s, want %s", got, want)
	}
	s.tokens++ // so that the one which the connection has is refused
	s.mu.Unlock()
	for _, row := range []struct {
		name, arguments string // ConnectionArn apart
		connection      string
		output          []string // parts of it
		failure         string   // the error, and the beginning of the cause
	}{
		{"basic", `"Method":"GET","ApiEndpoint":"WEB/a?x=1","QueryParameters":{"q":["1 2","3"],"n":4},"Headers":{"X-One":["1","2"]}`, basic,
			[]string{`"uri":"/a?x=1&q=1%202&q=3&n=4"`, `"Authorization":["Basic dXNlcjpoaWRkZW4="]`, `"X-One":["1","2"]`, `"Range":["bytes=0-262144"]`, `"Amazon|StepFunctions|HttpInvoke|eu-north-1"`, `"StatusCode":200,"StatusText":"OK"`, `"content-type":["application/json"]`}, ""},
		{"merged", `"Method":"POST","ApiEndpoint":"WEB/a","RequestBody":{"a":1,"b":"task"},"Headers":{"x-both":"task"},"QueryParameters":{"q":"task"}`, key,
			[]string{`"uri":"/a?q=hidden"`, `"X-Both":["connection"]`, `"X-Key":["hidden"]`, `"body":"{\"a\":1,\"b\":\"connection\"}"`, `application/json; charset=UTF-8`}, ""},
		{"a body that is a text", `"Method":"POST","ApiEndpoint":"WEB/a","RequestBody":"text"`, key, nil, "States.Runtime: The request body is no object"},
		{"a token that is refused", `"Method":"GET","ApiEndpoint":"WEB/private"`, oauth, []string{`Bearer t3`}, ""},
		{"a form", `"Method":"PUT","ApiEndpoint":"WEB/a","Headers":{"Content-Type":"application/x-www-form-urlencoded"},"RequestBody":{"a":["x","y"],"o":{"k":"v w"},"n":1},"Transform":{"RequestBodyEncoding":"URL_ENCODED"}`, basic,
			[]string{`"body":"a%5B0%5D=x&a%5B1%5D=y&o%5Bk%5D=v%20w&n=1"`}, ""},
		{"a form with repeated names", `"Method":"PUT","ApiEndpoint":"WEB/a","RequestBody":{"a":["x","y"]},"Transform":{"RequestBodyEncoding":"URL_ENCODED","RequestEncodingOptions":{"ArrayFormat":"REPEAT"}}`, basic, []string{`"body":"a=x&a=y"`}, ""},
		{"a form with commas", `"Method":"PUT","ApiEndpoint":"WEB/a","RequestBody":{"a":["x","y"]},"Transform":{"RequestBodyEncoding":"URL_ENCODED","RequestEncodingOptions":{"ArrayFormat":"COMMAS"}}`, basic, []string{`"body":"a=x,y"`}, ""},
		{"a form with brackets", `"Method":"PUT","ApiEndpoint":"WEB/a","RequestBody":{"a":["x","y"]},"Transform":{"RequestBodyEncoding":"URL_ENCODED","RequestEncodingOptions":{"ArrayFormat":"BRACKETS"}}`, basic, []string{`"body":"a%5B%5D=x&a%5B%5D=y"`}, ""},
		{"a status", `"Method":"GET","ApiEndpoint":"WEB/missing"`, basic, nil, "States.Http.StatusCode.404: not here"},
		{"a picture", `"Method":"GET","ApiEndpoint":"WEB/picture"`, basic, nil, "States.Runtime: The response has the content type image/png"},
		{"a large answer", `"Method":"GET","ApiEndpoint":"WEB/large"`, basic, nil, "States.DataLimitExceeded: The state/task 'http' returned"},
		{"a header of Step Functions'", `"Method":"GET","ApiEndpoint":"WEB/a","Headers":{"X-Amz-Date":"x"}`, basic, nil, "States.Runtime: The header 'X-Amz-Date' is not allowed"},
		{"a method that there is not", `"Method":"TRACE","ApiEndpoint":"WEB/a"`, basic, nil, "States.Runtime: The field 'Method' must be one of"},
		{"another field", `"Method":"GET","ApiEndpoint":"WEB/a","Body":1`, basic, nil, "States.Runtime: The field 'Body' is not supported"},
		{"another machine", `"Method":"GET","ApiEndpoint":"https://api.example.com/a"`, basic, nil, "States.Runtime: the emulator calls only servers of this machine (127.0.0.1, localhost, *.localhost), not api.example.com"},
		{"nobody", `"Method":"GET","ApiEndpoint":"http://127.0.0.1:1/a"`, basic, nil, "States.Http.Socket: The server 127.0.0.1:1 cannot be reached"},
		{"no connection", `"Method":"GET","ApiEndpoint":"WEB/a"`, basic + "0", nil, "Events.ConnectionResource.ResourceNotFound: The connection"},
	} {
		definition := httpTask(strings.ReplaceAll(`{"InvocationConfig":{"ConnectionArn":"`+row.connection+`"},`+row.arguments+`}`, "WEB", s.URL))
		arn := createMachine(t, c, strings.Trim(strings.ReplaceAll(row.name, " ", "-"), "'"), definition, "")
		end := endOf(t, c, startOf(t, c, arn, "{}"))
		if row.failure != "" {
			if got := aws.ToString(end.Error) + ": " + aws.ToString(end.Cause); !strings.HasPrefix(got, row.failure) {
				t.Errorf("%s: got %.200s, want %s", row.name, got, row.failure)
			}
			continue
		}
		for _, part := range row.output {
			if !strings.Contains(aws.ToString(end.Output), part) {
				t.Errorf("%s: got %v %s %s, want %s", row.name, end.Status, aws.ToString(end.Output), aws.ToString(end.Cause), part)
			}
		}
	}
	deauthorized(t, cfg, c, basic)
	tried(t, c, s.URL, key)
}

// deauthorized takes a connection its parameters: what uses it fails.
func deauthorized(t *testing.T, cfg aws.Config, c *sfn.Client, basic string) {
	_, err := eventbridge.NewFromConfig(cfg).DeauthorizeConnection(t.Context(), &eventbridge.DeauthorizeConnectionInput{Name: aws.String("basic")})
	must(t, err)
	arn := createMachine(t, c, "deauthorized", httpTask(`{"Authentication":{"ConnectionArn":"`+basic+`"},"Method":"GET","ApiEndpoint":"http://127.0.0.1:1"}`), "")
	if end := endOf(t, c, startOf(t, c, arn, "{}")); aws.ToString(end.Error) != "Events.ConnectionResource.InvalidConnectionState" {
		t.Errorf("got %s %s", aws.ToString(end.Error), aws.ToString(end.Cause))
	}
}

// tried has TestState show the request of an HTTP task, with what the connection adds
// only where that is asked for.
func tried(t *testing.T, c *sfn.Client, url, connection string) {
	for _, reveal := range []bool{false, true} {
		got, err := c.TestState(t.Context(), &sfn.TestStateInput{
			Definition: aws.String(`{"Type":"Task","Resource":"arn:aws:states:::http:invoke","Parameters":{"Method":"POST","ApiEndpoint":"` + url + `/a","RequestBody":{"a":1},"Headers":{"X-Own":"1"},"Authentication":{"ConnectionArn":"` + connection + `"}},"End":true}`),
			RoleArn:    aws.String(machineRole), InspectionLevel: types.InspectionLevelTrace, RevealSecrets: reveal,
		})
		must(t, err)
		if got.InspectionData.Request == nil || got.InspectionData.Response == nil {
			t.Fatalf("got %v %s", got.InspectionData, aws.ToString(got.Cause))
		}
		r := got.InspectionData.Request
		text := *r.Url + *r.Headers + *r.Body
		if strings.Contains(text, "hidden") != reveal || !strings.Contains(*r.Headers, "X-Own: 1") || *r.Method != "POST" || *got.InspectionData.Response.StatusCode != "200" {
			t.Errorf("reveal %v: got %s, %v", reveal, text, got.InspectionData.Response)
		}
	}
}

// TestConnectionElsewhere does not call servers of the internet for tokens: the
// connection says so.
func TestConnectionElsewhere(t *testing.T) {
	t.Parallel()
	now := clock.NewFake(time.Now())
	c := eventbridge.NewFromConfig(config(start(t, emulator.Config{Clock: now})))
	out, err := c.CreateConnection(t.Context(), &eventbridge.CreateConnectionInput{
		Name: aws.String("c"), AuthorizationType: ebtypes.ConnectionAuthorizationTypeOauthClientCredentials,
		AuthParameters: &ebtypes.CreateConnectionAuthRequestParameters{OAuthParameters: &ebtypes.CreateConnectionOAuthRequestParameters{
			AuthorizationEndpoint: aws.String("https://example.com/token"), HttpMethod: ebtypes.ConnectionOAuthHttpMethodPost,
			ClientParameters: &ebtypes.CreateConnectionOAuthClientRequestParameters{ClientID: aws.String("me"), ClientSecret: aws.String("hidden")},
		}},
	})
	if err != nil || out.ConnectionState != ebtypes.ConnectionStateAuthorizing {
		t.Fatalf("got %v, %v", out, err)
	}
	until(t, "the connection is given up", func() bool {
		now.Advance(time.Second)
		d, err := c.DescribeConnection(t.Context(), &eventbridge.DescribeConnectionInput{Name: aws.String("c")})
		return err == nil && d.ConnectionState == ebtypes.ConnectionStateDeauthorized && strings.Contains(aws.ToString(d.StateReason), "not example.com")
	})
}

// TestAPITask has tasks call a deployed API: without a name, signed in the machine's
// role, and with a task token.
func TestAPITask(t *testing.T) {
	t.Parallel()
	s := newWeb(t)
	cfg := config(start(t, emulator.Config{}))
	c, apis := states(t, cfg), apigatewayv2.NewFromConfig(cfg)
	_, err := iam.NewFromConfig(cfg).PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{
		RoleName: aws.String("machine"), PolicyName: aws.String("p"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"}]}`),
	})
	must(t, err)
	api, err := apis.CreateApi(t.Context(), &apigatewayv2.CreateApiInput{Name: aws.String("a"), ProtocolType: apitypes.ProtocolTypeHttp, Target: aws.String(s.URL + "/{proxy}"), RouteKey: aws.String("ANY /open/{proxy+}")})
	must(t, err)
	routes, err := apis.GetRoutes(t.Context(), &apigatewayv2.GetRoutesInput{ApiId: api.ApiId})
	must(t, err)
	_, err = apis.CreateRoute(t.Context(), &apigatewayv2.CreateRouteInput{ApiId: api.ApiId, RouteKey: aws.String("ANY /signed/{proxy+}"), AuthorizationType: apitypes.AuthorizationTypeAwsIam, Target: routes.Items[0].Target})
	must(t, err)
	_, err = apis.CreateStage(t.Context(), &apigatewayv2.CreateStageInput{ApiId: api.ApiId, StageName: aws.String("live"), AutoDeploy: aws.Bool(true)})
	must(t, err)
	host := *api.ApiId + ".execute-api.eu-north-1.amazonaws.com"
	task := func(resource, arguments string) string {
		return `{"QueryLanguage":"JSONata","StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::apigateway:invoke` + resource + `","Arguments":` + arguments + `,"End":true}}}`
	}
	for _, row := range []struct {
		name, arguments string
		output          []string
		failure         string
	}{
		{"open", `{"ApiEndpoint":"HOST","Method":"POST","Path":"/open/a","QueryParameters":{"q":["1 2","3"]},"Headers":{"X-Own":["1","2"]},"RequestBody":{"a":1,"n":null}}`,
			[]string{`"body":"{\"a\":1}"`, `q=1%202&q=3`, `"X-Own":["1","2"]`, `"StatusCode":200,"StatusText":"OK"`, `"Apigw-Requestid"`}, ""},
		{"nulls", `{"ApiEndpoint":"HOST","Method":"POST","Path":"open/a","RequestBody":{"a":1,"n":null},"AllowNullValues":true}`, []string{`{\"a\":1,\"n\":null}`}, ""},
		{"text", `{"ApiEndpoint":"HOST","Method":"POST","Path":"open/a","RequestBody":"text"}`, []string{`"body":"\"text\""`, `"Content-Type":["application/json"]`}, ""},
		{"stage", `{"ApiEndpoint":"HOST","Method":"GET","Stage":"live","Path":"open/a","AuthType":"NO_AUTH"}`, []string{`"method":"GET"`}, ""},
		{"own-address", `{"ApiEndpoint":"` + *api.ApiEndpoint + `","Method":"GET","Path":"open/a","AuthType":"RESOURCE_POLICY"}`, []string{`"method":"GET"`}, ""},
		{"signed", `{"ApiEndpoint":"HOST","Method":"PUT","Path":"signed/a b","QueryParameters":{"q":"x/y z"},"RequestBody":{"a":1},"AuthType":"IAM_ROLE"}`, []string{`"method":"PUT"`}, ""},
		{"unsigned", `{"ApiEndpoint":"HOST","Method":"GET","Path":"signed/a"}`, nil, `ApiGateway.403: {"message":"Forbidden"}`},
		{"missing", `{"ApiEndpoint":"HOST","Method":"GET","Path":"other"}`, nil, `ApiGateway.404: {"message":"Not Found"}`},
		{"status", `{"ApiEndpoint":"HOST","Method":"GET","Path":"open/missing"}`, nil, `ApiGateway.404: not here`},
		{"header", `{"ApiEndpoint":"HOST","Method":"GET","Headers":{"Authorization":["x"]}}`, nil, `States.Runtime: The header 'Authorization' is not allowed`},
		{"auth", `{"ApiEndpoint":"HOST","Method":"GET","AuthType":"OTHER"}`, nil, `States.Runtime: The field 'AuthType' must be`},
		{"elsewhere", `{"ApiEndpoint":"example.com","Method":"GET"}`, nil, `States.Runtime: The field 'ApiEndpoint' must be the host name of an API`},
	} {
		arn := createMachine(t, c, row.name, task("", strings.ReplaceAll(row.arguments, "HOST", host)), "")
		end := endOf(t, c, startOf(t, c, arn, "{}"))
		if got := aws.ToString(end.Error) + ": " + aws.ToString(end.Cause); row.failure != "" && !strings.HasPrefix(got, row.failure) || row.failure == "" && end.Error != nil {
			t.Errorf("%s: got %s, want %s", row.name, got, row.failure)
		}
		for _, part := range row.output {
			if !strings.Contains(aws.ToString(end.Output), part) {
				t.Errorf("%s: got %s, want %s", row.name, aws.ToString(end.Output), part)
			}
		}
	}
	arn := createMachine(t, c, "token", task(".waitForTaskToken", `{"ApiEndpoint":"`+host+`","Method":"GET","Path":"open/a","Headers":{"TaskToken":"{% [$states.context.Task.Token] %}"}}`), "")
	x := startOf(t, c, arn, "{}")
	var token string
	until(t, "the task is submitted", func() bool {
		h, err := c.GetExecutionHistory(t.Context(), &sfn.GetExecutionHistoryInput{ExecutionArn: &x})
		must(t, err)
		i := slices.IndexFunc(h.Events, func(e types.HistoryEvent) bool { return e.Type == types.HistoryEventTypeTaskSubmitted })
		if i >= 0 {
			token = taskToken.FindString(*h.Events[i].TaskSubmittedEventDetails.Output)
		}
		return token != ""
	})
	_, err = c.SendTaskSuccess(t.Context(), &sfn.SendTaskSuccessInput{TaskToken: &token, Output: aws.String(`"done"`)})
	must(t, err)
	if end := endOf(t, c, x); aws.ToString(end.Output) != `"done"` {
		t.Errorf("got %s %s", aws.ToString(end.Output), aws.ToString(end.Cause))
	}
}
