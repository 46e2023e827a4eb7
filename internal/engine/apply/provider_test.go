package apply_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	dschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	pschema "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// world is what the test provider manages: things by id. Every call that it
// answers is logged as "operation name".
type world struct {
	mu     sync.Mutex
	things map[string]thingModel
	next   int
	opened int               // ephemeral resources, ever
	given  map[string]string // passwords of things by name
	items  map[string]itemModel
	named  map[string]namedModel
	log    []string
	calls  map[string]int
	onCall func(operation, name string) // called without the lock
}

func newWorld() *world {
	return &world{things: map[string]thingModel{}, given: map[string]string{}, items: map[string]itemModel{}, named: map[string]namedModel{}, calls: map[string]int{}}
}

func (w *world) note(operation, name string) {
	w.mu.Lock()
	w.log = append(w.log, operation+" "+name)
	w.calls[operation]++
	hook := w.onCall
	w.mu.Unlock()
	if hook != nil {
		hook(operation, name)
	}
}

// took is the log since the last call of took, without reads.
func (w *world) took() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := slices.DeleteFunc(w.log, func(s string) bool { return strings.HasPrefix(s, "read ") || strings.HasPrefix(s, "configure") })
	w.log = nil
	return out
}

func (w *world) names() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, t := range w.things {
		out = append(out, t.Name.ValueString())
	}
	slices.Sort(out)
	return out
}

func (w *world) server() (tfprotov6.ProviderServer, error) {
	return providerserver.NewProtocol6WithError(&testProvider{w})()
}

type testProvider struct{ w *world }

type providerModel struct {
	Prefix types.String `tfsdk:"prefix"`
}

func (p *testProvider) Metadata(_ context.Context, _ provider.MetadataRequest, out *provider.MetadataResponse) {
	out.TypeName = "test"
}

func (p *testProvider) Schema(_ context.Context, _ provider.SchemaRequest, out *provider.SchemaResponse) {
	out.Schema = pschema.Schema{Attributes: map[string]pschema.Attribute{"prefix": pschema.StringAttribute{Optional: true}}}
}

func (p *testProvider) Configure(ctx context.Context, in provider.ConfigureRequest, out *provider.ConfigureResponse) {
	var m providerModel
	out.Diagnostics.Append(in.Config.Get(ctx, &m)...)
	p.w.note("configure", m.Prefix.ValueString())
	client := &client{p.w, m.Prefix.ValueString()}
	out.ResourceData, out.DataSourceData, out.EphemeralResourceData, out.ActionData, out.ListResourceData = client, client, client, client, client
}

func (p *testProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return &thing{c: &client{w: p.w}} }, func() resource.Resource { return &item{} }, func() resource.Resource { return &named{} }}
}

func (p *testProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{func() datasource.DataSource { return &lookup{} }}
}

type client struct {
	w      *world
	prefix string
}

type thing struct{ c *client }

type thingModel struct {
	ID       types.String `tfsdk:"id"`
	Name     types.String `tfsdk:"name"`
	Size     types.Number `tfsdk:"size"`
	Kind     types.String `tfsdk:"kind"`
	Tags     types.Map    `tfsdk:"tags"`
	Secret   types.String `tfsdk:"secret"`
	Password types.String `tfsdk:"password"`
	Settings types.Object `tfsdk:"settings"`
	Rule     types.List   `tfsdk:"rule"`
	Version  types.Number `tfsdk:"version"`
	Fail     types.String `tfsdk:"fail"`
}

func (r *thing) Metadata(_ context.Context, _ resource.MetadataRequest, out *resource.MetadataResponse) {
	out.TypeName = "test_thing"
}

