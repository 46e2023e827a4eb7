package sfn

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/run"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// late gives credentials when the task that wants them has been given up.
type late struct{ asked chan struct{} }

// Credentials implements [Connections].
func (l late) Credentials(ctx context.Context, _ string) (http.Header, url.Values, map[string]string, error) {
	close(l.asked)
	<-ctx.Done()
	return http.Header{"X-Key": {"hidden"}}, nil, nil, nil
}

// Renew implements [Connections].
func (late) Renew(context.Context, string) bool { return false }

// open asks for nothing.
type open struct{ late }

// Credentials implements [Connections].
func (open) Credentials(context.Context, string) (http.Header, url.Values, map[string]string, error) {
	return nil, nil, nil, nil
}

func object(t *testing.T, text string) *jsonvalue.Object {
	t.Helper()
	v, err := jsonvalue.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v.(*jsonvalue.Object)
}

// TestTrialTimesOut shows the trial of a task that has timed out while its request is
// still being made.
func TestTrialTimesOut(t *testing.T) {
	t.Parallel()
	s := service(t)
	asked := make(chan struct{})
	s.Connections = late{asked}
	go func() {
		<-asked
		s.env.Clock.(*clock.Fake).Advance(requestTime)
	}()
	out, err := s.TestState(ctx(t), &sfn.TestStateInput{
		Definition: ptr(`{"Type":"Task","Resource":"arn:aws:states:::http:invoke","TimeoutSeconds":1,"Parameters":{"Method":"GET","ApiEndpoint":"http://127.0.0.1:1","Authentication":{"ConnectionArn":"c"}},"End":true}`),
		RoleArn:    ptr(role), InspectionLevel: types.InspectionLevelTrace,
	})
	if err != nil || value(out.Error) != "States.Timeout" {
		t.Errorf("got %v, %v", out, err)
	}
	s.work.Wait()
}

// TestLargeAnswer takes an answer that is too long as a text, wherever it is cut.
func TestLargeAnswer(t *testing.T) {
	t.Parallel()
	s := service(t)
	s.Connections = open{}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.URL.Path[1:]+strings.Repeat("€", run.MaxPayload/2))
	}))
	t.Cleanup(web.Close)
	t.Cleanup(s.away.CloseIdleConnections)
	for _, first := range []string{"", "a", "aa"} {
		text, f := s.invokeHTTP(ctx(t), object(t, `{"Method":"GET","ApiEndpoint":"`+web.URL+"/"+first+`","Authentication":{"ConnectionArn":"c"}}`))
		if f != nil || len(text) <= run.MaxPayload {
			t.Errorf("%q: got %d bytes, %v, want more than a result can have", first, len(text), f)
		}
	}
}

// TestRequestFields refuses fields that nothing would be done with.
func TestRequestFields(t *testing.T) {
	t.Parallel()
	s := service(t)
	s.Connections, s.APIs = open{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = io.WriteString(w, r.Host+r.RequestURI+" "+string(body))
	})
	web := `"Method":"GET","ApiEndpoint":"http://127.0.0.1:1","Authentication":{"ConnectionArn":"c"}`
	api := `"Method":"GET","ApiEndpoint":"a1.execute-api.eu-north-1.amazonaws.com"`
	at := func(endpoint string) string { return `"Method":"GET","ApiEndpoint":"` + endpoint + `"` }
	for _, row := range []struct {
		service, params string
		want            string // the beginning of the cause, or a part of the result
	}{
		{"http", web + `,"Transform":"URL_ENCODED"`, "The field 'Transform' must be an object"},
		{"http", web + `,"Transform":{"RequestBodyEncoding":1}`, "The field 'RequestBodyEncoding' must be a text"},
		{"http", web + `,"Transform":{"RequestEncoding":"NONE"}`, "The field 'RequestEncoding' of 'Transform' is not supported"},
		{"http", web + `,"Transform":{"RequestEncodingOptions":{"ArrayFormats":"COMMAS"}}`, "The field 'ArrayFormats' of 'RequestEncodingOptions' is not supported"},
		{"http", web + `,"InvocationConfig":"c"`, "The field 'InvocationConfig' must be an object"},
		{"apigateway", api + `,"Stage":5`, "The field 'Stage' must be a text"},
		{"apigateway", api + `,"Path":["a"]`, "The field 'Path' must be a text"},
		{"apigateway", api + `,"AuthType":{"a":1}`, "The field 'AuthType' must be a text"},
		{"apigateway", api + `,"AllowNullValues":"true"`, "The field 'AllowNullValues' must be true or false"},
		{"apigateway", at("a1.execute-api.eu-north-1.amazonaws.com/live"), "The field 'ApiEndpoint' must be the host name"},
		{"apigateway", at("a1.execute-api.eu-north-1.amazonaws.com.example.com"), "The field 'ApiEndpoint' must be the host name"},
		{"apigateway", at("http://127.0.0.1:1/_aws/execute-api/a1/live"), "The field 'ApiEndpoint' must be the host name"},
		{"apigateway", at("http://127.0.0.1:1/_aws/execute-api/a1"), "a1.execute-api.eu-north-1.amazonaws.com/ "},
		{"apigateway", at("a1.execute-api.localhost:80"), "a1.execute-api.eu-north-1.amazonaws.com/ "},
		{"apigateway", api + `,"QueryParameters":{"q":null,"r":"1"},"RequestBody":{"l":[{"a":null,"b":1}]}`, `/?r=1 {\"l\":[{\"b\":1}]}`},
		{"apigateway", api + `,"AllowNullValues":true,"RequestBody":null`, `/ null`},
	} {
		call := func() (string, *run.Failure) { return s.invokeHTTP(ctx(t), object(t, "{"+row.params+"}")) }
		if row.service == "apigateway" {
			call = func() (string, *run.Failure) {
				return s.invokeAPI(ctx(t), &execution{}, role, object(t, "{"+row.params+"}"))
			}
		}
		text, f := call()
		if f != nil && !strings.HasPrefix(value(f.Cause), row.want) || f == nil && !strings.Contains(text, row.want) {
			t.Errorf("%s: got %s %v, want %s", row.params, text, f, row.want)
		}
	}
}

