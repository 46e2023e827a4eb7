package runtime

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"
)

// event is a line that the platform writes to a function's log.
type event struct {
	text   string
	kind   string // of the JSON form, such as "platform.start"
	level  level
	record any
}

// level orders the system log levels.
type level int

const (
	debug level = iota
	info
	warn
)

var levels = map[string]level{"DEBUG": debug, "INFO": info, "WARN": warn}

// format returns the line, or "" where the function's log leaves it out.
func (e event) format(l Logging, at time.Time) string {
	if !l.JSON {
		return e.text
	}
	if least, ok := levels[l.System]; ok && e.level < least {
		return ""
	}
	b, err := json.Marshal(struct {
		Time   string `json:"time"`
		Type   string `json:"type"`
		Record any    `json:"record"`
	}{at.UTC().Format(timeFormat), e.kind, e.record})
	if err != nil {
		return e.text
	}
	return string(b)
}

// report is what an invocation took.
type report struct {
	in       Invocation
	took     time.Duration
	initial  time.Duration // of the init phase; 0 in a warm environment
	memory   int           // MB
	used     int           // MB
	produced int           // bytes of the response
	traced   bool
	failure  *failure
}

type metrics struct {
	Duration float64  `json:"durationMs"`
	Billed   *int64   `json:"billedDurationMs,omitempty"`
	Memory   int      `json:"memorySizeMB,omitempty"`
	Used     int      `json:"maxMemoryUsedMB,omitempty"`
	Init     *float64 `json:"initDurationMs,omitempty"`
	Produced *int     `json:"producedBytes,omitempty"`
}

type reportRecord struct {
	RequestID string   `json:"requestId"`
	Metrics   metrics  `json:"metrics"`
	Status    string   `json:"status"`
	ErrorType string   `json:"errorType,omitempty"`
	Tracing   *tracing `json:"tracing,omitempty"`
}

// record is what of the report both of its events hold.
func (r report) record(m metrics) reportRecord {
	status, kind := r.status()
	out := reportRecord{RequestID: r.in.RequestID, Metrics: m, Status: status, ErrorType: kind}
	if r.in.TraceID != "" {
		t := tracingOf(r.in.TraceID)
		out.Tracing = &t
	}
	return out
}

// status returns the words "success", "timeout" or "error", and the error's type.
func (r report) status() (status, kind string) {
	switch {
	case r.failure == nil || r.failure.line == "":
		return "success", "" // an error that the function itself returned is its result
	case r.failure.kind == "Sandbox.Timedout":
		return "timeout", ""
	default:
		return "error", r.failure.kind
	}
}

func (r report) level(success level) level {
	if s, _ := r.status(); s != "success" {
		return warn
	}
	return success
}

func (r report) end() event {
	return event{
		text:   "END RequestId: " + r.in.RequestID,
		kind:   "platform.runtimeDone",
		level:  r.level(debug),
		record: r.record(metrics{Duration: milliseconds(r.took), Produced: &r.produced}),
	}
}

// report returns the REPORT line. Since August 2025 AWS bills the init phase, too;
// each millisecond that has begun counts.
func (r report) report() event {
	status, kind := r.status()
	billed := max(1, int64(math.Ceil(milliseconds(r.took+r.initial))))
	m := metrics{Duration: milliseconds(r.took), Billed: &billed, Memory: r.memory, Used: r.used}
	var b strings.Builder
	fmt.Fprintf(&b, "REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %d ms\tMemory Size: %d MB\tMax Memory Used: %d MB\t",
		r.in.RequestID, m.Duration, billed, r.memory, r.used)
	if r.initial > 0 {
		ms := milliseconds(r.initial)
		m.Init = &ms
		fmt.Fprintf(&b, "Init Duration: %.2f ms\t", ms)
	}
	if status != "success" {
		b.WriteString("Status: " + status + "\t")
	}
	if kind != "" {
		b.WriteString("Error Type: " + kind + "\t")
	}
	if root, parent, ok := sampled(r.in.TraceID); ok && r.traced {
		fmt.Fprintf(&b, "\nXRAY TraceId: %s\tSegmentId: %s\tSampled: true\t", root, parent)
	}
	return event{text: b.String(), kind: "platform.report", level: r.level(info), record: r.record(m)}
}

// sampled returns the parts of a trace's header, if the trace is sampled.
func sampled(header string) (root, parent string, ok bool) {
	for _, part := range strings.Split(header, ";") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "Root":
			root = value
		case "Parent":
			parent = value
		case "Sampled":
			ok = value == "1"
		}
	}
	return root, parent, ok
}

func milliseconds(d time.Duration) float64 {
	return math.Round(d.Seconds()*1e5) / 1e2
}
