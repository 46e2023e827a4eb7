package run

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonpath"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// show tells who inspects of a stage of the data.
func (x *Execution) show(key string, v any) {
	if x.inspect != nil {
		x.inspect(key, v)
	}
}

// env is what expressions of a state see: input is $ of JSONPath, more are members
// of $states besides input and context.
func (x *Execution) env(t *thread, input any, more ...any) *expr.Env {
	return &expr.Env{
		Input:    input,
		Context:  func() *jsonvalue.Object { return x.context(t, nil) },
		Variable: func(name string) any { return x.variable(t, name) },
		States:   func() []any { return append([]any{"input", t.Input.v}, more...) },
		Now:      x.host.Now,
		Random:   x.host.Random(),
	}
}

// layout is how AWS writes times in the context.
const layout = "2006-01-02T15:04:05.000Z"

// context is the context object. An item that is given is the one that a map is
// about to work on.
func (x *Execution) context(t *thread, item *Item) *jsonvalue.Object {
	if x.trial != nil && x.trial.Context != nil {
		out := x.trial.Context
		if item != nil && !out.Has("Map") {
			out = out.Clone()
			out.Set("Map", details("Item", details("Index", float64(item.Index), "Value", item.Value)))
		}
		return out
	}
	p := &x.params
	execution := details("Id", p.ARN, "Input", x.input, "StartTime", p.Started.UTC().Format(layout), "Name", p.Name, "RoleArn", p.RoleARN)
	if !p.Bare {
		execution.Set("RedriveCount", float64(p.Redrives))
	}
	if !p.Redriven.IsZero() {
		execution.Set("RedriveTime", p.Redriven.UTC().Format(layout))
	}
	out := details("Execution", execution, "StateMachine", details("Id", p.MachineARN, "Name", p.MachineName))
	state := details("Name", t.State, "EnteredTime", t.EnteredAt.UTC().Format(layout))
	if st := t.state(); st != nil && (st.Type == asl.Task || st.Type == asl.Parallel || st.Type == asl.Map) {
		state.Set("RetryCount", float64(t.Attempts))
	}
	out.Set("State", state)
	if t.Task != nil && t.Task.Token != "" {
		out.Set("Task", details("Token", t.Task.Token))
	}
	for ; item == nil && t != nil; t = x.threads[t.Parent] {
		item = t.Item
	}
	if item != nil {
		out.Set("Map", details("Item", details("Index", float64(item.Index), "Value", item.Value)))
	}
	return out
}

// path applies InputPath or OutputPath.
func (x *Execution) path(t *thread, p *asl.Path, v any) (any, error) {
	switch {
	case p == nil:
		return v, nil
	case p.Null:
		return jsonvalue.NewObject(0), nil
	}
	out, err := p.Find(x.env(t, v))
	return out, invalidPath(p.Text, err)
}

// invalidPath words an error of a path as AWS does, in the terms of Jayway.
func invalidPath(text string, err error) error {
	var missing *jsonpath.NotFoundError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &missing):
		return &expr.Error{Name: expr.Runtime, Cause: err.Error()}
	}
	what := "No results for path:"
	if missing.Segment != text {
		what = "Missing property in path"
	}
	return &expr.Error{Name: expr.Runtime, Cause: fmt.Sprintf("Invalid path '%s' : %s %s", text, what, normal(missing.Segment))}
}

// normal is a path as Jayway shows it: $.a.b is $['a']['b'].
func normal(path string) string {
	var b strings.Builder
	for i, part := range strings.Split(path, ".") {
		name, rest, indexed := strings.Cut(part, "[")
		if i == 0 {
			b.WriteString(name)
		} else if name != "" {
			b.WriteString("['" + name + "']")
		}
		if indexed {
			b.WriteString("[" + rest)
		}
	}
	return b.String()
}

// inputPath is the input of a state behind InputPath.
func (x *Execution) inputPath(t *thread, st *asl.State) (any, error) {
	if st.Language == expr.JSONata {
		return t.Input.v, nil
	}
	v, err := x.path(t, st.InputPath, t.Input.v)
	if err == nil {
		x.show("afterInputPath", v)
	}
	return v, err
}

// effective is the input of a state behind InputPath and Parameters, or its
// Arguments.
func (x *Execution) effective(t *thread, st *asl.State) (any, error) {
	if st.Language == expr.JSONata {
		if st.Arguments == nil {
			return t.Input.v, nil
		}
		v, err := st.Arguments.Eval(x.env(t, nil))
		if err == nil {
			x.show("afterArguments", v)
		}
		return v, err
	}
	v, err := x.inputPath(t, st)
	if err != nil {
		return nil, err
	}
	if st.Parameters != nil {
		if v, err = st.Parameters.Eval(x.env(t, v)); err != nil {
			return nil, err
		}
	}
	x.show("afterParameters", v)
	return v, nil
}

