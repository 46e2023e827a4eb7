package emulator_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	tabletypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
)

// recorder writes every event that it gets into its log, and fails as the event
// says: as a whole, or single records.
const recorder = `
import json
def handler(event, context):
    text = json.dumps(event)
    print("GOT " + text)
    if "boom" in text:
        raise Exception("boom")
    bad = [r.get("messageId") or r["dynamodb"]["SequenceNumber"] for r in event.get("Records", []) if "bad" in json.dumps(r)]
    return {"batchItemFailures": [{"itemIdentifier": b} for b in bad]}
`

// recorded is a deployed recorder.
type recorded struct {
	c   aws.Config
	arn string
}

func deployRecorder(t *testing.T, c aws.Config, name string) recorded {
	t.Helper()
	return deployCode(t, c, name, recorder)
}

// functionRole makes a role of functions that may log, unless it is there.
func functionRole(t *testing.T, c aws.Config, name string) {
	t.Helper()
	roles := iam.NewFromConfig(c)
	_, err := roles.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(trust)})
	if there := (*iamtypes.EntityAlreadyExistsException)(nil); errors.As(err, &there) {
		return
	}
	must(t, err)
	_, err = roles.AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{RoleName: &name, PolicyArn: aws.String("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")})
	must(t, err)
}

// deployCode makes a function of that program in Python.
func deployCode(t *testing.T, c aws.Config, name, program string) recorded {
	t.Helper()
	python(t)
	var code bytes.Buffer
	z := zip.NewWriter(&code)
	f, err := z.Create("app.py")
	must(t, err)
	_, err = io.WriteString(f, program)
	must(t, err)
	must(t, z.Close())
	functionRole(t, c, "events")
	functions := lambda.NewFromConfig(c)
	out, err := functions.CreateFunction(t.Context(), &lambda.CreateFunctionInput{
		FunctionName: &name, Runtime: lambdatypes.RuntimePython312, Handler: aws.String("app.handler"),
		Role: aws.String("arn:aws:iam::000000000000:role/events"), Code: &lambdatypes.FunctionCode{ZipFile: code.Bytes()},
		Timeout: aws.Int32(30), // no longer than messages of a queue are hidden by default
	})
	must(t, err)
	until(t, "the function becomes active", func() bool {
		now, err := functions.GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: &name})
		return err == nil && now.State == lambdatypes.StateActive
	})
	return recorded{c, *out.FunctionArn}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// got are the events that the recorder has had.
func (r recorded) got(t *testing.T) (events []map[string]any) {
	t.Helper()
	name := r.arn[strings.LastIndexByte(r.arn, ':')+1:]
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(cloudwatchlogs.NewFromConfig(r.c), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("/aws/lambda/" + name)})
	for pages.HasMorePages() {
		out, err := pages.NextPage(t.Context())
		if err != nil {
			if code(out, err) != "ResourceNotFoundException" { // nothing is logged yet
				t.Error(err)
			}
			return nil
		}
		for _, e := range out.Events {
			text, ok := strings.CutPrefix(*e.Message, "GOT ")
			var v map[string]any
			if ok && json.Unmarshal([]byte(text), &v) == nil {
				events = append(events, v)
			}
		}
	}
	return events
}

// records are the records of all events.
func records(events []map[string]any) (all []map[string]any) {
	for _, e := range events {
		list, _ := e["Records"].([]any)
		for _, r := range list {
			all = append(all, r.(map[string]any))
		}
	}
	return all
}

// queueOf makes a queue and returns its address and ARN.
func queueOf(t *testing.T, c aws.Config, name string, attributes map[string]string) (url, arn string) {
	t.Helper()
	queues := sqs.NewFromConfig(c)
	out, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	must(t, err)
	a, err := queues.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: out.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{"QueueArn"}})
	must(t, err)
	return *out.QueueUrl, a.Attributes["QueueArn"]
}

// hidden is of queues whose messages do not come again while a test looks at them.
var hidden = map[string]string{"VisibilityTimeout": "3600"}

// size is how many messages a queue has, in flight or not.
func size(t *testing.T, c aws.Config, url string) string {
	t.Helper()
	a, err := sqs.NewFromConfig(c).GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []sqstypes.QueueAttributeName{"All"}})
	must(t, err)
	return a.Attributes["ApproximateNumberOfMessages"] + "+" + a.Attributes["ApproximateNumberOfMessagesNotVisible"]
}

