package plan

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// Configuration is the evaluated configuration of one instance.
type Configuration struct {
	Value cty.Value // unmarked, of the schema's type
	Marks []cty.PathValueMarks

	// Ephemeral are the paths of values that are not kept, and may differ the next
	// time.
	Ephemeral []cty.Path
}

// Configuration evaluates r for its instance a, and has the provider check it.
func (s *Session) Configuration(ctx context.Context, r *Resource, a addr.Instance, in lang.Within) (Configuration, hcl.Diagnostics) {
	value, diags := s.Eval(a.Module).Block(ctx, r.block, in)
	if diags.HasErrors() {
		return Configuration{Value: cty.UnknownVal(r.Schema.Type)}, diags
	}
	out := Configuration{}
	out.Value, out.Marks = value.UnmarkDeepWithPaths()
	var more hcl.Diagnostics
	if out.Marks, out.Ephemeral, more = s.forgetful(r, a, out.Marks); more.HasErrors() {
		return out, append(diags, more...)
	}
	checker := s.unconfigured(r.Provider.Provider)
	switch r.Addr.Mode {
	case addr.Managed:
		more = checker.ValidateResource(ctx, r.Addr.Type, out.Value)
	case addr.Data:
		more = checker.ValidateData(ctx, r.Addr.Type, out.Value)
	case addr.Ephemeral:
		more = checker.ValidateEphemeral(ctx, r.Addr.Type, out.Value)
	case addr.Action:
		more = checker.ValidateAction(ctx, r.Addr.Type, out.Value)
	}
	return out, append(diags, s.Locate(more, r, a)...)
}

// Locate says where in r's block a provider's diagnostics belong.
func (s *Session) Locate(diags hcl.Diagnostics, r *Resource, instance addr.Instance) hcl.Diagnostics {
	at := r.Range
	return locate(diags, r.block.Body(), &at, instance.String())
}

// Marked is v with the marks of the configuration it comes from and those of the
// schema.
func Marked(schema *plugin.Schema, v cty.Value, marks []cty.PathValueMarks) cty.Value {
	if v == cty.NilVal || v.IsNull() {
		return v
	}
	return schema.Secret(v.MarkWithPaths(existing(v, marks)), lang.Sensitive)
}

// existing leaves out marks of paths that v does not have.
func existing(v cty.Value, marks []cty.PathValueMarks) []cty.PathValueMarks {
	var out []cty.PathValueMarks
	for _, m := range marks {
		if _, err := m.Path.Apply(v); err == nil {
			out = append(out, m)
		}
	}
	return out
}

// SensitivePaths are the paths of what is sensitive in a marked value, sorted.
func SensitivePaths(v cty.Value) []cty.Path {
	var out []cty.Path
	_, marks := v.UnmarkDeepWithPaths()
	for _, m := range marks {
		if _, ok := m.Marks[lang.Sensitive]; ok {
			out = append(out, m.Path)
		}
	}
	slices.SortFunc(out, func(a, b cty.Path) int { return strings.Compare(PathString(a), PathString(b)) })
	return out
}

// MarksOf marks the paths as sensitive.
func MarksOf(paths []cty.Path) []cty.PathValueMarks {
	out := make([]cty.PathValueMarks, len(paths))
	for i, p := range paths {
		out[i] = cty.PathValueMarks{Path: p, Marks: cty.NewValueMarks(lang.Sensitive)}
	}
	return out
}

// Prior is what is there before a change.
type Prior struct {
	plugin.Object      // Value is null if nothing is there
	Tainted       bool // to be replaced whatever the configuration says
	Sensitive     []cty.Path
}

