package state

import (
	"encoding/json"
	"fmt"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
)

// Intent announces a call of a provider that may change a remote object. If the
// program dies before the matching Commit, the next run can say what may be
// left half-made.
type Intent struct {
	Addr     addr.Instance
	Deposed  string              // the deposed object that is worked on, or empty
	Provider addr.ProviderConfig // of an object that is created, or empty
	Action   string              // "create", "update" or "delete"
	Identity json.RawMessage     // the planned identity as cty JSON, or nil
	Note     json.RawMessage     // what the provider said last of what it is at, or nil
	Planned  json.RawMessage     // what is planned, as cty JSON with nulls for unknown values, or nil
}

// Log keeps each step of an apply where no crash can lose it. Both methods
// return once the record is safe, and may be called from many goroutines.
type Log interface {
	// Intend is called before a provider is asked to change an object, and again
	// with each note of the provider's. It replaces what was intended with it before.
	Intend(Intent) error

	// Commit is called with what became of it, after Put. Entries with a nil
	// object are places that are empty now. One call is one atomic step.
	Commit(...Entry) error
}

// entryJSON is an Entry as a log keeps it. The instance has the form of the
// state file, index key and deposed key included.
type entryJSON struct {
	Addr     string          `json:"addr"`
	Deposed  string          `json:"deposed,omitempty"`
	Provider string          `json:"provider,omitempty"`
	Instance json.RawMessage `json:"instance,omitempty"`
}

// MarshalJSON writes the entry for a log.
func (e Entry) MarshalJSON() ([]byte, error) {
	out := entryJSON{Addr: e.Addr.String(), Deposed: e.Deposed}
	if e.Provider != (addr.ProviderConfig{}) {
		out.Provider = e.Provider.String()
	}
	if e.Object != nil {
		var err error
		if out.Instance, err = encodeInstance(e); err != nil {
			return nil, err
		}
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads an entry from a log.
func (e *Entry) UnmarshalJSON(data []byte) error {
	var in entryJSON
	err := json.Unmarshal(data, &in)
	if err != nil {
		return err
	}
	*e = Entry{Deposed: in.Deposed}
	if e.Addr, err = addr.ParseInstance(in.Addr); err != nil {
		return err
	}
	if in.Provider != "" {
		if e.Provider, err = addr.ParseProviderConfig(in.Provider); err != nil {
			return err
		}
	}
	if in.Instance == nil {
		return nil
	}
	var raw fields
	if err := json.Unmarshal(in.Instance, &raw); err != nil {
		return err
	}
	if _, _, e.Object, err = decodeInstance(raw); err != nil {
		return fmt.Errorf("%s: %w", e.Addr, err)
	}
	return nil
}
