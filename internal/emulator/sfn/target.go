package sfn

import (
	"fmt"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
)

// target is what an integration calls.
type target struct {
	pkg    string   // of the SDK
	prefix string   // of its errors' names
	name   string   // of the service in causes
	nested []string // parameters that are a text: JSON that is given is written as one
	bare   bool     // outputs have no metadata of HTTP
}

// optimized are the integrations that have a form of their own.
var optimized = map[string]target{
	"lambda":   {pkg: "lambda", prefix: "Lambda", name: "AWSLambda"},
	"dynamodb": {pkg: "dynamodb", prefix: "DynamoDB", name: "AmazonDynamoDBv2"},
	"sqs":      {pkg: "sqs", prefix: "SQS", name: "AmazonSQS", nested: []string{"MessageBody"}},
	"sns":      {pkg: "sns", prefix: "SNS", name: "AmazonSNS", nested: []string{"Message"}},
	"events":   {pkg: "eventbridge", prefix: "EventBridge", name: "AmazonCloudWatchEvents", nested: []string{"Detail"}, bare: true},
	"states":   {pkg: "sfn", prefix: "StepFunctions", name: "AWSStepFunctions", nested: []string{"Input"}},
}

// sdk are the services of aws-sdk integrations, by the names that they have there.
var sdk = map[string]target{
	"apigateway":             {pkg: "apigateway", prefix: "ApiGateway"},
	"apigatewayv2":           {pkg: "apigatewayv2", prefix: "ApiGatewayV2"},
	"applicationautoscaling": {pkg: "applicationautoscaling", prefix: "ApplicationAutoScaling"},
	"cloudwatchlogs":         {pkg: "cloudwatchlogs", prefix: "CloudWatchLogs"},
	"dynamodb":               {pkg: "dynamodb", prefix: "DynamoDb"},
	"dynamodbstreams":        {pkg: "dynamodbstreams", prefix: "DynamoDbStreams"},
	"eventbridge":            {pkg: "eventbridge", prefix: "EventBridge"},
	"iam":                    {pkg: "iam", prefix: "Iam"},
	"lambda":                 {pkg: "lambda", prefix: "Lambda"},
	"s3":                     {pkg: "s3", prefix: "S3"},
	"secretsmanager":         {pkg: "secretsmanager", prefix: "SecretsManager"},
	"sfn":                    {pkg: "sfn", prefix: "Sfn", nested: []string{"Input"}},
	"sns":                    {pkg: "sns", prefix: "Sns"},
	"sqs":                    {pkg: "sqs", prefix: "Sqs"},
	"ssm":                    {pkg: "ssm", prefix: "Ssm"},
	"sts":                    {pkg: "sts", prefix: "Sts"},
}

// targetOf finds what a resource calls, and its operation.
func targetOf(r asl.Resource) (t target, operation string, ok bool) {
	if name, is := strings.CutPrefix(r.Service, "aws-sdk:"); is {
		t, ok = sdk[name]
	} else {
		t, ok = optimized[r.Service]
	}
	return t, strings.ToUpper(r.Action[:1]) + r.Action[1:], ok
}

// unsupported names the first thing in a scope that cannot be carried out here.
func (s *Service) unsupported(scope *asl.Scope) string {
	for _, name := range scope.Names {
		if why := s.unsupportedState(scope.States[name]); why != "" {
			return why
		}
	}
	return ""
}

func (s *Service) unsupportedState(st *asl.State) string {
	inner := st.Branches
	if st.Map != nil {
		if r := st.Map.Reader; r != nil && r.InputType == "PARQUET" {
			return fmt.Sprintf("the emulator does not read files of type PARQUET at %s/ItemReader/ReaderConfig/InputType", st.Location)
		}
		if s.Objects == nil && (st.Map.Reader != nil || st.Map.Writer != nil && st.Map.Writer.Resource.ARN != "") {
			return fmt.Sprintf("there is no S3 for the ItemReader or the ResultWriter at %s", st.Location)
		}
		inner = append(inner, st.Map.Processor)
	}
	if st.Task != nil && st.Task.Resource.Kind == asl.Integration {
		r := st.Task.Resource
		if !s.carriesOut(r) {
			return fmt.Sprintf("the emulator does not carry out the resource %s at %s/Resource", r.ARN, st.Location)
		}
	}
	for _, sub := range inner {
		if why := s.unsupported(sub); why != "" {
			return why
		}
	}
	return ""
}

// carriesOut tells whether there is what an integration calls.
func (s *Service) carriesOut(r asl.Resource) bool {
	switch r.Service {
	case "http":
		return s.Connections != nil
	case "apigateway":
		return s.APIs != nil
	}
	t, op, ok := targetOf(r)
	return ok && s.Calls != nil && s.Calls.Has(t.pkg, op)
}
