// Package clock is the emulator's only source of time, so that tests and
// "what happens in an hour" run without waiting. It must not know what is timed.
package clock

import (
	"context"
	"time"
)

// A Clock tells the time and wakes callers.
type Clock interface {
	Now() time.Time
	// AfterFunc calls f in its own goroutine once d has passed.
	AfterFunc(d time.Duration, f func()) Timer
}

// A Timer is one pending call of [Clock].AfterFunc.
type Timer interface {
	// Stop prevents the call; it reports false when the call has begun or was
	// stopped before.
	Stop() bool
}

// Real is the system's clock.
var Real Clock = real{}

type real struct{}

func (real) Now() time.Time                            { return time.Now() }
func (real) AfterFunc(d time.Duration, f func()) Timer { return time.AfterFunc(d, f) }

// Wait blocks until d has passed on c, or until ctx is done, whose error it then
// returns.
func Wait(ctx context.Context, c Clock, d time.Duration) error {
	done := make(chan struct{})
	t := c.AfterFunc(d, func() { close(done) })
	defer t.Stop()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
