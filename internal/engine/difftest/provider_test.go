package difftest

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	dschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	eschema "github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	pschema "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// testProvider is the provider "test". What it makes lives in its world. All its
// configurations share one process, so that which one a call was for cannot be
// told: nothing that they say changes what it does.
type testProvider struct{ w *world }

type providerModel struct {
	Prefix types.String `tfsdk:"prefix"`
	Fail   types.String `tfsdk:"fail"`
}

func (p *testProvider) Metadata(_ context.Context, _ provider.MetadataRequest, out *provider.MetadataResponse) {
	out.TypeName = "test"
}

func (p *testProvider) Schema(_ context.Context, _ provider.SchemaRequest, out *provider.SchemaResponse) {
	out.Schema = pschema.Schema{Attributes: map[string]pschema.Attribute{
		"prefix": pschema.StringAttribute{Optional: true},
		"fail":   pschema.StringAttribute{Optional: true},
	}}
}

func (p *testProvider) Configure(ctx context.Context, in provider.ConfigureRequest, out *provider.ConfigureResponse) {
	var m providerModel
	out.Diagnostics.Append(in.Config.Get(ctx, &m)...)
	if m.Fail.ValueString() == "configure" {
		out.Diagnostics.AddError("Configuration failed", "As asked for.")
	}
	c := &client{p.w}
	out.ResourceData, out.DataSourceData, out.EphemeralResourceData, out.ActionData, out.ListResourceData = c, c, c, c, c
}

func (p *testProvider) Resources(context.Context) []func() resource.Resource {
	var out []func() resource.Resource
	for name, s := range resourceSchemas() {
		out = append(out, func() resource.Resource { return &thing{name: name, schema: s} })
	}
	return append(out, func() resource.Resource { return &named{thing{name: "named", schema: namedSchema()}} })
}

func (p *testProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{func() datasource.DataSource { return &lookup{} }, func() datasource.DataSource { return &find{} }}
}

func (p *testProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{func() ephemeral.EphemeralResource { return &token{} }}
}

func (p *testProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{func() function.Function { return &glue{} }}
}

// client is a configured provider.
type client struct{ w *world }

// lookup is the data source test_lookup, whose value follows from its key.
type lookup struct{ c *client }

type lookupModel struct {
	Key   types.String `tfsdk:"key"`
	Value types.String `tfsdk:"value"`
	Size  types.Int64  `tfsdk:"size"`
	List  types.List   `tfsdk:"list"`
	Fail  types.String `tfsdk:"fail"`
}

func (d *lookup) Metadata(_ context.Context, _ datasource.MetadataRequest, out *datasource.MetadataResponse) {
	out.TypeName = "test_lookup"
}

func (d *lookup) Schema(_ context.Context, _ datasource.SchemaRequest, out *datasource.SchemaResponse) {
	out.Schema = dschema.Schema{Attributes: map[string]dschema.Attribute{
		"key":   dschema.StringAttribute{Required: true},
		"value": dschema.StringAttribute{Computed: true},
		"size":  dschema.Int64Attribute{Optional: true, Computed: true},
		"list":  dschema.ListAttribute{Computed: true, ElementType: types.StringType},
		"fail":  dschema.StringAttribute{Optional: true},
	}}
}

func (d *lookup) Configure(_ context.Context, in datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.c, _ = in.ProviderData.(*client)
}

func (d *lookup) Read(ctx context.Context, in datasource.ReadRequest, out *datasource.ReadResponse) {
	var m lookupModel
	out.Diagnostics.Append(in.Config.Get(ctx, &m)...)
	key := m.Key.ValueString()
	switch m.Fail.ValueString() {
	case "read":
		out.Diagnostics.AddError("Lookup failed", "As asked for.")
		return
	case "warn":
		out.Diagnostics.AddWarning("Lookup is uneasy", "As asked for.")
	}
	m.Value = types.StringValue("value of " + key)
	if m.Size.IsNull() {
		m.Size = types.Int64Value(int64(len(key)))
	}
	m.List = types.ListValueMust(types.StringType, []attr.Value{types.StringValue(key), types.StringValue(key + "2")})
	out.Diagnostics.Append(out.State.Set(ctx, &m)...)
}

// find is the data source test_find: what the world has by that name just now.
type find struct{ c *client }

