package run

import (
	"strings"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// Event is one event of a history. Details have AWS's member names, without the
// event's own; nil where the type has none.
type Event struct {
	ID, Previous int64
	Time         time.Time
	Type         string // such as PassStateEntered
	Details      *jsonvalue.Object
}

// DetailsName is the name of the member that holds the details of an event type,
// such as stateEnteredEventDetails.
func DetailsName(eventType string) string {
	switch {
	case strings.HasSuffix(eventType, "StateEntered"):
		return "stateEnteredEventDetails"
	case strings.HasSuffix(eventType, "StateExited"):
		return "stateExitedEventDetails"
	}
	return strings.ToLower(eventType[:1]) + eventType[1:] + "EventDetails"
}

// JSON is the event as AWS writes it, but for the timestamp.
func (e Event) JSON() *jsonvalue.Object {
	o := jsonvalue.ObjectOf("id", float64(e.ID), "previousEventId", float64(e.Previous), "type", e.Type)
	if e.Details != nil {
		o.Set(DetailsName(e.Type), e.Details)
	}
	return o
}

// tooMany is the failure of an execution whose history is full.
var tooMany = Fails("States.Runtime", "The execution reached the maximum number of history events (25000).")

// record appends an event that follows another one, and gives its id. The last
// event of a full history is that the execution ended; what does not fit before
// it is lost, and the execution fails.
func (x *Execution) record(previous int64, eventType string, d *jsonvalue.Object) int64 {
	ends := strings.HasPrefix(eventType, "Execution") && eventType != "ExecutionStarted" && eventType != "ExecutionRedriven"
	if x.params.Workflow == asl.Standard && (x.overflow || x.events >= MaxEvents-1 && !ends) {
		if x.overflow = true; !ends {
			return x.events
		}
		previous, eventType, d = x.events, "ExecutionFailed", tooMany.details()
	}
	x.events++
	x.host.Record(Event{ID: x.events, Previous: previous, Time: x.host.Now(), Type: eventType, Details: d})
	return x.events
}

// event records an event of a thread.
func (x *Execution) event(t *thread, eventType string, d *jsonvalue.Object) {
	t.Cursor = x.record(t.Cursor, eventType, d)
}

// full tells that the history could not take an event; the execution fails.
func (x *Execution) full() bool {
	if !x.overflow || x.status != Running {
		return false
	}
	x.cancelAll()
	x.record(x.events, "ExecutionFailed", nil)
	x.end(Failed, tooMany)
	return true
}

func details(members ...any) *jsonvalue.Object { return jsonvalue.ObjectOf(members...) }

var untruncated = details("truncated", false)

// complete says that a payload is there as a whole. It is never changed.
func complete() *jsonvalue.Object { return untruncated }

// details are the error and the cause, as far as there are any.
func (f Failure) details(members ...any) *jsonvalue.Object {
	o := details(members...)
	if f.Error != nil && *f.Error != "" {
		o.Set("error", *f.Error)
	}
	if f.Cause != nil && *f.Cause != "" {
		o.Set("cause", *f.Cause)
	}
	return o
}

// output is what a catcher gets.
func (f Failure) output() any {
	text := func(s *string) any {
		if s == nil {
			return jsonvalue.Null{}
		}
		return *s
	}
	return details("Error", text(f.Error), "Cause", text(f.Cause))
}

func (f Failure) name() string {
	if f.Error == nil {
		return ""
	}
	return *f.Error
}
