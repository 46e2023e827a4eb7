// Package lang evaluates the expressions of a configuration: each named value of
// each module instance once, when it is first needed, with what it refers to and
// nothing else.
//
// It must not call providers or know schemas, plans or the state: the values of
// resources come from whoever implements Objects.
package lang

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"sync"

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
	Instance(ctx context.Context, a addr.Instance) (cty.Value, hcl.Diagnostics)

	// Whole is the value of all instances together: an object, or by count a
	// tuple, or by for_each an object of them; null where enabled is false.
	Whole(ctx context.Context, r addr.ModuleResource) (cty.Value, hcl.Diagnostics)
}

// Options are what a Tree needs to know.
type Options struct {
	Module    *config.Module // the root
	Objects   Objects
	Graph     *graph.Graph
	Functions func(*config.Module) map[string]function.Function // asked for once for each module
	Variables map[string]cty.Value                              // of all declared variables of the root, see Variables
	Workspace string

	// Static leaves everything unknown that differs between instances. A module
	// that is called many times then has one instance, without a key.
	Static bool

	// Applying is the value of terraform.applying.
	Applying bool

	// Unchecked leaves conditions and the validation rules of variables aside.
	Unchecked bool

	// Lenient makes warnings of conditions that do not hold, but for the rules of
	// variables.
	Lenient bool
}

// Tree evaluates a configuration: it has an Eval for each module instance. What
// is evaluated is found in the graph by the address of the instance and a name.
type Tree struct {
	o Options

	mu        sync.Mutex // guards evals and functions
	evals     map[addr.ModuleInstance]*Eval
	functions map[*config.Module]map[string]function.Function

	variables  *graph.Memo[VariableID, cty.Value]
	raw        *graph.Memo[rawID, cty.Value]
	locals     *graph.Memo[LocalID, cty.Value]
	outputs    *graph.Memo[OutputID, cty.Value]
	expansions *graph.Memo[ExpansionID, *Expansion]
	calls      *graph.Memo[callID, *Expansion]
	providers  *graph.Memo[providerID, *Expansion]
	modules    *graph.Memo[moduleID, cty.Value]
	entries    *graph.Memo[entryID, struct{}]
	ends       *graph.Memo[endID, struct{}]

	results results
}

// Named is a named value of a module instance.
type Named struct {
	Module addr.ModuleInstance
	Name   string
}

// VariableID is the graph's name for the value of a variable, its rules checked.
type VariableID Named

// LocalID is the graph's name for the value of a local value.
type LocalID Named

// OutputID is the graph's name for the value of an output.
type OutputID Named

// ExpansionID is the graph's name for the set of a resource's instances.
type ExpansionID addr.ModuleResource

// The graph's names for what only this package asks for.
type (
	rawID      Named    // the value of a variable, its rules not checked
	callID     Named    // the set of a call's instances
	providerID struct { // the set of a provider block's instances
		module addr.ModuleInstance
		ref    config.ProviderRef
	}
	moduleID Named               // the value of all instances of a call
	entryID  addr.ModuleInstance // that a module instance may begin: what its call depends on is there
	endID    Named               // that a call is complete: all that is in it is there
)

// New is a tree with nothing evaluated yet.
func New(o Options) *Tree {
	t := &Tree{o: o, evals: map[addr.ModuleInstance]*Eval{}, functions: map[*config.Module]map[string]function.Function{}}
	t.results.all = map[Checked]*outcomes{}
	t.variables = graph.NewMemo(o.Graph, t.nameVariable, t.evalVariable)
	t.raw = graph.NewMemo(o.Graph, t.nameRaw, t.evalRaw)
	t.locals = graph.NewMemo(o.Graph, t.nameLocal, t.evalLocal)
	t.outputs = graph.NewMemo(o.Graph, t.nameOutput, t.evalOutput)
	t.expansions = graph.NewMemo(o.Graph, t.nameExpansion, t.evalExpansion)
	t.calls = graph.NewMemo(o.Graph, t.nameCall, t.evalCall)
	t.providers = graph.NewMemo(o.Graph, t.nameProvider, t.evalProvider)
	t.modules = graph.NewMemo(o.Graph, t.nameModule, t.evalModule)
	t.entries = graph.NewMemo(o.Graph, t.nameEntry, t.evalEntry)
	t.ends = graph.NewMemo(o.Graph, t.nameEnd, t.evalEnd)
	return t
}

