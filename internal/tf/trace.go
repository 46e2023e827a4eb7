package tf

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// This file has what a create notes in the journal of an engine that keeps one, and
// what the next create of the same block makes of it, if the run was cut off before
// the engine could record the object.

// A trace is what a create notes: first, that nothing stands where it is about to make
// something, and at its end, before the mark comes off, which object it made.
type trace struct {
	Mark string `json:"mark"`         // the value of MarkerKey on what is made
	ID   string `json:"id,omitempty"` // of the complete object
}

type notesKey struct{}

// notes are a create's place in the engine's journal.
type notes struct {
	earlier *trace // of the run that was cut off; nil for none
	known   bool   // what stands is the object of that trace
	write   func([]byte) error
}

// notesOf returns the place in the journal; nil with an engine that keeps none.
func notesOf(ctx context.Context) *notes {
	n, _ := ctx.Value(notesKey{}).(*notes)
	return n
}

// sure reports whether what stands was recognized.
func (n *notes) sure() bool { return n != nil && n.known }

// earlier is the trace of the run that was cut off while it created this very object;
// nil if there was none.
func earlier(ctx context.Context) *trace {
	if n := notesOf(ctx); n != nil {
		return n.earlier
	}
	return nil
}

// note writes a trace into the journal. It is safe there when note returns.
func note(ctx context.Context, id string) error {
	n := notesOf(ctx)
	if n == nil {
		return nil
	}
	text, err := json.Marshal(trace{Mark: Marker(ctx), ID: id})
	if err == nil {
		err = n.write(text)
	}
	if err != nil {
		return fmt.Errorf("noting what is created: %w", err)
	}
	return nil
}

// unnote takes back what was noted: nothing is left of it.
func unnote(ctx context.Context) error {
	if n := notesOf(ctx); n != nil {
		return n.write(nil)
	}
	return nil
}

// Recorded reports whether the object of that id is the one that an earlier run had
// completed for this block when it was cut off, as the engine's journal says.
func Recorded(ctx context.Context, id string) bool {
	e := earlier(ctx)
	return e != nil && e.ID != "" && e.ID == id
}

// marks tells that a create notes in the engine's journal what it makes.
func (t Type[C, M]) marks() bool { return t.Find != nil || t.Finish != nil }

// Notes reports whether the creates of a type make notes, the first one before they
// make anything: an object that stands where an intent has none is somebody else's.
func (s *shortcut) Notes(typeName string) bool {
	t := s.types[typeName]
	return t != nil && t.marks()
}

// ApplyNoted is ApplyResourceChange for an engine that keeps a journal. write stores a
// note beside the intent of the change, and returns when it is safe; nil takes it
// back. earlier is the last note that a run which was cut off left of the same change,
// nil for none. Notes are the provider's, JSON without secrets.
func (s *shortcut) ApplyNoted(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest, earlier []byte, write func([]byte) error) (*tfprotov6.ApplyResourceChangeResponse, error) {
	n := &notes{write: write}
	if len(earlier) > 0 {
		t := &trace{}
		if json.Unmarshal(earlier, t) == nil && t.Mark != "" { // else of another version
			n.earlier = t
		}
	}
	return s.ApplyResourceChange(context.WithValue(ctx, notesKey{}, n), req)
}
