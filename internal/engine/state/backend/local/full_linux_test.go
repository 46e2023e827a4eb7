package local_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend/local"
)

// smallDisk is a folder on a disk of its own, of size bytes.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		t.Skipf("a small disk cannot be mounted by this user: %v", err)
	}
	t.Cleanup(func() {
		// Detached, because a child of another test may hold a file of it for a moment.
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fillUp leaves no room on the disk of dir; it returns what makes room again.
func fillUp(t *testing.T, dir string) (room func()) {
	t.Helper()
	fill := filepath.Join(dir, "fill")
	err := os.WriteFile(fill, make([]byte, 64<<20), 0o600)
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("filling the disk: got %v, want it full", err)
	}
	return func() { check(os.Remove(fill)) }
}

// On a disk that was full before, nothing is opened and nothing left behind.
func TestFullBefore(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t, 1<<20)
	room := fillUp(t, dir)
	if _, err := local.Open(t.Context(), filepath.Join(dir, "terraform.tfstate"), options); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v, want that the disk is full", err)
	}
	room()
	left(t, filepath.Join(dir, "terraform.tfstate"))
}

// When the disk fills up during a run, what the changes that have begun became is
// recorded all the same, and no further one may begin.
func TestFullDuring(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t, 1<<20)
	path := filepath.Join(dir, "terraform.tfstate")
	s := open(t, path)
	check(s.Intend(state.Intent{Addr: instance("a.one"), Action: "create"}))
	check(s.Intend(state.Intent{Addr: instance("a.two"), Action: "create"}))
	room := fillUp(t, dir)
	big := strings.Repeat("x", 40<<10) // more than the journal's last page has room for
	check(s.Commit(entry("a.one", big)))
	check(s.Commit(entry("a.two", big)))
	if err := s.Intend(state.Intent{Addr: instance("a.three"), Action: "create"}); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a further change: got %v, want that the disk is full", err)
	}
	closeStore(t, s)
	room()

	s = open(t, path)
	if r := s.Recovered(); r.Replayed != 2 || len(r.Unfinished) > 0 || r.Kept != "" {
		t.Errorf("recovered %+v, want 2 steps and nothing else", r)
	}
	if f := s.File(); f == nil || f.State.Get(instance("a.one")) == nil || f.State.Get(instance("a.two")) == nil {
		t.Errorf("got %+v, want both objects", f)
	}
	closeStore(t, s)
	left(t, path, "terraform.tfstate")
}

// A record that did not fit leaves no trace that would spoil the next one.
func TestFullAndRoomAgain(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t, 1<<20)
	path := filepath.Join(dir, "terraform.tfstate")
	s := open(t, path)
	check(s.Commit(entry("a.one", "1")))
	room := fillUp(t, dir)
	if err := s.Commit(entry("a.two", strings.Repeat("x", 512<<10))); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v, want that the disk is full", err)
	}
	room()
	check(s.Commit(entry("a.three", "3")))
	closeStore(t, s)
	s = open(t, path)
	if f := s.File(); f == nil || f.State.Get(instance("a.one")) == nil || f.State.Get(instance("a.three")) == nil {
		t.Errorf("got %+v, want a.one and a.three", f)
	}
	closeStore(t, s)
}

// A snapshot that could not be copied to its end, by this program, is no other
// program's: its journal goes.
func TestFullWhileCopying(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "terraform.tfstate")
	s := open(t, path)
	check(s.Commit(entry("a.one", "1")))
	closeStore(t, s)
	journal, err := os.ReadFile(path + ".journal")
	check(err)
	s = open(t, path)
	closeStore(t, s)
	writeFile(t, path+".journal", string(journal)) // as if it had not been removed yet
	s = open(t, path)
	if kept := s.Recovered().Kept; kept != "" {
		t.Errorf("the journal was kept as %s", kept)
	}
	closeStore(t, s)
	left(t, path, "terraform.tfstate")
}
