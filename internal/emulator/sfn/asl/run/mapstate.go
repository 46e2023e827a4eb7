package run

import (
	"fmt"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// mapState begins the iterations of a state.
func (x *Execution) mapState(t *thread, st *asl.State) error {
	var items []any
	var err error
	if st.Map.Reader == nil {
		if items, err = x.items(t, st); err != nil {
			return err
		}
	} else if x.trial != nil && x.trial.HasReadItems {
		items = x.trial.ReaderItems
	}
	concurrency, err := x.count(t, st, st.Map.MaxConcurrency)
	if err != nil {
		return err
	}
	x.show("maxConcurrency", float64(concurrency))
	x.event(t, "MapStateStarted", details("length", float64(len(items))))
	tolerated, part, err := x.tolerance(t, st)
	if err != nil {
		return err
	}
	if done, err := x.mockedMap(t, st, items, tolerated, part); done {
		return err
	}
	t.Phase = grouped
	t.Group = &group{Length: len(items), Concurrency: concurrency, Tolerated: tolerated, ToleratedPart: part}
	x.results[t.ID] = &results{values: map[int]any{}, items: items}
	x.mark(itemsKey(t.ID))
	x.touch(t)
	if st.Map.Distributed {
		return x.distribute(t, st)
	}
	if concurrency == 0 || concurrency > inlineConcurrency {
		t.Group.Concurrency = inlineConcurrency
	}
	if len(items) == 0 {
		x.gathered(t, st)
		return nil
	}
	x.iterate(t, st, t.Cursor)
	return nil
}

// items are what a map goes through.
func (x *Execution) items(t *thread, st *asl.State) ([]any, error) {
	f := st.Map.Items
	if st.Language == expr.JSONata {
		v := t.Input.v
		var err error
		switch {
		case f == nil:
		case f.Expr != nil:
			v, err = f.Eval(x.env(t, nil))
		default:
			v = f.Value
			if template, ok := v.(*expr.Template); ok {
				v, err = template.Eval(x.env(t, nil))
			}
		}
		if err != nil {
			return nil, err
		}
		switch o, isObject := v.(*jsonvalue.Object); {
		case isObject && st.Map.Distributed && f != nil:
			return pairs(o), nil
		case isObject && f != nil && f.Expr == nil:
			return nil, &expr.Error{Name: expr.QueryEvaluation, Location: "Items", Cause: "The value of the field 'Items' must be an array"}
		}
		items, ok := v.([]any)
		switch {
		case ok:
			return items, nil
		case f != nil && f.Expr != nil:
			return nil, f.Unexpected("array", v)
		}
		return nil, &expr.Error{Name: expr.QueryEvaluation, Cause: "Map state input must be an array but was: " + textOf(v)}
	}
	v, err := x.inputPath(t, st)
	if err != nil {
		return nil, err
	}
	path := "$"
	if f != nil {
		path = f.Text
		if f.Path().Root() == "$" { // AWS shows a path into the context without its first dollar sign
			path = path[1:]
		}
		if v, err = f.Find(x.env(t, v)); err != nil {
			return nil, invalidPath(path, err)
		}
	}
	items, ok := v.([]any)
	if ok {
		x.show("afterItemsPath", v)
	}
	switch o, isObject := v.(*jsonvalue.Object); {
	case ok:
		return items, nil
	case isObject && st.Map.Distributed && f != nil:
		return pairs(o), nil
	}
	return nil, &expr.Error{Name: expr.Runtime, Cause: fmt.Sprintf("Reference path \"%s\" must point to array.", path)}
}

// pairs are the members of an object as items.
func pairs(o *jsonvalue.Object) []any {
	out := []any{}
	for k, v := range o.All() {
		out = append(out, details("Key", k, "Value", v))
	}
	return out
}

// count is the value of a field of whole numbers from zero, 0 when it is missing.
func (x *Execution) count(t *thread, st *asl.State, f *asl.Field) (int, error) {
	if f == nil {
		return 0, nil
	}
	v, err := x.field(t, st, f)
	if err != nil {
		return 0, err
	}
	n, ok := jsonvalue.Float(v)
	whole := ok && n == float64(int64(n))
	switch {
	case f.Expr != nil && f.Query() != nil && !whole:
		return 0, f.Unexpected("integer", v)
	case !whole:
		return 0, &expr.Error{Name: expr.Runtime, Cause: fmt.Sprintf("The %s field refers to value \"%s\" which is not a valid integer: %s", f.Name, bare(v), f.Text)}
	case n < 0:
		return 0, &expr.Error{Name: expr.Runtime, Cause: fmt.Sprintf("%s cannot be negative.", trimPath(f.Name))}
	}
	return int(min(n, 1<<40)), nil
}

func trimPath(name string) string {
	if n := len(name) - len("Path"); n > 0 && name[n:] == "Path" {
		return name[:n]
	}
	return name
}

// tolerance is how many items may fail: a number (-1 when not given) and a
// percentage (-1 when not given).
func (x *Execution) tolerance(t *thread, st *asl.State) (n int, part float64, err error) {
	n, part = -1, -1
	if st.Map.ToleratedCount != nil {
		if n, err = x.count(t, st, st.Map.ToleratedCount); err != nil {
			return 0, 0, err
		}
		x.show("toleratedFailureCount", float64(n))
	}
	f := st.Map.ToleratedPercentage
	if f == nil {
		return n, part, nil
	}
	v, err := x.field(t, st, f)
	if err != nil {
		return 0, 0, err
	}
	part, ok := jsonvalue.Float(v)
	switch {
	case !ok && f.Expr != nil && f.Query() != nil:
		return 0, 0, f.Unexpected("number", v)
	case !ok:
		return 0, 0, &expr.Error{Name: expr.Runtime, Cause: fmt.Sprintf("The %s field refers to value \"%s\" which is not a valid float: %s", f.Name, bare(v), f.Text)}
	case part < 0 || part > 100:
		return 0, 0, &expr.Error{Name: expr.Runtime, Cause: "ToleratedFailurePercentage must be between 0 and 100."}
	}
	x.show("toleratedFailurePercentage", part)
	return n, part, nil
}

// iterate begins iterations as long as there is room for them. Their events
// follow a given one.
func (x *Execution) iterate(t *thread, st *asl.State, previous int64) {
	g := t.Group
	items := x.results[t.ID].items
	for g.Next < g.Length && len(g.Running) < g.Concurrency && t.Phase == grouped {
		i := g.Next
		item := &Item{Index: i, Value: items[i]}
		input, err := x.selected(t, st, item)
		if err != nil {
			x.wrong(t, st, err)
			return
		}
		g.Next++
		child := x.spawn(t, i, st.Map.Processor, input)
		child.Item = item
		child.Cursor = x.record(previous, "MapIterationStarted", details("name", st.Name, "index", float64(i)))
		g.Running = append(g.Running, child.ID)
	}
	x.touch(t)
}

// selected is the input of an iteration: what ItemSelector makes of its item.
func (x *Execution) selected(t *thread, st *asl.State, item *Item) (any, error) {
	if st.Map.Selector == nil {
		return item.Value, nil
	}
	input := t.Input.v
	if st.Language == expr.JSONPath {
		var err error
		if input, err = x.path(t, st.InputPath, input); err != nil {
			return nil, err
		}
	}
	env := x.env(t, input)
	env.Context = func() *jsonvalue.Object { return x.context(t, item) }
	v, err := st.Map.Selector.Eval(env)
	if err == nil {
		x.show("afterItemSelector", v)
	}
	return v, err
}
