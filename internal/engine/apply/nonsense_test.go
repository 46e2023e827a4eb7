package apply_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/msgpack"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// liar is a provider whose answers can be tampered with. It has the calls of the
// protocol that matter here, each with a place for somebody who changes its
// answer, or who panics instead.
type liar struct {
	tfprotov6.ProviderServer
	tfprotov6.ActionServer
	schema    func(*tfprotov6.GetProviderSchemaResponse) (*tfprotov6.GetProviderSchemaResponse, error)
	validate  func(*tfprotov6.ValidateResourceConfigResponse) (*tfprotov6.ValidateResourceConfigResponse, error)
	configure func(*tfprotov6.ConfigureProviderResponse) (*tfprotov6.ConfigureProviderResponse, error)
	upgrade   func(*tfprotov6.UpgradeResourceStateResponse) (*tfprotov6.UpgradeResourceStateResponse, error)
	read      func(*tfprotov6.ReadResourceResponse) (*tfprotov6.ReadResourceResponse, error)
	plan      func(*tfprotov6.PlanResourceChangeResponse) (*tfprotov6.PlanResourceChangeResponse, error)
	apply     func(*tfprotov6.ApplyResourceChangeResponse) (*tfprotov6.ApplyResourceChangeResponse, error)
	data      func(*tfprotov6.ReadDataSourceResponse) (*tfprotov6.ReadDataSourceResponse, error)
	open      func(*tfprotov6.OpenEphemeralResourceResponse) (*tfprotov6.OpenEphemeralResourceResponse, error)
	invoke    func(*tfprotov6.InvokeActionServerStream) (*tfprotov6.InvokeActionServerStream, error)
}

// lie gives the answer of the true provider to who tampers with it.
func lie[I, O any](tamper func(*O) (*O, error), call func(context.Context, *I) (*O, error), ctx context.Context, in *I) (*O, error) {
	out, err := call(ctx, in)
	if tamper == nil || err != nil {
		return out, err
	}
	return tamper(out)
}

func (l *liar) GetProviderSchema(ctx context.Context, in *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	return lie(l.schema, l.ProviderServer.GetProviderSchema, ctx, in)
}

func (l *liar) ValidateResourceConfig(ctx context.Context, in *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return lie(l.validate, l.ProviderServer.ValidateResourceConfig, ctx, in)
}

func (l *liar) ConfigureProvider(ctx context.Context, in *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	return lie(l.configure, l.ProviderServer.ConfigureProvider, ctx, in)
}

func (l *liar) UpgradeResourceState(ctx context.Context, in *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	return lie(l.upgrade, l.ProviderServer.UpgradeResourceState, ctx, in)
}

func (l *liar) ReadResource(ctx context.Context, in *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return lie(l.read, l.ProviderServer.ReadResource, ctx, in)
}

func (l *liar) PlanResourceChange(ctx context.Context, in *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	return lie(l.plan, l.ProviderServer.PlanResourceChange, ctx, in)
}

func (l *liar) ApplyResourceChange(ctx context.Context, in *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	return lie(l.apply, l.ProviderServer.ApplyResourceChange, ctx, in)
}

func (l *liar) ReadDataSource(ctx context.Context, in *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	return lie(l.data, l.ProviderServer.ReadDataSource, ctx, in)
}

func (l *liar) OpenEphemeralResource(ctx context.Context, in *tfprotov6.OpenEphemeralResourceRequest) (*tfprotov6.OpenEphemeralResourceResponse, error) {
	return lie(l.open, l.ProviderServer.OpenEphemeralResource, ctx, in)
}

func (l *liar) InvokeAction(ctx context.Context, in *tfprotov6.InvokeActionRequest) (*tfprotov6.InvokeActionServerStream, error) {
	return lie(l.invoke, l.ActionServer.InvokeAction, ctx, in)
}

// thingType is the type of test_thing.
var thingType = cty.Object(map[string]cty.Type{
	"id": cty.String, "name": cty.String, "size": cty.Number, "kind": cty.String, "tags": cty.Map(cty.String), "secret": cty.String,
	"password": cty.String, "settings": cty.Object(map[string]cty.Type{"mode": cty.String, "token": cty.String}),
	"rule": cty.List(cty.Object(map[string]cty.Type{"port": cty.Number})), "version": cty.Number, "fail": cty.String,
})

