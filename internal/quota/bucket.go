package quota

import (
	"sync"
	"time"
)

// A Bucket lets calls through as a limit says. A server asks Take; a client asks
// Reserve and waits, and tells what came of it by Throttled and Allowed, from
// which the bucket learns how much is left of the limit by others who share it.
type Bucket struct {
	mu    sync.Mutex
	limit Limit
	rate  float64   // as it is now; 0: nothing is held back
	level float64   // calls that may be made; below 0 are those that wait
	at    time.Time // when level was right
	cut   time.Time // when the rate was lowered last

	second      time.Time // when counting began
	count, last float64   // calls since then, and in the second before
}

// NewBucket returns a full bucket of a limit. A limit without a rate is one that
// nobody knows: it is learned.
func NewBucket(l Limit) *Bucket { return &Bucket{limit: l, rate: l.Rate, level: l.Burst} }

// Asleep returns a bucket that holds nothing back before it hears that a call was
// throttled.
func Asleep(l Limit) *Bucket { return &Bucket{limit: l} }

// How the rate follows what AWS answers: down at once, at most once a second, and
// back by small steps.
const (
	lower    = 0.7
	raise    = 0.02
	slowest  = 0.02 // of the published rate
	cutEvery = time.Second
)

// fill brings the level to now.
func (b *Bucket) fill(now time.Time) {
	if passed := now.Sub(b.at).Seconds(); passed > 0 {
		if !b.at.IsZero() {
			b.level = min(b.level+passed*b.rate, max(b.limit.Burst, 1))
		}
		b.at = now
	}
	switch passed := now.Sub(b.second); {
	case passed >= 2*time.Second:
		b.second, b.last, b.count = now, 0, 0
	case passed >= time.Second:
		b.second, b.last, b.count = now, b.count, 0
	}
}

// Take reports whether a call may be made now, and counts it if so.
func (b *Bucket) Take(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill(now)
	if b.rate > 0 && b.level < 1 {
		return false
	}
	b.level--
	return true
}

// Reserve counts a call and returns how long it must wait before it is made.
func (b *Bucket) Reserve(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill(now)
	b.count++
	if b.rate == 0 {
		return 0
	}
	b.level--
	if b.level >= 0 {
		return 0
	}
	return time.Duration(-b.level / b.rate * float64(time.Second))
}

// Return gives back a call that was reserved and not made.
func (b *Bucket) Return() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rate > 0 {
		b.level++
	}
}

// Throttled says that AWS refused a call because there were too many.
func (b *Bucket) Throttled(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill(now)
	if now.Sub(b.cut) < cutEvery {
		return // an answer to a call of before
	}
	b.cut = now
	b.level = min(b.level, 0)
	switch {
	case b.rate > 0:
		b.rate = max(b.rate*lower, b.limit.Rate*slowest, slowest)
	case b.limit.Rate > 0:
		b.rate = b.limit.Rate
	default:
		b.rate = max(1, max(b.count, b.last)*lower)
	}
}

// Allowed says that AWS took a call.
func (b *Bucket) Allowed() {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.rate == 0:
	case b.limit.Rate == 0:
		b.rate += b.rate * raise
	default:
		b.rate = min(b.rate+b.limit.Rate*raise, b.limit.Rate)
	}
}
