package emulator_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
)

// The links between the services: one function behind one route.

// whoami answers what it was asked with, and with which key it calls home.
const whoami = `
import os
from urllib.request import urlopen
def handler(event, context):
    if event.get("hang"):
        while True: pass
    if event.get("gate"):
        urlopen(event["gate"])
        return {"health": urlopen(os.environ["AWS_ENDPOINT_URL"] + "/_aws/health").status}
    print("asked for " + event.get("rawPath", "nothing"))
    return {"path": event.get("rawPath"), "home": os.environ["AWS_ENDPOINT_URL"],
            "id": os.environ["AWS_ACCESS_KEY_ID"], "secret": os.environ["AWS_SECRET_ACCESS_KEY"], "token": os.environ["AWS_SESSION_TOKEN"]}
`

// deployed is a function and a route to it.
type deployed struct {
	c             aws.Config
	api, function string // id and ARN
}

func deploy(t *testing.T, c aws.Config) deployed {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var code bytes.Buffer
	z := zip.NewWriter(&code)
	f, err := z.Create("app.py")
	must(err)
	_, err = io.WriteString(f, whoami)
	must(err)
	must(z.Close())

	functions := lambda.NewFromConfig(c)
	create := &lambda.CreateFunctionInput{
		FunctionName: aws.String("whoami"), Runtime: lambdatypes.RuntimePython312, Handler: aws.String("app.handler"),
		Role: aws.String("arn:aws:iam::000000000000:role/whoami"), Code: &lambdatypes.FunctionCode{ZipFile: code.Bytes()},
		Timeout: aws.Int32(300),
	}
	_, err = functions.CreateFunction(ctx, create)
	if err == nil || !strings.Contains(err.Error(), "The role defined for the function cannot be assumed by Lambda.") {
		t.Errorf("a function without its role: got %v, want Lambda's refusal", err)
	}
	functionRole(t, c, "whoami")
	function, err := functions.CreateFunction(ctx, create)
	must(err)
	until(t, "the function becomes active", func() bool {
		now, err := functions.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: function.FunctionArn})
		return err == nil && now.State == lambdatypes.StateActive
	})

	apis := apigatewayv2.NewFromConfig(c)
	api, err := apis.CreateApi(ctx, &apigatewayv2.CreateApiInput{Name: aws.String("x"), ProtocolType: apitypes.ProtocolTypeHttp})
	must(err)
	integration, err := apis.CreateIntegration(ctx, &apigatewayv2.CreateIntegrationInput{
		ApiId: api.ApiId, IntegrationType: apitypes.IntegrationTypeAwsProxy, IntegrationUri: function.FunctionArn, PayloadFormatVersion: aws.String("2.0"),
	})
	must(err)
	_, err = apis.CreateRoute(ctx, &apigatewayv2.CreateRouteInput{
		ApiId: api.ApiId, RouteKey: aws.String("GET /who"), Target: aws.String("integrations/" + *integration.IntegrationId),
	})
	must(err)
	_, err = apis.CreateStage(ctx, &apigatewayv2.CreateStageInput{ApiId: api.ApiId, StageName: aws.String("$default"), AutoDeploy: aws.Bool(true)})
	must(err)
	return deployed{c, *api.ApiId, *function.FunctionArn}
}

// permit lets API Gateway call the function.
func (d deployed) permit(t *testing.T) {
	t.Helper()
	_, err := lambda.NewFromConfig(d.c).AddPermission(t.Context(), &lambda.AddPermissionInput{
		FunctionName: &d.function, StatementId: aws.String("api"), Action: aws.String("lambda:InvokeFunction"),
		Principal: aws.String("apigateway.amazonaws.com"), SourceArn: aws.String("arn:aws:execute-api:eu-north-1:000000000000:" + d.api + "/*/*/who"),
	})
	if err != nil {
		t.Fatal(err)
	}
}

// until waits for what the emulator does by itself.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(2 * time.Minute); !is(); {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func python(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("python3", "--version").CombinedOutput(); err != nil {
		t.Skipf("python3 is missing: %v %s", err, out)
	}
}