// edit changes attributes of a thing on the wire.
func edit(in *tfprotov6.DynamicValue, values map[string]cty.Value) *tfprotov6.DynamicValue {
	v, err := msgpack.Unmarshal(in.MsgPack, thingType)
	if err != nil {
		panic(err)
	}
	all := v.AsValueMap()
	for name, value := range values {
		all[name] = value
	}
	return wired(cty.ObjectVal(all), thingType)
}

func wired(v cty.Value, ty cty.Type) *tfprotov6.DynamicValue {
	raw, err := msgpack.Marshal(v, ty)
	if err != nil {
		panic(err)
	}
	return &tfprotov6.DynamicValue{MsgPack: raw}
}

// The lies that every call can tell.
var (
	garbage = &tfprotov6.DynamicValue{MsgPack: []byte{0xc1, 0xff, 0x00}}
	another = wired(cty.ObjectVal(map[string]cty.Value{"id": cty.ListValEmpty(cty.String)}), cty.Object(map[string]cty.Type{"id": cty.List(cty.String)}))
	nothing = wired(cty.NullVal(thingType), thingType)
	vague   = wired(cty.UnknownVal(thingType), thingType)
)

const thingSource = "resource \"test_thing\" \"a\" {\n  name = \"a\"\n  rule {\n    port = 80\n  }\n}\n"

