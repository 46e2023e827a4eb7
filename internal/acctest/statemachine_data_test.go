package acctest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/provider"
	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// states is Step Functions of an emulator.
func states(e provider.Emulator) *sfn.Client {
	return sfn.NewFromConfig(providertest.Clients(e, "eu-north-1"))
}

const sums = `
resource "serverless_state_machine" "sum" {
  name       = "sum"
  definition = jsonencode({
    QueryLanguage = "JSONata"
    StartAt       = "Add"
    States = {
      Add   = { Type = "Pass", Assign = { total = "{% $sum($states.input.prices) %}" }, Next = "Check" }
      Check = { Type = "Choice", Choices = [{ Condition = "{% $total > 10 %}", Next = "TooMuch" }], Default = "Done" }
      Done  = { Type = "Succeed", Output = "{% { 'total': $total } %}" }
      TooMuch = { Type = "Fail", Error = "Shop.TooMuch", Cause = "The total is above 10." }
    }
  })
  publish = { alias = "live" }
}
resource "serverless_state_machine" "quick" {
  name       = "quick"
  type       = "EXPRESS"
  definition = jsonencode({ StartAt = "A", States = { A = { Type = "Pass", Result = { ok = true }, End = true } } })
}
`

// TestExecutions starts executions by the action, and reads what became of them.
func TestExecutions(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	m := deploy(t, e, sums)
	target := m.Value("serverless_state_machine.sum").GetAttr("target_arn").AsString()
	p := Speak(t, e, "")
	for _, c := range []struct{ name, config, says, fails string }{
		{"by the alias", `{ state_machine = "` + target + `", name = "one", input = "{\"prices\":[1, 2]}" }`, `Started arn:aws:states:eu-north-1:000000000000:execution:sum:one|one entered Add.|one entered Check.|one entered Done.|one succeeded with {"total":3}`, ""},
		{"by its name", `{ state_machine = "sum", name = "two", input = "{\"prices\":[20]}" }`, "two entered TooMuch.", "It ended as FAILED. Shop.TooMuch: The total is above 10."},
		{"failures are no errors", `{ state_machine = "sum:live", name = "three", input = "{\"prices\":[20]}", fail_on_error = false }`, "three ended as FAILED. Shop.TooMuch: The total is above 10.", ""},
		{"without waiting", `{ state_machine = "sum", name = "four", wait = false, input = "{\"prices\":[4]}" }`, "Started arn:aws:states:eu-north-1:000000000000:execution:sum:four", ""},
		{"express", `{ state_machine = "quick" }`, `succeeded with {"ok":true}`, ""},
		{"not there", `{ state_machine = "none" }`, "", "State Machine Does Not Exist"},
		{"no duration", `{ state_machine = "sum", timeout = "soon" }`, "", "Bad duration"},
		{"a name twice", `{ state_machine = "sum", name = "two", input = "{\"prices\":[1]}" }`, "", "Execution Already Exists"},
	} {
		progress, err := p.Invoke("serverless_start_execution", c.config)
		if c.fails == "" && err != nil || c.fails != "" && (err == nil || !strings.Contains(err.Error(), c.fails)) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.fails)
		}
		if got := strings.Join(progress, "|"); !strings.Contains(got, c.says) {
			t.Errorf("%s: told %s, want %s", c.name, got, c.says)
		}
	}
	progress, err := p.Invoke("serverless_redrive_execution", `{ execution = "arn:aws:states:eu-north-1:000000000000:execution:sum:two" }`)
	if err == nil || !strings.Contains(err.Error(), "Shop.TooMuch") || !strings.Contains(strings.Join(progress, "|"), "two entered TooMuch.") {
		t.Errorf("redrive: told %q, got %v, want it to fail again", progress, err)
	}
	progress, err = p.Invoke("serverless_stop_execution", `{ execution = "arn:aws:states:eu-north-1:000000000000:execution:sum:one", error = "X" }`)
	if err != nil || !strings.Contains(strings.Join(progress, "|"), "one succeeded with") {
		t.Errorf("stopping what has ended: told %q, got %v", progress, err)
	}

	data := `
data "serverless_executions" "failed" {
  state_machine = "sum"
  status        = "FAILED"
}
data "serverless_executions" "live" {
  state_machine = serverless_state_machine.sum.target_arn
  limit         = 1
}
data "serverless_execution" "one" {
  arn             = "arn:aws:states:eu-north-1:000000000000:execution:sum:one"
  wait            = true
  include_history = true
}
data "serverless_execution" "two" {
  arn = "arn:aws:states:eu-north-1:000000000000:execution:sum:two"
}
data "serverless_state_machine" "sum" {
  state_machine_name = "sum"
}
data "serverless_state_machines" "all" {}
resource "serverless_table" "shown" {
  name          = join("_", concat(
    [for e in data.serverless_executions.failed.executions : e.name], ["live"], [for e in data.serverless_executions.live.executions : e.name],
    [data.serverless_execution.one.status, jsondecode(data.serverless_execution.one.output).total, length(data.serverless_execution.one.history)],
    [for e in data.serverless_execution.one.history : e.state if endswith(e.type, "StateEntered")], [data.serverless_execution.two.error],
    [data.serverless_execution.two.redrive_count, data.serverless_execution.two.history == null, data.serverless_state_machine.sum.type],
    [jsondecode(data.serverless_state_machine.sum.definition).StartAt], data.serverless_state_machines.all.state_machine_names))
  partition_key = { name = "id", type = "S" }
}
`
	if _, err := m.Apply(t.Context(), "provider \"serverless\" {\n  region = \"eu-north-1\"\n}\n"+sums+data); err != nil {
		t.Fatal(err)
	}
	const want = "three_two_live_three_SUCCEEDED_3_8_Add_Check_Done_Shop.TooMuch_1_true_STANDARD_Add_sum_quick"
	if got := m.Value("serverless_table.shown").GetAttr("name").AsString(); got != want && got != strings.Replace(want, "sum_quick", "quick_sum", 1) {
		t.Errorf("read %s, want %s", got, want)
	}
}