// TestQueueMapping carries messages to a function: those that it handles are
// deleted, those that it says it could not handle stay, and the filtered never come.
func TestQueueMapping(t *testing.T) {
	t.Parallel()
	c := config(start(t, emulator.Config{}))
	f := deployRecorder(t, c, "queued")
	url, arn := queueOf(t, c, "q", hidden)
	functions, queues := lambda.NewFromConfig(c), sqs.NewFromConfig(c)
	m, err := functions.CreateEventSourceMapping(t.Context(), &lambda.CreateEventSourceMappingInput{
		FunctionName: &f.arn, EventSourceArn: &arn, FunctionResponseTypes: []lambdatypes.FunctionResponseType{"ReportBatchItemFailures"},
		FilterCriteria: &lambdatypes.FilterCriteria{Filters: []lambdatypes.Filter{{Pattern: aws.String(`{"body":{"kind":["a"]}}`)}, {Pattern: aws.String(`{"body":[{"prefix":"plain"}]}`)}}},
	})
	must(t, err)
	if *m.State != "Creating" || *m.BatchSize != 10 {
		t.Errorf("got %s, %d", *m.State, *m.BatchSize)
	}
	for _, body := range []string{`{"kind":"a","n":1}`, `{"kind":"b"}`, "plain", `{"kind":"a","n":"bad"}`} {
		_, err := queues.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: &body, MessageAttributes: map[string]sqstypes.MessageAttributeValue{
			"x": {DataType: aws.String("String"), StringValue: aws.String("y")},
		}})
		must(t, err)
	}
	until(t, "all are delivered and one stays", func() bool {
		return len(records(f.got(t))) == 3 && size(t, c, url) == "0+1"
	})
	r := records(f.got(t))[0]
	for _, k := range []string{"messageId", "receiptHandle", "body", "md5OfBody", "md5OfMessageAttributes"} {
		if r[k] == "" || r[k] == nil {
			t.Errorf("%s is missing in %v", k, r)
		}
	}
	if r["eventSource"] != "aws:sqs" || r["eventSourceARN"] != arn || r["awsRegion"] != "eu-north-1" {
		t.Errorf("got %v", r)
	}
	got, err := functions.GetEventSourceMapping(t.Context(), &lambda.GetEventSourceMappingInput{UUID: m.UUID})
	must(t, err)
	if *got.State != "Enabled" || *got.FunctionArn != f.arn {
		t.Errorf("got %+v", got)
	}
	_, err = functions.DeleteEventSourceMapping(t.Context(), &lambda.DeleteEventSourceMappingInput{UUID: m.UUID})
	must(t, err)
	until(t, "the mapping is gone", func() bool {
		return code(functions.GetEventSourceMapping(t.Context(), &lambda.GetEventSourceMappingInput{UUID: m.UUID})) == "ResourceNotFoundException"
	})
}

