package lang

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
)

// Expansion is the set of instances that a resource or a module call stands for.
type Expansion struct {
	Keys   []addr.Key           // sorted; one nil key for a resource that is not repeated
	values map[string]cty.Value // each.value by key
	kind   string               // "", "count", "for_each" or "enabled"
}

// Has tells that there is an instance with that key.
func (x *Expansion) Has(key addr.Key) bool {
	switch k := key.(type) {
	case addr.IntKey:
		return x.kind == "count" && int(k) < len(x.Keys)
	case addr.StringKey:
		_, ok := x.values[string(k)]
		return ok
	}
	return len(x.Keys) > 0 && x.Keys[0] == nil
}

// Repetition is "count", "for_each", "enabled" or empty.
func (x *Expansion) Repetition() string { return x.kind }

// Within is what the instance with that key sees.
func (x *Expansion) Within(key addr.Key) Within {
	in := Within{Key: key}
	if k, ok := key.(addr.StringKey); ok {
		in.Each = x.values[string(k)]
	}
	return in
}

// Collect builds the value of the whole resource from those of its instances.
func (x *Expansion) Collect(value func(addr.Key) cty.Value) cty.Value {
	switch x.kind {
	case "count":
		values := make([]cty.Value, len(x.Keys))
		for i, k := range x.Keys {
			values[i] = value(k)
		}
		return cty.TupleVal(values)
	case "for_each":
		values := make(map[string]cty.Value, len(x.Keys))
		for _, k := range x.Keys {
			values[string(k.(addr.StringKey))] = value(k)
		}
		return cty.ObjectVal(values)
	}
	if len(x.Keys) == 0 {
		return cty.NullVal(cty.DynamicPseudoType)
	}
	return value(nil)
}

// find is the key that indexing by key leads to: expressions may write an index
// as text and the other way round.
func (x *Expansion) find(key addr.Key) (addr.Key, bool) {
	switch k := key.(type) {
	case addr.IntKey:
		if x.kind == "for_each" {
			key = addr.StringKey(strconv.Itoa(int(k)))
		}
	case addr.StringKey:
		if n, err := strconv.Atoi(string(k)); err == nil && n >= 0 && x.kind == "count" {
			key = addr.IntKey(n)
		}
	}
	return key, x.Has(key)
}

// Expand is the set of instances of r.
func (e *Eval) Expand(ctx context.Context, r addr.Resource) (*Expansion, hcl.Diagnostics) {
	return e.expansions.Get(ctx, ExpansionID{e.Module, r})
}

func (t *Tree) nameExpansion(id ExpansionID) (string, *hcl.Range) {
	e := t.At(id.Module)
	r := e.mod.Resources[id.Resource]
	return expansionLabel(e.label(r.Addr.String()), r.Repetition, &r.Range)
}

// ExpandProvider is the set of instances of a provider block with for_each.
func (e *Eval) ExpandProvider(ctx context.Context, ref config.ProviderRef) (*Expansion, hcl.Diagnostics) {
	return e.providers.Get(ctx, providerID{e.Module, ref})
}

func (t *Tree) nameProvider(id providerID) (string, *hcl.Range) {
	e := t.At(id.module)
	at := e.mod.Providers[id.ref].ForEach.Range()
	return e.label("provider." + id.ref.String() + " (for_each)"), &at
}

func (t *Tree) evalProvider(ctx context.Context, id providerID) (*Expansion, hcl.Diagnostics) {
	e := t.At(id.module)
	return e.expandForEach(ctx, e.label("provider."+id.ref.String()), e.mod.Providers[id.ref].ForEach)
}

func expansionLabel(what string, r config.Repetition, block *hcl.Range) (string, *hcl.Range) {
	for _, x := range []struct {
		word string
		expr hcl.Expression
	}{{"count", r.Count}, {"for_each", r.ForEach}, {"enabled", r.Enabled}} {
		if x.expr != nil {
			at := x.expr.Range()
			return what + " (" + x.word + ")", &at
		}
	}
	return what + " (instances)", block
}

func (t *Tree) evalExpansion(ctx context.Context, id ExpansionID) (*Expansion, hcl.Diagnostics) {
	e := t.At(id.Module)
	r := e.mod.Resources[id.Resource]
	return e.expand(ctx, e.label(r.Addr.String()), r.Repetition)
}

func (e *Eval) expand(ctx context.Context, what string, r config.Repetition) (*Expansion, hcl.Diagnostics) {
	switch {
	case r.Count != nil:
		return e.expandCount(ctx, what, r.Count)
	case r.ForEach != nil:
		return e.expandForEach(ctx, what, r.ForEach)
	case r.Enabled != nil:
		return e.expandEnabled(ctx, what, r.Enabled)
	}
	return &Expansion{Keys: []addr.Key{nil}}, nil
}

func (e *Eval) expandEnabled(ctx context.Context, what string, x hcl.Expression) (*Expansion, hcl.Diagnostics) {
	out := &Expansion{kind: "enabled"}
	at := x.Range()
	v, diags := e.Expr(ctx, x, cty.Bool, Within{})
	if diags.HasErrors() {
		return out, diags
	}
	fail := func(detail string) (*Expansion, hcl.Diagnostics) {
		return out, append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Invalid enabled", Detail: detail, Subject: &at, Expression: x})
	}
	switch {
	case v.IsMarked():
		return fail("enabled must not be sensitive: whether there is an instance cannot be hidden. Use nonsensitive() if it is no secret.")
	case v.IsNull():
		return fail("enabled is null. Give true or false.")
	case !v.IsKnown() && e.o.Static:
	case !v.IsKnown():
		return fail(fmt.Sprintf("Whether %s exists depends on values that are known only after apply, so it cannot be planned. Make enabled depend on variables or on what the configuration says.", what))
	case v.True():
		out.Keys = []addr.Key{nil}
	}
	return out, diags
}

