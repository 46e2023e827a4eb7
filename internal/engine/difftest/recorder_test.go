package difftest

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// call is one call of the provider, or the end of one.
type call struct {
	op    string // such as "plan"
	about string // the type and the values
	name  string // of the object that is changed; with op "end": its change is over
}

// recorder is the test provider, each call of which its world remembers.
type recorder struct {
	tfprotov6.ProviderServer
	tfprotov6.ActionServer
	tfprotov6.ListResourceServer
	w      *world
	schema *tfprotov6.GetProviderSchemaResponse
	ids    *tfprotov6.GetResourceIdentitySchemasResponse
}

func newServer(w *world) (tfprotov6.ProviderServer, error) {
	server, err := providerserver.NewProtocol6WithError(&testProvider{w})()
	if err != nil {
		return nil, err
	}
	r := &recorder{ProviderServer: server, ActionServer: server.(tfprotov6.ActionServer), ListResourceServer: server.(tfprotov6.ListResourceServer), w: w}
	if r.schema, err = server.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{}); err != nil {
		return nil, err
	}
	for _, d := range r.schema.Diagnostics {
		return nil, fmt.Errorf("%s: %s", d.Summary, d.Detail)
	}
	r.ids, err = server.GetResourceIdentitySchemas(context.Background(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	return r, err
}

func (r *recorder) note(op, format string, args ...any) {
	r.w.mu.Lock()
	defer r.w.mu.Unlock()
	r.w.calls = append(r.w.calls, call{op: op, about: fmt.Sprintf(format, args...)})
}

func (r *recorder) resource(name string, v *tfprotov6.DynamicValue) string {
	return show(v, r.schema.ResourceSchemas[name])
}

func (r *recorder) ConfigureProvider(ctx context.Context, in *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	r.note("configure", "%s", show(in.Config, r.schema.Provider))
	return r.ProviderServer.ConfigureProvider(ctx, in)
}

func (r *recorder) ValidateResourceConfig(ctx context.Context, in *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	r.note("validate", "%s %s", in.TypeName, r.resource(in.TypeName, in.Config))
	return r.ProviderServer.ValidateResourceConfig(ctx, in)
}

func (r *recorder) ReadResource(ctx context.Context, in *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	r.note("read", "%s %s%s", in.TypeName, r.resource(in.TypeName, in.CurrentState), private(in.Private))
	return r.ProviderServer.ReadResource(ctx, in)
}

func (r *recorder) PlanResourceChange(ctx context.Context, in *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	r.note("plan", "%s prior=%s proposed=%s config=%s%s", in.TypeName, r.resource(in.TypeName, in.PriorState),
		r.resource(in.TypeName, in.ProposedNewState), r.resource(in.TypeName, in.Config), private(in.PriorPrivate))
	out, err := r.ProviderServer.PlanResourceChange(ctx, in)
	if err == nil {
		//nolint:staticcheck // providers of the old SDK set it
		out.PlannedState, out.UnsafeToUseLegacyTypeSystem = r.legacy(in.TypeName, out.PlannedState)
	}
	return out, err
}

func (r *recorder) ApplyResourceChange(ctx context.Context, in *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	op, name := "update", nameIn(in.PlannedState, r.schema.ResourceSchemas[in.TypeName])
	prior := nameIn(in.PriorState, r.schema.ResourceSchemas[in.TypeName])
	switch {
	case name == "":
		op, name = "delete", prior
	case prior == "":
		op = "create"
	}
	about := fmt.Sprintf("%s prior=%s planned=%s config=%s%s", in.TypeName, r.resource(in.TypeName, in.PriorState),
		r.resource(in.TypeName, in.PlannedState), r.resource(in.TypeName, in.Config), private(in.PlannedPrivate))
	r.w.mu.Lock()
	r.w.calls = append(r.w.calls, call{op: op, about: about, name: name})
	slow := r.w.slow["*"] || r.w.slow[name]
	r.w.mu.Unlock()
	if slow { // whoever should wait for this one has time to show that it does not
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
	defer func() {
		r.w.mu.Lock()
		defer r.w.mu.Unlock()
		r.w.calls = append(r.w.calls, call{op: "end", name: name})
	}()
	out, err := r.ProviderServer.ApplyResourceChange(ctx, in)
	if err == nil {
		//nolint:staticcheck // providers of the old SDK set it
		out.NewState, out.UnsafeToUseLegacyTypeSystem = r.legacy(in.TypeName, out.NewState)
	}
	return out, err
}

// pause is how long a change takes on whose end others have to wait.
const pause = 25 * time.Millisecond

func (r *recorder) ImportResourceState(ctx context.Context, in *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	identity := ""
	if in.Identity != nil && in.Identity.IdentityData != nil {
		identity = " identity"
	}
	r.note("import", "%s %s%s", in.TypeName, in.ID, identity)
	return r.ProviderServer.ImportResourceState(ctx, in)
}

func (r *recorder) MoveResourceState(ctx context.Context, in *tfprotov6.MoveResourceStateRequest) (*tfprotov6.MoveResourceStateResponse, error) {
	r.note("move", "%s from %s %s version %d", in.TargetTypeName, strings.Replace(in.SourceProviderAddress, "opentofu.org", "terraform.io", 1), in.SourceTypeName, in.SourceSchemaVersion)
	return r.ProviderServer.MoveResourceState(ctx, in)
}

func (r *recorder) ReadDataSource(ctx context.Context, in *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	r.note("data", "%s %s", in.TypeName, show(in.Config, r.schema.DataSourceSchemas[in.TypeName]))
	return r.ProviderServer.ReadDataSource(ctx, in)
}

func (r *recorder) OpenEphemeralResource(ctx context.Context, in *tfprotov6.OpenEphemeralResourceRequest) (*tfprotov6.OpenEphemeralResourceResponse, error) {
	r.note("open", "%s %s", in.TypeName, show(in.Config, r.schema.EphemeralResourceSchemas[in.TypeName]))
	return r.ProviderServer.OpenEphemeralResource(ctx, in)
}

func (r *recorder) CloseEphemeralResource(ctx context.Context, in *tfprotov6.CloseEphemeralResourceRequest) (*tfprotov6.CloseEphemeralResourceResponse, error) {
	r.note("close", "%s%s", in.TypeName, private(in.Private))
	return r.ProviderServer.CloseEphemeralResource(ctx, in)
}

// took is what was called since the last time, and the changes in their order.
func (w *world) took() []call {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.calls
	w.calls = nil
	return out
}

// order is how the changes of those names went; with no names, all.
func order(calls []call, names []string) string {
	var out []string
	for _, c := range calls {
		if c.name == "" || len(names) > 0 && !slices.ContainsFunc(names, func(n string) bool { return matches(n, c.name) }) {
			continue
		}
		out = append(out, c.op+" "+c.name)
	}
	// An end that directly follows its beginning says nothing more.
	var tidy []string
	for i := 0; i < len(out); i++ {
		tidy = append(tidy, out[i])
		_, name, _ := strings.Cut(out[i], " ")
		if i+1 < len(out) && out[i+1] == "end "+name {
			i++
		}
	}
	return strings.Join(tidy, ", ")
}

func matches(pattern, name string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(name, prefix)
	}
	return pattern == name
}

func private(raw []byte) string {
	if len(raw) == 0 {
		return ""
	}
	return " private=" + strings.ReplaceAll(string(raw), "eyJieSI6ImNyZWF0ZSJ9", "made")
}

func nameIn(v *tfprotov6.DynamicValue, s *tfprotov6.Schema) string {
	value, err := v.Unmarshal(s.ValueType())
	if err != nil {
		return ""
	}
	return text(value, "name")
}

func show(v *tfprotov6.DynamicValue, s *tfprotov6.Schema) string {
	if v == nil || s == nil {
		return "-"
	}
	value, err := v.Unmarshal(s.ValueType())
	if err != nil {
		return "? " + err.Error()
	}
	out, err := json.Marshal(plain(value))
	if err != nil {
		return "? " + err.Error()
	}
	return string(out)
}

// plain is the value for JSON. Null attributes are left out.
func plain(v tftypes.Value) any {
	switch {
	case !v.IsKnown():
		return "(unknown)"
	case v.IsNull():
		return nil
	}
	switch ty := v.Type(); {
	case ty.Is(tftypes.String):
		var s string
		must(v.As(&s))
		return s
	case ty.Is(tftypes.Number):
		var n big.Float
		must(v.As(&n))
		return json.Number(n.Text('g', -1))
	case ty.Is(tftypes.Bool):
		var b bool
		must(v.As(&b))
		return b
	case ty.Is(tftypes.Object{}), ty.Is(tftypes.Map{}):
		var m map[string]tftypes.Value
		must(v.As(&m))
		out := map[string]any{}
		for k, v := range m {
			if p := plain(v); p != nil || ty.Is(tftypes.Map{}) {
				out[k] = p
			}
		}
		return out
	default:
		var l []tftypes.Value
		must(v.As(&l))
		out := []any{}
		for _, v := range l {
			out = append(out, plain(v))
		}
		if ty.Is(tftypes.Set{}) {
			slices.SortFunc(out, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		}
		return out
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
