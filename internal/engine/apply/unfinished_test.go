package apply_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/apply"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// named is a resource whose identity is known before it is created.
type named struct{ c *client }

type namedModel struct {
	Name types.String `tfsdk:"name"`
	Note types.String `tfsdk:"note"`
}

type namedIdentity struct {
	Name types.String `tfsdk:"name"`
}

func (r *named) Metadata(_ context.Context, _ resource.MetadataRequest, out *resource.MetadataResponse) {
	out.TypeName = "test_named"
}

func (r *named) Schema(_ context.Context, _ resource.SchemaRequest, out *resource.SchemaResponse) {
	out.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"name": schema.StringAttribute{Required: true, PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}},
		"note": schema.StringAttribute{Optional: true},
	}}
}

func (r *named) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, out *resource.IdentitySchemaResponse) {
	out.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"name": identityschema.StringAttribute{RequiredForImport: true},
	}}
}

func (r *named) Configure(_ context.Context, in resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	if c, ok := in.ProviderData.(*client); ok {
		r.c = c
	}
}

func (r *named) ImportState(ctx context.Context, in resource.ImportStateRequest, out *resource.ImportStateResponse) {
	resource.ImportStatePassthroughWithIdentity(ctx, path.Root("name"), path.Root("name"), in, out)
}

func (r *named) Create(ctx context.Context, in resource.CreateRequest, out *resource.CreateResponse) {
	var m namedModel
	out.Diagnostics.Append(in.Plan.Get(ctx, &m)...)
	r.c.w.note("create", m.Name.ValueString())
	r.c.w.mu.Lock()
	_, there := r.c.w.named[m.Name.ValueString()]
	if !there {
		r.c.w.named[m.Name.ValueString()] = m
	}
	r.c.w.mu.Unlock()
	if there {
		out.Diagnostics.AddError("Name taken", m.Name.ValueString())
		return
	}
	out.Diagnostics.Append(out.State.Set(ctx, &m)...)
	out.Diagnostics.Append(out.Identity.Set(ctx, namedIdentity{m.Name})...)
}

func (r *named) Read(ctx context.Context, in resource.ReadRequest, out *resource.ReadResponse) {
	var m namedModel
	out.Diagnostics.Append(in.State.Get(ctx, &m)...)
	r.c.w.mu.Lock()
	have, ok := r.c.w.named[m.Name.ValueString()]
	r.c.w.mu.Unlock()
	if !ok {
		out.State.RemoveResource(ctx)
		return
	}
	out.Diagnostics.Append(out.State.Set(ctx, &have)...)
	out.Diagnostics.Append(out.Identity.Set(ctx, namedIdentity{have.Name})...)
}

func (r *named) Update(context.Context, resource.UpdateRequest, *resource.UpdateResponse) {}

func (r *named) Delete(ctx context.Context, in resource.DeleteRequest, out *resource.DeleteResponse) {
	var m namedModel
	out.Diagnostics.Append(in.State.Get(ctx, &m)...)
	r.c.w.note("delete", m.Name.ValueString())
	r.c.w.mu.Lock()
	defer r.c.w.mu.Unlock()
	delete(r.c.w.named, m.Name.ValueString())
}

// steps is a log that knows what a later run would find if this one were cut off:
// as with a journal, what is committed of an object ends what was intended.
type steps struct {
	mu         sync.Mutex
	state      *state.State
	unfinished []state.Intent
}

func (s *steps) Intend(i state.Intent) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unfinished = append(s.unfinished, i)
	return nil
}

func (s *steps) Commit(entries ...state.Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range entries {
		s.state.Put(e)
		s.unfinished = slices.DeleteFunc(s.unfinished, func(i state.Intent) bool { return i.Addr == e.Addr })
	}
	return nil
}

