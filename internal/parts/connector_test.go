package parts

import (
	"slices"
	"strings"
	"testing"
)

// byGrant is what makes most of the rights that AWS SAM's connectors give; of the others
// it stands here what their refusal must name.
const byGrant = "links and grants"

const here = ":eu-north-1:123456789012:"

// things are ARNs by the type that connectors call them.
var things = map[string]string{
	"Bucket":       "arn:aws:s3:::pictures",
	"DataSource":   "arn:aws:appsync" + here + "apis/g/datasources/d",
	"EventBus":     "arn:aws:events" + here + "event-bus/shop",
	"Function":     "arn:aws:lambda" + here + "function:f",
	"GraphQLApi":   "arn:aws:appsync" + here + "apis/g",
	"HttpApi":      "arn:aws:execute-api" + here + "h",
	"PlaceIndex":   "arn:aws:geo" + here + "place-index/p",
	"Queue":        "arn:aws:sqs" + here + "q",
	"RestApi":      "arn:aws:execute-api" + here + "r",
	"Rule":         "arn:aws:events" + here + "rule/r",
	"StateMachine": "arn:aws:states" + here + "stateMachine:m",
	"Table":        "arn:aws:dynamodb" + here + "table/t",
	"Topic":        "arn:aws:sns" + here + "t",
}

const (
	readTable  = "dynamodb:BatchGetItem dynamodb:ConditionCheckItem dynamodb:GetItem dynamodb:PartiQLSelect dynamodb:Query dynamodb:Scan"
	writeTable = "dynamodb:BatchWriteItem dynamodb:DeleteItem dynamodb:PartiQLDelete dynamodb:PartiQLInsert dynamodb:PartiQLUpdate dynamodb:PutItem dynamodb:UpdateItem"
	readBucket = "s3:GetObject s3:GetObjectAcl s3:GetObjectLegalHold s3:GetObjectRetention s3:GetObjectTorrent s3:GetObjectVersion s3:GetObjectVersionAcl s3:GetObjectVersionForReplication " +
		"s3:GetObjectVersionTorrent s3:ListBucket s3:ListBucketMultipartUploads s3:ListBucketVersions s3:ListMultipartUploadParts"
	writeBucket = "s3:AbortMultipartUpload s3:DeleteObject s3:DeleteObjectVersion s3:PutObject s3:PutObjectLegalHold s3:PutObjectRetention s3:RestoreObject"

	// What connectors give beyond what reading and writing needs.
	notRead  = "s3:GetObjectAcl s3:GetObjectLegalHold s3:GetObjectRetention s3:GetObjectTorrent s3:GetObjectVersionAcl s3:GetObjectVersionForReplication s3:GetObjectVersionTorrent s3:ListBucketMultipartUploads s3:ListBucketVersions s3:ListMultipartUploadParts"
	notWrite = "s3:DeleteObjectVersion s3:PutObjectLegalHold s3:PutObjectRetention s3:RestoreObject"
	dead     = "lambda:InvokeAsync" // Lambda has no such operation any more
)

