package config

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
)

// Call is a module block: the use of another module in this one.
type Call struct {
	Name    string
	Source  hcl.Expression
	Version hcl.Expression // nil if not given
	Repetition
	DependsOn []hcl.Traversal
	Range     hcl.Range

	// Providers are the configurations that the called module gets, by its own
	// names for them. Nil if none are named: then it shares the default ones.
	Providers map[ProviderRef]*ProviderUse

	// Args are the values for the called module's variables.
	Args hcl.Attributes

	body hcl.Body // Args before overrides are settled
}

// String is how the module refers to the call.
func (c *Call) String() string { return "module." + c.Name }

var callSchema = &hcl.BodySchema{
	Attributes: []hcl.AttributeSchema{
		{Name: "source"}, {Name: "version"}, {Name: "providers"},
		{Name: "count"}, {Name: "for_each"}, {Name: "depends_on"},
	},
	Blocks: []hcl.BlockHeaderSchema{{Type: "lifecycle"}, {Type: "locals"}, {Type: "provider", LabelNames: []string{"type"}}},
}

func (l *loader) call(b *hcl.Block) {
	name := b.Labels[0]
	c := l.m.Calls[name]
	var at *hcl.Range
	if c != nil {
		at = &c.Range
	}
	if !l.declare("module", name, b.DefRange, at) {
		return
	}
	content, body, diags := b.Body.PartialContent(callSchema)
	l.diags = append(l.diags, diags...)
	body = unread(body, callSchema)
	if c == nil {
		c = &Call{Name: name, Range: b.DefRange, body: body}
		l.m.Calls[name] = c
	} else {
		c.body = overrideBody{c.body, body}
	}
	if a := content.Attributes["source"]; a != nil {
		c.Source = a.Expr
	}
	if a := content.Attributes["version"]; a != nil {
		c.Version = a.Expr
	}
	if c.Source == nil {
		l.fail(b.Body.MissingItemRange(), "Missing required argument", "The argument \"source\" is required in %s: it says where the module is.", c)
		delete(l.m.Calls, name)
		return
	}
	l.repetition(&c.Repetition, c.String(), content)
	if a := content.Attributes["depends_on"]; a != nil {
		c.DependsOn = l.dependsOn(a)
	}
	if a := content.Attributes["providers"]; a != nil {
		l.passed(c, a)
	}
	for _, nested := range content.Blocks {
		if nested.Type == "lifecycle" {
			l.callLifecycle(c, nested)
			continue
		}
		l.fail(nested.DefRange, "Reserved block name", "The block name %q is reserved for later versions of the language.", nested.Type)
	}
}

// unread is what is left of body, which does not tell of the blocks in its native
// syntax that were read already.
func unread(body hcl.Body, read *hcl.BodySchema) hcl.Body {
	native, ok := body.(*hclsyntax.Body)
	if !ok {
		return body
	}
	out := *native
	out.Blocks = slices.DeleteFunc(slices.Clone(native.Blocks), func(b *hclsyntax.Block) bool {
		return slices.ContainsFunc(read.Blocks, func(h hcl.BlockHeaderSchema) bool { return h.Type == b.Type })
	})
	return &out
}

var callLifecycleSchema = &hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "enabled"}}}

func (l *loader) callLifecycle(c *Call, b *hcl.Block) {
	content := l.content(b.Body, callLifecycleSchema)
	l.enabled(&c.Repetition, c.String(), content)
}

// passed reads the argument providers.
func (l *loader) passed(c *Call, a *hcl.Attribute) {
	pairs, diags := hcl.ExprMap(a.Expr)
	l.diags = append(l.diags, diags...)
	c.Providers = map[ProviderRef]*ProviderUse{}
	for _, p := range pairs {
		inside := l.providerRef(p.Key)
		outside := l.providerRef(p.Value)
		if inside == nil || outside == nil {
			continue
		}
		if inside.Key != nil {
			l.fail(p.Key.Range(), "Invalid provider reference", "On the left of an entry of providers there is a name, and an alias if it has one, as the called module knows them.")
			continue
		}
		if c.Providers[inside.Ref] != nil {
			l.fail(p.Key.Range(), "Declared twice", "The provider configuration %s is given to %s twice. Remove one entry.", inside.Ref, c)
			continue
		}
		c.Providers[inside.Ref] = outside
	}
}

// settle finds the arguments of every call, once all overrides are read.
func (m *Module) settle() hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, c := range m.sortedCalls() {
		attrs, d := c.body.JustAttributes()
		diags = append(diags, d...)
		c.Args = attrs
	}
	return diags
}

func (m *Module) sortedCalls() []*Call {
	return slices.SortedFunc(maps.Values(m.Calls), func(a, b *Call) int { return comparePlaces(a.Range, b.Range) })
}

