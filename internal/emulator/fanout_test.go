package emulator_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	bustypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	topictypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
)

// open is a policy that lets a service send to a queue.
func open(service, queueARN, sourceARN string) map[string]string {
	return map[string]string{"Policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"sqs:SendMessage","Resource":"` + queueARN + `","Condition":{"ArnEquals":{"aws:SourceArn":"` + sourceARN + `"}}}]}`}
}

// bodies takes all messages out of a queue.
func bodies(t *testing.T, c aws.Config, url string) (all []string) {
	t.Helper()
	queues := sqs.NewFromConfig(c)
	for {
		out, err := queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10})
		must(t, err)
		if len(out.Messages) == 0 {
			return all
		}
		for _, m := range out.Messages {
			all = append(all, *m.Body)
			_, err := queues.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle})
			must(t, err)
		}
	}
}

// TestTopic publishes to queues, one of which filters and one of which has no
// policy, and to a function.
func TestTopic(t *testing.T) {
	t.Parallel()
	c := config(start(t, emulator.Config{}))
	f := deployRecorder(t, c, "subscribed")
	topics, queues := sns.NewFromConfig(c), sqs.NewFromConfig(c)
	topic, err := topics.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("t")})
	must(t, err)
	subscribe := func(protocol, endpoint string, attributes map[string]string) {
		_, err := topics.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: topic.TopicArn, Protocol: &protocol, Endpoint: &endpoint, Attributes: attributes})
		must(t, err)
	}
	all, allARN := queueOf(t, c, "all", nil)
	raw, rawARN := queueOf(t, c, "raw", nil)
	closed, closedARN := queueOf(t, c, "closed", nil)
	lost, lostARN := queueOf(t, c, "lost", nil)
	for url, arn := range map[string]string{all: allARN, raw: rawARN, lost: lostARN} {
		_, err := queues.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: open("sns.amazonaws.com", arn, *topic.TopicArn)})
		must(t, err)
	}
	_, err = lambda.NewFromConfig(c).AddPermission(t.Context(), &lambda.AddPermissionInput{
		FunctionName: &f.arn, StatementId: aws.String("t"), Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("sns.amazonaws.com"), SourceArn: topic.TopicArn,
	})
	must(t, err)
	subscribe("lambda", f.arn, map[string]string{"FilterPolicy": `{"n":[9]}`})
	subscribe("sqs", allARN, nil)
	subscribe("sqs", rawARN, map[string]string{"RawMessageDelivery": "true", "FilterPolicy": `{"kind":[{"prefix":"a"}],"n":[{"numeric":[">",5]}]}`})
	subscribe("sqs", closedARN, map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"` + lostARN + `"}`})
	for _, n := range []string{"1", "9"} {
		_, err := topics.Publish(t.Context(), &sns.PublishInput{
			TopicArn: topic.TopicArn, Message: aws.String("m" + n), Subject: aws.String("s"), MessageAttributes: map[string]topictypes.MessageAttributeValue{
				"kind": {DataType: aws.String("String"), StringValue: aws.String("abc")}, "n": {DataType: aws.String("Number"), StringValue: &n},
			},
		})
		must(t, err)
	}
	if got := bodies(t, c, raw); len(got) != 1 || got[0] != "m9" {
		t.Errorf("raw: %q", got)
	}
	got := bodies(t, c, all)
	if len(got) != 2 {
		t.Fatalf("all: %q", got)
	}
	var n struct{ Type, Message, Subject, TopicArn, Signature, SigningCertURL string }
	must(t, json.Unmarshal([]byte(got[0]), &n))
	if n.Type != "Notification" || n.Message != "m1" || n.Subject != "s" || n.TopicArn != *topic.TopicArn || n.Signature == "" || !strings.Contains(n.SigningCertURL, "/_aws/sns/") {
		t.Errorf("got %s", got[0])
	}
	if got := bodies(t, c, closed); got != nil {
		t.Errorf("closed: %q", got)
	}
	if got := bodies(t, c, lost); len(got) != 2 {
		t.Errorf("lost: %q", got)
	}
	until(t, "the function has the message", func() bool { return len(f.got(t)) == 1 })
	text, err := json.Marshal(f.got(t)[0])
	must(t, err)
	var event struct {
		Records []struct {
			EventSource, EventSubscriptionArn string
			Sns                               struct {
				Type, Message, Subject, TopicArn string
				MessageAttributes                map[string]struct{ Type, Value string }
			}
		}
	}
	must(t, json.Unmarshal(text, &event))
	if len(event.Records) != 1 {
		t.Fatalf("the function got %s", text)
	}
	r := event.Records[0]
	if r.EventSource != "aws:sns" || !strings.HasPrefix(r.EventSubscriptionArn, *topic.TopicArn+":") || r.Sns.Type != "Notification" || r.Sns.Message != "m9" ||
		r.Sns.Subject != "s" || r.Sns.TopicArn != *topic.TopicArn || r.Sns.MessageAttributes["n"].Type != "Number" || r.Sns.MessageAttributes["n"].Value != "9" {
		t.Errorf("the function got %s", text)
	}
}

// TestBus puts events on a bus, whose rules hand them to a queue and a function.
func TestBus(t *testing.T) {
	t.Parallel()
	c := config(start(t, emulator.Config{}))
	f := deployRecorder(t, c, "ruled")
	buses, queues := eventbridge.NewFromConfig(c), sqs.NewFromConfig(c)
	url, arn := queueOf(t, c, "q", nil)
	rule, err := buses.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(`{"source":["shop"],"detail":{"n":[{"numeric":[">",1]}]}}`)})
	must(t, err)
	_, err = queues.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: open("events.amazonaws.com", arn, *rule.RuleArn)})
	must(t, err)
	_, err = lambda.NewFromConfig(c).AddPermission(t.Context(), &lambda.AddPermissionInput{
		FunctionName: &f.arn, StatementId: aws.String("r"), Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("events.amazonaws.com"), SourceArn: rule.RuleArn,
	})
	must(t, err)
	_, err = buses.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: []bustypes.Target{
		{Id: aws.String("whole"), Arn: &f.arn},
		{Id: aws.String("part"), Arn: &arn, InputPath: aws.String("$.detail.n")},
		{Id: aws.String("made"), Arn: &arn, InputTransformer: &bustypes.InputTransformer{
			InputPathsMap: map[string]string{"n": "$.detail.n", "who": "$.detail.who", "none": "$.detail.none"},
			InputTemplate: aws.String(`{"number":<n>,"text":"<who> has <n>","none":<none>,"rule":<aws.events.rule-name>}`),
		}},
		{Id: aws.String("said"), Arn: &arn, InputTransformer: &bustypes.InputTransformer{
			InputPathsMap: map[string]string{"who": "$.detail.who"}, InputTemplate: aws.String(`"Hello <who>"`),
		}},
	}})
	must(t, err)
	out, err := buses.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []bustypes.PutEventsRequestEntry{
		{Source: aws.String("shop"), DetailType: aws.String("sold"), Detail: aws.String(`{"n":5,"who":"A \"B\""}`)},
		{Source: aws.String("shop"), DetailType: aws.String("sold"), Detail: aws.String(`{"n":1}`)},
		{Source: aws.String("aws.s3"), DetailType: aws.String("x"), Detail: aws.String(`{}`)},
	}})
	must(t, err)
	if out.FailedEntryCount != 1 || aws.ToString(out.Entries[2].ErrorCode) != "NotAuthorizedForSourceException" {
		t.Errorf("got %+v", out)
	}
	want := []string{"5", `{"number":5,"text":"A \"B\" has 5","none":"","rule":"r"}`, `"Hello A \"B\""`}
	got := bodies(t, c, url)
	for _, w := range want {
		if !strings.Contains("\n"+strings.Join(got, "\n")+"\n", "\n"+w+"\n") {
			t.Errorf("%s is not among %q", w, got)
		}
	}
	until(t, "the function has the event", func() bool { return len(f.got(t)) == 1 })
	if e := f.got(t)[0]; e["source"] != "shop" || e["detail-type"] != "sold" || e["region"] != "eu-north-1" || e["version"] != "0" {
		t.Errorf("got %v", e)
	}
}