// TestRedriveQuota redrives no execution where as many run as can.
func TestRedriveQuota(t *testing.T) {
	t.Parallel()
	s := service(t)
	s.Quotas.Running = 1
	fails := create(t, s, "fails", `{"StartAt":"F","States":{"F":{"Type":"Fail"}}}`, "")
	long := create(t, s, "long", `{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":60,"End":true}}}`, "")
	x, err := s.StartExecution(ctx(t), &sfn.StartExecutionInput{StateMachineArn: &fails})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.StartExecution(ctx(t), &sfn.StartExecutionInput{StateMachineArn: &long}); err != nil {
		t.Fatal(err)
	}
	var full *types.ExecutionLimitExceeded
	if _, err := s.RedriveExecution(ctx(t), &sfn.RedriveExecutionInput{ExecutionArn: x.ExecutionArn}); !errors.As(err, &full) {
		t.Errorf("got %v, want ExecutionLimitExceeded", err)
	}
}

// TestWorkersAtOnce lets as many workers wait as can, however many come at once.
func TestWorkersAtOnce(t *testing.T) {
	t.Parallel()
	s := service(t)
	s.Quotas.Workers = 3
	a, err := s.CreateActivity(ctx(t), &sfn.CreateActivityInput{Name: ptr("a")})
	if err != nil {
		t.Fatal(err)
	}
	const all = 200
	ended := make(chan error, all)
	for range all {
		go func() {
			_, err := s.GetActivityTask(ctx(t), &sfn.GetActivityTaskInput{ActivityArn: a.ActivityArn})
			ended <- err
		}()
	}
	for range all - s.Quotas.Workers {
		var crowd *types.ActivityWorkerLimitExceeded
		if err := <-ended; !errors.As(err, &crowd) {
			t.Errorf("got %v, want ActivityWorkerLimitExceeded", err)
		}
	}
	s.env.Clock.(*clock.Fake).Advance(pollTime)
	for range s.Quotas.Workers {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// regional is a role that trusts Step Functions of a region, for one state machine.
type regional struct{ Roles }

// AssumeForService implements [Roles].
func (regional) AssumeForService(ctx context.Context, _, service, _ string) (accessKey, secretKey, sessionToken string, expires time.Time, err error) {
	if c := env.CallerOf(ctx); service != "states.eu-north-1.amazonaws.com" || c.SourceARN != "MACHINE" || c.SourceAccount != "000000000000" {
		return "", "", "", expires, errors.New("not authorized")
	}
	return "key", "secret", "token", expires, nil
}

// TestRegionalRole signs in a role whose trust policy has the principal of the region
// and the state machine as its source.
func TestRegionalRole(t *testing.T) {
	t.Parallel()
	s := service(t)
	s.Roles = regional{}
	s.APIs = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Header.Get("Authorization")) })
	e := &execution{Scope: env.ScopeOf(ctx(t)), Machine: "MACHINE"}
	text, f := s.invokeAPI(ctx(t), e, role, object(t, `{"Method":"GET","ApiEndpoint":"a1.execute-api.eu-north-1.amazonaws.com","AuthType":"IAM_ROLE"}`))
	if f != nil || !strings.Contains(text, "Credential=key/") {
		t.Errorf("got %s, %v", text, f)
	}
}
