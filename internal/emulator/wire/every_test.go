package wire_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	apischemas "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/schemas"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logsschemas "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/schemas"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbschemas "github.com/aws/aws-sdk-go-v2/service/dynamodb/schemas"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdaschemas "github.com/aws/aws-sdk-go-v2/service/lambda/schemas"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqsschemas "github.com/aws/aws-sdk-go-v2/service/sqs/schemas"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire/wiretest"
)

// A client is an SDK client whose every operation is tried, and the errors of its
// service.
type client struct {
	service  wire.Service
	client   any
	registry *smithy.TypeRegistry
}

func clients() []client {
	p := &schemaOnly{}
	stop := []func(*middleware.Stack) error{func(s *middleware.Stack) error {
		_, err := s.Initialize.Remove("OperationInputValidation")
		if err != nil {
			return nil //nolint:nilerr // the operation has nothing to check
		}
		return nil
	}}
	return []client{
		{
			wire.Service{Name: "apigateway", Protocol: wire.RESTJSON, Schema: apischemas.ApiGatewayV2},
			apigatewayv2.New(apigatewayv2.Options{APIOptions: stop}, func(o *apigatewayv2.Options) { o.Protocol = p }),
			apigatewayv2.TypeRegistry,
		},
		{
			wire.Service{
				Name: "dynamodb", Protocol: wire.AWSJSON10, Schema: dynamodbschemas.DynamoDB_20120810,
				Unions: []wire.Union{wire.UnionOf[types.AttributeValue](
					&types.AttributeValueMemberB{}, &types.AttributeValueMemberBOOL{}, &types.AttributeValueMemberBS{},
					&types.AttributeValueMemberL{}, &types.AttributeValueMemberM{}, &types.AttributeValueMemberN{},
					&types.AttributeValueMemberNS{}, &types.AttributeValueMemberNULL{}, &types.AttributeValueMemberS{},
					&types.AttributeValueMemberSS{},
				)},
			},
			dynamodb.New(dynamodb.Options{APIOptions: stop}, func(o *dynamodb.Options) { o.Protocol = p }),
			dynamodb.TypeRegistry,
		},
		{
			wire.Service{
				Name: "lambda", Protocol: wire.RESTJSON, Schema: lambdaschemas.AWSGirApiService,
				Unions: []wire.Union{wire.UnionOf[lambdatypes.InvokeWithResponseStreamResponseEvent](
					&lambdatypes.InvokeWithResponseStreamResponseEventMemberInvokeComplete{},
					&lambdatypes.InvokeWithResponseStreamResponseEventMemberPayloadChunk{},
				)},
			},
			lambda.New(lambda.Options{APIOptions: stop}, func(o *lambda.Options) { o.Protocol = p }),
			lambda.TypeRegistry,
		},
		{
			wire.Service{
				Name: "logs", Protocol: wire.AWSJSON11, Schema: logsschemas.Logs_20140328,
				Unions: []wire.Union{
					wire.UnionOf[logstypes.IntegrationDetails](&logstypes.IntegrationDetailsMemberOpenSearchIntegrationDetails{}),
					wire.UnionOf[logstypes.ResourceConfig](&logstypes.ResourceConfigMemberOpenSearchResourceConfig{}),
				},
			},
			cloudwatchlogs.New(cloudwatchlogs.Options{APIOptions: stop}, func(o *cloudwatchlogs.Options) { o.Protocol = p }),
			cloudwatchlogs.TypeRegistry,
		},
		{
			wire.Service{Name: "sqs", Protocol: wire.AWSJSON10, Schema: sqsschemas.AmazonSQS},
			sqs.New(sqs.Options{APIOptions: stop}, func(o *sqs.Options) { o.Protocol = p }),
			sqs.TypeRegistry,
		},
		{wire.Service{Name: "iam", Protocol: wire.Query, Version: "2010-05-08"}, iam.New(iam.Options{}), nil},
		{wire.Service{Name: "sts", Protocol: wire.Query, Version: "2011-06-15"}, sts.New(sts.Options{}), nil},
	}
}

// schemaOnly is a client's protocol that takes note of an operation's schema and
// sends nothing.
type schemaOnly struct {
	smithyhttp.ClientProtocol
}

type caught struct{ *smithy.OperationSchema }

func (caught) Error() string { return "caught" }

func (*schemaOnly) SerializeRequest(_ context.Context, s *smithy.OperationSchema, _ smithy.Serializable, _ *smithyhttp.Request) error {
	return caught{s}
}

// operations lists every operation of a client.
func (c client) operations(t testing.TB) []wire.Operation {
	var out []wire.Operation
	v := reflect.ValueOf(c.client)
	for i := range v.NumMethod() {
		m := v.Type().Method(i)
		if m.Type.NumIn() != 4 || m.Type.NumOut() != 2 || m.Type.In(2).Kind() != reflect.Pointer {
			continue
		}
		in, res := m.Type.In(2).Elem(), m.Type.Out(0).Elem()
		if c.service.Protocol == wire.Query {
			out = append(out, wire.Stub(m.Name, nil, in, res))
			continue
		}
		got := v.Method(i).Call([]reflect.Value{reflect.ValueOf(context.Background()), reflect.New(in)})
		var s caught
		if err, _ := got[1].Interface().(error); !errors.As(err, &s) {
			t.Fatalf("%s: no schema: %v", m.Name, err)
		}
		out = append(out, wire.Stub(m.Name, s.Schema, in, res))
	}
	return out
}

