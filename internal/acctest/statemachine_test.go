package acctest

import "testing"

const (
	passes = `jsonencode({ StartAt = "A", States = { A = { Type = "Pass", End = true } } })`
	waits  = `jsonencode({ StartAt = "B", States = { B = { Type = "Wait", Seconds = 1, End = true } } })`
	calls  = `jsonencode({ StartAt = "Send", States = { Send = { Type = "Task", Resource = "arn:aws:states:::sqs:sendMessage", Parameters = { QueueUrl = serverless_queue.mail.url, "MessageBody.$" = "$" }, End = true } } })`
)

// asked is a machine of one task that calls resource with these parameters.
func asked(resource, parameters string) string {
	return `jsonencode({ StartAt = "Ask", States = { Ask = { Type = "Task", Resource = "` + resource + `", Parameters = ` + parameters + `, End = true } } })`
}

var stateMachineSubject = Subject{
	Type: "serverless_state_machine",
	Before: `
resource "serverless_queue" "mail" {
  name = "mail"
}
`,
	Base: Arguments{
		"name":       `"fulfill"`,
		"definition": calls,
		"policies":   `[` + readTags + `]`,
		"tags":       `{ team = "a" }`,
	},
	Import:     []string{"{state_machine_name}", "{arn}", "{state_machine_name}@{region}"},
	Unimported: []string{"links", "policies"},
	Edits: []Edit{
		{Argument: "name", To: `"other"`, Replace: true},
		{Argument: "state_machine_name", To: `"fulfill-on-aws"`, Replace: true},
		{Argument: "region", To: `"eu-west-1"`, Replace: true},
		{Argument: "type", To: `"EXPRESS"`, Replace: true},
		{Argument: "definition", To: passes, With: []string{"revision_id", "role_policy"}, Writes: []string{"UpdateStateMachine", "PutRolePolicy"}},
		{
			Argument: "definition", To: asked("arn:aws:states:::sns:publish", `{ TopicArn = "arn:aws:sns:eu-north-1:000000000000:news", Message = "x" }`),
			With: []string{"revision_id", "role_policy"}, Writes: []string{"PutRolePolicy", "UpdateStateMachine", "PutRolePolicy"},
		},
		{
			Argument: "definition", Same: true, From: Arguments{"definition": passes}, // in another layout
			To: `"{ \"States\": {\n \"A\": {\"End\": true, \"Type\": \"Pass\"} },\n \"StartAt\": \"A\" }"`,
		},
		{
			Argument: "links", To: `{ MAIL = { to = serverless_queue.mail.arn, access = ["receive"] } }`,
			With: []string{"role_policy"}, Writes: []string{"PutRolePolicy", "PutRolePolicy"},
		},
		{Argument: "policies", To: ``, With: []string{"role_policy"}, Writes: []string{"PutRolePolicy"}},
		{
			Argument: "policies", Same: true,
			To: `["{\n \"Statement\": [ {\"Resource\":\"*\", \"Action\": [\"tag:GetResources\"], \"Effect\": \"Allow\"} ], \"Version\": \"2012-10-17\" }"]`,
		},
		{Argument: "policy_arns", To: `["arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"]`, Writes: []string{"AttachRolePolicy"}},
		{Argument: "role", To: `{ permissions_boundary = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess" }`, Unasked: true, With: []string{"role_permissions_boundary"}, Writes: []string{"PutRolePermissionsBoundary"}},
		{Argument: "log", To: `{ retention_days = 7 }`, Writes: []string{"PutRetentionPolicy"}},
		{Argument: "log", To: `{ level = "ALL", include_data = true }`, With: []string{"revision_id"}, Writes: []string{"UpdateStateMachine"}},
		{
			Argument: "log", To: `{ level = "OFF" }`,
			With: []string{"log_group_name", "revision_id", "role_policy"}, Writes: []string{"UpdateStateMachine", "PutRolePolicy", "DeleteLogGroup"},
		},
		{Argument: "log", To: `{ group = "mine" }`, With: []string{"log_group_name", "revision_id"}, Writes: []string{"UpdateStateMachine", "DeleteLogGroup"}},
		{Argument: "tracing", To: `false`, With: []string{"revision_id", "role_policy"}, Writes: []string{"UpdateStateMachine", "PutRolePolicy"}},
		{
			Argument: "publish", To: `{ alias = "live" }`, Unasked: true,
			With: []string{"target_arn", "version"}, Writes: []string{"PublishStateMachineVersion", "CreateStateMachineAlias"}, Grows: true,
		},
		{
			Argument: "publish", To: `{ alias = "next" }`, From: Arguments{"publish": `{ alias = "live" }`},
			With: []string{"target_arn"}, Writes: []string{"CreateStateMachineAlias", "DeleteStateMachineAlias"}, Grows: true,
		},
		{Argument: "publish", To: `{ alias = "live", keep_versions = 3 }`, From: Arguments{"publish": `{ alias = "live" }`}, Local: true, Writes: []string{}},
		{
			Argument: "tracing", To: `false`, From: Arguments{"publish": `{ alias = "live" }`}, Grows: true,
			With: []string{"revision_id", "role_policy", "version"}, Writes: []string{"UpdateStateMachine", "PublishStateMachineVersion", "UpdateStateMachineAlias", "PutRolePolicy"},
		},
		{Argument: "tags", To: `{ team = "b", cost = "1" }`, With: []string{"tags_all"}, Writes: []string{"TagRole", "TagResource", "TagResource"}},
		{Argument: "timeouts", To: `{ create = "5m" }`, Local: true, Writes: []string{}},
	},
	Together: Arguments{
		"definition": waits,
		"tracing":    `false`,
		"log":        `{ level = "ALL", retention_days = 7 }`,
		"publish":    `{ alias = "live" }`,
		"tags":       `{ cost = "1" }`,
	},
	Invalid: []Invalid{
		{"name", `"a b"`, []string{"name", "1 to 80 letters"}},
		{"name", ``, []string{"name", "state_machine_name"}},
		{"state_machine_name", `"a/b"`, []string{"state_machine_name", "1 to 80 letters"}},
		{"type", `"FAST"`, []string{"type", "EXPRESS"}},
		{"definition", ``, []string{"definition", "definition_file"}},
		{"definition", `"{\n  \"StartAt\": 'A'\n}"`, []string{"INVALID_JSON_DESCRIPTION", "not JSON", "line 2", "jsonencode"}},
		{"definition", `"[]"`, []string{"SCHEMA_VALIDATION_FAILED", "must be a valid JSON object"}},
		{
			"definition", `"{\n \"StartAt\": \"A\",\n \"States\": { \"A\": { \"Type\": \"Pass\", \"Next\": \"B\" } }\n}"`,
			[]string{"MISSING_TRANSITION_TARGET", "Missing 'Next' target: B", "/States/A/Next, line 3, column 45", `"B"`},
		},
		{"definition", `jsonencode({ StartAt = "A", States = { A = { Type = "Pass", Foo = 1, End = true } } })`, []string{"SCHEMA_VALIDATION_FAILED", "Field 'Foo' is not supported", "/States/A"}},
		{"definition", `jsonencode({ QueryLanguage = "JSONata", StartAt = "A", States = { A = { Type = "Pass", Output = "{% 1 + %}", End = true } } })`, []string{"INVALID_JSONATA_EXPRESSION", "/States/A/Output"}},
		{"definition", asked("arn:aws:states:::dynamodb:query", `{}`), []string{"arn:aws:states:::dynamodb:query is not recognized", "/States/Ask/Resource"}},
		{"definition_file", `"does-not-exist.json"`, []string{"Two definitions", "not both"}},
		{"substitutions", `{ A = "b" }`, []string{"Only with definition_file"}},
		{"links", `{ MAIL = { to = "mail", access = ["send"] } }`, []string{"links", "ARN"}},
		{"links", `{ MAIL = { to = serverless_queue.mail.arn, access = ["drop"] } }`, []string{"drop", "receive", "send"}},
		{"links", `{ MAIL = { to = "arn:aws:sqs:eu-north-1:000000000000:q", access = ["read"] } }`, []string{`"read" is not known for a queue`, "receive"}},
		{"policies", `["nonsense"]`, []string{"policies", "JSON"}},
		{"policies", `["{}"]`, []string{"Bad policy", "Version"}},
		{"role_arn", `"admin"`, []string{"role_arn", "ARN"}},
		{"role_arn", `"arn:aws:iam::000000000000:role/mine"`, []string{"Not with role_arn", "policies"}},
		{"log", `{ level = "SOME" }`, []string{"log.level", "ERROR"}},
		{"log", `{ retention_days = 8 }`, []string{"log.retention_days", "7"}},
		{"log", `{ group = "mine", retention_days = 7 }`, []string{"retention_days", "group"}},
		{"log", `{ level = "OFF", retention_days = 7 }`, []string{"retention_days", "OFF"}},
		{"log", `{ level = "OFF", include_data = true }`, []string{"include_data", "OFF"}},
		{"encryption", `{ kms_key_arn = "key" }`, []string{"encryption.kms_key_arn", "ARN"}},
		{"encryption", `{ kms_key_arn = "arn:aws:kms:eu-north-1:000000000000:key/k", reuse_seconds = 1 }`, []string{"reuse_seconds", "between 60 and 900"}},
		{"publish", `{ alias = "1" }`, []string{"publish.alias", "not only digits"}},
		{"publish", `{ alias = "live", keep_versions = 0 }`, []string{"keep_versions", "between 1"}},
		{"publish", `{ alias = "live", weights = { "a" = 5 } }`, []string{"weights", "number of a version"}},
		{"publish", `{ alias = "live", weights = { "1" = 101 } }`, []string{"weights", "between 0 and 100"}},
	},
	Transient: []Transient{
		{Operation: "CreateStateMachine", Code: "AccessDeniedException", Message: "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the provided role.", Times: 3},
		{Operation: "CreateStateMachine", Code: "AccessDeniedException", Message: "The state machine IAM Role is not authorized to access the Log Destination", Times: 2},
		{Operation: "CreateStateMachine", Code: "StateMachineDeleting", Message: "State Machine is being deleted: 'arn:aws:states:eu-north-1:000000000000:stateMachine:fulfill'", Times: 2},
		{Operation: "UpdateStateMachine", Code: "AccessDeniedException", Message: "The state machine IAM Role is not authorized to access the Log Destination", Times: 2},
	},
	Missing: map[string]string{"DescribeStateMachine": "StateMachineDoesNotExist"},
}

