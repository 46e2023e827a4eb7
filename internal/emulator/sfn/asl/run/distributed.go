package run

import (
	"slices"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// maxChildren is how many children of a distributed map AWS runs at once.
const maxChildren = 10_000

// source gives the items of a distributed map one after the other.
type source interface {
	next() (item any, ok bool, err error)
}

// list is a source of items that are at hand.
type list struct{ items []any }

func (l *list) next() (any, bool, error) {
	if len(l.items) == 0 {
		return nil, false, nil
	}
	item := l.items[0]
	l.items = l.items[1:]
	return item, true, nil
}

// Ended is how a child of a distributed map ended.
type Ended struct {
	ARN, Name, MachineARN string
	Status                Status
	Input, Output         string
	Failure               Failure
	Start, Stop           time.Time
}

// distribute begins a map run.
func (x *Execution) distribute(t *thread, st *asl.State) error {
	g := t.Group
	g.Childs = true
	g.Weights = map[int]int{}
	label := st.Map.Label
	g.MapRun = x.host.MapRun(st, label)
	x.event(t, "MapRunStarted", details("mapRunArn", g.MapRun))
	if err := x.open(t, st, 0); err != nil {
		x.mapRunFailed(t, st, err)
		return nil
	}
	x.fill(t, st)
	return nil
}

// open makes the source of a map run, behind the items that were taken before.
func (x *Execution) open(t *thread, st *asl.State, taken int) *Failure {
	r := x.results[t.ID]
	if st.Map.Reader == nil {
		r.source = &list{r.items[min(taken, len(r.items)):]}
	} else {
		s, err := x.reader(t, st)
		for ; err == nil && taken > 0; taken-- {
			_, _, err = s.next()
		}
		if err != nil {
			f := failureOf(err, "States.ItemReaderFailed")
			return &f
		}
		r.source = s
	}
	if w := st.Map.Writer; w != nil {
		made, err := x.writer(t, st)
		if err != nil {
			f := failureOf(err, "States.ResultWriterFailed")
			return &f
		}
		r.writer = made
	}
	return nil
}

// failureOf is an error as a failure: an evaluation's under its own name.
func failureOf(err error, name string) Failure {
	if e, ok := err.(*expr.Error); ok { //nolint:errorlint // expressions give no other
		return Fails(e.Name, e.Cause)
	}
	return Fails(name, err.Error())
}

// fill begins children as long as there is room for them, and ends the map run
// when there are none left.
func (x *Execution) fill(t *thread, st *asl.State) {
	g, r := t.Group, x.results[t.ID]
	most := maxChildren
	if g.Concurrency > 0 {
		most = min(most, g.Concurrency)
	}
	for !g.Exhausted && len(g.Running) < most {
		input, item, weight, err := x.batch(t, st, r.source)
		if err != nil {
			f := failureOf(err, "States.ItemReaderFailed")
			x.mapRunFailed(t, st, &f)
			return
		}
		if weight == 0 {
			g.Exhausted = true
			break
		}
		i := g.Next
		g.Next++
		g.Items += weight
		if weight > 1 {
			g.Weights[i] = weight
		}
		g.Running = append(g.Running, i)
		c := t.child(i)
		c.Input, c.Item = textOf(input), item
		x.host.Child(c)
	}
	x.touch(t)
	if g.Exhausted && len(g.Running) == 0 {
		x.mapRunEnded(t, st)
	}
}

// batch takes the items of one child: its input, the first item, and how many
// they are.
func (x *Execution) batch(t *thread, st *asl.State, s source) (input any, first Item, weight int, err error) {
	b := st.Map.Batcher
	g := t.Group
	if b == nil {
		v, ok, err := s.next()
		if err != nil || !ok {
			return nil, first, 0, err
		}
		first = Item{Index: g.Items, Value: v}
		input, err = x.selected(t, st, &first)
		return input, first, 1, err
	}
	most, err := x.count(t, st, b.MaxItems)
	if err != nil {
		return nil, first, 0, err
	}
	bytes, err := x.count(t, st, b.MaxBytes)
	if err != nil {
		return nil, first, 0, err
	}
	if bytes == 0 {
		bytes = MaxPayload
	}
	out := jsonvalue.NewObject(2)
	size := len(`{"Items":[]}`)
	if b.Input != nil {
		in, err := x.path(t, st.InputPath, t.Input.v)
		if err != nil {
			return nil, first, 0, err
		}
		v, err := b.Input.Eval(x.env(t, in))
		if err != nil {
			return nil, first, 0, err
		}
		out.Set("BatchInput", v)
		size += len(`"BatchInput":,`) + len(textOf(v))
	}
	items := []any{}
	for most == 0 || len(items) < most {
		v, ok, err := x.peek(t.ID, s)
		if err != nil {
			return nil, first, 0, err
		}
		if !ok {
			break
		}
		item := Item{Index: g.Items + len(items), Value: v}
		selected, err := x.selected(t, st, &item)
		if err != nil {
			return nil, first, 0, err
		}
		n := len(textOf(selected)) + 1
		if len(items) > 0 && size+n > bytes {
			break
		}
		x.taken(t.ID)
		if len(items) == 0 {
			first = item
		}
		size += n
		items = append(items, selected)
	}
	out.Set("Items", items)
	return out, first, len(items), nil
}

// ahead is a source that can be looked at before an item is taken.
type ahead struct {
	source
	item any
	has  bool
}

func (x *Execution) peek(thread int, s source) (any, bool, error) {
	a, ok := s.(*ahead)
	if !ok {
		a = &ahead{source: s}
		x.results[thread].source = a
	}
	if !a.has {
		v, ok, err := a.next()
		if err != nil || !ok {
			return nil, false, err
		}
		a.item, a.has = v, true
	}
	return a.item, true, nil
}

func (x *Execution) taken(thread int) {
	if a, ok := x.results[thread].source.(*ahead); ok {
		a.has, a.item = false, nil
	}
}

// ChildEnded says how a child of a distributed map ended. Advance goes on with it.
func (x *Execution) ChildEnded(threadID, index int, e Ended) {
	t := x.threads[threadID]
	if x.status != Running || t == nil || t.Group == nil || t.Phase != grouped || !t.Group.Childs {
		return
	}
	g, st := t.Group, t.state()
	at := slices.Index(g.Running, index)
	if at < 0 {
		return
	}
	g.Running = slices.Delete(g.Running, at, at+1)
	weight := g.weight(index)
	x.touch(t)
	if e.Status == Succeeded {
		delete(g.Weights, index)
	} else {
		g.Failed = append(g.Failed, index)
		g.FailedItems += weight
		switch e.Status {
		case TimedOut:
			g.TimedOut.add(weight)
		case Aborted:
			g.Aborted.add(weight)
		}
	}
	if err := x.gather(t, index, e); err != nil {
		f := failureOf(err, "States.ResultWriterFailed")
		x.mapRunFailed(t, st, &f)
		return
	}
	g.Finished++
	if x.exceeded(t, st, false) {
		return
	}
	x.fill(t, st)
}

// exceeded fails a map run of which more items failed than are tolerated. The
// percentage counts when all items are known.
func (x *Execution) exceeded(t *thread, st *asl.State, atEnd bool) bool {
	g := t.Group
	over := g.Tolerated >= 0 && g.FailedItems > g.Tolerated
	if g.ToleratedPart >= 0 && (atEnd || g.Exhausted) && g.Items > 0 {
		over = over || float64(g.FailedItems)*100 > g.ToleratedPart*float64(g.Items)
	}
	if g.Tolerated < 0 && g.ToleratedPart < 0 {
		over = g.FailedItems > 0
	}
	if !over {
		return false
	}
	f := Fails("States.ExceedToleratedFailureThreshold", "The specified tolerated failure threshold was exceeded")
	x.mapRunFailed(t, st, &f)
	return true
}

// mapRunFailed ends a map run badly.
func (x *Execution) mapRunFailed(t *thread, st *asl.State, f *Failure) {
	if r := x.results[t.ID]; r != nil && r.writer != nil {
		_ = r.writer.close() // what was written stays; the failure at hand is the one to report
	}
	x.event(t, "MapRunFailed", f.details())
	x.runEnded(t, Failed)
	x.fail(t, st, *f)
}

// mapRunEnded ends a map run well.
func (x *Execution) mapRunEnded(t *thread, st *asl.State) {
	if x.exceeded(t, st, true) {
		return
	}
	r := x.results[t.ID]
	var result any
	if w := r.writer; w != nil {
		if err := w.close(); err != nil {
			f := failureOf(err, "States.ResultWriterFailed")
			x.mapRunFailed(t, st, &f)
			return
		}
		result = w.result(t.Group.MapRun)
	}
	x.event(t, "MapRunSucceeded", nil)
	x.runEnded(t, Succeeded)
	x.record(t.Cursor, "MapStateSucceeded", nil)
	if result == nil {
		if t.Group.Over {
			x.dropChildren(t)
			x.fail(t, st, tooLarge(st.Name))
			return
		}
		result = r.inOrder(t.Group.Next)
	}
	x.dropChildren(t)
	x.conclude(t, st, result)
}

// runEnded tells the host of the end of a map run.
func (x *Execution) runEnded(t *thread, s Status) {
	if g := t.Group; g != nil && g.MapRun != "" && !g.Ended {
		g.Ended = true
		x.touch(t)
		x.host.MapRunEnded(t.run(s))
	}
}
