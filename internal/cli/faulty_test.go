package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// faultyName is the program of a provider that goes wrong as it is told to: at
// its start by the variable FAULTY, later by its resources.
const faultyName = "terraform-provider-faulty"

func faultyMain() {
	switch os.Getenv("FAULTY") {
	case "exit":
		fmt.Fprintln(os.Stderr, "no license found")
		os.Exit(3)
	case "cookie":
		plugin.Serve(&plugin.ServeConfig{
			HandshakeConfig: plugin.HandshakeConfig{ProtocolVersion: 6, MagicCookieKey: "TF_PLUGIN_MAGIC_COOKIE", MagicCookieValue: "another"},
			GRPCServer:      plugin.DefaultGRPCServer,
		})
	case "garbage":
		fmt.Println("hello")
	}
	err := providerserver.Serve(context.Background(), func() provider.Provider { return faulty{} }, providerserver.ServeOpts{Address: "registry.terraform.io/test/faulty"})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type faulty struct{ provider.Provider }

func (faulty) Metadata(_ context.Context, _ provider.MetadataRequest, out *provider.MetadataResponse) {
	out.TypeName = "faulty"
}
func (faulty) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse)          {}
func (faulty) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}
func (faulty) DataSources(context.Context) []func() datasource.DataSource                        { return nil }
func (faulty) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return faultyThing{} }}
}

// faultyThing is made as "how" says: at once; crashing the provider; once it is
// told to stop; or never.
type faultyThing struct{ resource.Resource }

type thing struct {
	ID  types.String `tfsdk:"id"`
	How types.String `tfsdk:"how"`
}

func (faultyThing) Metadata(_ context.Context, _ resource.MetadataRequest, out *resource.MetadataResponse) {
	out.TypeName = "faulty_thing"
}

func (faultyThing) Schema(_ context.Context, _ resource.SchemaRequest, out *resource.SchemaResponse) {
	out.Schema.Attributes = map[string]schema.Attribute{
		"id":  schema.StringAttribute{Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}},
		"how": schema.StringAttribute{Optional: true},
	}
}

func (faultyThing) Create(ctx context.Context, in resource.CreateRequest, out *resource.CreateResponse) {
	var m thing
	out.Diagnostics.Append(in.Plan.Get(ctx, &m)...)
	fmt.Fprintln(os.Stderr, "creating, "+m.How.ValueString())
	switch m.How.ValueString() {
	case "crash":
		go func() { panic("in the middle of it") }() // where nothing catches it
		select {}
	case "stop":
		<-ctx.Done()
		out.Diagnostics.AddError("Stopped", "The provider was told to stop.")
		return
	case "hang":
		select {}
	}
	m.ID = types.StringValue("made")
	out.Diagnostics.Append(out.State.Set(ctx, m)...)
}

func (faultyThing) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (faultyThing) Update(ctx context.Context, in resource.UpdateRequest, out *resource.UpdateResponse) {
	out.State.Raw = in.Plan.Raw
	out.Diagnostics.Append(out.State.SetAttribute(ctx, path.Root("id"), "made")...)
}

func (faultyThing) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
