package plan

import (
	"context"
	"slices"
	"sync"

	"github.com/hashicorp/hcl/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// walk asks for everything, all at once, so that every read can begin as soon as
// what it needs is there.
func (p *planner) walk(ctx context.Context) hcl.Diagnostics {
	w := newWalk()
	if len(p.opts.Invoke) > 0 {
		for name := range p.Module.Variables {
			w.ask(func() hcl.Diagnostics { _, d := p.Eval("").Variable(ctx, name); return d })
		}
		w.ask(func() hcl.Diagnostics { return p.planInvoked(ctx) })
		return w.wait()
	}
	entries := slices.DeleteFunc(p.prior.Entries(), func(e state.Entry) bool { return !p.only.has(e.Addr) })
	for _, e := range entries {
		if e.Addr.Resource.Mode == addr.Data { // read anew, or gone; nothing is read before this
			p.next.Put(state.Entry{Addr: e.Addr})
		}
	}
	if p.opts.Mode != Destroy {
		p.visit(ctx, w, p.Eval(""))
	}
	for _, e := range entries {
		if e.Addr.Resource.Mode == addr.Data {
			continue
		}
		w.ask(func() (diags hcl.Diagnostics) {
			id := objectID{e.Addr, e.Deposed}
			_, diags = p.objects.Get(ctx, id)
			_, more := p.removals.Get(ctx, removalID(id))
			return append(diags, more...)
		})
	}
	return w.wait()
}

// visit asks for all that is in a module instance, and in those that it calls.
func (p *planner) visit(ctx context.Context, w *walk, e *lang.Eval) {
	m := e.Config()
	root := m.Parent == nil
	if root || !p.only.partial() { // else those that are needed
		for name := range m.Variables {
			w.ask(func() hcl.Diagnostics { _, d := e.Variable(ctx, name); return d })
		}
	}
	for name := range m.Outputs {
		if root && p.only.output(p.Program, name, p.opts.Mode) || !root && !p.only.partial() {
			w.ask(func() hcl.Diagnostics { _, d := e.Output(ctx, name); return d })
		}
	}
	if !p.only.partial() {
		for name := range m.Locals {
			w.ask(func() hcl.Diagnostics { _, d := e.Local(ctx, name); return d })
		}
	}
	for r, declared := range m.Resources {
		if block := r.In(m.Path); declared.Check != "" || r.Mode == addr.Action || r.Mode == addr.List || p.resources[block] == nil || !p.only.some(block) {
			continue
		}
		w.ask(func() hcl.Diagnostics {
			x, diags := e.Expand(ctx, r)
			if diags.HasErrors() {
				return diags
			}
			for _, key := range x.Keys {
				a := e.Module.Resource(r).Instance(key)
				if p.only.has(a) {
					w.ask(func() hcl.Diagnostics { return p.planned(ctx, a) })
				}
			}
			return diags
		})
	}
	for name := range m.Calls {
		if !p.only.someIn(p.Program, m.Path.Child(name)) {
			continue
		}
		w.ask(func() hcl.Diagnostics {
			children, diags := e.Children(ctx, name)
			for _, child := range children {
				p.visit(ctx, w, child)
			}
			return diags
		})
	}
}

// planned asks for an instance and for what its change triggers.
func (p *planner) planned(ctx context.Context, a addr.Instance) hcl.Diagnostics {
	_, diags := p.instances.Get(ctx, instanceID(a))
	if diags.HasErrors() || p.opts.Mode != Normal || len(p.resources[a.Config()].Lifecycle.Triggers) == 0 {
		return diags
	}
	_, more := p.triggers.Get(ctx, triggersID(a))
	return append(diags, more...)
}

// walk is a set of questions asked at the same time.
type walk struct {
	wg    sync.WaitGroup
	open  chan struct{} // holds as many as there are open questions
	mu    sync.Mutex
	diags hcl.Diagnostics
}

// manyOpen is how many questions are open at most. It is far more than any API
// answers at the same time, so that reads which can be answered together meet.
const manyOpen = 1000

func newWalk() *walk { return &walk{open: make(chan struct{}, manyOpen)} }

// ask begins a question at once, as long as not too many are open: each takes a
// stack of its own. Nothing can be stuck for that: what an open question needs, and
// nobody has begun, it answers itself.
func (w *walk) ask(question func() hcl.Diagnostics) {
	w.wg.Go(func() {
		w.open <- struct{}{}
		defer func() { <-w.open }()
		diags := question()
		w.mu.Lock()
		defer w.mu.Unlock()
		w.diags = append(w.diags, diags...)
	})
}

func (w *walk) wait() hcl.Diagnostics {
	w.wg.Wait()
	return w.diags
}
