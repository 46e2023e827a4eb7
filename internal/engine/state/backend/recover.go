package backend

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// replay brings the state up to date with the journal that an earlier run left,
// if it goes on from the very snapshot that is stored, and else moves it aside.
func (s *Store) replay() error {
	_ = removeIfThere(roomPath(s.path)) // of a run that was cut off
	records, err := readJournal(s.path, s.codec)
	if err != nil {
		return err
	}
	if records == nil {
		if _, err := os.Stat(s.path); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	}
	if !fits(records, headerOf(s.raw, s.base)) {
		return s.setAside(records)
	}
	st := state.New()
	if s.base != nil {
		st = s.base.State.Clone()
	}
	s.recovery = recovered(st, records)
	// Opened like this, the journal ends with the snapshot that takes it over.
	j := &journal{path: s.path, codec: s.codec}
	if j.file, err = os.OpenFile(s.path, os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
		return fmt.Errorf("opening the journal of an earlier run: %w", err)
	}
	s.journal = j
	s.open = slices.DeleteFunc(slices.Clone(s.recovery.Unfinished), func(i state.Intent) bool { return i.Identity == nil && i.Note == nil })
	if len(s.open) == 0 {
		return s.Write(st)
	}
	return s.carry(st, s.open)
}

// carry stores the state, and goes on with a journal of what may have been carried
// out: it is needed until a run knows better and ends the journal.
func (s *Store) carry(st *state.State, begun []state.Intent) error {
	next, err := s.next(st)
	if err != nil {
		return err
	}
	if next != nil {
		if err := s.save(next); err != nil {
			return err
		}
	}
	return s.goOn(begun)
}

// goOn makes the journal one of what is stored now and of these intents.
func (s *Store) goOn(begun []state.Intent) error {
	h := headerOf(s.raw, s.base)
	lines, err := s.journal.line(record{Header: &h})
	for _, i := range begun {
		line, failed := s.journal.line(record{Intent: intentOf(i)})
		lines, err = append(lines, line...), errors.Join(err, failed)
	}
	if err == nil {
		err = WriteSynced(s.path, lines)
	}
	if err != nil {
		return fmt.Errorf("going on with the journal of an earlier run: %w", err)
	}
	old := s.journal.file
	if s.journal.file, err = os.OpenFile(s.path, os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
		s.journal.file = old
		return fmt.Errorf("opening the journal of an earlier run: %w", err)
	}
	s.live = state.New()
	if s.base != nil {
		s.live = s.base.State.Clone()
	}
	return old.Close()
}

// fits tells whether the records go on from what is stored: from a journal's first
// snapshot, or from one that was saved while it was written. Records that such a
// one has already do no harm, because each says what became of an object.
func fits(records []record, stored header) bool {
	return slices.ContainsFunc(records, func(r record) bool { return r.Header != nil && *r.Header == stored })
}

// setAside keeps a journal that cannot be replayed, unless it holds no step or
// the state has every step of it already.
func (s *Store) setAside(records []record) error {
	steps := slices.ContainsFunc(records, func(r record) bool { return r.Header == nil })
	if !steps || s.holds(records) {
		if err := os.Remove(s.path); err != nil {
			return fmt.Errorf("removing the journal of an earlier run: %w", err)
		}
		return nil
	}
	kept := fmt.Sprintf("%s.%s", s.path, time.Now().UTC().Format("20060102T150405Z"))
	if err := os.Rename(s.path, kept); err != nil {
		return fmt.Errorf("moving the journal of an earlier run aside: %w", err)
	}
	s.recovery.Kept = kept
	return nil
}

// holds tells whether replaying the records would change nothing.
func (s *Store) holds(records []record) bool {
	if s.base == nil || records[0].Header == nil {
		return false
	}
	// A journal that began without a state names no lineage.
	if l := records[0].Header.Lineage; l != "" && l != s.base.Lineage {
		return false
	}
	st := s.base.State.Clone()
	recovered(st, records)
	same, err := state.Same(&state.File{State: st, Lineage: s.base.Lineage}, s.base)
	return err == nil && same
}

// recovered applies the records to st.
func recovered(st *state.State, records []record) Recovery {
	var out Recovery
	for _, r := range records {
		out.Unfinished = begun(out.Unfinished, r)
		for _, e := range r.Commit {
			st.Put(e)
			out.Replayed++
		}
	}
	return out
}

// begun brings what has begun and not come to an end up to date with a record.
func begun(open []state.Intent, r record) []state.Intent {
	if i := r.Intent; i != nil {
		open = slices.DeleteFunc(open, func(was state.Intent) bool {
			return was.Addr == i.Entry.Addr && was.Deposed == i.Entry.Deposed && was.Action == i.Action
		})
		open = append(open, state.Intent{
			Addr: i.Entry.Addr, Deposed: i.Entry.Deposed, Provider: i.Entry.Provider, Action: i.Action, Identity: i.Identity, Planned: i.Planned, Note: i.Note,
		})
	}
	for _, e := range r.Commit {
		open = slices.DeleteFunc(open, func(i state.Intent) bool { return i.Addr == e.Addr })
	}
	return open
}

// Peek decodes what a place holds without its lock, the steps included that the
// journal at path has of a run which is under way or was cut off; nil if there is
// nothing.
func Peek(raw []byte, path, place string, codec Codec) (*state.File, error) {
	if codec == nil {
		codec = Plain{}
	}
	base, err := decode(raw, codec, place)
	if err != nil {
		return nil, err
	}
	records, err := readJournal(path, codec)
	if err != nil || !fits(records, headerOf(raw, base)) {
		return base, nil //nolint:nilerr // the next run that takes the lock reports it
	}
	if base == nil {
		base = state.NewFile("")
	}
	recovered(base.State, records)
	return base, nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
