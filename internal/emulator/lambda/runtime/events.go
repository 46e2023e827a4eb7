package runtime

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// startRecord is the beginning of an invocation.
type startRecord struct {
	RequestID string   `json:"requestId"`
	Version   string   `json:"version"`
	Tracing   *tracing `json:"tracing,omitempty"`
}

func start(in Invocation, version string) event {
	r := startRecord{RequestID: in.RequestID, Version: version}
	if in.TraceID != "" {
		t := tracingOf(in.TraceID)
		r.Tracing = &t
	}
	return event{text: "START RequestId: " + in.RequestID + " Version: " + version, kind: "platform.start", level: info, record: r}
}

// initRecord is an event of the init phase.
type initRecord struct {
	Initialization string   `json:"initializationType"`
	Phase          string   `json:"phase"`
	Runtime        string   `json:"runtimeVersion,omitempty"`
	RuntimeARN     string   `json:"runtimeVersionArn,omitempty"`
	Function       string   `json:"functionName,omitempty"`
	Version        string   `json:"functionVersion,omitempty"`
	Instance       string   `json:"instanceId,omitempty"`
	MaxMemory      int      `json:"instanceMaxMemory,omitempty"` // bytes
	Status         string   `json:"status,omitempty"`
	ErrorType      string   `json:"errorType,omitempty"`
	Metrics        *metrics `json:"metrics,omitempty"`
}

func (e *environment) initRecord() initRecord {
	return initRecord{Initialization: e.initialization(), Phase: "init"}
}

func (e *environment) initStart() event {
	r := e.initRecord()
	l, version, _ := languageOf(e.f.Runtime)
	sum := sha256.Sum256([]byte(e.f.Runtime))
	r.Runtime = l.name + ":" + version + ".v1"
	r.RuntimeARN = "arn:aws:lambda:" + e.f.Region + "::runtime:" + hex.EncodeToString(sum[:])
	r.Function, r.Version, r.Instance, r.MaxMemory = e.f.Name, e.f.Version, e.stream, e.f.Memory<<20
	return event{
		text: "INIT_START Runtime Version: " + r.Runtime + "\tRuntime Version ARN: " + r.RuntimeARN,
		kind: "platform.initStart", level: info, record: r,
	}
}

func (e *environment) initDone(status, kind string) event {
	r := e.initRecord()
	r.Status, r.ErrorType = status, kind
	return event{kind: "platform.initRuntimeDone", level: failing(status, debug), record: r}
}

// initReport has a line in a text log only where the phase is not part of an
// invocation's report.
func (e *environment) initReport(status, kind string) event {
	r := e.initRecord()
	r.Status, r.ErrorType = status, kind
	r.Metrics = &metrics{Duration: milliseconds(e.initial)}
	least := debug
	if e.ahead {
		least = info
	}
	v := event{kind: "platform.initReport", level: failing(status, least), record: r}
	if e.ahead || status != "success" {
		v.text = fmt.Sprintf("INIT_REPORT Init Duration: %.2f ms\tPhase: init\tStatus: %s", r.Metrics.Duration, status)
		if kind != "" {
			v.text += "\tError Type: " + kind
		}
	}
	return v
}

func failing(status string, success level) level {
	if status != "success" {
		return warn
	}
	return success
}

// extensionRecord is a new state of an extension.
type extensionRecord struct {
	Name      string   `json:"name"`
	State     string   `json:"state"`
	Events    []string `json:"events"`
	ErrorType string   `json:"errorType,omitempty"`
}

func extensionState(x *extension, state, kind string) event {
	v := event{
		text: fmt.Sprintf("EXTENSION\tName: %s\tState: %s\tEvents: [%s]", x.name, state, strings.Join(x.events, ",")),
		kind: "platform.extension", level: info,
		record: extensionRecord{x.name, state, append([]string{}, x.events...), kind},
	}
	if kind != "" {
		v.text += "\tError Type: " + kind
		v.level = warn
	}
	return v
}

// subscriptionRecord is an extension's wish for events.
type subscriptionRecord struct {
	Name  string   `json:"name"`
	State string   `json:"state"`
	Types []string `json:"types"`
}

func subscribed(api, kind, name string, types []string) event {
	var titles []string
	for _, t := range types {
		titles = append(titles, strings.ToUpper(t[:1])+t[1:])
	}
	return event{
		text: fmt.Sprintf("%s\tName: %s\tState: Subscribed\tTypes: [%s]", api, name, strings.Join(titles, ", ")),
		kind: "platform." + kind, level: info, record: subscriptionRecord{name, "Subscribed", types},
	}
}
