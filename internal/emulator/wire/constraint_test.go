package wire

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logsschemas "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/schemas"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdaschemas "github.com/aws/aws-sdk-go-v2/service/lambda/schemas"
	"github.com/aws/smithy-go"
)

func none[In, Out any](context.Context, *In) (*Out, error) { return new(Out), nil }

var constrained = []Service{
	{
		Name: "lambda", Protocol: RESTJSON, Schema: lambdaschemas.AWSGirApiService, Operations: []Operation{
			Op(lambdaschemas.CreateAlias, none[lambda.CreateAliasInput, lambda.CreateAliasOutput]),
			Op(lambdaschemas.CreateFunction, none[lambda.CreateFunctionInput, lambda.CreateFunctionOutput], Unchecked("Handler", "VpcConfig.SubnetIds")),
			Op(lambdaschemas.AddPermission, none[lambda.AddPermissionInput, lambda.AddPermissionOutput]),
			Op(lambdaschemas.UpdateFunctionConfiguration, none[lambda.UpdateFunctionConfigurationInput, lambda.UpdateFunctionConfigurationOutput]),
			Op(lambdaschemas.CreateFunctionUrlConfig, none[lambda.CreateFunctionUrlConfigInput, lambda.CreateFunctionUrlConfigOutput]),
		},
	},
	{
		Name: "logs", Protocol: AWSJSON11, Schema: logsschemas.Logs_20140328, Operations: []Operation{
			Op(logsschemas.PutMetricFilter, none[cloudwatchlogs.PutMetricFilterInput, cloudwatchlogs.PutMetricFilterOutput]),
		},
	},
	{Name: "iam", Protocol: Query, Version: "2010-05-08", Operations: []Operation{
		QueryOp(none[iam.UpdateServiceSpecificCredentialInput, iam.UpdateServiceSpecificCredentialOutput]),
	}},
}

