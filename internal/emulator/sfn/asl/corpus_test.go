package asl

import (
	"bufio"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// recording is one line of the recorded cases.
type recording struct {
	kind, id, definition string
	request              *jsonvalue.Object
	workflow             Workflow
	recorded             *jsonvalue.Object
}

func recordings(t testing.TB) []recording {
	t.Helper()
	f, err := os.Open("../../../../../shared/corpus/sfn/cases.jsonl")
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("the recorded cases sfn/cases.jsonl are not beside the repository")
	} else if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var out []recording
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		v, err := jsonvalue.Parse(lines.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		o := v.(*jsonvalue.Object)
		r := recording{workflow: Standard}
		r.kind, _ = o.Get("kind").(string)
		r.id, _ = o.Get("test_id").(string)
		r.id = r.id[strings.LastIndex(r.id, "::")+2:]
		r.definition, _ = o.Get("definition").(string)
		r.recorded, _ = o.Get("recorded").(*jsonvalue.Object)
		r.request, _ = o.Get("request").(*jsonvalue.Object)
		steps, _ := o.Get("steps").([]any)
		for _, step := range steps { // the last one of a scenario
			params, _ := step.(*jsonvalue.Object).Get("params").(*jsonvalue.Object)
			if definition, ok := params.Get("definition").(string); ok {
				r.definition = definition
			}
		}
		for _, from := range []*jsonvalue.Object{o, r.request} {
			if from == nil {
				continue
			}
			if s, ok := from.Get("type").(string); ok {
				r.workflow = Workflow(s)
			}
		}
		out = append(out, r)
	}
	return out
}

// resolved puts ARNs of the kinds that definitions name where a recording refers
// to what an earlier call made.
func resolved(definition string) string {
	for {
		i := strings.Index(definition, "$REF{")
		if i < 0 {
			return definition
		}
		end := i + strings.IndexByte(definition[i:], '}')
		arn := "arn:aws:lambda:us-east-1:111111111111:function:f"
		if strings.Contains(definition[i:end], "ctivity") {
			arn = "arn:aws:states:us-east-1:111111111111:activity:a"
		}
		definition = definition[:i] + arn + definition[end+1:]
	}
}

// TestRecordedDefinitions demands that what ran on AWS is accepted here.
func TestRecordedDefinitions(t *testing.T) {
	t.Parallel()
	for _, r := range recordings(t) {
		if r.definition == "" || r.kind != "execution" && r.kind != "sync" && r.kind != "choice" {
			continue
		}
		if _, found := Parse(resolved(r.definition), r.workflow); len(Errors(found)) > 0 {
			t.Errorf("%s: %s\n%s", r.id, Message(found), r.definition)
		}
	}
}

// TestRecordedDiagnostics compares the diagnostics of validations.
func TestRecordedDiagnostics(t *testing.T) {
	t.Parallel()
	for _, r := range recordings(t) {
		if r.kind != "validate" {
			continue
		}
		for _, v := range r.recorded.All() {
			response := v.(*jsonvalue.Object)
			_, found := Parse(r.definition, r.workflow)
			got := []any{}
			for _, d := range found {
				o := jsonvalue.ObjectOf("code", d.Code, "message", d.Message, "severity", string(d.Severity))
				if d.Location != "" {
					o.Set("location", d.Location)
				}
				got = append(got, o)
			}
			if want := response.Get("diagnostics"); !jsonvalue.Equal(got, want) {
				t.Errorf("%s:\ngot  %s\nwant %s", r.id, jsonvalue.Marshal(got), jsonvalue.Marshal(want))
			}
		}
	}
}

// notOfParse are recorded refusals of CreateStateMachine and UpdateStateMachine
// that are not about the definition, and those that AWS never said.
var notOfParse = map[string]string{
	"test_create_duplicate_sm_name":                     "about the name of the state machine",
	"test_create_with_version_description_no_publish":   "about another parameter",
	"test_create_update_state_machine_base_update_none": "about missing parameters",
	"test_update_state_machine":                         "about the ARN of the state machine",
	"test_map_state_label_empty_fail":                   "the text is of a Python exception, not of AWS; the code InvalidDefinition is compared",
	"test_map_state_label_invalid_char_fail":            "the text is of a Python exception, not of AWS; the code InvalidDefinition is compared",
	"test_map_state_label_too_long_fail":                "the text is of a Python exception, not of AWS; the code InvalidDefinition is compared",
}

// TestRecordedRefusals compares what AWS says when it refuses a definition.
func TestRecordedRefusals(t *testing.T) {
	t.Parallel()
	for _, r := range recordings(t) {
		if r.kind != "create_error" && r.kind != "update_error" {
			continue
		}
		for _, v := range r.recorded.All() {
			want := v.(*jsonvalue.Object).Get("Error").(*jsonvalue.Object)
			_, found := Parse(resolved(r.definition), r.workflow)
			name, _, _ := strings.Cut(r.id, "[")
			if _, listed := notOfParse[name]; listed {
				if want.Get("Code") == "InvalidDefinition" && len(Errors(found)) == 0 {
					t.Errorf("%s: the definition was accepted:\n%s", r.id, r.definition)
				}
				continue
			}
			if got := Message(found); got != want.Get("Message") {
				t.Errorf("%s:\ngot  %s\nwant %s\n%s", r.id, got, want.Get("Message"), r.definition)
			}
		}
	}
}

// TestRecordedScenarios compares refusals that were recorded as exceptions.
func TestRecordedScenarios(t *testing.T) {
	t.Parallel()
	n := 0
	for _, r := range recordings(t) {
		exception, ok := r.recorded.Get("exception").(*jsonvalue.Object)
		if r.kind != "scenario" || !ok || exception.Get("exception_typename") != "InvalidDefinition" {
			continue
		}
		n++
		text, _ := exception.Get("exception_value").(string)
		_, want, _ := strings.Cut(text, "operation: ")
		_, found := Parse(r.definition, Standard)
		if got := Message(found); got != strings.ReplaceAll(want, "<partition>", "aws") {
			t.Errorf("%s:\ngot  %s\nwant %s", r.id, got, want)
		}
	}
	if n == 0 {
		t.Error("nothing was compared")
	}
}

// TestRecordedInputs compares what AWS says of inputs that are no JSON.
func TestRecordedInputs(t *testing.T) {
	t.Parallel()
	for _, r := range recordings(t) {
		if r.kind != "start_error" || r.request == nil {
			continue
		}
		input, _ := r.request.Get("input").(string)
		for _, v := range r.recorded.All() {
			want := v.(*jsonvalue.Object).Get("Error").(*jsonvalue.Object)
			if message, _ := JSONError(input); want.Get("Code") == "InvalidExecutionInput" && input != "" {
				if got := "Invalid State Machine Execution Input: '" + message + "'"; got != want.Get("Message") {
					t.Errorf("%s:\ngot  %s\nwant %s", r.id, got, want.Get("Message"))
				}
			}
		}
	}
}