// TestStreamMapping carries a table's changes, and gives up what fails.
func TestStreamMapping(t *testing.T) {
	t.Parallel()
	c := config(start(t, emulator.Config{}))
	f := deployRecorder(t, c, "streamed")
	lostURL, lostARN := queueOf(t, c, "lost", nil)
	tables := dynamodb.NewFromConfig(c)
	table, err := tables.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("t"), BillingMode: tabletypes.BillingModePayPerRequest,
		AttributeDefinitions: []tabletypes.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: "S"}},
		KeySchema:            []tabletypes.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: "HASH"}},
		StreamSpecification:  &tabletypes.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: "NEW_AND_OLD_IMAGES"},
	})
	must(t, err)
	put := func(id string) {
		until(t, "the table takes items", func() bool {
			_, err := tables.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("t"), Item: map[string]tabletypes.AttributeValue{
				"id": &tabletypes.AttributeValueMemberS{Value: id},
			}})
			return err == nil
		})
	}
	put("before")
	m, err := lambda.NewFromConfig(c).CreateEventSourceMapping(t.Context(), &lambda.CreateEventSourceMappingInput{
		FunctionName: aws.String("streamed"), EventSourceArn: table.TableDescription.LatestStreamArn, StartingPosition: "TRIM_HORIZON",
		MaximumRetryAttempts: aws.Int32(1), FunctionResponseTypes: []lambdatypes.FunctionResponseType{"ReportBatchItemFailures"},
		DestinationConfig: &lambdatypes.DestinationConfig{OnFailure: &lambdatypes.OnFailure{Destination: &lostARN}},
		FilterCriteria:    &lambdatypes.FilterCriteria{Filters: []lambdatypes.Filter{{Pattern: aws.String(`{"dynamodb":{"Keys":{"id":{"S":[{"anything-but":"ignored"}]}}}}`)}}},
	})
	must(t, err)
	if *m.State != "Creating" || *m.LastProcessingResult != "No records processed" {
		t.Errorf("got %s, %s", *m.State, *m.LastProcessingResult)
	}
	for _, id := range []string{"a", "ignored", "bad", "z"} {
		put(id)
	}
	var body string
	until(t, "the bad one is given up", func() bool {
		out, err := sqs.NewFromConfig(c).ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &lostURL, WaitTimeSeconds: 1})
		must(t, err)
		if len(out.Messages) > 0 {
			body = *out.Messages[0].Body
		}
		return body != ""
	})
	for _, want := range []string{`"condition":"RetryAttemptsExhausted","approximateInvokeCount":2`, `"responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":null}`, `"DDBStreamBatchInfo":{"shardId":"shardId-`} {
		if !strings.Contains(body, want) {
			t.Errorf("%s lacks %s", body, want)
		}
	}
	seen := map[string]bool{}
	until(t, "the others are delivered", func() bool {
		for _, r := range records(f.got(t)) {
			id := r["dynamodb"].(map[string]any)["Keys"].(map[string]any)["id"].(map[string]any)["S"].(string)
			seen[id] = true
		}
		return seen["before"] && seen["a"] && seen["z"]
	})
	if seen["ignored"] {
		t.Error("a filtered record was delivered")
	}
}

// TestQueueComesAgain deletes the queue of a mapping, which stays and goes on with a
// new queue of that name.
func TestQueueComesAgain(t *testing.T) {
	t.Parallel()
	c := config(start(t, emulator.Config{}))
	f := deployRecorder(t, c, "again")
	url, arn := queueOf(t, c, "q", nil)
	functions, queues := lambda.NewFromConfig(c), sqs.NewFromConfig(c)
	m, err := functions.CreateEventSourceMapping(t.Context(), &lambda.CreateEventSourceMappingInput{FunctionName: &f.arn, EventSourceArn: &arn})
	must(t, err)
	result := func() string {
		out, err := functions.GetEventSourceMapping(t.Context(), &lambda.GetEventSourceMappingInput{UUID: m.UUID})
		must(t, err)
		return aws.ToString(out.LastProcessingResult)
	}
	send := func(body string) {
		_, err := queues.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: &body})
		must(t, err)
		until(t, body+" is delivered", func() bool {
			r := records(f.got(t))
			return len(r) > 0 && r[len(r)-1]["body"] == body
		})
	}
	send("first")
	_, err = queues.DeleteQueue(t.Context(), &sqs.DeleteQueueInput{QueueUrl: &url})
	must(t, err)
	until(t, "the mapping misses its queue", func() bool { return strings.HasPrefix(result(), "PROBLEM: ") })
	_, _ = queueOf(t, c, "q", nil)
	send("second")
	if got := result(); got != "" {
		t.Errorf("got the result %q", got)
	}
}

