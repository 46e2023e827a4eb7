package acctest

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

var missingQueue = map[string]string{"GetQueueUrl": "QueueDoesNotExist", "GetQueueAttributes": "QueueDoesNotExist", "ListQueueTags": "QueueDoesNotExist"}

var queueSubject = Subject{
	Type: "serverless_queue",
	Base: Arguments{
		"name":        `"mail"`,
		"delay":       `5`,
		"dead_letter": `{ max_receives = 5 }`,
		"allow_from":  `["arn:aws:sns:eu-north-1:000000000000:news"]`,
		"tags":        `{ team = "a" }`,
	},
	Import: []string{"{queue_name}", "{arn}", "{queue_name}@{region}"},
	Edits: []Edit{
		{Argument: "name", To: `"letters"`, Replace: true},
		{Argument: "name", To: `"other"`, From: Arguments{"queue_name": `"mail-on-aws"`}, Local: true, Writes: []string{}},
		{Argument: "queue_name", To: `"letters"`, Replace: true},
		{Argument: "region", To: `"eu-west-1"`, Replace: true},
		{Argument: "fifo", To: `true`, Replace: true},
		{Argument: "visibility_timeout", To: `60`, Writes: []string{"SetQueueAttributes"}},
		{Argument: "retention", To: `60`, Writes: []string{"SetQueueAttributes"}},
		{Argument: "delay", To: ``, Writes: []string{"SetQueueAttributes"}},
		{Argument: "receive_wait", To: `20`, Writes: []string{"SetQueueAttributes"}},
		{Argument: "max_size", To: `1024`, Writes: []string{"SetQueueAttributes"}},
		{Argument: "encryption", To: `{ kms_key = "alias/aws/sqs" }`, Writes: []string{"SetQueueAttributes", "SetQueueAttributes"}},
		{Argument: "encryption", To: `{ off = true }`, Writes: []string{"SetQueueAttributes", "SetQueueAttributes"}},
		{
			Argument: "encryption", To: `{ kms_key = "alias/aws/sqs", reuse_period = 600 }`, From: Arguments{"encryption": `{ kms_key = "alias/aws/sqs" }`},
			Writes: []string{"SetQueueAttributes", "SetQueueAttributes"},
		},
		{Argument: "encryption", To: `{ kms_key = "alias/aws/sqs" }`, From: Arguments{"encryption": `{ off = true }`}, Writes: []string{"SetQueueAttributes", "SetQueueAttributes"}},
		{Argument: "dead_letter", To: `{ max_receives = 3 }`, Writes: []string{"SetQueueAttributes"}, With: []string{"dead_letter_arn", "dead_letter_url"}},
		{Argument: "dead_letter", To: `{ max_receives = 5, retention = 86400 }`, Writes: []string{"SetQueueAttributes"}, With: []string{"dead_letter_arn", "dead_letter_url"}},
		{Argument: "dead_letter", To: ``, Writes: []string{"DeleteQueue", "SetQueueAttributes"}, With: []string{"dead_letter_arn", "dead_letter_url"}},
		{
			Argument: "dead_letter", To: `{ max_receives = 5 }`, From: Arguments{"dead_letter": ``},
			Writes: []string{"CreateQueue", "SetQueueAttributes"}, With: []string{"dead_letter_arn", "dead_letter_url"},
		},
		{Argument: "redrive_allow", To: `[]`, Writes: []string{"SetQueueAttributes"}},
		{
			Argument: "redrive_allow", To: `["arn:aws:sqs:eu-north-1:000000000000:a", "arn:aws:sqs:eu-north-1:000000000000:b"]`,
			From: Arguments{"redrive_allow": `["arn:aws:sqs:eu-north-1:000000000000:b"]`}, Writes: []string{"SetQueueAttributes"},
		},
		{Argument: "tls_only", To: `false`, Writes: []string{"SetQueueAttributes", "SetQueueAttributes"}},
		{Argument: "allow_from", To: `["arn:aws:sns:eu-north-1:000000000000:news", "arn:aws:events:eu-north-1:000000000000:rule/r"]`, Writes: []string{"SetQueueAttributes"}},
		{Argument: "allow_from", To: ``, Writes: []string{"SetQueueAttributes"}},
		{Argument: "policy", To: queuePolicy("222222222222"), Writes: []string{"SetQueueAttributes"}},
		{Argument: "policy", To: queuePolicy("222222222222"), From: Arguments{"policy": queuePolicy("111111111111")}, Writes: []string{"SetQueueAttributes"}},
		{
			Argument: "policy", Same: true, From: Arguments{"policy": `"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"sqs:PurgeQueue\",\"Resource\":\"*\"}]}"`},
			To: `jsonencode({ Statement = [{ Resource = "*", Action = "sqs:PurgeQueue", Principal = "*", Effect = "Deny" }], Version = "2012-10-17" })`,
		},
		{Argument: "tags", To: `{ team = "b", cost = "1" }`, With: []string{"tags_all"}, Writes: []string{"TagQueue", "TagQueue"}},
		{Argument: "tags", To: ``, With: []string{"tags_all"}, Writes: []string{"UntagQueue", "UntagQueue"}},
		{Argument: "timeouts", To: `{ create = "5m" }`, Local: true, Writes: []string{}},
	},
	Together: Arguments{
		"visibility_timeout": `60`,
		"encryption":         `{ kms_key = "alias/aws/sqs" }`,
		"dead_letter":        `{ max_receives = 3, retention = 86400 }`,
		"allow_from":         ``,
		"tags":               `{ cost = "1" }`,
	},
	Invalid: []Invalid{
		{"name", `"a b"`, []string{"name", "1 to 80"}},
		{"name", `"mail.fifo"`, []string{"fifo", ".fifo"}},
		{"queue_name", `"mail.x"`, []string{"queue_name", "1 to 80"}},
		{"name", `"` + strings.Repeat("a", 78) + `"`, []string{"80 at most", "name_prefix"}},
		{"visibility_timeout", `43201`, []string{"visibility_timeout", "43200"}},
		{"retention", `59`, []string{"retention", "60"}},
		{"delay", `901`, []string{"delay", "900"}},
		{"receive_wait", `21`, []string{"receive_wait", "20"}},
		{"max_size", `1023`, []string{"max_size", "1024"}},
		{"encryption", `{}`, []string{"encryption", "kms_key", "off"}},
		{"encryption", `{ off = true, reuse_period = 60 }`, []string{"reuse_period", "kms_key"}},
		{"dead_letter", `{ max_receives = 0 }`, []string{"dead_letter.max_receives", "1000"}},
		{"dead_letter", `{ max_receives = 1, arn = "mail" }`, []string{"dead_letter.arn", "ARN of a queue"}},
		{"dead_letter", `{ max_receives = 1, arn = "arn:aws:sqs:eu-north-1:000000000000:x", retention = 60 }`, []string{"retention", "arn"}},
		{"content_based_deduplication", `true`, []string{"content_based_deduplication", "fifo = true"}},
		{"deduplication_scope", `"queue"`, []string{"deduplication_scope", "fifo = true"}},
		{"redrive_allow", `["mail"]`, []string{"redrive_allow", "ARN of a queue"}},
		{"allow_from", `["mail"]`, []string{"allow_from", "write an ARN"}},
		{"policy", `"{"`, []string{"policy", "JSON"}},
		{"policy", `jsonencode({ Statement = [] })`, []string{"policy", "no statement"}},
		{"tags", `{ "aws:x" = "1" }`, []string{"aws:", "another key"}},
	},
	Transient: []Transient{
		{Operation: "CreateQueue", Code: "QueueDeletedRecently", Message: "You must wait 60 seconds after deleting a queue before you can create another with the same name.", Times: 2},
	},
	Missing: missingQueue,
}

