package backend

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// Store is an open, locked state. It is a state.Log: each step of an apply is kept
// in a journal on this machine, and about once an interval, while steps come in, a
// snapshot is saved that has all of them.
type Store struct {
	place    Place
	path     string // of the journal
	interval time.Duration
	options  Options
	codec    Codec

	base *state.File // as last loaded or saved; nil when nothing is stored
	raw  []byte      // the bytes of base

	// mu is held for reading while a step is recorded, and for writing while a
	// snapshot is saved.
	mu      sync.RWMutex
	journal *journal // once the first record was written
	live    *state.State

	timer    *time.Timer
	ended    bool
	recovery Recovery

	opening sync.Mutex
	open    []state.Intent // what was begun and never came to an end, by this run or the one before
}

// Open loads what the place holds and finishes what a run that was cut off left in
// the journal at path. The interval is that of snapshots while steps are recorded;
// 0 saves none. The store gives the place back when it is closed, or here if that
// fails.
func Open(ctx context.Context, p Place, path string, interval time.Duration, o Options) (*Store, error) {
	s := &Store{place: p, path: path, interval: interval, options: o, codec: o.Codec}
	if s.codec == nil {
		s.codec = Plain{}
	}
	if err := s.load(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) load(ctx context.Context) error {
	raw, err := s.place.Load(ctx)
	if err != nil {
		return fmt.Errorf("reading the state: %w", err)
	}
	if s.base, err = decode(raw, s.codec, s.place.String()); err != nil {
		return err
	}
	s.raw = raw
	return s.replay()
}

// decode reads what a place holds; no bytes are no file.
func decode(raw []byte, codec Codec, place string) (*state.File, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	f, err := codec.Decode(raw)
	if bad := (*state.ReadError)(nil); errors.As(err, &bad) {
		bad.Path = place
	}
	return f, err
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

// Where names the place of the state for people.
func (s *Store) Where() string { return s.place.String() }

func headerOf(raw []byte, f *state.File) header {
	sum := sha256.Sum256(raw)
	h := header{Version: 1, Snapshot: hex.EncodeToString(sum[:])}
	if f != nil {
		h.Lineage, h.Serial = f.Lineage, f.Serial
	}
	return h
}

// Intend records that a provider is about to be asked for a change.
func (s *Store) Intend(i state.Intent) error {
	return s.record(record{Intent: intentOf(i)})
}

// Commit records what became of it.
func (s *Store) Commit(entries ...state.Entry) error {
	return s.record(record{Commit: entries})
}

// record adds a record to the journal and to the live state, before a snapshot can
// begin.
func (s *Store) record(r record) error {
	s.mu.RLock()
	for s.journal == nil {
		s.mu.RUnlock()
		if err := s.begin(); err != nil {
			return err
		}
		s.mu.RLock()
	}
	defer s.mu.RUnlock()
	if err := s.journal.append(r); err != nil {
		return err
	}
	for _, e := range r.Commit {
		s.live.Put(e)
	}
	s.opening.Lock()
	defer s.opening.Unlock()
	s.open = begun(s.open, r)
	return nil
}

// begin makes the journal before the first record.
func (s *Store) begin() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal != nil {
		return nil
	}
	h := headerOf(s.raw, s.base)
	j, err := newJournal(s.path, s.codec, record{Header: &h})
	if err != nil {
		return fmt.Errorf("beginning the journal: %w", err)
	}
	s.journal, s.ended = j, false
	if s.live = state.New(); s.base != nil {
		s.live = s.base.State.Clone()
	}
	if s.interval > 0 {
		s.timer = time.AfterFunc(s.interval, s.snapshot)
	}
	return nil
}

// Write stores the state as a new snapshot, unless it is the one that is stored
// already, and ends the journal. The serial grows by one.
func (s *Store) Write(st *state.State) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop()
	if s.journal != nil {
		if err := s.journal.giveRoom(); err != nil {
			return fmt.Errorf("writing the state: %w", err)
		}
	}
	next, err := s.next(st)
	if err != nil {
		return err
	}
	if next != nil {
		if err := s.save(next); err != nil {
			return err
		}
	}
	return s.end()
}

