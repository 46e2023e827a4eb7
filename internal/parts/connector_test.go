package parts

import (
	"slices"
	"strings"
	"testing"
)

// What is here of the rights that AWS SAM's connectors give, pair by pair.
const (
	byGrant       = "links and grants"
	byEventSource = "serverless_event_source, which gives its function's role the rights"
	byRoute       = "serverless_route, which adds the permission"
	byPermission  = "serverless_function_permission"
	byQueue       = "allow_from of serverless_queue"
	byTopic       = "nothing yet: topics are no resource type of this provider"
)

const here = ":eu-north-1:123456789012:"

// things are ARNs by the type that connectors call their destinations.
var things = map[string]string{
	"Bucket":       "arn:aws:s3:::pictures",
	"EventBus":     "arn:aws:events" + here + "event-bus/shop",
	"Function":     "arn:aws:lambda" + here + "function:f",
	"PlaceIndex":   "arn:aws:geo" + here + "place-index/p",
	"Queue":        "arn:aws:sqs" + here + "q",
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
	{from: "Table", to: "Function", category: "Read", actions: "dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator dynamodb:ListStreams", by: byEventSource},
	{from: "Rule", to: "Topic", category: "Write", actions: "sns:Publish", by: byTopic},
	{from: "Rule", to: "EventBus", category: "Write", actions: "events:PutEvents", by: byGrant, words: "publish"},
	{from: "Rule", to: "StateMachine", category: "Write", actions: "states:StartExecution", by: byGrant, words: "start"},
	{from: "Rule", to: "Function", category: "Write", actions: "lambda:InvokeFunction", by: byPermission},
	{from: "Rule", to: "Queue", category: "Write", actions: "sqs:SendMessage", by: byQueue},
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
	{from: "HttpApi", to: "Function", category: "Write", actions: "lambda:InvokeFunction", by: byRoute},
	{from: "RestApi", to: "Function", category: "Write", actions: "lambda:InvokeFunction", by: byPermission},
	{from: "Topic", to: "Queue", category: "Write", actions: "sqs:SendMessage", by: byQueue},
	{from: "Topic", to: "Function", category: "Write", actions: "lambda:InvokeFunction", by: byPermission},
	{from: "Queue", to: "Function", category: "Read", actions: "sqs:ReceiveMessage sqs:GetQueueAttributes", by: byEventSource},
	{from: "Queue", to: "Function", category: "Write", actions: "sqs:DeleteMessage", by: byEventSource},
	{from: "Bucket", to: "Function", category: "Write", actions: "lambda:InvokeFunction", by: byPermission},
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
	{from: "GraphQLApi", to: "Function", category: "Write", actions: "lambda:InvokeFunction", by: byPermission},
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
			continue
		}
		statements, err := Link{To: things[c.to], Access: strings.Fields(c.words)}.Statements()
		if err != nil {
			t.Errorf("%s to %s: %v", c.from, c.to, err)
			continue
		}
		var got []string
		for _, s := range statements {
			got = append(got, s.Action...)
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