// queuePolicy denies an account to purge the queue.
func queuePolicy(account string) string {
	return `jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Deny", Principal = { AWS = "arn:aws:iam::` + account + `:root" }, Action = "sqs:PurgeQueue", Resource = "*" }] })`
}

func TestQueue(t *testing.T) { Prove(t, queueSubject) }

// fifoSubject is a queue that keeps the order of its messages.
var fifoSubject = Subject{
	Type: "serverless_queue",
	Base: Arguments{
		"name":                        `"orders"`,
		"fifo":                        `true`,
		"content_based_deduplication": `true`,
		"dead_letter":                 `{ max_receives = 2 }`,
	},
	Import:     []string{"{queue_name}"},
	Unimported: []string{"name"}, // the suffix may have been written or not
	Edits: []Edit{
		{Argument: "content_based_deduplication", To: ``, Writes: []string{"SetQueueAttributes"}},
		{Argument: "deduplication_scope", To: `"messageGroup"`, Writes: []string{"SetQueueAttributes"}},
		{Argument: "throughput_limit", To: `"perMessageGroupId"`, From: Arguments{"deduplication_scope": `"messageGroup"`}, Writes: []string{"SetQueueAttributes"}},
		{Argument: "fifo", To: ``, From: Arguments{"content_based_deduplication": ``}, Replace: true},
	},
	Together: Arguments{"content_based_deduplication": ``, "deduplication_scope": `"messageGroup"`},
	Invalid: []Invalid{
		{"throughput_limit", `"perMessageGroupId"`, []string{"throughput_limit", "deduplication_scope"}},
		{"queue_name", `"orders"`, []string{"queue_name", ".fifo"}},
	},
	Missing: missingQueue,
}

