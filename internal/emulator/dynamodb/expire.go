package dynamodb

import (
	"sync"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

const (
	// sweepEvery is how often expired items are looked for. AWS takes up to days.
	sweepEvery = time.Minute
	// sweepStep is how many items one transaction looks at, so that a sweep of a
	// large table holds nobody up.
	sweepStep = 1000
	// tooOld is the age of a time to live that is taken for a mistake.
	tooOld = 5 * 365 * 24 * time.Hour
)

// expiry is the timer of the next sweep, which is set only while a table has a time
// to live.
type expiry struct {
	mu     sync.Mutex
	timer  clock.Timer
	closed bool
}

// Close ends the service's own activity. The store stays open.
func (s *Service) Close() error {
	s.expiry.mu.Lock()
	defer s.expiry.mu.Unlock()
	s.expiry.closed = true
	if s.expiry.timer != nil {
		s.expiry.timer.Stop()
	}
	return nil
}

// watch sets the timer of the next sweep unless it is set.
func (s *Service) watch() {
	s.expiry.mu.Lock()
	defer s.expiry.mu.Unlock()
	if s.expiry.timer == nil && !s.expiry.closed {
		s.expiry.timer = s.env.Clock.AfterFunc(sweepEvery, s.sweep)
	}
}

// resume sets the timer when a table that was read from the file needs it.
func (s *Service) resume() error {
	tables, err := s.expiring()
	if len(tables) > 0 {
		s.watch()
	}
	return err
}

// expiring are the store keys of the tables with a time to live.
func (s *Service) expiring() (keys []string, err error) {
	err = s.env.Store.View(func(tx *store.Tx) error {
		for key, t := range s.tables.From(tx, "") {
			if t.TTL != "" {
				keys = append(keys, key)
			}
		}
		return nil
	})
	return keys, err
}

// sweep deletes expired items, and sets the timer again while there is reason to.
func (s *Service) sweep() {
	s.expiry.mu.Lock()
	s.expiry.timer = nil
	closed := s.expiry.closed
	s.expiry.mu.Unlock()
	if closed {
		return
	}
	tables, err := s.expiring()
	for _, key := range tables {
		for from, more := "", true; more && err == nil; {
			from, more, err = s.expire(key, from)
		}
	}
	if err != nil {
		s.env.Log.Error("deleting expired items", "error", err)
	}
	if len(tables) > 0 {
		s.watch()
	}
}

// expire deletes what has expired among a table's next items, from the store key
// from; at first "". It returns the key to go on from, while there is more.
func (s *Service) expire(key, from string) (next string, more bool, err error) {
	err = s.update(func(tx *store.Tx) error {
		next, more = "", false
		t, ok := s.tables.Get(tx, key)
		if !ok || t.TTL == "" {
			return nil
		}
		prefix := s.prefix(&t, "")
		if from == "" {
			from = prefix
		}
		now := s.now()
		oldest, latest := expr.Int(now.Add(-tooOld).Unix()), expr.Int(now.Unix())
		var expired []expr.Item
		seen := 0
		for k, b := range between(tx, s.items, from, after(prefix), false) {
			if seen++; seen > sweepStep {
				next, more = k, true
				break
			}
			item, err := decodeItem(b)
			if err != nil {
				return err
			}
			if at, ok := item[t.TTL].(expr.Number); ok && at.Compare(latest) <= 0 && at.Compare(oldest) > 0 {
				expired = append(expired, item)
			}
		}
		for _, item := range expired {
			s.writeAs(tx, &t, item, nil, true)
		}
		return nil
	})
	return next, more, err
}
