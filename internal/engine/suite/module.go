package suite

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
)

// prepare is the program that a run tests: its module, with the providers of the
// file in place of the module's own ones, and doubles where there are any.
func (x *execution) prepare(ctx context.Context, r *Run, names *hcl.EvalContext) (*plan.Program, hcl.Diagnostics) {
	m, diags := x.o.Load(filepath.Join(x.o.Dir, r.module))
	if diags.HasErrors() {
		return nil, diags
	}
	doubles, more := x.providers(m, r, names)
	if diags = append(diags, more...); diags.HasErrors() {
		return nil, diags
	}
	overrides := slices.Concat(r.overrides, x.f.overrides) // the first one counts
	for _, o := range overrides {
		if o.block == "override_module" {
			diags = append(diags, overrideModule(m, o, names)...)
		}
	}
	if diags.HasErrors() {
		return nil, diags
	}
	program, more := plan.Compile(ctx, m, x.o.Servers)
	if diags = append(diags, more...); diags.HasErrors() {
		return nil, diags
	}
	if len(doubles)+len(overrides) == 0 {
		return program, diags
	}
	c := &cast{program: program, servers: x.o.Servers, names: names, doubles: doubles, overrides: overrides, stands: map[addr.Instance]*plugin.Provider{}}
	diags = append(diags, c.check()...)
	program.Substitute(c.provider)
	return program, diags
}

// providers puts the provider blocks that count for the run into its module, and
// returns those that are doubles.
func (x *execution) providers(m *config.Module, r *Run, names *hcl.EvalContext) (map[addr.ProviderConfig]*double, hcl.Diagnostics) {
	wanted := r.providers
	if wanted == nil {
		wanted = map[config.ProviderRef]config.ProviderRef{}
		for ref := range x.f.providers {
			if needs(m, m.ProviderAddr(ref.Name)) {
				wanted[ref] = ref
			}
		}
	}
	doubles := map[addr.ProviderConfig]*double{}
	var diags hcl.Diagnostics
	m.Providers = maps.Clone(m.Providers)
	for inside, outside := range wanted {
		p := x.f.providers[outside]
		if p == nil {
			if m.Providers[outside] != nil { // one of the configuration itself
				block := *m.Providers[outside]
				block.Ref = inside
				m.Providers[inside] = &block
				continue
			}
			at := r.Range
			diags = append(diags, &hcl.Diagnostic{
				Severity: hcl.DiagError, Summary: "Unknown provider configuration",
				Detail:  fmt.Sprintf("The run %q is to use the provider %s, but neither %s nor the configuration has a block for it.", r.Name, outside, x.f.Path),
				Subject: &at,
			})
			continue
		}
		block := &config.Provider{Ref: inside, Range: p.at}
		if p.double != nil {
			block.Body = doubleBody{p.at}
			doubles[addr.ProviderConfig{Provider: m.ProviderAddr(inside.Name), Alias: inside.Alias}] = p.double
		} else {
			block.Body = boundBody{p.body, names}
		}
		m.Providers[inside] = block
	}
	return doubles, diags
}

// needs tells that m or a module below it has something of a provider.
func needs(m *config.Module, provider addr.Provider) bool {
	for x := range m.All() {
		for _, r := range x.Required {
			if r.Provider == provider {
				return true
			}
		}
		for _, r := range x.Resources {
			if x.ProviderAddr(r.LocalProvider().Name) == provider {
				return true
			}
		}
	}
	return false
}

// overrideModule puts a module without anything but given outputs in the place of
// the one that o names.
func overrideModule(root *config.Module, o *override, names *hcl.EvalContext) hcl.Diagnostics {
	fail := func(detail string) hcl.Diagnostics {
		return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Invalid target", Detail: detail, Subject: &o.at}}
	}
	m := root
	var call string
	for i := 0; i < len(o.target); i += 2 {
		if i > 0 {
			m = m.Children[call]
		}
		word, ok := stepName(o.target[i])
		name, fine := "", false
		if i+1 < len(o.target) {
			name, fine = stepName(o.target[i+1])
		}
		if !ok || !fine || word != "module" {
			return fail(fmt.Sprintf("The target of an override_module block is a module, such as module.a.module.b, without keys: all instances get the same outputs. %s is none.", text(o.target)))
		}
		if call = name; m.Children[call] == nil {
			return fail(fmt.Sprintf("The configuration has no module at %s.", text(o.target)))
		}
	}
	given, diags := valuesOf(o.values, names)
	if diags.HasErrors() {
		return diags
	}
	child := *m.Children[call]
	child.Resources, child.Calls, child.Children, child.Locals = nil, nil, nil, nil
	outputs := child.Outputs
	child.Outputs = map[string]*config.Output{}
	for name, out := range outputs {
		v := member(given, name)
		if v == cty.NilVal {
			v = cty.NullVal(cty.DynamicPseudoType)
		}
		child.Outputs[name] = &config.Output{Name: name, Expr: hcl.StaticExpr(v, o.at), Sensitive: out.Sensitive, Range: out.Range}
	}
	if given != cty.NilVal {
		for it := given.ElementIterator(); it.Next(); {
			if key, _ := it.Element(); outputs[key.AsString()] == nil {
				diags = append(diags, &hcl.Diagnostic{
					Severity: hcl.DiagWarning, Summary: "Value without effect",
					Detail:  fmt.Sprintf("%s has no output %q.%s", text(o.target), key.AsString(), config.Suggest(key.AsString(), maps.Keys(outputs))),
					Subject: &o.at,
				})
			}
		}
	}
	m.Children = maps.Clone(m.Children)
	m.Children[call] = &child
	return diags
}

func stepName(step hcl.Traverser) (string, bool) {
	switch step := step.(type) {
	case hcl.TraverseRoot:
		return step.Name, true
	case hcl.TraverseAttr:
		return step.Name, true
	}
	return "", false
}

// valuesOf evaluates the values that a block gives: an object, or cty.NilVal.
func valuesOf(v *values, names *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	if v == nil || v.expr == nil {
		return cty.NilVal, nil
	}
	out, diags := v.expr.Value(names)
	if diags.HasErrors() {
		return cty.NilVal, diags
	}
	out, _ = out.UnmarkDeep()
	if ty := out.Type(); out.IsNull() || !out.IsWhollyKnown() || !ty.IsObjectType() && !ty.IsMapType() {
		at := v.expr.Range()
		return cty.NilVal, append(diags, &hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: "Invalid values",
			Detail: "The values of a double are an object: the name of each attribute, and what it is to be.", Subject: &at,
		})
	}
	return out, diags
}
