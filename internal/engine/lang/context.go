package lang

import (
	"context"
	"fmt"
	"maps"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
)

// context is the evaluation context that holds what refs name, and nothing else.
func (e *Eval) context(ctx context.Context, refs []Ref, in Within) (*hcl.EvalContext, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	named := map[string]map[string]cty.Value{} // var, local, path, …
	set := func(root, name string, v cty.Value) {
		if named[root] == nil {
			named[root] = map[string]cty.Value{}
		}
		named[root][name] = v
	}
	resources := map[addr.Resource]*access{}
	modules := map[string]*moduleAccess{}
	vars := map[string]cty.Value{}
	for _, r := range refs {
		switch r.Root {
		case "resource":
			diags = append(diags, e.access(ctx, resources, r, in)...)
		case "module":
			diags = append(diags, e.accessModule(ctx, modules, r, in)...)
		case "self":
			if in.Self == cty.NilVal {
				diags = append(diags, invalid(r, "Invalid \"self\" reference", "self stands for the object of the block, and is allowed only in its postconditions and provisioners."))
				continue
			}
			vars["self"] = in.Self
		default:
			if _, ok := named[r.Root][r.Name]; ok {
				continue
			}
			v, d := e.resolve(ctx, r, in)
			diags = append(diags, d...)
			if !d.HasErrors() {
				set(r.Root, r.Name, v)
			}
		}
	}
	for root, values := range named {
		vars[root] = cty.ObjectVal(values)
	}
	e.addResources(vars, resources)
	if len(modules) > 0 {
		values := map[string]cty.Value{}
		for name, a := range modules {
			values[name] = a.value()
		}
		vars["module"] = cty.ObjectVal(values)
	}
	return &hcl.EvalContext{Variables: vars, Functions: e.functions}, diags
}

// access is what one expression asks of one resource.
type access struct {
	whole cty.Value // cty.NilVal unless all of it is asked for
	keyed map[string]cty.Value
}

// access adds what r asks for to into. A reference to one instance needs only
// that one.
func (e *Eval) access(ctx context.Context, into map[addr.Resource]*access, r Ref, in Within) hcl.Diagnostics {
	if diags := e.declared(r); diags.HasErrors() {
		return diags
	}
	if r.Resource.Mode == addr.Action {
		return hcl.Diagnostics{invalid(r, "Invalid reference", "An action has no value. Refer to it only in the actions of an action_trigger block.")}
	}
	if check := e.mod.Resources[r.Resource].Check; check != "" && check != in.Check {
		return hcl.Diagnostics{invalid(r, "Reference to a scoped data source", fmt.Sprintf("%s is declared in the check block %q, and can be referred to only there. Declare it outside of the block.", r.Resource, check))}
	}
	a := into[r.Resource]
	if a == nil {
		a = &access{keyed: map[string]cty.Value{}}
		into[r.Resource] = a
	}
	key, diags := e.keyOf(ctx, r, in)
	if diags.HasErrors() {
		return diags
	}
	block := e.mod.Resources[r.Resource]
	at := e.Module.Resource(r.Resource)
	switch {
	case key == nil && block.Repeated() && r.Attr != "":
		return hcl.Diagnostics{missingKey(r, r.Resource.String(), block.Repetition)}
	case key == nil && (block.Repeated() || r.KeyExpr != nil || block.Enabled != nil):
		a.whole, diags = e.o.Objects.Whole(ctx, at)
		return diags
	case key == nil:
		a.whole, diags = e.o.Objects.Instance(ctx, at.Instance(nil))
		return diags
	case !block.Repeated():
		return hcl.Diagnostics{unexpectedKey(r, r.Resource.String())}
	}
	if !e.o.Static {
		x, diags := e.Expand(ctx, r.Resource)
		if diags.HasErrors() {
			return diags
		}
		found := false
		if key, found = x.find(key); !found {
			return nil // indexing reports it, in a way that try and can handle
		}
	}
	v, diags := e.o.Objects.Instance(ctx, at.Instance(key))
	if !diags.HasErrors() {
		a.keyed[keyText(key)] = v
	}
	return diags
}

