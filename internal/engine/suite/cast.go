package suite

import (
	"fmt"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
)

// cast knows which objects of a program are in the hands of doubles.
type cast struct {
	program   *plan.Program
	servers   plan.Servers
	names     *hcl.EvalContext
	doubles   map[addr.ProviderConfig]*double
	overrides []*override // of the run, then of the file

	mu     sync.Mutex
	stands map[addr.Instance]*plugin.Provider
}

// provider is the double for the object at a, or nil if its own provider is to
// be asked (plan.Substitute).
func (c *cast) provider(a addr.Instance, config addr.ProviderConfig) *plugin.Provider {
	d := c.doubles[config]
	o := c.overridden(a, d)
	if d == nil && o == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stands[a] == nil {
		c.stands[a] = c.stand(a, config.Provider, d, o)
	}
	return c.stands[a]
}

// overridden is the block that says what the object at a is to be, or nil.
func (c *cast) overridden(a addr.Instance, d *double) *override {
	all := c.overrides
	if d != nil {
		all = append(all[:len(all):len(all)], d.overrides...)
	}
	for _, o := range all {
		if (o.block == "override_data") != (a.Resource.Mode == addr.Data) || o.block == "override_module" {
			continue
		}
		if t := text(o.target); t == a.String() || t == a.Config().String() || t == a.Of().String() {
			return o
		}
	}
	return nil
}

// stand makes a double.
func (c *cast) stand(a addr.Instance, provider addr.Provider, d *double, o *override) *plugin.Provider {
	schemas := c.program.Schemas(provider)
	server, err := c.servers[provider]()
	if err != nil || schemas == nil {
		return nil // then the real provider reports it
	}
	s := &stand{ProviderServer: server, schemas: schemas, of: func(data bool, typeName string) given {
		v, planned := c.given(data, typeName, d, o)
		return given{v, planned}
	}}
	out := plugin.New(provider.Display()+" (double)", s)
	out.Adopt(schemas)
	return out
}

// given are the values for an object: those of its own block before those for its
// type.
func (c *cast) given(data bool, typeName string, d *double, o *override) (v cty.Value, planned bool) {
	var blocks []*values
	if d != nil {
		planned = d.planned
		if data {
			blocks = append(blocks, d.data[typeName])
		} else {
			blocks = append(blocks, d.resources[typeName])
		}
	}
	if o != nil {
		blocks = append(blocks, o.values)
	}
	all := map[string]cty.Value{}
	for _, b := range blocks {
		if b == nil {
			continue
		}
		if b.planned != nil {
			planned = *b.planned
		}
		if one, diags := valuesOf(b, c.names); !diags.HasErrors() && one != cty.NilVal { // check has reported what is wrong
			for it := one.ElementIterator(); it.Next(); {
				key, part := it.Element()
				all[key.AsString()] = part
			}
		}
	}
	return cty.ObjectVal(all), planned
}

// check evaluates all values, and warns of those that nothing comes of.
func (c *cast) check() hcl.Diagnostics {
	var diags hcl.Diagnostics
	one := func(v *values, schema *plugin.Schema, what string) {
		given, more := valuesOf(v, c.names)
		diags = append(diags, more...)
		if given == cty.NilVal || schema == nil {
			return
		}
		if left := surplus(&schema.Block, given); len(left) > 0 {
			diags = append(diags, &hcl.Diagnostic{
				Severity: hcl.DiagWarning, Summary: "Value without effect",
				Detail:  fmt.Sprintf("The provider does not compute %s of %s, so the value given for it is not used.", strings.Join(left, ", "), what),
				Subject: &v.at,
			})
		}
	}
	for config, d := range c.doubles {
		schemas := c.program.Schemas(config.Provider)
		if schemas == nil {
			continue // nothing in the module is of it
		}
		for _, name := range sorted(d.resources) {
			one(d.resources[name], schemas.Resources[name], name)
		}
		for _, name := range sorted(d.data) {
			one(d.data[name], schemas.Data[name], "data."+name)
		}
		diags = append(diags, c.checkTargets(d.overrides, one)...)
	}
	return append(diags, c.checkTargets(c.overrides, one)...)
}

func (c *cast) checkTargets(overrides []*override, one func(*values, *plugin.Schema, string)) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, o := range overrides {
		if o.block == "override_module" {
			continue
		}
		a, err := addr.ParseInstance(text(o.target))
		if err != nil || (o.block == "override_data") != (a.Resource.Mode == addr.Data) {
			diags = append(diags, &hcl.Diagnostic{
				Severity: hcl.DiagError, Summary: "Invalid target",
				Detail:  fmt.Sprintf("The target of an %s block is a resource or an instance of one, such as TYPE.NAME or data.TYPE.NAME[0]. %s is none.", o.block, text(o.target)),
				Subject: &o.at,
			})
			continue
		}
		if r := c.program.Resource(a); r != nil { // it may be of another run's module
			one(o.values, r.Schema, text(o.target))
		}
	}
	return diags
}
