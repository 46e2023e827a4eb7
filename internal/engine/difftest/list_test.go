package difftest

import (
	"context"
	"slices"

	plist "github.com/hashicorp/terraform-plugin-framework/list"
	lschema "github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// listing finds the objects of test_named in the world.
type listing struct{ c *client }

type listingModel struct {
	Region types.String `tfsdk:"region"`
	Fail   types.String `tfsdk:"fail"`
}

func (p *testProvider) ListResources(context.Context) []func() plist.ListResource {
	return []func() plist.ListResource{func() plist.ListResource { return &listing{} }}
}

func (l *listing) Metadata(_ context.Context, _ resource.MetadataRequest, out *resource.MetadataResponse) {
	out.TypeName = "test_named"
}

func (l *listing) Configure(_ context.Context, in resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	l.c, _ = in.ProviderData.(*client)
}

func (l *listing) ListResourceConfigSchema(_ context.Context, _ plist.ListResourceSchemaRequest, out *plist.ListResourceSchemaResponse) {
	out.Schema = lschema.Schema{Attributes: map[string]lschema.Attribute{
		"region": lschema.StringAttribute{Optional: true},
		"fail":   lschema.StringAttribute{Optional: true},
	}}
}

func (l *listing) List(ctx context.Context, in plist.ListRequest, out *plist.ListResultsStream) {
	var m listingModel
	diags := in.Config.Get(ctx, &m)
	objects := l.c.w.named(m.Region)
	if in.Limit > 0 {
		objects = objects[:min(int(in.Limit), len(objects))]
	}
	out.Results = func(yield func(plist.ListResult) bool) {
		for i, raw := range objects {
			result := in.NewListResult(ctx)
			result.DisplayName = "The object " + text(raw, "name")
			result.Diagnostics.Append(result.Identity.Set(ctx, identityOf(raw))...)
			if in.IncludeResource {
				result.Resource.Raw = raw
			}
			if i == 1 && m.Fail.ValueString() == "half-way" {
				result.Diagnostics.AddError("Listing failed", "As asked for.")
			}
			if !yield(result) {
				return
			}
		}
		if diags.HasError() {
			result := in.NewListResult(ctx)
			result.Diagnostics = diags
			yield(result)
		}
	}
}

// named are the objects of test_named, of one region if it is given.
func (w *world) named(region types.String) []tftypes.Value {
	schema := namedSchema()
	ty := schema.Type().TerraformType(context.Background()).(tftypes.Object)
	var out []tftypes.Value
	for _, id := range w.names() {
		v, _ := w.get(id, ty)
		if region.IsNull() || text(v, "region") == region.ValueString() {
			out = append(out, v)
		}
	}
	return slices.Clip(out)
}

func (r *recorder) ListResource(ctx context.Context, in *tfprotov6.ListResourceRequest) (*tfprotov6.ListResourceServerStream, error) {
	limit := "all"
	if in.Limit > 0 {
		limit = "limited"
	}
	r.note("list", "%s %s", in.TypeName, limit)
	return r.ListResourceServer.ListResource(ctx, in)
}
