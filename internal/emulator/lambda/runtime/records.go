package runtime

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// records are files that name the process groups which run, so that the next
// emulator of the same folder can end what a killed one left.
type records struct{ dir string }

// openRecords ends the recorded processes that still run, and forgets them.
func openRecords(dir string) (*records, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		path := filepath.Join(dir, f.Name())
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		pid, err := strconv.Atoi(f.Name())
		if err == nil && len(b) > 0 && startTime(pid) == string(b) {
			killGroup(pid)
		}
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("forgetting a process that has ended: %w", err)
		}
	}
	return &records{dir}, nil
}

func (r *records) file(pid int) string { return filepath.Join(r.dir, strconv.Itoa(pid)) }

// add records a process. A record that cannot be written costs only the tidying up
// after a kill -9 of the emulator.
func (r *records) add(pid int) { _ = os.WriteFile(r.file(pid), []byte(startTime(pid)), 0o600) }

func (r *records) remove(pid int) { _ = os.Remove(r.file(pid)) }

func (r *records) close() error {
	if err := os.Remove(r.dir); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing the records of processes: %w", err)
	}
	return nil
}
