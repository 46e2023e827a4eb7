package runtime

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

// credentialsMargin is how long before its credentials expire an environment gets
// no more events.
const credentialsMargin = 15 * time.Minute

// environment is one process (with its children, and extensions beside it) that
// serves one event at a time.
type environment struct {
	host    *Host
	f       *Function
	stream  string // of the log
	dir     string // the environment's own /tmp and records
	expires time.Time
	journal *journal
	entry   string // why the package has nothing to start; empty where it has
	// endpoint is what AWS SDKs within the function talk to.
	endpoint string

	// For the Host, guarded by its mu.
	idleTimer clock.Timer // nil while it does not count
	draining  bool
	provision *provision // that keeps the environment; nil for one that may expire

	ahead bool // started ahead of events

	server  *http.Server
	address string
	serving sync.WaitGroup

	process *process // the runtime, or the sandbox that holds it and the extensions
	// pending starts the runtime when the extensions have registered.
	pending func() error
	initial time.Duration // of the init phase, reported once
	started time.Time
	begun   bool // the init phase has

	calls     chan *call // to the runtime's GET next
	gone      chan struct{}
	telemetry *telemetry

	mu         sync.Mutex
	current    *call
	ready      chan struct{} // closed at the first GET next of the process
	failure    *failure      // of init
	failed     chan struct{} // closed when failure is set
	extensions []*extension
	change     chan struct{} // closed when something of the extensions is different
	crash      *crash        // of an extension
	fell       chan struct{} // closed when crash is set
	closing    bool
	reason     string // of the end, as extensions hear it
}

// call is one event on its way through the environment.
type call struct {
	Invocation
	deadline time.Time
	// answering is whether the runtime has begun to answer, and streaming is what
	// waits for the end of that; answered is whether result is set.
	answering bool
	streaming sync.WaitGroup
	answered  bool
	result    failureOrPayload
	idle      chan struct{} // closed when the runtime asks for the next event
}

func newEnvironment(ctx context.Context, h *Host, f *Function, ahead bool) (_ *environment, err error) {
	e := &environment{
		host: h, f: f, ahead: ahead, stream: streamName(h.Clock.Now(), f.Version),
		calls: make(chan *call), gone: make(chan struct{}), telemetry: newTelemetry(h.Clock), process: ended(), reason: "spindown",
	}
	e.journal = &journal{deliver: func(at time.Time, lines []string) { h.Sink(f, e.stream, at, lines) }, now: h.Clock.Now, spawn: h.work.Go, telemetry: e.telemetry}
	keys, err := e.credentials(ctx)
	if err != nil {
		return nil, err
	}
	e.expires = keys.Expires
	if f.Endpoint != nil {
		if e.endpoint, err = f.Endpoint(); err != nil {
			return nil, err
		}
	}
	if e.dir, err = h.folder(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(e.dir))
		}
	}()
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e.address = l.Addr().String()
	e.server = &http.Server{Handler: e.api(), ReadHeaderTimeout: quiet}
	e.serving.Go(func() { _ = e.server.Serve(l) })
	if err = e.start(keys); err != nil {
		e.kill()
		close(e.gone)
		err = errors.Join(err, e.server.Close())
		e.serving.Wait()
		return nil, err
	}
	return e, nil
}

// start starts the environment's programs; a second time after the first were killed.
func (e *environment) start(keys Credentials) error {
	s, err := e.launch(keys)
	if err != nil {
		return err
	}
	found := findExtensions(s.task.hostOpt)
	e.mu.Lock()
	e.ready, e.failed, e.failure = make(chan struct{}), make(chan struct{}), nil
	e.change, e.fell, e.crash, e.extensions = make(chan struct{}), make(chan struct{}), nil, found
	e.mu.Unlock()
	e.pending = nil
	e.become(ended())
	e.telemetry.begin()
	e.started = e.host.Clock.Now()
	e.journal.platform(e.f.Log, e.initStart())
	switch {
	case e.entry != "":
		return nil
	case s.sandboxed:
		return e.startSandbox(s, found)
	case len(found) > 0:
		e.pending = func() error { return e.startPlain(s) }
		e.become(&process{exited: make(chan struct{}), done: make(chan struct{})}) // until then
		return e.startBeside(s, found)
	default:
		return e.startPlain(s)
	}
}

func (e *environment) startSandbox(s launch, found []*extension) error {
	s.spec.Args, s.spec.Env = s.args, s.env
	if s.linked {
		s.spec.Link = e.address
	}
	for _, x := range found {
		s.spec.Extensions = append(s.spec.Extensions, filepath.Join(optDir, "extensions", x.name))
	}
	s.spec.ExtensionEnv = forExtensions(s.env)
	p, err := e.host.sandboxProcess()
	if err != nil {
		return fmt.Errorf("starting a sandbox: %w", err)
	}
	e.become(p)
	if len(found) > 0 {
		e.pending = func() error { p.crew.say("start"); return nil }
	}
	err = p.crew.tell(s.spec, e.extensionEnded)
	p.bind(e.journal, fromFunction)
	return err
}