// notTried are the operations whose fixtures show what no server meets.
var notTried = map[string]string{
	"iam.SimulatePrincipalPolicy": "has a union, which is not read from forms",
}

// TestFixtures runs the SDK's fixtures over every operation of every service, not
// only over those that are served.
func TestFixtures(t *testing.T) {
	t.Parallel()
	for _, c := range clients() {
		t.Run(c.service.Name, func(t *testing.T) {
			t.Parallel()
			svc := c.service
			for _, op := range c.operations(t) {
				if notTried[svc.Name+"."+op.Name] == "" {
					svc.Operations = append(svc.Operations, op)
				}
			}
			wiretest.Fixtures(t, svc)
		})
	}
}

// TestErrors has every modeled error reach an SDK's client as the same error.
func TestErrors(t *testing.T) {
	t.Parallel()
	for _, c := range clients() {
		if c.registry == nil {
			continue
		}
		svc := c.service
		svc.Operations = c.operations(t)
		for id, entry := range c.registry.Entries {
			want, ok := entry.New().(error)
			if !ok {
				continue
			}
			t.Run(id, func(t *testing.T) {
				t.Parallel()
				fill(reflect.ValueOf(want).Elem(), 0)
				op := svc.Operations[0]
				_, answer, err := wire.Exchange(svc, op.Name, fixtureRequest(t, svc, op), want)
				if err != nil {
					t.Fatal(err)
				}
				o, in, out := op.Schemas()
				got := wiretest.Protocol(svc).DeserializeResponse(t.Context(), smithy.NewOperationSchema(o, in, out), c.registry, &smithyhttp.Response{Response: answer}, nil)
				if reflect.TypeOf(got) != reflect.TypeOf(want) {
					t.Fatalf("got %T: %v", got, got)
				}
				if m := entry.Schema; m.Member("message") == nil && m.Member("Message") == nil {
					reflect.ValueOf(want).Elem().FieldByName("Message").SetZero() // sent, but not read by this client
				}
				for _, e := range []error{got, want} {
					if f := reflect.ValueOf(e).Elem().FieldByName("ErrorCodeOverride"); f.IsValid() {
						f.SetZero()
					}
				}
				if !reflect.DeepEqual(got, want) {
					t.Errorf("got %+v, want %+v", got, want)
				}
			})
		}
	}
}

// TestQueryAnswers has every output of the awsQuery services reach the SDK's
// client, whose fixtures hold no answers, as the same output.
func TestQueryAnswers(t *testing.T) {
	t.Parallel()
	var answer *http.Response
	config := aws.Config{
		Region: "us-east-1", RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
		}),
		HTTPClient: roundTrip(func(*http.Request) (*http.Response, error) { return answer, nil }),
	}
	for _, c := range []client{
		{service: wire.Service{Name: "iam", Protocol: wire.Query, Version: "2010-05-08"}, client: iam.NewFromConfig(config)},
		{service: wire.Service{Name: "sts", Protocol: wire.Query, Version: "2011-06-15"}, client: sts.NewFromConfig(config)},
	} {
		svc := c.service
		svc.Operations = c.operations(t)
		for _, op := range svc.Operations {
			if notTried[svc.Name+"."+op.Name] != "" {
				continue
			}
			_, out := op.Types()
			want := reflect.New(out)
			fill(want.Elem(), 0)
			input, first, err := wire.Exchange(svc, op.Name, fixtureRequest(t, svc, op), want.Interface())
			if err != nil {
				t.Fatalf("%s: %v", op.Name, err)
			}
			answer = first
			got := reflect.ValueOf(c.client).MethodByName(op.Name).Call([]reflect.Value{reflect.ValueOf(t.Context()), reflect.ValueOf(input)})
			if err, _ := got[1].Interface().(error); err != nil {
				t.Errorf("%s: %v", op.Name, err)
				continue
			}
			got[0].Elem().FieldByName("ResultMetadata").SetZero()
			if !reflect.DeepEqual(got[0].Interface(), want.Interface()) {
				t.Errorf("%s: got %+v, want %+v", op.Name, got[0].Elem(), want.Elem())
			}
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) Do(r *http.Request) (*http.Response, error) { return f(r) }

// fixtureRequest is the SDK's fixture of an operation.
func fixtureRequest(t testing.TB, svc wire.Service, op wire.Operation) *http.Request {
	t.Helper()
	if svc.Protocol == wire.AWSJSON10 || svc.Protocol == wire.AWSJSON11 {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader("{}"))
		r.Header.Set("X-Amz-Target", svc.Schema.ID().Name+"."+op.Name)
		return r
	}
	raw, err := os.ReadFile(filepath.Join(wiretest.ModuleDir(t, svc), "request_snapshot", op.Name+".request.snap"))
	if err != nil {
		t.Skip(err)
	}
	r, _ := wiretest.Parse(t, raw)
	return r
}

// fill gives every member of a value something.
func fill(v reflect.Value, depth int) {
	if depth > 5 {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth+1)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)))
			return
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Name != "ResultMetadata" && f.Name != "ErrorCodeOverride" {
				fill(v.Field(i), depth+1)
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte("bytes"))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), depth+1)
		fill(v.Index(1), depth+1)
	case reflect.Map:
		k, e := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(k, depth+1)
		fill(e, depth+1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(k, e)
	case reflect.String:
		v.SetString(`a<b&"c' ü`)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32, reflect.Int64:
		v.SetInt(7)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(1.5)
	}
}