// TestConstraints shows AWS's texts; those marked so are recorded from AWS.
func TestConstraints(t *testing.T) {
	t.Parallel()
	const role = `"Role":"arn:aws:iam::000000000000:role/r"`
	long := strings.Repeat("x", 65)
	for name, c := range map[string]struct{ op, in, code, want string }{
		"a pattern (recorded)": {
			"CreateFunction", `{"FunctionName":"f","Role":"r1","Code":{}}`, "ValidationException",
			`1 validation error detected: Value 'r1' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+`,
		},
		"a long list (recorded)": {
			"CreateFunction", `{"FunctionName":"f",` + role + `,"Code":{},"Architectures":["x86_64","arm64"]}`, "ValidationException",
			`1 validation error detected: Value '[x86_64, arm64]' at 'architectures' failed to satisfy constraint: Member must have length less than or equal to 1`,
		},
		"an item (recorded)": {
			"CreateFunction", `{"FunctionName":"f",` + role + `,"Code":{},"Architectures":["X86_64"]}`, "ValidationException",
			`1 validation error detected: Value '[X86_64]' at 'architectures' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]`,
		},
		"a nested enum (recorded)": {
			"CreateFunction", `{"FunctionName":"f",` + role + `,"Code":{},"SnapStart":{"ApplyOn":"invalidOption"}}`, "ValidationException",
			`1 validation error detected: Value 'invalidOption' at 'snapStart.applyOn' failed to satisfy constraint: Member must satisfy enum value set: [PublishedVersions, None]`,
		},
		"the service's own checks":   {"CreateFunction", `{"FunctionName":"f",` + role + `,"Code":{},"Runtime":"basic","Handler":"a b"}`, "", ""},
		"an unchecked nested member": {"CreateFunction", `{"FunctionName":"f",` + role + `,"Code":{},"VpcConfig":{"SubnetIds":["` + strings.Repeat("subnet ", 300) + `"]}}`, "", ""},
		"sensitive keys": {
			"CreateFunction", `{"FunctionName":"f",` + role + `,"Code":{},"Environment":{"Variables":{"1a":"secret"}}}`, "ValidationException",
			`1 validation error detected: Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+, Member must not be null]`,
		},
		"a number": {
			"CreateFunction", `{"FunctionName":"f",` + role + `,"Code":{},"MemorySize":64}`, "ValidationException",
			`1 validation error detected: Value '64' at 'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128`,
		},
		"an alias of digits (recorded)": {
			"CreateAlias", `{"FunctionName":"f","FunctionVersion":"1","Name":"2024"}`, "ValidationException",
			`1 validation error detected: Value '2024' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)`,
		},
		"an alias": {"CreateAlias", `{"FunctionName":"f","FunctionVersion":"1","Name":"v2024"}`, "", ""},
		"a statement (recorded)": {
			"AddPermission", `{"FunctionName":"f","Action":"lambda:InvokeFunction","Principal":"p","StatementId":"example.com"}`, "ValidationException",
			`1 validation error detected: Value 'example.com' at 'statementId' failed to satisfy constraint: Member must satisfy regular expression pattern: ([a-zA-Z0-9-_]+)`,
		},
		"an item's many constraints (recorded)": {
			"UpdateFunctionConfiguration", `{"FunctionName":"f","Layers":["arn:aws:lambda:us-east-1:000000000000:layer:l"]}`, "ValidationException",
			`1 validation error detected: Value '[arn:aws:lambda:us-east-1:000000000000:layer:l]' at 'layers' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 2048, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+), Member must not be null]`,
		},
		"an enum in AWS's order (recorded)": {
			"CreateFunctionUrlConfig", `{"FunctionName":"f","AuthType":"NONE","InvokeMode":"UNKNOWN"}`, "ValidationException",
			`1 validation error detected: Value 'UNKNOWN' at 'invokeMode' failed to satisfy constraint: Member must satisfy enum value set: [RESPONSE_STREAM, BUFFERED]`,
		},
		"structures in a list": {
			"PutMetricFilter", `{"FilterName":"valid-filter","FilterPattern":"pattern","LogGroupName":"g","MetricTransformations":[` +
				`{"MetricName":"metric1","MetricNamespace":"namespace1","MetricValue":"1"},{"MetricName":"metric2","MetricNamespace":"namespace2","MetricValue":"1"}]}`,
			"InvalidParameterException",
			`1 validation error detected: Value '[MetricTransformation(metricName=metric1, metricNamespace=namespace1, metricValue=1, defaultValue=null, dimensions=null, unit=null), MetricTransformation(metricName=metric2, metricNamespace=namespace2, metricValue=1, defaultValue=null, dimensions=null, unit=null)]' at 'metricTransformations' failed to satisfy constraint: Member must have length less than or equal to 1`,
		},
		"members of items": {
			"PutMetricFilter", `{"FilterName":"f","FilterPattern":"p","LogGroupName":"g","MetricTransformations":[{"MetricName":"a:b","MetricNamespace":"n"}]}`,
			"InvalidParameterException",
			`2 validation errors detected: Value 'a:b' at 'metricTransformations.1.member.metricName' failed to satisfy constraint: Member must satisfy regular expression pattern: [^:*$]*; Value null at 'metricTransformations.1.member.metricValue' failed to satisfy constraint: Member must not be null`,
		},
		"IAM shows no values (recorded)": {
			"UpdateServiceSpecificCredential", `{"ServiceSpecificCredentialId":"totally-wrong-credential-id-with-hyphens","Status":"Inactive","UserName":"u"}`, "ValidationError",
			`1 validation error detected: Value at 'serviceSpecificCredentialId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w]+`,
		},
		"IAM's enums (recorded)": {
			"UpdateServiceSpecificCredential", `{"ServiceSpecificCredentialId":"ABCDEFGHIJKLMNOPQRST","Status":"Invalid","UserName":"u"}`, "ValidationError",
			`1 validation error detected: Value at 'status' failed to satisfy constraint: Member must satisfy enum value set`,
		},
		"bounds in characters": {
			"UpdateServiceSpecificCredential", `{"ServiceSpecificCredentialId":"ABCDEFGHIJKLMNOPQRST","Status":"Active","UserName":"` + long + `"}`, "ValidationError",
			`1 validation error detected: Value at 'userName' failed to satisfy constraint: Member must have length less than or equal to 64`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := check(t, c.op, c.in)
			var code, message string
			if e, ok := got.(*smithy.GenericAPIError); ok { //nolint:errorlint // made unwrapped
				code, message = e.Code, e.Message
			}
			if code != c.code || message != c.want {
				t.Errorf("\n got %s: %s\nwant %s: %s", code, message, c.code, c.want)
			}
		})
	}
}

// check constrains an input given by its members' names.
func check(t *testing.T, op, in string) error {
	t.Helper()
	for _, svc := range constrained {
		s, err := serve(svc)
		if err != nil {
			t.Fatal(err)
		}
		o := s.ops[op]
		if o == nil {
			continue
		}
		v := reflect.New(o.in)
		if err := json.Unmarshal([]byte(in), v.Interface()); err != nil {
			t.Fatal(err)
		}
		return s.constrain(o, v.Elem())
	}
	t.Fatalf("no operation %s", op)
	return nil
}

// TestModels demands that every model is read and every pattern understood.
func TestModels(t *testing.T) {
	t.Parallel()
	files, err := models.ReadDir("constraints")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		s := &service{Service: Service{Name: strings.TrimSuffix(f.Name(), ".json")}}
		m := s.readModel()
		if len(m.Operations) == 0 {
			t.Errorf("%s has no operations", f.Name())
		}
		for name, shape := range m.Shapes {
			if shape.Pattern == "" {
				continue
			}
			if _, err := compile(shape.Pattern); err != nil {
				t.Errorf("%s %s: %s: %v", f.Name(), name, shape.Pattern, err)
			}
		}
	}
}
