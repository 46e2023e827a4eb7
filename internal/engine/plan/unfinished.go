package plan

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// Announce describes an object that is about to be created, so that a later run can
// find it if this one is cut off: by its identity, as far as the plan knows that,
// and by what is planned, unknown values left out. Both are cty JSON, or nil.
func Announce(s *plugin.Schema, planned cty.Value) (identity, known json.RawMessage) {
	if s.Identity == cty.NilType || !planned.Type().IsObjectType() || planned.IsNull() {
		return nil, nil
	}
	out := map[string]cty.Value{}
	for name, ty := range s.Identity.AttributeTypes() {
		out[name] = cty.NullVal(ty)
		if !planned.Type().HasAttribute(name) {
			continue
		}
		v, err := convert.Convert(planned.GetAttr(name), ty)
		if err == nil && v.IsWhollyKnown() {
			out[name] = v
		}
	}
	for _, name := range s.IdentityRequired {
		if out[name].IsNull() {
			return nil, nil
		}
	}
	plain, err := cty.Transform(planned, func(_ cty.Path, v cty.Value) (cty.Value, error) {
		if !v.IsKnown() {
			return cty.NullVal(v.Type()), nil
		}
		return v, nil
	})
	if err != nil {
		return nil, nil
	}
	if identity, err = ctyjson.Marshal(cty.ObjectVal(out), s.Identity); err != nil {
		return nil, nil
	}
	if known, err = ctyjson.Marshal(s.WithoutWriteOnly(plain), s.Type); err != nil {
		return nil, nil
	}
	return identity, known
}

// unfinished is the object that a run created which was cut off before it could
// record that, or nil. Only an object that is all that was planned is taken for it:
// another one of that name may be somebody else's.
func (p *planner) unfinished(ctx context.Context, r *Resource, a addr.Instance) (*object, *Importing, hcl.Diagnostics) {
	var begun *state.Intent
	for i, x := range p.opts.Unfinished {
		if x.Addr == a && x.Action == "create" && x.Identity != nil && x.Planned != nil {
			begun = &p.opts.Unfinished[i]
		}
	}
	if begun == nil || r.Schema.Identity == cty.NilType {
		return nil, nil, nil
	}
	identity, err := ctyjson.Unmarshal(begun.Identity, r.Schema.Identity)
	if err != nil {
		return nil, nil, nil //nolint:nilerr // of another version of the provider
	}
	planned, err := ctyjson.Unmarshal(begun.Planned, r.Schema.Type)
	if err != nil {
		return nil, nil, nil //nolint:nilerr // as above
	}
	provider, diags := p.Provider(ctx, r.Provider)
	if diags.HasErrors() {
		return nil, nil, diags
	}
	found, more := provider.ImportIdentity(ctx, a.Resource.Type, identity)
	if more.HasErrors() {
		return nil, nil, nil // it was not created
	}
	read, more := provider.Read(ctx, a.Resource.Type, found)
	if more.HasErrors() || read.Value.IsNull() || !keeps(planned, read.Value) {
		return nil, nil, nil
	}
	stored, err := Record(r.Schema, read, nil)
	if err != nil {
		return nil, nil, hcl.Diagnostics{StateFailure(a, err)}
	}
	p.next.Put(state.Entry{Addr: a, Provider: r.Provider, Object: stored})
	return &object{Prior: Prior{Object: read}, provider: r.Provider, schema: r.Schema, stored: stored}, &Importing{Identity: identity}, nil
}

// keeps tells whether found has every value that was planned; nulls were unknown or
// left to the provider, and sets cannot be compared element by element.
func keeps(planned, found cty.Value) bool {
	switch ty := planned.Type(); {
	case planned.IsNull():
		return true
	case found.IsNull() || !found.IsKnown():
		return false
	case ty.IsSetType():
		return planned.LengthInt() == found.LengthInt()
	case ty.IsObjectType() || ty.IsMapType():
		have := found.AsValueMap()
		for name, v := range planned.AsValueMap() {
			if h, ok := have[name]; !ok || !keeps(v, h) {
				return false
			}
		}
		return true
	case ty.IsListType() || ty.IsTupleType():
		have := found.AsValueSlice()
		for i, v := range planned.AsValueSlice() {
			if i >= len(have) || !keeps(v, have[i]) {
				return false
			}
		}
		return true
	}
	return planned.RawEquals(found)
}
