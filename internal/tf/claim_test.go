package tf

import (
	"context"
	"maps"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// TestClaim: two blocks that call one thing by its name and by its ARN want the same.
func TestClaim(t *testing.T) {
	t.Parallel()
	here := Scope{Partition: "aws", Account: "000000000000", Region: "eu-north-1"}
	for _, c := range []struct {
		a, b string
		free bool
	}{
		{"alias orders/live", "alias arn:aws:lambda:eu-north-1:000000000000:function:orders/live", false},
		{"alias arn:aws:states:eu-north-1:000000000000:stateMachine:orders/live", "alias orders/live", false},
		{"permission orders:live/s", "permission arn:aws:lambda:eu-north-1:000000000000:function:orders:live/s", false},
		{"alias orders/live", "alias arn:aws:lambda:eu-north-1:000000000000:function:other/live", true},
		{"alias orders/live", "alias arn:aws:lambda:eu-north-1:111111111111:function:orders/live", true},
		{"policy arn:aws:sqs:eu-north-1:000000000000:a/s:t", "policy arn:aws:sqs:eu-north-1:000000000000:b/s:t", true},
	} {
		ctx := context.WithValue(t.Context(), operationKey{}, &operation{provider: &Provider{}, scope: here})
		if !Claim(ctx, c.a) {
			t.Errorf("%s is taken from the beginning", c.a)
		}
		if got := Claim(ctx, c.b); got != c.free {
			t.Errorf("after %s, %s is free: %v, want %v", c.a, c.b, got, c.free)
		}
	}
}

// TestReleased: what a run has deleted may be made anew in it, by another block.
func TestReleased(t *testing.T) {
	t.Parallel()
	p := &Provider{Region: types.StringValue("eu-north-1"), Identity: func(context.Context, string) (string, string, error) { return "aws", "000000000000", nil }}
	r := vesselType.instances(func(context.Context, string) (*harbor, error) { return &harbor{}, nil })()
	r.provider = p
	m := &vessel{Tagged: Tagged{types.MapNull(types.StringType), types.MapNull(types.StringType)}, Name: types.StringValue("a")}
	ctx := context.WithValue(t.Context(), operationKey{}, &operation{provider: p, scope: Scope{Account: "000000000000", Region: "eu-north-1"}})
	if !r.claim(ctx, m) || r.claim(ctx, m) {
		t.Fatal("the name is not taken once")
	}
	raw, ds := r.raw(ctx, m)
	if ds.HasError() {
		t.Fatal(ds)
	}
	var resp resource.DeleteResponse
	r.Delete(t.Context(), resource.DeleteRequest{State: tfsdk.State{Raw: raw, Schema: r.schema}}, &resp)
	if resp.Diagnostics.HasError() {
		t.Fatal(resp.Diagnostics)
	}
	if !r.claim(ctx, m) {
		t.Error("the name of what was deleted is taken still")
	}
}

// TestLogicalName: something new that is named on AWS alone has a logical name, too.
func TestLogicalName(t *testing.T) {
	t.Parallel()
	text := func(s string) tftypes.Value { return tftypes.NewValue(tftypes.String, s) }
	null, unknown := tftypes.NewValue(tftypes.String, nil), tftypes.NewValue(tftypes.String, tftypes.UnknownValue)
	boat := vesselType
	boat.Physical = "kind"
	r := boat.instances(nil)()
	r.provider = &Provider{NamePrefix: types.StringValue("dev-")}
	for _, c := range []struct {
		name, physical, planned tftypes.Value
		wantName, wantPhysical  tftypes.Value
	}{
		{text("a"), null, text("a"), text("a"), text("dev-a")},
		{null, text("dev-a"), unknown, text("a"), text("dev-a")},
		{null, text("b"), unknown, text("b"), text("b")},
		{null, text("b"), text("known"), text("known"), text("b")},
		{null, unknown, unknown, unknown, unknown},
		{text("a"), text("b"), text("a"), text("a"), text("b")},
	} {
		config := map[string]tftypes.Value{"name": c.name, "kind": c.physical}
		plan := maps.Clone(config)
		plan["name"] = c.planned
		p := &planning{config: config, plan: plan, settled: map[string]bool{}}
		var ds resource.ModifyPlanResponse
		r.planName(t.Context(), p, &ds.Diagnostics)
		if !plan["name"].Equal(c.wantName) || !plan["kind"].Equal(c.wantPhysical) {
			t.Errorf("%v: got %v and %v", c, plan["name"], plan["kind"])
		}
	}
	all := map[string]tftypes.Value{"name": unknown, "kind": text("dev-a")}
	if r.keepOnly(all); !all["name"].Equal(text("a")) {
		t.Errorf("a name that was unknown while planning became %v", all["name"])
	}
}
