// Package describe says what a configuration declares and what its expressions
// refer to, in the terms of Terraform's plan JSON.
//
// It must not evaluate expressions that need anything but themselves, call a
// provider, or know plans and states: a configuration is all that it looks at.
package describe

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hcldec"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
)

// Schemas gives what a provider declares, or nil if that is not known.
type Schemas func(addr.Provider) *plugin.Schemas

type document struct {
	Providers map[string]*provider `json:"provider_config,omitempty"`
	Root      module               `json:"root_module"`
}

type module struct {
	Outputs   map[string]output   `json:"outputs,omitempty"`
	Resources []resource          `json:"resources,omitempty"`
	Actions   []action            `json:"actions,omitempty"`
	Calls     map[string]call     `json:"module_calls,omitempty"`
	Variables map[string]variable `json:"variables,omitempty"`
}

type output struct {
	Sensitive   bool       `json:"sensitive,omitempty"`
	Expression  expression `json:"expression"`
	DependsOn   []string   `json:"depends_on,omitempty"`
	Description string     `json:"description,omitempty"`
}

type resource struct {
	Address      string         `json:"address"`
	Mode         string         `json:"mode"`
	Type         string         `json:"type"`
	Name         string         `json:"name"`
	Provider     string         `json:"provider_config_key"`
	Provisioners []provisioner  `json:"provisioners,omitempty"`
	Expressions  map[string]any `json:"expressions,omitempty"`
	Version      uint64         `json:"schema_version"`
	Count        *expression    `json:"count_expression,omitempty"`
	ForEach      *expression    `json:"for_each_expression,omitempty"`
	DependsOn    []string       `json:"depends_on,omitempty"`
}

type action struct {
	Address     string         `json:"address"`
	Type        string         `json:"type"`
	Name        string         `json:"name"`
	Provider    string         `json:"provider_config_key"`
	Expressions map[string]any `json:"expressions,omitempty"`
	Count       *expression    `json:"count_expression,omitempty"`
	ForEach     *expression    `json:"for_each_expression,omitempty"`
}

type provisioner struct {
	Type        string         `json:"type"`
	Expressions map[string]any `json:"expressions,omitempty"`
}

type call struct {
	Source      string         `json:"source"`
	Expressions map[string]any `json:"expressions,omitempty"`
	Count       *expression    `json:"count_expression,omitempty"`
	ForEach     *expression    `json:"for_each_expression,omitempty"`
	Module      module         `json:"module"`
	Version     string         `json:"version_constraint,omitempty"`
	DependsOn   []string       `json:"depends_on,omitempty"`
}

type variable struct {
	Default     json.RawMessage `json:"default,omitempty"`
	Description string          `json:"description,omitempty"`
	Sensitive   bool            `json:"sensitive,omitempty"`
}

// Configuration is the configuration of root and all that it calls as a JSON
// document.
func Configuration(root *config.Module, schemas Schemas) ([]byte, error) {
	d := describer{schemas: schemas, providers: map[string]*provider{}}
	d.configurations(root)
	out := document{Providers: map[string]*provider{}, Root: d.module(root)}
	for key, p := range d.providers {
		if p.source == "" {
			out.Providers[key] = p
		}
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("describing the configuration: %w", err)
	}
	return raw, nil
}

// describer is one run.
type describer struct {
	schemas   Schemas
	providers map[string]*provider
}

