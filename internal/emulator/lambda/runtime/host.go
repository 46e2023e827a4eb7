// Package runtime runs function code as processes of this machine, over the
// Lambda Runtime API (2018-06-01): it starts execution environments, keeps them
// warm, hands them events, and ends them.
//
// It must not know how functions are stored, who may call them, or any AWS
// service package: a function comes in as a [Function], its log leaves by a [Sink].
package runtime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

// idleAfter is how long an environment is kept without an event.
const idleAfter = 10 * time.Minute

// Options are what a [Host] is made from.
type Options struct {
	Clock clock.Clock
	Log   *slog.Logger
	Dir   string // for bootstraps and records of what runs
	Main  string // this project's binary; empty where there is none
	Sink  Sink
}

// A Host holds the execution environments of all functions.
type Host struct {
	Options
	starter *starter
	records *records
	notices notices
	sandbox sandbox
	spare   spare
	merging sync.Mutex // one merge of layers at a time
	trained sync.Map   // archives of Java's classes that were begun
	// The file of host names in sandboxes.
	hostsOnce sync.Once
	hostsPath string

	life context.Context
	end  context.CancelFunc

	mu   sync.Mutex
	idle map[string][]*environment // by function key, the last used at the end
	all  map[*environment]struct{}
	// provisions are by function key.
	provisions map[string]*provision
	closed     bool
	work       sync.WaitGroup // invocations, starts and log deliveries under way
}

// ErrClosed is what a closed Host answers.
var ErrClosed = errors.New("the emulator is closing")

// New returns a host without environments. It first ends processes that an
// earlier host of the same Dir left behind when it was killed.
func New(o Options) (*Host, error) {
	h := &Host{Options: o, idle: map[string][]*environment{}, all: map[*environment]struct{}{}, provisions: map[string]*provision{}}
	if err := writeBootstraps(h.bootstraps()); err != nil {
		return nil, err
	}
	if err := os.RemoveAll(h.layers()); err != nil { // of an earlier host: the layers may have gone
		return nil, fmt.Errorf("removing merged layers: %w", err)
	}
	h.life, h.end = context.WithCancel(context.Background())
	var err error
	if h.records, err = openRecords(filepath.Join(o.Dir, "processes")); err != nil {
		return nil, err
	}
	h.starter = newStarter()
	return h, nil
}

func (h *Host) bootstraps() string { return filepath.Join(h.Dir, "bootstraps") }

// Invoke hands the event to an idle environment of the function, or to a new one,
// and waits for the end of the invocation. When ctx ends first, Invoke returns its
// error and the invocation goes on, as in AWS.
func (h *Host) Invoke(ctx context.Context, f *Function, in Invocation) (Result, error) {
	detach := in.attach()
	defer detach()
	type answer struct {
		Result
		error
	}
	done := make(chan answer, 1)
	begun := h.begin(func() {
		r, err := h.invoke(context.WithoutCancel(ctx), f, in)
		if in.Ended != nil {
			in.Ended()
		}
		done <- answer{r, err}
	})
	if !begun {
		if in.Ended != nil {
			in.Ended()
		}
		return Result{}, ErrClosed
	}
	select {
	case a := <-done:
		return a.Result, a.error
	case <-ctx.Done():
		return Result{}, ctx.Err()
	}
}

// begin runs f in the background, which Close waits for; it reports false when the
// host is closed.
func (h *Host) begin(f func()) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.work.Go(f)
	}
	return !h.closed
}

// Prepare finds out in the background how functions can run here, so that the
// first invocation need not.
func (h *Host) Prepare() { h.begin(func() { h.sandboxed() }) }

func (h *Host) invoke(ctx context.Context, f *Function, in Invocation) (Result, error) {
	e := h.take(f.Key)
	if e == nil {
		var err error
		if e, err = h.open(ctx, f, false); err != nil {
			return Result{}, err
		}
	}
	r := e.invoke(in)
	h.release(e)
	return r, nil
}

// take returns the last used idle environment of that key, or nil.
func (h *Host) take(key string) *environment {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.Clock.Now()
	for l := h.idle[key]; len(l) > 0; l = h.idle[key] {
		e := l[len(l)-1]
		h.idle[key] = l[:len(l)-1]
		e.stopIdling()
		if e.usable(now) {
			return e
		}
		h.discard(e)
	}
	return nil
}

// release keeps the environment for the next event, or ends it.
func (h *Host) release(e *environment) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || e.draining || !e.usable(h.Clock.Now()) {
		h.discard(e)
		return
	}
	if e.provision == nil {
		e.idleTimer = h.Clock.AfterFunc(idleAfter, func() { h.expire(e) })
	}
	h.idle[e.f.Key] = append(h.idle[e.f.Key], e)
}

func (h *Host) expire(e *environment) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if i := slices.Index(h.idle[e.f.Key], e); i >= 0 {
		h.idle[e.f.Key] = slices.Delete(h.idle[e.f.Key], i, i+1)
		h.discard(e)
	}
}

// discard ends an environment that is in no list; h.mu is held.
func (h *Host) discard(e *environment) {
	if len(h.idle[e.f.Key]) == 0 {
		delete(h.idle, e.f.Key)
	}
	if _, ok := h.all[e]; !ok {
		return
	}
	delete(h.all, e)
	e.stopIdling()
	h.work.Go(e.close)
	if p := e.provision; p != nil {
		e.provision = nil
		p.change(func() { p.ready-- })
		h.fill(p)
	}
}

// Retire ends the environments of the functions that stale reports true for, after a
// change of code or configuration: the idle ones now, the busy ones after their
// invocation. It also ends what [Host].Provision keeps for them.
func (h *Host) Retire(stale func(*Function) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for key, p := range h.provisions {
		if stale(p.f) {
			p.change(func() { p.requested = 0 })
			delete(h.provisions, key)
		}
	}
	for e := range h.all {
		if stale(e.f) {
			h.retire(e)
		}
	}
}

// retire ends an environment now if it is idle, otherwise after its invocation;
// h.mu is held.
func (h *Host) retire(e *environment) {
	e.draining = true
	if i := slices.Index(h.idle[e.f.Key], e); i >= 0 {
		h.idle[e.f.Key] = slices.Delete(h.idle[e.f.Key], i, i+1)
		h.discard(e)
	}
}

// Close kills every process and waits until all is gone and every log line is
// delivered.
func (h *Host) Close() error {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil
	}
	h.closed = true
	h.end()
	for e := range h.all {
		h.discard(e)
	}
	h.mu.Unlock()
	h.work.Wait()
	h.spare.close()
	h.starter.close()
	return h.records.close()
}

// open starts a new environment for f, for an event or ahead of events.
func (h *Host) open(ctx context.Context, f *Function, ahead bool) (*environment, error) {
	e, err := newEnvironment(ctx, h, f, ahead)
	if err != nil {
		return nil, fmt.Errorf("starting an environment for %s: %w", f.Name, err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all[e] = struct{}{}
	if h.closed { // Close has counted the environments already
		h.discard(e)
		return nil, ErrClosed
	}
	return e, nil
}

// notices are one-line remarks that are worth saying once.
type notices struct{ said sync.Map }

func (h *Host) notice(text string) {
	if _, again := h.notices.said.LoadOrStore(text, true); !again {
		h.Log.Warn(text)
	}
}

// folder makes a folder for one environment.
func (h *Host) folder() (string, error) {
	parent := filepath.Join(h.Dir, "environments")
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(parent, "")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o711) //nolint:gosec // functions may run as another user
}
