package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// Read reads the state at path without locking or changing anything, the steps
// of a run that is under way or was cut off included. It is nil if there is none.
func Read(path string) (*state.File, error) {
	s := &Store{path: path}
	// A snapshot on its way into the file is whole where the file may not be.
	raw, err := os.ReadFile(s.nextPath())
	if errors.Is(err, fs.ErrNotExist) {
		raw, err = ReadFile(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		raw, err = nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the state file: %w", err)
	}
	if err := s.adopt(raw); err != nil {
		return nil, err
	}
	journal, err := os.ReadFile(s.journalPath())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the journal of an earlier run: %w", err)
	}
	records, err := parse(journal)
	if err != nil || len(records) == 0 || records[0].Header == nil || *records[0].Header != s.header() {
		return s.base, nil //nolint:nilerr // the next run that takes the lock reports it
	}
	if s.base == nil {
		s.base = state.NewFile("")
	}
	recovered(s.base.State, records)
	return s.base, nil
}
