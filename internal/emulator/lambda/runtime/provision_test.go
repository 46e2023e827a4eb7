package runtime

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

// gatekeeper serves requests that are answered once a part has come in.
func gatekeeper(t *testing.T, got <-chan struct{}) (url string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-got }))
	t.Cleanup(s.Close)
	return s.URL
}

// await returns the first state of the environments started ahead that is good.
func (b *bench) await(t *testing.T, key string, good func(Provisioned) bool) Provisioned {
	t.Helper()
	late := time.After(2 * time.Minute)
	for {
		p := b.Provisioned(key)
		if good(p) {
			return p
		}
		select {
		case <-p.Changed:
		case <-late:
			t.Fatalf("still %+v", p)
		}
	}
}

func ready(n int) func(Provisioned) bool {
	return func(p Provisioned) bool { return p.Ready == n }
}

func TestProvision(t *testing.T) {
	t.Parallel()
	f := function(t, node, "index.handler", map[string]string{"index.js": `
		exports.handler = async (e) => { if (e === "die") process.exit(1); await fetch(e); return process.env.AWS_LAMBDA_INITIALIZATION_TYPE }`})
	b := newBench(t)
	b.Provision(f, 2)
	b.await(t, f.Key, ready(2))
	kinds := make([]string, 3)
	gate := meeting(t, len(kinds))
	var group sync.WaitGroup
	for i := range kinds {
		group.Go(func() { kinds[i] = string(b.call(t, f, strconv.Quote(gate)).Payload) })
	}
	group.Wait()
	all := strings.Join(kinds, " ")
	if got := strings.Count(all, "provisioned-concurrency"); got != 2 || strings.Count(all, "on-demand") != 1 {
		t.Errorf("the environments are %s, want two that were started ahead and one more", all)
	}
	if r := b.call(t, f, `"die"`); !r.Failed {
		t.Errorf("got %s", r.Payload)
	}
	b.await(t, f.Key, ready(2)) // another has taken its place, if it was one of them
	b.Provision(f, 1)
	b.await(t, f.Key, ready(1))
	b.Retire(func(*Function) bool { return true })
	if p := b.Provisioned(f.Key); p.Requested != 0 || p.Ready != 0 {
		t.Errorf("after Retire: %+v", p)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if log := strings.Join(b.lines, "\n"); strings.Count(log, "\tInit Duration") > 2 { // that on demand, and at most one after "die"
		t.Errorf("events paid for what was started ahead of them: %s", log)
	}
}

// Code outside the handler has more time where no event waits for it.
func TestProvisionTimeout(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ timeout, want time.Duration }{{3 * time.Second, aheadLimit}, {200 * time.Second, 200 * time.Second}} {
		f := function(t, node, "index.handler", map[string]string{"index.mjs": `await new Promise(r => setTimeout(r, 1e8))`})
		f.Timeout = row.timeout
		b := newBench(t)
		c := limits{clock.NewFake(time.Now()), make(chan time.Duration)}
		b.Clock = c
		b.Provision(f, 1)
		if got := <-c.set; got != row.want {
			t.Errorf("the limit of a function with a timeout of %s is %s, want %s", row.timeout, got, row.want)
		}
		c.Advance(row.want)
		if p := b.await(t, f.Key, func(p Provisioned) bool { return p.Failure != "" }); !strings.HasPrefix(p.Failure, "Sandbox.Timedout") {
			t.Errorf("got %+v", p)
		}
	}
}

func TestProvisionFails(t *testing.T) {
	t.Parallel()
	f := function(t, node, "index.handler", map[string]string{"index.js": `throw new RangeError("early")`})
	b := newBench(t)
	b.Provision(f, 2)
	p := b.await(t, f.Key, func(p Provisioned) bool { return p.Failure != "" })
	if !strings.Contains(p.Failure, `"errorMessage":"early"`) || p.Ready != 0 {
		t.Errorf("got %+v", p)
	}
}
