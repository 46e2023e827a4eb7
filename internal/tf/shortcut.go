package tf

import (
	"bytes"
	"context"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Shortcut is the framework's server with an answer of its own where nothing
// changes: to the check of a configuration without faults, to the reading of an
// object that is as the state has it, and to the plan for an object that is as
// the configuration wants it. For these the framework spends milliseconds to find
// out that it gives back what it was given. All else goes to the framework: an
// answer never differs from the one that it would give.
//
// settings returns what Configure gave to the types; nil before that. said is
// shared with other instances of this provider; nil for none.
func Shortcut(server tfprotov6.ProviderServer, types []func() resource.Resource, settings func() *Provider, said *Described) tfprotov6.ProviderServer {
	all := map[string]steady{}
	for _, one := range types {
		r := one()
		var named resource.MetadataResponse
		r.Metadata(context.Background(), resource.MetadataRequest{}, &named)
		if s, ok := r.(steady); ok {
			all[named.TypeName] = s
		}
	}
	whole, ok := server.(Server)
	if !ok {
		return server // a framework that offers less or more than this one is left alone
	}
	return &shortcut{Server: whole, types: all, settings: settings, said: said, running: map[int64]context.CancelFunc{}, slots: make(chan struct{}, atOnce)}
}

// Plain is the framework's server behind a shortcut.
func Plain(server tfprotov6.ProviderServer) tfprotov6.ProviderServer {
	if s, ok := server.(*shortcut); ok {
		return s.Server
	}
	return server
}

// A Server is all that the framework serves.
type Server interface {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer //nolint:staticcheck // part of ProviderServer in the next version
	tfprotov6.ActionServer       //nolint:staticcheck // as well
	tfprotov6.StateStoreServer   //nolint:staticcheck // as well
}

type shortcut struct {
	Server
	types    map[string]steady
	settings func() *Provider
	said     *Described

	mu      sync.Mutex
	running map[int64]context.CancelFunc // what StopProvider cancels
	last    atomic.Int64

	slots chan struct{} // one for each read under way
}

// atOnce is how many objects are read at the same time: more only takes memory,
// because they wait for each other's connections.
const atOnce = 64

// Current reports whether the state of a type, stored with that version of its
// schema, needs no upgrade: UpgradeResourceState would only check its shape.
func (s *shortcut) Current(typeName string, version int64) bool {
	t := s.of(typeName)
	return t != nil && t.version() == version
}

// of is the type of that name if it has shortcuts, else nil.
func (s *shortcut) of(typeName string) steady {
	t := s.types[typeName]
	if t == nil {
		return nil
	}
	if _, ok := t.shape(); !ok {
		return nil
	}
	return t
}

// ValidateResourceConfig implements the interface.
func (s *shortcut) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	if t := s.of(req.TypeName); t != nil {
		kind, _ := t.shape()
		var allowed validator.ValidateSchemaClientCapabilities
		if req.ClientCapabilities != nil {
			allowed.WriteOnlyAttributesAllowed = req.ClientCapabilities.WriteOnlyAttributesAllowed
		}
		if config, ok := object(req.Config, kind); ok && t.valid(ctx, config, allowed) {
			return &tfprotov6.ValidateResourceConfigResponse{}, nil
		}
	}
	return s.Server.ValidateResourceConfig(ctx, req)
}

// ReadResource implements the interface.
func (s *shortcut) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	p := s.settings()
	if t := s.of(req.TypeName); t != nil && p != nil && req.CurrentIdentity != nil {
		kind, _ := t.shape()
		state, ok := object(req.CurrentState, kind)
		id, identified := object(req.CurrentIdentity.IdentityData, t.identityKind())
		kept, simple := recollect(req.Private)
		if ok && identified && simple {
			found, same := s.look(ctx, t, p, state, id, kept)
			if same {
				return &tfprotov6.ReadResourceResponse{
					NewState: req.CurrentState, Private: orNone(req.Private), NewIdentity: req.CurrentIdentity,
				}, nil
			}
			ctx = context.WithValue(ctx, sightKey{}, found)
		}
	}
	return s.Server.ReadResource(ctx, req)
}

