package ui

import (
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/suite"
)

// TestLog is a suite.Reporter that writes JSON lines.
type TestLog struct {
	Count
	Log  *Log
	Plan func(suite.Outcome) ([]byte, error) // the plan of a run, for -verbose; nil for none
	Kept func(suite.Outcome) ([]byte, error) // its state
	Left func(suite.Leftover) []string       // the addresses of what is left
}

// Found says what there is to run.
func (t *TestLog) Found(files []*suite.File) {
	all := map[string][]string{}
	runs := 0
	for _, f := range files {
		all[f.Path] = []string{}
		for _, r := range f.Runs {
			all[f.Path] = append(all[f.Path], r.Name)
			runs++
		}
	}
	t.Log.line("info", "test_abstract", fmt.Sprintf("Found %s and %s", count(len(files), "file"), count(runs, "run block")), fields{"test_abstract": all})
}

type fileJSON struct {
	Path     string `json:"path"`
	Progress string `json:"progress"`
	Status   string `json:"status,omitempty"`
}

type runJSON struct {
	Path     string `json:"path"`
	Run      string `json:"run"`
	Progress string `json:"progress"`
	Status   string `json:"status,omitempty"`
	Elapsed  *int64 `json:"elapsed,omitempty"`
}

func (t *TestLog) file(f *suite.File, text string, x fileJSON) {
	x.Path = f.Path
	t.Log.line("info", "test_file", f.Path+"... "+text, fields{"@testfile": f.Path, "test_file": x})
}

func (t *TestLog) run(f *suite.File, r *suite.Run, text string, x runJSON) {
	x.Path, x.Run = f.Path, r.Name
	t.Log.line("info", "test_run", fmt.Sprintf("  %q... %s", r.Name, text), fields{"@testfile": f.Path, "@testrun": r.Name, "test_run": x})
}

// FileStarted writes that a file begins.
func (t *TestLog) FileStarted(f *suite.File) {
	t.file(f, "in progress", fileJSON{Progress: "starting"})
}

var noTime int64

// RunStarted writes that a run begins.
func (t *TestLog) RunStarted(f *suite.File, r *suite.Run) {
	t.run(f, r, "in progress", runJSON{Progress: "starting", Elapsed: &noTime})
}

// RunEnded writes how a run ended.
func (t *TestLog) RunEnded(f *suite.File, r *suite.Run, o suite.Outcome) {
	t.Log.mu.Lock()
	t.add(o.Status)
	t.Log.mu.Unlock()
	word := o.Status
	if word == suite.Error {
		word = suite.Fail
	}
	t.run(f, r, string(word), runJSON{Progress: "complete", Status: string(o.Status)})
	about := fields{"@testfile": f.Path, "@testrun": r.Name}
	t.detail(o, about)
	t.Log.diagnostics(o.Diags, about)
}

// detail writes the plan of a run, or the state that it left.
func (t *TestLog) detail(o suite.Outcome, about fields) {
	kind, text, get := "test_plan", "-verbose flag enabled, printing plan", t.Plan
	if o.State != nil {
		kind, text, get = "test_state", "-verbose flag enabled, printing state", t.Kept
	}
	if get == nil || o.Plan == nil {
		return
	}
	document, err := get(o)
	if err != nil {
		t.Log.Message(fmt.Sprintf("What the run came to cannot be shown: %v.", err))
		return
	}
	line := fields{kind: json.RawMessage(document)}
	for name, v := range about {
		line[name] = v
	}
	t.Log.line("info", kind, text, line)
}

// Cleaning writes that the runs of a file have ended.
func (t *TestLog) Cleaning(f *suite.File) {
	t.file(f, "tearing down", fileJSON{Progress: "teardown"})
}

// Destroying writes that what a run made is destroyed.
func (t *TestLog) Destroying(f *suite.File, r *suite.Run) {
	t.run(f, r, "tearing down", runJSON{Progress: "teardown", Elapsed: &noTime})
}

// FileEnded writes how a file ended, and what it left.
func (t *TestLog) FileEnded(f *suite.File, o suite.FileOutcome) {
	for _, l := range o.Left {
		type failed struct {
			Instance string `json:"instance"`
		}
		all := []failed{}
		for _, a := range t.Left(l) {
			all = append(all, failed{a})
		}
		t.Log.line("error", "test_cleanup", fmt.Sprintf("%s was left by the run %q, and has to be destroyed by hand.", count(len(all), "object"), l.Run.Name),
			fields{"@testfile": f.Path, "@testrun": l.Run.Name, "test_cleanup": map[string]any{"failed_resources": all}})
	}
	t.Log.diagnostics(o.Diags, fields{"@testfile": f.Path})
	word := o.Status
	if word == suite.Error {
		word = suite.Fail
	}
	t.file(f, string(word), fileJSON{Progress: "complete", Status: string(o.Status)})
}

// Summary writes how all of them ended.
func (t *TestLog) Summary() {
	status := suite.Pass
	switch {
	case t.Errored > 0:
		status = suite.Error
	case t.Failed > 0:
		status = suite.Fail
	}
	t.Log.line("info", "test_summary", t.String(), fields{"test_summary": struct {
		Status  string `json:"status"`
		Passed  int    `json:"passed"`
		Failed  int    `json:"failed"`
		Errored int    `json:"errored"`
		Skipped int    `json:"skipped"`
	}{string(status), t.Passed, t.Failed, t.Errored, t.Skipped}})
}

// TestPlan is the JSON document of a run's plan.
func TestPlan(p *plan.Plan, f PlanFacts, schemas map[string]*tfprotov6.GetProviderSchemaResponse) ([]byte, error) {
	whole, err := planOf(p, f)
	if err != nil {
		return nil, err
	}
	providers, err := schemasJSON(schemas)
	if err != nil {
		return nil, err
	}
	return json.Marshal(struct {
		Format    string                  `json:"plan_format_version"`
		Outputs   map[string]deltaJSON    `json:"output_changes,omitempty"`
		Changes   []changeJSON            `json:"resource_changes,omitempty"`
		Drift     []changeJSON            `json:"resource_drift,omitempty"`
		Relevant  []partJSON              `json:"relevant_attributes,omitempty"`
		Providers string                  `json:"provider_format_version"`
		Schemas   map[string]providerJSON `json:"provider_schemas,omitempty"`
	}{whole.Format, whole.Outputs, whole.Changes, whole.Drift, whole.Relevant, "1.0", providers})
}

// TestState is the JSON document of a run's state.
func TestState(objects []Object, outputs map[string]state.Output, schemas map[string]*tfprotov6.GetProviderSchemaResponse) ([]byte, error) {
	whole, err := stateOf("", objects, nil)
	if err != nil {
		return nil, err
	}
	values, err := outputValues(outputs)
	if err != nil {
		return nil, err
	}
	providers, err := schemasJSON(schemas)
	if err != nil {
		return nil, err
	}
	return json.Marshal(struct {
		Format    string                  `json:"state_format_version"`
		Root      *moduleJSON             `json:"root_module"`
		Outputs   map[string]outputJSON   `json:"outputs,omitempty"`
		Providers string                  `json:"provider_format_version"`
		Schemas   map[string]providerJSON `json:"provider_schemas,omitempty"`
	}{"1.0", whole.Values.Root, values, "1.0", providers})
}