func TestFIFOQueue(t *testing.T) { Prove(t, fifoSubject) }

// sharedSubject is a queue whose dead letters go to a queue of another block.
var sharedSubject = Subject{
	Type: "serverless_queue",
	Before: `
resource "serverless_queue" "dead" {
  name      = "dead"
  retention = 1209600
}
`,
	Base: Arguments{
		"name":        `"mail"`,
		"dead_letter": `{ max_receives = 5, arn = serverless_queue.dead.arn }`,
	},
	Import: []string{"{queue_name}"},
	Edits: []Edit{
		{Argument: "dead_letter", To: `{ max_receives = 6, arn = serverless_queue.dead.arn }`, Writes: []string{"SetQueueAttributes"}, With: []string{"dead_letter_arn", "dead_letter_url"}},
		{Argument: "dead_letter", To: `{ max_receives = 5 }`, Writes: []string{"CreateQueue", "SetQueueAttributes"}, With: []string{"dead_letter_arn", "dead_letter_url"}},
	},
	Together: Arguments{"dead_letter": `{ max_receives = 5 }`},
	Missing:  missingQueue,
}

func TestSharedDeadLetters(t *testing.T) { Prove(t, sharedSubject) }

var queuePolicySubject = Subject{
	Type: "serverless_queue_policy",
	Before: `
resource "serverless_queue" "mail" {
  name     = "mail"
  tls_only = false
}

resource "serverless_queue" "other" {
  name     = "other"
  tls_only = false
}
`,
	Base:   Arguments{"queue_name": `serverless_queue.mail.queue_name`, "policy": queuePolicy("111111111111")},
	Import: []string{"{queue_name}", "{id}"},
	Edits: []Edit{
		{Argument: "policy", To: queuePolicy("222222222222"), Writes: []string{"SetQueueAttributes"}},
		{Argument: "queue_name", To: `serverless_queue.other.queue_name`, Replace: true},
	},
	Together: Arguments{"policy": queuePolicy("222222222222")},
	Invalid: []Invalid{
		{"policy", `jsonencode([])`, []string{"policy", "Version and Statement"}},
		{"queue_name", `"a b"`, []string{"queue_name", "1 to 80"}},
	},
	Unmarked: true,
}

func TestQueuePolicy(t *testing.T) { Prove(t, queuePolicySubject) }

// queues is a client of an emulator's queues.
func queues(_ *testing.T, e *emulator.Emulator) *sqs.Client {
	return sqs.NewFromConfig(providertest.Clients(e, "eu-north-1"))
}

const mailQueue = `
resource "serverless_queue" "mail" {
  name        = "mail"
  dead_letter = { max_receives = 1 }
  tags        = { team = "a" }
}
`

