package tf

import (
	"context"
	"fmt"
	"maps"
	"runtime/debug"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// An Action is one thing that can be done beside managing resources. M is the
// model of its configuration, a struct that embeds [ActionBase].
type Action[C, M any] struct {
	// Name is the action's name without "serverless_", such as "put_items".
	Name string
	// Schema has the action's own attributes; region is added.
	Schema schema.Schema
	// Validate checks what attribute validators cannot; nil if there is nothing.
	Validate func(ctx context.Context, v *Check, m *M)
	// Invoke does it, and says by progress, in whole sentences, how far it is.
	Invoke func(ctx context.Context, c C, m *M, progress func(format string, args ...any)) error
}

// ActionBase has the attributes of every action. Embed it in a model.
type ActionBase struct {
	Region types.String `tfsdk:"region"`
}

func (b *ActionBase) actionBase() *ActionBase { return b }

// An ActionEntry is an [Action] as its family's list holds it.
type ActionEntry[C any] interface {
	action(Connector[C]) func() action.Action
}

// Actions makes a family's actions into the framework's.
func Actions[C any](connect Connector[C], family []ActionEntry[C]) []func() action.Action {
	var all []func() action.Action
	for _, e := range family {
		all = append(all, e.action(connect))
	}
	return all
}

func (a Action[C, M]) action(connect Connector[C]) func() action.Action {
	s := a.Schema
	s.Attributes = maps.Clone(s.Attributes)
	s.Attributes["region"] = schema.StringAttribute{
		Optional:            true,
		MarkdownDescription: "Region to act in, such as `eu-north-1`. Default: the provider's region.",
	}
	return func() action.Action { return &deed[C, M]{Action: a, schema: s, connect: connect} }
}

// A deed is an action as the framework sees it, connected to one provider.
type deed[C, M any] struct {
	Action[C, M]
	schema   schema.Schema
	connect  Connector[C]
	provider *Provider
}

func (d *deed[C, M]) typeName() string { return "serverless_" + d.Name }

func (d *deed[C, M]) Metadata(_ context.Context, _ action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = d.typeName()
}

func (d *deed[C, M]) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = d.schema
}

func (d *deed[C, M]) Configure(_ context.Context, req action.ConfigureRequest, _ *action.ConfigureResponse) {
	d.provider, _ = req.ProviderData.(*Provider)
}

func (d *deed[C, M]) ValidateConfig(ctx context.Context, req action.ValidateConfigRequest, resp *action.ValidateConfigResponse) {
	if d.Validate == nil {
		return
	}
	if m := d.model(ctx, req.Config, &resp.Diagnostics); m != nil {
		d.Validate(ctx, &Check{config: req.Config.Raw, ds: &resp.Diagnostics}, m)
	}
}

func (d *deed[C, M]) model(ctx context.Context, config tfsdk.Config, ds *diag.Diagnostics) *M {
	m := new(M)
	more := tfsdk.Config{Schema: d.schema, Raw: nullUnknown(config.Raw, false)}.Get(ctx, m)
	ds.Append(more...)
	if more.HasError() {
		return nil
	}
	return m
}

func (d *deed[C, M]) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	defer func() { // the framework calls it in a goroutine of its own, where a panic ends the process
		if p := recover(); p != nil {
			resp.Diagnostics.AddError("The provider failed", fmt.Sprintf("Carrying out %s came upon a fault of the provider, which should be reported: %v\n\n%s", d.typeName(), p, debug.Stack()))
		}
	}()
	m := d.model(ctx, req.Config, &resp.Diagnostics)
	if m == nil {
		return
	}
	region := any(m).(interface{ actionBase() *ActionBase }).actionBase()
	ctx, c, err := enter(ctx, d.provider, d.connect, d.typeName(), region.Region, nil)
	if err == nil {
		region.Region = types.StringValue(ScopeOf(ctx).Region)
		err = d.Action.Invoke(ctx, c, m, func(format string, args ...any) {
			if resp.SendProgress != nil {
				resp.SendProgress(action.InvokeProgressEvent{Message: fmt.Sprintf(format, args...)})
			}
		})
	}
	if err != nil {
		report(&resp.Diagnostics, "carry out "+d.typeName(), err)
	}
}
