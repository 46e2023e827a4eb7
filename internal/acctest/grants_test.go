package acctest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
	"github.com/tfserverless/terraform-provider-serverless/provider"
	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// roles is a client of an emulator's IAM.
func roles(_ *testing.T, e provider.Emulator) *iam.Client {
	return iam.NewFromConfig(providertest.Clients(e, "eu-north-1"))
}

const (
	atHome  = "provider \"serverless\" {\n  region = \"eu-north-1\"\n}\n"
	ofStack = "provider \"serverless\" {\n  region = \"eu-north-1\"\n  stack  = \"shop\"\n}\n"
)

const worker = `
resource "serverless_role" "r" {
  name     = "worker"
  services = ["lambda.amazonaws.com"]
}
`

// grants are blocks that give a role n times access to a table of its own, with a
// name of some length.
func grants(n, length int) string {
	return worker + fmt.Sprintf(`
resource "serverless_grant" "g" {
  count  = %d
  from   = serverless_role.r.arn
  to     = ["arn:aws:dynamodb:eu-north-1:000000000000:table/%s-${count.index}"]
  access = ["read", "write"]
}
`, n, strings.Repeat("t", length))
}

// granted is what a role may do by its inline policies and by its managed ones.
func granted(t *testing.T, c *iam.Client, role string) (inline map[string]string, managed []string) {
	t.Helper()
	inline = map[string]string{}
	out, err := c.ListRolePolicies(t.Context(), &iam.ListRolePoliciesInput{RoleName: &role})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range out.PolicyNames {
		p, err := c.GetRolePolicy(t.Context(), &iam.GetRolePolicyInput{RoleName: &role, PolicyName: &name})
		if err != nil {
			t.Fatal(err)
		}
		if inline[name], err = url.QueryUnescape(*p.PolicyDocument); err != nil {
			t.Fatal(err)
		}
	}
	attached, err := c.ListAttachedRolePolicies(t.Context(), &iam.ListAttachedRolePoliciesInput{RoleName: &role})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range attached.AttachedPolicies {
		managed = append(managed, *p.PolicyName)
	}
	return inline, managed
}

// statements counts those in the policies of grants.
func statements(inline map[string]string) (n int) {
	for name, policy := range inline {
		if strings.HasPrefix(name, "serverless-grants") {
			n += strings.Count(policy, `"Sid"`)
		}
	}
	return n
}

// TestGrantsShareAPolicy makes many grants of one role at once: none loses another. With
// a stack one policy has them all, and without each has one; what the role has no room
// for is in managed ones until there is.
func TestGrantsShareAPolicy(t *testing.T) {
	for name, started := range map[string]func(testing.TB) *emulator.Emulator{"at rest": providertest.Emulator, "moody": providertest.Moody} {
		t.Run(name, func(t *testing.T) { t.Parallel(); share(t, started(t), ofStack, 1, 1, 1) })
		t.Run(name+", without a stack", func(t *testing.T) { t.Parallel(); share(t, started(t), atHome, 12, 14, 3) })
	}
}

func share(t *testing.T, e *emulator.Emulator, header string, few, many, least int) {
	m := deploy(t, e, "")
	apply := func(config string) (map[string]string, []string) {
		t.Helper()
		if _, err := m.Apply(t.Context(), header+config); err != nil {
			t.Fatal(err)
		}
		e.Settle() // what the test reads itself must not lag
		return granted(t, roles(t, e), "worker")
	}
	if inline, managed := apply(grants(12, 1)); len(inline) != few || len(managed) != 0 || statements(inline) != 12 {
		t.Errorf("12 grants: got %v and %v", inline, managed)
	}
	inline, managed := apply(grants(40, 120))
	if len(inline) > many || len(inline) < many-1 || len(managed) != 4 || statements(inline) < 13 {
		t.Errorf("40 grants of long names: %d inline policies with %d grants and the managed ones %v, want %d of 13 or more and four", len(inline), statements(inline), managed, many)
	}
	changes, err := m.Plan(t.Context(), header+grants(40, 120))
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range changes {
		if change.Action != "no-op" {
			t.Errorf("%s: %s because of %v", change.Address, change.Action, change.Changed)
		}
	}
	if inline, managed := apply(grants(3, 1)); len(inline) != least || len(managed) != 0 || statements(inline) != 3 {
		t.Errorf("3 grants again: got %v and %v", inline, managed)
	}
	if n, err := e.Deployed(); err != nil || n != 1 {
		t.Errorf("3 grants again: there are %d things, %v, want the role alone", n, err)
	}
	if err := m.Destroy(t.Context(), header); err != nil {
		t.Fatal(err)
	}
	if n, err := e.Deployed(); err != nil || n != 0 {
		t.Errorf("after destroy there are %d things, %v", n, err)
	}
}

