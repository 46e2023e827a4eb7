package tf

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Computed is an attribute that AWS gives its value.
func Computed(description string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: description}
}

// Texts returns the strings of a list of a model; nil for none.
func Texts(list []types.String) []string {
	var all []string
	for _, s := range list {
		all = append(all, s.ValueString())
	}
	return all
}

// Strings returns a list of a model; nil for none.
func Strings(list []string) []types.String {
	var all []types.String
	for _, s := range list {
		all = append(all, types.StringValue(s))
	}
	return all
}

// NonEmpty is null for what AWS gives as an empty string or not at all.
func NonEmpty(s *string) types.String {
	if s == nil || *s == "" {
		return types.StringNull()
	}
	return types.StringValue(*s)
}
