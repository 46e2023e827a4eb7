package statemachine

import (
	"encoding/json"
	"strings"
	"testing"

	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
)

const here = "arn:aws:states:eu-north-1:123456789012"

// ofTask is a definition of one task, A.
func ofTask(resource, fields string) string {
	return `{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"` + resource + `",` + fields + `"End":true}}}`
}

func params(fields string) string { return `"Parameters":{` + fields + `},` }

// silent is a machine without logs and traces, so that only its definition needs
// rights.
func silent(definition string) *machine {
	return &machine{
		MachineName: tftypes.StringValue("m"), Kind: tftypes.StringValue("STANDARD"), Definition: tftypes.StringValue(definition),
		Log: &log{Level: tftypes.StringValue(off)}, Tracing: tftypes.BoolValue(false),
	}
}

// TestRights: a line for each statement, and what cannot be told behind a "?".
func TestRights(t *testing.T) {
	t.Parallel()
	const integration = "arn:aws:states:::"
	for _, row := range []struct{ name, definition, want string }{
		{"pass", `{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}`, ""},
		{"function", ofTask("arn:aws:lambda:eu-north-1:123456789012:function:f:live", ""), "lambda:InvokeFunction on arn:aws:lambda:eu-north-1:123456789012:function:f:live"},
		{"activity", ofTask("arn:aws:states:eu-north-1:123456789012:activity:a", ""), ""},
		{"lambda:invoke", ofTask(integration+"lambda:invoke", params(`"FunctionName":"f"`)), "lambda:InvokeFunction on arn:aws:lambda:eu-north-1:123456789012:function:f"},
		{"lambda:invoke of a version", ofTask(integration+"lambda:invoke.waitForTaskToken", params(`"FunctionName":"f","Qualifier":"live"`)), "lambda:InvokeFunction on arn:aws:lambda:eu-north-1:123456789012:function:f:live"},
		{"lambda:invoke of a version of the input", ofTask(integration+"lambda:invoke", params(`"FunctionName":"f","Qualifier.$":"$.v"`)), "lambda:InvokeFunction on arn:aws:lambda:eu-north-1:123456789012:function:f:*"},
		{"lambda:invoke of the input", ofTask(integration+"lambda:invoke", params(`"FunctionName.$":"$.f"`)), `? state "A" (lambda:invoke): FunctionName is computed`},
		{"lambda:invoke by JSONata", `{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Arguments":{"FunctionName":"f","Payload":"{% $states.input %}"},"End":true}}}`, "lambda:InvokeFunction on arn:aws:lambda:eu-north-1:123456789012:function:f"},
		{"all arguments by JSONata", `{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:dynamodb:query","Arguments":"{% $states.input %}","End":true}}}`, `? state "A" (aws-sdk:dynamodb:query): its arguments are computed`},
		{"a table", ofTask(integration+"dynamodb:updateItem", params(`"TableName":"t","Key":{}`)), "dynamodb:UpdateItem on arn:aws:dynamodb:eu-north-1:123456789012:table/t"},
		{"a query", ofTask(integration+"aws-sdk:dynamodb:query", params(`"TableName":"t"`)), "dynamodb:Query on arn:aws:dynamodb:eu-north-1:123456789012:table/t arn:aws:dynamodb:eu-north-1:123456789012:table/t/index/*"},
		{"a transaction", ofTask(integration+"aws-sdk:dynamodb:transactWriteItems", params(`"TransactItems":[{"Put":{"TableName":"t"}},{"Delete":{"TableName":"u"}}]`)), "dynamodb:ConditionCheckItem dynamodb:DeleteItem dynamodb:PutItem dynamodb:UpdateItem on arn:aws:dynamodb:eu-north-1:123456789012:table/t arn:aws:dynamodb:eu-north-1:123456789012:table/u"},
		{"a batch", ofTask(integration+"aws-sdk:dynamodb:batchGetItem", params(`"RequestItems":{"t":{}}`)), "dynamodb:BatchGetItem on arn:aws:dynamodb:eu-north-1:123456789012:table/t"},
		{"a queue", ofTask(integration+"sqs:sendMessage", params(`"QueueUrl":"https://sqs.eu-west-1.amazonaws.com/123456789012/q","MessageBody":"x"`)), "sqs:SendMessage on arn:aws:sqs:eu-west-1:123456789012:q"},
		{"a queue elsewhere", ofTask(integration+"sqs:sendMessage", params(`"QueueUrl":"http://127.0.0.1:4566/000000000000/q","MessageBody":"x"`)), "sqs:SendMessage on arn:aws:sqs:eu-north-1:000000000000:q"},
		{"no queue", ofTask(integration+"sqs:sendMessage", params(`"QueueUrl":"q","MessageBody":"x"`)), `? state "A" (sqs:sendMessage): QueueUrl is "q", which does not tell an ARN`},
		{"a topic", ofTask(integration+"sns:publish", params(`"TopicArn":"arn:aws:sns:eu-north-1:123456789012:t","Message":"x"`)), "sns:Publish on arn:aws:sns:eu-north-1:123456789012:t"},
		{"a phone", ofTask(integration+"sns:publish", params(`"PhoneNumber":"+46","Message":"x"`)), "sns:Publish on *"},
		{"events", ofTask(integration+"events:putEvents", params(`"Entries":[{"Source":"a"},{"EventBusName":"b"}]`)), "events:PutEvents on arn:aws:events:eu-north-1:123456789012:event-bus/b arn:aws:events:eu-north-1:123456789012:event-bus/default"},
		{"a machine", ofTask(integration+"states:startExecution", params(`"StateMachineArn":"`+here+`:stateMachine:n"`)), "states:StartExecution on " + here + ":stateMachine:n"},
		{
			"a machine and its end", ofTask(integration+"states:startExecution.sync:2", params(`"StateMachineArn":"`+here+`:stateMachine:n:live"`)),
			"events:DescribeRule events:PutRule events:PutTargets on arn:aws:events:eu-north-1:123456789012:rule/StepFunctionsGetEvent*\n" +
				"states:DescribeExecution states:StopExecution on " + here + ":execution:n:*\nstates:StartExecution on " + here + ":stateMachine:n:live",
		},
		{"credentials", ofTask(integration+"sqs:sendMessage", params(`"QueueUrl":"q","MessageBody":"x"`)+`"Credentials":{"RoleArn":"arn:aws:iam::1:role/r"},`), "sts:AssumeRole on arn:aws:iam::1:role/r"},
		{"a job", ofTask(integration+"glue:startJobRun.sync", params(`"JobName":"j"`)), "events:DescribeRule events:PutRule events:PutTargets on arn:aws:events:eu-north-1:123456789012:rule/StepFunctionsGetEvent*\nglue:BatchStopJobRun glue:GetJobRun glue:GetJobRuns glue:StartJobRun on *"},
		{"a container", ofTask(integration+"ecs:runTask", params(`"TaskDefinition":"t"`)), "ecs:RunTask on *\n? state \"A\" (ecs:runTask): the roles that it hands on need iam:PassRole"},
		{"an API", ofTask(integration+"apigateway:invoke", params(`"ApiEndpoint":"abc.execute-api.eu-north-1.amazonaws.com","Method":"GET","Stage":"live","Path":"/orders","AuthType":"IAM_ROLE"`)), "execute-api:Invoke on arn:aws:execute-api:eu-north-1:123456789012:abc/live/GET/orders"},
		{"an open API", ofTask(integration+"apigateway:invoke", params(`"ApiEndpoint":"abc.execute-api.eu-north-1.amazonaws.com","Method":"GET"`)), ""},
		{"secrets", ofTask(integration+"aws-sdk:secretsmanager:getSecretValue", params(`"SecretId":"s"`)), "secretsmanager:GetSecretValue on arn:aws:secretsmanager:eu-north-1:123456789012:secret:s-??????"},
		{"parameters", ofTask(integration+"aws-sdk:ssm:getParameters", params(`"Names":["/a","b"]`)), "ssm:GetParameters on arn:aws:ssm:eu-north-1:123456789012:parameter/a arn:aws:ssm:eu-north-1:123456789012:parameter/b"},
		{"an object", ofTask(integration+"aws-sdk:s3:headObject", params(`"Bucket":"b","Key":"k"`)), "s3:GetObject on arn:aws:s3:::b/k"},
		{"objects", ofTask(integration+"aws-sdk:s3:listObjectsV2", params(`"Bucket":"b"`)), "s3:ListBucket on arn:aws:s3:::b"},
		{"a version of an object", ofTask(integration+"aws-sdk:s3:getObject", params(`"Bucket":"b","Key":"k","VersionId":"v"`)), "s3:GetObjectVersion on arn:aws:s3:::b/k"},
		{"a copy", ofTask(integration+"aws-sdk:s3:copyObject", params(`"Bucket":"b","Key":"k","CopySource":"from/a%20b"`)), "s3:GetObject on arn:aws:s3:::from/a b\ns3:PutObject on arn:aws:s3:::b/k"},
		{"a copy of the input", ofTask(integration+"aws-sdk:s3:copyObject", params(`"Bucket":"b","Key":"k","CopySource.$":"$.s"`)), "s3:PutObject on arn:aws:s3:::b/k\n? state \"A\" (aws-sdk:s3:copyObject): CopySource is computed"},
		{"a function of the whole input", ofTask(integration+"lambda:invoke", ""), `? state "A" (lambda:invoke): its arguments are the state's input`},
		{"a table of the whole input", ofTask(integration+"aws-sdk:dynamodb:deleteTable", ""), `? state "A" (aws-sdk:dynamodb:deleteTable): its arguments are the state's input`},
		{"a list", ofTask(integration+"aws-sdk:lambda:listFunctions", ""), "lambda:ListFunctions on *"},
		{"PartiQL", ofTask(integration+"aws-sdk:dynamodb:executeStatement", params(`"Statement":"SELECT * FROM t"`)), `? state "A" (aws-sdk:dynamodb:executeStatement): its statements name the tables`},
		{
			"listed objects", `{"QueryLanguage":"JSONata","StartAt":"M","States":{"M":{"Type":"Map","End":true,"ItemReader":{"Resource":"arn:aws:states:::s3:listObjectsV2","ReaderConfig":{"InputType":"JSON","Transformation":"LOAD_AND_FLATTEN"},"Arguments":{"Bucket":"b","Prefix":"data"}},` +
				`"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"EXPRESS"},"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}}}}`,
			"s3:GetObject on arn:aws:s3:::b/data*\ns3:ListBucket on arn:aws:s3:::b\n" +
				"states:DescribeExecution states:RedriveExecution states:StopExecution on " + here + ":execution:m/*\nstates:DescribeExecution states:StopExecution on " + here + ":execution:m:*\n" +
				"states:StartExecution on " + here + ":stateMachine:m",
		},
		{"another name in IAM", ofTask(integration+"aws-sdk:cognitoidentityprovider:adminGetUser", params(`"UserPoolId":"p"`)), "cognito-idp:AdminGetUser on *"},
		{"methods and paths", ofTask(integration+"aws-sdk:apigatewayv2:getApi", params(`"ApiId":"a"`)), `? state "A" (aws-sdk:apigatewayv2:getApi): the rights of API Gateway's own operations are named by methods and paths`},
		{
			"within maps and branches",
			`{"StartAt":"P","States":{"P":{"Type":"Parallel","End":true,"Branches":[{"StartAt":"M","States":{"M":{"Type":"Map","End":true,"ItemProcessor":{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:lambda:eu-north-1:1:function:f","End":true}}}}}}]}}}`,
			"lambda:InvokeFunction on arn:aws:lambda:eu-north-1:1:function:f",
		},
		{
			"a distributed map",
			`{"StartAt":"M","States":{"M":{"Type":"Map","End":true,"ItemReader":{"Resource":"arn:aws:states:::s3:getObject","ReaderConfig":{"InputType":"CSV","CSVHeaderLocation":"FIRST_ROW"},"Parameters":{"Bucket":"b","Key":"k"}},` +
				`"ResultWriter":{"Resource":"arn:aws:states:::s3:putObject","Parameters":{"Bucket":"out","Prefix":"r/"}},` +
				`"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"EXPRESS"},"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}}}}`,
			"s3:AbortMultipartUpload s3:GetObject s3:ListMultipartUploadParts s3:PutObject on arn:aws:s3:::out/r/*\ns3:GetObject on arn:aws:s3:::b/k\n" +
				"states:DescribeExecution states:RedriveExecution states:StopExecution on " + here + ":execution:m/*\nstates:DescribeExecution states:StopExecution on " + here + ":execution:m:*\n" +
				"states:StartExecution on " + here + ":stateMachine:m",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if _, found := asl.Parse(row.definition, asl.Standard); len(asl.Errors(found)) > 0 {
				t.Fatal(found)
			}
			n := needsOf(silent(row.definition), here)
			var lines []string
			for _, s := range n.list() {
				lines = append(lines, strings.Join(s.Action, " ")+" on "+strings.Join(s.Resource, " "))
			}
			for _, m := range n.missing {
				lines = append(lines, "? "+m)
			}
			if got := strings.Join(lines, "\n"); got != row.want {
				t.Errorf("got\n%s\nwant\n%s", got, row.want)
			}
		})
	}
}

