package plan

import (
	"context"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
)

// choose finds where the instances of r choose among those of a provider block
// with for_each, and refuses to choose where there is nothing to choose from.
func (p *Program) choose(m *config.Module, r *Resource, by *config.Choice) hcl.Diagnostics {
	if own := r.Resource.Provider; own != nil && own.Key != nil {
		by = &config.Choice{Module: m, Key: own.Key}
	}
	at := r.ProviderRange()
	repeated := false
	var diags hcl.Diagnostics
	if holder := p.modules[r.Provider.Module]; holder != nil {
		b := holder.ProviderBlock(r.Provider)
		repeated = b != nil && b.ForEach != nil
		if repeated && holder == m && r.ForEach != nil && m.Text(b.ForEach.Range()) == m.Text(r.ForEach.Range()) {
			diags = append(diags, &hcl.Diagnostic{
				Severity: hcl.DiagWarning, Summary: "Provider and object have the same for_each", Subject: b.ForEach.Range().Ptr(),
				Detail: fmt.Sprintf("When an element is taken from the collection, %s loses the configuration that is needed to destroy what was made with it. Give the provider a collection that keeps the element until the object is gone.", r.Addr),
			})
		}
	}
	switch {
	case repeated && by == nil:
		return hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: "Provider instance not chosen", Subject: &at,
			Detail: fmt.Sprintf("%s is made by %s, which has for_each set. Choose one of its instances, as in %s[each.key].", r.Addr, r.Provider, r.LocalProvider()),
		}}
	case !repeated && by != nil:
		return hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: "Unexpected provider instance key", Subject: &at,
			Detail: fmt.Sprintf("%s is made by %s, which has no for_each, so there is nothing to choose from. Remove the key.", r.Addr, r.Provider),
		}}
	}
	r.choice = by
	return diags
}

// Placed is r as its instance a has it: with the one provider configuration that
// a is made by.
func (s *Session) Placed(ctx context.Context, r *Resource, a addr.Instance) (*Resource, hcl.Diagnostics) {
	if r.choice == nil {
		return r, nil
	}
	eval, in, diags := s.chooser(ctx, r, a)
	if diags.HasErrors() {
		return r, diags
	}
	v, more := eval.Expr(ctx, r.choice.Key, cty.DynamicPseudoType, in)
	if diags = append(diags, more...); diags.HasErrors() {
		return r, diags
	}
	at := r.choice.Key.Range()
	bare, _ := v.Unmark()
	key, err := addr.KeyOf(bare)
	if k, ok := key.(addr.IntKey); ok {
		key = addr.StringKey(fmt.Sprint(int(k)))
	}
	if err != nil || v.IsMarked() {
		return r, append(diags, &hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: "Invalid provider instance key", Subject: &at,
			Detail: fmt.Sprintf("Which provider makes %s must be known when planning, and is shown: the key has to be a known text that is neither sensitive nor ephemeral.", a),
		})
	}
	out := *r
	out.Provider.Key = key
	return &out, diags
}

// chooser is what evaluates the key by which a's provider is chosen.
func (s *Session) chooser(ctx context.Context, r *Resource, a addr.Instance) (*lang.Eval, lang.Within, hcl.Diagnostics) {
	if r.choice.Call == nil {
		eval := s.Eval(a.Module)
		x, diags := eval.Expand(ctx, a.Resource)
		if diags.HasErrors() {
			return eval, lang.Within{}, diags
		}
		return eval, x.Within(a.Key), diags
	}
	// The call that chose is around a's module: find the instance of it that a is in.
	for at := a.Module; at != ""; {
		around, name, key := at.Parent()
		if around.Config() == r.choice.Module.Path && name == r.choice.Call.Name {
			eval := s.Eval(around)
			x, diags := eval.ExpandCall(ctx, name)
			if diags.HasErrors() {
				return eval, lang.Within{}, diags
			}
			return eval, x.Within(key), diags
		}
		at = around
	}
	return s.Eval(""), lang.Within{}, nil
}

// bare is the block that configures c.
func bareProvider(c addr.ProviderConfig) addr.ProviderConfig {
	c.Key = nil
	return c
}

// withinProvider is what the arguments of the provider block of c see.
func (s *Session) withinProvider(ctx context.Context, c addr.ProviderConfig) (lang.Within, hcl.Diagnostics) {
	var b *config.Provider
	if m := s.modules[c.Module]; m != nil {
		b = m.ProviderBlock(bareProvider(c))
	}
	if b == nil || b.ForEach == nil && c.Key == nil {
		return lang.Within{}, nil
	}
	fail := func(detail string) (lang.Within, hcl.Diagnostics) {
		return lang.Within{}, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Provider instance not present", Detail: detail, Subject: &b.Range}}
	}
	if b.ForEach == nil || c.Key == nil {
		return fail(fmt.Sprintf("The state has objects that were made with %s, but now the block stands for other instances. Bring it back until they are destroyed.", c))
	}
	x, diags := s.Eval(addr.ModuleInstance(c.Module)).ExpandProvider(ctx, b.Ref)
	if diags.HasErrors() {
		return lang.Within{}, diags
	}
	if !x.Has(c.Key) {
		return fail(fmt.Sprintf("%s is needed, but for_each of the block has no such key. Objects that were made with it can be destroyed only while it is there: remove the key after they are gone.", c))
	}
	return x.Within(c.Key), diags
}