// TestGrantsWithoutRoom demands an error that says what to do, and nothing left of what
// did not fit.
func TestGrantsWithoutRoom(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	m := deploy(t, e, worker)
	c := roles(t, e)
	for i := range 10 {
		p, err := c.CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: aws.String(fmt.Sprint("p", i)), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]}`)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{RoleName: aws.String("worker"), PolicyArn: p.Policy.Arn}); err != nil {
			t.Fatal(err)
		}
	}
	before, err := e.Deployed()
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.Apply(t.Context(), atHome+strings.Replace(grants(20, 200), "services = [", "lifecycle {\n    ignore_changes = [policy_arns]\n  }\n  services = [", 1))
	if err == nil || !strings.Contains(err.Error(), "no room for the grant") || !strings.Contains(err.Error(), "higher quota") {
		t.Errorf("got %v", err)
	}
	if after, err := e.Deployed(); err != nil || after != before {
		t.Errorf("there are %d things after and %d before, %v", after, before, err)
	}
}

// TestGrantFrom finds the role of a function and of a state machine, by ARN and name.
func TestGrantFrom(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	const table = `to = ["arn:aws:dynamodb:eu-north-1:000000000000:table/t"]` + "\n  access = [\"read\"]\n"
	there := aFunction("role_arn = serverless_role.r.arn\n  publish = { alias = \"live\" }\n"+`source = { inline = { "index.mjs" = "export const handler = async () => 1" } }`) + worker + `
