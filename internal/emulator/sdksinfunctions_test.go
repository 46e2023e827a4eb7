package emulator_test

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	tabletypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/lambda/runtime"
)

// TestSDKsInFunctions has functions with the AWS SDKs of their languages write to a
// table and read it, send a message and receive it, with nothing but what their
// environment tells them.
func TestSDKsInFunctions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		language, sdk, file, source string
		runtime                     lambdatypes.Runtime
	}{
		{"nodejs", "node_modules/@aws-sdk/client-sqs", "index.mjs", `
import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
const tables = new DynamoDBClient(), queues = new SQSClient();
export const handler = async ({ queue, n }) => {
  await tables.send(new PutItemCommand({ TableName: "t", Item: { id: { S: "js" }, n: { N: String(n) } } }));
  const { Item } = await tables.send(new GetItemCommand({ TableName: "t", Key: { id: { S: "js" } } }));
  await queues.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: "n is " + Item.n.N }));
  const { Messages } = await queues.send(new ReceiveMessageCommand({ QueueUrl: queue, WaitTimeSeconds: 5 }));
  return Messages[0].Body;
};
`, lambdatypes.RuntimeNodejs22x},
		{"python", "boto3", "index.py", `
import boto3
tables, queues = boto3.resource("dynamodb"), boto3.client("sqs")
def handler(event, context):
    table = tables.Table("t")
    table.put_item(Item={"id": "py", "n": event["n"]})
    n = table.get_item(Key={"id": "py"})["Item"]["n"]
    queues.send_message(QueueUrl=event["queue"], MessageBody="n is %d" % n)
    return queues.receive_message(QueueUrl=event["queue"], WaitTimeSeconds=5)["Messages"][0]["Body"]
`, lambdatypes.RuntimePython312},
	} {
		t.Run(tt.language, func(t *testing.T) {
			t.Parallel()
			if _, err := runtime.Interpreter(string(tt.runtime)); err != nil {
				t.Skip(err)
			}
			cache, err := runtime.SDKDir(tt.language)
			must(t, err)
			if _, err := os.Stat(filepath.Join(cache, tt.sdk)); err != nil {
				t.Skipf("the SDK of functions is missing (tfserverless emulator runtime install %s): %v", tt.language, err)
			}
			e := start(t, emulator.Config{})
			urlOf(t, e) // where the function finds it
			c := config(e)
			_, err = dynamodb.NewFromConfig(c).CreateTable(t.Context(), &dynamodb.CreateTableInput{
				TableName: aws.String("t"), BillingMode: tabletypes.BillingModePayPerRequest,
				AttributeDefinitions: []tabletypes.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: "S"}},
				KeySchema:            []tabletypes.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: "HASH"}},
			})
			must(t, err)
			q, err := sqs.NewFromConfig(c).CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")})
			must(t, err)
			_, err = iam.NewFromConfig(c).CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(trust)})
			must(t, err)
			var code bytes.Buffer
			z := zip.NewWriter(&code)
			f, err := z.Create(tt.file)
			must(t, err)
			_, err = io.WriteString(f, tt.source)
			must(t, err)
			must(t, z.Close())
			functions := lambda.NewFromConfig(c)
			name := aws.String("f")
			_, err = functions.CreateFunction(t.Context(), &lambda.CreateFunctionInput{
				FunctionName: name, Runtime: tt.runtime, Handler: aws.String("index.handler"), Timeout: aws.Int32(300), MemorySize: aws.Int32(512),
				Role: aws.String("arn:aws:iam::000000000000:role/r"), Code: &lambdatypes.FunctionCode{ZipFile: code.Bytes()},
			})
			must(t, err)
			until(t, "the function and the table become active", func() bool {
				now, err := functions.GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: name})
				table, also := dynamodb.NewFromConfig(c).DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("t")})
				return err == nil && now.State == lambdatypes.StateActive && also == nil && table.Table.TableStatus == tabletypes.TableStatusActive
			})
			out, err := functions.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: name, Payload: []byte(`{"queue":"` + *q.QueueUrl + `","n":7}`), LogType: lambdatypes.LogTypeTail})
			must(t, err)
			if got := string(out.Payload); got != `"n is 7"` {
				t.Errorf("got %s\n%s", got, aws.ToString(out.LogResult))
			}
		})
	}
}
