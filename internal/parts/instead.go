package parts

import (
	"fmt"
	"strings"
)

// A bystander is a kind of thing that uses others without a role of its own, or with
// one that its own settings name: no grant can be from it.
type bystander struct {
	name     string // in messages, with its article
	service  string // of its ARN
	resource string // prefix of its ARN's last part
	hasRole  string // where its role is named; empty if it has none
	// lets is how each kind of thing lets it in; what is not there does not.
	lets map[string]string
}

const (
	throughQueue    = "allow_from of the serverless_queue"
	throughPoll     = "serverless_event_source, which gives the function's role the rights"
	throughTopic    = "the topic's own policy, such as an aws_sns_topic_policy of hashicorp/aws, with the principal "
	throughFunction = "serverless_function_permission with the principal "
)

// bystanders are listed before those whose ARN begins like theirs.
var bystanders = []bystander{
	{name: "a rule of EventBridge", service: "events", resource: "rule/", hasRole: "the role_arn of its target", lets: map[string]string{
		"function": throughFunction + "events.amazonaws.com", "queue": throughQueue, "topic": throughTopic + "events.amazonaws.com",
	}},
	{name: "a GraphQL API", service: "appsync", resource: "apis/", hasRole: "the service_role_arn of its data source", lets: map[string]string{
		"function": throughFunction + "appsync.amazonaws.com",
	}},
	{name: "a schedule", service: "scheduler", resource: "schedule/", hasRole: "the role_arn of its target"},
	{name: "a topic", service: "sns", lets: map[string]string{"function": throughFunction + "sns.amazonaws.com", "queue": throughQueue}},
	{name: "a bucket", service: "s3", lets: map[string]string{
		"function": throughFunction + "s3.amazonaws.com and source_account", "queue": throughQueue, "topic": throughTopic + "s3.amazonaws.com",
	}},
	{name: "an API", service: "execute-api", lets: map[string]string{
		"function": "serverless_route, which adds the permission; or " + throughFunction + "apigateway.amazonaws.com",
	}},
	{name: "an API", service: "apigateway", lets: map[string]string{
		"function": "serverless_route, which adds the permission; or " + throughFunction + "apigateway.amazonaws.com",
	}},
	{name: "a table", service: "dynamodb", resource: "table/", lets: map[string]string{"function": throughPoll}},
	{name: "a queue", service: "sqs", lets: map[string]string{"function": throughPoll}},
	{name: "a Kinesis stream", service: "kinesis", resource: "stream/", lets: map[string]string{"function": throughPoll}},
}

// Instead returns an error if from is the ARN of something that no grant can be from: it
// says by what else each of to, which are ARNs, lets it in.
func Instead(from string, to []string) error {
	p := strings.SplitN(from, ":", 6)
	if len(p) < 6 || p[0] != "arn" {
		return nil
	}
	for _, b := range bystanders {
		if p[2] != b.service || !strings.HasPrefix(p[5], b.resource) {
			continue
		}
		var ways []string
		for _, arn := range to {
			t, _, err := Link{To: arn}.target()
			if err != nil {
				continue
			}
			switch way := b.lets[t.name]; {
			case way != "":
				ways = append(ways, fmt.Sprintf("a %s lets it in by %s", t.name, way))
			case b.hasRole != "":
				ways = append(ways, fmt.Sprintf("it may use a %s by the role that is %s: give the ARN of that role", t.name, b.hasRole))
			default:
				ways = append(ways, fmt.Sprintf("it cannot use a %s", t.name))
			}
		}
		if len(ways) == 0 {
			ways = []string{"give the ARN of the function, the state machine or the role that uses it"}
		}
		return fmt.Errorf("%s is %s, which runs as no role itself: %s", from, b.name, strings.Join(ways, "; "))
	}
	return nil
}
