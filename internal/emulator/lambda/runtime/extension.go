package runtime

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// maxExtensions is how many extensions a function may have.
const maxExtensions = 10

// extension is a program of /opt/extensions, or a part of the runtime's program,
// that takes part in the life of the environment. The environment's mu guards it.
type extension struct {
	name     string
	id       string // empty until it has registered
	external bool   // a program of its own
	ended    bool   // the program has
	events   []string
	asked    bool     // for an event, ever
	waiting  bool     // for an event
	inbox    chan any // the event that it gets next, at most one
	process  *process // of an external one outside of a sandbox
}

// invokeEvent and shutdownEvent are what extensions get.
type invokeEvent struct {
	EventType   string  `json:"eventType"`
	DeadlineMs  int64   `json:"deadlineMs"`
	RequestID   string  `json:"requestId"`
	FunctionARN string  `json:"invokedFunctionArn"`
	Tracing     tracing `json:"tracing"`
}

type tracing struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

func tracingOf(id string) tracing { return tracing{"X-Amzn-Trace-Id", id} }

type shutdownEvent struct {
	EventType  string `json:"eventType"`
	Reason     string `json:"shutdownReason"`
	DeadlineMs int64  `json:"deadlineMs"`
}

// crash is why an extension ends the environment.
type crash struct{ kind, text string }

// findExtensions lists the programs of the folder of layers, in order.
func findExtensions(opt string) []*extension {
	if opt == "" {
		return nil
	}
	entries, err := os.ReadDir(filepath.Join(opt, "extensions"))
	if err != nil {
		return nil
	}
	var list []*extension
	for _, e := range entries {
		if s, err := os.Stat(filepath.Join(opt, "extensions", e.Name())); err == nil && s.Mode().Type() == fs.FileMode(0) {
			list = append(list, newExtension(e.Name(), true))
		}
	}
	return list
}

func newExtension(name string, external bool) *extension {
	return &extension{name: name, external: external, inbox: make(chan any, 1)}
}

