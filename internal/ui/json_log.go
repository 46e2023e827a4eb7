package ui

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/hcl/v2"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// Log writes one JSON object a line, as terraform does with -json. It is a
// plan.Hook.
type Log struct {
	Sources Sources // for the snippets of diagnostics

	steps
	write sync.Mutex
	out   io.Writer
}

// NewLog writes to out.
func NewLog(out io.Writer) *Log {
	return &Log{steps: newSteps(), out: out}
}

// fields are the members of a line beside its message and time.
type fields map[string]any

func (l *Log) line(level, kind, message string, more fields) {
	l.write.Lock()
	defer l.write.Unlock()
	line := fields{
		"@level": level, "@message": message, "@module": "terraform.ui", "type": kind,
		"@timestamp": l.now().UTC().Format("2006-01-02T15:04:05.000000Z"),
	}
	maps.Copy(line, more)
	e := json.NewEncoder(l.out) // members in order, ours before the others'
	e.SetEscapeHTML(false)
	_ = e.Encode(line) // progress that cannot be shown is no reason to stop the work
}

// Version is the first line: which Terraform the program follows.
func (l *Log) Version(product, terraformVersion string) {
	l.line("info", "version", product, fields{"terraform": terraformVersion, "ui": "1.2"})
}

// Message is a line of free text.
func (l *Log) Message(text string) { l.line("info", "log", text, nil) }

// Diagnostics writes a line for each diagnostic.
func (l *Log) Diagnostics(diags hcl.Diagnostics) { l.diagnostics(diags, nil) }

// diagnostics writes them with what they are about.
func (l *Log) diagnostics(diags hcl.Diagnostics, about fields) {
	for _, d := range diags {
		level, word := "error", "Error"
		if d.Severity == hcl.DiagWarning {
			level, word = "warn", "Warning"
		}
		line := fields{"diagnostic": diagnosticJSON(d, l.Sources)}
		maps.Copy(line, about)
		l.line(level, "diagnostic", word+": "+d.Summary, line)
	}
}

// resourceJSON names an instance.
type resourceJSON struct {
	Addr            string `json:"addr"`
	Module          string `json:"module"`
	Resource        string `json:"resource"`
	ImpliedProvider string `json:"implied_provider"`
	Type            string `json:"resource_type"`
	Name            string `json:"resource_name"`
	Key             any    `json:"resource_key"`
}

func resourceOf(a addr.Instance) resourceJSON {
	local := a
	local.Module = ""
	out := resourceJSON{
		Addr: a.String(), Module: string(a.Module), Resource: local.String(),
		ImpliedProvider: impliedProvider(a.Resource.Type), Type: a.Resource.Type, Name: a.Resource.Name,
	}
	if k := keyJSON(a.Key); k != nil {
		out.Key = k
	}
	return out
}

// impliedProvider is the local name of the provider that a type belongs to
// unless the configuration says otherwise: its first word.
func impliedProvider(typeName string) string {
	for i, r := range typeName {
		if r == '_' {
			return typeName[:i]
		}
	}
	return typeName
}

func keyJSON(k addr.Key) any {
	switch k := k.(type) {
	case addr.IntKey:
		return int(k)
	case addr.StringKey:
		return string(k)
	}
	return nil
}

// Plan writes what a plan is going to do.
func (l *Log) Plan(p *plan.Plan) {
	for _, c := range p.Drift {
		l.change("resource_drift", "Drift detected ("+actionWord(c.Action)+")", c)
	}
	for _, c := range p.Changes {
		if c.Shown() {
			l.change("planned_change", "Plan to "+changeWord(c), c)
		}
	}
	add, change, destroy := p.Count()
	l.summary("plan", "Plan: "+countText(p), p.Imports(), add, change, destroy)
	outputs := map[string]any{}
	for _, o := range p.Outputs {
		outputs[o.Name] = struct {
			Sensitive bool   `json:"sensitive"`
			Action    string `json:"action"`
		}{o.Sensitive, actionWord(o.Action)}
	}
	if len(outputs) > 0 {
		l.line("info", "outputs", fmt.Sprintf("Outputs: %d", len(outputs)), fields{"outputs": outputs})
	}
}

func (l *Log) change(kind, what string, c plan.Change) {
	importing, err := importingOf(c.Importing)
	if err != nil {
		importing = nil // an identity that is no JSON was refused before
	}
	l.line("info", kind, c.Addr.String()+": "+what, fields{"change": struct {
		Resource  resourceJSON   `json:"resource"`
		Previous  *resourceJSON  `json:"previous_resource,omitempty"`
		Action    string         `json:"action"`
		Reason    string         `json:"reason,omitempty"`
		Importing *importingJSON `json:"importing,omitempty"`
	}{resourceOf(c.Addr), previousOf(c), changeWord(c), reasonWord(c.Reason), importing}})
}

func previousOf(c plan.Change) *resourceJSON {
	if !c.Moved() {
		return nil
	}
	out := resourceOf(c.Previous)
	return &out
}

