package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	apischemas "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/schemas"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logsschemas "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/schemas"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbschemas "github.com/aws/aws-sdk-go-v2/service/dynamodb/schemas"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdaschemas "github.com/aws/aws-sdk-go-v2/service/lambda/schemas"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
)

// stubs is a service per protocol, whose operations show that what they get and
// what they return went over the wire.
type stubs struct{}

func (stubs) PutItem(ctx context.Context, in *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
	switch *in.TableName {
	case "missing":
		return nil, &types.ResourceNotFoundException{Message: aws.String("Cannot do operations on a non-existent table")}
	case "broken":
		return nil, errors.New("a secret of the emulator")
	case "panics":
		panic("a secret of the emulator")
	}
	return &dynamodb.PutItemOutput{
		Attributes: in.Item,
		ConsumedCapacity: &types.ConsumedCapacity{
			TableName: aws.String(env.ScopeOf(ctx).ARN("dynamodb", "table/"+*in.TableName)),
		},
	}, nil
}

func (stubs) Query(context.Context, *dynamodb.QueryInput) (*dynamodb.QueryOutput, error) {
	return &dynamodb.QueryOutput{Items: []map[string]types.AttributeValue{}}, nil
}

func (stubs) Invoke(_ context.Context, in *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
	if *in.FunctionName == "busy" {
		return nil, &lambdatypes.TooManyRequestsException{
			Message: aws.String("Rate Exceeded."), Reason: lambdatypes.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded,
			RetryAfterSeconds: aws.String("3"),
		}
	}
	return &lambda.InvokeOutput{
		StatusCode: 202, Payload: append([]byte("got "), in.Payload...),
		ExecutedVersion: in.Qualifier, LogResult: aws.String(string(in.LogType)),
	}, nil
}

func (stubs) InvokeStream(_ context.Context, in *lambda.InvokeWithResponseStreamInput, start func(*lambda.InvokeWithResponseStreamOutput) func(lambdatypes.InvokeWithResponseStreamResponseEvent) error) error {
	if *in.FunctionName == "missing" {
		return &lambdatypes.ResourceNotFoundException{Message: aws.String("Function not found")}
	}
	send := start(&lambda.InvokeWithResponseStreamOutput{ExecutedVersion: aws.String("$LATEST"), StatusCode: 200})
	for _, part := range []string{"one", "two"} {
		err := send(&lambdatypes.InvokeWithResponseStreamResponseEventMemberPayloadChunk{
			Value: lambdatypes.InvokeResponseStreamUpdate{Payload: []byte(part)},
		})
		if err != nil {
			return err
		}
	}
	if *in.FunctionName == "breaks" {
		return errors.New("a secret of the emulator")
	}
	return send(&lambdatypes.InvokeWithResponseStreamResponseEventMemberInvokeComplete{
		Value: lambdatypes.InvokeWithResponseStreamCompleteEvent{LogResult: aws.String("log")},
	})
}

func (stubs) ListVersions(_ context.Context, in *lambda.ListVersionsByFunctionInput) (*lambda.ListVersionsByFunctionOutput, error) {
	return &lambda.ListVersionsByFunctionOutput{NextMarker: in.FunctionName, Versions: make([]lambdatypes.FunctionConfiguration, *in.MaxItems)}, nil
}

func (stubs) DeleteFunction(context.Context, *lambda.DeleteFunctionInput) (*lambda.DeleteFunctionOutput, error) {
	return &lambda.DeleteFunctionOutput{StatusCode: 204}, nil
}

func (stubs) CreateAPI(_ context.Context, in *apigatewayv2.CreateApiInput) (*apigatewayv2.CreateApiOutput, error) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return &apigatewayv2.CreateApiOutput{Name: in.Name, ProtocolType: in.ProtocolType, CreatedDate: &at, CorsConfiguration: in.CorsConfiguration}, nil
}

func (stubs) GetAPI(_ context.Context, in *apigatewayv2.GetApiInput) (*apigatewayv2.GetApiOutput, error) {
	return &apigatewayv2.GetApiOutput{ApiId: in.ApiId}, nil
}

func (stubs) CreateLogGroup(context.Context, *cloudwatchlogs.CreateLogGroupInput) (*cloudwatchlogs.CreateLogGroupOutput, error) {
	return &cloudwatchlogs.CreateLogGroupOutput{}, nil
}

