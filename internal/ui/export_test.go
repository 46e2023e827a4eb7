package ui

import "time"

// SetClock gives s a clock and timers for tests.
func (s *steps) SetClock(now func() time.Time, after func(time.Duration, func()) func() bool) {
	s.now, s.after = now, after
}