resource "serverless_state_machine" "m" {
  name       = "steps"
  definition = jsonencode({ StartAt = "A", States = { A = { Type = "Succeed" } } })
}
resource "serverless_role" "twin" {
  name     = "steps"
  services = ["lambda.amazonaws.com"]
}
resource "serverless_role" "next" {
  name     = "next"
  services = ["lambda.amazonaws.com"]
}
`
	m := deploy(t, e, there)
	for name, c := range map[string]struct{ from, role, says string }{
		"a function":      {from: `serverless_function.f.arn`, role: "worker"},
		"an alias":        {from: `serverless_function.f.target_arn`, role: "worker"},
		"by its name":     {from: `serverless_function.f.function_name`, role: "worker"},
		"a state machine": {from: `serverless_state_machine.m.arn`, role: "states-steps-"},
		"a role":          {from: `serverless_role.r.role_name`, role: "worker"},
		"two things":      {from: `"steps"`, says: "is a state machine and a role"},
		"nothing":         {from: `"none"`, says: "no function, state machine or role"},
		"another account": {from: `"arn:aws:iam::111111111111:role/r"`, says: "serverless_function_permission"},
		"another region":  {from: `"arn:aws:lambda:us-east-1:000000000000:function:f"`, says: "Set the grant's region"},
	} {
		block := "resource \"serverless_grant\" \"g\" {\n  from = " + c.from + "\n  " + table + "}\n"
		_, err := m.Apply(t.Context(), atHome+there+block)
		switch {
		case c.says != "":
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: got %v, want %q", name, err, c.says)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		default:
			if got := m.Value("serverless_grant.g").GetAttr("role_name").AsString(); got != c.role && !strings.HasPrefix(got, c.role) {
				t.Errorf("%s: the role is %s, want %s", name, got, c.role)
			}
		}
		if _, err := m.Apply(t.Context(), atHome+there); err != nil {
			t.Fatal(err)
		}
	}
	// A function that gets another role takes its grant along.
	moved := strings.Replace(there, "role_arn = serverless_role.r.arn", "role_arn = serverless_role.next.arn", 1)
	for _, from := range []string{"serverless_function.f.arn", "serverless_function.f.function_name"} {
		block := "resource \"serverless_grant\" \"g\" {\n  from = " + from + "\n  " + table + "}\n"
		for _, config := range []string{there, moved, moved} { // the plan that changes the role does not know of it yet
			if _, err := m.Apply(t.Context(), atHome+config+block); err != nil {
				t.Fatal(err)
			}
		}
		for role, want := range map[string]int{"worker": 0, "next": 1} {
			if inline, _ := granted(t, roles(t, e), role); len(inline) != want {
				t.Errorf("%s: %s has %v, want %d policies", from, role, inline, want)
			}
		}
		if _, err := m.Apply(t.Context(), atHome+there); err != nil {
			t.Fatal(err)
		}
	}
}

// TestGrantToAnotherAccount says what the other account must allow, and refuses what
// can allow nothing.
func TestGrantToAnotherAccount(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	block := func(to, access string) string {
		return worker + "resource \"serverless_grant\" \"g\" {\n  from = serverless_role.r.arn\n  to = [\"" + to + "\"]\n  access = [\"" + access + "\"]\n}\n"
	}
	m := deploy(t, e, block("arn:aws:sqs:eu-north-1:111111111111:mail", "send"))
	policies := m.Value("serverless_grant.g").GetAttr("resource_policies").AsValueMap()
	const want = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:role/worker"},"Action":"sqs:SendMessage","Resource":"arn:aws:sqs:eu-north-1:111111111111:mail"}]}`
	if got := policies["arn:aws:sqs:eu-north-1:111111111111:mail"]; len(policies) != 1 || got.AsString() != want {
		t.Errorf("got %#v", policies)
	}
	changes, err := m.Plan(t.Context(), atHome+block("arn:aws:sqs:eu-north-1:111111111111:mail", "send"))
	if err != nil || len(changes) != 2 || changes[0].Action != "no-op" || changes[1].Action != "no-op" {
		t.Errorf("plan: got %v, %v", changes, err)
	}
	_, err = m.Apply(t.Context(), atHome+block("arn:aws:states:eu-north-1:111111111111:stateMachine:m", "start"))
	if err == nil || !strings.Contains(err.Error(), "lets nobody in") || !strings.Contains(err.Error(), "assume_role_policy") {
		t.Errorf("got %v", err)
	}
}

// TestGrantsOfTwoStacks have policies of their own.
func TestGrantsOfTwoStacks(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	deploy(t, e, worker)
	stack := func(name string) string {
		return "provider \"serverless\" {\n  region = \"eu-north-1\"\n  stack = \"" + name + "\"\n}\n" + `
resource "serverless_grant" "g" {
  from   = "worker"
  to     = ["arn:aws:sqs:eu-north-1:000000000000:q"]
  access = ["send"]
}
`
	}
	machines := map[string]*Machine{}
	for _, name := range []string{"a", "b"} {
		machines[name] = deploy(t, e, "")
		if _, err := machines[name].Apply(t.Context(), stack(name)); err != nil {
			t.Fatal(err)
		}
	}
	if inline, _ := granted(t, roles(t, e), "worker"); len(inline) != 2 {
		t.Errorf("got %v, want a policy of each", inline)
	}
	abroad, there := deploy(t, e, ""), strings.Replace(stack("a"), `region = "eu-north-1"`, `region = "eu-west-1"`, 1)
	if _, err := abroad.Apply(t.Context(), there); err != nil {
		t.Fatal(err)
	}
	if inline, _ := granted(t, roles(t, e), "worker"); len(inline) != 3 {
		t.Errorf("got %v, want one more of the stack's other region", inline)
	}
	if err := machines["a"].Destroy(t.Context(), stack("a")); err != nil {
		t.Fatal(err)
	}
	if changes, err := machines["b"].Plan(t.Context(), stack("b")); err != nil || changes[0].Action != "no-op" {
		t.Errorf("the other's grant: got %v, %v", changes, err)
	}
}

