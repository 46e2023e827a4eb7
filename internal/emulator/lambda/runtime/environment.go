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
	"sync"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

const (
	// initLimit is how long AWS lets the code outside the handler run before it
	// starts the environment anew within the function's own timeout.
	initLimit = 10 * time.Second
	// credentialsMargin is how long before its credentials expire an environment
	// gets no more events.
	credentialsMargin = 15 * time.Minute
)

// environment is one process (with its children) that serves one event at a time.
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

	process *process
	initial time.Duration // of the init phase, reported once
	started time.Time
	begun   bool // the init phase has

	calls chan *call // to the runtime's GET next
	gone  chan struct{}

	mu      sync.Mutex
	current *call
	ready   chan struct{} // closed at the first GET next of the process
	failure *failure      // of init
	failed  chan struct{} // closed when failure is set
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
	e := &environment{host: h, f: f, ahead: ahead, stream: streamName(h.Clock.Now(), f.Version), calls: make(chan *call), gone: make(chan struct{})}
	e.journal = &journal{deliver: func(at time.Time, lines []string) { h.Sink(f, e.stream, at, lines) }, now: h.Clock.Now, spawn: h.work.Go}
	var keys Credentials
	if f.Credentials != nil {
		if keys, err = f.Credentials(ctx); err != nil {
			return nil, err
		}
		e.expires = keys.Expires
	}
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
	e.server = &http.Server{Handler: e.api(), ReadHeaderTimeout: time.Minute}
	e.serving.Go(func() { _ = e.server.Serve(l) })
	if err = e.start(keys); err != nil {
		close(e.gone)
		err = errors.Join(err, e.server.Close())
		e.serving.Wait()
		return nil, err
	}
	return e, nil
}

// start starts the environment's process; a second time after a first one was killed.
func (e *environment) start(keys Credentials) error {
	e.mu.Lock()
	e.ready, e.failed, e.failure = make(chan struct{}), make(chan struct{}), nil
	e.mu.Unlock()
	c, err := e.command(keys)
	if err != nil {
		return err
	}
	e.started = e.host.Clock.Now()
	e.process, err = e.host.starter.start(c, e.journal, e.host.records)
	if err != nil {
		return fmt.Errorf("running %s: %w", c.Path, err)
	}
	if c != nil && len(c.ExtraFiles) == 0 { // a sandbox has set the limit itself
		limitData(c.Process.Pid, dataLimit(e.f.Memory))
	}
	return nil
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
	return e.failure == nil && (e.expires.IsZero() || now.Before(e.expires.Add(-credentialsMargin)))
}

// close kills what runs and releases what the environment holds.
func (e *environment) close() {
	e.process.kill()
	<-e.process.done
	close(e.gone)
	_ = e.server.Close()
	e.serving.Wait()
	if err := os.RemoveAll(e.dir); err != nil {
		e.host.Log.Warn("removing the folder of an execution environment", "error", err)
	}
}

// invoke serves one event to its end, whatever that is.
func (e *environment) invoke(in Invocation) Result {
	now := e.host.Clock.Now
	e.journal.begin()
	cold := !e.begun
	c := &call{Invocation: in, idle: make(chan struct{})}
	var out failureOrPayload
	var begun time.Time
	if cold {
		out.failure = e.init(in)
	}
	e.journal.platform(e.f.Log, start(in.RequestID, e.f.Version))
	begun = now()
	if out.failure == nil {
		out = e.serve(c)
	}
	took := now().Sub(begun)
	e.process.output.drain()
	if out.failure != nil && out.failure.line != "" {
		e.journal.add(out.failure.line)
	}
	r := report{id: in.RequestID, took: took, memory: e.f.Memory, used: e.process.peak(), failure: out.failure}
	if cold {
		r.initial = e.initial
	}
	e.journal.platform(e.f.Log, r.end(), r.report())
	res := Result{Payload: out.payload, Tail: e.journal.tail()}
	res.Duration = took
	if out.failure != nil {
		res.Failed, res.Payload, res.ErrorType = true, out.failure.body, out.failure.kind
	}
	return res
}

// init waits until a new process is ready for its first event. AWS gives it ten
// seconds, and when they are over kills it and tries once more within the timeout
// of the function.
func (e *environment) init(in Invocation) *failure {
	e.begun = true
	if e.entry != "" {
		return e.platformFailure(in, "Runtime.InvalidEntrypoint", "Error: "+e.entry)
	}
	limits := []time.Duration{initLimit, e.f.Timeout}
	for i, limit := range limits {
		over := make(chan struct{})
		t := e.host.Clock.AfterFunc(limit, func() { close(over) })
		f, ready := e.awaitReady(in, over)
		t.Stop()
		if ready || f != nil {
			e.initial = e.host.Clock.Now().Sub(e.started)
			return f
		}
		e.process.kill()
		<-e.process.done
		if i == len(limits)-1 {
			break
		}
		if err := e.restart(); err != nil {
			return e.platformFailure(in, "Runtime.ExitError", "Error: "+err.Error())
		}
	}
	return e.timedOut(in)
}

func (e *environment) restart() error {
	keys, err := e.credentials()
	if err != nil {
		return err
	}
	return e.start(keys)
}

func (e *environment) credentials() (Credentials, error) {
	if e.f.Credentials == nil {
		return Credentials{}, nil
	}
	return e.f.Credentials(context.Background())
}

// awaitReady returns when the process asks for an event, fails, or over is closed.
func (e *environment) awaitReady(in Invocation, over <-chan struct{}) (_ *failure, ready bool) {
	defer e.process.watch(e.f.Memory)()
	select {
	case <-e.ready:
		return nil, true
	case <-e.failed:
		e.process.kill()
		<-e.process.done
		return e.failure, false
	case <-e.process.exited:
		<-e.process.done
		select {
		case <-e.failed: // it said why before it ended
			return e.failure, false
		default:
			return e.exited(in), false
		}
	case <-over:
		return nil, false
	}
}

// serve hands the event to the process and waits until it is ready for another.
func (e *environment) serve(c *call) failureOrPayload {
	over := make(chan struct{})
	c.deadline = time.Now().Add(e.f.Timeout) // the function compares it with its own clock
	t := e.host.Clock.AfterFunc(e.f.Timeout, func() { close(over) })
	defer t.Stop()
	stop := e.process.watch(e.f.Memory)
	defer stop()
	calls, idle := e.calls, (chan struct{})(nil)
	for {
		select {
		case calls <- c:
			calls, idle = nil, c.idle
		case <-idle:
			return c.result
		case <-e.process.exited:
			e.abandon(c)
			if c.answered {
				return c.result
			}
			return failureOrPayload{failure: e.exited(c.Invocation)}
		case <-over:
			e.process.kill()
			e.abandon(c)
			return failureOrPayload{failure: e.timedOut(c.Invocation)}
		}
	}
}

// abandon waits until nothing is left of a process and of what it was answering.
func (e *environment) abandon(c *call) {
	<-e.process.done
	e.mu.Lock()
	e.current = nil
	e.mu.Unlock()
	_ = e.server.Close() // whoever else holds the process's connections
	c.streaming.Wait()
}

// streamName is how Lambda calls the log stream of a new environment.
func streamName(t time.Time, version string) string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return fmt.Sprintf("%s/[%s]%s", t.UTC().Format("2006/01/02"), version, hex.EncodeToString(b[:]))
}