// connectors are SAM's pairs: each category of each with the actions that SAM
// documents for it.
var connectors = []struct {
	from, to, category string
	actions            string // SAM's
	by                 string
	words              string // the access that is the same, for grants
	without            string // actions of SAM's that the words leave out
	more               string // actions of the words that SAM's have not
}{
	{from: "Table", to: "Function", category: "Read", actions: "dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator dynamodb:ListStreams", by: "serverless_event_source"},
	{from: "Rule", to: "Topic", category: "Write", actions: "sns:Publish", by: "aws_sns_topic_policy of hashicorp/aws, with the principal events.amazonaws.com"},
	{from: "Rule", to: "EventBus", category: "Write", actions: "events:PutEvents", by: byGrant, words: "publish"},
	{from: "Rule", to: "StateMachine", category: "Write", actions: "states:StartExecution", by: byGrant, words: "start"},
	{from: "Rule", to: "Function", category: "Write", actions: "lambda:InvokeFunction", by: "serverless_function_permission with the principal events.amazonaws.com"},
	{from: "Rule", to: "Queue", category: "Write", actions: "sqs:SendMessage", by: "allow_from of the serverless_queue"},
	{from: "Function", to: "Function", category: "Write", actions: "lambda:InvokeAsync lambda:InvokeFunction", by: byGrant, words: "invoke", without: dead},
	{from: "Function", to: "Bucket", category: "Read", actions: readBucket, by: byGrant, words: "read", without: notRead},
	{from: "Function", to: "Bucket", category: "Write", actions: writeBucket, by: byGrant, words: "write", without: notWrite},
	{from: "Function", to: "Table", category: "Read", actions: readTable, by: byGrant, words: "read", more: "dynamodb:DescribeTable"},
	{from: "Function", to: "Table", category: "Write", actions: writeTable, by: byGrant, words: "write"},
	{from: "Function", to: "Queue", category: "Read", actions: "sqs:ReceiveMessage sqs:GetQueueAttributes", by: byGrant, words: "receive", more: "sqs:ChangeMessageVisibility sqs:DeleteMessage"},
	{from: "Function", to: "Queue", category: "Write", actions: "sqs:DeleteMessage sqs:SendMessage sqs:ChangeMessageVisibility sqs:PurgeQueue", by: byGrant, words: "send", without: "sqs:DeleteMessage sqs:ChangeMessageVisibility sqs:PurgeQueue"},
	{from: "Function", to: "Topic", category: "Write", actions: "sns:Publish", by: byGrant, words: "publish"},
	{
		from: "Function", to: "StateMachine", category: "Read", actions: "states:DescribeStateMachine states:ListExecutions states:DescribeExecution states:DescribeStateMachineForExecution states:GetExecutionHistory",
		by: byGrant, words: "read",
	},
	{from: "Function", to: "StateMachine", category: "Write", actions: "states:StartExecution states:StartSyncExecution states:StopExecution", by: byGrant, words: "start start_sync stop"},
	{from: "Function", to: "EventBus", category: "Write", actions: "events:PutEvents", by: byGrant, words: "publish"},
	{
		from: "Function", to: "PlaceIndex", category: "Read", actions: "geo:DescribePlaceIndex geo:GetPlace geo:SearchPlaceIndexForPosition geo:SearchPlaceIndexForSuggestions geo:SearchPlaceIndexForText",
		by: byGrant, words: "read",
	},
	{from: "HttpApi", to: "Function", category: "Write", actions: "lambda:InvokeFunction", by: "serverless_route"},
	{from: "RestApi", to: "Function", category: "Write", actions: "lambda:InvokeFunction", by: "serverless_function_permission with the principal apigateway.amazonaws.com"},
	{from: "Topic", to: "Queue", category: "Write", actions: "sqs:SendMessage", by: "allow_from of the serverless_queue"},
	{from: "Topic", to: "Function", category: "Write", actions: "lambda:InvokeFunction", by: "serverless_function_permission with the principal sns.amazonaws.com"},
	{from: "Queue", to: "Function", category: "Read", actions: "sqs:ReceiveMessage sqs:GetQueueAttributes", by: "serverless_event_source"},
	{from: "Queue", to: "Function", category: "Write", actions: "sqs:DeleteMessage", by: "serverless_event_source"},
	{from: "Bucket", to: "Function", category: "Write", actions: "lambda:InvokeFunction", by: "serverless_function_permission with the principal s3.amazonaws.com"},
	{from: "StateMachine", to: "Function", category: "Write", actions: "lambda:InvokeAsync lambda:InvokeFunction", by: byGrant, words: "invoke", without: dead},
	{from: "StateMachine", to: "Topic", category: "Write", actions: "sns:Publish", by: byGrant, words: "publish"},
	{from: "StateMachine", to: "Queue", category: "Write", actions: "sqs:SendMessage", by: byGrant, words: "send"},
	{from: "StateMachine", to: "Bucket", category: "Read", actions: readBucket, by: byGrant, words: "read", without: notRead},
	{from: "StateMachine", to: "Bucket", category: "Write", actions: writeBucket, by: byGrant, words: "write", without: notWrite},
	{from: "StateMachine", to: "Table", category: "Read", actions: readTable, by: byGrant, words: "read", more: "dynamodb:DescribeTable"},
	{from: "StateMachine", to: "Table", category: "Write", actions: writeTable, by: byGrant, words: "write"},
	{
		from: "StateMachine", to: "StateMachine", category: "Read", actions: "states:DescribeExecution events:DescribeRule",
		by: byGrant, words: "await", more: "events:PutRule events:PutTargets states:StopExecution", // which its category Write has
	},
	{
		from: "StateMachine", to: "StateMachine", category: "Write", actions: "states:StartExecution states:StopExecution events:PutTargets events:PutRule",
		by: byGrant, words: "start await", more: "events:DescribeRule states:DescribeExecution", // which its category Read has
	},
	{from: "StateMachine", to: "EventBus", category: "Write", actions: "events:PutEvents", by: byGrant, words: "publish"},
	{from: "DataSource", to: "Table", category: "Read", actions: readTable, by: byGrant, words: "read", more: "dynamodb:DescribeTable"},
	{from: "DataSource", to: "Table", category: "Write", actions: writeTable, by: byGrant, words: "write"},
	{from: "DataSource", to: "Function", category: "Write", actions: "lambda:InvokeAsync lambda:InvokeFunction", by: byGrant, words: "invoke", without: dead},
	{from: "DataSource", to: "EventBus", category: "Write", actions: "events:PutEvents", by: byGrant, words: "publish"},
	{from: "GraphQLApi", to: "Function", category: "Write", actions: "lambda:InvokeFunction", by: "serverless_function_permission with the principal appsync.amazonaws.com"},
}