// keyOf is the instance key of a reference, nil if it has none or if that is not
// known yet.
func (e *Eval) keyOf(ctx context.Context, r Ref, in Within) (addr.Key, hcl.Diagnostics) {
	if r.KeyExpr == nil {
		return r.Key, nil
	}
	v, diags := e.Expr(ctx, r.KeyExpr, cty.DynamicPseudoType, in)
	if diags.HasErrors() {
		return nil, diags
	}
	key, err := addr.KeyOf(v)
	if err != nil {
		return nil, diags // the evaluation of the whole says what is wrong with it
	}
	return key, diags
}

func keyText(k addr.Key) string {
	switch k := k.(type) {
	case addr.IntKey:
		return fmt.Sprint(int(k))
	case addr.StringKey:
		return string(k)
	}
	return ""
}

// addResources builds the objects by which expressions reach resources. An
// object of single instances stands in for a tuple too, as indexing it by a
// number is the same.
func (e *Eval) addResources(vars map[string]cty.Value, resources map[addr.Resource]*access) {
	byType := map[addr.Mode]map[string]map[string]cty.Value{}
	for r, a := range resources {
		v := a.whole
		if v == cty.NilVal {
			v = cty.ObjectVal(a.keyed)
		}
		if byType[r.Mode] == nil {
			byType[r.Mode] = map[string]map[string]cty.Value{}
		}
		if byType[r.Mode][r.Type] == nil {
			byType[r.Mode][r.Type] = map[string]cty.Value{}
		}
		byType[r.Mode][r.Type][r.Name] = v
	}
	for name, values := range byType[addr.Managed] {
		vars[name] = cty.ObjectVal(values)
	}
	for word, mode := range modes {
		if byType[mode] == nil {
			continue
		}
		types := map[string]cty.Value{}
		for name, values := range byType[mode] {
			types[name] = cty.ObjectVal(values)
		}
		vars[word] = cty.ObjectVal(types)
	}
}

// resolve is the value of a reference to anything but a resource or self.
func (e *Eval) resolve(ctx context.Context, r Ref, in Within) (cty.Value, hcl.Diagnostics) {
	if diags := e.declared(r); diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	switch r.Root {
	case "var":
		if in.raw {
			return e.raw.Get(ctx, rawID{e.Module, r.Name})
		}
		return e.Variable(ctx, r.Name)
	case "local":
		return e.Local(ctx, r.Name)
	case "path":
		if v, ok := e.path(r.Name); ok {
			return v, nil
		}
		return cty.DynamicVal, hcl.Diagnostics{invalid(r, "Invalid \"path\" reference", "There are path.module, path.root and path.cwd.")}
	case "terraform":
		switch r.Name {
		case "workspace":
			if e.o.Static {
				return cty.UnknownVal(cty.String).RefineNotNull(), nil
			}
			return cty.StringVal(e.o.Workspace), nil
		case "applying":
			if e.o.Static {
				return cty.UnknownVal(cty.Bool).Mark(Ephemeral), nil
			}
			return cty.BoolVal(e.o.Applying).Mark(Ephemeral), nil
		}
		return cty.DynamicVal, hcl.Diagnostics{invalid(r, "Invalid \"terraform\" reference", "There are terraform.workspace and terraform.applying.")}
	case "each":
		return e.each(r, in)
	case "count":
		if r.Name != "index" {
			return cty.DynamicVal, hcl.Diagnostics{invalid(r, "Invalid \"count\" reference", "There is only count.index.")}
		}
		if k, ok := in.Key.(addr.IntKey); ok {
			return cty.NumberIntVal(int64(k)), nil
		}
		if in.counted {
			return cty.UnknownVal(cty.Number), nil
		}
		return cty.DynamicVal, hcl.Diagnostics{invalid(r, "Invalid \"count\" reference", "count.index is known only inside of a block that sets count.")}
	}
	return cty.DynamicVal, hcl.Diagnostics{invalid(r, "Invalid reference", "There is nothing called "+r.Root+" here.")}
}

