package provider

import (
	"context"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	language "github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	contexts "github.com/tfserverless/terraform-provider-serverless/datasources/access"
	apis "github.com/tfserverless/terraform-provider-serverless/datasources/api"
	events "github.com/tfserverless/terraform-provider-serverless/datasources/event"
	sources "github.com/tfserverless/terraform-provider-serverless/datasources/function"
	messages "github.com/tfserverless/terraform-provider-serverless/datasources/messaging"
	machines "github.com/tfserverless/terraform-provider-serverless/datasources/statemachine"
	tables "github.com/tfserverless/terraform-provider-serverless/datasources/table"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
	"github.com/tfserverless/terraform-provider-serverless/provider/functions"
	"github.com/tfserverless/terraform-provider-serverless/resources/access"
	"github.com/tfserverless/terraform-provider-serverless/resources/api"
	"github.com/tfserverless/terraform-provider-serverless/resources/event"
	"github.com/tfserverless/terraform-provider-serverless/resources/function"
	"github.com/tfserverless/terraform-provider-serverless/resources/messaging"
	"github.com/tfserverless/terraform-provider-serverless/resources/statemachine"
	"github.com/tfserverless/terraform-provider-serverless/resources/table"
)

// Resources lists what can be managed, by family.
func (p *Provider) Resources(context.Context) []func() resource.Resource {
	return slices.Concat(
		tf.Resources(p.roles, access.Types),
		tf.Resources(p.apis, api.Types),
		tf.Resources(p.events, event.Types),
		tf.Resources(p.functions, function.Types),
		tf.Resources(p.messages, messaging.Types),
		tf.Resources(p.machines, statemachine.Types),
		tf.Resources(p.tables, table.Types),
	)
}

// DataSources lists what can be read, by family.
func (p *Provider) DataSources(context.Context) []func() datasource.DataSource {
	return slices.Concat(
		tf.Sources(p.access, contexts.Sources),
		tf.Sources(p.apis, apis.Sources),
		tf.Sources(p.events, events.Sources),
		tf.Sources(p.functions, sources.Sources),
		tf.Sources(p.messages, messages.Sources),
		tf.Sources(p.machines, machines.Sources),
		tf.Sources(p.tables, tables.Sources),
	)
}

// ListResources lists what can be queried for, by family.
func (p *Provider) ListResources(context.Context) []func() list.ListResource {
	return slices.Concat(
		tf.Lists(p.roles, access.Types),
		tf.Lists(p.apis, api.Types),
		tf.Lists(p.events, event.Types),
		tf.Lists(p.functions, function.Types),
		tf.Lists(p.messages, messaging.Types),
		tf.Lists(p.machines, statemachine.Types),
		tf.Lists(p.tables, table.Types),
	)
}

// Actions lists what can be done, by family.
func (p *Provider) Actions(context.Context) []func() action.Action {
	return slices.Concat(
		tf.Actions(p.apis, api.Actions),
		tf.Actions(p.functions, function.Actions),
		tf.Actions(p.messages, messaging.Actions),
		tf.Actions(p.machines, statemachine.Actions),
		tf.Actions(p.tables, table.Actions),
	)
}

// EphemeralResources lists what is given without being kept, by family.
func (p *Provider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return slices.Concat(
		tf.Ephemerals(p.roles, access.Ephemerals),
		tf.Ephemerals(p.functions, function.Ephemerals),
	)
}

// Functions lists what the provider adds to the language.
func (p *Provider) Functions(context.Context) []func() language.Function { return functions.All }

// fillable is the inside of the defaults block, from the same families.
func fillable() map[string]schema.Attribute {
	all := map[string]schema.Attribute{}
	for _, family := range []map[string]schema.Attribute{
		tf.Defaults(access.Types),
		tf.Defaults(api.Types),
		tf.Defaults(event.Types),
		tf.Defaults(function.Types),
		tf.Defaults(messaging.Types),
		tf.Defaults(statemachine.Types),
		tf.Defaults(table.Types),
	} {
		maps.Copy(all, family)
	}
	return all
}
