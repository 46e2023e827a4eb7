package run

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// head is what is written down of an execution besides its threads.
type head struct {
	Status  Status
	Output  string
	Failure Failure
	Events  int64
	Full    bool
	NextID  int
	Ready   []int
	Ends    time.Time
}

func resultKey(thread, index int) string { return fmt.Sprintf("r/%d/%d", thread, index) }
func itemsKey(thread int) string         { return fmt.Sprintf("i/%d", thread) }

// mark notes that a record must be written anew.
func (x *Execution) mark(key string) {
	if x.dirty != nil {
		x.dirty[key] = true
	}
}

func (x *Execution) touch(t *thread) {
	if x.dirty != nil {
		x.dirty["t/"+strconv.Itoa(t.ID)] = true
	}
}

// blank is an execution that nothing has happened to.
func blank(m *asl.Machine, p Params, h Host, o Objects) (*Execution, error) {
	input, err := jsonvalue.Parse([]byte(p.Input))
	if err != nil {
		return nil, fmt.Errorf("reading the input of the execution: %w", err)
	}
	if m.ScopeAt(p.Scope) == nil {
		return nil, fmt.Errorf("the state machine has no states at %q", p.Scope)
	}
	if p.Started.IsZero() {
		p.Started = h.Now()
	}
	x := &Execution{machine: m, host: h, objects: o, params: p, status: Running, threads: map[int]*thread{}, results: map[int]*results{}, input: input}
	if p.Durable {
		x.dirty = map[string]bool{}
	}
	return x, nil
}

// Changes are the records that changed since the last call, of an execution that
// is durable: what to write under each key, nil to delete it. Written together
// they are what Restore reads.
func (x *Execution) Changes() map[string][]byte {
	out := make(map[string][]byte, len(x.dirty)+1)
	for key := range x.dirty {
		out[key] = x.encode(key)
	}
	if len(out) > 0 {
		out["x"] = x.encode("x")
	}
	clear(x.dirty)
	return out
}

// encode is a record as JSON, nil when it does not exist.
func (x *Execution) encode(key string) []byte {
	var v any
	switch kind, rest, _ := strings.Cut(key, "/"); kind {
	case "x":
		h := head{Status: x.status, Output: x.output, Failure: x.failure, Events: x.events, Full: x.overflow, NextID: x.nextID, Ready: x.ready, Ends: x.ends}
		v = h
	case "p": // apart, since an input can be large
		v = x.params
	case "t":
		id, _ := strconv.Atoi(rest)
		t := x.threads[id]
		if t == nil {
			return nil
		}
		v = t
	default:
		thread, index, _ := strings.Cut(rest, "/")
		id, _ := strconv.Atoi(thread)
		r := x.results[id]
		if r == nil {
			return nil
		}
		if kind == "i" {
			return jsonvalue.Marshal(r.items)
		}
		i, _ := strconv.Atoi(index)
		result, ok := r.values[i]
		if !ok {
			return nil
		}
		return jsonvalue.Marshal(result)
	}
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("an execution's %s is no JSON: %v", key, err)) // its values were read from JSON
	}
	return text
}

// Restore makes an execution of the records that Changes gave. Tasks that were
// under way are under way still: the host knows of them, or begins them anew.
func Restore(m *asl.Machine, records map[string][]byte, h Host, o Objects) (*Execution, error) {
	var s head
	if err := json.Unmarshal(records["x"], &s); err != nil {
		return nil, fmt.Errorf("reading an execution back: %w", err)
	}
	var p Params
	if err := json.Unmarshal(records["p"], &p); err != nil {
		return nil, fmt.Errorf("reading an execution back: %w", err)
	}
	x, err := blank(m, p, h, o)
	if err != nil {
		return nil, err
	}
	x.status, x.output, x.failure, x.events, x.overflow = s.Status, s.Output, s.Failure, s.Events, s.Full
	x.nextID, x.ready, x.ends = s.NextID, s.Ready, s.Ends
	for key, text := range records {
		if !strings.HasPrefix(key, "t/") {
			continue
		}
		t := &thread{}
		if err := json.Unmarshal(text, t); err != nil {
			return nil, fmt.Errorf("reading thread %s of an execution back: %w", key, err)
		}
		if t.scope = m.ScopeAt(t.Scope); t.scope == nil {
			return nil, fmt.Errorf("reading an execution back: the state machine has no states at %q", t.Scope)
		}
		t.queued = slices.Contains(x.ready, t.ID)
		x.threads[t.ID] = t
		x.held += t.Held
		if t.Group != nil {
			x.results[t.ID] = &results{values: map[int]any{}}
		}
	}
	if err := x.restoreResults(records); err != nil {
		return nil, err
	}
	for _, id := range x.ids() {
		if t := x.threads[id]; t.Group != nil && t.Group.Childs && t.Phase == grouped {
			if f := x.open(t, t.state(), t.Group.Items); f != nil {
				x.mapRunFailed(t, t.state(), f)
			} else if w := x.results[id].writer; w != nil {
				w.files = t.Group.Files
				if err := w.refill(x.results[id].values); err != nil {
					return nil, fmt.Errorf("reading the results of a map run back: %w", err)
				}
			}
		}
	}
	return x, nil
}

func (x *Execution) restoreResults(records map[string][]byte) error {
	for key, text := range records {
		kind, rest, _ := strings.Cut(key, "/")
		if kind != "r" && kind != "i" {
			continue
		}
		v, err := jsonvalue.Parse(text)
		if err != nil {
			return fmt.Errorf("reading %s of an execution back: %w", key, err)
		}
		thread, index, _ := strings.Cut(rest, "/")
		id, _ := strconv.Atoi(thread)
		r := x.results[id]
		if r == nil {
			continue
		}
		if kind == "i" {
			r.items, _ = v.([]any)
			continue
		}
		i, _ := strconv.Atoi(index)
		r.values[i] = v
	}
	return nil
}

// Tasks are the tasks under way, for a host that has lost them: what to Begin
// again.
func (x *Execution) Tasks() []int {
	var out []int
	for _, id := range x.ids() {
		if t := x.threads[id]; t.Phase == working {
			out = append(out, t.Task.ID)
		}
	}
	return out
}

// Begin hands a task that is under way to the host once more, which has lost it.
// Its input is made anew; nothing is recorded. It tells whether there is such a
// task; one that cannot be made anew fails its state.
func (x *Execution) Begin(id int) bool {
	t, st := x.under(id)
	if t == nil {
		return false
	}
	input, err := x.effective(t, st)
	var credentials any
	if err == nil && st.Task.Credentials != nil {
		var in any
		if in, err = x.path(t, st.InputPath, t.Input.v); err == nil {
			credentials, err = st.Task.Credentials.Eval(x.env(t, in))
		}
	}
	if err != nil {
		x.wrong(t, st, err)
		return true
	}
	var timeout time.Duration
	if !t.Task.Deadline.IsZero() {
		timeout = max(t.Task.Deadline.Sub(x.host.Now()), 1)
	}
	x.host.Begin(Task{
		ID: t.Task.ID, Token: t.Task.Token, State: st.Name, Resource: st.Task.Resource, Input: input, Credentials: credentials,
		Timeout: timeout, Heartbeat: t.Task.Heartbeat, Retry: t.Attempts, Started: t.Task.Started,
	})
	return true
}
