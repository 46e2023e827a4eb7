// Package local keeps states in files of the working directory, under Terraform's
// own locks, so that both tools can share them.
//
// While a state is open, every access to its file goes through the one locked
// descriptor: the system drops a process's lock on a file as soon as any
// descriptor of that file is closed.
//
// It must not know providers or configuration.
package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend"
)

// FileName and Folder are where states are kept unless told otherwise: that of the
// default workspace, and those of the others.
const (
	FileName = "terraform.tfstate"
	Folder   = "terraform.tfstate.d"
)

// A Backend keeps the state of the default workspace in the file Path, and those of
// the others in the folder Dir. Both may be empty for the usual ones.
type Backend struct {
	Path, Dir string
	Codec     backend.Codec // nil: plain
	Files     Files         // what a command was told instead
}

// Files are the files that a command works on instead of the usual ones; names that
// are empty say nothing.
type Files struct {
	State  string // read, and written
	Out    string // written instead of State
	Backup string // keeps what was there before; "-" for none
}

var _ backend.Backend = Backend{}

func (b Backend) path(workspace string) string {
	if workspace == backend.DefaultWorkspace {
		if b.Path == "" {
			return FileName
		}
		return b.Path
	}
	return filepath.Join(b.dir(), workspace, FileName)
}

func (b Backend) dir() string {
	if b.Dir == "" {
		return Folder
	}
	return b.Dir
}

// Where implements [backend.Backend].
func (b Backend) Where(workspace string) string { return b.path(workspace) }

// Open implements [backend.Backend].
func (b Backend) Open(ctx context.Context, workspace string, o backend.Options) (*backend.Store, error) {
	o.Codec = b.Codec
	path := cmp.Or(b.Files.State, b.path(workspace))
	if b.Files.Out != "" {
		return open(ctx, &file{path: b.Files.Out, seed: path, keep: b.Files.Backup}, o)
	}
	return open(ctx, &file{path: path, keep: b.Files.Backup}, o)
}

// Read implements [backend.Backend].
func (b Backend) Read(_ context.Context, workspace string) (*state.File, error) {
	return read(b.path(workspace), b.Codec)
}

// Workspaces implements [backend.Backend].
func (b Backend) Workspaces(context.Context) ([]string, error) {
	entries, err := os.ReadDir(b.dir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("listing the workspaces: %w", err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && e.Name() != backend.DefaultWorkspace {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return slices.Insert(names, 0, backend.DefaultWorkspace), nil
}

// Create implements [backend.Backend].
func (b Backend) Create(_ context.Context, workspace string) error {
	if err := os.MkdirAll(filepath.Dir(b.path(workspace)), 0o755); err != nil {
		return fmt.Errorf("making the workspace: %w", err)
	}
	return nil
}

// Delete implements [backend.Backend].
func (b Backend) Delete(_ context.Context, workspace string) error {
	return os.RemoveAll(filepath.Dir(b.path(workspace)))
}

// Holder implements [backend.Backend]. A description that a run left which is over
// holds nothing.
func (b Backend) Holder(_ context.Context, workspace string) (*backend.Holder, error) {
	f := &file{path: b.path(workspace)}
	if _, err := os.Stat(f.path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	err := f.tryOpen(backend.Options{NoLock: true})
	if errors.Is(err, backend.ErrHeld) {
		h := f.holder()
		return &h, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = held.remove(f) }() // it was only looked at
	if err := lockFile(f.file); errors.Is(err, backend.ErrHeld) {
		h := f.holder()
		return &h, nil
	} else if err != nil {
		return nil, fmt.Errorf("looking at the lock of the state file: %w", err)
	}
	return nil, nil
}

// Unlock implements [backend.Backend]. The system gives a lock back when its
// process ends, and no one else can.
func (b Backend) Unlock(ctx context.Context, workspace, id string) error {
	h, err := b.Holder(ctx, workspace)
	switch {
	case err != nil:
		return err
	case h == nil: // what a run that was killed left says nothing about a lock
		f := &file{path: b.path(workspace)}
		if f.holder().ID != id {
			return ErrNotLocked
		}
		return os.Remove(f.lockPath())
	case h.ID != id:
		return &backend.LockError{Path: b.path(workspace), Holder: *h}
	}
	return fmt.Errorf("the operating system holds the lock of %s for that process and gives it back when it ends: end it", b.path(workspace))
}

// ErrNotLocked says that there is no lock that could be taken away.
var ErrNotLocked = errors.New("nobody holds the lock of the state")

var interval = time.Second // between snapshots; tests have none, which come when nobody can tell

// Open locks the state file at path, creating it if need be, and finishes what
// a run that was cut off left in the journal. A *backend.LockError says who holds
// the lock, a *state.ReadError why the file cannot be read; neither changes the
// file.
func Open(ctx context.Context, path string, o backend.Options) (*backend.Store, error) {
	return open(ctx, &file{path: path}, o)
}

func open(ctx context.Context, f *file, o backend.Options) (*backend.Store, error) {
	path := f.path
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("creating the directory of the state file: %w", err)
	}
	err := backend.Wait(ctx, o.LockTimeout, func(context.Context) error { return f.tryOpen(o) })
	if errors.Is(err, backend.ErrHeld) {
		return nil, &backend.LockError{Path: path, Holder: f.holder()}
	}
	if err != nil {
		return nil, err
	}
	if err := f.sow(); err != nil {
		return nil, errors.Join(err, f.release())
	}
	return backend.Open(ctx, f, journalOf(path), interval, o)
}

func journalOf(path string) string { return path + ".journal" }

// Read reads the state at path without locking or changing anything, the steps
// of a run that is under way or was cut off included. It is nil if there is none.
func Read(path string) (*state.File, error) { return read(path, nil) }

func read(path string, codec backend.Codec) (*state.File, error) {
	f := &file{path: path}
	next, failed := os.ReadFile(f.nextPath())
	if failed != nil && !errors.Is(failed, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the state file: %w", failed)
	}
	raw, err := ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the state file: %w", err)
	}
	if begun(raw, next) {
		raw = next
	}
	return backend.Peek(raw, journalOf(path), path, codec)
}

// file is an open, locked state file.
type file struct {
	path     string
	seed     string // the state to begin with, if it is another file's
	keep     string // where backups go; empty for beside the file, "-" for nowhere
	file     *os.File
	created  bool // by this process, and nothing was written yet
	locked   bool
	backedUp bool
}

// String implements [backend.Place].
func (f *file) String() string { return f.path }

// Load implements [backend.Place].
func (f *file) Load(context.Context) ([]byte, error) {
	if err := f.finishCopy(); err != nil {
		return nil, err
	}
	return readAll(f.file)
}

// Save implements [backend.Place].
func (f *file) Save(_ context.Context, raw, old []byte) error {
	if err := f.backup(old); err != nil {
		return err
	}
	if err := f.copyIn(raw); err != nil {
		return err
	}
	f.created = false
	return nil
}

// backup keeps the snapshot that the run began with.
func (f *file) backup(old []byte) error {
	if f.backedUp || len(old) == 0 || f.keep == "-" {
		f.backedUp = true
		return nil
	}
	if err := backend.WriteSynced(cmp.Or(f.keep, f.path+".backup"), old); err != nil {
		return fmt.Errorf("keeping a backup of the state: %w", err)
	}
	f.backedUp = true
	return nil
}

func readAll(f *os.File) ([]byte, error) {
	at, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.NewSectionReader(f, 0, at.Size()))
}
