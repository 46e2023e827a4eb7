package parts

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A target is one kind of thing that access can be given to.
type target struct {
	name     string              // in messages
	service  string              // of its ARN
	resource string              // prefix of its ARN's last part
	words    map[string][]string // actions by access word
	also     []string            // suffixes of the ARN that the actions need too
	// at are the actions that are about something else than the thing itself: its
	// ARN, with {arn} for that of the thing, {run} for that of its executions and {rule}
	// for that of the rule by which Step Functions hears of them.
	at   map[string]string
	vars map[string]string // environment variables by suffix: "name", "arn", "path" or "url"
}

// targets is the table of access words. It is kept narrow: a word allows what its
// name says and nothing that destroys more than it needs.
var targets = []target{
	{
		name: "API", service: "execute-api", resource: "",
		words: map[string][]string{"invoke": {"execute-api:Invoke"}, "push": {"execute-api:ManageConnections"}},
		at:    map[string]string{"execute-api:Invoke": "{arn}/*", "execute-api:ManageConnections": "{arn}/*/*/@connections/*"},
		vars:  map[string]string{"_API_ID": "name"},
	},
	{
		name: "bucket", service: "s3", resource: "",
		words: map[string][]string{
			"read":  {"s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket"},
			"write": {"s3:AbortMultipartUpload", "s3:DeleteObject", "s3:PutObject"},
		},
		at: map[string]string{
			"s3:AbortMultipartUpload": "{arn}/*", "s3:DeleteObject": "{arn}/*", "s3:GetObject": "{arn}/*", "s3:GetObjectVersion": "{arn}/*", "s3:PutObject": "{arn}/*",
		},
		vars: map[string]string{"_BUCKET": "name"},
	},
	{
		name: "event bus", service: "events", resource: "event-bus/",
		words: map[string][]string{"publish": {"events:PutEvents"}},
		vars:  map[string]string{"_BUS_NAME": "name", "_BUS_ARN": "arn"},
	},
	{
		name: "key", service: "kms", resource: "key/",
		words: map[string][]string{"read": {"kms:Decrypt"}, "write": {"kms:Encrypt", "kms:GenerateDataKey"}},
		vars:  map[string]string{"_KEY_ARN": "arn"},
	},
	{
		name: "Kinesis stream", service: "kinesis", resource: "stream/",
		words: map[string][]string{
			"read": {
				"kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator",
				"kinesis:ListShards", "kinesis:SubscribeToShard",
			},
			"write": {"kinesis:PutRecord", "kinesis:PutRecords"},
		},
		at:   map[string]string{"kinesis:SubscribeToShard": "{arn}/consumer/*"},
		vars: map[string]string{"_STREAM_NAME": "name", "_STREAM_ARN": "arn"},
	},
	{
		name: "parameter", service: "ssm", resource: "parameter/",
		words: map[string][]string{"read": {"ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"}},
		vars:  map[string]string{"_PARAMETER_NAME": "path"},
	},
	{
		name: "place index", service: "geo", resource: "place-index/",
		words: map[string][]string{
			"read": {
				"geo:DescribePlaceIndex", "geo:GetPlace", "geo:SearchPlaceIndexForPosition", "geo:SearchPlaceIndexForSuggestions",
				"geo:SearchPlaceIndexForText",
			},
		},
		vars: map[string]string{"_PLACE_INDEX_NAME": "name"},
	},
	{
		name: "secret", service: "secretsmanager", resource: "secret:",
		words: map[string][]string{"read": {"secretsmanager:GetSecretValue"}},
		vars:  map[string]string{"_SECRET_ARN": "arn"},
	},
	{
		name: "state machine", service: "states", resource: "stateMachine:",
		words: map[string][]string{
			"callback": {"states:SendTaskFailure", "states:SendTaskHeartbeat", "states:SendTaskSuccess"},
			// What another state machine needs beside start to wait for an execution by
			// .sync: Step Functions tells it through a rule of its own.
			"await": {"events:DescribeRule", "events:PutRule", "events:PutTargets", "states:DescribeExecution", "states:StopExecution"},
			"read": {
				"states:DescribeExecution", "states:DescribeStateMachine", "states:DescribeStateMachineForExecution", "states:GetExecutionHistory",
				"states:ListExecutions",
			},
			"start":      {"states:StartExecution"},
			"start_sync": {"states:StartSyncExecution"},
			"stop":       {"states:StopExecution"},
		},
		at: map[string]string{
			"events:DescribeRule": "{rule}", "events:PutRule": "{rule}", "events:PutTargets": "{rule}",
			"states:DescribeExecution": "{run}", "states:DescribeStateMachineForExecution": "{run}", "states:GetExecutionHistory": "{run}", "states:StopExecution": "{run}",
		},
		vars: map[string]string{"_STATE_MACHINE_ARN": "arn"},
	},
	{
		name: "table", service: "dynamodb", resource: "table/",
		words: map[string][]string{
			"read": {
				"dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem", "dynamodb:DescribeTable", "dynamodb:GetItem",
				"dynamodb:PartiQLSelect", "dynamodb:Query", "dynamodb:Scan",
			},
			"write": {
				"dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:PartiQLDelete", "dynamodb:PartiQLInsert",
				"dynamodb:PartiQLUpdate", "dynamodb:PutItem", "dynamodb:UpdateItem",
			},
			// The table's settings: not its items, and not its end.
			"admin": {
				"dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive", "dynamodb:ListTagsOfResource",
				"dynamodb:TagResource", "dynamodb:UntagResource", "dynamodb:UpdateContinuousBackups", "dynamodb:UpdateTable",
				"dynamodb:UpdateTimeToLive",
			},
			"stream": {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"},
		},
		also: []string{"/index/*"},
		at: map[string]string{
			"dynamodb:DescribeStream": "{arn}/stream/*", "dynamodb:GetRecords": "{arn}/stream/*", "dynamodb:GetShardIterator": "{arn}/stream/*", "dynamodb:ListStreams": "{arn}/stream/*",
		},
		vars: map[string]string{"_TABLE_NAME": "name", "_TABLE_ARN": "arn"},
	},
	{
		name: "function", service: "lambda", resource: "function:",
		words: map[string][]string{"invoke": {"lambda:InvokeFunction"}},
		also:  []string{":*"},
		vars:  map[string]string{"_FUNCTION_NAME": "name", "_FUNCTION_ARN": "arn"},
	},
	{
		name: "topic", service: "sns", resource: "", // its name alone
		words: map[string][]string{"publish": {"sns:Publish"}},
		vars:  map[string]string{"_TOPIC_ARN": "arn"},
	},
	{
		name: "queue", service: "sqs", resource: "", // its name alone
		words: map[string][]string{
			"purge":   {"sqs:PurgeQueue"},
			"receive": {"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"},
			"send":    {"sqs:SendMessage"},
		},
		vars: map[string]string{"_QUEUE_URL": "url", "_QUEUE_ARN": "arn"},
	},
	{
		name: "user pool", service: "cognito-idp", resource: "userpool/",
		words: map[string][]string{
			"read": {
				"cognito-idp:AdminGetUser", "cognito-idp:AdminListGroupsForUser", "cognito-idp:DescribeUserPool", "cognito-idp:GetGroup",
				"cognito-idp:ListGroups", "cognito-idp:ListUsers", "cognito-idp:ListUsersInGroup",
			},
		},
		vars: map[string]string{"_USER_POOL_ID": "name"},
	},
}

// A Link gives access to one thing.
type Link struct {
	Name   string   // such as "NOTES": what its environment variables begin with
	To     string   // the thing's ARN
	Access []string // access words
}

// CheckWords refuses access words that no kind of thing knows: all that can be
// said while it is not known yet where a link leads.
func CheckWords(access []string) error {
	all := map[string][]string{}
	for _, t := range targets {
		maps.Copy(all, t.words)
	}
	for _, word := range access {
		if _, ok := all[word]; !ok {
			return fmt.Errorf("access %q is not known for anything; use %s", word, quoted(all))
		}
	}
	return nil
}

// Statements returns what the link allows.
func (l Link) Statements() ([]Statement, error) {
	t, name, err := l.target()
	if err != nil {
		return nil, err
	}
	actions := map[string][]string{} // by what they are about, "" for the thing itself
	for _, word := range l.Access {
		a, ok := t.words[word]
		if !ok {
			return nil, fmt.Errorf("access %q is not known for a %s; use %s", word, t.name, quoted(t.words))
		}
		for _, action := range a {
			if at := t.at[action]; !slices.Contains(actions[at], action) {
				actions[at] = append(actions[at], action)
			}
		}
	}
	places := l.places(name)
	var all []Statement
	for _, at := range slices.Sorted(maps.Keys(actions)) {
		resources := []string{places.Replace(at)}
		if at == "" {
			resources = []string{l.To}
			for _, suffix := range t.also {
				resources = append(resources, l.To+suffix)
			}
		}
		slices.Sort(actions[at])
		all = append(all, Allow(actions[at], resources))
	}
	return all, nil
}

// places fills in what the actions of a target are about, of which name is the end of
// the ARN.
func (l Link) places(name string) *strings.Replacer {
	name, _, _ = strings.Cut(name, ":") // without an alias
	p := strings.SplitN(l.To, ":", 6)   // arn, partition, service, region, account, resource
	here := ":" + p[3] + ":" + p[4] + ":"
	return strings.NewReplacer(
		"{arn}", l.To,
		"{run}", "arn:"+p[1]+":states"+here+"execution:"+name+":*",
		"{rule}", "arn:"+p[1]+":events"+here+"rule/StepFunctionsGetEventsForStepFunctionsExecutionRule",
	)
}

// Environment returns the variables that tell a function about the link.
func (l Link) Environment() (map[string]string, error) {
	t, name, err := l.target()
	if err != nil {
		return nil, err
	}
	env := map[string]string{}
	for suffix, what := range t.vars {
		switch what {
		case "arn":
			env[l.Name+suffix] = l.To
		case "path": // a hierarchy of names begins with a slash, which the ARN leaves out
			if env[l.Name+suffix] = name; strings.Contains(name, "/") {
				env[l.Name+suffix] = "/" + name
			}
		case "url":
			env[l.Name+suffix] = queueURL(l.To)
		default:
			env[l.Name+suffix] = name
		}
	}
	return env, nil
}

// queueURL is the address of a queue on AWS. Another server knows a queue by the end
// of it, and the SDKs call the server that they are told to.
func queueURL(arn string) string {
	parts := strings.SplitN(arn, ":", 6) // arn, partition, service, region, account, name
	domain := "amazonaws.com"
	if parts[1] == "aws-cn" {
		domain += ".cn"
	}
	return "https://sqs." + parts[3] + "." + domain + "/" + parts[4] + "/" + parts[5]
}

// target finds what kind of thing the link leads to, and its name.
func (l Link) target() (target, string, error) {
	parts := strings.SplitN(l.To, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" {
		return target{}, "", fmt.Errorf("%q is not an ARN; give the arn attribute of what the function uses", l.To)
	}
	for _, t := range targets {
		name, ok := strings.CutPrefix(parts[5], t.resource)
		if !ok || parts[2] != t.service || name == "" || t.resource == "" && strings.Contains(name, "/") { // a part of it
			continue
		}
		return t, name, nil
	}
	kinds := map[string][]string{}
	for _, t := range targets {
		kinds[t.name] = nil
	}
	return target{}, "", fmt.Errorf("links lead to %s, and %s is none; use policies and environment for it", quoted(kinds), l.To)
}

func quoted(words map[string][]string) string {
	var q []string
	for _, w := range slices.Sorted(maps.Keys(words)) {
		q = append(q, fmt.Sprintf("%q", w))
	}
	return strings.Join(q, " or ")
}
