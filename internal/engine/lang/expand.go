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
)

// Expansion is the set of instances that a resource stands for.
type Expansion struct {
	Keys   []addr.Key           // sorted; one nil key for a resource that is not repeated
	values map[string]cty.Value // each.value by key
	kind   string               // "", "count" or "for_each"
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
	return x.kind == ""
}

// Repetition is "count", "for_each" or empty.
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
	return e.expansions.Get(ctx, ExpansionID(r))
}

func (e *Eval) nameExpansion(id ExpansionID) (string, *hcl.Range) {
	r := e.mod.Resources[addr.Resource(id)]
	switch {
	case r.Count != nil:
		at := r.Count.Range()
		return r.Addr.String() + " (count)", &at
	case r.ForEach != nil:
		at := r.ForEach.Range()
		return r.Addr.String() + " (for_each)", &at
	}
	return r.Addr.String() + " (instances)", &r.Range
}

func (e *Eval) evalExpansion(ctx context.Context, id ExpansionID) (*Expansion, hcl.Diagnostics) {
	r := e.mod.Resources[addr.Resource(id)]
	switch {
	case r.Count != nil:
		return e.expandCount(ctx, r.Addr, r.Count)
	case r.ForEach != nil:
		return e.expandForEach(ctx, r.Addr, r.ForEach)
	}
	return &Expansion{Keys: []addr.Key{nil}}, nil
}

// maxCount guards against a typing error that would eat all memory.
const maxCount = 1_000_000

func (e *Eval) expandCount(ctx context.Context, r addr.Resource, x hcl.Expression) (*Expansion, hcl.Diagnostics) {
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
	if v.IsMarked() {
		return fail("count must not be sensitive: the number of instances cannot be hidden. Use nonsensitive() if the number is no secret.")
	}
	switch {
	case v.IsNull():
		return fail("count is null. Give a whole number from 0.")
	case !v.IsKnown():
		if e.static {
			return out, diags
		}
		return fail(fmt.Sprintf("The number of instances of %s depends on values that are known only after apply, so it cannot be planned. Make count depend on variables or on what the configuration says, not on what the provider computes.", r))
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

func (e *Eval) expandForEach(ctx context.Context, r addr.Resource, x hcl.Expression) (*Expansion, hcl.Diagnostics) {
	out := &Expansion{kind: "for_each", values: map[string]cty.Value{}}
	at := x.Range()
	v, diags := e.Expr(ctx, x, cty.DynamicPseudoType, Within{})
	if diags.HasErrors() {
		return out, diags
	}
	fail := func(detail string) (*Expansion, hcl.Diagnostics) {
		return out, append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Invalid for_each", Detail: detail, Subject: &at, Expression: x})
	}
	unknown := fmt.Sprintf("The keys of for_each of %s depend on values that are known only after apply, so its instances cannot be planned. Use keys that the configuration itself says, and put what is known later into the values of a map.", r)
	ty := v.Type()
	switch {
	case v.HasMark(Ephemeral):
		return fail("for_each must not be ephemeral: its keys become part of addresses, which are kept in the plan and in the state.")
	case v.IsMarked():
		return fail("for_each must not be sensitive: its keys become part of addresses, which are shown. Use nonsensitive() if they are no secret.")
	case v.IsNull():
		return fail("for_each is null. Give a map or a set of strings; an empty one makes no instance.")
	case !v.IsKnown():
		if e.static {
			return out, diags
		}
		return fail(unknown)
	case ty.IsMapType() || ty.IsObjectType():
		for key, value := range v.AsValueMap() {
			out.values[key] = value
		}
	case ty.IsSetType():
		if !v.IsWhollyKnown() {
			if e.static {
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