func (r *thing) Schema(_ context.Context, _ resource.SchemaRequest, out *resource.SchemaResponse) {
	out.Schema = schema.Schema{
		Version: 1,
		Attributes: map[string]schema.Attribute{
			"id":       schema.StringAttribute{Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}},
			"name":     schema.StringAttribute{Required: true},
			"size":     schema.NumberAttribute{Optional: true},
			"kind":     schema.StringAttribute{Optional: true, PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}},
			"tags":     schema.MapAttribute{Optional: true, ElementType: types.StringType},
			"secret":   schema.StringAttribute{Optional: true, Sensitive: true},
			"password": schema.StringAttribute{Optional: true, WriteOnly: true},
			"settings": schema.SingleNestedAttribute{Optional: true, Attributes: map[string]schema.Attribute{
				"mode":  schema.StringAttribute{Optional: true},
				"token": schema.StringAttribute{Computed: true},
			}},
			"version": schema.NumberAttribute{Computed: true},
			"fail":    schema.StringAttribute{Optional: true},
		},
		Blocks: map[string]schema.Block{
			"rule": schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
				"port": schema.NumberAttribute{Required: true},
			}}},
		},
	}
}

func (r *thing) Configure(_ context.Context, in resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	if c, ok := in.ProviderData.(*client); ok {
		r.c = c
	}
}

func (r *thing) ValidateConfig(ctx context.Context, in resource.ValidateConfigRequest, out *resource.ValidateConfigResponse) {
	var name types.String
	out.Diagnostics.Append(in.Config.GetAttribute(ctx, path.Root("name"), &name)...)
	if name.ValueString() == "bad" {
		out.Diagnostics.AddAttributeError(path.Root("name"), "Bad name", "A thing must not be called bad.")
	}
}

// finish fills in what the provider computes.
func (r *thing) finish(m *thingModel, version int64) {
	m.Version = types.NumberValue(bigFloat(version))
	if !m.Settings.IsNull() {
		mode := m.Settings.Attributes()["mode"].(types.String)
		m.Settings = types.ObjectValueMust(m.Settings.AttributeTypes(context.Background()), map[string]attr.Value{
			"mode": mode, "token": types.StringValue("token-" + mode.ValueString()),
		})
	}
	m.Password = types.StringNull()
}

func (r *thing) Create(ctx context.Context, in resource.CreateRequest, out *resource.CreateResponse) {
	var m thingModel
	out.Diagnostics.Append(in.Plan.Get(ctx, &m)...)
	r.c.w.note("create", m.Name.ValueString())
	var password types.String
	out.Diagnostics.Append(in.Config.GetAttribute(ctx, path.Root("password"), &password)...)
	r.c.w.mu.Lock()
	r.c.w.given[m.Name.ValueString()] = password.ValueString()
	r.c.w.next++
	m.ID = types.StringValue(fmt.Sprintf("%sid-%d", r.c.prefix, r.c.w.next))
	r.finish(&m, 1)
	if m.Fail.ValueString() == "create-nothing" {
		r.c.w.mu.Unlock()
		out.Diagnostics.AddError("Creation failed", "as asked")
		return
	}
	r.c.w.things[m.ID.ValueString()] = m
	r.c.w.mu.Unlock()
	out.Diagnostics.Append(out.State.Set(ctx, &m)...)
	switch m.Fail.ValueString() {
	case "create":
		out.Diagnostics.AddError("Creation failed half-way", "as asked")
	case "panic":
		panic("as asked")
	case "lie":
		m.Name = types.StringValue("another")
		out.Diagnostics.Append(out.State.Set(ctx, &m)...)
	}
}

func (r *thing) Read(ctx context.Context, in resource.ReadRequest, out *resource.ReadResponse) {
	var m thingModel
	out.Diagnostics.Append(in.State.Get(ctx, &m)...)
	r.c.w.note("read", m.Name.ValueString())
	r.c.w.mu.Lock()
	have, ok := r.c.w.things[m.ID.ValueString()]
	r.c.w.mu.Unlock()
	if !ok {
		out.State.RemoveResource(ctx)
		return
	}
	out.Diagnostics.Append(out.State.Set(ctx, &have)...)
}

func (r *thing) ImportState(ctx context.Context, in resource.ImportStateRequest, out *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), in, out)
}

