package builtin

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/syntax"
)

// Functions are the functions provider::terraform::NAME.
func (terraform) Functions(context.Context) []func() function.Function {
	var out []func() function.Function
	for _, f := range functions {
		out = append(out, func() function.Function { return f })
	}
	return out
}

var functions = []fn{
	{"decode_tfvars", "Reads the text of a .tfvars file as an object.",
		function.StringParameter{Name: "src", MarkdownDescription: "The content of a .tfvars file."}, function.DynamicReturn{}, decodeTfvars},
	{"encode_expr", "Writes a value as an expression of the language.",
		function.DynamicParameter{Name: "value", MarkdownDescription: "Any value but null."}, function.StringReturn{}, encodeExpr},
	{"encode_tfvars", "Writes an object as the text of a .tfvars file.",
		function.DynamicParameter{Name: "value", MarkdownDescription: "An object or a map, whose names become those of the variables."}, function.StringReturn{}, encodeTfvars},
}

// fn is a function of one argument.
type fn struct {
	name, summary string
	parameter     function.Parameter
	result        function.Return
	run           func(cty.Value) (cty.Value, error)
}

func (f fn) Metadata(_ context.Context, _ function.MetadataRequest, out *function.MetadataResponse) {
	out.Name = f.name
}

func (f fn) Definition(_ context.Context, _ function.DefinitionRequest, out *function.DefinitionResponse) {
	out.Definition = function.Definition{Summary: f.summary, Parameters: []function.Parameter{f.parameter}, Return: f.result}
}

func (f fn) Run(ctx context.Context, in function.RunRequest, out *function.RunResponse) {
	values, ferr := f.argument(ctx, in)
	if ferr != nil {
		out.Error = ferr
		return
	}
	result, err := f.run(values)
	if err != nil {
		out.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	if _, ok := f.result.(function.StringReturn); ok {
		out.Error = out.Result.Set(ctx, types.StringValue(result.AsString()))
		return
	}
	v, err := dynamicOf(ctx, result)
	if err != nil {
		out.Error = function.NewFuncError(err.Error())
		return
	}
	out.Error = out.Result.Set(ctx, v)
}

func (f fn) argument(ctx context.Context, in function.RunRequest) (cty.Value, *function.FuncError) {
	if _, ok := f.parameter.(function.StringParameter); ok {
		var text string
		ferr := in.Arguments.Get(ctx, &text)
		return cty.StringVal(text), ferr
	}
	var value types.Dynamic
	if ferr := in.Arguments.Get(ctx, &value); ferr != nil {
		return cty.DynamicVal, ferr
	}
	v, err := ctyOfAttr(ctx, value)
	if err != nil {
		return v, function.NewFuncError(err.Error())
	}
	return v, nil
}

func decodeTfvars(in cty.Value) (cty.Value, error) {
	f, diags := syntax.File([]byte(in.AsString()), "<decode_tfvars argument>")
	if diags.HasErrors() {
		return cty.DynamicVal, fmt.Errorf("invalid tfvars syntax: %w", diags)
	}
	attrs, diags := f.Body.JustAttributes()
	if diags.HasErrors() {
		return cty.DynamicVal, fmt.Errorf("invalid tfvars content: %w", diags)
	}
	out := map[string]cty.Value{}
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		v, diags := attrs[name].Expr.Value(nil)
		if diags.HasErrors() {
			return cty.DynamicVal, fmt.Errorf("invalid expression for variable %q: %w", name, diags)
		}
		out[name] = v
	}
	return cty.ObjectVal(out), nil
}

func encodeExpr(in cty.Value) (cty.Value, error) {
	return cty.StringVal(string(hclwrite.TokensForValue(in).Bytes())), nil
}

func encodeTfvars(in cty.Value) (cty.Value, error) {
	if ty := in.Type(); in.IsNull() || !ty.IsObjectType() && !ty.IsMapType() {
		return cty.DynamicVal, fmt.Errorf("invalid value to encode: must be an object whose attribute names will become the encoded variable names")
	}
	f := hclwrite.NewEmptyFile()
	values := in.AsValueMap()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !hclsyntax.ValidIdentifier(name) {
			return cty.DynamicVal, fmt.Errorf("invalid variable name %q: must be a valid identifier, per Terraform's rules for input variable declarations", name)
		}
		f.Body().SetAttributeValue(name, values[name])
	}
	return cty.StringVal(string(f.Bytes())), nil
}
