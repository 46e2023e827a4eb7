package lang

import (
	"context"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
)

// ExpandCall is the set of instances of a module call.
func (e *Eval) ExpandCall(ctx context.Context, name string) (*Expansion, hcl.Diagnostics) {
	return e.calls.Get(ctx, callID{e.Module, name})
}

func (t *Tree) nameCall(id callID) (string, *hcl.Range) {
	e := t.At(id.Module)
	c := e.mod.Calls[id.Name]
	return expansionLabel(e.label(c.String()), c.Repetition, &c.Range)
}

func (t *Tree) evalCall(ctx context.Context, id callID) (*Expansion, hcl.Diagnostics) {
	e := t.At(id.Module)
	c := e.mod.Calls[id.Name]
	return e.expand(ctx, e.label(c.String()), c.Repetition)
}

// Exists tells that the configuration has the module instance that e evaluates.
func (e *Eval) Exists(ctx context.Context) (bool, hcl.Diagnostics) {
	if e.caller == nil {
		return true, nil
	}
	ok, diags := e.caller.Exists(ctx)
	if !ok || diags.HasErrors() {
		return false, diags
	}
	x, diags := e.caller.ExpandCall(ctx, e.call.Name)
	if diags.HasErrors() {
		return false, diags
	}
	return x.Has(e.key), diags
}

// called is what the arguments of the call see.
func (e *Eval) called(ctx context.Context) (Within, hcl.Diagnostics) {
	if e.o.Static {
		return Anywhere(e.call.Repetition), nil
	}
	x, diags := e.caller.ExpandCall(ctx, e.call.Name)
	if diags.HasErrors() {
		return Within{}, diags
	}
	return x.Within(e.key), diags
}

// child evaluates the instance with that key of the call.
func (e *Eval) child(name string, key addr.Key) *Eval {
	if e.o.Static {
		key = nil
	}
	return e.At(e.Module.Child(name, key))
}

// Children are the instances of a call, once it is known which there are.
func (e *Eval) Children(ctx context.Context, name string) ([]*Eval, hcl.Diagnostics) {
	if e.o.Static {
		return []*Eval{e.child(name, nil)}, nil
	}
	x, diags := e.ExpandCall(ctx, name)
	if diags.HasErrors() {
		return nil, diags
	}
	out := make([]*Eval, len(x.Keys))
	for i, key := range x.Keys {
		out[i] = e.child(name, key)
	}
	return out, diags
}

// all is the object of all outputs.
func (e *Eval) all(ctx context.Context) (cty.Value, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	values := make(map[string]cty.Value, len(e.mod.Outputs))
	for name := range e.mod.Outputs {
		v, d := e.Output(ctx, name)
		diags = append(diags, d...)
		values[name] = v
	}
	return cty.ObjectVal(values), diags
}

// module is the value of all instances of a call: an object of outputs, or by
// count a tuple, or by for_each an object of them.
func (e *Eval) module(ctx context.Context, name string) (cty.Value, hcl.Diagnostics) {
	return e.modules.Get(ctx, moduleID{e.Module, name})
}

func (t *Tree) nameModule(id moduleID) (string, *hcl.Range) {
	e := t.At(id.Module)
	c := e.mod.Calls[id.Name]
	return e.label(c.String()), &c.Range
}

func (t *Tree) evalModule(ctx context.Context, id moduleID) (cty.Value, hcl.Diagnostics) {
	e := t.At(id.Module)
	if t.o.Static {
		v, diags := e.child(id.Name, nil).all(ctx)
		if c := e.mod.Calls[id.Name]; c.Repeated() || c.Enabled != nil {
			return cty.DynamicVal, diags
		}
		return v, diags
	}
	x, diags := e.ExpandCall(ctx, id.Name)
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	v := x.Collect(func(key addr.Key) cty.Value {
		v, d := e.child(id.Name, key).all(ctx)
		diags = append(diags, d...)
		return v
	})
	return v, diags
}

// Enter waits for what the calls around e depend on. All that a module does comes
// after that.
func (e *Eval) Enter(ctx context.Context) hcl.Diagnostics {
	if e.caller == nil {
		return nil
	}
	_, diags := e.entries.Get(ctx, entryID(e.Module))
	return diags
}

func (t *Tree) nameEntry(id entryID) (string, *hcl.Range) {
	e := t.At(addr.ModuleInstance(id))
	return string(id) + " (depends_on)", &e.call.Range
}

func (t *Tree) evalEntry(ctx context.Context, id entryID) (struct{}, hcl.Diagnostics) {
	e := t.At(addr.ModuleInstance(id))
	return struct{}{}, append(e.caller.Enter(ctx), e.caller.Wait(ctx, e.call.DependsOn)...)
}

// Wait evaluates what the references of a depends_on argument name, only to
// come after it.
func (e *Eval) Wait(ctx context.Context, traversals []hcl.Traversal) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, t := range traversals {
		r, d := RefOf(t)
		if !d.HasErrors() {
			d = e.wait(ctx, r)
		}
		diags = append(diags, d...)
	}
	return diags
}