// TestStopExecution aborts an execution that waits.
func TestStopExecution(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	deploy(t, e, `
resource "serverless_state_machine" "w" {
  name       = "waits"
  definition = jsonencode({ StartAt = "W", States = { W = { Type = "Wait", Seconds = 86400, End = true } } })
}`)
	p := Speak(t, e, "")
	if _, err := p.Invoke("serverless_start_execution", `{ state_machine = "waits", name = "w", wait = false }`); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Invoke("serverless_start_execution", `{ state_machine = "waits", name = "again", timeout = "50ms" }`); err == nil || !strings.Contains(err.Error(), "The execution again still runs") {
		t.Errorf("waiting for too long: got %v", err)
	}
	progress, err := p.Invoke("serverless_stop_execution", `{ execution = "arn:aws:states:eu-north-1:000000000000:execution:waits:w", error = "Test", cause = "Enough." }`)
	if err != nil || strings.Join(progress, "|") != "w ended as ABORTED. Test: Enough." {
		t.Errorf("told %q, got %v", progress, err)
	}
}

// TestWeights spreads executions over two versions by the machine's own alias and by
// another one, and keeps as many versions as it is told to.
func TestWeights(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	config := func(result, publish, more string) string {
		return `
resource "serverless_state_machine" "m" {
  name       = "m"
  definition = jsonencode({ StartAt = "A", States = { A = { Type = "Pass", Result = "` + result + `", End = true } } })
  publish    = ` + publish + `
}
` + more
	}
	settings := "provider \"serverless\" {\n  region = \"eu-north-1\"\n}\n"
	m := deploy(t, e, config("one", `{ alias = "live" }`, ""))
	const alias = `
resource "serverless_state_machine_alias" "stable" {
  state_machine = serverless_state_machine.m.arn
  name          = "stable"
  version       = "1"
}
`
	for i, step := range []struct{ config, version, weights string }{
		{config("two", `{ alias = "live", weights = { "1" = 25 } }`, alias), "2", `{"1":25}`},
		{config("two", `{ alias = "live", weights = { "1" = 30 } }`, strings.Replace(alias, `"1"`, `"2"`+"\n  weights       = { \"1\" = 40 }", 1)), "2", `{"1":30}`},
		{config("three", `{ alias = "live", keep_versions = 1 }`, strings.Replace(alias, `"1"`, `"2"`, 1)), "3", `null`},
		{config("four", `{ alias = "live", keep_versions = 1 }`, strings.Replace(alias, `"1"`, `"2"`, 1)), "4", `null`},
	} {
		if _, err := m.Apply(t.Context(), settings+step.config); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		v := m.Value("serverless_state_machine.m")
		got := v.GetAttr("publish").GetAttr("weights")
		if v.GetAttr("version").AsString() != step.version || (step.weights == "null") != got.IsNull() {
			t.Errorf("step %d: version %#v with weights %#v, want %s and %s", i, v.GetAttr("version"), got, step.version, step.weights)
		}
		changes, err := m.Plan(t.Context(), settings+step.config)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range changes {
			if c.Action != "no-op" {
				t.Errorf("step %d: a second plan wants to %s %s because of %v", i, c.Action, c.Address, c.Changed)
			}
		}
	}
	out, err := states(e).ListStateMachineVersions(t.Context(), &sfn.ListStateMachineVersionsInput{StateMachineArn: aws.String("arn:aws:states:eu-north-1:000000000000:stateMachine:m")})
	if err != nil || len(out.StateMachineVersions) != 2 { // the last one, and the one that the other alias leads to
		t.Errorf("%d versions are left, %v, want 2", len(out.StateMachineVersions), err)
	}
}