// Decide finds out what must be done so that prior becomes what config says. A
// reason that is not empty forces a replacement of what exists.
func (s *Session) Decide(ctx context.Context, r *Resource, instance addr.Instance, config Configuration, prior Prior, force Reason) (Change, hcl.Diagnostics) {
	change := Change{
		Addr: instance, Provider: r.Provider,
		Before: Marked(r.Schema, prior.Value, MarksOf(prior.Sensitive)),
		Known:  config.Value.IsWhollyKnown() && len(config.Ephemeral) == 0, CreateFirst: r.CreateFirst, Dependencies: r.Needs,
	}
	provider, diags := s.ProviderFor(ctx, instance, r.Provider)
	if diags.HasErrors() {
		return change, diags
	}
	none := plugin.Object{Value: cty.NullVal(r.Schema.Type)}
	base := prior.Object
	if prior.Tainted {
		base, force = none, ReplaceTainted
	}
	wanted := config.Value
	if !base.Value.IsNull() {
		wanted = ignore(r.Lifecycle, r.Schema, base.Value, wanted)
	}
	planned, more := s.ask(ctx, provider, r, instance, base, wanted)
	if diags = append(diags, more...); diags.HasErrors() {
		return change, diags
	}
	if !base.Value.IsNull() {
		change.Requires = needed(r.Schema, planned.Requires, base.Value, planned.Value)
		if force == "" && len(change.Requires) > 0 {
			force = ReplaceCannotUpdate
		}
	}
	switch {
	case prior.Value.IsNull():
		change.Action = Create
	case force != "":
		change.Action, change.Reason = DeleteCreate, force
		switch {
		case r.Lifecycle.KeepObject:
			change.Action = ForgetCreate
		case r.CreateFirst:
			change.Action = CreateDelete
		}
	case same(planned.Value, base.Value):
		change.Action = NoOp
	default:
		change.Action = Update
	}
	if (change.Action.Replaces() || change.Action == ForgetCreate) && !base.Value.IsNull() {
		// The new object starts from nothing, so that nothing of the old one is
		// ignored or kept.
		again := none
		again.Private = planned.Private
		if planned, more = s.ask(ctx, provider, r, instance, again, config.Value); more.HasErrors() {
			return change, append(diags, more...)
		}
		diags = append(diags, more...)
	}
	change.After = Marked(r.Schema, planned.Value, config.Marks)
	change.Private, change.Identity = planned.Private, planned.Identity
	if change.Action == NoOp && !change.Before.RawEquals(change.After) {
		change.Action = Update // of the marks alone
	}
	return change, diags
}

// ask has the provider plan the change from prior to what config proposes, and
// checks the answer.
func (s *Session) ask(ctx context.Context, provider *plugin.Provider, r *Resource, instance addr.Instance, prior plugin.Object, config cty.Value) (plugin.Planned, hcl.Diagnostics) {
	proposed := propose(&r.Schema.Block, prior.Value, config)
	planned, diags := provider.Plan(ctx, r.Addr.Type, prior, proposed, config)
	diags = s.Locate(diags, r, instance)
	if diags.HasErrors() {
		return planned, diags
	}
	if planned.Value.IsNull() {
		return planned, append(diags, s.Bug(r, instance, "Invalid plan of the provider", "it planned to destroy an object that the configuration has"))
	}
	if planned.Legacy {
		return planned, diags
	}
	for _, p := range unfaithful(&r.Schema.Block, prior.Value, config, planned.Value) {
		diags = append(diags, s.Bug(r, instance, "Invalid plan of the provider", fmt.Sprintf("%s is %s", PathString(p.path), p.text)))
	}
	return planned, diags
}

// Bug is the diagnostic for what only the provider's authors can mend.
func (s *Session) Bug(r *Resource, instance addr.Instance, summary, what string) *hcl.Diagnostic {
	at := r.Range
	return &hcl.Diagnostic{
		Severity: hcl.DiagError, Summary: summary,
		Detail:  fmt.Sprintf("The provider %s gave a wrong answer for %s: %s. This is a bug in the provider; please report it to its authors.", r.Provider.Provider.Display(), instance, what),
		Subject: &at, Extra: About{Addr: instance.String()},
	}
}

// needed keeps the paths that really differ, or that are write-only, so that
// their change cannot be seen.
func needed(schema *plugin.Schema, paths []cty.Path, prior, planned cty.Value) []cty.Path {
	var out []cty.Path
	for _, path := range paths {
		if len(path) == 0 {
			continue
		}
		before, errBefore := path.Apply(prior)
		after, errAfter := path.Apply(planned)
		switch {
		case errBefore != nil && errAfter != nil:
		case schema.WriteOnly(path),
			errBefore != nil || errAfter != nil,
			!after.IsWhollyKnown() || !before.RawEquals(after):
			out = append(out, path)
		}
	}
	return out
}

// Record is what the state keeps of an object, whose value is unmarked and wholly
// known, with the marks of the configuration that it comes from.
func Record(schema *plugin.Schema, o plugin.Object, marks []cty.PathValueMarks) (*state.Object, error) {
	out, err := state.NewObject(schema.WithoutWriteOnly(o.Value), schema.Type)
	if err != nil {
		return nil, err
	}
	out.SchemaVersion, out.Private = schema.Version, o.Private
	out.Sensitive = SensitivePaths(Marked(schema, o.Value, marks))
	if schema.Identity != cty.NilType && o.Identity != cty.NilVal && !o.Identity.IsNull() && o.Identity.IsWhollyKnown() {
		identity, err := state.NewObject(o.Identity, schema.Identity)
		if err != nil {
			return nil, err
		}
		out.Identity, out.IdentityVersion = identity.Attributes, schema.IdentityVersion
	}
	return out, nil
}
