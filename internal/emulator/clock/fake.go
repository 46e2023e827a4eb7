package clock

import (
	"sync"
	"time"
)

// A Fake is a clock that stands still until it is told to advance.
type Fake struct {
	mu     sync.Mutex
	now    time.Time
	timers map[*fakeTimer]struct{}
	asked  int // calls of AfterFunc so far
}

// NewFake returns a clock that shows now.
func NewFake(now time.Time) *Fake {
	return &Fake{now: now, timers: map[*fakeTimer]struct{}{}}
}

type fakeTimer struct {
	clock *Fake
	at    time.Time
	order int // among those of the same time
	f     func()
}

// Now implements [Clock].
func (c *Fake) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// AfterFunc implements [Clock].
func (c *Fake) AfterFunc(d time.Duration, f func()) Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	t := &fakeTimer{clock: c, at: c.now.Add(d), order: c.asked, f: f}
	if d <= 0 {
		go f()
		return t
	}
	c.timers[t] = struct{}{}
	return t
}

func (t *fakeTimer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	_, pending := t.clock.timers[t]
	delete(t.clock.timers, t)
	return pending
}

// Advance moves the clock by d and runs, in the order of their times and each to
// its end, the calls that fall due; those of the same time in the order in which
// they were asked for.
func (c *Fake) Advance(d time.Duration) {
	c.mu.Lock()
	end := c.now.Add(d)
	for {
		var next *fakeTimer
		for t := range c.timers {
			if !t.at.After(end) && (next == nil || t.before(next)) {
				next = t
			}
		}
		if next == nil {
			break
		}
		delete(c.timers, next)
		c.forward(next.at)
		c.mu.Unlock()
		next.f()
		c.mu.Lock()
	}
	c.forward(end)
	c.mu.Unlock()
}

func (t *fakeTimer) before(o *fakeTimer) bool {
	return t.at.Before(o.at) || t.at.Equal(o.at) && t.order < o.order
}

// forward never sets the clock back, which one that advances beside another could.
func (c *Fake) forward(to time.Time) {
	if to.After(c.now) {
		c.now = to
	}
}
