package tf

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// A Source is one data source type. M is its model, a struct that embeds
// [SourceBase] and has a field with a tfsdk tag for each further attribute.
type Source[C, M any] struct {
	// Name is the type's name without "serverless_".
	Name string
	// Schema has the type's own attributes; region is added.
	Schema schema.Schema
	// Validate checks what attribute validators cannot; nil if there is nothing.
	Validate func(ctx context.Context, v *Check, m *M)
	// Read fills the model.
	Read func(ctx context.Context, c C, m *M) error
}

// SourceBase has the attributes of every data source. Embed it in a model.
type SourceBase struct {
	Region types.String `tfsdk:"region"`
}

func (b *SourceBase) sourceBase() *SourceBase { return b }

// A SourceEntry is a [Source] as its family's list holds it.
type SourceEntry[C any] interface {
	source(Connector[C]) func() datasource.DataSource
}

// Sources makes a family's data sources into the framework's.
func Sources[C any](connect Connector[C], family []SourceEntry[C]) []func() datasource.DataSource {
	var all []func() datasource.DataSource
	for _, e := range family {
		all = append(all, e.source(connect))
	}
	return all
}

func (t Source[C, M]) source(connect Connector[C]) func() datasource.DataSource {
	s := t.Schema
	s.Attributes = maps.Clone(s.Attributes)
	s.Attributes["region"] = schema.StringAttribute{
		Optional: true, Computed: true,
		MarkdownDescription: "Region to look in, such as `eu-north-1`. Default: the provider's region.",
	}
	return func() datasource.DataSource { return &lookup[C, M]{Source: t, schema: s, connect: connect} }
}

// A lookup is a data source as the framework sees it, connected to one provider.
type lookup[C, M any] struct {
	Source[C, M]
	schema   schema.Schema
	connect  Connector[C]
	provider *Provider
}

func (l *lookup[C, M]) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "serverless_" + l.Name
}

func (l *lookup[C, M]) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = l.schema
}

func (l *lookup[C, M]) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	l.provider, _ = req.ProviderData.(*Provider)
}

func (l *lookup[C, M]) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	if l.Validate == nil {
		return
	}
	var m M
	resp.Diagnostics.Append(tfsdk.Config{Schema: l.schema, Raw: nullUnknown(req.Config.Raw, false)}.Get(ctx, &m)...)
	if !resp.Diagnostics.HasError() {
		l.Validate(ctx, &Check{config: req.Config.Raw, ds: &resp.Diagnostics}, &m)
	}
}

func (l *lookup[C, M]) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	ds := &resp.Diagnostics
	var m M
	ds.Append(tfsdk.Config{Schema: l.schema, Raw: nullUnknown(req.Config.Raw, false)}.Get(ctx, &m)...)
	if ds.HasError() {
		return
	}
	if err := l.read(ctx, &m); err != nil {
		report(ds, "read data serverless_"+l.Name, err)
		return
	}
	state := tfsdk.State{Schema: l.schema, Raw: tftypes.NewValue(l.schema.Type().TerraformType(ctx), nil)}
	ds.Append(state.Set(ctx, &m)...)
	resp.State = state
}

func (l *lookup[C, M]) read(ctx context.Context, m *M) error {
	b := any(m).(interface{ sourceBase() *SourceBase }).sourceBase()
	ctx, c, err := enter(ctx, l.provider, l.connect, "data serverless_"+l.Name, b.Region, nil)
	if err != nil {
		return err
	}
	b.Region = types.StringValue(ScopeOf(ctx).Region)
	return l.Source.Read(ctx, c, m)
}
