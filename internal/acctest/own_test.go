package acctest

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// clients are those of the services that have what functions and state machines own.
type clients struct {
	iam    *iam.Client
	lambda *lambda.Client
	logs   *cloudwatchlogs.Client
	sfn    *sfn.Client
}

func (s *stage) clients() clients {
	c := providertest.Clients(s.wire, "eu-north-1")
	return clients{iam.NewFromConfig(c), lambda.NewFromConfig(c), cloudwatchlogs.NewFromConfig(c), sfn.NewFromConfig(c)}
}

// role reports whether there is a role of that name, and the policy of its owner.
func (c clients) role(t *testing.T, name string) (arn, policy string) {
	t.Helper()
	out, err := c.iam.GetRole(t.Context(), &iam.GetRoleInput{RoleName: &name})
	if err != nil {
		return "", ""
	}
	if p, err := c.iam.GetRolePolicy(t.Context(), &iam.GetRolePolicyInput{RoleName: &name, PolicyName: aws.String("serverless")}); err == nil {
		policy = aws.ToString(p.PolicyDocument)
	}
	return aws.ToString(out.Role.Arn), policy
}

func (c clients) group(t *testing.T, name string) bool {
	t.Helper()
	out, err := c.logs.DescribeLogGroups(t.Context(), &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &name})
	if err != nil {
		t.Fatal(err)
	}
	return len(out.LogGroups) == 1
}

const (
	ownFunction = `
resource "serverless_function" "f" {
  name    = "hello"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async (e) => e" } }
  ARGUMENTS
}
`
	ownMachine = `
resource "serverless_state_machine" "f" {
  name       = "hello"
  definition = ` + passes + `
  ARGUMENTS
}
`
)

func arguments(block string, a string) string { return strings.Replace(block, "ARGUMENTS", a, 1) }

// TestOwnIsExported: everything that a function or a state machine makes beside itself
// is known by an attribute, so that other resources can be attached to it.
func TestOwnIsExported(t *testing.T) {
	t.Parallel()
	s := onStage(t)
	s.apply(arguments(ownFunction, `
  publish = { alias = "live" }
  url     = { auth = "NONE" }
  async   = { max_retries = 0 }`) + arguments(ownMachine, `publish = { alias = "live" }`))
	c := s.clients()
	const f, m = "serverless_function.f", "serverless_state_machine.f"
	target := s.text(f, "target_arn")
	rows := map[string]func() bool{
		"the function's role": func() bool {
			arn, _ := c.role(t, s.text(f, "role_name"))
			return arn != "" && arn == s.text(f, "role_arn")
		},
		"its policy": func() bool {
			_, policy := c.role(t, s.text(f, "role_name"))
			return policy != "" && s.text(f, "role_policy") != ""
		},
		"its log group": func() bool { return c.group(t, s.text(f, "log_group_name")) },
		"its version": func() bool {
			out, err := c.lambda.GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String(s.text(f, "arn")), Qualifier: aws.String(s.text(f, "version"))})
			return err == nil && aws.ToString(out.Configuration.Version) == "1"
		},
		"its alias": func() bool {
			out, err := c.lambda.GetAlias(t.Context(), &lambda.GetAliasInput{FunctionName: aws.String(s.text(f, "function_name")), Name: aws.String(target[strings.LastIndex(target, ":")+1:])})
			return err == nil && aws.ToString(out.AliasArn) == target
		},
		"its URL": func() bool {
			out, err := c.lambda.GetFunctionUrlConfig(t.Context(), &lambda.GetFunctionUrlConfigInput{FunctionName: &target})
			return err == nil && aws.ToString(out.FunctionUrl) == s.Value(f).GetAttr("url").GetAttr("url").AsString()
		},
		"its event invoke configuration": func() bool {
			out, err := c.lambda.GetFunctionEventInvokeConfig(t.Context(), &lambda.GetFunctionEventInvokeConfigInput{FunctionName: &target})
			return err == nil && aws.ToString(out.FunctionArn) == target
		},
		"the permission of its URL": func() bool { // its statement has the id that AWS's console gives it
			out, err := c.lambda.GetPolicy(t.Context(), &lambda.GetPolicyInput{FunctionName: &target})
			return err == nil && strings.Contains(aws.ToString(out.Policy), `"FunctionURLAllowPublicAccess"`)
		},
		"the state machine's role": func() bool {
			arn, policy := c.role(t, s.text(m, "role_name"))
			return arn != "" && arn == s.text(m, "role_arn") && policy != ""
		},
		"its own log group": func() bool { return c.group(t, s.text(m, "log_group_name")) },
		"its own version": func() bool {
			out, err := c.sfn.DescribeStateMachine(t.Context(), &sfn.DescribeStateMachineInput{StateMachineArn: aws.String(s.text(m, "arn") + ":" + s.text(m, "version"))})
			return err == nil && aws.ToString(out.Name) == "hello"
		},
		"its own alias": func() bool {
			out, err := c.sfn.DescribeStateMachineAlias(t.Context(), &sfn.DescribeStateMachineAliasInput{StateMachineAliasArn: aws.String(s.text(m, "target_arn"))})
			return err == nil && aws.ToString(out.Name) == "live"
		},
	}
	for what, there := range rows {
		if !there() {
			t.Errorf("%s is not found by what is exported of it", what)
		}
	}
}

