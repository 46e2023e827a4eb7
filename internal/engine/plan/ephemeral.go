package plan

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
)

// leases are the ephemeral resources that a session has opened and not closed,
// in the order of opening.
type leases struct {
	mu    sync.Mutex
	all   []*lease
	diags hcl.Diagnostics // of renewals
}

// lease is one open ephemeral resource. It is renewed when its provider says so.
type lease struct {
	resource *Resource
	instance addr.Instance
	provider *plugin.Provider
	hook     Hook

	mu     sync.Mutex // held while it is renewed, and by who closes it
	opened plugin.Opened
	timer  *time.Timer
	closed bool
}

// planEphemeral opens an ephemeral resource. If it needs what is not there yet,
// nothing is known of it, and applying opens it.
func (p *planner) planEphemeral(ctx context.Context, r *Resource, a addr.Instance) (cty.Value, hcl.Diagnostics) {
	in, config, diags := p.ephemeralConfig(ctx, r, a)
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	if !config.Value.IsWhollyKnown() || p.opts.Mode != Destroy && p.pending(r, a.Module) {
		return cty.UnknownVal(r.Schema.Type).Mark(lang.Ephemeral), diags
	}
	v, more := p.open(ctx, r, a, in, config, p.hook)
	return v, append(diags, more...)
}

// Ephemeral opens an ephemeral resource while applying.
func (s *Session) Ephemeral(ctx context.Context, r *Resource, a addr.Instance, hook Hook) (cty.Value, hcl.Diagnostics) {
	in, config, diags := s.ephemeralConfig(ctx, r, a)
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	if !config.Value.IsWhollyKnown() { // what it needs is being destroyed
		return cty.UnknownVal(r.Schema.Type).Mark(lang.Ephemeral), diags
	}
	v, more := s.open(ctx, r, a, in, config, hook)
	return v, append(diags, more...)
}

func (s *Session) ephemeralConfig(ctx context.Context, r *Resource, a addr.Instance) (lang.Within, Configuration, hcl.Diagnostics) {
	x, diags := s.Eval(a.Module).Expand(ctx, a.Resource)
	if diags.HasErrors() {
		return lang.Within{}, Configuration{}, diags
	}
	in := x.Within(a.Key)
	if diags = s.Before(ctx, r, a, in); diags.HasErrors() {
		return in, Configuration{}, diags
	}
	config, more := s.Configuration(ctx, r, a, in)
	return in, config, append(diags, more...)
}

func (s *Session) open(ctx context.Context, r *Resource, a addr.Instance, in lang.Within, config Configuration, hook Hook) (cty.Value, hcl.Diagnostics) {
	provider, diags := s.ProviderFor(ctx, a, r.Provider)
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	if ctx.Err() != nil {
		return cty.DynamicVal, append(diags, interrupted())
	}
	event := Event{Addr: a, Step: Opening}
	hook.Started(event)
	opened, more := provider.Open(ctx, a.Resource.Type, config.Value)
	more = s.Locate(more, r, a)
	failed := more.HasErrors()
	if !failed {
		s.hold(&lease{resource: r, instance: a, provider: provider, hook: hook, opened: opened})
		if opened.Value.IsNull() || !opened.Value.IsWhollyKnown() {
			more = append(more, s.Bug(r, a, "Invalid result of the provider", "the ephemeral resource is absent or not wholly known"))
		} else {
			for _, p := range unfaithful(&r.Schema.Block, cty.NullVal(r.Schema.Type), config.Value, opened.Value) {
				more = append(more, s.Bug(r, a, "Invalid result of the provider", fmt.Sprintf("%s is %s", PathString(p.path), p.text)))
			}
		}
	}
	hook.Finished(event, more)
	if diags = append(diags, more...); diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	v := Marked(r.Schema, opened.Value, config.Marks).Mark(lang.Ephemeral)
	in.Self = v
	return v, append(diags, s.Eval(a.Module).Require(ctx, lang.OfInstance(a), r.Lifecycle.Postconditions, "Postcondition of "+a.String()+" failed", in)...)
}

