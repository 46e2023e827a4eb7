package dynamodb

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

const (
	// streamLife is how long a record can be read, and a closed stream be seen.
	streamLife = 24 * time.Hour
	// trimStep is how many old records one write deletes at most.
	trimStep = 100
)

// A stream is the log of one table's changes, of one shard.
type stream struct {
	Table  string
	Label  string
	View   types.StreamViewType
	Keys   []types.KeySchemaElement
	Opened time.Time
	Closed time.Time // zero while it is open
	First  int64     // the number that no record's is smaller than
	Last   int64     `json:",omitempty"` // of a closed stream, the last number of its shard
	// Trimmed is the number of the last record that was deleted for its age.
	Trimmed  int64  `json:",omitempty"`
	Policy   string `json:",omitempty"`
	PolicyID string `json:",omitempty"`
}

// A record is one change of an item. Records are kept by the stream's key and their
// number, which grows with every record and with time.
type record struct {
	At       time.Time
	Event    string // INSERT, MODIFY or REMOVE
	Keys     []byte // items in their stored form; the images as the view asks
	Old, New []byte `json:",omitempty"`
	Size     int64
	Expired  bool `json:",omitempty"` // deleted by the time to live
}

// streamKey is the store key of a table's newest stream; records are behind it.
func (t *table) streamKey() string {
	return arnScope(aws.ToString(t.Desc.TableArn)).Key(t.name(), aws.ToString(t.Desc.LatestStreamLabel), "")
}

// numbered is the store key of a record. Numbers have the length of AWS's, so that
// their order is that of their texts.
func numbered(streamKey string, number int64) string { return streamKey + sequence(number) }

func sequence(number int64) string { return fmt.Sprintf("1%020d", number) }

// numberOf is the inverse of sequence.
func numberOf(sequence string) (int64, bool) {
	if len(sequence) != 21 || sequence[0] != '1' {
		return 0, false
	}
	n, err := strconv.ParseInt(sequence[1:], 10, 64)
	return n, err == nil && n >= 0
}

// openLog begins the table's newest stream, and deletes those of its name that can no
// longer be seen.
func (s *Service) openLog(tx *store.Tx, t *table) stream {
	now, key := s.now(), t.streamKey()
	clearSet(tx, s.records, key)
	for k, old := range s.streams.Prefix(tx, arnScope(aws.ToString(t.Desc.TableArn)).Key(t.name(), "")) {
		if s.past(old) {
			clearSet(tx, s.records, k)
			s.streams.Delete(tx, k)
		}
	}
	st := stream{
		Table: t.name(), Label: aws.ToString(t.Desc.LatestStreamLabel), View: t.Desc.StreamSpecification.StreamViewType,
		Keys: t.Desc.KeySchema, Opened: now, First: now.UnixNano(),
	}
	s.streams.Put(tx, key, st)
	return st
}

// closeLog ends the shard of the table's stream, if it has one that is open.
func (s *Service) closeLog(tx *store.Tx, t *table) {
	key := t.streamKey()
	st, ok := s.streams.Get(tx, key)
	if !ok || !st.Closed.IsZero() {
		return
	}
	st.Closed = s.now()
	st.Last = max(st.Closed.UnixNano(), s.newest(tx, key, st)+1)
	s.streams.Put(tx, key, st)
	s.feeds.touch(tx, key)
}

// leaveLog closes the stream of a table that is being deleted, and forgets the streams
// of its that hold no record: nobody could read anything from them.
func (s *Service) leaveLog(tx *store.Tx, t *table) {
	if t.Desc.LatestStreamLabel == nil {
		return
	}
	s.closeLog(tx, t)
	for key := range s.streams.Prefix(tx, arnScope(aws.ToString(t.Desc.TableArn)).Key(t.name(), "")) {
		empty := true
		for range s.records.Prefix(tx, key) {
			empty = false
			break
		}
		if empty {
			s.streams.Delete(tx, key)
		}
	}
}

// newest is the number of the last record that a stream has had, or the one before
// its first.
func (s *Service) newest(tx *store.Tx, key string, st stream) int64 {
	for k := range s.records.DownFrom(tx, after(key)) {
		if len(k) > len(key) && k[:len(key)] == key {
			n, _ := numberOf(k[len(key):])
			return n
		}
		break
	}
	return max(st.First-1, st.Trimmed)
}

// log adds the record of a change to the table's stream, in the commit of the change
// itself. A write that changes nothing leaves none.
func (s *Service) log(tx *store.Tx, t *table, old, new expr.Item, expired bool) {
	if t.Desc.StreamSpecification == nil {
		return
	}
	was, is := encodeItem(old), encodeItem(new)
	if (old == nil) == (new == nil) && bytes.Equal(was, is) {
		return
	}
	key := t.streamKey()
	st, ok := s.streams.Get(tx, key)
	if !ok {
		st = s.openLog(tx, t)
	}
	keys := t.key().keyOf(firstItem(old, new))
	r := record{At: s.now(), Event: "MODIFY", Keys: encodeItem(keys), Size: int64(expr.ItemSize(keys)), Expired: expired}
	switch {
	case old == nil:
		r.Event = "INSERT"
	case new == nil:
		r.Event = "REMOVE"
	}
	if old != nil && (st.View == types.StreamViewTypeOldImage || st.View == types.StreamViewTypeNewAndOldImages) {
		r.Old, r.Size = was, r.Size+int64(expr.ItemSize(old))
	}
	if new != nil && (st.View == types.StreamViewTypeNewImage || st.View == types.StreamViewTypeNewAndOldImages) {
		r.New, r.Size = is, r.Size+int64(expr.ItemSize(new))
	}
	number := max(r.At.UnixNano(), s.newest(tx, key, st)+1)
	s.trim(tx, key, st)
	s.records.Put(tx, numbered(key, number), r)
	s.feeds.touch(tx, key)
}

// trim deletes the records of a stream that are too old.
func (s *Service) trim(tx *store.Tx, key string, st stream) {
	oldest := s.now().Add(-streamLife)
	var gone []string
	for k, r := range s.records.Prefix(tx, key) {
		if len(gone) == trimStep || r.At.After(oldest) {
			break
		}
		gone = append(gone, k)
	}
	if gone == nil {
		return
	}
	for _, k := range gone {
		s.records.Delete(tx, k)
		st.Trimmed, _ = numberOf(k[len(key):])
	}
	s.streams.Put(tx, key, st)
}
