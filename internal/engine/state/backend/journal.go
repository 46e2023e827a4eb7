package backend

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// A journal is a text file of one record a line: the CRC-32 of a document in 8 hex
// digits, a space, the document, which is JSON unless the codec seals it. The first
// record is the header. A last line that is cut off or damaged never happened.
type journal struct {
	path  string
	codec Codec
	file  *os.File
	room  bool // the file that keeps room is there

	mu      sync.Mutex
	next    *batch // what waits to be written; nil: nothing
	writing bool
	full    bool // the disk, as it was found out
}

// A batch is a group of records that share one write and one sync.
type batch struct {
	intents, commits []byte
	done             chan struct{}
	intended         error // what became of the intents
	committed        error
}

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
	Snapshot string `json:"snapshot"` // SHA-256 of what is stored, in hex
}

type intentJSON struct {
	Entry    state.Entry     `json:"entry"` // without an object
	Action   string          `json:"action"`
	Identity json.RawMessage `json:"identity,omitempty"`
	Planned  json.RawMessage `json:"planned,omitempty"`
	Note     json.RawMessage `json:"note,omitempty"`
}

func intentOf(i state.Intent) *intentJSON {
	return &intentJSON{Entry: state.Entry{Addr: i.Addr, Deposed: i.Deposed, Provider: i.Provider}, Action: i.Action, Identity: i.Identity, Planned: i.Planned, Note: i.Note}
}

// roomPath is a file of random bytes that keeps room on the disk: a change that
// was made must be recorded, even when the disk is full by then.
func roomPath(journal string) string { return journal + ".room" }

const roomSize = 256 << 10 // what became of some ten changes

// newJournal makes a journal file that begins with the given record.
func newJournal(path string, codec Codec, first record) (*journal, error) {
	j := &journal{path: path, codec: codec}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	filler := make([]byte, roomSize)
	_, _ = rand.Read(filler) // never fails
	err := WriteSynced(roomPath(j.path), filler)
	if err != nil {
		return nil, err
	}
	j.room = true
	if j.file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600); err != nil {
		return nil, errors.Join(err, j.giveRoom())
	}
	line, err := j.line(first)
	if err == nil {
		err = errors.Join(j.write(line), SyncDir(filepath.Dir(path)))
	}
	if err != nil {
		return nil, errors.Join(err, j.drop(""))
	}
	return j, nil
}

// line encodes a record.
func (j *journal) line(r record) ([]byte, error) {
	doc, err := json.Marshal(r)
	if err == nil {
		doc, err = j.codec.Seal(doc)
	}
	if err != nil {
		return nil, fmt.Errorf("encoding a record: %w", err)
	}
	return fmt.Appendf(nil, "%08x %s\n", crc32.ChecksumIEEE(doc), doc), nil
}

// append adds a record, together with those that others add meanwhile, and returns
// when it is on the disk. Once the disk is full, only what became of the changes
// that have begun is still recorded, in the room that was kept for it.
func (j *journal) append(r record) error {
	line, err := j.line(r)
	if err != nil {
		return err
	}
	j.mu.Lock()
	b := j.next
	if b == nil {
		b = &batch{done: make(chan struct{})}
		j.next = b
	}
	if r.Intent != nil {
		b.intents = append(b.intents, line...)
	} else {
		b.commits = append(b.commits, line...)
	}
	if j.writing {
		j.mu.Unlock()
		<-b.done
	} else {
		j.flush()
	}
	if r.Intent != nil {
		return b.intended
	}
	return b.committed
}

// flush writes batches until none waits. It is called with j.mu held, and gives it
// back.
func (j *journal) flush() {
	j.writing = true
	for j.next != nil {
		b := j.next
		j.next = nil
		j.mu.Unlock()
		j.store(b)
		close(b.done)
		j.mu.Lock()
	}
	j.writing = false
	j.mu.Unlock()
}

func (j *journal) store(b *batch) {
	if j.full && len(b.intents) > 0 {
		b.intended = fmt.Errorf("writing the journal %s: %w", j.path, syscall.ENOSPC)
		b.intents = nil
	}
	err := j.write(append(b.commits, b.intents...))
	if errors.Is(err, syscall.ENOSPC) {
		j.full = true
		if len(b.intents) > 0 {
			b.intended = fmt.Errorf("writing the journal: %w", err)
			err = nil
			if len(b.commits) > 0 {
				err = j.write(b.commits)
			}
		}
		if errors.Is(err, syscall.ENOSPC) && j.room && j.giveRoom() == nil {
			err = j.write(b.commits)
		}
		if err != nil {
			b.committed = fmt.Errorf("writing the journal: %w", err)
		}
		return
	}
	if err != nil {
		b.committed = fmt.Errorf("writing the journal: %w", err)
		b.intended = errors.Join(b.intended, b.committed)
	}
}

// write adds whole lines to the file, or nothing.
func (j *journal) write(lines []byte) error {
	if len(lines) == 0 {
		return nil
	}
	at, err := j.file.Stat()
	if err != nil {
		return err
	}
	_, err = j.file.Write(lines)
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		return errors.Join(err, j.file.Truncate(at.Size()))
	}
	return nil
}

// giveRoom removes the file that keeps room, because nothing more is recorded.
func (j *journal) giveRoom() error {
	if !j.room {
		return nil
	}
	j.room = false
	if err := os.Remove(roomPath(j.path)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// close leaves the journal for the next run to replay.
func (j *journal) close() error { return errors.Join(j.file.Close(), j.giveRoom()) }

// drop ends the journal; a folder keeps it among those of the last runs.
func (j *journal) drop(archive string) error {
	err := j.close()
	if archive != "" && keep(j.path, archive) == nil {
		return err
	}
	return errors.Join(err, os.Remove(j.path))
}

// readJournal reads the records of a journal; none if there is no such file.
func readJournal(path string, codec Codec) ([]record, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the journal of an earlier run: %w", err)
	}
	records, err := parse(raw, codec)
	if err != nil {
		return nil, fmt.Errorf("reading %s, the journal of an earlier run: %w; it was left as it is: move it away to go on without what that run did last", path, err)
	}
	return records, nil
}

// parse reads the lines of a journal. Damage before the last line is an error.
func parse(raw []byte, codec Codec) ([]record, error) {
	var out []record
	for n := 1; len(raw) > 0; n++ {
		line, rest, whole := bytes.Cut(raw, []byte("\n"))
		raw = rest
		var r record
		switch err := parseLine(line, codec, &r); {
		case err != nil && len(rest) > 0:
			return nil, fmt.Errorf("line %d: %w", n, err)
		case err == nil && whole:
			out = append(out, r)
		} // else the last line was cut off while it was written
	}
	return out, nil
}

func parseLine(line []byte, codec Codec, r *record) error {
	sum, doc, ok := bytes.Cut(line, []byte(" "))
	if want := fmt.Sprintf("%08x", crc32.ChecksumIEEE(doc)); !ok || string(sum) != want {
		return errors.New("the checksum does not fit")
	}
	doc, err := codec.Open(doc)
	if err != nil {
		return err
	}
	return json.Unmarshal(doc, r)
}
