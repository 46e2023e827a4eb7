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
	vars     map[string]string   // environment variables by suffix: "name", "arn" or "url"
}

// targets is the table of access words. It is kept narrow: a word allows what its
// name says and nothing that destroys more than it needs.
var targets = []target{
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
		},
		also: []string{"/index/*"},
		vars: map[string]string{"_TABLE_NAME": "name", "_TABLE_ARN": "arn"},
	},
	{
		name: "function", service: "lambda", resource: "function:",
		words: map[string][]string{"invoke": {"lambda:InvokeFunction"}},
		also:  []string{":*"},
		vars:  map[string]string{"_FUNCTION_NAME": "name", "_FUNCTION_ARN": "arn"},
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
	t, _, err := l.target()
	if err != nil {
		return nil, err
	}
	var actions []string
	for _, word := range l.Access {
		a, ok := t.words[word]
		if !ok {
			return nil, fmt.Errorf("access %q is not known for a %s; use %s", word, t.name, quoted(t.words))
		}
		actions = append(actions, a...)
	}
	slices.Sort(actions)
	resources := []string{l.To}
	for _, suffix := range t.also {
		resources = append(resources, l.To+suffix)
	}
	return []Statement{Allow(slices.Compact(actions), resources)}, nil
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
		if name, ok := strings.CutPrefix(parts[5], t.resource); ok && parts[2] == t.service && name != "" {
			return t, name, nil
		}
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