// cutOff applies src, and leaves the bench as if the run had been cut off at the
// end of the first call of the provider of that name, or at a provisioner's line if
// there is one. No further change begins.
func (b *bench) cutOff(src, at string) {
	b.t.Helper()
	prog, p := b.mustPlan(src)
	ctx, cancel := context.WithCancel(b.t.Context())
	defer cancel()
	s := &steps{state: p.Prior.Clone()}
	var left steps
	cut := func(what string) {
		if what != at || ctx.Err() != nil {
			return
		}
		s.mu.Lock()
		left.state, left.unfinished = s.state.Clone(), slices.Clone(s.unfinished)
		s.mu.Unlock()
		cancel()
	}
	b.world.onCall = func(operation, name string) { cut(operation + " " + name) }
	_, _ = apply.Run(ctx, prog, p, apply.Options{Log: s, Hook: &journal{onLine: cut}})
	b.world.onCall = nil
	if left.state == nil {
		b.t.Fatalf("there was no %q", at)
	}
	b.state, b.opts.Unfinished = left.state, left.unfinished
	b.world.took()
}

const namedPair = `
resource "test_named" "a_base" { name = "base" }
resource "test_named" "b_user" {
  name       = "user"
  depends_on = [test_named.a_base]
}`

// TestUnfinished demands that an object whose creation was cut off is taken over as
// if the run had recorded it, and never one that was there before.
func TestUnfinished(t *testing.T) {
	t.Parallel()
	first := func(order string) string {
		return `
resource "test_named" "x" {
  name = "one"
  lifecycle { create_before_destroy = ` + order + ` }
}`
	}
	second := strings.Replace(first("true"), "one", "two", 1)

	t.Run("replaced, the new one first", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.mustRun(first("true"))
		b.cutOff(second, "create two")
		_, p := b.mustPlan("")
		if got, want := actions(p), "test_named.x(deposed) delete"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
	t.Run("the one to be replaced", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.mustRun(first("true"))
		b.opts.Replace = []addr.Instance{{Resource: addr.Resource{Type: "test_named", Name: "x"}}}
		b.cutOff("", "create one") // which fails, as the name is taken: what is there is the old one
		b.opts.Replace = nil
		_, p := b.mustPlan("")
		if got, want := actions(p), "test_named.x create; test_named.x(deposed) delete"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
	t.Run("destroyed in order", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.cutOff(namedPair, "create user")
		b.opts.Mode = plan.Destroy
		b.limit = 1
		if _, diags := b.run(""); diags.HasErrors() {
			t.Fatal(text(diags))
		}
		if got, want := strings.Join(b.world.took(), "; "), "delete user; delete base"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
	for name, at := range map[string]string{"before its provisioners": "create x", "in its provisioners": "| begun"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needShell(t)
			b := newBench(t)
			b.cutOff(`
resource "test_named" "x" {
  name = "x"
  provisioner "local-exec" { command = "echo begun" }
}`, at)
			_, p := b.mustPlan("")
			if got, want := actions(p), "test_named.x delete-create replace_because_tainted"; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
	t.Run("moved since", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.cutOff(`resource "test_named" "x" { name = "x" }`, "create x")
		_, p := b.mustPlan(`
resource "test_named" "y" { name = "x" }
moved {
  from = test_named.x
  to   = test_named.y
}`)
		if got := actions(p); got != "" || p.Prior.Get(addr.Instance{Resource: addr.Resource{Type: "test_named", Name: "y"}}) == nil {
			t.Errorf("got %s, want nothing to do for test_named.y", got)
		}
	})
	t.Run("somebody else's", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.world.named["base"] = namedModel{Name: types.StringValue("base")}
		prog, p := b.mustPlan(namedPair)
		s := &steps{state: p.Prior.Clone()}
		_, diags := apply.Run(t.Context(), prog, p, apply.Options{Log: s})
		if got, want := text(diags), "Name taken"; !strings.Contains(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
		if len(s.unfinished) > 0 {
			t.Errorf("a later run would look for %v", s.unfinished)
		}
	})
}
