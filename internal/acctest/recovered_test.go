package acctest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// recoveredSubjects are types of each way in which a create finds its own again: by a
// name that people give, by an id that AWS chooses, and with and without tags.
var recoveredSubjects = map[string]Subject{
	"function":      functionSubject,
	"event source":  {Type: "serverless_event_source", Before: sources, Base: Arguments{"function": `serverless_function.f.arn`, "sqs": `{ queue_arn = serverless_queue.q.arn }`}},
	"authorizer":    authorizerSubject,
	"table":         tableSubject,
	"queue":         queueSubject,
	"state machine": stateMachineSubject,
	"activity":      activitySubject,
	"HTTP API":      httpAPISubject,
	"role policy":   rolePolicySubject,
	"route": {Type: "serverless_route", Before: "resource \"serverless_http_api\" \"shop\" {\n  name = \"shop\"\n}\n", Base: Arguments{
		"api": `serverless_http_api.shop.id`, "route": `"GET /orders"`, "http": `{ url = "http://127.0.0.1:9/" }`,
	}},
	"integration": {Type: "serverless_integration", Before: "resource \"serverless_http_api\" \"shop\" {\n  name = \"shop\"\n}\n", Base: Arguments{
		"api": `serverless_http_api.shop.id`, "type": `"HTTP_PROXY"`, "uri": `"http://127.0.0.1:9/"`, "method": `"ANY"`,
	}},
}

// TestRecovered kills the process at each call of a create. Our engine's journal says
// what was intended, so that the next apply converges without a word of the user's,
// even where no stack says whose a marked object is.
func TestRecovered(t *testing.T) {
	t.Parallel()
	for name, s := range recoveredSubjects {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clean := s.bench(t)
			clean.before()
			clean.apply(s.Base)
			calls, deployed := clean.wire.Calls(), clean.deployed()
			for n := range calls {
				t.Run(fmt.Sprintf("%d %s", n, calls[n]), func(t *testing.T) {
					t.Parallel()
					b := s.bench(t)
					b.Remembers = true
					b.before()
					b.spoiling(n, Kill, s.Base)
					b.apply(s.Base)
					b.settled(s.Base)
					if got := b.deployed(); got != deployed {
						t.Errorf("the emulator holds %d things, want %d", got, deployed)
					}
					b.emptied(s.Base)
				})
			}
		})
	}
}

// TestUnwanted kills the process at each write of a create, after which the object is
// not wanted any more: nothing is left of it, whatever AWS calls it.
func TestUnwanted(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"function", "event source", "authorizer", "queue", "HTTP API", "activity"} {
		s := recoveredSubjects[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clean := s.bench(t)
			clean.before()
			before := clean.deployed()
			clean.apply(s.Base)
			calls := clean.wire.Calls()
			for n, call := range calls {
				if reads(call) {
					continue
				}
				for _, how := range []string{"destroyed", "without its block"} {
					t.Run(fmt.Sprintf("%d %s %s", n, call, how), func(t *testing.T) {
						t.Parallel()
						b := s.bench(t)
						b.Remembers = true
						b.before()
						b.spoiling(n, Kill, s.Base)
						if how == "destroyed" {
							b.emptied(s.Base)
							return
						}
						if _, err := b.Apply(t.Context(), b.provided()+b.Before); err != nil {
							t.Fatalf("apply without the block: %v", err)
						}
						if got := b.deployed(); got != before {
							t.Errorf("the emulator holds %d things, want %d", got, before)
						}
					})
				}
			}
		})
	}
}

// TestRecoveredLater: what was noted of a create outlives a run that ends in order
// without coming to it, because something before it fails, and one that is of a
// resource with keys is gone on with, too.
func TestRecoveredLater(t *testing.T) {
	t.Parallel()
	s := recoveredSubjects["function"]
	for name, a := range map[string]Arguments{"alone": s.Base, "keyed": s.Base.with(Arguments{"for_each": `toset(["a"])`}), "counted": s.Base.with(Arguments{"count": `1`})} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := s.bench(t)
			b.Remembers = true
			b.before()
			b.wire.Spoil = func(_ int, operation string) Fault {
				if operation == "UntagResource" { // the last call: what is there is complete
					return Fault{Kind: Kill}
				}
				return Fault{}
			}
			_, _ = b.Apply(t.Context(), b.config(a)) // killed
			if !b.wire.Dead() {
				t.Fatal("no mark was taken off")
			}
			b.wire.Revive()
			b.wire.Spoil = func(_ int, operation string) Fault {
				if strings.HasPrefix(operation, "GetFunction") {
					return Fault{Kind: Answer, Code: "AccessDeniedException", Message: "not now"}
				}
				return Fault{}
			}
			if _, err := b.Apply(t.Context(), b.config(a)); err == nil {
				t.Fatal("the apply succeeded without seeing the function")
			}
			b.wire.Spoil = nil
			if _, err := b.Apply(t.Context(), b.config(a)); err != nil {
				t.Fatalf("apply: %v", err)
			}
			b.settled(a)
			b.emptied(a)
		})
	}
}

// TestNotRecovered: what somebody else makes after a run was killed is not taken over,
// where AWS has a place for the mark of whose it is.
func TestNotRecovered(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"function", "event source", "table", "queue", "state machine"} {
		s := recoveredSubjects[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clean := s.bench(t)
			clean.before()
			clean.apply(s.Base)
			calls := clean.wire.Calls()
			first := 0 // the last call before anything is written
			for reads(calls[first+1]) {
				first++
			}
			b := s.bench(t)
			b.Remembers = true
			b.before()
			other := b.another()
			b.spoiling(first, Kill, s.Base)
			if _, err := other.Apply(t.Context(), b.config(s.Base)); err != nil {
				t.Fatalf("the other's apply: %v", err)
			}
			if _, err := b.Apply(t.Context(), b.config(s.Base)); err == nil || !strings.Contains(err.Error(), "exists already") {
				t.Errorf("got %v, want an error that says that it exists already", err)
			}
		})
	}
}

// TestImportedUnfinished: who imports what an apply that was cut off has left is shown
// its mark by the plan, and the apply takes it off: nobody takes the object for
// unfinished any more.
func TestImportedUnfinished(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"function", "event source", "table", "queue", "state machine", "activity"} {
		s := recoveredSubjects[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clean := s.bench(t)
			clean.before()
			clean.apply(s.Base)
			calls := clean.wire.Calls()
			b := s.bench(t)
			b.before()
			other := b.another()
			b.spoiling(slices.IndexFunc(calls, unmarks)-1, Kill, s.Base)
			b.known(s.Base)
			b.apply(s.Base)
			b.settled(s.Base)
			_, err := other.Apply(t.Context(), b.config(s.Base))
			if err == nil || !strings.Contains(err.Error(), "exists already") || strings.Contains(err.Error(), "unfinished") {
				t.Errorf("another's apply: got %v, want an error about an object that exists already, and is complete", err)
			}
			b.emptied(s.Base)
		})
	}
}
