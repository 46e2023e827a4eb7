// Package lang evaluates the expressions of a module: each named value once, when
// it is first needed, with what it refers to and nothing else.
//
// It must not call providers or know schemas, plans or the state: the values of
// resources come from whoever implements Objects.
package lang

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/graph"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang/funcs"
)

// Sensitive is the mark of values that must not be shown.
const Sensitive = funcs.Sensitive

// Ephemeral is the mark of values that must not be kept in a plan or a state.
const Ephemeral = funcs.Ephemeral

// Objects gives expressions the values of resources. The diagnostics are those
// of a graph.Memo's Get.
type Objects interface {
	// Instance is the value of one instance, which exists.
	Instance(ctx context.Context, r addr.Resource, key addr.Key) (cty.Value, hcl.Diagnostics)

	// Whole is the value of all instances together: an object, or by count a
	// tuple, or by for_each an object of them.
	Whole(ctx context.Context, r addr.Resource) (cty.Value, hcl.Diagnostics)
}

// Eval evaluates one module instance. Its methods may be called from many
// goroutines at once.
type Eval struct {
	mod       *config.Module
	objects   Objects
	graph     *graph.Graph
	functions map[string]function.Function
	variables map[string]cty.Value
	workspace string
	static    bool
	applying  bool

	locals     *graph.Memo[LocalID, cty.Value]
	outputs    *graph.Memo[OutputID, cty.Value]
	expansions *graph.Memo[ExpansionID, *Expansion]
}

// LocalID is the graph's name for a local value.
type LocalID string

// OutputID is the graph's name for an output value.
type OutputID string

// ExpansionID is the graph's name for the set of a resource's instances.
type ExpansionID addr.Resource

// Options are what an Eval needs to know.
type Options struct {
	Module    *config.Module
	Objects   Objects
	Graph     *graph.Graph
	Functions map[string]function.Function
	Variables map[string]cty.Value // of all declared variables, see Variables
	Workspace string

	// Static leaves everything unknown that differs between instances.
	Static bool

	// Applying is the value of terraform.applying.
	Applying bool
}

// New is an evaluator with nothing evaluated yet.
func New(o Options) *Eval {
	e := &Eval{
		mod: o.Module, objects: o.Objects, graph: o.Graph, functions: o.Functions,
		variables: o.Variables, workspace: o.Workspace, static: o.Static, applying: o.Applying,
	}
	e.locals = graph.NewMemo(o.Graph, e.nameLocal, e.evalLocal)
	e.outputs = graph.NewMemo(o.Graph, e.nameOutput, e.evalOutput)
	e.expansions = graph.NewMemo(o.Graph, e.nameExpansion, e.evalExpansion)
	return e
}

// Within is what an expression sees of the block instance that it stands in. The
// zero value is an expression outside of any.
type Within struct {
	Key  addr.Key  // of the instance; nil when not repeated
	Each cty.Value // each.value, cty.NilVal unless repeated by for_each
	Self cty.Value // cty.NilVal where self is not allowed

	counted, each bool // repeated by count or for_each, see Anywhere
}

// Anywhere is what expressions in r see when it does not matter, or is not known
// yet, in which instance they stand.
func Anywhere(r *config.Resource) Within {
	return Within{counted: r.Count != nil, each: r.ForEach != nil}
}

// Expr evaluates x and converts the result to ty.
func (e *Eval) Expr(ctx context.Context, x hcl.Expression, ty cty.Type, in Within) (cty.Value, hcl.Diagnostics) {
	refs, diags := Refs(x, nil)
	if diags.HasErrors() {
		return cty.UnknownVal(ty), diags
	}
	ec, diags := e.context(ctx, refs, in)
	if diags.HasErrors() {
		return cty.UnknownVal(ty), diags
	}
	v, more := x.Value(ec)
	diags = append(diags, more...)
	if diags.HasErrors() {
		return cty.UnknownVal(ty), diags
	}
	out, err := convert.Convert(v, ty)
	if err != nil {
		at := x.Range()
		return cty.UnknownVal(ty), append(diags, &hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: "Wrong type of value",
			Detail:  fmt.Sprintf("The value does not fit: %s.", err),
			Subject: &at, Expression: x, EvalContext: ec,
		})
	}
	return out, diags
}