// maxCount guards against a typing error that would eat all memory.
const maxCount = 1_000_000

func (e *Eval) expandCount(ctx context.Context, what string, x hcl.Expression) (*Expansion, hcl.Diagnostics) {
	out := &Expansion{kind: "count"}
	at := x.Range()
	v, diags := e.Expr(ctx, x, cty.Number, Within{})
	if diags.HasErrors() {
		return out, diags
	}
	fail := func(detail string) (*Expansion, hcl.Diagnostics) {
		return out, append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Invalid count", Detail: detail, Subject: &at, Expression: x})
	}
	if v.HasMark(Ephemeral) {
		return fail("count must not be ephemeral: the number of instances has to be the same when the plan is applied.")
	}
	v, _ = v.Unmark() // a sensitive count is no secret: how many instances there are is plain to see
	switch {
	case v.IsNull():
		return fail("count is null. Give a whole number from 0.")
	case !v.IsKnown():
		if e.o.Static {
			return out, diags
		}
		return fail(fmt.Sprintf("The number of instances of %s depends on values that are known only after apply, so it cannot be planned. Make count depend on variables or on what the configuration says, not on what the provider computes.", what))
	}
	n, acc := v.AsBigFloat().Int64()
	switch {
	case acc != 0:
		return fail("count must be a whole number.")
	case n < 0:
		return fail("count must not be negative.")
	case n > maxCount:
		return fail(fmt.Sprintf("count must not be more than %d.", maxCount))
	}
	for i := range n {
		out.Keys = append(out.Keys, addr.IntKey(i))
	}
	return out, diags
}

func (e *Eval) expandForEach(ctx context.Context, what string, x hcl.Expression) (*Expansion, hcl.Diagnostics) {
	out := &Expansion{kind: "for_each", values: map[string]cty.Value{}}
	at := x.Range()
	v, diags := e.Expr(ctx, x, cty.DynamicPseudoType, Within{})
	if diags.HasErrors() {
		return out, diags
	}
	fail := func(detail string) (*Expansion, hcl.Diagnostics) {
		return out, append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Invalid for_each", Detail: detail, Subject: &at, Expression: x})
	}
	unknown := fmt.Sprintf("The keys of for_each of %s depend on values that are known only after apply, so its instances cannot be planned. Use keys that the configuration itself says, and put what is known later into the values of a map.", what)
	ty := v.Type()
	switch {
	case v.HasMark(Ephemeral):
		return fail("for_each must not be ephemeral: its keys become part of addresses, which are kept in the plan and in the state.")
	case v.IsMarked():
		return fail("for_each must not be sensitive: its keys become part of addresses, which are shown. Use nonsensitive() if they are no secret.")
	case v.IsNull():
		return fail("for_each is null. Give a map or a set of strings; an empty one makes no instance.")
	case !v.IsKnown():
		if e.o.Static {
			return out, diags
		}
		return fail(unknown)
	case ty.IsMapType() || ty.IsObjectType():
		for key, value := range v.AsValueMap() {
			out.values[key] = value
		}
	case ty.IsSetType():
		if !v.IsWhollyKnown() {
			if e.o.Static {
				return out, diags
			}
			return fail(unknown)
		}
		for _, element := range v.AsValueSlice() {
			if element.IsNull() || element.Type() != cty.String {
				return fail(fmt.Sprintf("for_each takes a set of strings, none of them null, but this is a %s. Convert it with toset() and tostring().", ty.FriendlyName()))
			}
			out.values[element.AsString()] = element
		}
	default:
		return fail(fmt.Sprintf("for_each takes a map, an object or a set of strings, but this is a %s. Convert a list of strings with toset().", ty.FriendlyName()))
	}
	for _, key := range slices.SortedFunc(maps.Keys(out.values), strings.Compare) {
		out.Keys = append(out.Keys, addr.StringKey(key))
	}
	return out, diags
}

// ImportValues is what the instances of an import block see. x is its for_each,
// nil for one instance that sees nothing: a map, an object, a set, or a list.
func (e *Eval) ImportValues(ctx context.Context, x hcl.Expression) ([]Within, hcl.Diagnostics) {
	if x == nil {
		return []Within{{}}, nil
	}
	if e.o.Static {
		_, diags := e.Expr(ctx, x, cty.DynamicPseudoType, Within{})
		return []Within{{each: true}}, diags
	}
	v, diags := e.Expr(ctx, x, cty.DynamicPseudoType, Within{})
	if diags.HasErrors() {
		return nil, diags
	}
	at := x.Range()
	fail := func(detail string) ([]Within, hcl.Diagnostics) {
		return nil, append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Invalid for_each", Detail: detail, Subject: &at, Expression: x})
	}
	switch {
	case v.IsMarked():
		return fail("for_each of an import must be neither sensitive nor ephemeral: its keys are shown.")
	case v.IsNull():
		return fail("for_each is null. Give a map, a set or a list; an empty one imports nothing.")
	case !v.IsKnown() || v.Type().IsSetType() && !v.IsWhollyKnown():
		return fail("for_each of an import depends on values that are known only after apply. Use what the configuration itself says.")
	case !v.CanIterateElements():
		return fail(fmt.Sprintf("for_each of an import takes a map, a set or a list, but this is a %s.", v.Type().FriendlyName()))
	}
	var out []Within
	for it := v.ElementIterator(); it.Next(); {
		key, value := it.Element()
		out = append(out, Within{eachKey: key, Each: value})
	}
	return out, diags
}