func TestStateMachine(t *testing.T) { Prove(t, stateMachineSubject) }

const publishedMachine = `
resource "serverless_state_machine" "fulfill" {
  name       = "fulfill"
  definition = ` + passes + `
  publish    = { alias = "live" }
}
`

var stateMachineAliasSubject = Subject{
	Type: "serverless_state_machine_alias",
	Before: publishedMachine + `
resource "serverless_state_machine" "other" {
  name       = "other"
  definition = ` + waits + `
  publish    = { alias = "live" }
}
`,
	Base: Arguments{
		"state_machine": `serverless_state_machine.fulfill.arn`,
		"name":          `"stable"`,
		"version":       `serverless_state_machine.fulfill.version`,
		"description":   `"What the shop starts."`,
	},
	Import:   []string{"fulfill/{name}", "{arn}", "fulfill/{name}@{region}"},
	Unmarked: true,
	Unimported: []string{
		"state_machine", // by its name, where the configuration may have the ARN
	},
	Edits: []Edit{
		{Argument: "name", To: `"next"`, Replace: true},
		{Argument: "state_machine", To: `"fulfill"`, Same: true},
		{Argument: "state_machine", To: `serverless_state_machine.other.arn`, Replace: true},
		{Argument: "description", To: `"Else."`, Writes: []string{"UpdateStateMachineAlias"}},
		{Argument: "description", To: ``, Writes: []string{"UpdateStateMachineAlias"}},
		{Argument: "timeouts", To: `{ create = "5m" }`, Local: true, Writes: []string{}},
	},
	Together: Arguments{"description": `"Else."`},
	Invalid: []Invalid{
		{"state_machine", `"a b"`, []string{"state_machine", "name or ARN"}},
		{"name", `"1"`, []string{"name", "not only digits"}},
		{"version", `"latest"`, []string{"version", "number"}},
		{"description", `""`, []string{"description", "between 1 and 256"}},
		{"weights", `{ "live" = 10 }`, []string{"weights", "number of a version"}},
		{"weights", `{ "2" = 200 }`, []string{"weights", "between 0 and 100"}},
		{"weights", `{ "2" = 20, "3" = 30 }`, []string{"weights", "at most 1"}},
	},
	Missing: map[string]string{"DescribeStateMachineAlias": "ResourceNotFound"},
}