// TestQueueConflicts demands that the queue of somebody else is not taken over, not
// even one with the same attributes, which SQS would take for a repeated create.
func TestQueueConflicts(t *testing.T) {
	t.Parallel()
	settings := "provider \"serverless\" {\n  region = \"eu-north-1\"\n}\n"
	e := providertest.Emulator(t)
	m := deploy(t, e, mailQueue)
	for name, block := range map[string]string{
		"the queue":                  strings.Replace(mailQueue, `"mail" {`, `"again" {`, 1),
		"the queue for dead letters": "resource \"serverless_queue\" \"dead\" {\n  name = \"mail-dlq\"\n}\n",
	} {
		if _, err := m.Apply(t.Context(), settings+mailQueue+block); err == nil || !strings.Contains(err.Error(), "already") || !strings.Contains(err.Error(), "import") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	other := deploy(t, providertest.Emulator(t), "resource \"serverless_queue\" \"dead\" {\n  name = \"mail-dlq\"\n}\n")
	if _, err := other.Apply(t.Context(), settings+"resource \"serverless_queue\" \"dead\" {\n  name = \"mail-dlq\"\n}\n"+mailQueue); err == nil || !strings.Contains(err.Error(), "dead_letter.arn") {
		t.Errorf("a queue of the name for dead letters: got %v", err)
	}
}

// TestQueueActions sends a message, lets it die, moves it back, and purges.
func TestQueueActions(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	m := deploy(t, e, mailQueue)
	v := m.Value("serverless_queue.mail")
	url, dead, ctx := v.GetAttr("url").AsString(), v.GetAttr("dead_letter_url").AsString(), t.Context()
	c, p := queues(t, e), Speak(t, e, "")
	count := func(url string) string {
		t.Helper()
		out, err := c.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{"ApproximateNumberOfMessages"}})
		if err != nil {
			t.Fatal(err)
		}
		return out.Attributes["ApproximateNumberOfMessages"]
	}
	for _, queue := range []string{"mail", v.GetAttr("arn").AsString(), url} {
		progress, err := p.Invoke("serverless_send", `{ queue = "`+queue+`", body = "hello", attributes = { kind = "test" } }`)
		if err != nil || len(progress) != 1 || !strings.Contains(progress[0], "to mail") {
			t.Fatalf("%s: got %v, %v", queue, progress, err)
		}
	}
	if n := count(url); n != "3" {
		t.Errorf("%s messages were sent, want 3", n)
	}
	for range 2 { // received once too often
		out, err := c.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10, MessageAttributeNames: []string{"All"}})
		if err != nil {
			t.Fatal(err)
		}
		for _, got := range out.Messages {
			if *got.Body != "hello" || *got.MessageAttributes["kind"].StringValue != "test" {
				t.Errorf("got %+v", got)
			}
			if _, err := c.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: &url, ReceiptHandle: got.ReceiptHandle}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if here, there := count(url), count(dead); here != "0" || there != "3" {
		t.Fatalf("%s messages are alive and %s dead, want 0 and 3", here, there)
	}
	progress, err := p.Invoke("serverless_redrive", `{ dead_letter_arn = "`+v.GetAttr("dead_letter_arn").AsString()+`" }`)
	if err != nil || !strings.Contains(strings.Join(progress, " "), "Moved 3 of about 3 messages") {
		t.Errorf("redrive: got %q, %v", progress, err)
	}
	if here, there := count(url), count(dead); here != "3" || there != "0" {
		t.Errorf("after the redrive %s messages are alive and %s dead, want 3 and 0", here, there)
	}
	if _, err := p.Invoke("serverless_purge", `{ queue = "mail" }`); err != nil {
		t.Fatal(err)
	}
	if n := count(url); n != "0" {
		t.Errorf("after the purge there are %s messages", n)
	}
	for _, action := range []struct{ name, config, says string }{
		{"serverless_send", `{ queue = "none", body = "x" }`, "There is no queue none"},
		{"serverless_purge", `{ queue = "none" }`, "There is no queue none"},
		{"serverless_redrive", `{ dead_letter_arn = "arn:aws:sqs:eu-north-1:000000000000:none" }`, "There is no queue none"},
	} {
		if _, err := p.Invoke(action.name, action.config); err == nil || !strings.Contains(err.Error(), action.says) {
			t.Errorf("%s: got %v, want %q", action.name, err, action.says)
		}
	}
}

// TestReadQueues reads a queue that is there, lists what there is, and moves one from
// another provider's type.
func TestReadQueues(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	m := deploy(t, e, mailQueue+`
data "serverless_queue" "mail" {
  queue_name = serverless_queue.mail.queue_name
}
data "serverless_queues" "all" {
  name_prefix = "ma"
  depends_on  = [serverless_queue.mail]
}
resource "serverless_queue" "shown" {
  name = "${data.serverless_queue.mail.dead_letter.max_receives}-${data.serverless_queue.mail.tls_only}-${join("_", data.serverless_queues.all.queue_names)}"
}`)
	if got := m.Value("serverless_queue.shown").GetAttr("name").AsString(); got != "1-true-mail_mail-dlq" {
		t.Errorf("got %s", got)
	}
	found, err := Speak(t, e, "").List("serverless_queue", `{ tags = { team = "a" } }`, true, 0)
	if err != nil || names(found) != "mail mail-dlq" {
		t.Errorf("got %q, %v", names(found), err)
	}
	moved, err := Speak(t, e, "").Move("aws_sqs_queue", "serverless_queue", map[string]any{"name": "mail", "arn": "arn:aws:sqs:eu-north-1:000000000000:mail"})
	if err != nil || moved.GetAttr("dead_letter").GetAttr("max_receives").AsBigFloat().String() != "1" {
		t.Errorf("got %#v, %v", moved, err)
	}
}
