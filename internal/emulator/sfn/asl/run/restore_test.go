package run

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// disk is what a host has written down of an execution and of itself.
type disk struct {
	records  map[string][]byte
	history  []Event
	begun    []Task
	children []Child
}

// commit writes down what changed.
func (d *disk) commit(w *world, x *Execution) {
	for key, text := range x.Changes() {
		if text == nil {
			delete(d.records, key)
		} else {
			d.records[key] = text
		}
	}
	d.history, d.begun, d.children = slices.Clone(w.history), slices.Clone(w.begun), slices.Clone(w.children)
}

// restart forgets all that was not written down.
func (d *disk) restart(w *world) *Execution {
	w.t.Helper()
	w.history, w.begun, w.children = slices.Clone(d.history), slices.Clone(d.begun), slices.Clone(d.children)
	x, err := Restore(w.machine, maps.Clone(d.records), w, w.objects)
	if err != nil {
		w.t.Fatal(err)
	}
	return x
}

// killed drives an execution whose host is killed at every step: once before what
// happened is written down, and once after.
func killed(w *world, workflow asl.Workflow, input string) *Execution {
	w.t.Helper()
	p := params(w.machine, workflow, input)
	p.Durable = true
	x, err := New(w.machine, p, w, w.objects)
	if err != nil {
		w.t.Fatal(err)
	}
	d := &disk{records: map[string][]byte{}}
	d.commit(w, x)
	step := func() bool {
		if x.Advance(1) {
			return true
		}
		return x.Status() == Running && w.happens(x)
	}
	for n := 0; ; n++ {
		if n > 100_000 {
			w.t.Fatal("the execution never ends")
		}
		step()
		x = d.restart(w) // nothing of this step was written down
		more := step()
		d.commit(w, x)
		x = d.restart(w)
		if !more {
			return x
		}
	}
}

// shown is a history as text, without times.
func shown(history []Event) string {
	var b strings.Builder
	for _, e := range history {
		b.Write(jsonvalue.Marshal(e.JSON()))
		b.WriteByte('\n')
	}
	return b.String()
}

// durable are machines beside the recorded ones.
var durable = map[string]string{
	"retries": `{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"n.$":"$$.State.RetryCount"},
		"Retry":[{"ErrorEquals":["A"],"MaxAttempts":2},{"ErrorEquals":["B"],"MaxAttempts":1,"IntervalSeconds":7}],
		"Catch":[{"ErrorEquals":["B"],"Next":"C","ResultPath":"$.e","Assign":{"why.$":"$.Error"}}],"Next":"C"},"C":{"Type":"Pass","Parameters":{"why.$":"$why"},"End":true}}}`,
	"nested": `{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Pass","Assign":{"x":"{% $states.input.items %}"},"Next":"M"},
		"M":{"Type":"Map","Items":"{% $x %}","MaxConcurrency":2,"ItemProcessor":{"StartAt":"P","States":{"P":{"Type":"Parallel","Branches":[
			{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":"{% $states.input %}","End":true}}},
			{"StartAt":"Q","States":{"Q":{"Type":"Pass","Output":"{% $count($x) %}","End":true}}}],"Output":"{% $sum($states.result) %}","End":true}}},"Assign":{"sum":"{% $sum($states.result) %}"},"Next":"Z"},
		"Z":{"Type":"Pass","Output":{"sum":"{% $sum %}","x":"{% $x %}"},"End":true}}}`,
	"distributed": `{"StartAt":"M","States":{"M":{"Type":"Map","ItemsPath":"$.items","MaxConcurrency":2,"ItemBatcher":{"MaxItemsPerBatch":2},
		"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"EXPRESS"},"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}},"End":true}}}`,
	"written": `{"StartAt":"M","States":{"M":{"Type":"Map","ItemsPath":"$.items","MaxConcurrency":1,
		"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}},
		"ResultWriter":{"Resource":"arn:aws:states:::s3:putObject","Parameters":{"Bucket":"b","Prefix":"p"},"WriterConfig":{"Transformation":"COMPACT"}},"End":true}}}`,
}

// TestKilledAtEveryEvent demands that an execution whose host is killed again and
// again has the same history and the same end.
func TestKilledAtEveryEvent(t *testing.T) {
	t.Parallel()
	input := `{"items":[3,1,2]}`
	for name, definition := range durable {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := machine(t, definition, asl.Standard)
			make := func() *world {
				w := newWorld(t, m)
				w.objects = files{}
				w.answer = func(x *Execution, task Task) {
					x.TaskStarted(task.ID, "")
					name := "A"
					if task.Retry > 0 {
						name = "B"
					}
					x.TaskFailed(task.ID, Fails(name, fmt.Sprint(task.Retry)))
				}
				return w
			}
			w := make()
			x := w.start(asl.Standard, input)
			w.drive(x)
			again := make()
			y := killed(again, asl.Standard, input)
			if got, want := shown(again.history), shown(w.history); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if y.Status() != x.Status() || y.Output() != x.Output() || x.Status() == Running {
				t.Errorf("got %s %s, want %s %s", y.Status(), y.Output(), x.Status(), x.Output())
			}
			if got, want := fmt.Sprint(again.objects), fmt.Sprint(w.objects); got != want {
				t.Errorf("written\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestKilledRecordings does the same with every recorded execution that needs
// nothing but the interpreter.
func TestKilledRecordings(t *testing.T) {
	t.Parallel()
	for _, r := range recordings(t) {
		if r.kind != "execution" || !r.pure || len(histories(r)) == 0 || strings.Contains(r.definition, `"Task"`) || strings.Contains(r.definition, "Random") || strings.Contains(r.definition, "UUID") {
			continue
		}
		m := machine(t, r.definition, r.workflow)
		w, again := newWorld(t, m), newWorld(t, m)
		w.objects, again.objects = files{}, files{}
		x := w.start(r.workflow, r.input)
		w.drive(x)
		y := killed(again, r.workflow, r.input)
		if got, want := shown(again.history), shown(w.history); got != want || y.Output() != x.Output() {
			t.Errorf("%s: got\n%s\nwant\n%s", r.id, got, want)
		}
	}
}