// next is the file of a state, or nil if it says no more than the stored one.
func (s *Store) next(st *state.State) (*state.File, error) {
	next := &state.File{TerraformVersion: s.options.Version, State: st}
	switch {
	case s.base == nil && st.Empty():
		return nil, nil
	case s.base == nil:
		next = state.NewFile(s.options.Version)
		next.State = st
	default:
		same, err := state.Same(&state.File{State: st, Lineage: s.base.Lineage}, s.base)
		if same || err != nil {
			return nil, err
		}
		next.Lineage, next.Serial = s.base.Lineage, s.base.Serial
	}
	next.Serial++
	return next, nil
}

// Rescue writes the state to a file on this machine, because its place does not
// take it.
func (s *Store) Rescue(st *state.State, path string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.next(st)
	if f == nil || err != nil {
		return err
	}
	raw, err := s.codec.Encode(f)
	if err != nil {
		return err
	}
	return WriteSynced(path, raw)
}

// Local tells that the state is kept on this machine, and its journal beside it.
func (s *Store) Local() bool { return s.path == s.place.String()+".journal" }

// Replace stores a file as it is, with its own lineage and serial.
func (s *Store) Replace(f *state.File) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop()
	if err := s.save(f); err != nil {
		return err
	}
	return s.end()
}

// save stores a file in the place.
func (s *Store) save(f *state.File) error {
	raw, err := s.codec.Encode(f)
	if err != nil {
		return err
	}
	if err := s.place.Save(context.Background(), raw, s.raw); err != nil { // an interrupt must not cut it off
		return err
	}
	kept := *f
	kept.State = f.State.Clone()
	s.base, s.raw = &kept, raw
	return nil
}

// end drops the journal, because what is stored has all that it says, but for what
// providers noted of creations that no run has come back to: that is gone on with.
func (s *Store) end() error {
	if s.journal == nil {
		return nil
	}
	noted := slices.DeleteFunc(slices.Clone(s.open), func(i state.Intent) bool {
		return i.Action != "create" || i.Note == nil || s.base != nil && s.base.State.Get(i.Addr) != nil
	})
	if len(noted) > 0 {
		return s.goOn(noted)
	}
	err := s.journal.drop(s.options.Archive)
	s.journal = nil
	if err != nil {
		return fmt.Errorf("ending the journal: %w", err)
	}
	return nil
}

// stop ends snapshots in the background; s.mu is held, so that none is under way.
func (s *Store) stop() {
	s.ended = true
	if s.timer != nil {
		s.timer.Stop()
	}
}

// snapshot saves what is known so far. If it cannot, nothing is lost: the journal
// has every step.
func (s *Store) snapshot() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || s.journal == nil {
		return
	}
	began := time.Now()
	_ = s.checkpoint()
	// A large state is saved less often, so that this never takes most of the time.
	s.timer = time.AfterFunc(max(s.interval, 10*time.Since(began)), s.snapshot)
}

// checkpoint saves a snapshot of the live state. The journal says so beforehand, so
// that it fits what is stored whether or not saving succeeds.
func (s *Store) checkpoint() error {
	f, err := s.next(s.live.Clone())
	if f == nil || err != nil {
		return err
	}
	raw, err := s.codec.Encode(f)
	if err != nil {
		return err
	}
	h := headerOf(raw, f)
	if err := s.journal.append(record{Header: &h}); err != nil {
		return err
	}
	if err := s.place.Save(context.Background(), raw, s.raw); err != nil {
		return err
	}
	s.base, s.raw = f, raw
	return nil
}

// Close gives the lock back. A journal that no Write ended stays, for the next
// run to replay.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop()
	var errs []error
	if s.journal != nil {
		errs = append(errs, s.journal.close())
		s.journal = nil
	}
	if s.place != nil {
		errs = append(errs, s.place.Release(context.Background()))
		s.place = nil
	}
	return errors.Join(errs...)
}
