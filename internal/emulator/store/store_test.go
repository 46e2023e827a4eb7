package store_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

func open(t testing.TB, path string) *store.Store {
	t.Helper()
	s, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func set[T any](t testing.TB, s *store.Store, name string) *store.Set[T] {
	t.Helper()
	c, err := store.NewSet[T](s, name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func update(t testing.TB, s *store.Store, f func(tx *store.Tx)) {
	t.Helper()
	if err := s.Update(func(tx *store.Tx) error { f(tx); return nil }); err != nil {
		t.Fatal(err)
	}
}

func view(t testing.TB, s *store.Store, f func(tx *store.Tx)) {
	t.Helper()
	if err := s.View(func(tx *store.Tx) error { f(tx); return nil }); err != nil {
		t.Fatal(err)
	}
}

// all writes a set's values as "key=value ...".
func all[T any](t testing.TB, s *store.Store, c *store.Set[T]) string {
	t.Helper()
	var out []string
	view(t, s, func(tx *store.Tx) {
		for k, v := range c.From(tx, "") {
			out = append(out, fmt.Sprint(k, "=", v))
		}
	})
	return strings.Join(out, " ")
}

// each runs a test on a store in memory and on one in a file.
func each(t *testing.T, f func(t *testing.T, s *store.Store)) {
	t.Run("memory", func(t *testing.T) { t.Parallel(); f(t, open(t, "")) })
	t.Run("file", func(t *testing.T) { t.Parallel(); f(t, open(t, filepath.Join(t.TempDir(), "db"))) })
}

func TestOrder(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *store.Store) {
		c := set[int](t, s, "c")
		update(t, s, func(tx *store.Tx) {
			for i, k := range []string{"b", "a/2", "a/1", "a", "c", "a0"} {
				c.Put(tx, k, i)
			}
		})
		view(t, s, func(tx *store.Tx) {
			for name, got := range map[string][]string{
				"a a/1 a/2 a0 b c": slices.Collect(keys(c.From(tx, ""))),
				"a/2 a0 b c":       slices.Collect(keys(c.From(tx, "a/11"))),
				"a/1 a/2":          slices.Collect(keys(c.Prefix(tx, "a/"))),
				"a/2 a/1 a":        slices.Collect(keys(c.DownFrom(tx, "a/9"))),
			} {
				if got := strings.Join(got, " "); got != name {
					t.Errorf("got %q, want %q", got, name)
				}
			}
		})
	})
}

func keys[T any](seq func(func(string, T) bool)) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range seq {
			if !yield(k) {
				return
			}
		}
	}
}

// TestAtomic has no part of a failed change show, in any set.
func TestAtomic(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *store.Store) {
		a, b := set[int](t, s, "a"), set[string](t, s, "b")
		update(t, s, func(tx *store.Tx) { a.Put(tx, "x", 1); b.Put(tx, "y", "1") })
		stop := errors.New("stop")
		err := s.Update(func(tx *store.Tx) error {
			a.Put(tx, "x", 2)
			a.Put(tx, "new", 2)
			b.Delete(tx, "y")
			if got, ok := a.Get(tx, "x"); got != 2 || !ok {
				t.Errorf("within: got %d, %t", got, ok)
			}
			return stop
		})
		if !errors.Is(err, stop) {
			t.Errorf("got %v", err)
		}
		func() {
			defer func() { _ = recover() }()
			_ = s.Update(func(tx *store.Tx) error { a.Put(tx, "x", 3); panic("in the middle") })
		}()
		if got, want := all(t, s, a)+" "+all(t, s, b), "x=1 y=1"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		update(t, s, func(tx *store.Tx) { a.Put(tx, "x", 4) }) // the lock is free again
		if got := s.Len(); got != 2 {
			t.Errorf("got %d values", got)
		}
	})
}

// TestUnencodable has a value that the file cannot take change nothing.
func TestUnencodable(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "db"))
	a, b := set[int](t, s, "a"), set[func()](t, s, "b")
	err := s.Update(func(tx *store.Tx) error { a.Put(tx, "x", 1); b.Put(tx, "f", func() {}); return nil })
	if err == nil || !strings.Contains(err.Error(), `b "f"`) {
		t.Errorf("got %v", err)
	}
	if got := all(t, s, a); got != "" {
		t.Errorf("got %q", got)
	}
}

