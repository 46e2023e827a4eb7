package dynamodb

import (
	"context"
	"io"
	"sync"

	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// feeds wakes those who wait for records, once the commit that adds one is done.
type feeds struct {
	mu      sync.Mutex
	touched map[*store.Tx][]string // the keys of streams, by the commit under way
	waiting map[string]map[*Feed]bool
}

// touch notes that a commit adds to a stream.
func (w *feeds) touch(tx *store.Tx, key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.touched == nil {
		w.touched = map[*store.Tx][]string{}
	}
	w.touched[tx] = append(w.touched[tx], key)
}

// wake wakes the readers of the streams that a commit, now over, has added to.
func (w *feeds) wake(tx *store.Tx) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, key := range w.touched[tx] {
		for f := range w.waiting[key] {
			select {
			case f.more <- struct{}{}:
			default: // it has been told and not looked yet
			}
		}
	}
	delete(w.touched, tx)
}

// update is the store's Update for commits that may add to streams.
func (s *Service) update(f func(tx *store.Tx) error) error {
	var commit *store.Tx
	err := s.env.Store.Update(func(tx *store.Tx) error {
		commit = tx
		return f(tx)
	})
	s.feeds.wake(commit)
	return err
}

// A Feed reads one stream's records in their order. It is for one goroutine.
type Feed struct {
	streams *Streams
	key     string
	at      int64
	more    chan struct{}
}

// Subscribe returns a feed of the stream with that ARN. It begins behind the record
// with the sequence number after, or with the oldest record that there is when after
// is empty. The feed must be closed.
func (x *Streams) Subscribe(streamARN, after string) (*Feed, error) {
	f := &Feed{streams: x, more: make(chan struct{}, 1)}
	if after != "" {
		n, ok := numberOf(after)
		if !ok {
			return nil, invalid("Invalid SequenceNumber: %s", after)
		}
		f.at = n + 1
	}
	s := x.service
	err := s.env.Store.View(func(tx *store.Tx) (err error) {
		f.key, _, err = s.stream(tx, streamARN)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.feeds.mu.Lock()
	defer s.feeds.mu.Unlock()
	if s.feeds.waiting == nil {
		s.feeds.waiting = map[string]map[*Feed]bool{}
	}
	if s.feeds.waiting[f.key] == nil {
		s.feeds.waiting[f.key] = map[*Feed]bool{}
	}
	s.feeds.waiting[f.key][f] = true
	return f, nil
}

// Close ends the feed.
func (f *Feed) Close() {
	w := &f.streams.service.feeds
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.waiting[f.key], f)
	if len(w.waiting[f.key]) == 0 {
		delete(w.waiting, f.key)
	}
}

// Next returns the next records, from one up to limit, and waits until there is one.
// The error is ctx's, io.EOF behind the last record of a closed stream, or the
// TrimmedDataAccessException of a feed that has fallen behind by a day.
func (f *Feed) Next(ctx context.Context, limit int) ([]streamtypes.Record, error) {
	for {
		b, err := f.streams.read(f.key, f.at, limit)
		if err != nil {
			return nil, err
		}
		f.at = b.next
		switch {
		case len(b.records) > 0:
			return b.records, nil
		case b.ended:
			return nil, io.EOF
		}
		select {
		case <-f.more:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Newest returns the sequence number of the last record that the stream with that
// ARN has had, behind which a feed gives what comes from now on, and the name of its
// shard.
func (x *Streams) Newest(streamARN string) (sequenceNumber, shard string, err error) {
	s := x.service
	err = s.env.Store.View(func(tx *store.Tx) error {
		key, st, err := s.stream(tx, streamARN)
		if err == nil {
			sequenceNumber, shard = sequence(s.newest(tx, key, st)), st.shard()
		}
		return err
	})
	return sequenceNumber, shard, err
}