// TestOwnIsTakenOver: each thing that a function or a state machine makes beside itself
// can be somebody else's: its own goes then, is not missed, and comes back.
func TestOwnIsTakenOver(t *testing.T) {
	t.Parallel()
	const (
		role = `
resource "serverless_role" "r" {
  name     = "mine"
  services = ["lambda.amazonaws.com", "states.amazonaws.com"]
}
`
		group = `
resource "serverless_log_group" "g" {
  name = "mine"
}
`
		attached = `
resource "serverless_role_policy" "p" {
  role_name = TYPE.f.role_name
  name      = "more"
  policy    = ` + readTags + `
}
`
	)
	for _, row := range []struct{ name, block, own, others, arguments, gone, named string }{
		{name: "a function's role", block: ownFunction, others: role, arguments: `role_arn = serverless_role.r.arn`, gone: "role_name", named: "mine"},
		{name: "a function's policy", block: ownFunction, others: strings.Replace(attached, "TYPE", "serverless_function", 1)},
		{name: "a function's log group", block: ownFunction, others: group, arguments: `log = { group = serverless_log_group.g.log_group_name }`, gone: "log_group_name", named: "mine"},
		{name: "a function's version and alias", block: ownFunction, own: `publish = { alias = "live" }`, others: `
resource "serverless_function_version" "v" {
  function = serverless_function.f.arn
  retain   = false
}
resource "serverless_function_alias" "a" {
  function = serverless_function.f.function_name
  name     = "mine"
  version  = serverless_function_version.v.version
}
`},
		{name: "a function's URL", block: ownFunction, own: `url = {}`, others: `
resource "serverless_function_alias" "a" {
  function = serverless_function.f.function_name
  name     = "mine"
  version  = "$LATEST"
}
resource "serverless_function_url" "u" {
  function = serverless_function_alias.a.arn
}
`},
		{name: "a function's event invoke configuration", block: ownFunction, own: `async = { max_retries = 1 }`, others: `
resource "serverless_function_alias" "a" {
  function = serverless_function.f.function_name
  name     = "mine"
  version  = "$LATEST"
}
resource "serverless_function_async_config" "c" {
  function    = serverless_function_alias.a.arn
  max_retries = 0
}
`},
		{name: "a function's permission", block: ownFunction, own: `url = { auth = "NONE" }`, arguments: `url = {}`, others: `
resource "serverless_function_permission" "p" {
  function          = serverless_function.f.target_arn
  action            = "lambda:InvokeFunctionUrl"
  principal         = "*"
  function_url_auth = "AWS_IAM"
}
`},
		{name: "a state machine's role", block: ownMachine, others: role, arguments: `role_arn = serverless_role.r.arn`, gone: "role_name", named: "mine"},
		{name: "a state machine's policy", block: ownMachine, others: strings.Replace(attached, "TYPE", "serverless_state_machine", 1)},
		{name: "a state machine's log group", block: ownMachine, others: group, arguments: `log = { group = serverless_log_group.g.log_group_name }`, gone: "log_group_name", named: "mine"},
		{name: "a state machine's alias", block: ownMachine, own: `publish = { alias = "live" }`, arguments: `publish = { alias = "live" }`, others: `
resource "serverless_state_machine_alias" "a" {
  state_machine = serverless_state_machine.f.arn
  name          = "mine"
  version       = serverless_state_machine.f.version
}
`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := onStage(t)
			c := s.clients()
			address := "serverless_function.f"
			if row.block == ownMachine {
				address = "serverless_state_machine.f"
			}
			there := func(name string) bool {
				arn, _ := c.role(t, name)
				return arn != "" || c.group(t, name)
			}
			settled := func(config string) {
				t.Helper()
				s.apply(config)
				if change := s.planned(config, address); change.Action != "no-op" {
					t.Errorf("the plan after it: %s of %v", change.Action, change.Changed)
				}
			}
			before, after := arguments(row.block, row.own), row.others+arguments(row.block, row.arguments)
			settled(before)
			var was string
			if row.gone != "" {
				if was = s.text(address, row.gone); !there(was) {
					t.Errorf("there is no %s %s", row.gone, was)
				}
			}
			settled(after)
			if row.gone != "" {
				if there(was) {
					t.Errorf("its own %s is left", was)
				}
				if is := s.text(address, row.gone); is != row.named || !there(is) {
					t.Errorf("%s is %q, want %q, which must be there", row.gone, is, row.named)
				}
			}
			settled(before)
			if row.gone != "" && !there(was) {
				t.Errorf("its own %s did not come back", was)
			}
			if err := s.Destroy(t.Context(), settings+before); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestRoleAtAnotherPath: a role of another path is another role, because IAM moves
// none.
func TestRoleAtAnotherPath(t *testing.T) {
	t.Parallel()
	s := onStage(t)
	c := s.clients()
	s.apply(arguments(ownFunction, ""))
	was := s.text("serverless_function.f", "role_name")
	s.apply(arguments(ownFunction, `role = { path = "/shop/" }`))
	if arn, _ := c.role(t, s.text("serverless_function.f", "role_name")); arn != s.text("serverless_function.f", "role_arn") || !strings.Contains(arn, ":role/shop/hello-") {
		t.Errorf("the function works as %s", arn)
	}
	if arn, _ := c.role(t, was); arn != "" {
		t.Errorf("the role %s of before is left", arn)
	}
	s.apply(arguments(ownFunction, `role = { name = "mine", path = "/shop/" }`))
	_, err := s.Apply(t.Context(), settings+arguments(ownFunction, `role = { name = "mine" }`))
	if err == nil || !strings.Contains(err.Error(), "exists at the path /shop/") {
		t.Errorf("another path with the same name: got %v", err)
	}
}

// TestLinksAlike: links give the same rights to a function, a state machine, and by a
// grant.
func TestLinksAlike(t *testing.T) {
	t.Parallel()
	s := onStage(t)
	const link = `{ to = serverless_table.orders.arn, access = ["read", "stream"] }`
	s.apply(someTable + arguments(ownFunction, `links = { ORDERS = `+link+` }
  tracing = false`) + arguments(ownMachine, `links = { ORDERS = `+link+` }
  tracing = false
  log = { level = "OFF" }`) + `
resource "serverless_role" "r" {
  name     = "mine"
  services = ["lambda.amazonaws.com"]
}
resource "serverless_grant" "g" {
  from   = serverless_role.r.arn
  to     = [serverless_table.orders.arn]
  access = ["read", "stream"]
}
`)
	const begins = `"Statement":[`
	_, want, _ := strings.Cut(s.text("serverless_state_machine.f", "role_policy"), begins)
	if !strings.Contains(want, "dynamodb:GetRecords") || !strings.Contains(want, "dynamodb:GetItem") {
		t.Errorf("the state machine's role may %s", want)
	}
	if got := s.text("serverless_function.f", "role_policy"); !strings.HasSuffix(got, want) {
		t.Errorf("the function's role may %s, want all of %s", got, want)
	}
	if got := s.text("serverless_grant.g", "policy"); !strings.HasSuffix(got, begins+want) {
		t.Errorf("the grant gives %s, want %s", got, want)
	}
}

// TestOwnLogGroupIsNotForgotten: the own log group of what writes elsewhere, or not at
// all, is deleted by the next apply or a destroy if the one that should have done it
// was cut off.
func TestOwnLogGroupIsNotForgotten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ address, config, log string }{
		{"serverless_state_machine.m", "resource \"serverless_state_machine\" \"m\" {\n  name = \"m\"\n  definition = " + passes, `log = { level = "OFF" }`},
		{"serverless_state_machine.m", "resource \"serverless_state_machine\" \"m\" {\n  name = \"m\"\n  definition = " + passes, `log = { group = "mine" }`},
		{"serverless_function.f", "resource \"serverless_function\" \"f\" {\n  name = \"f\"\n  runtime = \"nodejs22.x\"\n  handler = \"index.handler\"\n  source = " + hello("hi"), `log = { group = "mine" }`},
	} {
		for _, again := range []bool{true, false} {
			s := onStage(t)
			s.apply(c.config + "\n}\n")
			s.wire.Spoil = func(_ int, operation string) Fault {
				if operation != "DeleteLogGroup" {
					return Fault{}
				}
				return Fault{Kind: Answer, Code: "AccessDeniedException", Message: "You may not."}
			}
			after := c.config + "\n  " + c.log + "\n}\n"
			if _, err := s.Apply(t.Context(), settings+after); err == nil {
				t.Errorf("%s with %s: the apply that may not delete the log group succeeded", c.address, c.log)
			}
			s.wire.Spoil = nil
			s.wire.Calls()
			if again {
				s.apply(after)
			} else if err := s.Destroy(t.Context(), settings+after); err != nil {
				t.Error(err)
			}
			if !slices.Contains(s.wire.Calls(), "DeleteLogGroup") {
				t.Errorf("%s with %s: the log group is left, after another apply %t", c.address, c.log, again)
			}
			if !again {
				continue
			}
			if p := s.planned(after, c.address); p.Action != "no-op" {
				t.Errorf("%s with %s: the last plan: %s of %v", c.address, c.log, p.Action, p.Changed)
			}
		}
	}
}