// register serves POST /2020-01-01/extension/register.
func (e *environment) register(w http.ResponseWriter, r *http.Request) {
	name := r.Header.Get("Lambda-Extension-Name")
	if name == "" {
		refuse(w, http.StatusForbidden, "Extension.InvalidExtensionName", "Empty extension name")
		return
	}
	var in struct {
		Events            []string `json:"events"`
		ConfigurationKeys []string `json:"configurationKeys"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&in); err != nil {
		refuse(w, http.StatusForbidden, "InvalidRequestFormat", err.Error())
		return
	}
	if len(in.ConfigurationKeys) > 0 {
		refuse(w, http.StatusForbidden, "InvalidRequestFormat", "configurationKeys are deprecated; use environment variables instead")
		return
	}
	id, kind, text := e.enroll(name, in.Events)
	if kind != "" {
		refuse(w, http.StatusForbidden, kind, text)
		return
	}
	out := map[string]string{"functionName": e.f.Name, "functionVersion": e.f.Version, "handler": e.f.Handler}
	for _, feature := range strings.Split(r.Header.Get("Lambda-Extension-Accept-Feature"), ",") {
		if strings.TrimSpace(feature) == "accountId" {
			out["accountId"] = e.f.Account
		}
	}
	w.Header().Set("Lambda-Extension-Identifier", id)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(out)
}

// enroll registers the extension; otherwise kind and text say why it cannot.
func (e *environment) enroll(name string, events []string) (id, kind, text string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	i := slices.IndexFunc(e.extensions, func(x *extension) bool { return x.name == name })
	external := i >= 0 && e.extensions[i].external
	for _, event := range events {
		switch {
		case event != "INVOKE" && event != "SHUTDOWN":
			return "", "Extension.InvalidEventType", event + ": InvalidEventType"
		case event == "SHUTDOWN" && !external:
			return "", "Extension.InvalidEventType", event + ": ShutdownEventNotSupportedForInternalExtension"
		}
	}
	switch {
	case i >= 0 && e.extensions[i].id != "":
		return "", "Extension.InvalidExtensionState", "Extension with this name already registered"
	case i < 0 && e.isReady():
		return "", "Extension.RegistrationClosed", "Extension registration closed already"
	case i < 0 && len(e.extensions) >= maxExtensions:
		return "", "Extension.TooManyExtensions", "Extension limit (10) reached"
	case i < 0:
		i = len(e.extensions)
		e.extensions = append(e.extensions, newExtension(name, false))
	}
	x := e.extensions[i]
	x.id, x.events = uuid.NewString(), events
	e.changed()
	return x.id, "", ""
}

// caller returns the extension that the request is from; otherwise it has written
// the refusal and returns nil.
func (e *environment) caller(w http.ResponseWriter, r *http.Request) *extension {
	id := r.Header.Get("Lambda-Extension-Identifier")
	if id == "" {
		refuse(w, http.StatusForbidden, "Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header")
		return nil
	}
	if _, err := uuid.Parse(id); err != nil {
		refuse(w, http.StatusForbidden, "Extension.InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier")
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	i := slices.IndexFunc(e.extensions, func(x *extension) bool { return x.id == id })
	if i < 0 {
		refuse(w, http.StatusForbidden, "Extension.UnknownExtensionIdentifier", "Unknown extension "+id)
		return nil
	}
	return e.extensions[i]
}

// eventNext serves GET /2020-01-01/extension/event/next: it waits for an event.
func (e *environment) eventNext(w http.ResponseWriter, r *http.Request) {
	x := e.caller(w, r)
	if x == nil {
		return
	}
	e.mu.Lock()
	first := !x.asked
	x.asked = true
	e.mu.Unlock()
	if first { // while the init phase still waits for it
		e.journal.platform(e.f.Log, extensionState(x, "Ready", ""))
	}
	e.mu.Lock()
	x.waiting = true
	e.changed()
	e.mu.Unlock()
	select {
	case event := <-x.inbox:
		e.mu.Lock()
		x.waiting = false
		e.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Lambda-Extension-Event-Identifier", uuid.NewString())
		_ = json.NewEncoder(w).Encode(event)
	case <-r.Context().Done():
	case <-e.gone:
	}
}

// extensionError serves POST of init/error and exit/error: the environment ends.
func (e *environment) extensionError(kind, state string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		x := e.caller(w, r)
		if x == nil {
			return
		}
		why := r.Header.Get("Lambda-Extension-Function-Error-Type")
		if why == "" {
			refuse(w, http.StatusForbidden, "Extension.MissingHeader", "Lambda-Extension-Function-Error-Type not found")
			return
		}
		e.journal.platform(e.f.Log, extensionState(x, state, why))
		accept(w)
		e.crashed(kind, "exit code 0")
	}
}

// extensionEnded is told when an extension's program has ended, which ends the
// environment, unless it is closing.
func (e *environment) extensionEnded(name, status string) {
	e.mu.Lock()
	if i := slices.IndexFunc(e.extensions, func(x *extension) bool { return x.external && x.name == name }); i >= 0 {
		e.extensions[i].ended = true
		e.changed()
	}
	e.mu.Unlock()
	kind := "Extension.Crash"
	switch {
	case strings.HasPrefix(status, "fork/exec"):
		kind = "Extension.LaunchError"
	case status == "":
		status = "exit code 0"
	}
	e.crashed(kind, status)
}

// crashed ends the environment because of an extension, for the first of reasons.
func (e *environment) crashed(kind, text string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.crash == nil && !e.closing {
		e.crash = &crash{kind, text}
		close(e.fell)
	}
}

// announce gives the event to the extensions that want such ones; e.mu is held.
func (e *environment) announce(kind string, event any) {
	for _, x := range e.extensions {
		if x.id == "" || !slices.Contains(x.events, kind) {
			continue
		}
		select {
		case x.inbox <- event:
			x.waiting = false
		default: // it has not taken the one before
		}
	}
}

// isReady reports whether the runtime has asked for an event; e.mu is held.
func (e *environment) isReady() bool {
	select {
	case <-e.ready:
		return true
	default:
		return false
	}
}

// changed wakes who awaits something of the extensions; e.mu is held.
func (e *environment) changed() {
	close(e.change)
	e.change = make(chan struct{})
}

// await waits until good, which is called with e.mu held, and reports whether it
// was, before one of the others happened, of which a nil one never does.
func (e *environment) await(good func() bool, a, b, c <-chan struct{}) bool {
	for {
		e.mu.Lock()
		ok, change := good(), e.change
		e.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-change:
		case <-a:
			return false
		case <-b:
			return false
		case <-c:
			return false
		}
	}
}

// registered and settled are conditions for await.
func (e *environment) registered() bool {
	return !slices.ContainsFunc(e.extensions, func(x *extension) bool { return x.external && x.id == "" })
}

func (e *environment) settled() bool {
	return !slices.ContainsFunc(e.extensions, func(x *extension) bool { return x.id != "" && !x.waiting })
}

// runtimeFarewell is how long a runtime has to end.
const runtimeFarewell = 300 * time.Millisecond

// extensionFarewell is how long extensions have then; tests give them longer, on any
// machine.
var extensionFarewell = 2 * time.Second

// farewell tells the extensions that the environment ends, and waits for them.
func (e *environment) farewell() {
	e.mu.Lock()
	e.closing = true
	any := slices.ContainsFunc(e.extensions, func(x *extension) bool { return x.id != "" })
	reason, crashed, main := e.reason, e.crash != nil, e.process
	e.mu.Unlock()
	if !any || crashed {
		return
	}
	e.thaw()
	e.telemetry.flush()
	main.stop(true)
	late := make(chan struct{})
	t := time.AfterFunc(runtimeFarewell, func() { close(late) })
	select {
	case <-main.exited:
	case <-late:
	}
	t.Stop()
	over := make(chan struct{})
	t = time.AfterFunc(extensionFarewell, func() { close(over) })
	defer t.Stop()
	e.mu.Lock()
	e.announce("SHUTDOWN", shutdownEvent{"SHUTDOWN", reason, time.Now().Add(extensionFarewell).UnixMilli()})
	e.mu.Unlock()
	e.await(func() bool {
		return !slices.ContainsFunc(e.extensions, func(x *extension) bool {
			return x.external && !x.ended && slices.Contains(x.events, "SHUTDOWN")
		})
	}, over, nil, nil)
}