// TestSameGrantTwice is refused, in one run and in two.
func TestSameGrantTwice(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	one := grants(1, 1)
	two := one + strings.Replace(one[strings.Index(one, `resource "serverless_grant"`):], `"g"`, `"h"`, 1)
	m := deploy(t, e, worker)
	for range 2 {
		if _, err := m.Apply(t.Context(), atHome+two); err == nil || !strings.Contains(err.Error(), "import {") {
			t.Errorf("got %v, want an error with the block to import it", err)
		}
	}
	if inline, _ := granted(t, roles(t, e), "worker"); statements(inline) != 1 {
		t.Errorf("got %v, want one statement", inline)
	}
}

// otherAccount is an emulator whose caller and roles are of account 222222222222, whatever
// policies say of the emulator's own.
type otherAccount struct{ provider.Emulator }

func (e otherAccount) Do(r *http.Request) (*http.Response, error) {
	resp, err := e.Emulator.Do(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	for _, form := range []string{"iam::%s:", "sts::%s:", "<Account>%s</Account>"} {
		body = bytes.ReplaceAll(body, fmt.Appendf(nil, form, emulator.Account), fmt.Appendf(nil, form, "222222222222"))
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, resp.Body.Close()
}

// TestGrantBetweenAccounts: what a grant says that the other account must allow is what
// a queue there takes as its policy.
func TestGrantBetweenAccounts(t *testing.T) {
	t.Parallel()
	const theirs = "arn:aws:sqs:eu-north-1:000000000000:mail"
	grant := "resource \"serverless_grant\" \"g\" {\n  from = %s\n  to = [\"" + theirs + "\"]\n  access = [\"send\"]\n}\n"
	here := worker + fmt.Sprintf(grant, "serverless_role.r.arn")
	m := deploy(t, otherAccount{providertest.Emulator(t)}, here)
	if len(m.warnings) != 1 || !strings.Contains(m.warnings[0], "resource_policies is what to write") || !strings.Contains(m.warnings[0], theirs) {
		t.Errorf("warnings: %v", m.warnings)
	}
	if changes, err := m.Plan(t.Context(), atHome+here); err != nil || changes[0].Action != "no-op" || changes[1].Action != "no-op" {
		t.Errorf("the second plan here: %v, %v", changes, err)
	}
	policy := m.Value("serverless_grant.g").GetAttr("resource_policies").AsValueMap()[theirs].AsString()
	if !strings.Contains(policy, `"Principal":{"AWS":"arn:aws:iam::222222222222:role/worker"}`) {
		t.Fatalf("got %s, want our role let in", policy)
	}
	queue := "resource \"serverless_queue\" \"q\" {\n  name = \"mail\"\n  policy = " + strconv.Quote(policy) + "\n}\n"
	there := deploy(t, providertest.Emulator(t), queue)
	if got := there.Value("serverless_queue.q").GetAttr("arn").AsString(); got != theirs {
		t.Errorf("the queue is %s, want %s", got, theirs)
	}
	if changes, err := there.Plan(t.Context(), atHome+queue); err != nil || changes[0].Action != "no-op" {
		t.Errorf("the second plan there: %v, %v", changes, err)
	}
	// A grant of the other account cannot write what our role may do.
	_, err := there.Apply(t.Context(), atHome+queue+fmt.Sprintf(grant, `"arn:aws:iam::222222222222:role/worker"`))
	if err == nil || !strings.Contains(err.Error(), "by a grant of a provider for that one") {
		t.Errorf("from a role of another account: %v", err)
	}
}
