package funcs

import (
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/syntax"
)

// templateFile renders a file with the given variables.
func templateFile(s Scope, table map[string]function.Function) function.Function {
	parse := func(path cty.Value) (hcl.Expression, error) {
		content, err := s.read(path)
		if err != nil {
			return nil, err
		}
		if !utf8.Valid(content) {
			return nil, function.NewArgErrorf(0, "the file %s is not UTF-8 text", shown(path))
		}
		name := "the template"
		if !path.IsMarked() {
			name = path.AsString()
		}
		return parseTemplate(content, name)
	}
	return template(filePath("path"), parse, table)
}

// templateString renders a string with the given variables.
func templateString(table map[string]function.Function) function.Function {
	return template(function.Parameter{Name: "template", Type: cty.String, AllowMarked: true}, func(text cty.Value) (hcl.Expression, error) {
		return parseTemplate([]byte(bare(text).AsString()), "<templatestring>")
	}, table)
}

func parseTemplate(src []byte, name string) (hcl.Expression, error) {
	e, diags := syntax.Template(src, name)
	if diags.HasErrors() {
		return nil, function.NewArgError(0, diags)
	}
	return e, nil
}

func template(source function.Parameter, parse func(cty.Value) (hcl.Expression, error), table map[string]function.Function) function.Function {
	render := func(args []cty.Value) (cty.Value, error) {
		e, err := parse(args[0])
		if err != nil {
			return cty.DynamicVal, err
		}
		ctx, err := templateContext(e, args[1], table)
		if err != nil {
			return cty.DynamicVal, err
		}
		v, diags := e.Value(ctx)
		if diags.HasErrors() {
			return cty.DynamicVal, diags
		}
		return v.WithMarks(args[0].Marks()), nil
	}
	return function.New(&function.Spec{
		Params: []function.Parameter{
			source,
			{Name: "vars", Type: cty.DynamicPseudoType, AllowMarked: true},
		},
		// A template of one interpolation has the type of its value, so the type
		// is known only once it was rendered.
		Type: func(args []cty.Value) (cty.Type, error) {
			if !bare(args[0]).IsKnown() || !args[1].IsKnown() {
				return cty.DynamicPseudoType, nil
			}
			v, err := render(args)
			return v.Type(), err
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) { return render(args) },
	})
}

// templateContext gives e the variables of vars, an object or a map.
func templateContext(e hcl.Expression, vars cty.Value, table map[string]function.Function) (*hcl.EvalContext, error) {
	open, marks := vars.Unmark()
	if ty := open.Type(); !ty.IsObjectType() && !ty.IsMapType() || open.IsNull() {
		return nil, function.NewArgErrorf(1, "the variables must be a map or an object, not null")
	}
	ctx := &hcl.EvalContext{Variables: map[string]cty.Value{}, Functions: withCore(table)}
	for it := open.ElementIterator(); it.Next(); {
		k, v := it.Element()
		name := k.AsString()
		if !hclsyntax.ValidIdentifier(name) {
			return nil, function.NewArgErrorf(1, "%q cannot be the name of a variable: a name begins with a letter and goes on with letters, digits and underscores", name)
		}
		ctx.Variables[name] = v.WithMarks(marks)
	}
	for _, t := range e.Variables() {
		if _, ok := ctx.Variables[t.RootName()]; !ok {
			at := t.SourceRange()
			return nil, function.NewArgErrorf(1, "the variables hold no %q, which the template refers to at %s:%d,%d", t.RootName(), at.Filename, at.Start.Line, at.Start.Column)
		}
	}
	return ctx, nil
}
