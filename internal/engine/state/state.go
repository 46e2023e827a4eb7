// Package state holds what is known of the deployed resources: the state in
// memory, safe for many goroutines of one apply, and its file format, version 4
// of Terraform's, read and written so that either tool can go on where the
// other stopped.
//
// It must not know providers, schemas, configuration or where the file is kept:
// attribute values stay raw JSON until someone who has the type decodes them.
package state

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"sync"

	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
)

// State is the set of known objects and output values. All methods may be
// called from many goroutines at once. Objects are immutable once put: to
// change one, put another.
type State struct {
	mu        sync.RWMutex
	resources map[addr.Instance]*resource // by address without key
	outputs   map[string]Output
	checks    json.RawMessage
	extra     extra
}

// resource is what the objects of one resource share.
type resource struct {
	provider addr.ProviderConfig
	objects  map[slot]*Object
	keyed    map[slot]addr.ProviderConfig // of objects made by one instance of a provider block with for_each
	extra    extra
}

// providerOf is what made the object in that place.
func (r *resource) providerOf(at slot) addr.ProviderConfig {
	if p, ok := r.keyed[at]; ok {
		return p
	}
	return r.provider
}

// place notes what made the object in that place.
func (r *resource) place(at slot, p addr.ProviderConfig) {
	delete(r.keyed, at)
	if p.Key == nil {
		r.provider = p
		return
	}
	if r.keyed == nil {
		r.keyed = map[slot]addr.ProviderConfig{}
	}
	r.keyed[at] = p
}

// slot is one place for an object within a resource.
type slot struct {
	key     addr.Key
	deposed string
}

// Entry is one object with its place: the current object of an instance, or a
// deposed one that waits to be destroyed.
type Entry struct {
	Addr     addr.Instance
	Deposed  string // 8 hex digits, empty for the current object
	Provider addr.ProviderConfig
	Object   *Object
}

// Output is the value of a root module output.
type Output struct {
	Value     cty.Value // unmarked and wholly known
	Sensitive bool
	extra     extra
}

// New is an empty state.
func New() *State {
	return &State{resources: map[addr.Instance]*resource{}, outputs: map[string]Output{}}
}

// Get is the current object at a, or nil.
func (s *State) Get(a addr.Instance) *Object { return s.GetDeposed(a, "") }

// GetDeposed is the deposed object of a with that key, or nil.
func (s *State) GetDeposed(a addr.Instance, key string) *Object {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if r := s.resources[bare(a)]; r != nil {
		return r.objects[slot{a.Key, key}]
	}
	return nil
}

// Provider is the provider configuration that the resource of a was last
// applied by, or empty when the resource is unknown.
func (s *State) Provider(a addr.Instance) addr.ProviderConfig {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if r := s.resources[bare(a)]; r != nil {
		return r.providerOf(slot{key: a.Key})
	}
	return addr.ProviderConfig{}
}

// Put stores e.Object in its place, or empties the place if it is nil. A zero
// e.Provider leaves the resource's provider as it is. A resource goes with its
// last object.
func (s *State) Put(e Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, at := bare(e.Addr), slot{e.Addr.Key, e.Deposed}
	r := s.resources[id]
	if e.Object == nil {
		if r != nil {
			delete(r.objects, at)
			delete(r.keyed, at)
			if len(r.objects) == 0 {
				delete(s.resources, id)
			}
		}
		return
	}
	if r == nil {
		r = &resource{objects: map[slot]*Object{}}
		s.resources[id] = r
	}
	if e.Provider != (addr.ProviderConfig{}) {
		r.place(at, e.Provider)
	}
	r.objects[at] = e.Object
}

// Entries lists every object in the order of the file: by address, the current
// object before the deposed ones.
func (s *State) Entries() []Entry {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []Entry
	for id, r := range s.resources {
		out = append(out, r.entries(id)...)
	}
	slices.SortFunc(out, compareEntries)
	return out
}

// Instances lists the objects of one resource, a's key left aside.
func (s *State) Instances(a addr.Instance) []Entry {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r := s.resources[bare(a)]
	if r == nil {
		return nil
	}
	out := r.entries(a)
	slices.SortFunc(out, compareEntries)
	return out
}

func (r *resource) entries(id addr.Instance) []Entry {
	out := make([]Entry, 0, len(r.objects))
	for at, o := range r.objects {
		id.Key = at.key
		out = append(out, Entry{Addr: id, Deposed: at.deposed, Provider: r.providerOf(at), Object: o})
	}
	return out
}

func compareEntries(a, b Entry) int {
	return cmp.Or(a.Addr.Compare(b.Addr), cmp.Compare(a.Deposed, b.Deposed))
}

// bare is a without its instance key.
func bare(a addr.Instance) addr.Instance {
	a.Key = nil
	return a
}

// NewDeposedKey is a key that no object of a has yet.
func (s *State) NewDeposedKey(a addr.Instance) string {
	for {
		var b [4]byte
		_, _ = rand.Read(b[:]) // never fails
		if key := hex.EncodeToString(b[:]); s.GetDeposed(a, key) == nil {
			return key
		}
	}
}

// Outputs is a copy of the root module's output values.
func (s *State) Outputs() map[string]Output {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return maps.Clone(s.outputs)
}

// SetOutputs replaces all output values.
func (s *State) SetOutputs(outputs map[string]Output) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outputs = maps.Clone(outputs)
	if s.outputs == nil {
		s.outputs = map[string]Output{}
	}
}

// Checks is the raw `check_results` of the file, null when there are none.
func (s *State) Checks() json.RawMessage {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.checks
}

// SetChecks replaces `check_results`.
func (s *State) SetChecks(raw json.RawMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checks = raw
}

// Clone is an independent copy, a snapshot of this moment.
func (s *State) Clone() *State {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := &State{
		resources: make(map[addr.Instance]*resource, len(s.resources)),
		outputs:   maps.Clone(s.outputs),
		checks:    s.checks,
		extra:     s.extra,
	}
	for id, r := range s.resources {
		out.resources[id] = &resource{provider: r.provider, objects: maps.Clone(r.objects), keyed: maps.Clone(r.keyed), extra: r.extra}
	}
	return out
}

// Empty tells that there is neither an object nor an output.
func (s *State) Empty() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.resources) == 0 && len(s.outputs) == 0
}