func (d *describer) module(m *config.Module) module {
	out := module{Outputs: map[string]output{}, Calls: map[string]call{}, Variables: map[string]variable{}}
	for name, o := range m.Outputs {
		out.Outputs[name] = output{o.Sensitive, expressionOf(o.Expr), traversals(o.DependsOn), o.Description}
	}
	for name, v := range m.Variables {
		one := variable{Description: v.Description, Sensitive: v.Sensitive}
		if !v.Required() {
			one.Default, _ = ctyjson.Marshal(v.Default, v.Default.Type()) // a default is a literal
		}
		out.Variables[name] = one
	}
	for _, r := range m.Resources {
		one := d.resource(m, r)
		switch r.Addr.Mode {
		case addr.List: // of query files
		case addr.Action:
			out.Actions = append(out.Actions, action{one.Address, one.Type, one.Name, one.Provider, one.Expressions, one.Count, one.ForEach})
		default:
			out.Resources = append(out.Resources, one)
		}
	}
	slices.SortFunc(out.Actions, func(a, b action) int { return strings.Compare(a.Address, b.Address) })
	slices.SortFunc(out.Resources, func(a, b resource) int {
		if a.Mode != b.Mode {
			return strings.Compare(b.Mode, a.Mode) // managed before data
		}
		return strings.Compare(a.Address, b.Address)
	})
	for name, c := range m.Calls {
		out.Calls[name] = d.call(m, c)
	}
	return out
}

func (d *describer) resource(m *config.Module, r *config.Resource) resource {
	out := resource{
		Address: r.Addr.String(), Mode: r.Addr.Mode.String(), Type: r.Addr.Type, Name: r.Addr.Name,
		Provider: d.key(m, r.LocalProvider()),
		Count:    unlessEmpty(r.Count), ForEach: unlessEmpty(r.ForEach), DependsOn: traversals(r.DependsOn),
	}
	if schema := d.schema(m, r); schema != nil {
		out.Version = schema.Version
		out.Expressions = expressions(r.Body, schema.Spec, &schema.Block)
	}
	for _, p := range r.Provisioners {
		one := provisioner{Type: p.Type, Expressions: map[string]any{}}
		attributes, _ := p.Body.JustAttributes()
		for name, a := range attributes {
			one.Expressions[name] = expressionOf(a.Expr)
		}
		out.Provisioners = append(out.Provisioners, one)
	}
	return out
}

func (d *describer) schema(m *config.Module, r *config.Resource) *plugin.Schema {
	schemas := d.schemas(m.ProviderAddr(r.LocalProvider().Name))
	switch {
	case schemas == nil:
		return nil
	case r.Addr.Mode == addr.Data:
		return schemas.Data[r.Addr.Type]
	case r.Addr.Mode == addr.Action:
		return schemas.Actions[r.Addr.Type]
	}
	return schemas.Resources[r.Addr.Type]
}

func (d *describer) call(m *config.Module, c *config.Call) call {
	out := call{
		Source: literal(c.Source), Version: literal(c.Version), Expressions: map[string]any{},
		Count: unlessEmpty(c.Count), ForEach: unlessEmpty(c.ForEach), DependsOn: traversals(c.DependsOn),
	}
	for name, a := range c.Args {
		out.Expressions[name] = expressionOf(a.Expr)
	}
	if child := m.Children[c.Name]; child != nil {
		out.Module = d.module(child)
	}
	return out
}

// expressions are those of the arguments and nested blocks that are written out.
// What dynamic blocks make is not known without evaluating them.
func expressions(body hcl.Body, spec hcldec.Spec, block *plugin.Block) map[string]any {
	out := map[string]any{}
	content, _, _ := body.PartialContent(hcldec.ImpliedSchema(spec)) // compiling has reported what is wrong
	if content == nil {
		return out
	}
	for name, a := range content.Attributes {
		out[name] = expressionOf(a.Expr)
	}
	children := hcldec.ChildBlockTypes(spec)
	for _, b := range content.Blocks {
		nested := block.Blocks[b.Type]
		if nested == nil || children[b.Type] == nil {
			continue
		}
		inner := expressions(b.Body, children[b.Type], &nested.Block)
		switch nested.Nesting {
		case plugin.List, plugin.Set:
			list, _ := out[b.Type].([]any)
			out[b.Type] = append(list, inner)
		case plugin.Map:
			byKey, ok := out[b.Type].(map[string]any)
			if !ok {
				byKey = map[string]any{}
			}
			byKey[b.Labels[0]] = inner
			out[b.Type] = byKey
		default:
			out[b.Type] = inner
		}
	}
	return out
}

// sorted are the keys of a map in order.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
