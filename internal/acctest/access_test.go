package acctest

import (
	"strings"
	"testing"
)

var missingRole = map[string]string{"GetRole": "NoSuchEntity", "GetRolePolicy": "NoSuchEntity"}

// allows is a policy that allows actions on everything.
func allows(action string) string {
	return `jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "` + action + `", Resource = "*" }] })`
}

var roleSubject = Subject{
	Type: "serverless_role",
	Base: Arguments{
		"name":        `"worker"`,
		"services":    `["lambda.amazonaws.com"]`,
		"description": `"Works."`,
		"policies":    `[` + allows("s3:ListAllMyBuckets") + `]`,
		"policy_arns": `["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]`,
		"tags":        `{ team = "a" }`,
	},
	Import:     []string{"{role_name}", "{arn}", "{role_name}@{region}"},
	Unimported: []string{"force_detach", "policies", "services"}, // the documents say the latter two in other words
	Edits: []Edit{
		{Argument: "name", To: `"laborer"`, Replace: true},
		{Argument: "name", To: `"other"`, From: Arguments{"role_name": `"worker-on-aws"`}, Local: true, Writes: []string{}},
		{Argument: "path", To: `"/team/"`, Replace: true},
		{Argument: "services", To: `["lambda.amazonaws.com", "states.amazonaws.com"]`, With: []string{"assume_role_policy"}, Writes: []string{"UpdateAssumeRolePolicy"}},
		{Argument: "description", To: ``, Writes: []string{"UpdateRole"}},
		{Argument: "max_session_duration", To: `7200`, Writes: []string{"UpdateRole"}},
		{Argument: "permissions_boundary", To: `"arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"`, Writes: []string{"PutRolePermissionsBoundary"}},
		{Argument: "policies", To: `[` + allows("sqs:ListQueues") + `]`, With: []string{"policy"}, Writes: []string{"PutRolePolicy"}},
		{Argument: "policies", To: ``, With: []string{"policy"}, Writes: []string{"DeleteRolePolicy"}},
		{
			Argument: "policies", Same: true, From: Arguments{"policies": `["{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sqs:ListQueues\",\"Resource\":\"*\"}]}"]`},
			To: `[jsonencode({ Statement = [{ Resource = "*", Action = "sqs:ListQueues", Effect = "Allow" }], Version = "2012-10-17" })]`,
		},
		{Argument: "policy_arns", To: `["arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"]`, Writes: []string{"AttachRolePolicy", "DetachRolePolicy"}},
		{Argument: "policy_arns", To: ``, Writes: []string{"DetachRolePolicy"}},
		{Argument: "tags", To: `{ team = "b", cost = "1" }`, With: []string{"tags_all"}, Writes: []string{"TagRole"}},
		{Argument: "force_detach", To: `true`, Local: true, Writes: []string{}},
		{Argument: "tags", To: ``, With: []string{"tags_all"}, Writes: []string{"UntagRole"}},
		{Argument: "timeouts", To: `{ create = "5m" }`, Local: true, Writes: []string{}},
	},
	Together: Arguments{
		"services": `["states.amazonaws.com"]`, "description": `"Works more."`, "policies": `[` + allows("sqs:ListQueues") + `]`,
		"policy_arns": `["arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"]`, "tags": `{ cost = "1" }`,
	},
	Invalid: []Invalid{
		{"name", `"a b"`, []string{"name", "1 to 64"}},
		{"name", `"` + strings.Repeat("a", 65) + `"`, []string{"1 to 64"}},
		{"path", `"team"`, []string{"path", "begins and ends with a slash"}},
		{"services", `["lambda"]`, []string{"services", "lambda.amazonaws.com"}},
		{"assume_role_policy", allows("sts:AssumeRole"), []string{"services", "assume_role_policy", "not both"}},
		{"max_session_duration", `60`, []string{"max_session_duration", "3600"}},
		{"permissions_boundary", `"AdministratorAccess"`, []string{"permissions_boundary", "ARN of a managed policy"}},
		{"policies", `["{"]`, []string{"policies", "JSON"}},
		{"policies", `[jsonencode({ Statement = [] })]`, []string{"policies[0]", "no statement"}},
		{"policy_arns", `["ReadOnlyAccess"]`, []string{"policy_arns", "ARN of a managed policy"}},
		{"tags", `{ "aws:x" = "1" }`, []string{"aws:", "another key"}},
	},
	Missing: missingRole,
}

func TestRole(t *testing.T) { Prove(t, roleSubject) }

