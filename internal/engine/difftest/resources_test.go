package difftest

import (
	"bytes"
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

var (
	keep    = []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
	replace = []planmodifier.String{stringplanmodifier.RequiresReplace()}
)

// base are the attributes that every type has.
func base(more map[string]schema.Attribute) map[string]schema.Attribute {
	out := map[string]schema.Attribute{
		"id":      schema.StringAttribute{Computed: true, PlanModifiers: keep},
		"name":    schema.StringAttribute{Required: true},
		"version": schema.Int64Attribute{Computed: true},
		"fail":    schema.StringAttribute{Optional: true},
	}
	for name, a := range more {
		out[name] = a
	}
	return out
}

// resourceSchemas are the types by their names without the provider's.
func resourceSchemas() map[string]schema.Schema {
	return map[string]schema.Schema{
		"thing":  {Version: 1, Attributes: base(thingAttributes())},
		"moved":  {Attributes: base(map[string]schema.Attribute{"kind": schema.StringAttribute{Optional: true}})},
		"nest":   {Attributes: base(nestAttributes())},
		"legacy": {Attributes: base(map[string]schema.Attribute{"note": schema.StringAttribute{Optional: true}})},
		"blocks": {Attributes: base(nil), Blocks: blocks()},
	}
}

func thingAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"size":         schema.NumberAttribute{Optional: true},
		"on":           schema.BoolAttribute{Optional: true},
		"kind":         schema.StringAttribute{Optional: true, PlanModifiers: replace},
		"color":        schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("red")},
		"mode":         schema.StringAttribute{Optional: true, Computed: true, PlanModifiers: keep},
		"tags":         schema.MapAttribute{Optional: true, ElementType: types.StringType},
		"list":         schema.ListAttribute{Optional: true, ElementType: types.StringType},
		"set":          schema.SetAttribute{Optional: true, ElementType: types.StringType},
		"object":       schema.ObjectAttribute{Optional: true, AttributeTypes: map[string]attr.Type{"a": types.StringType, "b": types.NumberType}},
		"any":          schema.DynamicAttribute{Optional: true},
		"secret":       schema.StringAttribute{Optional: true, Sensitive: true},
		"password":     schema.StringAttribute{Optional: true, WriteOnly: true},
		"password_key": schema.StringAttribute{Optional: true, WriteOnly: true, PlanModifiers: replace},
	}
}

func nestAttributes() map[string]schema.Attribute {
	inner := func() map[string]schema.Attribute {
		return map[string]schema.Attribute{
			"key":   schema.StringAttribute{Required: true},
			"value": schema.StringAttribute{Optional: true},
			"hash":  schema.StringAttribute{Computed: true},
		}
	}
	return map[string]schema.Attribute{
		"single": schema.SingleNestedAttribute{Optional: true, Attributes: inner()},
		"list":   schema.ListNestedAttribute{Optional: true, NestedObject: schema.NestedAttributeObject{Attributes: inner()}},
		"map":    schema.MapNestedAttribute{Optional: true, NestedObject: schema.NestedAttributeObject{Attributes: inner()}},
		"set":    schema.SetNestedAttribute{Optional: true, NestedObject: schema.NestedAttributeObject{Attributes: inner()}},
		"status": schema.SingleNestedAttribute{Computed: true, Attributes: map[string]schema.Attribute{
			"text": schema.StringAttribute{Computed: true},
		}},
	}
}

func blocks() map[string]schema.Block {
	object := func(required string) schema.NestedBlockObject {
		return schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
			required: schema.StringAttribute{Required: true},
			"note":   schema.StringAttribute{Optional: true},
			"hash":   schema.StringAttribute{Computed: true},
		}}
	}
	rule := object("port")
	rule.Blocks = map[string]schema.Block{"match": schema.ListNestedBlock{NestedObject: object("path")}}
	meta := object("owner")
	return map[string]schema.Block{
		"rule":  schema.ListNestedBlock{NestedObject: rule},
		"label": schema.SetNestedBlock{NestedObject: object("key")},
		"meta":  schema.SingleNestedBlock{Attributes: map[string]schema.Attribute{"owner": schema.StringAttribute{Optional: true}, "hash": schema.StringAttribute{Computed: true}}, Blocks: meta.Blocks},
	}
}

// thing is a type whose objects the world keeps as they were planned, with the
// unknown values filled in.
type thing struct {
	name   string
	schema schema.Schema
	c      *client
}

func (r *thing) Metadata(_ context.Context, _ resource.MetadataRequest, out *resource.MetadataResponse) {
	out.TypeName = "test_" + r.name
}

func (r *thing) Schema(_ context.Context, _ resource.SchemaRequest, out *resource.SchemaResponse) {
	out.Schema = r.schema
}

func (r *thing) Configure(_ context.Context, in resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.c, _ = in.ProviderData.(*client)
}

func (r *thing) ValidateConfig(_ context.Context, in resource.ValidateConfigRequest, out *resource.ValidateConfigResponse) {
	switch text(in.Config.Raw, "fail") {
	case "validate":
		out.Diagnostics.AddAttributeError(path.Root("fail"), "Bad thing", "As asked for.")
	case "warn":
		out.Diagnostics.AddWarning("Uneasy thing", "As asked for.")
	}
}

func (r *thing) ModifyPlan(_ context.Context, in resource.ModifyPlanRequest, out *resource.ModifyPlanResponse) {
	switch text(in.Config.Raw, "fail") {
	case "plan":
		out.Diagnostics.AddError("Planning failed", "As asked for.")
	case "plan-lie":
		out.Plan.Raw = with(out.Plan.Raw, "name", tftypes.NewValue(tftypes.String, "another"))
	}
}