func (stubs) PutLogEvents(_ context.Context, in *cloudwatchlogs.PutLogEventsInput) (*cloudwatchlogs.PutLogEventsOutput, error) {
	if len(in.LogEvents) == 0 {
		return nil, &logstypes.ResourceNotFoundException{Message: aws.String("The specified log group does not exist.")}
	}
	return &cloudwatchlogs.PutLogEventsOutput{NextSequenceToken: in.LogEvents[0].Message}, nil
}

func (stubs) CreateRole(ctx context.Context, in *iam.CreateRoleInput) (*iam.CreateRoleOutput, error) {
	if *in.RoleName == "taken" {
		return nil, &iamtypes.EntityAlreadyExistsException{Message: aws.String("Role with name taken already exists.")}
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return &iam.CreateRoleOutput{Role: &iamtypes.Role{
		RoleName: in.RoleName, Tags: in.Tags, CreateDate: &at, Arn: aws.String(env.CallerOf(ctx).ARN), Path: in.Path,
		RoleId: aws.String("AROA"), AssumeRolePolicyDocument: in.AssumeRolePolicyDocument,
	}}, nil
}

func (s stubs) services() []Service {
	return []Service{
		{
			Name: "apigateway", Protocol: RESTJSON, Schema: apischemas.ApiGatewayV2,
			Operations: []Operation{Op(apischemas.CreateApi, s.CreateAPI, Refuse("Target", "CorsConfiguration.ExposeHeaders")), Op(apischemas.GetApi, s.GetAPI)},
		},
		{
			Name: "dynamodb", Protocol: AWSJSON10, Schema: dynamodbschemas.DynamoDB_20120810,
			Operations: []Operation{Op(dynamodbschemas.PutItem, s.PutItem, Refuse("Expected")), Op(dynamodbschemas.Query, s.Query)},
			Unions:     []Union{attributeValue},
		},
		{Name: "iam", Protocol: Query, Version: "2010-05-08", Operations: []Operation{QueryOp(s.CreateRole)}},
		{
			Name: "lambda", Protocol: RESTJSON, Schema: lambdaschemas.AWSGirApiService,
			Operations: []Operation{
				Op(lambdaschemas.DeleteFunction, s.DeleteFunction),
				Op(lambdaschemas.Invoke, s.Invoke),
				Stream(lambdaschemas.InvokeWithResponseStream, s.InvokeStream),
				Op(lambdaschemas.ListVersionsByFunction, s.ListVersions),
			},
			Unions: []Union{UnionOf[lambdatypes.InvokeWithResponseStreamResponseEvent](
				&lambdatypes.InvokeWithResponseStreamResponseEventMemberInvokeComplete{},
				&lambdatypes.InvokeWithResponseStreamResponseEventMemberPayloadChunk{},
			)},
		},
		{
			Name: "logs", Protocol: AWSJSON11, Schema: logsschemas.Logs_20140328,
			Operations: []Operation{Op(logsschemas.CreateLogGroup, s.CreateLogGroup), Op(logsschemas.PutLogEvents, s.PutLogEvents)},
		},
	}
}

var attributeValue = UnionOf[types.AttributeValue](
	&types.AttributeValueMemberB{}, &types.AttributeValueMemberBOOL{}, &types.AttributeValueMemberBS{},
	&types.AttributeValueMemberL{}, &types.AttributeValueMemberM{}, &types.AttributeValueMemberN{},
	&types.AttributeValueMemberNS{}, &types.AttributeValueMemberNULL{}, &types.AttributeValueMemberS{},
	&types.AttributeValueMemberSS{},
)

// oneKey is [Keys] with one key that lasts and one that is over.
type oneKey struct{}

func (oneKey) Lookup(_ context.Context, id string) (secret, token string, who env.Caller, err error) {
	switch id {
	case "AKID":
		return "SECRET", "", env.Caller{ARN: "arn:aws:iam::000000000000:user/me"}, nil
	case "ASIA":
		return "SECRET", "TOKEN", env.Caller{ARN: "arn:aws:sts::000000000000:assumed-role/r/s"}, nil
	case "ASIAOLD":
		return "", "", env.Caller{}, fmt.Errorf("key %s: %w", id, ErrExpiredKey)
	}
	return "", "", env.Caller{}, errors.New("no such key")
}

// served is a running server and what it logged.
type served struct {
	*httptest.Server
	log   *bytes.Buffer
	clock clock.Clock
}

func start(t testing.TB, change ...func(*Config)) served {
	t.Helper()
	s := served{log: &bytes.Buffer{}}
	c := Config{Services: stubs{}.services(), Keys: oneKey{}, Clock: clock.Real, Log: slog.New(slog.NewTextHandler(s.log, nil))}
	for _, f := range change {
		f(&c)
	}
	h, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	s.clock = c.Clock
	s.Server = httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func (s served) config(key, secret, token string) aws.Config {
	return aws.Config{
		Region: "eu-north-1", BaseEndpoint: &s.URL, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: key, SecretAccessKey: secret, SessionToken: token}, nil
		}),
	}
}