var rolePolicySubject = Subject{
	Type: "serverless_role_policy",
	Before: `
resource "serverless_role" "r" {
  name     = "worker"
  services = ["lambda.amazonaws.com"]
}

resource "serverless_role" "other" {
  name     = "other"
  services = ["lambda.amazonaws.com"]
}
`,
	Base:   Arguments{"role_name": `serverless_role.r.role_name`, "name": `"extra"`, "policy": allows("s3:ListAllMyBuckets")},
	Import: []string{"{role_name}/{name}"},
	Edits: []Edit{
		{Argument: "role_name", To: `serverless_role.other.role_name`, Replace: true},
		{Argument: "role_name", To: `serverless_role.r.arn`, Same: true},
		{Argument: "name", To: `"more"`, Replace: true},
		{Argument: "policy", To: allows("sqs:ListQueues"), Writes: []string{"PutRolePolicy"}},
		{Argument: "policy", To: `"{ \"Statement\": [{ \"Resource\": \"*\", \"Action\": \"s3:ListAllMyBuckets\", \"Effect\": \"Allow\" }], \"Version\": \"2012-10-17\" }"`, Same: true},
	},
	Together: Arguments{"policy": allows("sqs:ListQueues")},
	Invalid: []Invalid{
		{"role_name", `"a b"`, []string{"role_name", "name or ARN"}},
		{"name", `"a b"`, []string{"name", "1 to 128"}},
		{"name", `"serverless"`, []string{"name", "Choose another name"}},
		{"policy", `jsonencode([])`, []string{"policy", "Version and Statement"}},
	},
	Missing:  missingRole,
	Unmarked: true,
}

func TestRolePolicy(t *testing.T) { Prove(t, rolePolicySubject) }

var logGroupSubject = Subject{
	Type:       "serverless_log_group",
	Base:       Arguments{"name": `"/shop/orders"`, "retention_days": `7`, "tags": `{ team = "a" }`},
	Import:     []string{"{log_group_name}", "{arn}", "{log_group_name}@{region}"},
	Unimported: []string{"retain"},
	Edits: []Edit{
		{Argument: "name", To: `"/shop/mail"`, Replace: true},
		{Argument: "name", To: `"other"`, From: Arguments{"log_group_name": `"/shop/on-aws"`}, Local: true, Writes: []string{}},
		{Argument: "region", To: `"eu-west-1"`, Replace: true},
		{Argument: "retention_days", To: `30`, Writes: []string{"PutRetentionPolicy"}},
		{Argument: "retention_days", To: `0`, Writes: []string{"DeleteRetentionPolicy"}},
		{Argument: "retention_days", To: ``, Writes: []string{"PutRetentionPolicy"}},
		{Argument: "deletion_protection", To: `true`, Writes: []string{"PutLogGroupDeletionProtection"}},
		{Argument: "tags", To: `{ team = "b", cost = "1" }`, With: []string{"tags_all"}, Writes: []string{"TagResource"}},
		{Argument: "tags", To: ``, With: []string{"tags_all"}, Writes: []string{"UntagResource"}},
		{Argument: "timeouts", To: `{ create = "5m" }`, Local: true, Writes: []string{}},
	},
	Together: Arguments{"retention_days": `1`, "tags": `{ cost = "1" }`},
	Invalid: []Invalid{
		{"name", `"a b"`, []string{"name", "1 to 512"}},
		{"retention_days", `2`, []string{"retention_days", "3653"}},
		{"class", `"GLACIER"`, []string{"class", "DELIVERY"}},
		{"class", `"DELIVERY"`, []string{"retention_days", "as long as AWS will"}},
		{"kms_key_arn", `"k"`, []string{"kms_key_arn", "ARN of a key"}},
	},
}

func TestLogGroup(t *testing.T) { Prove(t, logGroupSubject) }

const tableARN = `"arn:aws:dynamodb:eu-north-1:000000000000:table/`

var grantSubject = Subject{
	Type: "serverless_grant",
	Before: `
resource "serverless_role" "r" {
  name     = "worker"
  services = ["lambda.amazonaws.com"]
}

resource "serverless_role" "other" {
  name     = "other"
  services = ["lambda.amazonaws.com"]
}
`,
	Base:       Arguments{"from": `serverless_role.r.arn`, "to": `[` + tableARN + `orders"]`, "access": `["read"]`},
	Import:     []string{"{role_name}/{name}"},
	Unimported: []string{"from"}, // the role may have been named by what runs as it
	Edits: []Edit{
		{Argument: "from", To: `serverless_role.other.arn`, Replace: true, With: []string{"role_name", "role_arn"}},
		{Argument: "to", To: `[` + tableARN + `orders", ` + tableARN + `notes"]`, With: []string{"policy", "resource_policies"}, Writes: []string{"PutRolePolicy"}},
		{Argument: "access", To: `["read", "write"]`, With: []string{"policy", "resource_policies"}, Writes: []string{"PutRolePolicy"}},
		{Argument: "timeouts", To: `{ create = "5m" }`, Local: true, Writes: []string{}},
	},
	Together: Arguments{"to": `[` + tableARN + `notes"]`, "access": `["write", "stream"]`},
	Invalid: []Invalid{
		{"from", `"a b"`, []string{"from", "ARN or the name"}},
		{"from", `"arn:aws:events:eu-north-1:000000000000:rule/r"`, []string{"a rule of EventBridge", "role_arn of its target"}},
		{"from", `"arn:aws:s3:::b"`, []string{"a bucket", "cannot use a table"}},
		{"to", `["orders"]`, []string{"to", "not an ARN"}},
		{"to", `["arn:aws:sqs:eu-north-1:000000000000:q"]`, []string{"to and access", "receive"}},
		{"access", `["raed"]`, []string{"access", "read"}},
		{"access", `[]`, []string{"access", "at least 1"}},
	},
	Missing:  missingRole,
	Unmarked: true,
}

func TestGrant(t *testing.T) { Prove(t, grantSubject) }
