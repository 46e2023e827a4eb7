package plan

import (
	"context"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
)

// Provisioner is a provisioner block, ready to be evaluated.
type Provisioner struct {
	*config.Provisioner
	block *lang.Block
}

// localExec are the arguments of the only type of provisioner.
var localExec = hcldec.ObjectSpec{
	"command":     &hcldec.AttrSpec{Name: "command", Type: cty.String, Required: true},
	"interpreter": &hcldec.AttrSpec{Name: "interpreter", Type: cty.List(cty.String)},
	"working_dir": &hcldec.AttrSpec{Name: "working_dir", Type: cty.String},
	"environment": &hcldec.AttrSpec{Name: "environment", Type: cty.Map(cty.String)},
	"quiet":       &hcldec.AttrSpec{Name: "quiet", Type: cty.Bool},
}

func provisionersOf(all []*config.Provisioner) []Provisioner {
	var out []Provisioner
	for _, p := range all {
		out = append(out, Provisioner{p, lang.NewBlock(p.Body, localExec)})
	}
	return out
}

// ProvisionsNew tells that provisioners belong to creating an object.
func (r *Resource) ProvisionsNew() bool {
	return slices.ContainsFunc(r.Provisioners, func(p Provisioner) bool { return !p.Destroy })
}

// Provisioners are those of the block of a, or of the removed block that speaks of
// it, and the module instance that they are evaluated in.
func (p *Program) Provisioners(a addr.Instance) (addr.ModuleInstance, []Provisioner) {
	if r := p.Resource(a); r != nil {
		return a.Module, r.Provisioners
	}
	for m := range p.Module.All() {
		for _, b := range m.Removed {
			if !b.From.IsModule() && a.Config() == b.From.Config(m.Path) {
				return addr.ModuleInstance(m.Path), provisionersOf(b.Provisioners)
			}
		}
	}
	return a.Module, nil
}

// Provisioning evaluates the arguments of p: an object with the attributes
// command, interpreter, working_dir, environment and quiet, marks included.
func (s *Session) Provisioning(ctx context.Context, p Provisioner, m addr.ModuleInstance, in lang.Within) (cty.Value, hcl.Diagnostics) {
	v, diags := s.Eval(m).Block(ctx, p.block, in)
	if diags.HasErrors() {
		return v, diags
	}
	if command, _ := v.GetAttr("command").Unmark(); command.IsKnown() && (command.IsNull() || command.AsString() == "") {
		at := p.Range
		diags = append(diags, &hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: "No command to run",
			Detail: "The argument \"command\" of a local-exec provisioner must not be null or empty.", Subject: &at,
		})
	}
	return v, diags
}

// checkProvisioners evaluates those that run after creating, so that what is
// wrong with them comes out early and what they refer to is there in time. Those
// that run before destroying see self only in the real object.
func (s *Session) checkProvisioners(ctx context.Context, r *Resource, m addr.ModuleInstance, in lang.Within) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, p := range r.Provisioners {
		if !p.Destroy {
			_, more := s.Provisioning(ctx, p, m, in)
			diags = append(diags, more...)
		}
	}
	return diags
}