// checkCall compares what c gives with what the called module takes.
func (m *Module) checkCall(c *Call) hcl.Diagnostics {
	child := m.Children[c.Name]
	var diags hcl.Diagnostics
	fail := func(at hcl.Range, summary, detail string, args ...any) {
		diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(detail, args...), Subject: &at})
	}
	for _, name := range slices.Sorted(maps.Keys(c.Args)) {
		if child.Variables[name] == nil {
			fail(c.Args[name].NameRange, "Unsupported argument", "The module in %s has no variable %q.%s", child.Dir, name, Suggest(name, maps.Keys(child.Variables)))
		} else if why := child.Variables[name].Deprecated; why != "" {
			at := c.Args[name].NameRange
			diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: "Deprecated variable", Detail: fmt.Sprintf("The variable %q of the module in %s is deprecated: %s", name, child.Dir, why), Subject: &at})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(child.Variables)) {
		v := child.Variables[name]
		if v.Required() && c.Args[name] == nil {
			fail(c.Range, "Missing required argument", "%s does not give the argument %q, which has no default: it is declared at %s:%d.", c, name, v.Range.Filename, v.Range.Start.Line)
		}
	}
	for _, r := range child.required() {
		for _, alias := range r.Aliases {
			if c.Providers[alias] == nil {
				fail(c.Range, "Missing provider configuration", "The module in %s needs a provider configuration that it calls %s. Pass one: providers = { %s = … }.", child.Dir, alias, alias)
			}
		}
	}
	for ref, use := range c.Providers {
		inside, outside := child.ProviderAddr(ref.Name), m.ProviderAddr(use.Ref.Name)
		switch {
		case inside != outside:
			fail(use.Range, "Another provider", "The module in %s means the provider %s by %s, but %s here is %s.", child.Dir, inside.Display(), ref, use.Ref, outside.Display())
		case ref.Alias != "" && !child.takes(ref):
			fail(use.Range, "Unknown provider configuration", "The module in %s has no provider configuration %s. It would have to list it in configuration_aliases.", child.Dir, ref)
		}
	}
	if own := child.ownProviders(); len(own) > 0 && (c.Repeated() || len(c.DependsOn) > 0) {
		fail(c.Range, "Module cannot be repeated", "The module in %s has a provider block of its own, at %s:%d, so %s can have neither count nor for_each nor depends_on. Move the block into the root module, and pass it with providers.",
			child.Dir, own[0].Range.Filename, own[0].Range.Start.Line, c)
	}
	return diags
}

// takes tells that m lists ref in configuration_aliases, or declares it.
func (m *Module) takes(ref ProviderRef) bool {
	r := m.Required[ref.Name]
	return m.Providers[ref] != nil || r != nil && slices.Contains(r.Aliases, ref)
}

func (m *Module) required() []*Requirement {
	return slices.SortedFunc(maps.Values(m.Required), func(a, b *Requirement) int { return comparePlaces(a.Range, b.Range) })
}

// ownProviders are the provider blocks in m and what it calls that configure
// something: an empty block without alias is only a way to say that one is needed.
func (m *Module) ownProviders() []*Provider {
	var out []*Provider
	for _, p := range m.Providers {
		if !p.Proxy() {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b *Provider) int { return comparePlaces(a.Range, b.Range) })
	for _, c := range m.sortedCalls() {
		if child := m.Children[c.Name]; child != nil {
			out = append(out, child.ownProviders()...)
		}
	}
	return out
}

// Proxy tells that the block says nothing but that its module needs the provider.
func (p *Provider) Proxy() bool {
	attrs, diags := p.Body.JustAttributes()
	return !diags.HasErrors() && len(attrs) == 0
}

// Choice is where one instance of a provider block with for_each is chosen: the
// key is an expression of the module, seen by the call, or by each instance of
// the resource, that names it.
type Choice struct {
	Module *Module
	Call   *Call // nil for a resource's own choice
	Key    hcl.Expression
}

// ProviderConfig is the absolute address of the provider configuration that m
// calls ref: one that it was given, its own, or one of the modules around it, in
// which the source address counts and not the name. The choice is nil unless a
// call chose an instance on the way. It is false if there is none of that alias.
func (m *Module) ProviderConfig(ref ProviderRef) (addr.ProviderConfig, *Choice, bool) {
	return m.configuration(m.ProviderAddr(ref.Name), ref.Alias)
}

func (m *Module) configuration(provider addr.Provider, alias string) (addr.ProviderConfig, *Choice, bool) {
	if m.Parent != nil {
		for ref, use := range m.Call().Providers {
			if ref.Alias != alias || m.ProviderAddr(ref.Name) != provider {
				continue
			}
			at, choice, ok := m.Parent.ProviderConfig(use.Ref)
			if use.Key != nil {
				choice = &Choice{Module: m.Parent, Call: m.Call(), Key: use.Key}
			}
			return at, choice, ok
		}
	}
	own := addr.ProviderConfig{Module: m.Path, Provider: provider, Alias: alias}
	if m.ProviderBlock(own) != nil {
		return own, nil, true
	}
	switch {
	case alias != "":
		return own, nil, false
	case m.Parent == nil:
		return own, nil, true // an empty one
	}
	return m.Parent.configuration(provider, "")
}

// ProviderBlock is the block of m that configures at, or nil.
func (m *Module) ProviderBlock(at addr.ProviderConfig) *Provider {
	if at.Module != m.Path {
		return nil
	}
	for ref, p := range m.Providers {
		if ref.Alias != at.Alias || m.ProviderAddr(ref.Name) != at.Provider {
			continue
		}
		if m.Parent == nil || ref.Alias != "" || !p.Proxy() {
			return p
		}
	}
	return nil
}