// lies are answers that no provider may give: while planning a new object, while
// planning a change of one, or while applying either.
func lies() map[string]struct {
	tamper func(*liar)
	when   string // "create", "update" or "delete"; "plan " before it if planning must fail
	want   string
} {
	type row = struct {
		tamper func(*liar)
		when   string
		want   string
	}
	out := map[string]row{}
	answers := func(v *tfprotov6.DynamicValue) func(*liar) {
		return func(l *liar) {
			l.plan = func(r *tfprotov6.PlanResourceChangeResponse) (*tfprotov6.PlanResourceChangeResponse, error) {
				r.PlannedState = v
				return r, nil
			}
		}
	}
	planned := func(values map[string]cty.Value) func(*liar) {
		return func(l *liar) {
			l.plan = func(r *tfprotov6.PlanResourceChangeResponse) (*tfprotov6.PlanResourceChangeResponse, error) {
				r.PlannedState = edit(r.PlannedState, values)
				return r, nil
			}
		}
	}
	applied := func(values map[string]cty.Value) func(*liar) {
		return func(l *liar) {
			l.apply = func(r *tfprotov6.ApplyResourceChangeResponse) (*tfprotov6.ApplyResourceChangeResponse, error) {
				r.NewState = edit(r.NewState, values)
				return r, nil
			}
		}
	}
	gives := func(v *tfprotov6.DynamicValue) func(*liar) {
		return func(l *liar) {
			l.apply = func(r *tfprotov6.ApplyResourceChangeResponse) (*tfprotov6.ApplyResourceChangeResponse, error) {
				r.NewState = v
				return r, nil
			}
		}
	}
	reads := func(v *tfprotov6.DynamicValue) func(*liar) {
		return func(l *liar) {
			l.read = func(r *tfprotov6.ReadResourceResponse) (*tfprotov6.ReadResourceResponse, error) {
				r.NewState = v
				return r, nil
			}
		}
	}
	const shape = "the provider's answer does not have the shape that its own schema says"
	ports := cty.ListVal([]cty.Value{cty.ObjectVal(map[string]cty.Value{"port": cty.NumberIntVal(80)}), cty.ObjectVal(map[string]cty.Value{"port": cty.NumberIntVal(81)})})

	for name, v := range map[string]*tfprotov6.DynamicValue{"garbage": garbage, "of another type": another} {
		out["a plan that is "+name] = row{answers(v), "plan create", shape}
		out["an object that is "+name] = row{gives(v), "create", shape}
		out["a changed object that is "+name] = row{gives(v), "update", shape}
		out["what is left is "+name] = row{gives(v), "delete", shape}
		out["a reading that is "+name] = row{reads(v), "plan update", shape}
		out["an upgrade that is "+name] = row{func(l *liar) {
			l.upgrade = func(r *tfprotov6.UpgradeResourceStateResponse) (*tfprotov6.UpgradeResourceStateResponse, error) {
				r.UpgradedState = v
				return r, nil
			}
		}, "plan update", shape}
	}
	out["a plan of nothing"] = row{answers(nothing), "plan create", "it planned to destroy an object that the configuration has"}
	out["a plan that is unknown"] = row{answers(vague), "plan create", "planned as unknown although it is configured"}
	out["a known value planned as unknown"] = row{planned(map[string]cty.Value{"name": cty.UnknownVal(cty.String)}), "plan create", "name is planned with another value"}
	out["another value than configured"] = row{planned(map[string]cty.Value{"name": cty.StringVal("b")}), "plan create", "name is planned with another value than the configured one"}
	out["null for what is configured"] = row{planned(map[string]cty.Value{"name": cty.NullVal(cty.String)}), "plan create", "name is planned with another value"}
	out["a value for what is not configured"] = row{planned(map[string]cty.Value{"size": cty.NumberIntVal(1)}), "plan create", "size is planned with a value although it is neither configured nor computed"}
	out["too many blocks"] = row{planned(map[string]cty.Value{"rule": ports}), "plan create", "rule is planned with 2 elements although 1 are configured"}
	out["no blocks"] = row{planned(map[string]cty.Value{"rule": cty.ListValEmpty(ports.Type().ElementType())}), "plan create", "rule is planned with 0 elements although 1 are configured"}
	out["a value of a write-only attribute"] = row{planned(map[string]cty.Value{"password": cty.StringVal("x")}), "plan create", "password is planned with a value although it is write-only"}
	out["unknown after apply"] = row{applied(map[string]cty.Value{"version": cty.UnknownVal(cty.Number)}), "create", "values are still unknown after apply"}
	out["unknown after a change"] = row{applied(map[string]cty.Value{"version": cty.UnknownVal(cty.Number)}), "update", "values are still unknown after apply"}
	out["nothing after apply"] = row{gives(nothing), "create", "the object is absent after it was created or changed"}
	out["nothing after a change"] = row{gives(nothing), "update", "the object is absent after it was created or changed"}
	out["another value after apply"] = row{applied(map[string]cty.Value{"name": cty.StringVal("b")}), "create", "Inconsistent result after apply"}
	out["another number of blocks after apply"] = row{applied(map[string]cty.Value{"rule": ports}), "create", "Inconsistent result after apply"}
	out["a write-only value after apply"] = row{applied(map[string]cty.Value{"password": cty.StringVal("x")}), "create", "Inconsistent result after apply"}
	out["something after destroying"] = row{func(l *liar) {
		l.apply = func(r *tfprotov6.ApplyResourceChangeResponse) (*tfprotov6.ApplyResourceChangeResponse, error) {
			r.NewState = wired(emptyThing("still"), thingType)
			return r, nil
		}
	}, "delete", "says that it is still there"}
	out["unknown when read"] = row{reads(vague), "plan update", "read unknown values for an existing test_thing"}
	out["a write-only value when read"] = row{func(l *liar) {
		l.read = func(r *tfprotov6.ReadResourceResponse) (*tfprotov6.ReadResourceResponse, error) {
			r.NewState = edit(r.NewState, map[string]cty.Value{"password": cty.StringVal("x")})
			return r, nil
		}
	}, "plan update", "read a value of a write-only attribute"}

	for name, fail := range map[string]func(){"panics": func() { panic("oh") }, "breaks": nil, "says nothing": nil} {
		want := map[string]string{"panics": "panicked while", "breaks": "failed while", "says nothing": "the answer is empty"}[name]
		out[name+" when planning"] = row{func(l *liar) { l.plan = failing[tfprotov6.PlanResourceChangeResponse](name, fail) }, "plan create", want}
		out[name+" when creating"] = row{func(l *liar) { l.apply = failing[tfprotov6.ApplyResourceChangeResponse](name, fail) }, "create", want}
		out[name+" when changing"] = row{func(l *liar) { l.apply = failing[tfprotov6.ApplyResourceChangeResponse](name, fail) }, "update", want}
		out[name+" when destroying"] = row{func(l *liar) { l.apply = failing[tfprotov6.ApplyResourceChangeResponse](name, fail) }, "delete", want}
		out[name+" when reading"] = row{func(l *liar) { l.read = failing[tfprotov6.ReadResourceResponse](name, fail) }, "plan update", want}
		out[name+" when upgrading"] = row{func(l *liar) { l.upgrade = failing[tfprotov6.UpgradeResourceStateResponse](name, fail) }, "plan update", want}
		out[name+" when validating"] = row{func(l *liar) { l.validate = failing[tfprotov6.ValidateResourceConfigResponse](name, fail) }, "plan create", want}
		out[name+" when configuring"] = row{func(l *liar) { l.configure = failing[tfprotov6.ConfigureProviderResponse](name, fail) }, "plan create", want}
		out[name+" when asked for the schema"] = row{func(l *liar) { l.schema = failing[tfprotov6.GetProviderSchemaResponse](name, fail) }, "plan create", want}
	}
	return out
}

