package apply_test

import (
	"context"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// MoveState makes an object of the name "base" of any terraform_data.
func (r *named) MoveState(context.Context) []resource.StateMover {
	return []resource.StateMover{{StateMover: func(ctx context.Context, in resource.MoveStateRequest, out *resource.MoveStateResponse) {
		m := namedModel{Name: types.StringValue("base")}
		out.Diagnostics.Append(out.TargetState.Set(ctx, &m)...)
		out.Diagnostics.Append(out.TargetIdentity.Set(ctx, namedIdentity{m.Name})...)
	}}}
}

// TestMovedTypeIsStored moves an object that reading does not change any more: the
// state must have it as the new type all the same.
func TestMovedTypeIsStored(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.world.named["base"] = namedModel{Name: types.StringValue("base")}
	b.state.Put(state.Entry{
		Addr:     addr.Instance{Resource: addr.Resource{Type: "terraform_data", Name: "old"}},
		Provider: addr.ProviderConfig{Provider: addr.Builtin},
		Object: &state.Object{
			Attributes: []byte(`{"id":"1","input":null,"output":null,"triggers_replace":null}`),
			Identity:   []byte(`{"name":"base"}`),
		},
	})
	_, p := b.mustPlan(`
resource "test_named" "new" { name = "base" }
moved {
  from = terraform_data.old
  to   = test_named.new
}`)
	o := p.Prior.Get(addr.Instance{Resource: addr.Resource{Type: "test_named", Name: "new"}})
	if o == nil {
		t.Fatal("the object has not moved")
	}
	if got, want := string(o.Attributes), `"name":"base"`; !strings.Contains(got, want) {
		t.Errorf("got the attributes %s, want those with %s", got, want)
	}
}