func (e *environment) startPlain(s launch) error {
	c, err := e.plain(s)
	if err != nil {
		return err
	}
	p, err := e.host.starter.start(c, e.host.records, nil)
	if err != nil {
		return fmt.Errorf("running %s: %w", c.Path, err)
	}
	e.become(p)
	p.bind(e.journal, fromFunction)
	limit(c.Process.Pid, e.f)
	return nil
}

func (e *environment) become(p *process) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.process = p
}

// startBeside starts extensions outside of a sandbox.
func (e *environment) startBeside(s launch, found []*extension) error {
	for _, x := range found {
		path := filepath.Join(s.task.hostOpt, "extensions", x.name)
		if text := checkProgram(path, optDir+"/extensions/"+x.name); text != "" {
			e.extensionEnded(x.name, text)
			continue
		}
		c, err := e.plain(launch{args: []string{path}, env: forExtensions(s.env), dir: s.dir, task: s.task})
		if err != nil {
			return err
		}
		p, err := e.host.starter.start(c, e.host.records, nil)
		if err != nil {
			return fmt.Errorf("running the extension %s: %w", x.name, err)
		}
		p.bind(e.journal, fromExtension)
		e.mu.Lock()
		x.process = p
		e.mu.Unlock()
		limit(c.Process.Pid, e.f)
		go func() {
			<-p.exited
			e.extensionEnded(x.name, p.status)
		}()
	}
	return nil
}

// hiddenFromExtensions are variables that only the runtime has.
var hiddenFromExtensions = []string{
	"AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_XRAY_CONTEXT_MISSING",
	"AWS_XRAY_DAEMON_ADDRESS", "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT", "_AWS_XRAY_DAEMON_ADDRESS", "_AWS_XRAY_DAEMON_PORT", "_HANDLER",
}

func forExtensions(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains(hiddenFromExtensions, name)
	})
}

// processes are all that run for the environment.
func (e *environment) processes() []*process {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := []*process{e.process}
	for _, x := range e.extensions {
		if x.process != nil {
			list = append(list, x.process)
		}
	}
	return slices.DeleteFunc(list, func(p *process) bool { return p.cmd == nil })
}

// kill ends all processes, and waits until nothing is left of them.
func (e *environment) kill() {
	e.mu.Lock()
	e.closing = true // no extension crashes from here on
	e.mu.Unlock()
	list := e.processes()
	for _, p := range list {
		p.kill()
	}
	for _, p := range list {
		<-p.done
	}
}

// freeze stops the processes between events: code that goes on behind its answer
// does not, as in AWS.
func (e *environment) freeze() {
	for _, p := range e.processes() {
		p.freeze()
	}
}

func (e *environment) thaw() {
	for _, p := range e.processes() {
		p.thaw()
	}
}

// stopIdling ends the count of the idle time; the host's mu is held.
func (e *environment) stopIdling() {
	if e.idleTimer != nil {
		e.idleTimer.Stop()
		e.idleTimer = nil
	}
}

// usable reports whether the environment can serve another event.
func (e *environment) usable(now time.Time) bool {
	select {
	case <-e.process.exited:
		return false
	default:
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.failure == nil && e.crash == nil && (e.expires.IsZero() || now.Before(e.expires.Add(-credentialsMargin)))
}

// close ends what runs and releases what the environment holds.
func (e *environment) close() {
	e.farewell()
	e.kill()
	e.telemetry.close()
	close(e.gone)
	_ = e.server.Close()
	e.serving.Wait()
	if err := os.RemoveAll(e.dir); err != nil {
		e.host.Log.Warn("removing the folder of an execution environment", "error", err)
	}
}

func (e *environment) restart() error {
	keys, err := e.credentials(context.Background())
	if err != nil {
		return err
	}
	e.mu.Lock()
	e.closing = false
	e.mu.Unlock()
	return e.start(keys)
}

func (e *environment) credentials(ctx context.Context) (Credentials, error) {
	if e.f.Credentials == nil {
		return Credentials{}, nil
	}
	return e.f.Credentials(ctx)
}

// streamName is how Lambda calls the log stream of a new environment.
func streamName(t time.Time, version string) string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return fmt.Sprintf("%s/[%s]%s", t.UTC().Format("2006/01/02"), version, hex.EncodeToString(b[:]))
}