// hold keeps what was opened until Close.
func (s *Session) hold(l *lease) {
	l.mu.Lock()
	l.schedule(s)
	l.mu.Unlock()
	s.leases.mu.Lock()
	defer s.leases.mu.Unlock()
	s.leases.all = append(s.leases.all, l)
}

// schedule has the lease renewed when it is due. l.mu is held.
func (l *lease) schedule(s *Session) {
	if !l.opened.RenewAt.IsZero() && !l.closed {
		l.timer = time.AfterFunc(time.Until(l.opened.RenewAt), func() { l.renew(s) })
	}
}

func (l *lease) renew(s *Session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	event := Event{Addr: l.instance, Step: Renewing}
	l.hook.Started(event)
	renewed, diags := l.provider.Renew(context.Background(), l.instance.Resource.Type, l.opened)
	diags = s.Locate(diags, l.resource, l.instance)
	l.hook.Finished(event, diags)
	s.leases.mu.Lock()
	s.leases.diags = append(s.leases.diags, diags...)
	s.leases.mu.Unlock()
	if !diags.HasErrors() {
		l.opened = renewed
		l.schedule(s)
	}
}

// Close gives back all ephemeral resources that are open, the last one first. It
// is called when nothing is going to need them any more, even after errors. The
// diagnostics are also those of renewals since the session began.
func (s *Session) Close(ctx context.Context) hcl.Diagnostics {
	ctx = context.WithoutCancel(ctx)
	s.leases.mu.Lock()
	all := s.leases.all
	s.leases.all = nil
	s.leases.mu.Unlock()
	var diags hcl.Diagnostics
	for _, l := range slices.Backward(all) {
		l.mu.Lock()
		l.closed = true
		if l.timer != nil {
			l.timer.Stop()
		}
		event := Event{Addr: l.instance, Step: Closing}
		l.hook.Started(event)
		more := s.Locate(l.provider.Close(ctx, l.instance.Resource.Type, l.opened), l.resource, l.instance)
		l.hook.Finished(event, more)
		diags = append(diags, more...)
		l.mu.Unlock()
	}
	s.leases.mu.Lock()
	defer s.leases.mu.Unlock()
	diags = append(s.leases.diags, diags...)
	s.leases.diags = nil
	return diags
}

// forgetful refuses ephemeral values where r would have to keep them, and leaves
// the marks of the others out: only a write-only attribute may have them, and
// blocks of which nothing is kept.
func (s *Session) forgetful(r *Resource, instance addr.Instance, marks []cty.PathValueMarks) (kept []cty.PathValueMarks, gone []cty.Path, diags hcl.Diagnostics) {
	for _, m := range marks {
		if _, ok := m.Marks[lang.Ephemeral]; !ok {
			kept = append(kept, m)
			continue
		}
		gone = append(gone, m.Path)
		if r.Addr.Mode != addr.Ephemeral && r.Addr.Mode != addr.Action && r.Addr.Mode != addr.List && !r.Schema.WriteOnly(m.Path) {
			at := r.Range
			if place := placeOf(r.block.Body(), m.Path); place != nil {
				at = *place
			}
			what := "its arguments are kept in the state"
			if len(m.Path) > 0 {
				what = fmt.Sprintf("%q is no write-only attribute and is kept in the state", PathString(m.Path))
			}
			diags = append(diags, &hcl.Diagnostic{
				Severity: hcl.DiagError, Summary: "Invalid use of an ephemeral value",
				Detail:  fmt.Sprintf("An ephemeral value must not be kept, but in %s %s. Use a write-only attribute if there is one.", instance, what),
				Subject: &at, Extra: About{Addr: instance.String(), Path: m.Path},
			})
		}
		rest := cty.ValueMarks{}
		for mark := range m.Marks {
			if mark != lang.Ephemeral {
				rest[mark] = struct{}{}
			}
		}
		if len(rest) > 0 {
			kept = append(kept, cty.PathValueMarks{Path: m.Path, Marks: rest})
		}
	}
	return kept, gone, diags
}
