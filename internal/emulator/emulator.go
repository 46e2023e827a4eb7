// Package emulator is AWS in this process: it composes the emulated services and
// answers HTTP for them, over a port of the loopback interface or in process.
//
// It must not know Terraform, nor what any operation does: the services know
// that, and package wire knows the protocols.
package emulator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
)

// Config says how an emulator is made. Its zero value is an emulator in memory.
type Config struct {
	// DataDir is the folder that keeps everything; "" keeps everything in memory,
	// and the files of functions in a temporary folder.
	DataDir string
	// Main is the path of this project's binary, for parts that start it again;
	// empty where there is none, as in Go tests.
	Main  string
	Clock clock.Clock  // nil: the system's
	Log   *slog.Logger // nil: nothing is logged
	// AnyCredentials accepts every access key. Calls that come from a web page
	// are refused then, because any page could make them.
	AnyCredentials bool
	// Throttle has tables refuse what is beyond their capacity, as AWS does.
	Throttle bool
	// Waits has tables take their time as AWS's do: to be made, changed and deleted,
	// between changes of a time to live, and until a moment can be restored. The
	// name of a deleted queue cannot be taken again for a minute.
	Waits bool
	// Quotas refuses calls that deploy things beyond the rates that AWS publishes;
	// see package quota.
	Quotas bool
	// Lag is how many reads of a thing show it as it was before the last write to
	// its service, and how often a new role cannot be assumed. Tables and queues take
	// a moment then for what Waits has them take AWS's time for.
	Lag int
	// Control serves requests below [ControlPath], which no web page can make;
	// nil: nobody does.
	Control http.Handler
}

// An Emulator is a running emulator; make one with [New].
type Emulator struct {
	config    Config
	dir       string // the data_dir, or a temporary folder
	key       key
	endpoint  *endpoint
	activity  activity
	mu        sync.RWMutex // held for reading by requests, for writing while the services change
	services  *services
	closeOnce sync.Once
	closed    error
}

// New makes an emulator, which can be called in process at once.
func New(c Config) (*Emulator, error) {
	if c.Clock == nil {
		c.Clock = clock.Real
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	e := &Emulator{config: c, dir: c.DataDir, activity: activity{clock: c.Clock, last: c.Clock.Now()}}
	var err error
	if e.dir == "" {
		e.dir, err = os.MkdirTemp("", "tfserverless-")
	} else {
		err = os.MkdirAll(e.dir, 0o700)
	}
	if err != nil {
		return nil, fmt.Errorf("making the emulator's folder: %w", err)
	}
	if err := os.RemoveAll(e.trash()); err != nil {
		return nil, errors.Join(fmt.Errorf("ending a reset that was interrupted: %w", err), e.removeTemporary())
	}
	if e.key, err = rootKey(e.dir); err != nil {
		return nil, errors.Join(err, e.removeTemporary())
	}
	e.endpoint = newEndpoint(e, c.Log)
	if e.services, err = e.compose(); err != nil {
		return nil, errors.Join(err, e.endpoint.close(), e.removeTemporary())
	}
	return e, nil
}

// Credentials returns the access key that may do everything. It is random, and
// the same for as long as the DataDir exists.
func (e *Emulator) Credentials() (accessKey, secretKey string) { return e.key.ID, e.key.Secret }

// Deployed returns how many things the emulator holds: tables, items, functions,
// roles and so on. Zero means that nothing is lost when it ends.
func (e *Emulator) Deployed() (int, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.services == nil {
		return 0, errClosed
	}
	return e.services.store.Len(), nil
}

// Regions returns the regions that something is in.
func (e *Emulator) Regions() ([]string, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.services == nil {
		return nil, errClosed
	}
	found := []string{}
	for _, head := range e.services.store.Heads(2) {
		if r := env.RegionOf(head); r != "" && !slices.Contains(found, r) {
			found = append(found, r)
		}
	}
	return found, nil
}

// Reset makes the emulator as if new, but for its address and its credentials:
// running functions are killed, requests are cut off, everything is forgotten.
func (e *Emulator) Reset(context.Context) error {
	e.mu.RLock()
	old := e.services
	e.mu.RUnlock()
	if old == nil {
		return errClosed
	}
	old.interrupt() // so that the requests that hold the lock end
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.services != old {
		return nil // closed, or reset by another caller, meanwhile
	}
	err := old.close()
	e.services = nil
	if err = errors.Join(err, e.forget()); err != nil {
		return fmt.Errorf("forgetting what the emulator holds: %w", err)
	}
	e.services, err = e.compose()
	return err
}

// Shutdown lets requests that are running end until ctx is done, and closes the
// emulator. Until they have ended it goes on answering, because functions call
// home before they return.
func (e *Emulator) Shutdown(ctx context.Context) error {
	e.activity.settle(ctx)
	if err := e.endpoint.drain(ctx); err != nil && ctx.Err() == nil {
		return errors.Join(err, e.Close())
	}
	return e.Close()
}

// Close ends the emulator and the functions that it runs. What was acknowledged
// stays in the DataDir.
func (e *Emulator) Close() error {
	e.closeOnce.Do(func() { e.closed = e.close() })
	return e.closed
}

func (e *Emulator) close() error {
	e.mu.RLock()
	if e.services != nil {
		e.services.interrupt()
	}
	e.mu.RUnlock()
	err := e.endpoint.close()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.services != nil {
		err = errors.Join(err, e.services.close())
		e.services = nil
	}
	return errors.Join(err, e.removeTemporary())
}

var errClosed = errors.New("the emulator is closed")

// stateDir is the part of the folder that Reset empties.
func (e *Emulator) stateDir() string { return filepath.Join(e.dir, "state") }

// forget removes the state at once, so that an emulator which is killed meanwhile
// has all or nothing of it.
func (e *Emulator) forget() error {
	if err := os.Rename(e.stateDir(), e.trash()); err != nil {
		return err
	}
	return os.RemoveAll(e.trash())
}

// trash is where the state goes that is being removed.
func (e *Emulator) trash() string { return filepath.Join(e.dir, "trash") }

func (e *Emulator) removeTemporary() error {
	if e.config.DataDir != "" {
		return nil
	}
	return os.RemoveAll(e.dir)
}
