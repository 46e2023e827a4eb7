package config

import (
	"cmp"
	"fmt"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
)

// LanguageVersion is the version of Terraform's language that this engine
// follows; required_version is compared with it.
const LanguageVersion = "1.14.0"

var terraformSchema = &hcl.BodySchema{
	Attributes: []hcl.AttributeSchema{{Name: "required_version"}, {Name: "experiments"}, {Name: "language"}},
	Blocks: []hcl.BlockHeaderSchema{
		{Type: "required_providers"},
		{Type: "backend", LabelNames: []string{"type"}},
		{Type: "cloud"},
		{Type: "provider_meta", LabelNames: []string{"provider"}},
		{Type: "encryption"},
		{Type: "state_store", LabelNames: []string{"type"}},
	},
}

func (l *loader) terraform(b *hcl.Block) {
	c := l.content(b.Body, terraformSchema)
	if a := c.Attributes["required_version"]; a != nil {
		l.requiredVersion(a)
	}
	for _, name := range []string{"experiments", "language"} {
		if a := c.Attributes[name]; a != nil {
			l.warn(a.NameRange, fmt.Sprintf("%q has no effect", name), "This engine follows the stable language of Terraform %s, whatever the argument says.", LanguageVersion)
		}
	}
	for _, nested := range c.Blocks {
		switch nested.Type {
		case "required_providers":
			l.requiredProviders(nested)
		case "backend":
			if l.m.Backend != nil && !l.override {
				l.fail(nested.DefRange, "Declared twice", "A backend was already declared at %s:%d. Remove one of them.", l.m.Backend.Range.Filename, l.m.Backend.Range.Start.Line)
				continue
			}
			l.m.Backend = &Backend{Type: nested.Labels[0], Body: nested.Body, Range: nested.DefRange}
		case "cloud":
			l.fail(nested.DefRange, "\"cloud\" blocks are not supported", "This engine does not work with HCP Terraform. Keep the state with a backend block: \"local\", \"s3\" or \"http\".")
		case "encryption":
			l.m.Encryption = append(l.m.Encryption, nested.Body)
		default:
			l.fail(nested.DefRange, fmt.Sprintf("%q blocks are not supported", nested.Type), "This version of the engine cannot carry out a %s block. Remove it.", nested.Type)
		}
	}
}

// requiredVersion warns only: the constraint speaks of another product's
// versions.
func (l *loader) requiredVersion(a *hcl.Attribute) {
	text, ok := l.text(a)
	if !ok {
		return
	}
	constraint, err := version.NewConstraint(text)
	if err != nil {
		l.fail(a.Expr.Range(), "Invalid version constraint", "%q is not a version constraint such as \">= 1.5\".", text)
		return
	}
	if !constraint.Check(version.Must(version.NewVersion(LanguageVersion))) {
		l.warn(a.Expr.Range(), "Version of the language", "The configuration asks for Terraform %s; this engine follows the language of Terraform %s and goes on.", text, LanguageVersion)
	}
}

func (l *loader) requiredProviders(b *hcl.Block) {
	attrs, diags := b.Body.JustAttributes()
	l.diags = append(l.diags, diags...)
	for name, a := range attrs {
		r := &Requirement{Name: name, Provider: addr.DefaultProvider(name), Range: a.Range}
		if l.m.Required[name] != nil && !l.declare("required provider", name, a.NameRange, &l.m.Required[name].Range) {
			continue
		}
		pairs, diags := hcl.ExprMap(a.Expr)
		if diags.HasErrors() {
			// The form of before 0.13, a bare version constraint.
			text, ok := l.text(a)
			if !ok {
				continue
			}
			r.Version = text
			l.m.Required[name] = r
			continue
		}
		if l.requirement(r, pairs) {
			l.m.Required[name] = r
		}
	}
}