// outcome makes the output of a state of its result, and the variables that it
// assigns.
func (x *Execution) outcome(t *thread, st *asl.State, result any, w *way) (output any, assigned *jsonvalue.Object, err error) {
	out, assign := st.Output, st.Assign
	if w != nil {
		out, assign = w.output, w.assign
	}
	var more []any
	if st.Type == asl.Task || st.Type == asl.Parallel || st.Type == asl.Map {
		more = []any{"result", result}
	}
	if st.Language == expr.JSONata {
		output = result
		if len(more) == 0 {
			output = t.Input.v
		}
		env := x.env(t, nil, more...)
		if assigned, err = assignment(assign, env); err != nil {
			return nil, nil, err
		}
		if out != nil {
			output, err = out.Eval(env)
		}
		return output, assigned, err
	}
	if st.ResultSelector != nil {
		if result, err = st.ResultSelector.Eval(x.env(t, result)); err != nil {
			return nil, nil, err
		}
	}
	output = result
	if more != nil || st.Type == asl.Pass {
		x.show("afterResultSelector", result)
		if output, err = x.resultPath(t, st.ResultPath, result); err != nil {
			return nil, nil, err
		}
		x.show("afterResultPath", output)
	}
	if assigned, err = assignment(assign, x.env(t, result)); err != nil {
		return nil, nil, err
	}
	output, err = x.path(t, st.OutputPath, output)
	return output, assigned, err
}

// assignment evaluates Assign.
func assignment(assign *expr.Template, env *expr.Env) (*jsonvalue.Object, error) {
	if assign == nil {
		return nil, nil
	}
	v, err := assign.Eval(env)
	if err != nil {
		return nil, err
	}
	o, ok := v.(*jsonvalue.Object)
	if !ok {
		return nil, assign.Expr().Unexpected("object", v)
	}
	return o, nil
}

// resultPath puts a result into the input of the state.
func (x *Execution) resultPath(t *thread, p *asl.Path, result any) (any, error) {
	switch {
	case p == nil:
		return result, nil
	case p.Null:
		return t.Input.v, nil
	}
	out, err := p.Path().Set(t.Input.v, result)
	if err != nil {
		return nil, &expr.Error{Name: "States.ResultPathMatchFailure", Cause: fmt.Sprintf("Unable to apply ReferencePath %s to input %s", p.Text, jsonvalue.Marshal(t.Input.v))}
	}
	return out, nil
}

// field is the value of a field. Paths that lead nowhere are reported with the
// name of the field.
func (x *Execution) field(t *thread, st *asl.State, f *asl.Field) (any, error) {
	if f.Expr == nil {
		return f.Value, nil
	}
	if f.Path() == nil {
		return f.Eval(x.env(t, t.Input.v))
	}
	input, err := x.path(t, st.InputPath, t.Input.v)
	if err != nil {
		return nil, err
	}
	v, err := f.Find(x.env(t, input))
	if err != nil {
		return nil, &expr.Error{Name: expr.Runtime, Cause: fmt.Sprintf("The %s parameter does not reference an input value: %s", f.Name, f.Text)}
	}
	return v, nil
}

// duration is the value of a field of seconds; 0 when it is not there.
func (x *Execution) duration(t *thread, st *asl.State, f *asl.Field) (time.Duration, error) {
	if f == nil {
		return 0, nil
	}
	v, err := x.field(t, st, f)
	if err != nil {
		return 0, err
	}
	n, ok := jsonvalue.Float(v)
	switch {
	case f.Expr == nil:
	case f.Query() != nil && (!ok || n != float64(int64(n))):
		return 0, f.Unexpected("integer", v)
	case f.Query() != nil && n < 0:
		return 0, &expr.Error{Name: expr.QueryEvaluation, Location: f.Field, Cause: fmt.Sprintf("The value of the field '%s' must not be negative but was: %s", f.Name, jsonvalue.Marshal(v))}
	case !ok || n != float64(int64(n)):
		return 0, &expr.Error{Name: expr.Runtime, Cause: fmt.Sprintf("The %s parameter cannot be parsed as a long value: %s == %s", f.Name, f.Text, bare(v))}
	case n < 0:
		return 0, &expr.Error{Name: expr.Runtime, Cause: fmt.Sprintf("The %s parameter references a negative value: %s == %s", f.Name, f.Text, bare(v))}
	}
	return seconds(min(n, 99_999_999)), nil
}

// bare is a value as text, strings without quotes.
func bare(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return string(jsonvalue.Marshal(v))
}
