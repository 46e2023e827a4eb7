// Package local keeps a state in a file of the working directory, under
// Terraform's own lock, so that both tools can share it.
//
// While a store is open, every access to the file goes through the one locked
// descriptor: the system drops a process's lock on a file as soon as any
// descriptor of that file is closed. Each step of an apply is kept in a journal
// beside the file; the file itself is written whole when the run ends.
//
// It must not know providers or configuration.
package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// FileName is what a state file is called unless told otherwise.
const FileName = "terraform.tfstate"

// Options say how to open a store.
type Options struct {
	// Version is the Terraform version that this program claims; it is written
	// into new snapshots.
	Version string

	// Operation names what the lock is for, such as "OperationTypeApply".
	Operation string

	// NoLock leaves the file unlocked.
	NoLock bool

	// LockTimeout is how long to wait for another holder of the lock.
	LockTimeout time.Duration
}

// Store is an open, locked state file. It is a state.Log.
type Store struct {
	path    string
	version string
	file    *os.File
	created bool // by this store, and nothing was written yet
	locked  bool

	base     *state.File // as last read or written; nil when nothing is stored
	raw      []byte      // the bytes of base
	backedUp bool

	mu      sync.Mutex
	journal *os.File // open once the first record was written
	full    bool     // the disk, as the journal found out

	recovery Recovery
}

// Recovery is what opening a store found of an earlier run that was cut off.
type Recovery struct {
	Replayed   int            // steps that only the journal knew, now in the state
	Unfinished []state.Intent // changes that were begun and never came to an end
	Kept       string         // a journal that does not belong to this state, moved here
}

// Open locks the state file at path, creating it if need be, and finishes what
// a run that was cut off left in the journal. A *LockError says who holds the
// lock, a *state.ReadError why the file cannot be read; neither changes the file.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	s := &Store{path: path, version: o.Version}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("creating the directory of the state file: %w", err)
	}
	if err := s.open(ctx, o); err != nil {
		return nil, err
	}
	if err := s.load(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// File is the snapshot that the store holds, or nil if there is none yet. The
// caller may change its State.
func (s *Store) File() *state.File {
	if s.base == nil {
		return nil
	}
	f := *s.base
	f.State = s.base.State.Clone()
	return &f
}

// Recovered is what opening found of an earlier run.
func (s *Store) Recovered() Recovery { return s.recovery }

// load reads the file and brings it up to date with the journal.
func (s *Store) load() error {
	if err := s.finishCopy(); err != nil {
		return err
	}
	raw, err := readAll(s.file)
	if err != nil {
		return fmt.Errorf("reading the state file: %w", err)
	}
	if err := s.adopt(raw); err != nil {
		return err
	}
	return s.replay()
}

// adopt makes raw what the store holds.
func (s *Store) adopt(raw []byte) error {
	s.raw, s.base = raw, nil
	if len(raw) == 0 {
		return nil
	}
	f, err := state.Decode(raw)
	var bad *state.ReadError
	if errors.As(err, &bad) {
		bad.Path = s.path
	}
	if err != nil {
		return err
	}
	s.base = f
	return nil
}

// Write stores the state as a new snapshot, unless it is the one that is stored
// already, and ends the journal. The serial grows by one.
func (s *Store) Write(st *state.State) error {
	if err := s.giveRoom(); err != nil {
		return fmt.Errorf("writing the state: %w", err)
	}
	next := &state.File{TerraformVersion: s.version, State: st}
	switch {
	case s.base == nil && st.Empty():
		return s.dropJournal()
	case s.base == nil:
		next = state.NewFile(s.version)
		next.State = st
	default:
		same, err := state.Same(&state.File{State: st, Lineage: s.base.Lineage}, s.base)
		if err != nil {
			return err
		}
		if same {
			return s.dropJournal()
		}
		next.Lineage, next.Serial = s.base.Lineage, s.base.Serial
	}
	next.Serial++
	raw, err := next.Encode()
	if err != nil {
		return err
	}
	if err := s.backup(); err != nil {
		return err
	}
	if err := s.copyIn(raw); err != nil {
		return err
	}
	next.State = st.Clone()
	s.base, s.raw, s.created = next, raw, false
	return s.dropJournal()
}

// backup keeps the snapshot that the run began with.
func (s *Store) backup() error {
	if s.backedUp || len(s.raw) == 0 {
		return nil
	}
	if err := writeSynced(s.path+".backup", s.raw); err != nil {
		return fmt.Errorf("keeping a backup of the state: %w", err)
	}
	s.backedUp = true
	return nil
}

// Close gives the lock back. A journal that no Write ended stays, for the next
// run to replay.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	if s.journal != nil {
		errs = append(errs, s.journal.Close(), s.giveRoom())
		s.journal = nil
	}
	if s.file != nil {
		errs = append(errs, s.release())
	}
	return errors.Join(errs...)
}

func readAll(f *os.File) ([]byte, error) {
	at, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.NewSectionReader(f, 0, at.Size()))
}