// TestSnapshot has a view stay as it was while commits go on, without waiting.
func TestSnapshot(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *store.Store) {
		c := set[int](t, s, "c")
		update(t, s, func(tx *store.Tx) {
			for i := range 1000 {
				c.Put(tx, fmt.Sprintf("%04d", i), 0)
			}
		})
		view(t, s, func(tx *store.Tx) {
			n := 0
			for _, v := range c.From(tx, "") {
				if n%100 == 0 {
					update(t, s, func(tx *store.Tx) { // within the view, and yet not seen by it
						for k := range c.From(tx, "") {
							c.Put(tx, k, n+1)
						}
						c.Delete(tx, fmt.Sprintf("%04d", n))
						c.Put(tx, fmt.Sprintf("x%04d", n), n)
					})
				}
				if n++; v != 0 {
					t.Fatalf("value %d of a later commit", v)
				}
			}
			if n != 1000 {
				t.Errorf("got %d values", n)
			}
		})
		if got := s.Len(); got != 1000 {
			t.Errorf("got %d values", got)
		}
	})
}

// TestChangeOnTheWay has a transaction change what it goes over.
func TestChangeOnTheWay(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *store.Store) {
		c := set[int](t, s, "c")
		update(t, s, func(tx *store.Tx) {
			for i := range 500 {
				c.Put(tx, fmt.Sprintf("%03d", i), i)
			}
			n := 0
			for k := range c.Prefix(tx, "") {
				n++
				c.Delete(tx, k)
				c.Put(tx, "z"+k, n)
			}
			if n != 500 {
				t.Errorf("went over %d", n)
			}
		})
		if got := s.Len(); got != 500 {
			t.Errorf("got %d values", got)
		}
	})
}

func TestReopen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "db")
	s := open(t, path)
	type thing struct{ Name string }
	c := set[thing](t, s, "c")
	update(t, s, func(tx *store.Tx) {
		c.Put(tx, "1", thing{"one"})
		c.Put(tx, "2", thing{"two"})
		c.Put(tx, "3\x00k", thing{"three"})
	})
	update(t, s, func(tx *store.Tx) { c.Delete(tx, "1"); c.Put(tx, "2", thing{"zwei"}) })
	if _, err := store.Open(path); err == nil || !strings.Contains(err.Error(), "another emulator uses it") {
		t.Errorf("a second store: got %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	if got, want := all(t, s, set[thing](t, s, "c")), "2={zwei} 3\x00k={three}"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	if _, err := store.NewSet[int](s, "c"); err == nil || !strings.Contains(err.Error(), `reading "c" from the store's file: key "2"`) {
		t.Errorf("another type: got %v", err)
	}
	if err := s.Reset(); err != nil {
		t.Fatal(err)
	}
	if got := all(t, s, set[int](t, s, "c")); got != "" {
		t.Errorf("after a reset: got %q", got)
	}
}

func TestReset(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *store.Store) {
		c := set[int](t, s, "c")
		update(t, s, func(tx *store.Tx) { c.Put(tx, "x", 1) })
		if err := s.Reset(); err != nil {
			t.Fatal(err)
		}
		update(t, s, func(tx *store.Tx) { c.Put(tx, "y", 2) })
		if got := all(t, s, c); got != "y=2" {
			t.Errorf("got %q", got)
		}
	})
}

func TestMisuse(t *testing.T) {
	t.Parallel()
	s := open(t, "")
	c := set[int](t, s, "c")
	if _, err := store.NewSet[int](s, "c"); err == nil || err.Error() != `the store has a set "c" already` {
		t.Errorf("got %v", err)
	}
	defer func() {
		if p := recover(); p != "store: a change within View" {
			t.Errorf("got %v", p)
		}
	}()
	_ = s.View(func(tx *store.Tx) error { c.Put(tx, "x", 1); return nil })
}

