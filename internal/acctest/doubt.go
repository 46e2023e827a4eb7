package acctest

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
	"github.com/zclconf/go-cty/cty/msgpack"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// doubt is the provider with each of its shortcuts compared with the framework's
// own answer: they must not differ in anything.
type doubt struct {
	tf.Server
	plain tfprotov6.ProviderServer
	t     *testing.T
	taken *atomic.Int64 // shortcuts of reads and plans
}

func doubted(t *testing.T, server tfprotov6.ProviderServer, taken *atomic.Int64) tfprotov6.ProviderServer {
	whole, ok := server.(tf.Server)
	plain := tf.Plain(server)
	if !ok || plain == server {
		t.Error("the provider has no shortcuts")
		return server
	}
	return &doubt{Server: whole, plain: plain, t: t, taken: taken}
}

// Current sends every state to the provider, where it is looked at.
func (d *doubt) Current(string, int64) bool { return false }

// kind is the type of the values of a resource type.
func (d *doubt) kind(ctx context.Context, typeName string) cty.Type {
	resp, err := d.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		d.t.Error(err)
		return cty.DynamicPseudoType
	}
	kind, ok := valueTypes.Load(typeName)
	if !ok {
		kind, _ = valueTypes.LoadOrStore(typeName, (&Protocol{t: d.t}).typeOf(resp.ResourceSchemas[typeName]))
	}
	return kind.(cty.Type)
}

// valueTypes are the types of values by resource type.
var valueTypes sync.Map

// equal demands that two answers are the same: byte for byte but for values, which
// may be packed in several ways.
func (d *doubt) equal(ctx context.Context, what, typeName string, short, plain any) {
	a, b := reflect.ValueOf(short).Elem(), reflect.ValueOf(plain).Elem()
	for i := range a.NumField() {
		name, x, y := a.Type().Field(i).Name, a.Field(i).Interface(), b.Field(i).Interface()
		switch v := x.(type) {
		case *tfprotov6.DynamicValue:
			if w := y.(*tfprotov6.DynamicValue); v != nil && w != nil && !bytes.Equal(v.MsgPack, w.MsgPack) {
				kind := d.kind(ctx, typeName)
				was, err := msgpack.Unmarshal(w.MsgPack, kind)
				is, err2 := msgpack.Unmarshal(v.MsgPack, kind)
				if err != nil || err2 != nil || !is.RawEquals(was) {
					d.t.Errorf("%s of %s by a shortcut: %s is %#v, the framework says %#v (%v, %v)", what, typeName, name, is, was, err, err2)
				}
				continue
			}
		case *tfprotov6.ResourceIdentityData:
			if w := y.(*tfprotov6.ResourceIdentityData); v != nil && w != nil {
				x, y = v.IdentityData.MsgPack, w.IdentityData.MsgPack
			}
		}
		if reflect.ValueOf(x).Kind() == reflect.Slice && reflect.ValueOf(x).Len()+reflect.ValueOf(y).Len() == 0 {
			continue
		}
		if !reflect.DeepEqual(x, y) {
			d.t.Errorf("%s of %s by a shortcut: %s is %s, the framework says %s", what, typeName, name, text(x), text(y))
		}
	}
}

func text(v any) string {
	if b, ok := v.([]byte); ok {
		return fmt.Sprintf("%q", b)
	}
	return fmt.Sprintf("%+v", v)
}

func (d *doubt) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	short, err := d.Server.ValidateResourceConfig(ctx, req)
	plain, err2 := d.plain.ValidateResourceConfig(ctx, req)
	if err == nil && err2 == nil && len(short.Diagnostics) != len(plain.Diagnostics) { // in any order
		d.equal(ctx, "check", req.TypeName, short, plain)
	}
	return short, err
}

func (d *doubt) UpgradeResourceState(ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	plain, err := d.plain.UpgradeResourceState(ctx, req)
	server, ok := d.Server.(interface{ Current(string, int64) bool })
	if ok && err == nil && len(plain.Diagnostics) == 0 && server.Current(req.TypeName, req.Version) {
		kind := d.kind(ctx, req.TypeName)
		if v, err := ctyjson.Unmarshal(req.RawState.JSON, kind); err == nil {
			w, err := msgpack.Unmarshal(plain.UpgradedState.MsgPack, kind)
			if err != nil || !v.RawEquals(w) {
				d.t.Errorf("state of %s without an upgrade: %#v, upgraded %#v (%v)", req.TypeName, v, w, err)
			}
		}
	}
	return plain, err
}

func (d *doubt) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	short, err := d.Server.ReadResource(ctx, req)
	plain, err2 := d.plain.ReadResource(ctx, req)
	if err == nil && err2 == nil {
		d.equal(ctx, "read", req.TypeName, short, plain)
		if short.NewState == req.CurrentState {
			d.taken.Add(1)
		}
	}
	return short, err
}

func (d *doubt) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	short, err := d.Server.PlanResourceChange(ctx, req)
	plain, err2 := d.plain.PlanResourceChange(ctx, req)
	if err == nil && err2 == nil {
		d.equal(ctx, "plan", req.TypeName, short, plain)
		if short.PlannedState == req.PriorState {
			d.taken.Add(1)
		}
	}
	return short, err
}