func (r *thing) Create(ctx context.Context, in resource.CreateRequest, out *resource.CreateResponse) {
	fail := text(in.Plan.Raw, "fail")
	if fail == "create-nothing" {
		out.Diagnostics.AddError("Creation failed", "As asked for.")
		return
	}
	out.State.Raw = r.c.create(in.Plan.Raw)
	out.Diagnostics.Append(out.Private.SetKey(ctx, "made", []byte(`{"by":"create"}`))...)
	switch fail {
	case "create":
		out.Diagnostics.AddError("Creation failed half-way", "As asked for.")
	case "panic":
		panic("as asked for")
	case "lie":
		out.State.Raw = with(out.State.Raw, "name", tftypes.NewValue(tftypes.String, "another"))
	}
}

func (r *thing) Read(ctx context.Context, in resource.ReadRequest, out *resource.ReadResponse) {
	have, ok := r.c.w.get(text(in.State.Raw, "id"), r.tftype())
	switch {
	case !ok:
		out.State.RemoveResource(ctx)
	case text(have, "fail") == "read":
		out.Diagnostics.AddError("Reading failed", "As asked for.")
	default:
		out.State.Raw = have
	}
}

func (r *thing) Update(_ context.Context, in resource.UpdateRequest, out *resource.UpdateResponse) {
	switch text(in.Plan.Raw, "fail") {
	case "update":
		out.State.Raw = in.State.Raw
		out.Diagnostics.AddError("Update failed", "As asked for.")
		return
	case "update-half":
		out.State.Raw = r.c.update(in.State.Raw, in.Plan.Raw)
		out.Diagnostics.AddError("Update failed half-way", "As asked for.")
		return
	}
	out.State.Raw = r.c.update(in.State.Raw, in.Plan.Raw)
}

func (r *thing) Delete(_ context.Context, in resource.DeleteRequest, out *resource.DeleteResponse) {
	if text(in.State.Raw, "fail") == "delete" {
		out.Diagnostics.AddError("Deletion failed", "As asked for.")
		return
	}
	r.c.w.remove(text(in.State.Raw, "id"))
}

func (r *thing) ImportState(ctx context.Context, in resource.ImportStateRequest, out *resource.ImportStateResponse) {
	out.Diagnostics.Append(out.State.SetAttribute(ctx, path.Root("id"), in.ID)...)
}

// MoveState takes a test_thing for a test_moved.
func (r *thing) MoveState(context.Context) []resource.StateMover {
	if r.name != "moved" {
		return nil
	}
	return []resource.StateMover{{StateMover: func(ctx context.Context, in resource.MoveStateRequest, out *resource.MoveStateResponse) {
		if in.SourceTypeName != "test_thing" {
			return
		}
		old, err := fromJSON(in.SourceRawState.JSON, r.tftype())
		if err != nil {
			out.Diagnostics.AddError("Bad state", err.Error())
			return
		}
		out.TargetState.Raw = old
	}}}
}

// UpgradeState turns what the older versions of test_thing were into what they
// are now.
func (r *thing) UpgradeState(context.Context) map[int64]resource.StateUpgrader {
	if r.name != "thing" {
		return nil
	}
	return map[int64]resource.StateUpgrader{0: {StateUpgrader: func(_ context.Context, in resource.UpgradeStateRequest, out *resource.UpgradeStateResponse) {
		old, err := fromJSON(bytes.ReplaceAll(in.RawState.JSON, []byte(`"colour"`), []byte(`"color"`)), r.tftype()) //nolint:misspell // an earlier name
		if err != nil {
			out.Diagnostics.AddError("Bad state", err.Error())
			return
		}
		out.State.Raw = old
	}}}
}

func (r *thing) tftype() tftypes.Object {
	return r.schema.Type().TerraformType(context.Background()).(tftypes.Object)
}

func namedSchema() schema.Schema {
	return schema.Schema{Attributes: base(map[string]schema.Attribute{"region": schema.StringAttribute{Optional: true, PlanModifiers: replace}})}
}

// named is the type test_named, whose objects have an identity.
type named struct{ thing }

type identity struct {
	Name   types.String `tfsdk:"name"`
	Region types.String `tfsdk:"region"`
}

func identityOf(raw tftypes.Value) identity {
	return identity{types.StringValue(text(raw, "name")), types.StringValue(text(raw, "region"))}
}

func (r *named) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, out *resource.IdentitySchemaResponse) {
	out.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"name":   identityschema.StringAttribute{RequiredForImport: true},
		"region": identityschema.StringAttribute{OptionalForImport: true},
	}}
}

func (r *named) Create(ctx context.Context, in resource.CreateRequest, out *resource.CreateResponse) {
	r.thing.Create(ctx, in, out)
	if out.Identity != nil {
		out.Diagnostics.Append(out.Identity.Set(ctx, identityOf(out.State.Raw))...)
	}
}

func (r *named) Read(ctx context.Context, in resource.ReadRequest, out *resource.ReadResponse) {
	r.thing.Read(ctx, in, out)
	if out.Identity != nil && !out.State.Raw.IsNull() {
		out.Diagnostics.Append(out.Identity.Set(ctx, identityOf(out.State.Raw))...)
	}
}

func (r *named) ImportState(ctx context.Context, in resource.ImportStateRequest, out *resource.ImportStateResponse) {
	id := in.ID
	if id == "" {
		var m identity
		out.Diagnostics.Append(in.Identity.Get(ctx, &m)...)
		id = r.c.w.find(m.Name.ValueString())
	}
	out.Diagnostics.Append(out.State.SetAttribute(ctx, path.Root("id"), id)...)
}