// TestBadFiles opens what is no store of this version, and leaves it as it is.
func TestBadFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good := filepath.Join(dir, "good")
	s := open(t, good)
	c := set[string](t, s, "c")
	update(t, s, func(tx *store.Tx) {
		for i := range 2000 {
			c.Put(tx, fmt.Sprintf("%06d", i), strings.Repeat("x", 100))
		}
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	page := os.Getpagesize()
	for name, f := range map[string]struct {
		raw  []byte
		want string
	}{
		"garbage":     {bytes.Repeat([]byte("garbage "), 4000), "damaged"},
		"text":        {[]byte("hello"), "damaged"},
		"cut short":   {raw[:len(raw)/8], "damaged"},
		"overwritten": {slices.Concat(raw[:2*page], bytes.Repeat([]byte{0xfe}, len(raw)-2*page)), "damaged"},
		"newer":       {newer(t, raw, filepath.Join(dir, "newer.db")), "written in format 2 by another version of this program, which reads format 1"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, strings.ReplaceAll(name, " ", ""))
			if err := os.WriteFile(path, f.raw, 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := store.Open(path)
			if err == nil {
				_, err = store.NewSet[string](s, "c")
				_ = s.Close()
			}
			if err == nil || !strings.Contains(err.Error(), f.want) || !strings.Contains(err.Error(), "remove") {
				t.Errorf("got %v, want one with %q", err, f.want)
			}
		})
	}
	if _, err := store.Open(filepath.Join(dir, "no", "folder")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// newer is the file as a later version would write it.
func newer(t *testing.T, raw []byte, path string) []byte {
	t.Helper()
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error { return tx.Bucket([]byte("\x00meta")).Put([]byte("format"), []byte("2")) })
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	raw, err = os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestKilled kills a process that commits without pause: what it said to be
// committed is there, and nothing is there by half.
func TestKilled(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "db")
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilled$")
	child.Env = append(os.Environ(), "STORE_TEST_COMMITS="+path)
	if path := os.Getenv("STORE_TEST_COMMITS"); path != "" {
		commitForever(t, path)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged := 0
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if n, err := strconv.Atoi(lines.Text()); err == nil {
			acknowledged = n
		}
		if acknowledged >= 50 {
			break
		}
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() { // what it said before it died
		if n, err := strconv.Atoi(lines.Text()); err == nil {
			acknowledged = n
		}
	}
	_ = child.Wait()
	if acknowledged < 50 {
		t.Fatalf("the child committed only %d times", acknowledged)
	}
	s := open(t, path)
	a, b := set[int](t, s, "a"), set[int](t, s, "b")
	last := strings.Count(all(t, s, a), "=")
	if last < acknowledged {
		t.Errorf("%d commits are there, %d were acknowledged", last, acknowledged)
	}
	view(t, s, func(tx *store.Tx) {
		if got, _ := b.Get(tx, "last"); got != last {
			t.Errorf("one set is at commit %d, the other at %d", got, last)
		}
	})
}

func commitForever(t *testing.T, path string) {
	s := open(t, path)
	a, b := set[int](t, s, "a"), set[int](t, s, "b")
	for i := 1; ; i++ {
		update(t, s, func(tx *store.Tx) {
			a.Put(tx, fmt.Sprintf("%06d", i), i)
			b.Put(tx, "last", i)
		})
		fmt.Println(i)
	}
}

// TestModel compares a store with maps, through changes, failures and reopening.
func TestModel(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	runs := 0
	rapid.Check(t, func(r *rapid.T) {
		path := ""
		if rapid.Bool().Draw(r, "file") {
			path = filepath.Join(dir, strconv.Itoa(runs))
			runs++
		}
		s := open(t, path)
		defer func() { _ = s.Close() }()
		c := set[int](t, s, "c")
		want := map[string]int{}
		key := rapid.StringMatching(`[ab]{1,3}`)
		r.Repeat(map[string]func(*rapid.T){
			"commit": func(r *rapid.T) {
				next := maps.Clone(want)
				fail := rapid.Bool().Draw(r, "fail")
				err := s.Update(func(tx *store.Tx) error {
					for range rapid.IntRange(0, 5).Draw(r, "changes") {
						k := key.Draw(r, "key")
						if rapid.Bool().Draw(r, "delete") {
							_, there := next[k]
							delete(next, k)
							if got := c.Delete(tx, k); got != there {
								r.Fatalf("deleted %q: got %t, want %t", k, got, there)
							}
							continue
						}
						v := rapid.Int().Draw(r, "value")
						next[k] = v
						c.Put(tx, k, v)
					}
					if fail {
						return errors.New("stop")
					}
					return nil
				})
				if (err != nil) != fail {
					r.Fatal(err)
				}
				if !fail {
					want = next
				}
			},
			"reopen": func(r *rapid.T) {
				if path == "" {
					r.Skip("in memory")
				}
				if err := s.Close(); err != nil {
					r.Fatal(err)
				}
				s = open(t, path)
				c = set[int](t, s, "c")
			},
			"": func(r *rapid.T) {
				prefix := rapid.StringMatching(`[ab]{0,2}`).Draw(r, "prefix")
				var got, expect []string
				view(t, s, func(tx *store.Tx) {
					for k, v := range c.Prefix(tx, prefix) {
						got = append(got, fmt.Sprint(k, "=", v))
					}
				})
				for _, k := range slices.Sorted(maps.Keys(want)) {
					if strings.HasPrefix(k, prefix) {
						expect = append(expect, fmt.Sprint(k, "=", want[k]))
					}
				}
				if !slices.Equal(got, expect) {
					r.Fatalf("got %v, want %v", got, expect)
				}
			},
		})
	})
}

// TestConcurrent has many change and read one store at once.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	s := open(t, "")
	a, b := set[int](t, s, "a"), set[int](t, s, "b")
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 200 {
				k := fmt.Sprintf("%d/%03d", w, i)
				_ = s.Update(func(tx *store.Tx) error {
					a.Put(tx, k, i)
					n, _ := b.Get(tx, "n")
					b.Put(tx, "n", n+1)
					return nil
				})
			}
		})
		wg.Go(func() {
			for range 200 {
				_ = s.View(func(tx *store.Tx) error {
					n := 0
					for range a.From(tx, "") {
						n++
					}
					if want, _ := b.Get(tx, "n"); n != want {
						t.Errorf("%d values in one set, %d counted in the other", n, want)
					}
					return nil
				})
			}
		})
	}
	wg.Wait()
	if got := s.Len(); got != 801 {
		t.Errorf("got %d values", got)
	}
}