func failing[O any](how string, fail func()) func(*O) (*O, error) {
	return func(*O) (*O, error) {
		if how == "breaks" {
			return nil, errors.New("the line is dead")
		}
		if fail != nil {
			fail()
		}
		return nil, nil
	}
}

func emptyThing(id string) cty.Value {
	values := map[string]cty.Value{}
	for name, ty := range thingType.AttributeTypes() {
		values[name] = cty.NullVal(ty)
	}
	values["id"], values["rule"] = cty.StringVal(id), cty.ListValEmpty(thingType.AttributeType("rule").ElementType())
	return cty.ObjectVal(values)
}

// TestNonsense demands of every lie an error that names the provider, and that
// nothing that was known is lost.
func TestNonsense(t *testing.T) {
	t.Parallel()
	for name, c := range lies() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			phase, planning := strings.CutPrefix(c.when, "plan ")
			src := thingSource
			if phase != "create" {
				b.mustRun(src)
			}
			switch phase {
			case "update":
				src = strings.Replace(src, `"a"`+"\n", `"a2"`+"\n", 1)
			case "delete":
				src = "locals {}\n"
			}
			before := encoded(t, b.state)
			b.tamper = c.tamper
			prog, p, diags := b.plan(src)
			if planning {
				if got := text(diags); !diags.HasErrors() || !strings.Contains(got, c.want) || !strings.Contains(got, "hashicorp/test") {
					t.Errorf("got  %s\nwant %s", got, c.want)
				}
				if encoded(t, b.state) != before {
					t.Error("planning changed the state")
				}
				return
			}
			if diags.HasErrors() {
				t.Fatal(text(diags))
			}
			_, diags = b.apply(t.Context(), prog, p)
			if got := text(diags); !diags.HasErrors() || !strings.Contains(got, c.want) || !strings.Contains(got, "hashicorp/test") && !strings.Contains(got, "test_thing.a") {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			o := b.state.Get(instance("test_thing.a"))
			if phase != "create" && o == nil {
				t.Error("the object is lost")
			}
			if phase == "create" && o != nil && !o.Tainted {
				t.Errorf("the object is taken for whole: %s", o.Attributes)
			}
			if strings.Contains(encoded(t, b.state), "password\": \"x") {
				t.Error("a write-only value is in the state")
			}
			// Once the provider is sane again, everything can be mended.
			b.tamper = nil
			b.mustRun(src)
		})
	}
}

