package backend

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// shelf is a place in memory.
type shelf struct {
	mu    sync.Mutex
	raw   []byte
	saves int
	err   error
}

func (s *shelf) String() string { return "the shelf" }

func (s *shelf) Load(context.Context) ([]byte, error) { return s.raw, nil }

func (s *shelf) Save(_ context.Context, raw, _ []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saves++
	if s.err == nil {
		s.raw = raw
	}
	return s.err
}

func (s *shelf) Release(context.Context) error { return nil }

func open(t *testing.T, s *shelf, path string, interval time.Duration, o Options) *Store {
	t.Helper()
	o.Version = "1.14.0"
	st, err := Open(t.Context(), s, path, interval, o)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func instance(t *testing.T, text string) addr.Instance {
	t.Helper()
	a, err := addr.ParseInstance(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func entry(t *testing.T, text string) state.Entry {
	t.Helper()
	p, err := addr.ParseProviderConfig(`provider["terraform.io/builtin/terraform"]`)
	if err != nil {
		t.Fatal(err)
	}
	o, err := state.NewObject(cty.ObjectVal(map[string]cty.Value{"id": cty.StringVal(text)}), cty.Object(map[string]cty.Type{"id": cty.String}))
	if err != nil {
		t.Fatal(err)
	}
	return state.Entry{Addr: instance(t, text), Provider: p, Object: o}
}

// Many steps at once are all recorded, and share their syncs.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	place := &shelf{}
	path := filepath.Join(t.TempDir(), "j.journal")
	s := open(t, place, path, 0, Options{})
	var wg sync.WaitGroup
	for i := range 200 {
		e := entry(t, fmt.Sprintf("a.n%d", i))
		wg.Go(func() {
			if err := errors.Join(s.Intend(state.Intent{Addr: e.Addr, Action: "create"}), s.Commit(e)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, place, path, 0, Options{})
	if got := len(again.File().State.Entries()); got != 200 {
		t.Errorf("got %d objects back, want 200", got)
	}
	if r := again.Recovered(); r.Replayed != 200 || len(r.Unfinished) != 0 {
		t.Errorf("got %+v", r)
	}
}

// While steps come in, snapshots are saved; one that fails loses nothing.
func TestSnapshots(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		place := &shelf{}
		path := filepath.Join(dir, "j.journal")
		s := open(t, place, path, time.Second, Options{})
		if err := s.Commit(entry(t, "a.one")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		if place.saves != 1 || !strings.Contains(string(place.raw), `"one"`) {
			t.Fatalf("after %d saves it holds %s", place.saves, place.raw)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if place.saves != 1 {
			t.Errorf("%d saves, want none without steps", place.saves-1)
		}
		place.err = errors.New("no")
		if err := s.Commit(entry(t, "a.two")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if place.saves < 2 {
			t.Fatal("no snapshot was tried")
		}
		if err := s.Intend(state.Intent{Addr: instance(t, "a.three"), Action: "create"}); err != nil {
			t.Fatal(err)
		}
		// It ends here, as if it were killed; the journal fits what is stored.
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		place.err = nil
		again := open(t, place, path, 0, Options{})
		f := again.File()
		if f.State.Get(instance(t, "a.one")) == nil || f.State.Get(instance(t, "a.two")) == nil {
			t.Errorf("got %v", f.State.Entries())
		}
		if r := again.Recovered(); len(r.Unfinished) != 1 || r.Kept != "" {
			t.Errorf("got %+v", r)
		}
	})
}

// What may have been created is remembered until a run ends the journal.
func TestUnfinishedStays(t *testing.T) {
	t.Parallel()
	place := &shelf{}
	path := filepath.Join(t.TempDir(), "j.journal")
	s := open(t, place, path, 0, Options{})
	if err := errors.Join(s.Commit(entry(t, "a.one")),
		s.Intend(state.Intent{Addr: instance(t, "a.two"), Action: "create", Identity: []byte(`{"name":"x"}`), Planned: []byte(`{"name":"x"}`)}), s.Close()); err != nil {
		t.Fatal(err)
	}
	for range 3 { // plans do not end it
		s = open(t, place, path, 0, Options{})
		if r := s.Recovered(); len(r.Unfinished) != 1 || string(r.Unfinished[0].Planned) != `{"name":"x"}` {
			t.Fatalf("got %+v", r)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s = open(t, place, path, 0, Options{})
	if err := errors.Join(s.Commit(entry(t, "a.two")), s.Write(s.File().State), s.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the journal is still there: %v", err)
	}
}

// What a provider noted of a creation is remembered until the object is there, or the
// provider says that nothing is left of it, whatever runs come to their ends meanwhile.
func TestNotesStay(t *testing.T) {
	t.Parallel()
	noted := state.Intent{Addr: instance(t, "a.two"), Action: "create", Note: []byte(`{"mark":"x"}`)}
	silent := noted
	silent.Note = nil
	for name, end := range map[string]func(*Store) error{
		"there":   func(s *Store) error { return s.Commit(entry(t, "a.two")) },
		"nothing": func(s *Store) error { return errors.Join(s.Intend(silent), s.Commit(state.Entry{Addr: noted.Addr})) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			place, path := &shelf{}, filepath.Join(t.TempDir(), "j.journal")
			s := open(t, place, path, 0, Options{Archive: filepath.Join(t.TempDir(), "kept")})
			if err := errors.Join(s.Intend(noted), s.Close()); err != nil {
				t.Fatal(err)
			}
			st := state.New()
			for _, other := range []string{"a.one", "a.three"} {
				s = open(t, place, path, 0, Options{})
				if r := s.Recovered(); len(r.Unfinished) != 1 || string(r.Unfinished[0].Note) != `{"mark":"x"}` {
					t.Fatalf("before the run of %s: got %+v", other, r)
				}
				st.Put(entry(t, other))
				if err := errors.Join(s.Commit(entry(t, other)), s.Write(st), s.Close()); err != nil {
					t.Fatal(err)
				}
			}
			s = open(t, place, path, 0, Options{})
			if r := s.Recovered(); len(r.Unfinished) != 1 {
				t.Fatalf("got %+v", r)
			}
			if name == "there" {
				st.Put(entry(t, "a.two"))
			}
			if err := errors.Join(end(s), s.Write(st), s.Close()); err != nil {
				t.Fatal(err)
			}
			s = open(t, place, path, 0, Options{})
			if r := s.Recovered(); len(r.Unfinished) != 0 {
				t.Errorf("in the end: got %+v", r)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// The journals of the last runs are kept, and older ones go.
func TestArchive(t *testing.T) {
	t.Parallel()
	place := &shelf{}
	dir := t.TempDir()
	for i := range archived + 3 {
		s := open(t, place, filepath.Join(dir, "j.journal"), 0, Options{Archive: filepath.Join(dir, "kept")})
		e := entry(t, fmt.Sprintf("a.n%d", i))
		st := state.New()
		st.Put(e)
		if err := errors.Join(s.Commit(e), s.Write(st), s.Close()); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadDir(filepath.Join(dir, "kept"))
	if err != nil || len(kept) != archived {
		t.Fatalf("%d journals are kept (%v), want %d", len(kept), err, archived)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "kept", kept[archived-1].Name()))
	if err != nil || !strings.Contains(string(raw), fmt.Sprintf("a.n%d", archived+2)) {
		t.Errorf("the last one is not that of the last run: %s (%v)", raw, err)
	}
}