// TestLateAlias: an alias that was deleted, and that reads still show, is made anew.
func TestLateAlias(t *testing.T) {
	t.Parallel()
	s := onStage(t)
	s.wire.Lag = 2
	config := func(more string) string {
		return "resource \"serverless_state_machine\" \"m\" {\n  name = \"m\"\n  definition = " + passes + "\n" + more + "\n}\n"
	}
	const live = `publish = { alias = "live" }`
	for _, more := range []string{live, "", live, live + "\n  type = \"EXPRESS\""} { // the last is another machine of the same name
		s.apply(config(more))
		if c := s.planned(config(more), "serverless_state_machine.m"); c.Action != "no-op" {
			t.Errorf("the plan after %q: %s because of %v", more, c.Action, c.Changed)
		}
	}
}

// TestDefinitionFile: the text of a file with what is substituted in it.
func TestDefinitionFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "m.asl.json")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	config := func(substitutions string) string {
		return "provider \"serverless\" {\n  region = \"eu-north-1\"\n}\n" + `
resource "serverless_queue" "q" {
  name = "q"
}
resource "serverless_state_machine" "m" {
  name            = "m"
  definition_file = "` + file + `"
  substitutions   = { ` + substitutions + ` }
}`
	}
	write(`{"StartAt": "Send", "States": {"Send": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": {"QueueUrl": "${Queue}", "MessageBody": "x"}, "End": true}}}`)
	m := &Machine{Serve: deploy(t, providertest.Emulator(t), "").Serve}
	const queue = "Queue = serverless_queue.q.url"
	if _, err := m.Apply(t.Context(), config(queue)); err != nil {
		t.Fatal(err)
	}
	plan := func(substitutions string) (Change, error) {
		changes, err := m.Plan(t.Context(), config(substitutions))
		for _, c := range changes {
			if c.Address == "serverless_state_machine.m" {
				return c, err
			}
		}
		return Change{}, err
	}
	v := m.Value("serverless_state_machine.m")
	if d := v.GetAttr("definition").AsString(); !strings.Contains(d, `/000000000000/q"`) {
		t.Errorf("the definition is %s", d)
	}
	if policy := v.GetAttr("role_policy").AsString(); !strings.Contains(policy, "arn:aws:sqs:eu-north-1:000000000000:q") {
		t.Errorf("the policy is %s", policy)
	}
	if c, err := plan(queue); err != nil || c.Action != "no-op" {
		t.Errorf("second plan: %v, %v", c, err)
	}
	write("{\n\"States\": {\"Send\": {\"Type\": \"Task\", \"Resource\": \"arn:aws:states:::sqs:sendMessage\", \"Parameters\": {\"QueueUrl\": \"${Queue}\", \"MessageBody\": \"x\"}, \"End\": true}},\n\"StartAt\": \"Send\"}")
	if c, err := plan(queue); err != nil || c.Action != "no-op" {
		t.Errorf("another layout: %v, %v", c, err)
	}
	write(`{"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": ${Seconds}, "End": true}}}`)
	if c, err := plan("Seconds = 5"); err != nil || c.Action != "update" || strings.Join(c.Changed, " ") != "definition revision_id role_policy substitutions" {
		t.Errorf("another text: %v, %v", c, err)
	}
	for substitutions, want := range map[string]string{
		`Seconds = "soon"`: "INVALID_JSON_DESCRIPTION", "": "there is no substitution for ${Seconds}", `Seconds = 5, Other = 6`: "${Other} is nowhere in the file",
		`Seconds = -5`: file + ", line 1, column 68",
	} {
		if _, err := plan(substitutions); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("{%s}: got %v, want %s", substitutions, err, want)
		}
	}
}

