// Package backend keeps states where a configuration says: it defines what every
// kind of place must do, and on top of that, once for all of them, the journal that
// no step of an apply is lost from, snapshots while an apply runs, and recovery.
//
// It must not know providers or configuration, nor any kind of place: those are
// the packages below it.
package backend

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// DefaultWorkspace is the workspace that always exists.
const DefaultWorkspace = "default"

// A Backend keeps the states of a configuration's workspaces.
type Backend interface {
	// Open locks the state of a workspace. A *LockError says who holds the lock.
	Open(ctx context.Context, workspace string, o Options) (*Store, error)

	// Read returns the state of a workspace without a lock; nil if there is none.
	Read(ctx context.Context, workspace string) (*state.File, error)

	// Workspaces lists all workspaces, the default one first.
	Workspaces(ctx context.Context) ([]string, error)

	// Create makes a workspace without a state.
	Create(ctx context.Context, workspace string) error

	// Delete removes a workspace and its state.
	Delete(ctx context.Context, workspace string) error

	// Holder tells who holds the lock of a workspace; nil if nobody does.
	Holder(ctx context.Context, workspace string) (*Holder, error)

	// Unlock takes the lock with that id away from whoever holds it.
	Unlock(ctx context.Context, workspace, id string) error

	// Where names the place of a workspace's state for people.
	Where(workspace string) string
}

// A Place is where the state of one workspace is kept, while this process holds
// its lock.
type Place interface {
	// Load returns what is stored, no bytes if nothing is.
	Load(ctx context.Context) ([]byte, error)

	// Save stores raw in place of old, which is what was loaded or saved last. It
	// does so whole or not at all.
	Save(ctx context.Context, raw, old []byte) error

	// Release gives the lock back.
	Release(ctx context.Context) error

	// String names the place for people.
	String() string
}

// Options say how to open a store.
type Options struct {
	// Version is the Terraform version that this program claims; it is written
	// into new snapshots.
	Version string

	// Operation names what the lock is for, such as "OperationTypeApply".
	Operation string

	// NoLock leaves the state unlocked.
	NoLock bool

	// LockTimeout is how long to wait for another holder of the lock.
	LockTimeout time.Duration

	// Codec is the form of what is stored; nil is plain.
	Codec Codec

	// Archive is the folder that keeps the journals of the last runs; "" keeps
	// none.
	Archive string
}

// A Codec is the form in which states and journals are stored.
type Codec interface {
	// Encode and Decode turn a snapshot into bytes and back.
	Encode(f *state.File) ([]byte, error)
	Decode(raw []byte) (*state.File, error)

	// Seal and Open do so with a JSON document of a journal.
	Seal(doc []byte) ([]byte, error)
	Open(doc []byte) ([]byte, error)
}

// Plain is the form that everybody can read.
type Plain struct{}

// Encode implements [Codec].
func (Plain) Encode(f *state.File) ([]byte, error) { return f.Encode() }

// Decode implements [Codec].
func (Plain) Decode(raw []byte) (*state.File, error) { return state.Decode(raw) }

// Seal implements [Codec].
func (Plain) Seal(doc []byte) ([]byte, error) { return doc, nil }

// Open implements [Codec].
func (Plain) Open(doc []byte) ([]byte, error) { return doc, nil }

// Recovery is what opening a store found of an earlier run that was cut off.
type Recovery struct {
	Replayed   int            // steps that only the journal knew, now in the state
	Unfinished []state.Intent // changes that were begun and never came to an end
	Kept       string         // a journal that does not belong to this state, moved here
}

// LockError says that somebody else holds the lock of a state.
type LockError struct {
	Path   string
	Holder Holder // zero if the lock does not say
}

func (e *LockError) Error() string {
	if e.Holder.ID == "" {
		return fmt.Sprintf("the state %s is locked by another run", e.Path)
	}
	return fmt.Sprintf("the state %s is locked by another run: %s by %s since %s (lock %s)",
		e.Path, e.Holder.Operation, e.Holder.Who, e.Holder.Created.Local().Format(time.DateTime), e.Holder.ID)
}

// ErrHeld is what an attempt to take a lock fails with that somebody holds.
var ErrHeld = errors.New("the lock is held")

// Wait calls try until it succeeds, fails for good, or ErrHeld for as long as the
// timeout; between attempts it waits a second, then two, up to sixteen.
func Wait(ctx context.Context, timeout time.Duration, try func(context.Context) error) error {
	end := time.Now().Add(timeout)
	for delay := time.Second; ; delay = min(2*delay, 16*time.Second) {
		err := try(ctx)
		left := time.Until(end)
		if !errors.Is(err, ErrHeld) || left <= 0 {
			return err
		}
		wait := time.NewTimer(min(delay, left))
		select {
		case <-ctx.Done():
			wait.Stop()
			return err
		case <-wait.C:
		}
	}
}
