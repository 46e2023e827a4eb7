package store

import (
	"errors"
	"fmt"
	"sync"

	"go.etcd.io/bbolt"
)

// file is the writing of commits to the file. Commits are made one by one in
// memory, where nobody sees them yet, and gather in a batch while the one before
// is written; so many at once take hardly longer than one.
//
// Its fields are guarded by the store's commit lock.
type file struct {
	writing sync.Mutex // held by the one that writes
	open    *batch     // takes commits, or nil
	busy    *batch     // is being written, or nil
}

// A batch is the commits that are written together.
type batch struct {
	commits []map[*set]*edit
	trees   []*tree       // the tree of each set behind the last of them
	done    chan struct{} // closed when it is in the file, or failed
	err     error
}

// add puts a commit into the open batch; the first one's caller must write it.
func (f *file) add(edits map[*set]*edit, trees []*tree) (b *batch, first bool) {
	if first = f.open == nil; first {
		f.open = &batch{done: make(chan struct{})}
	}
	f.open.commits, f.open.trees = append(f.open.commits, edits), trees
	return f.open, first
}

// last is the newest batch that is not in the file yet, or nil.
func (f *file) last() *batch {
	if f.open != nil {
		return f.open
	}
	return f.busy
}

// newest is the tree of each set with all commits, also those that are not in the
// file yet.
func (s *Store) newest() []*tree {
	if b := s.file.last(); b != nil {
		return b.trees
	}
	return *s.now.Load()
}

// write writes a batch when those before it have been written, and shows it.
func (s *Store) write(b *batch) {
	s.file.writing.Lock()
	defer s.file.writing.Unlock()
	s.commit.Lock()
	if s.file.open != b { // it was written by still, or failed with the one before
		s.commit.Unlock()
		return
	}
	s.file.open, s.file.busy = nil, b
	s.commit.Unlock()
	err := s.put(b)
	s.commit.Lock()
	defer s.commit.Unlock()
	s.finish(b, err)
}

// put writes a batch to the file in one transaction.
func (s *Store) put(b *batch) error {
	err := s.db.Update(func(tx *bbolt.Tx) error {
		for _, edits := range b.commits {
			for _, c := range edits {
				if err := c.write(tx); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("writing the store's file: %w", err)
	}
	return nil
}

var errBefore = errors.New("the changes before it could not be written")

// finish ends a batch, with the commit lock held. When one fails, so does the open
// one, which has seen changes that are none.
func (s *Store) finish(b *batch, err error) {
	s.file.busy = nil
	b.err = err
	if err == nil {
		s.now.Store(&b.trees)
	} else if next := s.file.open; next != nil {
		s.file.open = nil
		next.err = errors.Join(errBefore, err)
		close(next.done)
	}
	close(b.done)
}

// still waits until nothing is being written, and keeps it so until the returned
// function is called.
func (s *Store) still() (end func()) {
	s.file.writing.Lock()
	s.commit.Lock()
	if b := s.file.open; b != nil {
		s.file.open = nil
		s.finish(b, s.put(b))
	}
	return func() {
		s.commit.Unlock()
		s.file.writing.Unlock()
	}
}