func TestClientAWSJSON10(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := dynamodb.NewFromConfig(s.config("AKID", "SECRET", ""))
	item := map[string]types.AttributeValue{
		"s": &types.AttributeValueMemberS{Value: "a \"quoted\" \u2028 <text>\n\x01"},
		"b": &types.AttributeValueMemberB{Value: []byte{0, 1, 255}},
		"l": &types.AttributeValueMemberL{Value: []types.AttributeValue{&types.AttributeValueMemberN{Value: "1.50"}, &types.AttributeValueMemberNULL{Value: true}}},
		"m": &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{"t": &types.AttributeValueMemberBOOL{Value: false}}},
	}
	out, err := c.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("notes"), Item: item})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(deep(out.Attributes)), fmt.Sprint(deep(item)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := *out.ConsumedCapacity.TableName, "arn:aws:dynamodb:eu-north-1:000000000000:table/notes"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var gone *types.ResourceNotFoundException
	_, err = c.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("missing"), Item: item})
	if !errors.As(err, &gone) || gone.ErrorMessage() != "Cannot do operations on a non-existent table" {
		t.Errorf("got %v", err)
	}
	for _, table := range []string{"broken", "panics"} {
		_, err = c.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: item})
		if code := codeOf(err); code != "InternalFailure" || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v", table, err)
		}
		if !strings.Contains(s.log.String(), "a secret of the emulator") {
			t.Errorf("%s: nothing was logged", table)
		}
		s.log.Reset()
	}
}

func TestClientAWSJSON11(t *testing.T) {
	t.Parallel()
	c := cloudwatchlogs.NewFromConfig(start(t).config("AKID", "SECRET", ""))
	if _, err := c.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("g")}); err != nil {
		t.Error(err)
	}
	out, err := c.PutLogEvents(t.Context(), &cloudwatchlogs.PutLogEventsInput{
		LogGroupName: aws.String("g"), LogStreamName: aws.String("s"),
		LogEvents: []logstypes.InputLogEvent{{Message: aws.String("hello"), Timestamp: aws.Int64(1)}},
	})
	if err != nil || *out.NextSequenceToken != "hello" {
		t.Errorf("got %v, %v", out, err)
	}
}