type findModel struct {
	Name  types.String `tfsdk:"name"`
	Found types.Bool   `tfsdk:"found"`
	ID    types.String `tfsdk:"id"`
}

func (d *find) Metadata(_ context.Context, _ datasource.MetadataRequest, out *datasource.MetadataResponse) {
	out.TypeName = "test_find"
}

func (d *find) Schema(_ context.Context, _ datasource.SchemaRequest, out *datasource.SchemaResponse) {
	out.Schema = dschema.Schema{Attributes: map[string]dschema.Attribute{
		"name":  dschema.StringAttribute{Required: true},
		"found": dschema.BoolAttribute{Computed: true},
		"id":    dschema.StringAttribute{Computed: true},
	}}
}

func (d *find) Configure(_ context.Context, in datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.c, _ = in.ProviderData.(*client)
}

func (d *find) Read(ctx context.Context, in datasource.ReadRequest, out *datasource.ReadResponse) {
	var m findModel
	out.Diagnostics.Append(in.Config.Get(ctx, &m)...)
	id := d.c.w.find(m.Name.ValueString())
	m.Found, m.ID = types.BoolValue(id != ""), types.StringValue(id)
	out.Diagnostics.Append(out.State.Set(ctx, &m)...)
}

// token is the ephemeral resource test_token.
type token struct{ c *client }

type tokenModel struct {
	Key   types.String `tfsdk:"key"`
	Value types.String `tfsdk:"value"`
	Fail  types.String `tfsdk:"fail"`
}

func (e *token) Metadata(_ context.Context, _ ephemeral.MetadataRequest, out *ephemeral.MetadataResponse) {
	out.TypeName = "test_token"
}

func (e *token) Schema(_ context.Context, _ ephemeral.SchemaRequest, out *ephemeral.SchemaResponse) {
	out.Schema = eschema.Schema{Attributes: map[string]eschema.Attribute{
		"key":   eschema.StringAttribute{Required: true},
		"value": eschema.StringAttribute{Computed: true},
		"fail":  eschema.StringAttribute{Optional: true},
	}}
}

func (e *token) Configure(_ context.Context, in ephemeral.ConfigureRequest, _ *ephemeral.ConfigureResponse) {
	e.c, _ = in.ProviderData.(*client)
}

func (e *token) Open(ctx context.Context, in ephemeral.OpenRequest, out *ephemeral.OpenResponse) {
	var m tokenModel
	out.Diagnostics.Append(in.Config.Get(ctx, &m)...)
	if m.Fail.ValueString() == "open" {
		out.Diagnostics.AddError("Opening failed", "As asked for.")
		return
	}
	m.Value = types.StringValue("token of " + m.Key.ValueString())
	out.Diagnostics.Append(out.Private.SetKey(ctx, "key", fmt.Appendf(nil, "%q", m.Key.ValueString()))...)
	out.Diagnostics.Append(out.Result.Set(ctx, &m)...)
}

func (e *token) Close(_ context.Context, _ ephemeral.CloseRequest, _ *ephemeral.CloseResponse) {}

// glue is the function provider::test::glue(separator, word...).
type glue struct{}

func (glue) Metadata(_ context.Context, _ function.MetadataRequest, out *function.MetadataResponse) {
	out.Name = "glue"
}

func (glue) Definition(_ context.Context, _ function.DefinitionRequest, out *function.DefinitionResponse) {
	out.Definition = function.Definition{
		Parameters:        []function.Parameter{function.StringParameter{Name: "separator"}},
		VariadicParameter: function.StringParameter{Name: "word", AllowNullValue: true},
		Return:            function.StringReturn{},
	}
}

func (glue) Run(ctx context.Context, in function.RunRequest, out *function.RunResponse) {
	var separator string
	var words []*string
	if out.Error = in.Arguments.Get(ctx, &separator, &words); out.Error != nil {
		return
	}
	text := ""
	for i, w := range words {
		if i > 0 {
			text += separator
		}
		switch {
		case w == nil:
			text += "-"
		case *w == "bad":
			out.Error = function.NewArgumentFuncError(int64(i+1), "a word must not be bad")
			return
		default:
			text += *w
		}
	}
	out.Error = out.Result.Set(ctx, text)
}