// TestConnectors holds the access words against SAM's connectors: what each of the 31
// pairs allows, the words allow too, but for what is left out by name.
func TestConnectors(t *testing.T) {
	pairs := map[string]bool{}
	for _, c := range connectors {
		pairs[c.from+" "+c.to] = true
		if c.by != byGrant {
			if c.words != "" || c.without != "" || c.more != "" {
				t.Errorf("%s to %s: words belong to grants", c.from, c.to)
			}
			if err := Instead(things[c.from], []string{things[c.to]}); err == nil || !strings.Contains(err.Error(), c.by) {
				t.Errorf("%s to %s: got %v, want a refusal that names %s", c.from, c.to, err, c.by)
			}
			continue
		}
		statements, err := Link{To: things[c.to], Access: strings.Fields(c.words)}.Statements()
		if err != nil {
			t.Errorf("%s to %s: %v", c.from, c.to, err)
			continue
		}
		if roles := c.from == "Rule" || c.from == "DataSource"; roles != (Instead(things[c.from], []string{things[c.to]}) != nil) {
			t.Errorf("%s to %s: grants are from a role of its settings: %t", c.from, c.to, roles)
		}
		var got []string
		for _, s := range statements {
			got = append(got, s.Action...)
			for _, a := range s.Action {
				if want := places(c.to, a); !slices.Equal(s.Resource, want) {
					t.Errorf("%s to %s: %s is about %v, want %v", c.from, c.to, a, s.Resource, want)
				}
			}
		}
		want := slices.DeleteFunc(strings.Fields(c.actions+" "+c.more), func(a string) bool { return slices.Contains(strings.Fields(c.without), a) })
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s to %s, %s: got  %v\nwant %v", c.from, c.to, c.category, got, want)
		}
		for _, a := range strings.Fields(c.without) {
			if !slices.Contains(strings.Fields(c.actions), a) {
				t.Errorf("%s to %s: %s is left out and not of SAM", c.from, c.to, a)
			}
		}
		for _, a := range strings.Fields(c.more) {
			if slices.Contains(strings.Fields(c.actions), a) {
				t.Errorf("%s to %s: %s is more and of SAM too", c.from, c.to, a)
			}
		}
	}
	if len(pairs) != 31 {
		t.Errorf("there are %d pairs, want SAM's 31", len(pairs))
	}
}

// places are what SAM's connectors let an action be about, but for the two that mean
// nothing there: objects as a bucket's own, and a bucket's own as an object's. A
// function's versions and aliases come with it, as they do in SAM for data sources.
func places(to, action string) []string {
	arn := things[to]
	run := []string{strings.Replace(arn, ":stateMachine:", ":execution:", 1) + ":*"}
	switch {
	case to == "Bucket" && action != "s3:ListBucket":
		return []string{arn + "/*"}
	case to == "Function":
		return []string{arn, arn + ":*"}
	case to == "Table":
		return []string{arn, arn + "/index/*"}
	case strings.HasPrefix(action, "events:") && to == "StateMachine":
		return []string{"arn:aws:events" + here + "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"}
	}
	switch action {
	case "states:DescribeExecution", "states:DescribeStateMachineForExecution", "states:GetExecutionHistory", "states:StopExecution":
		return run
	}
	return []string{arn}
}
