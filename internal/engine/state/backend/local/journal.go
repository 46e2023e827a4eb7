package local

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// A journal is a text file of one record a line: the CRC-32 of a JSON document
// in 8 hex digits, a space, the document. The first record is the header. A last
// line that is cut off or damaged never happened.

// record is one line of a journal; one of the members is set.
type record struct {
	Header *header       `json:"header,omitempty"`
	Intent *intentJSON   `json:"intent,omitempty"`
	Commit []state.Entry `json:"commit,omitempty"`
}

// header names the snapshot that the journal goes on from.
type header struct {
	Version  int    `json:"version"`
	Lineage  string `json:"lineage"`
	Serial   uint64 `json:"serial"`
	Snapshot string `json:"snapshot"` // SHA-256 of the state file, in hex
}

type intentJSON struct {
	Entry    state.Entry     `json:"entry"` // without an object
	Action   string          `json:"action"`
	Identity json.RawMessage `json:"identity,omitempty"`
}

func (s *Store) journalPath() string { return s.path + ".journal" }

func (s *Store) header() header {
	sum := sha256.Sum256(s.raw)
	h := header{Version: 1, Snapshot: hex.EncodeToString(sum[:])}
	if s.base != nil {
		h.Lineage, h.Serial = s.base.Lineage, s.base.Serial
	}
	return h
}

// Intend records that a provider is about to be asked for a change.
func (s *Store) Intend(i state.Intent) error {
	return s.append(record{Intent: &intentJSON{
		Entry: state.Entry{Addr: i.Addr, Deposed: i.Deposed}, Action: i.Action, Identity: i.Identity,
	}})
}

// Commit records what became of it.
func (s *Store) Commit(entries ...state.Entry) error {
	return s.append(record{Commit: entries})
}

// append adds a record. Once the disk is full, only what became of the changes
// that have begun is still recorded, in the room that was kept for it.
func (s *Store) append(r record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal == nil {
		if err := s.begin(); err != nil {
			return fmt.Errorf("beginning the journal: %w", err)
		}
	}
	if s.full && r.Intent != nil {
		return fmt.Errorf("writing the journal %s: %w", s.journalPath(), syscall.ENOSPC)
	}
	err := write(s.journal, r)
	if errors.Is(err, syscall.ENOSPC) {
		s.full = true
		if r.Commit != nil && os.Remove(s.roomPath()) == nil {
			err = write(s.journal, r)
		}
	}
	if err != nil {
		return fmt.Errorf("writing the journal: %w", err)
	}
	return nil
}

// roomPath is a file of random bytes that keeps room on the disk: a change that
// was made must be recorded, even when the disk is full by then.
func (s *Store) roomPath() string { return s.journalPath() + ".room" }

const roomSize = 256 << 10 // what became of some ten changes

func (s *Store) begin() error {
	room := make([]byte, roomSize)
	_, _ = rand.Read(room) // never fails
	if err := writeSynced(s.roomPath(), room); err != nil {
		return err
	}
	f, err := os.OpenFile(s.journalPath(), os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return errors.Join(err, os.Remove(s.roomPath()))
	}
	h := s.header()
	if err := errors.Join(write(f, record{Header: &h}), syncDir(filepath.Dir(s.path))); err != nil {
		return errors.Join(err, f.Close(), os.Remove(s.journalPath()), os.Remove(s.roomPath()))
	}
	s.journal, s.full = f, false
	return nil
}

// write adds a whole line to f, or nothing.
func write(f *os.File, r record) error {
	doc, err := json.Marshal(r)
	if err != nil {
		return err
	}
	at, err := f.Stat()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%08x %s\n", crc32.ChecksumIEEE(doc), doc)
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		return errors.Join(err, f.Truncate(at.Size()))
	}
	return nil
}

// giveRoom removes the file that keeps room, because nothing more is recorded.
func (s *Store) giveRoom() error {
	if err := os.Remove(s.roomPath()); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (s *Store) dropJournal() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal == nil {
		return nil
	}
	err := errors.Join(s.journal.Close(), os.Remove(s.journalPath()))
	s.journal = nil
	if err != nil {
		return fmt.Errorf("ending the journal: %w", err)
	}
	return nil
}

// replay brings the state up to date with the journal that an earlier run left,
// if it goes on from the very snapshot that is stored, and else moves it aside.
func (s *Store) replay() error {
	raw, err := os.ReadFile(s.journalPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the journal of an earlier run: %w", err)
	}
	records, err := parse(raw)
	if err != nil {
		return fmt.Errorf("reading %s, the journal of an earlier run: %w; it was left as it is: move it away to go on without what that run did last", s.journalPath(), err)
	}
	if len(records) == 0 || records[0].Header == nil || *records[0].Header != s.header() {
		return s.setAside(records)
	}
	st := state.New()
	if s.base != nil {
		st = s.base.State.Clone()
	}
	s.recovery = recovered(st, records)
	// Opened like this, the journal ends with the snapshot that takes it over.
	if s.journal, err = os.OpenFile(s.journalPath(), os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
		return fmt.Errorf("opening the journal of an earlier run: %w", err)
	}
	return s.Write(st)
}

// setAside keeps a journal that cannot be replayed, unless it holds no step or
// the state has every step of it already.
func (s *Store) setAside(records []record) error {
	steps := slices.ContainsFunc(records, func(r record) bool { return r.Header == nil })
	if !steps || s.holds(records) {
		if err := os.Remove(s.journalPath()); err != nil {
			return fmt.Errorf("removing the journal of an earlier run: %w", err)
		}
		return nil
	}
	kept := fmt.Sprintf("%s.%s", s.journalPath(), time.Now().UTC().Format("20060102T150405Z"))
	if err := os.Rename(s.journalPath(), kept); err != nil {
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
		if i := r.Intent; i != nil {
			out.Unfinished = append(out.Unfinished, state.Intent{
				Addr: i.Entry.Addr, Deposed: i.Entry.Deposed, Action: i.Action, Identity: i.Identity,
			})
		}
		for _, e := range r.Commit {
			st.Put(e)
			out.Replayed++
			out.Unfinished = slices.DeleteFunc(out.Unfinished, func(i state.Intent) bool { return i.Addr == e.Addr })
		}
	}
	return out
}

// parse reads the lines of a journal. Damage before the last line is an error.
func parse(raw []byte) ([]record, error) {
	var out []record
	for n := 1; len(raw) > 0; n++ {
		line, rest, whole := bytes.Cut(raw, []byte("\n"))
		raw = rest
		var r record
		switch err := parseLine(line, &r); {
		case err != nil && len(rest) > 0:
			return nil, fmt.Errorf("line %d: %w", n, err)
		case err == nil && whole:
			out = append(out, r)
		} // else the last line was cut off while it was written
	}
	return out, nil
}

func parseLine(line []byte, r *record) error {
	sum, doc, ok := bytes.Cut(line, []byte(" "))
	if want := fmt.Sprintf("%08x", crc32.ChecksumIEEE(doc)); !ok || string(sum) != want {
		return errors.New("the checksum does not fit")
	}
	return json.Unmarshal(doc, r)
}
