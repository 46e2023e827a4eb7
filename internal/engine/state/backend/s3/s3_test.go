package s3

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend"
)

// bucket keeps objects and knows conditional writes; ETags are numbers.
type bucket struct {
	mu      sync.Mutex
	objects map[string]string
	etags   map[string]int
	table   http.HandlerFunc // what answers DynamoDB
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Amz-Target") != "" {
		b.table(w, r)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	key := r.URL.Path
	content, there := b.objects[key]
	etag := strconv.Quote(strconv.Itoa(b.etags[key]))
	switch r.Method {
	case http.MethodGet:
		if !there {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("ETag", etag)
		_, _ = io.WriteString(w, content)
	case http.MethodPut:
		raw, _ := io.ReadAll(r.Body)
		if match := r.Header.Get("If-Match"); match != "" && match != etag || r.Header.Get("If-None-Match") == "*" && there {
			w.WriteHeader(http.StatusPreconditionFailed)
			return
		}
		b.put(key, string(raw))
		w.Header().Set("ETag", strconv.Quote(strconv.Itoa(b.etags[key])))
	case http.MethodDelete:
		delete(b.objects, key)
		w.WriteHeader(http.StatusNoContent)
	}
}

func (b *bucket) put(key, content string) {
	b.objects[key] = content
	b.etags[key]++
}

// open makes a backend of a bucket.
func open(t *testing.T, b *bucket, more map[string]cty.Value) *Backend {
	t.Helper()
	b.objects, b.etags = map[string]string{}, map[string]int{}
	s := httptest.NewServer(b)
	t.Cleanup(s.Close)
	arguments := map[string]cty.Value{
		"bucket": cty.StringVal("b"), "key": cty.StringVal("k"), "region": cty.StringVal("us-east-1"),
		"access_key": cty.StringVal("a"), "secret_key": cty.StringVal("s"), "endpoint": cty.StringVal(s.URL),
		"dynamodb_endpoint": cty.StringVal(s.URL), "use_path_style": cty.True, "skip_credentials_validation": cty.True,
		"max_retries": cty.NumberIntVal(0), "skip_s3_checksum": cty.True,
	}
	for name, v := range more {
		arguments[name] = v
	}
	out, err := New(t.Context(), arguments)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestChangedBySomebodyElse saves a state that somebody else has changed: that one
// stays, however often it is tried.
func TestChangedBySomebodyElse(t *testing.T) {
	t.Parallel()
	b := &bucket{}
	o := open(t, b, nil).object(backend.DefaultWorkspace)
	b.put("/b/k", "first")
	if _, err := o.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.put("/b/k", "theirs")
	for range 2 {
		if err := o.Save(t.Context(), []byte("ours"), []byte("first")); err == nil || !strings.Contains(err.Error(), "changed by somebody else") {
			t.Errorf("got %v", err)
		}
	}
	if got := b.objects["/b/k"]; got != "theirs" {
		t.Errorf("the bucket has %q", got)
	}
}

// TestInterruptedLock is interrupted between its two locks, and leaves none.
func TestInterruptedLock(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	b := &bucket{table: func(w http.ResponseWriter, _ *http.Request) {
		cancel()
		w.WriteHeader(http.StatusInternalServerError)
	}}
	s := open(t, b, map[string]cty.Value{"use_lockfile": cty.True, "dynamodb_table": cty.StringVal("t")})
	if err := s.object(backend.DefaultWorkspace).acquire(ctx, backend.Options{}); err == nil {
		t.Error("got no error")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.objects) > 0 {
		t.Errorf("it leaves %v", b.objects)
	}
}

// TestHeartbeat has a lock say that its holder is there, and leave the lock alone
// that somebody else has taken meanwhile.
func TestHeartbeat(t *testing.T) {
	t.Parallel()
	b := &bucket{}
	o := open(t, b, map[string]cty.Value{"use_lockfile": cty.True}).object(backend.DefaultWorkspace)
	if err := o.acquire(t.Context(), backend.Options{Operation: "test"}); err != nil {
		t.Fatal(err)
	}
	o.lock.stop() // the clock's own beats
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for range 2 {
		if !o.beat(t.Context(), at) {
			t.Fatal("the lock is gone")
		}
		h, err := o.holder(t.Context())
		if err != nil || h.ID != o.lock.holder.ID || !strings.HasSuffix(h.Info, "there at 2030-01-02T03:04:05Z") {
			t.Errorf("got %+v, %v, want the same holder at that time", h, err)
		}
	}
	b.put("/b/k.tflock", `{"ID":"theirs"}`)
	if o.beat(t.Context(), at) {
		t.Error("the lock of somebody else is taken for ours")
	}
	if got := b.objects["/b/k.tflock"]; got != `{"ID":"theirs"}` {
		t.Errorf("the lock is %s now", got)
	}
}
