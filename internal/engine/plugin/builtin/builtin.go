// Package builtin is the provider that is part of the language itself,
// terraform.io/builtin/terraform: the resource type terraform_data, the data
// source terraform_remote_state, and functions that read and write the language.
//
// It must not know the engine that calls it, nor where states are kept, which
// States tells: it is a provider like any other.
package builtin

import (
	"context"

	"github.com/google/uuid"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	rschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/dynamicplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// Server is a new instance of the provider that knows no backends.
func Server() (tfprotov6.ProviderServer, error) { return With(none{})() }

// With makes instances of the provider that read states by way of s.
func With(s States) func() (tfprotov6.ProviderServer, error) {
	return providerserver.NewProtocol6WithError(terraform{s})
}

type terraform struct{ states States }

func (terraform) Metadata(_ context.Context, _ provider.MetadataRequest, out *provider.MetadataResponse) {
	out.TypeName = "terraform"
}

func (terraform) Schema(_ context.Context, _ provider.SchemaRequest, out *provider.SchemaResponse) {
	out.Schema = schema.Schema{}
}

func (terraform) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}

func (t terraform) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{func() datasource.DataSource { return remoteState{t.states} }}
}

func (terraform) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return data{} }}
}

// data is the type terraform_data: it holds a value, and can be replaced when
// another value changes.
type data struct{}

type model struct {
	ID       types.String  `tfsdk:"id"`
	Input    types.Dynamic `tfsdk:"input"`
	Output   types.Dynamic `tfsdk:"output"`
	Triggers types.Dynamic `tfsdk:"triggers_replace"`
}

func (data) Metadata(_ context.Context, _ resource.MetadataRequest, out *resource.MetadataResponse) {
	out.TypeName = "terraform_data"
}

func (data) Schema(_ context.Context, _ resource.SchemaRequest, out *resource.SchemaResponse) {
	out.Schema = rschema.Schema{
		MarkdownDescription: "Holds a value, and is replaced when `triggers_replace` changes.",
		Attributes: map[string]rschema.Attribute{
			"id": rschema.StringAttribute{
				MarkdownDescription: "A UUID.", Computed: true,
				PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			},
			"input":  rschema.DynamicAttribute{MarkdownDescription: "Any value.", Optional: true},
			"output": rschema.DynamicAttribute{MarkdownDescription: "The value of `input`, known after apply.", Computed: true},
			"triggers_replace": rschema.DynamicAttribute{
				MarkdownDescription: "Any value; a change of it replaces the object.", Optional: true,
				PlanModifiers: []planmodifier.Dynamic{dynamicplanmodifier.RequiresReplace()},
			},
		},
	}
}

// ModifyPlan keeps the output as long as the input stays.
func (data) ModifyPlan(ctx context.Context, in resource.ModifyPlanRequest, out *resource.ModifyPlanResponse) {
	if in.State.Raw.IsNull() || in.Plan.Raw.IsNull() {
		return
	}
	var before, after model
	out.Diagnostics.Append(in.State.Get(ctx, &before)...)
	out.Diagnostics.Append(in.Plan.Get(ctx, &after)...)
	if out.Diagnostics.HasError() || !before.Input.Equal(after.Input) {
		return
	}
	out.Diagnostics.Append(out.Plan.SetAttribute(ctx, path.Root("output"), before.Output)...)
}

func (data) Create(ctx context.Context, in resource.CreateRequest, out *resource.CreateResponse) {
	var m model
	out.Diagnostics.Append(in.Plan.Get(ctx, &m)...)
	m.ID, m.Output = types.StringValue(uuid.NewString()), m.Input
	out.Diagnostics.Append(out.State.Set(ctx, &m)...)
}

// Read has nothing to look at: the state is all there is.
func (data) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (data) Update(ctx context.Context, in resource.UpdateRequest, out *resource.UpdateResponse) {
	var m model
	out.Diagnostics.Append(in.Plan.Get(ctx, &m)...)
	m.Output = m.Input
	out.Diagnostics.Append(out.State.Set(ctx, &m)...)
}

// ImportState takes any id for an object that holds nothing yet.
func (data) ImportState(ctx context.Context, in resource.ImportStateRequest, out *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), in, out)
}

func (data) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