// changeWord is an action as the log names it, where an object that only moves or
// is only taken over has a word of its own.
func changeWord(c plan.Change) string {
	switch {
	case c.Action == plan.NoOp && c.Importing != nil:
		return "import"
	case c.Action == plan.NoOp && c.Moved():
		return "move"
	}
	return actionWord(c.Action)
}

// actionWord is an action as the log names it.
func actionWord(a plan.Action) string {
	switch a {
	case plan.NoOp:
		return "noop"
	case plan.DeleteCreate, plan.CreateDelete, plan.ForgetCreate:
		return "replace"
	case plan.Forget:
		return "remove"
	}
	return a.String()
}

// reasonWord is a reason as the log names it, which differs from the plan's.
func reasonWord(r plan.Reason) string {
	switch r {
	case plan.ReplaceTainted:
		return "tainted"
	case plan.ReplaceCannotUpdate:
		return "cannot_update"
	case plan.ReplaceByRequest:
		return "requested"
	}
	return string(r)
}

// Applied is the summary of what was done; operation is "apply" or "destroy".
func (l *Log) Applied(operation, message string, imported, add, change, destroy int) {
	l.summary(operation, message, imported, add, change, destroy)
}

func (l *Log) summary(operation, message string, imported, add, change, destroy int) {
	l.line("info", "change_summary", message, fields{"changes": struct {
		Add       int    `json:"add"`
		Change    int    `json:"change"`
		Import    int    `json:"import"`
		Remove    int    `json:"remove"`
		Operation string `json:"operation"`
	}{add, change, imported, destroy, operation}})
}

// Outputs writes the output values after an apply.
func (l *Log) Outputs(outputs map[string]state.Output) error {
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(outputs)) {
		x := outputs[name]
		one := outputJSON{Sensitive: x.Sensitive}
		var err error
		if one.Type, err = ctyjson.MarshalType(x.Value.Type()); err != nil {
			return err
		}
		if !x.Sensitive {
			if one.Value, err = jsonValue(x.Value); err != nil {
				return err
			}
		}
		out[name] = one
	}
	if len(out) > 0 {
		l.line("info", "outputs", fmt.Sprintf("Outputs: %d", len(out)), fields{"outputs": out})
	}
	return nil
}

// hook is what the lines of progress hold.
type hook struct {
	Resource resourceJSON `json:"resource"`
	Action   string       `json:"action,omitempty"`
	IDKey    string       `json:"id_key,omitempty"`
	IDValue  string       `json:"id_value,omitempty"`
	Elapsed  *int         `json:"elapsed_seconds,omitempty"`
}

// logVerbs are the words of the log, which has its own ones for reading.
var logVerbs = func() (out [len(verbs)]verb) {
	out = verbs
	out[plan.Reading] = verb{"Refreshing", "Still refreshing", "Refresh"}
	return out
}()

// Started writes that a step begins, and later that it goes on.
func (l *Log) Started(e plan.Event) {
	if l.startedOther(e) {
		return
	}
	h := hook{Resource: resourceOf(e.Addr), IDKey: e.IDKey, IDValue: e.IDValue}
	kind := "refresh_start"
	if e.Step != plan.Refreshing {
		kind, h.Action = "apply_start", e.Step.String()
	}
	name := e.Addr.String() + deposedText(e.Deposed) + ": "
	v := logVerbs[e.Step]
	l.line("info", kind, name+v.begin+"..."+startID(e), fields{"hook": h})
	l.begin(e, func(d time.Duration) {
		h := hook{Resource: h.Resource, Action: e.Step.String(), Elapsed: seconds(d)}
		l.line("info", "apply_progress", name+v.still+"... ["+d.Round(time.Second).String()+" elapsed]", fields{"hook": h})
	})
}

// Finished writes how a step ended. What went wrong with reading an object is
// told with the other diagnostics only.
func (l *Log) Finished(e plan.Event, diags hcl.Diagnostics) {
	if l.finishedOther(e, diags) {
		return
	}
	took := l.end(e)
	if e.Step == plan.Refreshing && diags.HasErrors() {
		return
	}
	h := hook{Resource: resourceOf(e.Addr), Action: e.Step.String(), Elapsed: seconds(took)}
	kind, text := "apply_complete", logVerbs[e.Step].end+" complete after "+took.Round(time.Second).String()
	switch {
	case diags.HasErrors():
		kind, text = "apply_errored", logVerbs[e.Step].end+" errored after "+took.Round(time.Second).String()
	case e.Step == plan.Refreshing:
		kind, text = "refresh_complete", "Refresh complete"+endID(e)
		h = hook{Resource: h.Resource, IDKey: e.IDKey, IDValue: e.IDValue}
	default:
		text += endID(e)
		if e.Step != plan.Destroying {
			h.IDKey, h.IDValue = e.IDKey, e.IDValue
		}
	}
	l.line("info", kind, e.Addr.String()+deposedText(e.Deposed)+": "+text, fields{"hook": h})
}

func seconds(d time.Duration) *int {
	n := int(math.Round(d.Seconds()))
	return &n
}
