package emulator

import (
	"context"
	"sync"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

// activity knows whether requests are running or WebSockets are open, and since when
// neither is.
type activity struct {
	clock clock.Clock

	mu      sync.Mutex
	running int
	open    int             // WebSockets
	last    time.Time       // when a request or a WebSocket last ended
	quiet   []chan struct{} // closed when none is running
}

// begin counts a request until the returned function is called.
func (a *activity) begin() (end func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.running++
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.running--
		a.last = a.clock.Now()
		if a.running == 0 {
			for _, c := range a.quiet {
				close(c)
			}
			a.quiet = nil
		}
	}
}

// connect counts a WebSocket until the returned function is called. Nobody waits for one
// to end by itself.
func (a *activity) connect() (end func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open++
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.open--
		a.last = a.clock.Now()
	}
}

// Touch counts as a request that has ended: somebody is about to make some.
func (e *Emulator) Touch() { e.activity.begin()() }

// settle waits until no request is running, or until ctx is done.
func (a *activity) settle(ctx context.Context) {
	a.mu.Lock()
	if a.running == 0 {
		a.mu.Unlock()
		return
	}
	c := make(chan struct{})
	a.quiet = append(a.quiet, c)
	a.mu.Unlock()
	select {
	case <-c:
	case <-ctx.Done():
	}
}

// Idle returns how long ago the last request or WebSocket ended; zero while there is one.
func (e *Emulator) Idle() time.Duration {
	a := &e.activity
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.running > 0 || a.open > 0 {
		return 0
	}
	return a.clock.Now().Sub(a.last)
}