func (e *Eval) wait(ctx context.Context, r Ref) (diags hcl.Diagnostics) {
	switch r.Root {
	case "resource":
		if diags = e.declared(r); diags.HasErrors() {
			return diags
		}
		if r.Resource.Mode == addr.Action {
			return hcl.Diagnostics{invalid(r, "Invalid depends_on reference", "An action is carried out only with a change that triggers it, so nothing can come after it. Depend on the resource whose action_trigger names it.")}
		}
		_, diags = e.o.Objects.Whole(ctx, e.Module.Resource(r.Resource))
	case "module":
		if diags = e.declared(r); !diags.HasErrors() {
			_, diags = e.ends.Get(ctx, endID{e.Module, r.Name})
		}
	case "var", "local":
		_, diags = e.resolve(ctx, r, Within{})
	default:
		diags = hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: "Invalid depends_on reference",
			Detail: "depends_on lists resources, data sources and modules that this module has.", Subject: &r.Range,
		}}
	}
	return diags
}

func (t *Tree) nameEnd(id endID) (string, *hcl.Range) {
	e := t.At(id.Module)
	c := e.mod.Calls[id.Name]
	return e.label(c.String()) + " (all of it)", &c.Range
}

func (t *Tree) evalEnd(ctx context.Context, id endID) (struct{}, hcl.Diagnostics) {
	children, diags := t.At(id.Module).Children(ctx, id.Name)
	for _, e := range children {
		_, d := e.all(ctx)
		diags = append(diags, d...)
		for r := range e.mod.Resources {
			if r.Mode == addr.Action {
				continue // it goes with the changes that trigger it
			}
			_, d := t.o.Objects.Whole(ctx, e.Module.Resource(r))
			diags = append(diags, d...)
		}
		for name := range e.mod.Calls {
			_, d := t.ends.Get(ctx, endID{e.Module, name})
			diags = append(diags, d...)
		}
	}
	return struct{}{}, diags
}

// moduleAccess is what one expression asks of one call.
type moduleAccess struct {
	whole cty.Value // cty.NilVal unless all of it is asked for
	one   map[string]cty.Value
	keyed map[string]*moduleAccess
}

func newModuleAccess() *moduleAccess {
	return &moduleAccess{one: map[string]cty.Value{}, keyed: map[string]*moduleAccess{}}
}

// value is the object by which the expression reaches the call. As with resources,
// an object of single instances stands in for a tuple too.
func (a *moduleAccess) value() cty.Value {
	if a.whole != cty.NilVal {
		return a.whole
	}
	values := a.one
	for key, x := range a.keyed {
		values[key] = x.value()
	}
	return cty.ObjectVal(values)
}

// accessModule adds what r asks for to into. A reference to one output of one
// instance needs only that.
func (e *Eval) accessModule(ctx context.Context, into map[string]*moduleAccess, r Ref, in Within) hcl.Diagnostics {
	if diags := e.declared(r); diags.HasErrors() {
		return diags
	}
	a := into[r.Name]
	if a == nil {
		a = newModuleAccess()
		into[r.Name] = a
	}
	call := e.mod.Calls[r.Name]
	key, diags := e.keyOf(ctx, r, in)
	if diags.HasErrors() {
		return diags
	}
	switch {
	case key == nil && r.KeyExpr == nil && call.Repeated() && r.Attr != "":
		return hcl.Diagnostics{missingKey(r, call.String(), call.Repetition)}
	case key == nil && (call.Repeated() || r.KeyExpr != nil) || call.Enabled != nil:
		a.whole, diags = e.module(ctx, r.Name)
		return diags
	case key == nil && r.Attr == "":
		a.whole, diags = e.module(ctx, r.Name)
		return diags
	case key == nil:
		return a.output(ctx, e.child(r.Name, nil), r)
	case !call.Repeated():
		return hcl.Diagnostics{unexpectedKey(r, call.String())}
	}
	if !e.o.Static {
		x, diags := e.ExpandCall(ctx, r.Name)
		if diags.HasErrors() {
			return diags
		}
		found := false
		if key, found = x.find(key); !found {
			return nil // indexing reports it, in a way that try and can handle
		}
	}
	one := a.keyed[keyText(key)]
	if one == nil {
		one = newModuleAccess()
		a.keyed[keyText(key)] = one
	}
	child := e.child(r.Name, key)
	if r.Attr == "" {
		one.whole, diags = child.all(ctx)
		return diags
	}
	return one.output(ctx, child, r)
}

func (a *moduleAccess) output(ctx context.Context, child *Eval, r Ref) hcl.Diagnostics {
	if child.mod.Outputs[r.Attr] == nil {
		return hcl.Diagnostics{undeclared(r, "output", r.Attr, config.Suggest(r.Attr, outputNames(child.mod)), "Declare it there, or mend the reference.")}
	}
	v, diags := child.Output(ctx, r.Attr)
	a.one[r.Attr] = v
	if why := child.mod.Outputs[r.Attr].Deprecated; why != "" {
		warning := invalid(r, "Deprecated output", fmt.Sprintf("The output %q of the module in %s is deprecated: %s", r.Attr, child.mod.Dir, why))
		warning.Severity = hcl.DiagWarning
		diags = append(diags, warning)
	}
	return diags
}

func outputNames(m *config.Module) func(func(string) bool) {
	return func(yield func(string) bool) {
		for name := range m.Outputs {
			if !yield(name) {
				return
			}
		}
	}
}
