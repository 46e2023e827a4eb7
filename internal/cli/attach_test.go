package cli

import (
	"context"
	"encoding/json"
	"os"
	"regexp"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	doing "github.com/hashicorp/terraform-plugin-framework/action"
	aschema "github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	eschema "github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	pschema "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	rschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
	"github.com/rogpeppe/go-internal/testscript"
)

// attach is the script command that serves the provider example/example over
// gRPC, as one that is debugged, and lets the commands of the script find it.
func attach(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: attach")
	}
	const source = "registry.terraform.io/example/example"
	ctx, cancel := context.WithCancel(context.Background())
	attached, closed, failed := make(chan *plugin.ReattachConfig), make(chan struct{}), make(chan error, 1)
	go func() {
		failed <- tf6server.Serve(source, providerserver.NewProtocol6(&example{}),
			tf6server.WithDebug(ctx, attached, closed), tf6server.WithGoPluginLogger(hclog.NewNullLogger()))
	}()
	ts.Defer(func() {
		cancel()
		<-closed
	})
	select {
	case err := <-failed:
		close(closed)
		ts.Fatalf("serving the provider: %v", err)
	case c := <-attached:
		text, err := json.Marshal(map[string]any{source: map[string]any{
			"Protocol": c.Protocol, "ProtocolVersion": c.ProtocolVersion,
			"Addr": map[string]string{"Network": c.Addr.Network(), "String": c.Addr.String()},
		}})
		ts.Check(err)
		ts.Setenv("TF_REATTACH_PROVIDERS", string(text))
	}
}

// unversion is the script command that takes the version of Terraform out of JSON
// documents, which differs from one program to the other.
func unversion(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: unversion FILE...")
	}
	for _, file := range args {
		text := regexp.MustCompile(`"terraform_version":"[^"]*",?`).ReplaceAllString(ts.ReadFile(file), "")
		ts.Check(os.WriteFile(ts.MkAbs(file), []byte(text), 0o600))
	}
}

// example is a provider with what ours need not have: an ephemeral resource, an
// action and a write-only attribute.
type example struct{}

func (*example) Metadata(_ context.Context, _ provider.MetadataRequest, out *provider.MetadataResponse) {
	out.TypeName = "example"
}

func (*example) Schema(_ context.Context, _ provider.SchemaRequest, out *provider.SchemaResponse) {
	out.Schema = pschema.Schema{}
}

func (*example) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}

func (*example) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (*example) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return box{} }}
}

func (*example) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{func() ephemeral.EphemeralResource { return word{} }}
}

func (*example) Actions(context.Context) []func() doing.Action {
	return []func() doing.Action{func() doing.Action { return shout{} }}
}

// box keeps a hint of a password that it is given.
type box struct{}

type boxModel struct {
	ID       types.String `tfsdk:"id"`
	Password types.String `tfsdk:"password"`
	Length   types.Int64  `tfsdk:"length"`
}

func (box) Metadata(_ context.Context, _ resource.MetadataRequest, out *resource.MetadataResponse) {
	out.TypeName = "example_box"
}

func (box) Schema(_ context.Context, _ resource.SchemaRequest, out *resource.SchemaResponse) {
	out.Schema = rschema.Schema{Attributes: map[string]rschema.Attribute{
		"id":       rschema.StringAttribute{Required: true},
		"password": rschema.StringAttribute{Optional: true, WriteOnly: true},
		"length":   rschema.Int64Attribute{Computed: true},
	}}
}

func (box) Create(ctx context.Context, in resource.CreateRequest, out *resource.CreateResponse) {
	var m, config boxModel
	out.Diagnostics.Append(in.Plan.Get(ctx, &m)...)
	out.Diagnostics.Append(in.Config.Get(ctx, &config)...)
	m.Length = types.Int64Value(int64(len(config.Password.ValueString())))
	out.Diagnostics.Append(out.State.Set(ctx, &m)...)
}

func (box) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (box) Update(ctx context.Context, in resource.UpdateRequest, out *resource.UpdateResponse) {
	var m boxModel
	out.Diagnostics.Append(in.Plan.Get(ctx, &m)...)
	m.Length = types.Int64Value(0)
	out.Diagnostics.Append(out.State.Set(ctx, &m)...)
}

func (box) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

// word is an ephemeral resource: a secret word.
type word struct{}

func (word) Metadata(_ context.Context, _ ephemeral.MetadataRequest, out *ephemeral.MetadataResponse) {
	out.TypeName = "example_word"
}

func (word) Schema(_ context.Context, _ ephemeral.SchemaRequest, out *ephemeral.SchemaResponse) {
	out.Schema = eschema.Schema{Attributes: map[string]eschema.Attribute{"text": eschema.StringAttribute{Computed: true}}}
}

func (word) Open(ctx context.Context, _ ephemeral.OpenRequest, out *ephemeral.OpenResponse) {
	out.Diagnostics.Append(out.Result.Set(ctx, struct {
		Text types.String `tfsdk:"text"`
	}{types.StringValue("geheim")})...)
	out.RenewAt = time.Now().Add(time.Hour)
}

func (word) Renew(context.Context, ephemeral.RenewRequest, *ephemeral.RenewResponse) {}

// shout is an action that says something, or fails.
type shout struct{}

func (shout) Metadata(_ context.Context, _ doing.MetadataRequest, out *doing.MetadataResponse) {
	out.TypeName = "example_shout"
}

func (shout) Schema(_ context.Context, _ doing.SchemaRequest, out *doing.SchemaResponse) {
	out.Schema = aschema.Schema{Attributes: map[string]aschema.Attribute{"text": aschema.StringAttribute{Required: true}}}
}

func (shout) Invoke(ctx context.Context, in doing.InvokeRequest, out *doing.InvokeResponse) {
	var m struct {
		Text types.String `tfsdk:"text"`
	}
	out.Diagnostics.Append(in.Config.Get(ctx, &m)...)
	if m.Text.ValueString() == "" {
		out.Diagnostics.AddError("Nothing to shout", "The text is empty.")
		return
	}
	out.SendProgress(doing.InvokeProgressEvent{Message: "clearing the throat"})
	out.SendProgress(doing.InvokeProgressEvent{Message: m.Text.ValueString() + "!"})
}