// MoveState makes things of terraform_data.
func (r *thing) MoveState(context.Context) []resource.StateMover {
	return []resource.StateMover{{StateMover: func(ctx context.Context, in resource.MoveStateRequest, out *resource.MoveStateResponse) {
		if in.SourceTypeName != "terraform_data" {
			return
		}
		var from struct{ ID string }
		if err := json.Unmarshal(in.SourceRawState.JSON, &from); err != nil {
			out.Diagnostics.AddError("Bad state", err.Error())
			return
		}
		m := thingModel{ID: types.StringValue(from.ID), Name: types.StringValue("moved"), Version: types.NumberValue(bigFloat(1))}
		m.Tags, m.Settings = types.MapNull(types.StringType), types.ObjectNull(map[string]attr.Type{"mode": types.StringType, "token": types.StringType})
		m.Rule = types.ListNull(types.ObjectType{AttrTypes: map[string]attr.Type{"port": types.NumberType}})
		r.c.w.mu.Lock()
		r.c.w.things[from.ID] = m
		r.c.w.mu.Unlock()
		out.Diagnostics.Append(out.TargetState.Set(ctx, &m)...)
	}}}
}

func (r *thing) Update(ctx context.Context, in resource.UpdateRequest, out *resource.UpdateResponse) {
	var m, old thingModel
	out.Diagnostics.Append(in.Plan.Get(ctx, &m)...)
	out.Diagnostics.Append(in.State.Get(ctx, &old)...)
	r.c.w.note("update", m.Name.ValueString())
	if m.Fail.ValueString() == "update" {
		out.Diagnostics.AddError("Update failed", "as asked")
		return
	}
	version, _ := old.Version.ValueBigFloat().Int64()
	r.finish(&m, version+1)
	r.c.w.mu.Lock()
	r.c.w.things[m.ID.ValueString()] = m
	r.c.w.mu.Unlock()
	out.Diagnostics.Append(out.State.Set(ctx, &m)...)
}

func (r *thing) Delete(ctx context.Context, in resource.DeleteRequest, out *resource.DeleteResponse) {
	var m thingModel
	out.Diagnostics.Append(in.State.Get(ctx, &m)...)
	r.c.w.note("delete", m.Name.ValueString())
	if m.Fail.ValueString() == "delete" {
		out.Diagnostics.AddError("Deletion failed", "as asked")
		return
	}
	r.c.w.mu.Lock()
	defer r.c.w.mu.Unlock()
	delete(r.c.w.things, m.ID.ValueString())
}

type lookup struct{ c *client }

type lookupModel struct {
	Key   types.String `tfsdk:"key"`
	Value types.String `tfsdk:"value"`
}

func (d *lookup) Metadata(_ context.Context, _ datasource.MetadataRequest, out *datasource.MetadataResponse) {
	out.TypeName = "test_lookup"
}

func (d *lookup) Schema(_ context.Context, _ datasource.SchemaRequest, out *datasource.SchemaResponse) {
	out.Schema = dschema.Schema{Attributes: map[string]dschema.Attribute{
		"key":   dschema.StringAttribute{Required: true},
		"value": dschema.StringAttribute{Computed: true},
	}}
}

func (d *lookup) Configure(_ context.Context, in datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	if c, ok := in.ProviderData.(*client); ok {
		d.c = c
	}
}

func (d *lookup) Read(ctx context.Context, in datasource.ReadRequest, out *datasource.ReadResponse) {
	var m lookupModel
	out.Diagnostics.Append(in.Config.Get(ctx, &m)...)
	d.c.w.note("lookup", m.Key.ValueString())
	m.Value = types.StringValue("value of " + m.Key.ValueString())
	out.Diagnostics.Append(out.State.Set(ctx, &m)...)
}

// edit changes a thing behind the engine's back; nil removes it.
func (w *world) edit(name string, change func(*thingModel)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, t := range maps.Clone(w.things) {
		if t.Name.ValueString() != name {
			continue
		}
		if change == nil {
			delete(w.things, id)
			continue
		}
		change(&t)
		w.things[id] = t
	}
}
