package builtin

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	dschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"
)

// States reads states that others keep. It is asked from many goroutines at
// once.
type States interface {
	// Check tells what is wrong with the configuration of a backend: an object or
	// null. An unknown backend is ErrNoBackend.
	Check(backend string, config cty.Value) error

	// Outputs are the output values of the state of a workspace, "default" among
	// them. ErrNoState says that there is no state.
	Outputs(ctx context.Context, backend, workspace string, config cty.Value) (map[string]cty.Value, error)
}

// What States answers when there is nothing wrong with the request itself.
var (
	ErrNoBackend = errors.New("there is no backend of that type")
	ErrNoState   = errors.New("no state was stored for the workspace")
)

// none are the States of who has no backends.
type none struct{}

func (none) Check(string, cty.Value) error { return ErrNoBackend }

func (none) Outputs(context.Context, string, string, cty.Value) (map[string]cty.Value, error) {
	return nil, ErrNoBackend
}

// remoteState is the data source terraform_remote_state: the outputs of another
// configuration.
type remoteState struct{ states States }

func (remoteState) Metadata(_ context.Context, _ datasource.MetadataRequest, out *datasource.MetadataResponse) {
	out.TypeName = "terraform_remote_state"
}

func (remoteState) Schema(_ context.Context, _ datasource.SchemaRequest, out *datasource.SchemaResponse) {
	out.Schema = dschema.Schema{
		MarkdownDescription: "Reads the outputs of another configuration from the state that it keeps.",
		Attributes: map[string]dschema.Attribute{
			"backend":   dschema.StringAttribute{MarkdownDescription: "The type of the backend that keeps the state.", Required: true},
			"config":    dschema.DynamicAttribute{MarkdownDescription: "The arguments of the backend, as an object.", Optional: true},
			"defaults":  dschema.DynamicAttribute{MarkdownDescription: "Values for outputs that the state does not have, as an object.", Optional: true},
			"outputs":   dschema.DynamicAttribute{MarkdownDescription: "The outputs, as an object.", Computed: true},
			"workspace": dschema.StringAttribute{MarkdownDescription: "The workspace whose state is read; `default` if not set.", Optional: true},
		},
	}
}

// argument reads an argument that must be an object.
func argument(in map[string]tftypes.Value, name string) (cty.Value, error) {
	v, err := ctyOf(in[name])
	if ty := v.Type(); err == nil && v.IsKnown() && !v.IsNull() && !ty.IsObjectType() && !ty.IsMapType() {
		err = errors.New("it must be an object")
	}
	return v, err
}

func (r remoteState) ValidateConfig(_ context.Context, in datasource.ValidateConfigRequest, out *datasource.ValidateConfigResponse) {
	var all map[string]tftypes.Value
	if err := in.Config.Raw.As(&all); err != nil {
		out.Diagnostics.AddError("Invalid configuration", err.Error())
		return
	}
	config, err := argument(all, "config")
	if err != nil {
		out.Diagnostics.AddAttributeError(path.Root("config"), "Invalid backend configuration", "The argument \"config\" holds the arguments of the backend: "+err.Error()+".")
	}
	if _, err := argument(all, "defaults"); err != nil {
		out.Diagnostics.AddAttributeError(path.Root("defaults"), "Invalid default values", "The argument \"defaults\" holds values by the names of outputs: "+err.Error()+".")
	}
	var backend types.String
	out.Diagnostics.Append(in.Config.GetAttribute(context.Background(), path.Root("backend"), &backend)...)
	if out.Diagnostics.HasError() || backend.IsUnknown() || !config.IsWhollyKnown() {
		return
	}
	switch err := r.states.Check(backend.ValueString(), config); {
	case errors.Is(err, ErrNoBackend):
		out.Diagnostics.AddAttributeError(path.Root("backend"), "Invalid backend configuration", fmt.Sprintf("There is no backend type named %q.", backend.ValueString()))
	case err != nil:
		out.Diagnostics.AddAttributeError(path.Root("config"), "Invalid backend configuration", fmt.Sprintf("The given configuration is not valid for backend %q: %v.", backend.ValueString(), err))
	}
}

func (r remoteState) Read(ctx context.Context, in datasource.ReadRequest, out *datasource.ReadResponse) {
	var all map[string]tftypes.Value
	if err := in.Config.Raw.As(&all); err != nil {
		out.Diagnostics.AddError("Invalid configuration", err.Error())
		return
	}
	var backend, workspace types.String
	out.Diagnostics.Append(in.Config.GetAttribute(ctx, path.Root("backend"), &backend)...)
	out.Diagnostics.Append(in.Config.GetAttribute(ctx, path.Root("workspace"), &workspace)...)
	config, err := argument(all, "config")
	defaults, more := argument(all, "defaults")
	if err = errors.Join(err, more); err != nil {
		out.Diagnostics.AddError("Invalid configuration", err.Error())
	}
	if out.Diagnostics.HasError() {
		return
	}
	name := workspace.ValueString()
	if name == "" {
		name = "default"
	}
	outputs, err := r.states.Outputs(ctx, backend.ValueString(), name, config)
	switch {
	case errors.Is(err, ErrNoState):
		out.Diagnostics.AddError("Unable to find remote state", "No stored state was found for the given workspace in the given backend.")
		return
	case err != nil:
		out.Diagnostics.AddError("Unable to read remote state", fmt.Sprintf("The state in the backend %q cannot be read: %v.", backend.ValueString(), err))
		return
	}
	values := map[string]cty.Value{}
	if !defaults.IsNull() {
		maps.Copy(values, defaults.AsValueMap())
	}
	maps.Copy(values, outputs)
	found, err := tfOf(cty.ObjectVal(values))
	if err != nil {
		out.Diagnostics.AddError("Unable to read remote state", err.Error())
		return
	}
	all["outputs"] = found
	out.State.Raw = tftypes.NewValue(in.Config.Raw.Type(), all)
}