// At evaluates the module instance m, or is nil if the configuration has no such
// module. Whether there is an instance of that key is not looked at.
func (t *Tree) At(m addr.ModuleInstance) *Eval {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.at(m)
}

func (t *Tree) at(m addr.ModuleInstance) *Eval {
	if e := t.evals[m]; e != nil {
		return e
	}
	e := &Eval{Tree: t, Module: m, mod: t.o.Module}
	if m != "" {
		around, name, key := m.Parent()
		if e.caller = t.at(around); e.caller == nil {
			return nil
		}
		if e.mod = e.caller.mod.Children[name]; e.mod == nil {
			return nil
		}
		e.call, e.key = e.caller.mod.Calls[name], key
	}
	if e.functions = t.functions[e.mod]; e.functions == nil {
		e.functions = t.o.Functions(e.mod)
		t.functions[e.mod] = e.functions
	}
	t.evals[m] = e
	return e
}

// Eval evaluates one module instance. Its methods may be called from many
// goroutines at once.
type Eval struct {
	*Tree
	Module addr.ModuleInstance

	mod       *config.Module
	functions map[string]function.Function
	caller    *Eval        // nil for the root
	call      *config.Call // nil for the root
	key       addr.Key     // among the instances of the call
}

// Config is the module that e evaluates.
func (e *Eval) Config() *config.Module { return e.mod }

// Within is what an expression sees of the block instance that it stands in. The
// zero value is an expression outside of any.
type Within struct {
	Key  addr.Key  // of the instance; nil when not repeated
	Each cty.Value // each.value, cty.NilVal unless repeated by for_each
	Self cty.Value // cty.NilVal where self is not allowed

	Check string // the check block around, whose data source is seen only there

	counted, each bool      // repeated by count or for_each, see Anywhere
	eachKey       cty.Value // of an import block, where it may be a number; else cty.NilVal
	raw           bool      // variables need not keep their rules, which are being checked
}

// Anywhere is what expressions in a block see when it does not matter, or is not
// known yet, in which instance of it they stand.
func Anywhere(r config.Repetition) Within {
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

// Local is the value of a local value.
func (e *Eval) Local(ctx context.Context, name string) (cty.Value, hcl.Diagnostics) {
	return e.locals.Get(ctx, LocalID{e.Module, name})
}

// Output is the value of an output, marked if it is sensitive.
func (e *Eval) Output(ctx context.Context, name string) (cty.Value, hcl.Diagnostics) {
	return e.outputs.Get(ctx, OutputID{e.Module, name})
}

// label is the text by which messages name something of the module instance.
func (e *Eval) label(text string) string {
	if e.Module == "" {
		return text
	}
	return string(e.Module) + "." + text
}

func (t *Tree) nameLocal(id LocalID) (string, *hcl.Range) {
	e := t.At(id.Module)
	return e.label("local." + id.Name), &e.mod.Locals[id.Name].Range
}

func (t *Tree) evalLocal(ctx context.Context, id LocalID) (cty.Value, hcl.Diagnostics) {
	e := t.At(id.Module)
	return e.Expr(ctx, e.mod.Locals[id.Name].Expr, cty.DynamicPseudoType, Within{})
}

func (t *Tree) nameOutput(id OutputID) (string, *hcl.Range) {
	e := t.At(id.Module)
	return e.label("output." + id.Name), &e.mod.Outputs[id.Name].Range
}

func (t *Tree) evalOutput(ctx context.Context, id OutputID) (cty.Value, hcl.Diagnostics) {
	e := t.At(id.Module)
	o := e.mod.Outputs[id.Name]
	of := Checked{Kind: KindOutput, Module: id.Module, Name: id.Name}
	e.Expect(of, o.Preconditions)
	diags := append(e.Enter(ctx), e.Wait(ctx, o.DependsOn)...)
	diags = append(diags, e.Require(ctx, of, o.Preconditions, fmt.Sprintf("Precondition of output %q failed", o.Name), Within{})...)
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	v, more := e.Expr(ctx, o.Expr, cty.DynamicPseudoType, Within{})
	diags = append(diags, more...)
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	if !o.Sensitive && e.caller == nil && v.HasMarkDeep(Sensitive) {
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
	case "module":
		return cty.StringVal(filepath.ToSlash(e.mod.Dir)), true
	case "root":
		return cty.StringVal(filepath.ToSlash(e.o.Module.Dir)), true
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
