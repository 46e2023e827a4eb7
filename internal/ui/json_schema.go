package ui

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// ProviderSchemas is the JSON document of what providers offer, on one line. The
// answers are those of GetProviderSchema, by the provider's full address.
func ProviderSchemas(answers map[string]*tfprotov6.GetProviderSchemaResponse) ([]byte, error) {
	all, err := schemasJSON(answers)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(struct {
		Format  string                  `json:"format_version"`
		Schemas map[string]providerJSON `json:"provider_schemas"`
	}{"1.0", all})
	return append(raw, '\n'), err
}

func schemasJSON(answers map[string]*tfprotov6.GetProviderSchemaResponse) (map[string]providerJSON, error) {
	out := map[string]providerJSON{}
	for name, a := range answers {
		for _, d := range a.Diagnostics {
			if d.Severity == tfprotov6.DiagnosticSeverityError {
				return nil, fmt.Errorf("the provider %s cannot give its schema: %s\n\n%s", name, d.Summary, d.Detail)
			}
		}
		p := providerJSON{
			Provider:  schemaOf(a.Provider),
			Resources: schemasOf(a.ResourceSchemas), Data: schemasOf(a.DataSourceSchemas),
			Ephemeral: schemasOf(a.EphemeralResourceSchemas), List: schemasOf(a.ListResourceSchemas),
			Actions:   actionsOf(a.ActionSchemas),
			Functions: map[string]functionJSON{},
		}
		for name, f := range a.Functions {
			p.Functions[name] = functionOf(f)
		}
		out[name] = p
	}
	return out, nil
}

type providerJSON struct {
	Provider  *schemaJSON                 `json:"provider,omitempty"`
	Resources map[string]*schemaJSON      `json:"resource_schemas,omitempty"`
	Data      map[string]*schemaJSON      `json:"data_source_schemas,omitempty"`
	Ephemeral map[string]*schemaJSON      `json:"ephemeral_resource_schemas,omitempty"`
	List      map[string]*schemaJSON      `json:"list_resource_schemas,omitempty"`
	Actions   map[string]actionSchemaJSON `json:"action_schemas,omitempty"`
	Functions map[string]functionJSON     `json:"functions,omitempty"`
}

// actionSchemaJSON has no version: actions keep no state.
type actionSchemaJSON struct {
	Block *blockJSON `json:"block,omitempty"`
}

type schemaJSON struct {
	Version int64      `json:"version"`
	Block   *blockJSON `json:"block,omitempty"`
}

type blockJSON struct {
	Attributes map[string]attributeJSON `json:"attributes,omitempty"`
	Blocks     map[string]nestedJSON    `json:"block_types,omitempty"`
	documented
}

type attributeJSON struct {
	Type   tftypes.Type    `json:"type,omitempty"`
	Nested *nestedTypeJSON `json:"nested_type,omitempty"`
	documented
	Required  bool `json:"required,omitempty"`
	Optional  bool `json:"optional,omitempty"`
	Computed  bool `json:"computed,omitempty"`
	Sensitive bool `json:"sensitive,omitempty"`
	WriteOnly bool `json:"write_only,omitempty"`
}

type documented struct {
	Description string `json:"description,omitempty"`
	Kind        string `json:"description_kind"`
	Deprecated  bool   `json:"deprecated,omitempty"`
}

type nestedTypeJSON struct {
	Attributes map[string]attributeJSON `json:"attributes"`
	Nesting    string                   `json:"nesting_mode"`
}

type nestedJSON struct {
	Nesting string     `json:"nesting_mode"`
	Block   *blockJSON `json:"block"`
	Min     int64      `json:"min_items,omitempty"`
	Max     int64      `json:"max_items,omitempty"`
}

type functionJSON struct {
	Description string          `json:"description,omitempty"`
	Summary     string          `json:"summary,omitempty"`
	Deprecated  string          `json:"deprecation_message,omitempty"`
	Return      tftypes.Type    `json:"return_type"`
	Parameters  []parameterJSON `json:"parameters,omitempty"`
	Variadic    *parameterJSON  `json:"variadic_parameter,omitempty"`
}

type parameterJSON struct {
	Name        string       `json:"name"`
	Description string       `json:"description,omitempty"`
	Nullable    bool         `json:"is_nullable,omitempty"`
	Type        tftypes.Type `json:"type"`
}

func schemasOf(in map[string]*tfprotov6.Schema) map[string]*schemaJSON {
	out := map[string]*schemaJSON{}
	for name, s := range in {
		out[name] = schemaOf(s)
	}
	return out
}

func actionsOf(in map[string]*tfprotov6.ActionSchema) map[string]actionSchemaJSON {
	out := map[string]actionSchemaJSON{}
	for name, s := range in {
		out[name] = actionSchemaJSON{blockOf(s.Schema.Block)}
	}
	return out
}

func schemaOf(s *tfprotov6.Schema) *schemaJSON {
	if s == nil {
		return nil
	}
	return &schemaJSON{Version: s.Version, Block: blockOf(s.Block)}
}

func blockOf(b *tfprotov6.SchemaBlock) *blockJSON {
	if b == nil {
		return nil
	}
	out := &blockJSON{
		Attributes: attributesOf(b.Attributes), Blocks: map[string]nestedJSON{},
		documented: documentation(b.Description, b.DescriptionKind, b.Deprecated),
	}
	for _, n := range b.BlockTypes {
		out.Blocks[n.TypeName] = nestedJSON{strings.ToLower(n.Nesting.String()), blockOf(n.Block), n.MinItems, n.MaxItems}
	}
	return out
}

func attributesOf(in []*tfprotov6.SchemaAttribute) map[string]attributeJSON {
	out := map[string]attributeJSON{}
	for _, a := range in {
		one := attributeJSON{
			Type: a.Type, Required: a.Required, Optional: a.Optional, Computed: a.Computed,
			Sensitive: a.Sensitive, WriteOnly: a.WriteOnly,
			documented: documentation(a.Description, a.DescriptionKind, a.Deprecated),
		}
		if a.NestedType != nil {
			one.Nested = &nestedTypeJSON{attributesOf(a.NestedType.Attributes), strings.ToLower(a.NestedType.Nesting.String())}
		}
		out[a.Name] = one
	}
	return out
}

func documentation(text string, kind tfprotov6.StringKind, deprecated bool) documented {
	out := documented{Description: text, Kind: "plain", Deprecated: deprecated}
	if kind == tfprotov6.StringKindMarkdown {
		out.Kind = "markdown"
	}
	return out
}

func functionOf(f *tfprotov6.Function) functionJSON {
	out := functionJSON{Description: f.Description, Summary: f.Summary, Deprecated: f.DeprecationMessage}
	if f.Return != nil {
		out.Return = f.Return.Type
	}
	for _, p := range f.Parameters {
		out.Parameters = append(out.Parameters, *parameterOf(p))
	}
	out.Variadic = parameterOf(f.VariadicParameter)
	return out
}

func parameterOf(p *tfprotov6.FunctionParameter) *parameterJSON {
	if p == nil {
		return nil
	}
	return &parameterJSON{Name: p.Name, Description: p.Description, Nullable: p.AllowNullValue, Type: p.Type}
}
