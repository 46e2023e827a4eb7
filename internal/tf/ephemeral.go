package tf

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// An Ephemeral gives values that are kept nowhere. M is its model, a struct that
// embeds [EphemeralBase].
type Ephemeral[C, M any] struct {
	// Name is the type's name without "serverless_".
	Name string
	// Schema has the type's own attributes; region is added.
	Schema schema.Schema
	// Open fills the model.
	Open func(ctx context.Context, c C, m *M) error
}

// EphemeralBase has the attributes of every ephemeral resource. Embed it in a model.
type EphemeralBase struct {
	Region types.String `tfsdk:"region"`
}

func (b *EphemeralBase) ephemeralBase() *EphemeralBase { return b }

// An EphemeralEntry is an [Ephemeral] as its family's list holds it.
type EphemeralEntry[C any] interface {
	ephemeral(Connector[C]) func() ephemeral.EphemeralResource
}

// Ephemerals makes a family's ephemeral resources into the framework's.
func Ephemerals[C any](connect Connector[C], family []EphemeralEntry[C]) []func() ephemeral.EphemeralResource {
	var all []func() ephemeral.EphemeralResource
	for _, e := range family {
		all = append(all, e.ephemeral(connect))
	}
	return all
}

func (e Ephemeral[C, M]) ephemeral(connect Connector[C]) func() ephemeral.EphemeralResource {
	s := e.Schema
	s.Attributes = maps.Clone(s.Attributes)
	s.Attributes["region"] = schema.StringAttribute{
		Optional: true, Computed: true,
		MarkdownDescription: "Region to look in, such as `eu-north-1`. Default: the provider's region.",
	}
	return func() ephemeral.EphemeralResource {
		return &opening[C, M]{Ephemeral: e, schema: s, connect: connect}
	}
}

// An opening is an ephemeral resource as the framework sees it, connected to one
// provider.
type opening[C, M any] struct {
	Ephemeral[C, M]
	schema   schema.Schema
	connect  Connector[C]
	provider *Provider
}

func (o *opening[C, M]) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = "serverless_" + o.Name
}

func (o *opening[C, M]) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = o.schema
}

func (o *opening[C, M]) Configure(_ context.Context, req ephemeral.ConfigureRequest, _ *ephemeral.ConfigureResponse) {
	o.provider, _ = req.ProviderData.(*Provider)
}

func (o *opening[C, M]) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	ds := &resp.Diagnostics
	var m M
	ds.Append(tfsdk.Config{Schema: o.schema, Raw: nullUnknown(req.Config.Raw, false)}.Get(ctx, &m)...)
	if ds.HasError() {
		return
	}
	b := any(&m).(interface{ ephemeralBase() *EphemeralBase }).ephemeralBase()
	ctx, c, err := enter(ctx, o.provider, o.connect, "ephemeral serverless_"+o.Name, b.Region, nil)
	if err == nil {
		b.Region = types.StringValue(ScopeOf(ctx).Region)
		err = o.Ephemeral.Open(ctx, c, &m)
	}
	if err != nil {
		report(ds, "open ephemeral serverless_"+o.Name, err)
		return
	}
	ds.Append(resp.Result.Set(ctx, &m)...)
}
