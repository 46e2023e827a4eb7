package quota

import (
	"testing"
	"time"
)

func TestOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		service, operation string
		want               []Limit
	}{
		{"apigateway", "GetRoutes", []Limit{{"apigateway", 10, 40}}},
		{"apigateway", "CreateVpcLink", []Limit{{"apigateway.CreateVpcLink", 1. / 15, 1}, {"apigateway", 10, 40}}},
		{"lambda", "GetFunction", []Limit{{"lambda.GetFunction", 100, 100}}},
		{"lambda", "GetFunctionConcurrency", []Limit{{"lambda", 15, 15}}},
		{"lambda", "Invoke", nil},
		{"logs", "DescribeLogGroups", []Limit{{"logs.DescribeLogGroups", 10, 10}}},
		{"logs", "PutLogEvents", nil},
		{"states", "UpdateStateMachine", []Limit{{"states.UpdateStateMachine", 1, 100}}},
		{"iam", "GetRole", nil},
	} {
		got := Of(c.service, c.operation)
		if len(got) != len(c.want) {
			t.Errorf("%s %s: got %v, want %v", c.service, c.operation, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s %s: got %v, want %v", c.service, c.operation, got[i], c.want[i])
			}
		}
	}
}

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func TestTake(t *testing.T) {
	t.Parallel()
	b := NewBucket(Limit{"x", 10, 40})
	at := func(after time.Duration) (taken int) {
		for b.Take(start.Add(after)) {
			taken++
		}
		return taken
	}
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{0, 40}, {50 * time.Millisecond, 0}, {100 * time.Millisecond, 1}, {1100 * time.Millisecond, 10}, {time.Minute, 40}} {
		if got := at(c.after); got != c.want {
			t.Errorf("after %s: got %d calls, want %d", c.after, got, c.want)
		}
	}
}

// TestReserve: as many calls as the burst go at once, and the others one after the
// other.
func TestReserve(t *testing.T) {
	t.Parallel()
	b := NewBucket(Limit{"x", 10, 2})
	for i, want := range []time.Duration{0, 0, 100 * time.Millisecond, 200 * time.Millisecond} {
		if got := b.Reserve(start); got != want {
			t.Errorf("call %d waits %s, want %s", i, got, want)
		}
	}
	b.Return()
	if got, want := b.Reserve(start), 200*time.Millisecond; got != want {
		t.Errorf("in the place of one that was not made: waits %s, want %s", got, want)
	}
}

func TestLearning(t *testing.T) {
	t.Parallel()
	gap := func(b *Bucket, now time.Time) time.Duration { return -b.Reserve(now) + b.Reserve(now) }
	about := func(what string, got, want time.Duration) {
		t.Helper()
		if d := got - want; d < -time.Millisecond || d > time.Millisecond {
			t.Errorf("%s: a call every %s, want %s", what, got, want)
		}
	}

	known := NewBucket(Limit{"x", 10, 1})
	known.Reserve(start)
	known.Throttled(start)
	known.Throttled(start.Add(time.Millisecond)) // of the same moment
	about("after it was throttled", gap(known, start.Add(time.Millisecond)), time.Second/7)
	for range 1000 {
		known.Allowed()
	}
	about("after much was allowed", gap(known, start.Add(time.Second)), time.Second/10)

	unknown := NewBucket(Limit{Class: "y"})
	for range 20 {
		if got := unknown.Reserve(start); got != 0 {
			t.Fatalf("without a limit a call waits %s", got)
		}
	}
	unknown.Throttled(start)
	about("of 20 in a second", gap(unknown, start), time.Second/14)

	asleep := Asleep(Limit{"z", 10, 5})
	for range 100 {
		if got := asleep.Reserve(start); got != 0 {
			t.Fatalf("asleep a call waits %s", got)
		}
	}
	asleep.Throttled(start)
	about("woken", gap(asleep, start), time.Second/10)
}
