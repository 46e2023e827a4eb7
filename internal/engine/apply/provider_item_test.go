package apply_test

import (
	"context"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/list"
	lschema "github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func (p *testProvider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{func() list.ListResource { return &item{} }}
}

// item is a resource with an identity, that can be listed.
type item struct{ c *client }

type itemModel struct {
	ID      types.String `tfsdk:"id"`
	Name    types.String `tfsdk:"name"`
	Secret  types.String `tfsdk:"secret"`
	Details types.Object `tfsdk:"details"`
	Part    types.List   `tfsdk:"part"`
}

type itemIdentity struct {
	Key  types.String `tfsdk:"key"`
	Zone types.String `tfsdk:"zone"`
}

func (r *item) Metadata(_ context.Context, _ resource.MetadataRequest, out *resource.MetadataResponse) {
	out.TypeName = "test_item"
}

func (r *item) Schema(_ context.Context, _ resource.SchemaRequest, out *resource.SchemaResponse) {
	out.Schema = schema.Schema{
		Attributes: map[string]schema.Attribute{
			"id":     schema.StringAttribute{Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}},
			"name":   schema.StringAttribute{Required: true},
			"secret": schema.StringAttribute{Optional: true, Sensitive: true},
			"details": schema.SingleNestedAttribute{Optional: true, Attributes: map[string]schema.Attribute{
				"a": schema.StringAttribute{Optional: true},
				"b": schema.StringAttribute{Optional: true},
			}},
		},
		Blocks: map[string]schema.Block{
			"part": schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
				"n": schema.NumberAttribute{Required: true},
			}}},
		},
	}
}

func (r *item) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, out *resource.IdentitySchemaResponse) {
	out.IdentitySchema = identityschema.Schema{
		Version: 1,
		Attributes: map[string]identityschema.Attribute{
			"key":  identityschema.StringAttribute{RequiredForImport: true},
			"zone": identityschema.StringAttribute{OptionalForImport: true},
		},
	}
}

func (r *item) UpgradeIdentity(context.Context) map[int64]resource.IdentityUpgrader {
	return map[int64]resource.IdentityUpgrader{0: {
		PriorSchema: &identityschema.Schema{Attributes: map[string]identityschema.Attribute{"old": identityschema.StringAttribute{RequiredForImport: true}}},
		IdentityUpgrader: func(ctx context.Context, in resource.UpgradeIdentityRequest, out *resource.UpgradeIdentityResponse) {
			var old types.String
			out.Diagnostics.Append(in.Identity.GetAttribute(ctx, path.Root("old"), &old)...)
			out.Diagnostics.Append(out.Identity.Set(ctx, itemIdentity{old, types.StringValue("z")})...)
		},
	}}
}

func (r *item) Configure(_ context.Context, in resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	if c, ok := in.ProviderData.(*client); ok {
		r.c = c
	}
}

func identityOf(m itemModel) itemIdentity { return itemIdentity{m.ID, types.StringValue("z")} }

func (r *item) Create(ctx context.Context, in resource.CreateRequest, out *resource.CreateResponse) {
	var m itemModel
	out.Diagnostics.Append(in.Plan.Get(ctx, &m)...)
	m.ID = types.StringValue("item-" + m.Name.ValueString())
	r.c.w.note("create", m.Name.ValueString())
	r.c.w.mu.Lock()
	r.c.w.items[m.ID.ValueString()] = m
	r.c.w.mu.Unlock()
	out.Diagnostics.Append(out.State.Set(ctx, &m)...)
	out.Diagnostics.Append(out.Identity.Set(ctx, identityOf(m))...)
}

func (r *item) Read(ctx context.Context, in resource.ReadRequest, out *resource.ReadResponse) {
	var m itemModel
	out.Diagnostics.Append(in.State.Get(ctx, &m)...)
	if in.Identity != nil && !in.Identity.Raw.IsNull() {
		var identity itemIdentity
		out.Diagnostics.Append(in.Identity.Get(ctx, &identity)...)
		r.c.w.note("read", "by identity "+identity.Key.ValueString()+"/"+identity.Zone.ValueString())
	}
	r.c.w.mu.Lock()
	have, ok := r.c.w.items[m.ID.ValueString()]
	r.c.w.mu.Unlock()
	if !ok {
		out.State.RemoveResource(ctx)
		return
	}
	out.Diagnostics.Append(out.State.Set(ctx, &have)...)
	out.Diagnostics.Append(out.Identity.Set(ctx, identityOf(have))...)
}

func (r *item) Update(ctx context.Context, in resource.UpdateRequest, out *resource.UpdateResponse) {
	var m itemModel
	out.Diagnostics.Append(in.Plan.Get(ctx, &m)...)
	r.c.w.note("update", m.Name.ValueString())
	r.c.w.mu.Lock()
	r.c.w.items[m.ID.ValueString()] = m
	r.c.w.mu.Unlock()
	out.Diagnostics.Append(out.State.Set(ctx, &m)...)
}

func (r *item) Delete(ctx context.Context, in resource.DeleteRequest, out *resource.DeleteResponse) {
	var m itemModel
	out.Diagnostics.Append(in.State.Get(ctx, &m)...)
	r.c.w.note("delete", m.Name.ValueString())
	r.c.w.mu.Lock()
	defer r.c.w.mu.Unlock()
	delete(r.c.w.items, m.ID.ValueString())
}

func (r *item) ImportState(ctx context.Context, in resource.ImportStateRequest, out *resource.ImportStateResponse) {
	resource.ImportStatePassthroughWithIdentity(ctx, path.Root("id"), path.Root("key"), in, out)
}

func (r *item) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, out *list.ListResourceSchemaResponse) {
	out.Schema = lschema.Schema{Attributes: map[string]lschema.Attribute{"fail": lschema.BoolAttribute{Optional: true}}}
}

func (r *item) List(ctx context.Context, in list.ListRequest, out *list.ListResultsStream) {
	var fail types.Bool
	in.Config.GetAttribute(ctx, path.Root("fail"), &fail)
	r.c.w.note("list", "items")
	r.c.w.mu.Lock()
	items := maps.Clone(r.c.w.items)
	r.c.w.mu.Unlock()
	out.Results = func(yield func(list.ListResult) bool) {
		for _, id := range slices.Sorted(maps.Keys(items)) {
			result := in.NewListResult(ctx)
			result.DisplayName = "The item " + items[id].Name.ValueString()
			result.Diagnostics.Append(result.Identity.Set(ctx, identityOf(items[id]))...)
			if in.IncludeResource {
				result.Diagnostics.Append(result.Resource.Set(ctx, items[id])...)
			}
			if !yield(result) {
				return
			}
			if fail.ValueBool() {
				bad := in.NewListResult(ctx)
				bad.Diagnostics.AddError("Listing failed", "as asked")
				yield(bad)
				return
			}
		}
	}
}

func newItem(name string) itemModel {
	return itemModel{
		ID: types.StringValue("item-" + name), Name: types.StringValue(name), Secret: types.StringValue("geheim"),
		Details: types.ObjectValueMust(map[string]attr.Type{"a": types.StringType, "b": types.StringType}, map[string]attr.Value{"a": types.StringValue("${x}"), "b": types.StringNull()}),
		Part: types.ListValueMust(types.ObjectType{AttrTypes: map[string]attr.Type{"n": types.NumberType}}, []attr.Value{
			types.ObjectValueMust(map[string]attr.Type{"n": types.NumberType}, map[string]attr.Value{"n": types.NumberValue(bigFloat(7))}),
		}),
	}
}