func TestHeads(t *testing.T) {
	t.Parallel()
	s := open(t, "")
	a, b := set[string](t, s, "a"), set[string](t, s, "b")
	update(t, s, func(tx *store.Tx) {
		for _, key := range []string{"1\x00x\x00p", "1\x00x\x00q", "1\x00x\x00q\x00r", "1\x00xy\x00p", "2\x00x\x00", "3\x00x", "4"} {
			a.Put(tx, key, "")
		}
		b.Put(tx, "0\x00\x00p", "")
		b.Put(tx, "1\x00x\x00", "")
	})
	want := []string{"0\x00", "1\x00x", "1\x00xy", "2\x00x"}
	if got := s.Heads(2); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := s.Heads(1), []string{"0", "1", "2", "3"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestUncounted(t *testing.T) {
	t.Parallel()
	s, err := store.Open("")
	if err != nil {
		t.Fatal(err)
	}
	things, err := store.NewSet[int](s, "things")
	if err != nil {
		t.Fatal(err)
	}
	traces, err := store.NewSet[int](s, "traces")
	if err != nil {
		t.Fatal(err)
	}
	traces.Uncounted()
	err = s.Update(func(tx *store.Tx) error {
		things.Put(tx, "a\x00r\x001", 1)
		traces.Put(tx, "a\x00other\x001", 1)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Len(); got != 1 {
		t.Errorf("Len = %d, want 1", got)
	}
	if got := s.Heads(2); len(got) != 1 || got[0] != "a\x00r" {
		t.Errorf("Heads = %q", got)
	}
}

// TestGroup has many commits at once, each of which sees those before it, and
// all of which are in the file when they are acknowledged.
func TestGroup(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "db")
	s := open(t, path)
	c := set[int](t, s, "c")
	const writers, each = 16, 20
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				err := s.Update(func(tx *store.Tx) error {
					sum, _ := c.Get(tx, "sum")
					c.Put(tx, "sum", sum+1)
					c.Put(tx, fmt.Sprintf("%d/%d", w, i), i)
					return nil
				})
				if err != nil {
					t.Error(err)
				}
				view(t, s, func(tx *store.Tx) {
					if _, ok := c.Get(tx, fmt.Sprintf("%d/%d", w, i)); !ok {
						t.Error("a commit that is acknowledged does not show")
					}
				})
			}
		})
	}
	all.Wait()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	c = set[int](t, s, "c")
	view(t, s, func(tx *store.Tx) {
		if sum, _ := c.Get(tx, "sum"); sum != writers*each {
			t.Errorf("got %d of %d commits", sum, writers*each)
		}
	})
	if got := s.Len(); got != 1+writers*each {
		t.Errorf("got %d values", got)
	}
}

// TestLen counts the values of a set, also those that the transaction has changed.
func TestLen(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *store.Store) {
		c := set[int](t, s, "c")
		update(t, s, func(tx *store.Tx) {
			c.Put(tx, "a", 1)
			c.Put(tx, "b", 2)
			c.Put(tx, "b", 3)
			if got := c.Len(tx); got != 2 {
				t.Errorf("got %d, want 2", got)
			}
		})
		update(t, s, func(tx *store.Tx) { c.Delete(tx, "a") })
		view(t, s, func(tx *store.Tx) {
			if got := c.Len(tx); got != 1 {
				t.Errorf("got %d, want 1", got)
			}
		})
	})
}