// TestStateMachineConflicts: what is there already is never taken over.
func TestStateMachineConflicts(t *testing.T) {
	t.Parallel()
	const both = `
resource "serverless_state_machine" "m" {
  name       = "m"
  definition = jsonencode({ StartAt = "A", States = { A = { Type = "Pass", End = true } } })
}
resource "serverless_activity" "a" {
  name = "a"
}
`
	e := providertest.Emulator(t)
	deploy(t, e, both)
	m := &Machine{Serve: deploy(t, e, "").Serve}
	_, err := m.Apply(t.Context(), "provider \"serverless\" {\n  region = \"eu-north-1\"\n}\n"+both)
	twice := &Machine{Serve: deploy(t, providertest.Emulator(t), "").Serve}
	_, again := twice.Apply(t.Context(), "provider \"serverless\" {\n  region = \"eu-north-1\"\n}\n"+both+strings.NewReplacer(`" "m"`, `" "n"`, `" "a"`, `" "b"`).Replace(both))
	for _, part := range []string{"The state machine m exists already", "The activity a exists already", "Choose another name"} {
		if again == nil || !strings.Contains(again.Error(), part) {
			t.Errorf("two resources of a name: got %v, want %s", again, part)
		}
	}
	for _, part := range []string{"The state machine m exists already", "The activity a exists already", "import {", `id = "m"`} {
		if err == nil || !strings.Contains(strings.Join(strings.Fields(err.Error()), " "), part) {
			t.Errorf("got %v, want %s", err, part)
		}
	}
}

// TestKeysAreRefused: the emulator encrypts nothing with keys of KMS, and says so;
// nothing is left of what was begun.
func TestKeysAreRefused(t *testing.T) {
	t.Parallel()
	const key = `{ kms_key_arn = "arn:aws:kms:eu-north-1:000000000000:key/k", reuse_seconds = 60 }`
	for kind, more := range map[string]string{"state_machine": "definition = " + passes, "activity": ""} {
		e := providertest.Emulator(t)
		m := &Machine{Serve: deploy(t, e, "").Serve}
		_, err := m.Apply(t.Context(), "provider \"serverless\" {\n  region = \"eu-north-1\"\n}\nresource \"serverless_"+kind+"\" \"x\" {\n  name = \"x\"\n  encryption = "+key+"\n  "+more+"\n}\n")
		if err == nil || !strings.Contains(err.Error(), "EncryptionConfiguration") {
			t.Errorf("%s: got %v, want that keys are refused by name", kind, err)
		}
		if n, err := e.Deployed(); err != nil || n != 0 {
			t.Errorf("%s: %d things are left, %v", kind, n, err)
		}
	}
}

