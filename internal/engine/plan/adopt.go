package plan

import (
	"context"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
)

// Adopt reads the object that an import block wants for the resource r of the
// root module, and describes it by the arguments that a block for it would have:
// as its provider says, or else all that the object has, sensitive parts
// included. Of the options, those that say what to do play no part.
func (p *Program) Adopt(ctx context.Context, o Options, r addr.Resource) (config cty.Value, schema *plugin.Schema, diags hcl.Diagnostics) {
	o.Mode, o.NoRefresh, o.Replace = RefreshOnly, true, nil
	pl := p.planner(o)
	defer func() { diags = append(diags, pl.Close(ctx)...) }()
	block := r.In("")
	all, diags := pl.evalImports(ctx, importsID(block))
	if diags.HasErrors() {
		return cty.NilVal, nil, diags
	}
	a := addr.Instance{Resource: r}
	w, ok := all[a]
	compiled := p.resources[block]
	if !ok || len(all) != 1 || compiled == nil {
		return cty.NilVal, nil, append(diags, &hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: "No configuration can be generated",
			Detail: fmt.Sprintf("The imports lead to instances of %s with keys, but only a block without count and for_each can be written for you. Write the block.", r),
		})
	}
	provider, more := pl.ProviderFor(ctx, a, compiled.Provider)
	if diags = append(diags, more...); diags.HasErrors() {
		return cty.NilVal, nil, diags
	}
	found, more := pl.fetch(ctx, provider, compiled, a, w, &Importing{ID: text(w.id)})
	if diags = append(diags, more...); diags.HasErrors() {
		return cty.NilVal, nil, diags
	}
	config = found.Value
	if p.generates(compiled.Provider.Provider) {
		config, more = provider.Generated(ctx, r.Type, found.Value)
		if diags = append(diags, pl.Locate(more, compiled, a)...); diags.HasErrors() {
			return cty.NilVal, nil, diags
		}
	}
	return config, compiled.Schema, diags
}

// text is a string that may not be there.
func text(v cty.Value) string {
	if v == cty.NilVal || v.IsNull() {
		return ""
	}
	return v.AsString()
}