func TestClientRESTJSON(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := lambda.NewFromConfig(s.config("AKID", "SECRET", ""))
	out, err := c.Invoke(t.Context(), &lambda.InvokeInput{
		FunctionName: aws.String("arn:aws:lambda:eu-north-1:000000000000:function:f"), Qualifier: aws.String("7"), Payload: []byte(`{"x":1}`), LogType: lambdatypes.LogTypeTail,
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprintf("%d %s %s %s", out.StatusCode, out.Payload, *out.ExecutedVersion, *out.LogResult), `202 got {"x":1} 7 Tail`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	versions, err := c.ListVersionsByFunction(t.Context(), &lambda.ListVersionsByFunctionInput{FunctionName: aws.String("f"), MaxItems: aws.Int32(2)})
	if err != nil || *versions.NextMarker != "f" || len(versions.Versions) != 2 {
		t.Errorf("got %v, %v", versions, err)
	}
	if out, err := c.DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: aws.String("f")}); err != nil || out.StatusCode != http.StatusNoContent {
		t.Errorf("got %v, %v", out, err)
	}
	var busy *lambdatypes.TooManyRequestsException
	_, err = c.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("busy")})
	if !errors.As(err, &busy) || busy.Reason == "" || aws.ToString(busy.RetryAfterSeconds) != "3" {
		t.Errorf("got %#v", err)
	}

	g := apigatewayv2.NewFromConfig(s.config("AKID", "SECRET", ""))
	cors := &apitypes.Cors{MaxAge: aws.Int32(0), AllowOrigins: []string{"*"}}
	api, err := g.CreateApi(t.Context(), &apigatewayv2.CreateApiInput{Name: aws.String("n"), ProtocolType: "HTTP", CorsConfiguration: cors})
	if err != nil || *api.Name != "n" || *api.CorsConfiguration.MaxAge != 0 || api.CreatedDate.Year() != 2026 {
		t.Errorf("got %+v, %v", api, err)
	}
	if api, err := g.GetApi(t.Context(), &apigatewayv2.GetApiInput{ApiId: aws.String("a/b +ö%2F")}); err != nil || *api.ApiId != "a/b +ö%2F" {
		t.Errorf("got %+v, %v", api, err)
	}
}

func TestClientQuery(t *testing.T) {
	t.Parallel()
	c := iam.NewFromConfig(start(t).config("AKID", "SECRET", ""))
	in := &iam.CreateRoleInput{
		RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String("<&>"),
		Tags: []iamtypes.Tag{{Key: aws.String("a"), Value: aws.String("")}},
	}
	out, err := c.CreateRole(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	r := out.Role
	if got, want := fmt.Sprint(*r.RoleName, *r.AssumeRolePolicyDocument, *r.Arn, r.CreateDate, *r.Tags[0].Key, *r.Tags[0].Value), fmt.Sprint("r", "<&>", "arn:aws:iam::000000000000:user/me", "2026-01-02 03:04:05 +0000 UTC", "a", ""); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	in.RoleName = aws.String("taken")
	var taken *iamtypes.EntityAlreadyExistsException
	if _, err := c.CreateRole(t.Context(), in); !errors.As(err, &taken) {
		t.Errorf("got %v", err)
	}
}

func TestClientStream(t *testing.T) {
	t.Parallel()
	c := lambda.NewFromConfig(start(t).config("AKID", "SECRET", ""))
	read := func(name string) (string, error) {
		out, err := c.InvokeWithResponseStream(t.Context(), &lambda.InvokeWithResponseStreamInput{FunctionName: &name})
		if err != nil {
			return "", err
		}
		defer out.GetStream().Close()
		got := *out.ExecutedVersion
		for e := range out.GetStream().Events() {
			switch e := e.(type) {
			case *lambdatypes.InvokeWithResponseStreamResponseEventMemberPayloadChunk:
				got += " " + string(e.Value.Payload)
			case *lambdatypes.InvokeWithResponseStreamResponseEventMemberInvokeComplete:
				got += " " + *e.Value.LogResult
			}
		}
		return got, out.GetStream().Err()
	}
	if got, err := read("f"); got != "$LATEST one two log" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := read("breaks"); got != "$LATEST one two" || codeOf(err) != "InternalFailure" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := read("missing"); codeOf(err) != "ResourceNotFoundException" {
		t.Errorf("got %v", err)
	}
}

// deep replaces pointers to variants, which would print as addresses.
func deep(v any) any {
	switch v := v.(type) {
	case map[string]types.AttributeValue:
		m := map[string]any{}
		for k, x := range v {
			m[k] = deep(x)
		}
		return m
	case *types.AttributeValueMemberM:
		return deep(v.Value)
	case *types.AttributeValueMemberL:
		var l []any
		for _, x := range v.Value {
			l = append(l, deep(x))
		}
		return l
	}
	return fmt.Sprintf("%T%+v", v, v)
}

func codeOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// post sends one awsJson call as is, with any credentials.
func (s served) post(t testing.TB, target, body string) (int, http.Header, string) {
	t.Helper()
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, strings.NewReader(body))
	r.Header.Set("X-Amz-Target", target)
	return s.do(t, r)
}

func (s served) do(t testing.TB, r *http.Request) (int, http.Header, string) {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, b.String()
}