func encoded(t *testing.T, s *state.State) string {
	t.Helper()
	raw, err := (&state.File{State: s}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestNonsenseElsewhere tells lies about what is in no state.
func TestNonsenseElsewhere(t *testing.T) {
	t.Parallel()
	data := func(v *tfprotov6.DynamicValue) func(*liar) {
		return func(l *liar) {
			l.data = func(r *tfprotov6.ReadDataSourceResponse) (*tfprotov6.ReadDataSourceResponse, error) {
				r.State = v
				return r, nil
			}
		}
	}
	open := func(v *tfprotov6.DynamicValue) func(*liar) {
		return func(l *liar) {
			l.open = func(r *tfprotov6.OpenEphemeralResourceResponse) (*tfprotov6.OpenEphemeralResourceResponse, error) {
				r.Result = v
				return r, nil
			}
		}
	}
	ends := func(events ...tfprotov6.InvokeActionEvent) func(*liar) {
		return func(l *liar) {
			l.invoke = func(r *tfprotov6.InvokeActionServerStream) (*tfprotov6.InvokeActionServerStream, error) {
				for range r.Events { // the true one is heard out
				}
				return &tfprotov6.InvokeActionServerStream{Events: func(yield func(tfprotov6.InvokeActionEvent) bool) {
					for _, e := range events {
						if e.Type == nil {
							panic("oh")
						}
						if !yield(e) {
							return
						}
					}
				}}, nil
			}
		}
	}
	const (
		item   = "resource \"test_item\" \"a\" {\n  name = \"a\"\n}\n"
		lookup = "data \"test_lookup\" \"a\" {\n  key = \"a\"\n}\n"
		token  = "ephemeral \"test_token\" \"a\" {\n  name = \"a\"\n}\n"
		action = "action \"test_say\" \"a\" {\n  config {\n    message = \"a\"\n  }\n}\nresource \"test_thing\" \"a\" {\n  name = \"a\"\n  lifecycle {\n    action_trigger {\n      events = [after_create]\n      actions = [action.test_say.a]\n    }\n  }\n}\n"
	)
	identity := func(v *tfprotov6.DynamicValue) func(*liar) {
		return func(l *liar) {
			l.apply = func(r *tfprotov6.ApplyResourceChangeResponse) (*tfprotov6.ApplyResourceChangeResponse, error) {
				r.NewIdentity.IdentityData = v
				return r, nil
			}
		}
	}
	identityType := cty.Object(map[string]cty.Type{"key": cty.String, "zone": cty.String})
	none := func(ty cty.Type) *tfprotov6.DynamicValue { return wired(cty.NullVal(ty), ty) }
	for name, c := range map[string]struct {
		src    string
		tamper func(*liar)
		want   string
	}{
		"identity garbage":  {item, identity(garbage), "does not have the shape"},
		"identity unknown":  {item, identity(wired(cty.UnknownVal(identityType), identityType)), "the identity is still unknown after apply"},
		"data garbage":      {lookup, data(garbage), "does not have the shape"},
		"data of no type":   {lookup, data(another), "does not have the shape"},
		"data null":         {lookup, data(none(cty.Object(map[string]cty.Type{"key": cty.String, "value": cty.String}))), "absent or not wholly known"},
		"data missing":      {lookup, data(nil), "absent or not wholly known"},
		"data panics":       {lookup, func(l *liar) { l.data = failing[tfprotov6.ReadDataSourceResponse]("panics", func() { panic("oh") }) }, "panicked while reading data.test_lookup"},
		"ephemeral garbage": {token, open(garbage), "does not have the shape"},
		"ephemeral missing": {token, open(nil), "absent or not wholly known"},
		"ephemeral panics": {token, func(l *liar) {
			l.open = failing[tfprotov6.OpenEphemeralResourceResponse]("panics", func() { panic("oh") })
		}, "panicked while opening ephemeral.test_token"},
		"action ends early": {action, ends(tfprotov6.InvokeActionEvent{Type: tfprotov6.ProgressInvokeActionEventType{Message: "m"}}), "the action ended without saying how"},
		"action panics":     {action, ends(tfprotov6.InvokeActionEvent{}), "panicked while invoking the action test_say"},
		"action is nothing": {action, func(l *liar) { l.invoke = failing[tfprotov6.InvokeActionServerStream]("", nil) }, "the answer is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.tamper = c.tamper
			prog, p, diags := b.plan(c.src)
			if !diags.HasErrors() {
				_, diags = b.apply(t.Context(), prog, p)
			}
			if got := text(diags); !diags.HasErrors() || !strings.Contains(got, c.want) || !strings.Contains(got, "hashicorp/test") {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if strings.HasPrefix(name, "identity ") && b.state.Get(instance("test_item.a")) == nil {
				t.Error("the object is lost with its identity")
			}
		})
	}
}
