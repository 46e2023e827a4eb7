package http

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend"
)

// at makes a backend of a server, which retries at once.
func at(t *testing.T, handler http.HandlerFunc, more map[string]cty.Value) *Backend {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	arguments := map[string]cty.Value{
		"address": cty.StringVal(strings.Replace(server.URL, "http://", "http://me:hidden@", 1)), "retry_wait_min": cty.Zero, "retry_wait_max": cty.Zero,
	}
	for name, v := range more {
		if v.Type() == cty.String {
			v = cty.StringVal(strings.ReplaceAll(v.AsString(), "SERVER", server.URL))
		}
		arguments[name] = v
	}
	b, err := New(arguments)
	if err != nil {
		t.Fatal(err)
	}
	b.Journals = t.TempDir()
	return b
}

// What a server answers ends or repeats a request as it should, and no error tells
// the password.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answers []int // the last one is for all that follow
		calls   int32
		want    string // in the error; empty for none
	}{
		"there":             {[]int{200}, 1, ""},
		"not there":         {[]int{404}, 1, ""},
		"nothing there":     {[]int{204}, 1, ""},
		"there at last":     {[]int{503, 500, 404}, 3, ""},
		"too often":         {[]int{429, 404}, 2, ""},
		"never":             {[]int{502}, 3, "the server answered 502 Bad Gateway"},
		"who is it":         {[]int{401}, 1, "check username and password"},
		"what is it":        {[]int{400}, 1, "the server answered 400 Bad Request"},
		"an unknown status": {[]int{299}, 1, "the server answered 299"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			b := at(t, func(w http.ResponseWriter, _ *http.Request) {
				n := int(calls.Add(1))
				w.WriteHeader(c.answers[min(n, len(c.answers))-1])
			}, nil)
			_, err := b.Read(t.Context(), backend.DefaultWorkspace)
			if got := fmt.Sprint(err); c.want == "" && err != nil || !strings.Contains(got, c.want) || strings.Contains(got, "hidden") {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if got := calls.Load(); got != c.calls {
				t.Errorf("got %d requests, want %d", got, c.calls)
			}
		})
	}
}

// A server that does not answer is not waited for without end.
func TestSilence(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	defer close(over)
	silent := func(http.ResponseWriter, *http.Request) { <-over }
	b := at(t, silent, map[string]cty.Value{"retry_max": cty.NumberIntVal(1)})
	b.patience = 20 * time.Millisecond
	if _, err := b.Read(t.Context(), backend.DefaultWorkspace); err == nil || !strings.Contains(err.Error(), "did not answer within 20ms") {
		t.Errorf("got %v, want that the server did not answer", err)
	}
	stalling := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte("{"))
		w.(http.Flusher).Flush()
		<-over
	}
	b = at(t, stalling, map[string]cty.Value{"retry_max": cty.Zero})
	b.patience = 20 * time.Millisecond
	if _, err := b.Read(t.Context(), backend.DefaultWorkspace); err == nil || !strings.Contains(err.Error(), "did not answer within 20ms") {
		t.Errorf("got %v, want that the server did not answer all", err)
	}
	b = at(t, silent, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Read(ctx, backend.DefaultWorkspace); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was interrupted", err)
	}
}

// A damaged answer is no state.
func TestDamaged(t *testing.T) {
	t.Parallel()
	b := at(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Md5", "1B2M2Y8AsgTpgAmY7PhCfg==")
		_, _ = w.Write([]byte(`{"version":4}`))
	}, nil)
	if _, err := b.Read(t.Context(), backend.DefaultWorkspace); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("got %v, want that the checksum does not fit", err)
	}
}

// Locks are taken, told of and given back by the addresses for them.
func TestLocks(t *testing.T) {
	t.Parallel()
	var held atomic.Pointer[string]
	b := at(t, func(w http.ResponseWriter, r *http.Request) {
		body := new(strings.Builder)
		if r.Body != nil {
			buf := make([]byte, 4096)
			n, _ := r.Body.Read(buf)
			body.Write(buf[:n])
		}
		switch r.Method {
		case "LOCK":
			text := body.String()
			if !held.CompareAndSwap(nil, &text) {
				w.WriteHeader(http.StatusLocked)
				_, _ = w.Write([]byte(*held.Load()))
			}
		case "UNLOCK":
			held.Store(nil)
		case http.MethodGet:
			w.WriteHeader(http.StatusNotFound)
		}
	}, map[string]cty.Value{"lock_address": cty.StringVal("SERVER/lock"), "unlock_address": cty.StringVal("SERVER/lock")})
	s, err := b.Open(t.Context(), backend.DefaultWorkspace, backend.Options{Operation: "first"})
	if err != nil {
		t.Fatal(err)
	}
	var locked *backend.LockError
	if _, err := b.Open(t.Context(), backend.DefaultWorkspace, backend.Options{Operation: "second"}); !errors.As(err, &locked) || locked.Holder.Operation != "first" {
		t.Errorf("got %v, want that the first one holds it", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if held.Load() != nil {
		t.Error("the lock was not given back")
	}
	if h, err := b.Holder(t.Context(), backend.DefaultWorkspace); h != nil || err != nil {
		t.Errorf("got %v, %v, want no holder", h, err)
	}
}

// An attempt to lock may succeed although its answer is lost: the next one is told
// that the lock is held, by itself.
func TestLockTakenUnheard(t *testing.T) {
	t.Parallel()
	var held atomic.Pointer[[]byte]
	b := at(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch {
		case r.Method == "LOCK" && held.CompareAndSwap(nil, &body):
			w.WriteHeader(http.StatusBadGateway)
		case r.Method == "LOCK":
			w.WriteHeader(http.StatusLocked)
			_, _ = w.Write(*held.Load())
		case r.Method == "UNLOCK":
			held.Store(nil)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}, map[string]cty.Value{"lock_address": cty.StringVal("SERVER/lock"), "unlock_address": cty.StringVal("SERVER/lock")})
	s, err := b.Open(t.Context(), backend.DefaultWorkspace, backend.Options{Operation: "apply"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if held.Load() != nil {
		t.Error("the lock was not given back")
	}
}