func (l *loader) requirement(r *Requirement, pairs []hcl.KeyValuePair) bool {
	ok := true
	for _, p := range pairs {
		key := hcl.ExprAsKeyword(p.Key)
		if key == "" {
			if v, diags := p.Key.Value(nil); !diags.HasErrors() && v.Type() == cty.String && v.IsKnown() && !v.IsNull() {
				key = v.AsString()
			}
		}
		at := p.Value.Range()
		switch key {
		case "source":
			text, fine := l.textOf(p.Value, key)
			if !fine {
				return false
			}
			source, err := addr.ParseProvider(text)
			if err != nil {
				l.fail(at, "Invalid provider source", "The source address %v.", err)
				ok = false
				continue
			}
			r.Provider = source
		case "version":
			text, fine := l.textOf(p.Value, key)
			if !fine {
				return false
			}
			if _, err := version.NewConstraint(text); err != nil {
				l.fail(at, "Invalid version constraint", "%q is not a version constraint such as \"~> 1.2\".", text)
				ok = false
				continue
			}
			r.Version = text
		case "configuration_aliases":
			items, diags := hcl.ExprList(p.Value)
			l.diags = append(l.diags, diags...)
			for _, item := range items {
				use := l.providerRef(item)
				switch {
				case use == nil:
				case use.Key != nil || use.Ref.Name != r.Name || use.Ref.Alias == "":
					l.fail(use.Range, "Invalid configuration alias", "configuration_aliases of %s lists names such as %s.other.", r.Name, r.Name)
				default:
					r.Aliases = append(r.Aliases, use.Ref)
				}
			}
		default:
			l.fail(p.Key.Range(), "Unsupported argument", "required_providers has source and version for each provider, not %q.", key)
			ok = false
		}
	}
	return ok
}

var providerSchema = &hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "alias"}, {Name: "version"}, {Name: "for_each"}}}

func (l *loader) provider(b *hcl.Block) {
	c, body, diags := b.Body.PartialContent(providerSchema)
	l.diags = append(l.diags, diags...)
	p := &Provider{Ref: ProviderRef{Name: b.Labels[0]}, Body: body, Range: b.DefRange}
	if a := c.Attributes["alias"]; a != nil {
		text, ok := l.text(a)
		if !ok {
			return
		}
		if !hclsyntax.ValidIdentifier(text) {
			l.fail(a.Expr.Range(), "Invalid name", "An alias must start with a letter or underscore and may contain only letters, digits, underscores and dashes: %q does not.", text)
			return
		}
		p.Ref.Alias = text
	}
	if a := c.Attributes["version"]; a != nil {
		if text, ok := l.text(a); ok {
			p.Version = text
			if _, err := version.NewConstraint(text); err != nil {
				l.fail(a.Expr.Range(), "Invalid version constraint", "%q is not a version constraint such as \"~> 1.2\".", text)
			}
			l.warn(a.NameRange, "Version constraint in a provider block", "It counts, but give it in required_providers in the terraform block: version is out of date here.")
		}
	}
	if a := c.Attributes["for_each"]; a != nil {
		if p.ForEach = a.Expr; p.Ref.Alias == "" {
			l.fail(a.NameRange, "Alias missing", "A provider block with for_each needs an alias, by which resources choose one of its instances.")
		}
	}
	existing := l.m.Providers[p.Ref]
	var at *hcl.Range
	if existing != nil {
		at = &existing.Range
	}
	if !l.declare("provider configuration", p.Ref.String(), b.DefRange, at) {
		return
	}
	if existing != nil {
		p.Body = overrideBody{existing.Body, p.Body}
		if p.ForEach == nil {
			p.ForEach = existing.ForEach
		}
		p.Version = cmp.Or(p.Version, existing.Version)
		p.Range = existing.Range
	}
	l.m.Providers[p.Ref] = p
}

// text is the value of an argument that must be a literal string.
func (l *loader) text(a *hcl.Attribute) (string, bool) { return l.textOf(a.Expr, a.Name) }

func (l *loader) textOf(e hcl.Expression, name string) (string, bool) {
	v, diags := e.Value(nil)
	if diags.HasErrors() || v.Type() != cty.String || !v.IsKnown() || v.IsNull() {
		l.fail(e.Range(), "Literal string required", "The argument %q must be a string without references: it is needed before anything is evaluated.", name)
		return "", false
	}
	return v.AsString(), true
}

// flag is the value of an argument that must be a literal true or false.
func (l *loader) flag(a *hcl.Attribute) bool {
	v, diags := a.Expr.Value(nil)
	if diags.HasErrors() || v.Type() != cty.Bool || !v.IsKnown() || v.IsNull() {
		l.fail(a.Expr.Range(), "Literal true or false required", "The argument %q must be true or false without references: it is needed before anything is evaluated.", a.Name)
		return false
	}
	return v.True()
}