// Block evaluates b.
func (e *Eval) Block(ctx context.Context, b *Block, in Within) (cty.Value, hcl.Diagnostics) {
	if b.diags.HasErrors() {
		return cty.DynamicVal, b.diags
	}
	ec, diags := e.context(ctx, b.refs, in)
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	v, more := b.decode(ec)
	return v, append(diags, more...)
}

// Wait evaluates what the references of a depends_on argument name, only to
// come after it.
func (e *Eval) Wait(ctx context.Context, traversals []hcl.Traversal) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, t := range traversals {
		r, d := refOf(t)
		if !d.HasErrors() {
			switch r.Root {
			case "resource":
				if d = e.declared(r); !d.HasErrors() {
					_, d = e.objects.Whole(ctx, r.Resource)
				}
			case "var", "local":
				_, d = e.resolve(ctx, r, Within{})
			default:
				d = hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Invalid depends_on reference",
					Detail: "depends_on lists resources and data sources of this module.", Subject: &r.Range}}
			}
		}
		diags = append(diags, d...)
	}
	return diags
}

// Local is the value of a local value.
func (e *Eval) Local(ctx context.Context, name string) (cty.Value, hcl.Diagnostics) {
	return e.locals.Get(ctx, LocalID(name))
}

// Output is the value of an output, marked if it is sensitive.
func (e *Eval) Output(ctx context.Context, name string) (cty.Value, hcl.Diagnostics) {
	return e.outputs.Get(ctx, OutputID(name))
}

func (e *Eval) nameLocal(id LocalID) (string, *hcl.Range) {
	return "local." + string(id), &e.mod.Locals[string(id)].Range
}

func (e *Eval) evalLocal(ctx context.Context, id LocalID) (cty.Value, hcl.Diagnostics) {
	return e.Expr(ctx, e.mod.Locals[string(id)].Expr, cty.DynamicPseudoType, Within{})
}

func (e *Eval) nameOutput(id OutputID) (string, *hcl.Range) {
	return "output." + string(id), &e.mod.Outputs[string(id)].Range
}

func (e *Eval) evalOutput(ctx context.Context, id OutputID) (cty.Value, hcl.Diagnostics) {
	o := e.mod.Outputs[string(id)]
	diags := e.Wait(ctx, o.DependsOn)
	diags = append(diags, e.Require(ctx, o.Preconditions, fmt.Sprintf("Precondition of output %q failed", o.Name), Within{})...)
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	v, more := e.Expr(ctx, o.Expr, cty.DynamicPseudoType, Within{})
	diags = append(diags, more...)
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	if !o.Sensitive && v.HasMarkDeep(Sensitive) {
		at := o.Expr.Range()
		return v, append(diags, &hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: "Output refers to sensitive values",
			Detail:  fmt.Sprintf("The value of output %q is derived from a sensitive value, so it would be shown to everybody who applies. Add sensitive = true to the output, or use nonsensitive() if the value is no secret.", o.Name),
			Subject: &at,
		})
	}
	if !o.Ephemeral && v.HasMarkDeep(Ephemeral) {
		at := o.Expr.Range()
		return v, append(diags, &hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: "Output refers to ephemeral values",
			Detail:  fmt.Sprintf("The value of output %q is derived from an ephemeral value, which must not be kept. Add ephemeral = true to the output if it is one of a called module, or use ephemeralasnull().", o.Name),
			Subject: &at,
		})
	}
	if o.Sensitive {
		v = v.Mark(Sensitive)
	}
	if o.Ephemeral {
		v = v.Mark(Ephemeral)
	}
	return v, diags
}

// path is the value of path.NAME; path.module is the folder of the module as
// diagnostics name it.
func (e *Eval) path(name string) (cty.Value, bool) {
	switch name {
	case "module", "root":
		return cty.StringVal(filepath.ToSlash(e.mod.Dir)), true
	case "cwd":
		dir, err := filepath.Abs(".")
		if err != nil {
			return cty.NilVal, false
		}
		return cty.StringVal(filepath.ToSlash(dir)), true
	}
	return cty.NilVal, false
}

// Functions is the table of functions for a module in scope, with the provider
// functions given under their full names.
func Functions(s funcs.Scope, provider map[string]function.Function) map[string]function.Function {
	out := funcs.All(s)
	maps.Copy(out, provider)
	return out
}
