package runtime

import "time"

// initLimit is how long AWS lets the code outside the handler run before it starts
// the environment anew within the function's own timeout.
const initLimit = 10 * time.Second

// quiet is how long a program may have a connection to the API without asking for
// anything: some get theirs at their start, and the code outside the handler may run
// for as long as a function may, a quarter of an hour.
const quiet = 16 * time.Minute

// aheadLimit is how long that code may run at least in an environment that is started
// ahead of events; its function's timeout may allow more.
const aheadLimit = 130 * time.Second

// invoke serves one event to its end, whatever that is.
func (e *environment) invoke(in Invocation) Result {
	now := e.host.Clock.Now
	e.journal.begin()
	cold := !e.begun
	c := &call{Invocation: in, idle: make(chan struct{})}
	var out failureOrPayload
	if cold {
		out.failure = e.init(in)
		e.drain() // so that what was written before the event stands before its START
	} else {
		e.thaw()
	}
	e.journal.platform(e.f.Log, start(in, e.f.Version))
	begun := now()
	if out.failure == nil {
		out = e.serve(c)
	}
	took := now().Sub(begun)
	e.drain()
	if out.failure != nil && out.failure.line != "" {
		e.journal.add(fromFunction, out.failure.line)
	}
	r := report{in: in, took: took, memory: e.f.Memory, failure: out.failure, produced: len(out.payload), traced: e.f.Traced}
	for _, p := range e.processes() {
		r.used += p.peak()
	}
	if cold {
		r.initial = e.initial
	}
	e.journal.platform(e.f.Log, r.end(), r.report())
	e.freeze()
	res := Result{Payload: out.payload, Tail: e.journal.tail(), Duration: took}
	if out.failure != nil {
		res.Failed, res.Payload, res.ErrorType = true, out.failure.body, out.failure.kind
	}
	return res
}

// drain waits until everything that the programs have written is in the journal.
func (e *environment) drain() {
	for _, p := range e.processes() {
		p.output.drain()
	}
	if w := e.process.crew; w != nil && w.several {
		w.out.drain()
	}
}

// prepare carries out the init phase without an event.
func (e *environment) prepare() *failure {
	e.journal.begin()
	f := e.init(Invocation{})
	if f == nil {
		e.freeze()
	}
	return f
}

// init waits until new processes are ready for their first event. AWS gives them ten
// seconds, and when they are over kills them and tries once more within the timeout
// of the function. Those that are started ahead have one long try.
func (e *environment) init(in Invocation) *failure {
	e.begun = true
	if e.entry != "" {
		return e.initialized(e.platformFailure(in, "Runtime.InvalidEntrypoint", "Error: "+e.entry))
	}
	limits := []time.Duration{initLimit, e.f.Timeout}
	if e.ahead {
		limits = []time.Duration{max(aheadLimit, e.f.Timeout)}
	}
	for i, limit := range limits {
		over := make(chan struct{})
		t := e.host.Clock.AfterFunc(limit, func() { close(over) })
		f, ready := e.awaitReady(in, over)
		t.Stop()
		if ready || f != nil {
			return e.initialized(f)
		}
		e.kill()
		if i == len(limits)-1 {
			break
		}
		e.journal.platform(e.f.Log, e.initReport("timeout", ""))
		if err := e.restart(); err != nil {
			return e.initialized(e.platformFailure(in, "Runtime.ExitError", "Error: "+err.Error()))
		}
	}
	return e.initialized(e.timedOut(in))
}

// initialized ends the init phase.
func (e *environment) initialized(f *failure) *failure {
	e.initial = e.host.Clock.Now().Sub(e.started)
	status, kind := "success", ""
	if f != nil {
		if status, kind = "error", f.kind; kind == "Sandbox.Timedout" {
			status, kind = "timeout", ""
		}
	}
	e.journal.platform(e.f.Log, e.initDone(status, kind), e.initReport(status, kind))
	e.telemetry.done()
	if e.process.crew != nil {
		e.host.prefork() // behind this start, which needs the processors
	}
	return f
}

// awaitReady returns when the processes wait for an event, when one fails, or over
// is closed.
func (e *environment) awaitReady(in Invocation, over <-chan struct{}) (_ *failure, ready bool) {
	if e.pending != nil {
		if !e.await(e.registered, e.fell, e.process.exited, over) {
			return e.why(in), false
		}
		if err := e.pending(); err != nil {
			return e.platformFailure(in, "Runtime.ExitError", "Error: "+err.Error()), false
		}
	}
	defer e.process.watch(e.f.Memory)()
	select {
	case <-e.ready:
	case <-e.failed:
	case <-e.fell:
	case <-e.process.exited:
	case <-over:
		return nil, false
	}
	if e.isFailed() || !e.await(e.settled, e.fell, e.process.exited, over) {
		return e.why(in), false
	}
	return nil, true
}

// isFailed reports whether something has gone wrong already.
func (e *environment) isFailed() bool {
	select {
	case <-e.failed:
		return true
	case <-e.fell:
		return true
	case <-e.process.exited:
		return true
	default:
		return false
	}
}

// why says what has gone wrong; nil if only the time was over. Nothing runs any more
// when it has said so.
func (e *environment) why(in Invocation) *failure {
	if !e.isFailed() {
		return nil
	}
	e.mu.Lock()
	crash := e.crash
	e.mu.Unlock()
	e.kill()
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.failure != nil: // it said why before it ended
		return e.failure
	case crash != nil:
		return e.platformFailure(in, crash.kind, "Error: "+crash.text)
	}
	return e.exited(in)
}

// serve hands the event to the processes and waits until they are ready for another.
func (e *environment) serve(c *call) failureOrPayload {
	over := make(chan struct{})
	c.deadline = time.Now().Add(e.f.Timeout) // the function compares it with its own clock
	t := e.host.Clock.AfterFunc(e.f.Timeout, func() { close(over) })
	defer t.Stop()
	stop := e.process.watch(e.f.Memory)
	defer stop()
	e.mu.Lock()
	e.announce("INVOKE", invokeEvent{"INVOKE", c.deadline.UnixMilli(), c.RequestID, c.ARN, tracingOf(c.TraceID)})
	e.mu.Unlock()
	calls, idle := e.calls, (chan struct{})(nil)
	for {
		select {
		case calls <- c:
			calls, idle = nil, c.idle
		case <-idle:
			if !e.await(e.settled, e.fell, e.process.exited, over) {
				e.abandon(c, "timeout") // the answer stays what it is
			}
			return c.result
		case <-e.fell:
			e.abandon(c, "failure")
			if c.answered {
				return c.result
			}
			return failureOrPayload{failure: e.platformFailure(c.Invocation, e.crash.kind, "Error: "+e.crash.text)}
		case <-e.process.exited:
			e.abandon(c, "failure")
			if c.answered {
				return c.result
			}
			return failureOrPayload{failure: e.exited(c.Invocation)}
		case <-over:
			e.abandon(c, "timeout")
			return failureOrPayload{failure: e.timedOut(c.Invocation)}
		}
	}
}

// abandon ends the runtime, and waits until nothing is left of it and of what it was
// answering. Extensions hear the reason when the environment is closed.
func (e *environment) abandon(c *call, reason string) {
	e.process.stop(false)
	<-e.process.exited
	if len(e.extensions) == 0 {
		<-e.process.done
	}
	e.mu.Lock()
	e.current, e.reason = nil, reason
	e.mu.Unlock()
	if len(e.extensions) == 0 {
		_ = e.server.Close() // whoever else holds the process's connections
	}
	c.streaming.Wait()
}
