package acctest

import "testing"

var stateMachineSubject = Subject{
	Type: "serverless_state_machine",
	Base: Arguments{
		"name":       `"fulfil"`,
		"definition": `jsonencode({ StartAt = "A", States = { A = { Type = "Pass", End = true } } })`,
		"tags":       `{ team = "a" }`,
	},
	Import: []string{"{state_machine_name}", "{arn}", "{state_machine_name}@{region}"},
	Edits: []Edit{
		{Argument: "name", To: `"other"`, Replace: true},
		{Argument: "definition", To: `jsonencode({ StartAt = "B", States = { B = { Type = "Pass", End = true } } })`, With: []string{"revision_id"}, Writes: []string{"UpdateStateMachine"}},
	},
	Missing: map[string]string{"DescribeStateMachine": "StateMachineDoesNotExist"},
}

func TestStateMachine(t *testing.T) { Prove(t, stateMachineSubject) }