func TestStateMachineAlias(t *testing.T) { Prove(t, stateMachineAliasSubject) }

var activitySubject = Subject{
	Type:   "serverless_activity",
	Base:   Arguments{"name": `"approve"`, "tags": `{ team = "a" }`},
	Import: []string{"{activity_name}", "{arn}", "{activity_name}@{region}"},
	Edits: []Edit{
		{Argument: "name", To: `"other"`, Replace: true},
		{Argument: "activity_name", To: `"approve-on-aws"`, Replace: true},
		{Argument: "region", To: `"eu-west-1"`, Replace: true},
		{Argument: "tags", To: `{ team = "b", cost = "1" }`, With: []string{"tags_all"}, Writes: []string{"TagResource"}},
		{Argument: "tags", To: ``, With: []string{"tags_all"}, Writes: []string{"UntagResource"}},
		{Argument: "timeouts", To: `{ create = "5m" }`, Local: true, Writes: []string{}},
	},
	Together: Arguments{"tags": `{ cost = "1" }`},
	Invalid: []Invalid{
		{"name", `"a b"`, []string{"name", "1 to 80 letters"}},
		{"name", ``, []string{"name", "activity_name"}},
		{"activity_name", `"a/b"`, []string{"activity_name", "1 to 80 letters"}},
		{"encryption", `{ kms_key_arn = "key" }`, []string{"encryption.kms_key_arn", "ARN"}},
	},
	Missing: map[string]string{"DescribeActivity": "ActivityDoesNotExist"},
}

func TestActivity(t *testing.T) { Prove(t, activitySubject) }