func TestFunctionBehindRoute(t *testing.T) {
	t.Parallel()
	python(t)
	e := start(t, emulator.Config{})
	d := deploy(t, config(e))
	base := urlOf(t, e)
	get := func(via doer, url, host, origin string) (int, string) {
		t.Helper()
		req, err := http.NewRequest(http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		if origin != "" {
			req.Header.Set("Origin", origin)
		}
		return status(t, via, req)
	}

	byPath, byHost := "/_aws/execute-api/"+d.api+"/who", d.api+".execute-api.localhost"
	if got, body := get(http.DefaultClient, base+byPath, "", ""); got != 500 {
		t.Errorf("without a permission: got %d %s, want 500", got, body)
	}
	d.permit(t)
	for _, c := range []struct {
		name      string
		via       doer
		url, host string
		origin    string
		want      int
	}{
		{name: "by path", via: http.DefaultClient, url: base + byPath, want: 200},
		{name: "by host", via: http.DefaultClient, url: base + "/who", host: byHost, want: 200},
		{name: "by a page", via: http.DefaultClient, url: base + byPath, origin: "http://a.example", want: 200},
		{name: "in process, by path", via: e, url: "http://x" + byPath, want: 200},
		{name: "in process, by AWS's host", via: e, url: "https://" + d.api + ".execute-api.eu-north-1.amazonaws.com/who", want: 200},
		{name: "no such route", via: http.DefaultClient, url: base + byPath + "/else", want: 404},
		{name: "no such API", via: http.DefaultClient, url: base + "/_aws/execute-api/none/who", want: 404},
		{name: "no such page", via: http.DefaultClient, url: base + "/_aws/none", want: 404},
	} {
		if got, body := get(c.via, c.url, c.host, c.origin); got != c.want {
			t.Errorf("%s: got %d %s, want %d", c.name, got, body, c.want)
		}
	}
	d.calledHome(t, e)
	d.logged(t)
	d.downloads(t)
}

// calledHome checks that the function got the credentials of its role.
func (d deployed) calledHome(t *testing.T, e *emulator.Emulator) {
	t.Helper()
	resp, err := http.Get(urlOf(t, e) + "/_aws/execute-api/" + d.api + "/who")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var got struct{ Path, Home, ID, Secret, Token string }
	decode(t, resp.Body, &got)
	if got.Path != "/who" || got.Home != urlOf(t, e) {
		t.Errorf("got path %q and home %q, want /who and %s", got.Path, got.Home, urlOf(t, e))
	}
	c := d.c
	c.Credentials = credentials.NewStaticCredentialsProvider(got.ID, got.Secret, got.Token)
	who, err := sts.NewFromConfig(c).GetCallerIdentity(t.Context(), nil)
	if want := "arn:aws:sts::000000000000:assumed-role/whoami/whoami"; err != nil || *who.Arn != want {
		t.Errorf("the function is %+v (%v), want %s", who, err, want)
	}
	c.Credentials = credentials.NewStaticCredentialsProvider(got.ID, got.Secret, "another")
	if got, want := code(sts.NewFromConfig(c).GetCallerIdentity(t.Context(), nil)), "InvalidClientTokenId"; got != want {
		t.Errorf("with another token: got %s, want %s", got, want)
	}
}

// logged waits for the lines of an invocation.
func (d deployed) logged(t *testing.T) {
	t.Helper()
	logs := cloudwatchlogs.NewFromConfig(d.c)
	want := []string{"START RequestId: ", "asked for /who", "END RequestId: ", "REPORT RequestId: "}
	until(t, "the log has all lines", func() bool {
		out, err := logs.FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("/aws/lambda/whoami")})
		if err != nil {
			return false
		}
		var text strings.Builder
		for _, e := range out.Events {
			text.WriteString(*e.Message)
		}
		rest := text.String()
		for _, w := range want {
			_, after, found := strings.Cut(rest, w)
			if !found {
				return false
			}
			rest = after
		}
		return true
	})
}

// downloads fetches the function's package from where GetFunction says.
func (d deployed) downloads(t *testing.T) {
	t.Helper()
	out, err := lambda.NewFromConfig(d.c).GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: &d.function})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get(*out.Code.Location)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || int64(len(raw)) != out.Configuration.CodeSize {
		t.Errorf("got %s and %d bytes (%v), want %d", resp.Status, len(raw), err, out.Configuration.CodeSize)
	}
}

// A reset ends what runs, forgets everything, and leaves an emulator that works.
func TestReset(t *testing.T) {
	t.Parallel()
	python(t)
	for _, dir := range []string{"", t.TempDir()} {
		e := start(t, emulator.Config{DataDir: dir})
		c := config(e)
		d := deploy(t, c)
		functions := lambda.NewFromConfig(c)
		if _, err := functions.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &d.function}); err != nil {
			t.Fatal(err)
		}
		hung := make(chan error, 1)
		go func() {
			_, err := functions.Invoke(context.Background(), &lambda.InvokeInput{FunctionName: &d.function, Payload: []byte(`{"hang":true}`)})
			hung <- err
		}()
		if err := e.Reset(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-hung // it would take 300 seconds
		if n, err := e.Deployed(); err != nil || n != 0 {
			t.Errorf("after a reset: %d things (%v), want none", n, err)
		}
		deploy(t, c)
		if n, err := e.Deployed(); err != nil || n == 0 {
			t.Errorf("deployed again: %d things (%v)", n, err)
		}
	}
}