// TestHTTPRights: a call of a server is limited to its method and address.
func TestHTTPRights(t *testing.T) {
	t.Parallel()
	policy, err := rolePolicy(silent(ofTask("arn:aws:states:::http:invoke", params(`"ApiEndpoint":"https://example.com/a","Method":"GET","Authentication":{"ConnectionArn":"arn:aws:events:eu-north-1:1:connection/c/x"}`))), here)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		`"Condition":{"StringEquals":{"states:HTTPMethod":["GET"]},"StringLike":{"states:HTTPEndpoint":["https://example.com/a"]}}`,
		`"events:RetrieveConnectionCredentials","Resource":"arn:aws:events:eu-north-1:1:connection/c/x"`, "secret:events!connection/*", here + ":stateMachine:m",
	} {
		if !strings.Contains(policy, part) {
			t.Errorf("%s is not in %s", part, policy)
		}
	}
}

// TestPolicyOfNothing: IAM takes no policy without statements.
func TestPolicyOfNothing(t *testing.T) {
	t.Parallel()
	policy, err := rolePolicy(silent(`{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}`), here)
	var d struct{ Statement []any }
	if err != nil || json.Unmarshal([]byte(policy), &d) != nil || len(d.Statement) != 1 {
		t.Errorf("got %s, %v, want one statement", policy, err)
	}
}
