package provider

import (
	"context"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/tfserverless/terraform-provider-serverless/datasources/access"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
	"github.com/tfserverless/terraform-provider-serverless/resources/api"
	"github.com/tfserverless/terraform-provider-serverless/resources/function"
	"github.com/tfserverless/terraform-provider-serverless/resources/table"
)

// Resources lists what can be managed, by family.
func (p *Provider) Resources(context.Context) []func() resource.Resource {
	return slices.Concat(
		tf.Resources(p.apis, api.Types),
		tf.Resources(p.functions, function.Types),
		tf.Resources(p.tables, table.Types),
	)
}

// DataSources lists what can be read, by family.
func (p *Provider) DataSources(context.Context) []func() datasource.DataSource {
	return slices.Concat(
		tf.Sources(p.access, access.Sources),
	)
}

// fillable is the inside of the defaults block, from the same families.
func fillable() map[string]schema.Attribute {
	all := map[string]schema.Attribute{}
	for _, family := range []map[string]schema.Attribute{
		tf.Defaults(api.Types),
		tf.Defaults(function.Types),
		tf.Defaults(table.Types),
	} {
		maps.Copy(all, family)
	}
	return all
}
