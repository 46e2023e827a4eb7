package tf

import (
	"context"
	"fmt"

	provider "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
)

// Defaults returns the attributes of the provider's defaults block for a family:
// for each type that has Defaults an object with those attributes, as the type's
// own schema describes them.
func Defaults[C any](family []Entry[C]) map[string]provider.Attribute {
	all := map[string]provider.Attribute{}
	for _, e := range family {
		name, attributes := e.defaults()
		if len(attributes) == 0 {
			continue
		}
		all[name] = provider.SingleNestedAttribute{
			Optional:            true,
			Attributes:          optional(attributes),
			MarkdownDescription: fmt.Sprintf("Defaults of `serverless_%s`: each attribute counts where a resource does not set it.", name),
		}
	}
	return all
}

// optional turns attributes of a resource into optional ones of the provider.
func optional(attributes map[string]schema.Attribute) map[string]provider.Attribute {
	all := map[string]provider.Attribute{}
	for name, a := range attributes {
		if !a.IsOptional() && !a.IsRequired() {
			continue
		}
		all[name] = asOptional(name, a)
	}
	return all
}

func asOptional(name string, a schema.Attribute) provider.Attribute {
	switch a := a.(type) {
	case schema.StringAttribute:
		return provider.StringAttribute{Optional: true, CustomType: a.CustomType, Validators: a.Validators, MarkdownDescription: a.MarkdownDescription}
	case schema.BoolAttribute:
		return provider.BoolAttribute{Optional: true, Validators: a.Validators, MarkdownDescription: a.MarkdownDescription}
	case schema.Int64Attribute:
		return provider.Int64Attribute{Optional: true, Validators: a.Validators, MarkdownDescription: a.MarkdownDescription}
	case schema.Float64Attribute:
		return provider.Float64Attribute{Optional: true, Validators: a.Validators, MarkdownDescription: a.MarkdownDescription}
	case schema.ListAttribute:
		return provider.ListAttribute{Optional: true, ElementType: a.ElementType, Validators: a.Validators, MarkdownDescription: a.MarkdownDescription}
	case schema.MapAttribute:
		return provider.MapAttribute{Optional: true, ElementType: a.ElementType, Validators: a.Validators, MarkdownDescription: a.MarkdownDescription}
	case schema.SingleNestedAttribute:
		return provider.SingleNestedAttribute{Optional: true, Attributes: optional(a.Attributes), Validators: a.Validators, MarkdownDescription: a.MarkdownDescription}
	}
	panic(fmt.Sprintf("attribute %s: %T cannot have a default in the provider block", name, a))
}

// DefaultMap returns the elements that the provider's defaults block gives to a
// map of strings of a type, and whether all of them are known. It works in the
// operations of a type and in Plan.
func DefaultMap(ctx context.Context, typeName, attribute string) (elements map[string]string, known bool) {
	v, ok := operationOf(ctx).provider.Defaults[typeName][attribute]
	if !ok {
		return nil, true
	}
	elements = map[string]string{}
	for k, e := range fields(v) {
		s, ok := stringOf(e)
		if !ok {
			return nil, false
		}
		elements[k] = s
	}
	return elements, v.IsKnown()
}