// look reads an object as soon as there is a slot.
func (s *shortcut) look(ctx context.Context, t steady, p *Provider, state, id tftypes.Value, kept *memory) (any, bool) {
	ctx, done := s.begin(ctx)
	defer done()
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done(): // the read finds out what to say of that
	}
	return t.same(ctx, p, state, id, kept)
}

// PlanResourceChange implements the interface.
func (s *shortcut) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	p := s.settings()
	if t := s.of(req.TypeName); t != nil && p != nil && req.PriorIdentity != nil {
		kind, _ := t.shape()
		prior, ok := object(req.PriorState, kind)
		config, written := object(req.Config, kind)
		proposed, proposes := prior, ok
		if !equivalent(req.PriorState, req.ProposedNewState) {
			proposed, proposes = object(req.ProposedNewState, kind)
		}
		kept, simple := recollect(req.PriorPrivate)
		if ok && written && proposes && simple {
			during, done := s.begin(ctx)
			stays := t.stays(during, p, prior, proposed, config, kept)
			done()
			if stays {
				return &tfprotov6.PlanResourceChangeResponse{
					PlannedState: req.PriorState, PlannedPrivate: orNone(req.PriorPrivate), PlannedIdentity: req.PriorIdentity,
				}, nil
			}
		}
	}
	return s.Server.PlanResourceChange(ctx, req)
}

// GenerateResourceConfig is the framework's, without what cannot be written together.
func (s *shortcut) GenerateResourceConfig(ctx context.Context, req *tfprotov6.GenerateResourceConfigRequest) (*tfprotov6.GenerateResourceConfigResponse, error) {
	resp, err := s.Server.GenerateResourceConfig(ctx, req)
	t := s.types[req.TypeName]
	if err != nil || t == nil || len(t.alone()) == 0 {
		return resp, err
	}
	kind, _ := t.shape()
	config, ok := object(resp.Config, kind)
	if !ok {
		return resp, nil
	}
	all := fields(config)
	for _, names := range t.alone() {
		if all[names[0]].IsNull() {
			continue
		}
		for _, other := range names[1:] {
			all[other] = tftypes.NewValue(kind.AttributeTypes[other], nil)
		}
	}
	raw, err := tfprotov6.NewDynamicValue(kind, tftypes.NewValue(kind, all))
	resp.Config = &raw
	return resp, err
}

// StopProvider implements the interface.
func (s *shortcut) StopProvider(ctx context.Context, req *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	s.mu.Lock()
	for _, cancel := range s.running {
		cancel()
	}
	s.mu.Unlock()
	return s.Server.StopProvider(ctx, req)
}

// object decodes a value; not ok if it is null, unknown or of another type.
func object(in *tfprotov6.DynamicValue, kind tftypes.Object) (tftypes.Value, bool) {
	if in == nil || len(in.MsgPack) == 0 {
		return tftypes.Value{}, false
	}
	v, err := in.Unmarshal(kind)
	return v, err == nil && v.IsKnown() && !v.IsNull()
}

// equivalent reports whether two values are the same without decoding them.
func equivalent(a, b *tfprotov6.DynamicValue) bool {
	return a != nil && b != nil && len(a.MsgPack) > 0 && (a == b || bytes.Equal(a.MsgPack, b.MsgPack))
}

// orNone is what the framework makes of nothing that is remembered.
func orNone(stored []byte) []byte {
	if len(stored) == 0 {
		return nil
	}
	return stored
}

// begin makes a context that StopProvider cancels.
func (s *shortcut) begin(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	n := s.last.Add(1)
	s.mu.Lock()
	s.running[n] = cancel
	s.mu.Unlock()
	return ctx, func() {
		s.mu.Lock()
		delete(s.running, n)
		s.mu.Unlock()
		cancel()
	}
}

// Shortcuts tells for each of these types whether it has shortcuts, for a test.
func Shortcuts(types []func() resource.Resource) map[string]bool {
	all := map[string]bool{}
	for _, one := range types {
		r := one()
		var named resource.MetadataResponse
		r.Metadata(context.Background(), resource.MetadataRequest{}, &named)
		s, ok := r.(steady)
		if ok {
			_, ok = s.shape()
		}
		all[named.TypeName] = ok
	}
	return all
}