// TestStateMachineFunctions calls the functions that the family adds to the language.
func TestStateMachineFunctions(t *testing.T) {
	t.Parallel()
	p := Speak(t, providertest.Emulator(t), "")
	for _, c := range []struct{ expression, input, want string }{
		{`$sum(items.price)`, `{ items = [{ price = 2 }, { price = 3.5 }] }`, `5.5`},
		{`{% $states.input.a & "-" & $string(b) %}`, `{ a = "x", b = [1, true, null] }`, `"x-[1,true,null]"`},
		{`$`, `[]`, `[]`}, {`missing`, `{}`, `null`}, {`$partition([1,2,3], 2)`, `null`, `[[1,2],[3]]`}, {`{"a": {"b": "c"}}`, `{}`, `{ a = { b = "c" } }`},
	} {
		got, err := p.Call("jsonata", hclString(c.expression), c.input)
		want := p.evaluate(c.want)
		if err != nil || !got.RawEquals(want) && !got.Equals(want).RawEquals(cty.True) {
			t.Errorf("jsonata(%s, %s): got %#v, %v, want %s", c.expression, c.input, got, err, c.want)
		}
	}
	for _, c := range []struct{ expression, want string }{
		{"1 +", "Unexpected end of expression"}, {"$now()", "$now gives another value each time"}, {"$uuid", "$uuid gives another"}, {`$eval("1")`, "at position"}, {"$sum", "is a function"}, {`"a" + 1`, "left side"},
	} {
		if got, err := p.Call("jsonata", hclString(c.expression), "{}"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("jsonata(%s): got %#v, %v, want %s", c.expression, got, err, c.want)
		}
	}
	valid := hclString(`{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}`)
	if got, err := p.Call("asl_validate", valid); err != nil || got.LengthInt() != 0 {
		t.Errorf("asl_validate: got %#v, %v, want nothing", got, err)
	}
	wrong := hclString("{\"StartAt\":\"A\",\n\"States\":{\"A\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:states:eu-north-1:000000000000:activity:a\",\"End\":true}}}")
	got, err := p.Call("asl_validate", wrong, `"EXPRESS"`)
	if err != nil || got.LengthInt() != 1 {
		t.Fatalf("asl_validate: got %#v, %v, want one finding", got, err)
	}
	one := got.AsValueSlice()[0]
	if one.GetAttr("message").AsString() != "Express state machine does not support Activity ARN" || one.GetAttr("location").AsString() != "/States/A/Resource" || !one.GetAttr("line").RawEquals(cty.NumberIntVal(2)) || !one.GetAttr("column").RawEquals(cty.NumberIntVal(41)) {
		t.Errorf("asl_validate: got %#v", one)
	}
	if _, err := p.Call("asl_validate", valid, `"FAST"`); err == nil || !strings.Contains(err.Error(), "STANDARD or EXPRESS") {
		t.Errorf("asl_validate of a type that there is not: got %v", err)
	}
}

// hclString is a text as HCL writes it.
func hclString(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "${", "$${", "%{", "%%{").Replace(s) + `"`
}

// TestMoveAndListStateMachines takes over other types' state, and lists.
func TestMoveAndListStateMachines(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	deploy(t, e, sums+"resource \"serverless_activity\" \"a\" {\n  name = \"approve\"\n}\n")
	p := Speak(t, e, "")
	const prefix = "arn:aws:states:eu-north-1:000000000000:"
	for _, c := range []struct {
		from, to string
		state    map[string]any
		want     string
	}{
		{"aws_sfn_state_machine", "serverless_state_machine", map[string]any{"name": "sum", "arn": prefix + "stateMachine:sum"}, "definition"},
		{"aws_sfn_alias", "serverless_state_machine_alias", map[string]any{"name": "live", "arn": prefix + "stateMachine:sum:live"}, "version"},
		{"aws_sfn_activity", "serverless_activity", map[string]any{"name": "approve", "id": prefix + "activity:approve"}, "arn"},
	} {
		v, err := p.Move(c.from, c.to, c.state)
		if err != nil || v.IsNull() || v.GetAttr(c.want).IsNull() {
			t.Errorf("%s: got %#v, %v", c.from, v, err)
		} else if c.to == "serverless_state_machine_alias" && v.GetAttr("state_machine").AsString() != prefix+"stateMachine:sum" {
			t.Errorf("%s: it is of %#v", c.from, v.GetAttr("state_machine"))
		}
	}
	for typeName, want := range map[string]struct{ config, names string }{
		"serverless_state_machine":       {`{ name_prefix = "s" }`, "sum"},
		"serverless_state_machine_alias": {`{ state_machine = "sum" }`, "live"},
		"serverless_activity":            {`{}`, "approve"},
	} {
		if found, err := p.List(typeName, want.config, true, 0); err != nil || names(found) != want.names {
			t.Errorf("%s: found %s, %v, want %s", typeName, names(found), err, want.names)
		}
	}
}
