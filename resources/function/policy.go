package function

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	awsarn "github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/hashicorp/terraform-plugin-framework/path"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/policytemplate"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// planRole plans the policy of the function's own role.
func planRole(p *tf.Plan[function]) error {
	known := p.Prior != nil && awsarn.IsARN(p.Prior.ARN.ValueString()) && !p.Planned.LogGroupName.IsUnknown()
	for _, name := range []string{"links", "policies", "policy_templates", "vpc", "file_systems", "dead_letter", "async"} {
		known = known && p.Known(name)
	}
	return parts.PlanRole(p, "function", (*function).owner, known, func() (string, error) {
		return rolePolicy(p.Planned, strings.TrimSuffix(p.Prior.ARN.ValueString(), ":function:"+p.Prior.FunctionName.ValueString()))
	})
}

// sends are the actions that deliver to a destination, by the service of its ARN.
var sends = map[string][]string{
	"events": {"events:PutEvents"},
	"lambda": {"lambda:InvokeFunction"},
	"s3":     {"s3:PutObject"},
	"sns":    {"sns:Publish"},
	"sqs":    {"sqs:SendMessage"},
}

// rolePolicy is what the function's own role may do. The scope is the beginning
// of ARNs of its account and region, "arn:aws:lambda:eu-north-1:123456789012".
func rolePolicy(m *function, scope string) (string, error) {
	group := strings.Replace(scope, ":lambda:", ":logs:", 1) + ":log-group:" + m.LogGroupName.ValueString() + ":*"
	// It may not create log groups, or a late call would make the one anew that
	// was just destroyed, without its retention.
	statements := []parts.Statement{
		parts.Allow([]string{"logs:CreateLogStream", "logs:PutLogEvents"}, []string{group}),
	}
	if m.Tracing.ValueBool() {
		statements = append(statements, parts.Allow([]string{"xray:PutTelemetryRecords", "xray:PutTraceSegments"}, []string{"*"}))
	}
	if m.VPC != nil { // none of these can be limited to some interfaces
		statements = append(statements, parts.Allow([]string{
			"ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces",
			"ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
		}, []string{"*"}))
	}
	for _, f := range m.FileSystems {
		statements = append(statements, mounting(f.ARN.ValueString()))
	}
	sent, err := sending(m)
	if err != nil {
		return "", err
	}
	statements = append(statements, sent...)
	linked, err := parts.Linked(m.linked())
	if err != nil {
		return "", err
	}
	statements = append(statements, linked...)
	more, err := templated(m, scope)
	if err != nil {
		return "", err
	}
	statements = append(statements, more...)
	policy, err := parts.Policy(statements, m.Documents())
	if err != nil {
		return "", tf.At(path.Root("policies"), err)
	}
	return policy, nil
}

// templated are the statements of SAM's templates.
func templated(m *function, scope string) ([]parts.Statement, error) {
	of := strings.Split(scope, ":")
	var all []parts.Statement
	for _, name := range slices.Sorted(maps.Keys(m.Templates)) {
		t, err := policytemplate.Find(name)
		if err != nil {
			return nil, tf.At(path.Root("policy_templates").AtMapKey(name), err)
		}
		statements, err := t.Statements(m.Templates[name].values(), policytemplate.Scope{Partition: of[1], Region: of[3], Account: of[4]})
		if err != nil {
			return nil, tf.At(path.Root("policy_templates").AtMapKey(name), err)
		}
		for _, s := range statements {
			one := parts.Allow(s.Actions, s.Resources)
			for operator, keys := range s.Condition {
				if one.Condition == nil {
					one.Condition = map[string]map[string][]string{}
				}
				one.Condition[operator] = map[string][]string{}
				for key, value := range keys {
					one.Condition[operator][key] = []string{value}
				}
			}
			all = append(all, one)
		}
	}
	return all, nil
}

// mounting allows to use a file system through an access point.
func mounting(arn string) parts.Statement {
	if strings.Contains(arn, ":s3files:") {
		return parts.Allow([]string{"s3files:ClientMount", "s3files:ClientWrite"}, []string{arn})
	}
	system := arn[:strings.LastIndex(arn, ":")+1] + "file-system/*"
	s := parts.Allow([]string{"elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"}, []string{system})
	s.Condition = map[string]map[string][]string{"StringEquals": {"elasticfilesystem:AccessPointArn": {arn}}}
	return s
}

// sending allows to send to where calls that nobody waits for are reported. An ARN
// that was not known when the configuration was checked may be anything.
func sending(m *function) ([]parts.Statement, error) {
	to := []tftypes.String{m.DeadLetter}
	if m.Async != nil {
		to = append(to, m.Async.OnFailure, m.Async.OnSuccess)
	}
	var all []parts.Statement
	for _, arn := range slices.Compact(slices.DeleteFunc(sorted(to), func(s string) bool { return s == "" })) {
		service, resource := strings.SplitN(arn+":::", ":", 4)[2], arn
		if sends[service] == nil {
			return nil, &tf.Problem{
				Summary: "Not a destination",
				Detail:  fmt.Sprintf("Lambda cannot send the events of calls to %q. Give dead_letter and async the ARN of a queue, topic, event bus, function or bucket.", arn),
			}
		}
		switch service {
		case "s3":
			all = append(all, parts.Allow([]string{"s3:ListBucket"}, []string{arn}))
			resource += "/*"
		case "lambda":
			all = append(all, parts.Allow(sends[service], []string{arn, arn + ":*"}))
			continue
		}
		all = append(all, parts.Allow(sends[service], []string{resource}))
	}
	return all, nil
}