func (e *Eval) each(r Ref, in Within) (cty.Value, hcl.Diagnostics) {
	k, ok := in.Key.(addr.StringKey)
	switch {
	case in.eachKey != cty.NilVal && r.Name == "key":
		return in.eachKey, nil
	case in.eachKey != cty.NilVal && r.Name == "value":
		return in.Each, nil
	case !ok && !in.each:
		return cty.DynamicVal, hcl.Diagnostics{invalid(r, "Invalid \"each\" reference", "each.key and each.value are known only inside of a block that sets for_each.")}
	case r.Name == "key" && !ok:
		return cty.UnknownVal(cty.String).RefineNotNull(), nil
	case r.Name == "key":
		return cty.StringVal(string(k)), nil
	case r.Name == "value" && !ok:
		return cty.DynamicVal, nil
	case r.Name == "value" && in.Each == cty.NilVal: // asked for an object that is going away
		return cty.DynamicVal, hcl.Diagnostics{invalid(r, "Invalid \"each\" reference", fmt.Sprintf("for_each has no key %q any more, so each.value has no value for it.", string(k)))}
	case r.Name == "value":
		return in.Each, nil
	}
	return cty.DynamicVal, hcl.Diagnostics{invalid(r, "Invalid \"each\" reference", "There are each.key and each.value.")}
}

// declared reports a reference to what the module does not declare.
func (e *Eval) declared(r Ref) hcl.Diagnostics {
	var what, known string
	switch r.Root {
	case "var":
		if e.mod.Variables[r.Name] == nil {
			what, known = "input variable", config.Suggest(r.Name, maps.Keys(e.mod.Variables))
			return hcl.Diagnostics{undeclared(r, what, r.Name, known, fmt.Sprintf("Declare it with a block: variable %q {}.", r.Name))}
		}
	case "local":
		if e.mod.Locals[r.Name] == nil {
			what, known = "local value", config.Suggest(r.Name, maps.Keys(e.mod.Locals))
			return hcl.Diagnostics{undeclared(r, what, r.Name, known, "Declare it in a locals block.")}
		}
	case "module":
		if e.mod.Children[r.Name] == nil {
			what, known = "module", config.Suggest(r.Name, maps.Keys(e.mod.Calls))
			return hcl.Diagnostics{undeclared(r, what, r.Name, known, fmt.Sprintf("Declare it with a block: module %q {}.", r.Name))}
		}
	case "resource":
		if e.mod.Resources[r.Resource] == nil {
			names := func(yield func(string) bool) {
				for have := range e.mod.Resources {
					if have.Mode == r.Resource.Mode && !yield(have.String()) {
						return
					}
				}
			}
			what = nouns[r.Resource.Mode]
			return hcl.Diagnostics{undeclared(r, what, r.Resource.String(), config.Suggest(r.Resource.String(), names), "Declare it, or mend the reference.")}
		}
	}
	return nil
}

// nouns are what people call the things of each mode.
var nouns = map[addr.Mode]string{
	addr.Managed: "resource", addr.Data: "data source", addr.Ephemeral: "ephemeral resource", addr.Action: "action", addr.List: "list",
}

func undeclared(r Ref, what, name, suggestion, remedy string) *hcl.Diagnostic {
	if suggestion == "" {
		suggestion = " " + remedy
	}
	return invalid(r, "Reference to an undeclared "+what, fmt.Sprintf("No %s %s is declared in this module.%s", what, name, suggestion))
}

func invalid(r Ref, summary, detail string) *hcl.Diagnostic {
	at := r.Range
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &at}
}

func missingKey(r Ref, what string, block config.Repetition) *hcl.Diagnostic {
	word, example := "for_each", what+"[\"key\"]"
	if block.Count != nil {
		word, example = "count", what+"[0]"
	}
	return invalid(r, "Missing instance key", fmt.Sprintf(
		"%s has %s set, so it stands for many objects. Choose one, as in %s, or all, as in %s[*].%s.", what, word, example, what, r.Attr))
}

func unexpectedKey(r Ref, what string) *hcl.Diagnostic {
	return invalid(r, "Unexpected instance key", fmt.Sprintf(
		"%s has neither count nor for_each, so it stands for one object and takes no index. Remove the index.", what))
}