// TestAsynchronous invokes and tells a queue how it ended.
func TestAsynchronous(t *testing.T) {
	t.Parallel()
	c := config(start(t, emulator.Config{}))
	f := deployRecorder(t, c, "later")
	goodURL, good := queueOf(t, c, "good", nil)
	badURL, bad := queueOf(t, c, "bad", nil)
	functions := lambda.NewFromConfig(c)
	_, err := functions.PutFunctionEventInvokeConfig(t.Context(), &lambda.PutFunctionEventInvokeConfigInput{
		FunctionName: &f.arn, MaximumRetryAttempts: aws.Int32(0),
		DestinationConfig: &lambdatypes.DestinationConfig{OnSuccess: &lambdatypes.OnSuccess{Destination: &good}, OnFailure: &lambdatypes.OnFailure{Destination: &bad}},
	})
	must(t, err)
	for _, c := range []struct {
		payload, queue string
		want           []string
	}{
		{`{"n":1}`, goodURL, []string{`"condition":"Success","approximateInvokeCount":1`, `"requestPayload":{"n":1}`, `"responseContext":{"statusCode":200,"executedVersion":"$LATEST"}`, `"responsePayload":{"batchItemFailures":[]}`}},
		{`{"n":"boom"}`, badURL, []string{`"condition":"RetriesExhausted","approximateInvokeCount":1`, `"functionError":"Unhandled"`, `"errorMessage":"boom"`, f.arn + ":$LATEST"}},
	} {
		out, err := functions.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &f.arn, InvocationType: lambdatypes.InvocationTypeEvent, Payload: []byte(c.payload)})
		must(t, err)
		if out.StatusCode != http.StatusAccepted || len(out.Payload) != 0 {
			t.Errorf("got %d %s", out.StatusCode, out.Payload)
		}
		body := ""
		until(t, "the result is sent", func() bool {
			out, err := sqs.NewFromConfig(f.c).ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &c.queue, WaitTimeSeconds: 1})
			must(t, err)
			if len(out.Messages) > 0 {
				body = *out.Messages[0].Body
			}
			return body != ""
		})
		for _, want := range c.want {
			if !strings.Contains(body, want) {
				t.Errorf("%s lacks %s", body, want)
			}
		}
	}
}

// TestQueueOfGroups carries the messages of a FIFO queue: those of a group come one
// after the other and in their order, also where a batch fails.
func TestQueueOfGroups(t *testing.T) {
	t.Parallel()
	c := config(start(t, emulator.Config{}))
	f := deployRecorder(t, c, "groups")
	url, arn := queueOf(t, c, "g.fifo", map[string]string{"FifoQueue": "true", "ContentBasedDeduplication": "true", "VisibilityTimeout": "3600"})
	functions, queues := lambda.NewFromConfig(c), sqs.NewFromConfig(c)
	for i := range 6 {
		for _, group := range []string{"a", "b", "c"} {
			_, err := queues.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String(fmt.Sprint(group, i)), MessageGroupId: &group})
			must(t, err)
		}
	}
	_, err := queues.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("boom"), MessageGroupId: aws.String("d")})
	must(t, err)
	_, err = queues.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("behind"), MessageGroupId: aws.String("d")})
	must(t, err)
	_, err = functions.CreateEventSourceMapping(t.Context(), &lambda.CreateEventSourceMappingInput{FunctionName: &f.arn, EventSourceArn: &arn, BatchSize: aws.Int32(1)})
	must(t, err)
	seen := func() map[string]string {
		out := map[string]string{}
		for _, r := range records(f.got(t)) {
			attributes, _ := r["attributes"].(map[string]any)
			out[fmt.Sprint(attributes["MessageGroupId"])] += fmt.Sprint(r["body"], " ")
		}
		return out
	}
	until(t, "all are delivered but those behind one that fails", func() bool { return len(records(f.got(t))) == 19 && size(t, c, url) == "1+1" })
	want := map[string]string{"a": "a0 a1 a2 a3 a4 a5 ", "b": "b0 b1 b2 b3 b4 b5 ", "c": "c0 c1 c2 c3 c4 c5 ", "d": "boom "}
	if diff := cmp.Diff(want, seen()); diff != "" {
		t.Errorf("what came of each group (-want +got):\n%s", diff)
	}
}

// TestForeignSources: there is nothing to read in another account.
func TestForeignSources(t *testing.T) {
	t.Parallel()
	c := config(start(t, emulator.Config{}))
	f := deployRecorder(t, c, "foreign")
	_, arn := queueOf(t, c, "q", nil)
	for source, want := range map[string]string{
		strings.Replace(arn, "000000000000", "222222222222", 1):                           "SQS Error Code: AWS.SimpleQueueService.NonExistentQueue",
		"arn:aws:dynamodb:eu-north-1:222222222222:table/t/stream/2026-01-02T03:04:05.000": "Stream not found",
	} {
		in := &lambda.CreateEventSourceMappingInput{FunctionName: &f.arn, EventSourceArn: &source}
		if strings.Contains(source, "dynamodb") {
			in.StartingPosition = lambdatypes.EventSourcePositionLatest
		}
		_, err := lambda.NewFromConfig(c).CreateEventSourceMapping(t.Context(), in)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", source, err, want)
		}
	}
}
