package plugin

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// Functions are the provider's own functions by name. They are called with ctx.
// One whose declaration cannot be understood is left out.
func (p *Provider) Functions(ctx context.Context) map[string]function.Function {
	schemas, diags := p.Schemas(ctx)
	if diags.HasErrors() {
		return nil
	}
	out := map[string]function.Function{}
	for name, f := range schemas.Functions {
		if impl, err := p.function(ctx, name, f); err == nil {
			out[name] = impl
		}
	}
	return out
}

func (p *Provider) function(ctx context.Context, name string, f *tfprotov6.Function) (function.Function, error) {
	result, err := typeOf(f.Return.Type)
	if err != nil {
		return function.Function{}, err
	}
	spec := &function.Spec{Description: f.Summary, Type: function.StaticReturnType(result)}
	for _, in := range f.Parameters {
		param, err := parameterOf(in)
		if err != nil {
			return function.Function{}, err
		}
		spec.Params = append(spec.Params, param)
	}
	if f.VariadicParameter != nil {
		param, err := parameterOf(f.VariadicParameter)
		if err != nil {
			return function.Function{}, err
		}
		spec.VarParam = &param
	}
	spec.Impl = func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		for i, a := range args {
			param := parameterAt(f, i)
			if !a.IsWhollyKnown() && !param.AllowUnknownValues {
				return cty.UnknownVal(result), nil
			}
		}
		return p.callFunction(ctx, name, f, args, result)
	}
	return function.New(spec), nil
}

func parameterAt(f *tfprotov6.Function, i int) *tfprotov6.FunctionParameter {
	if i < len(f.Parameters) {
		return f.Parameters[i]
	}
	return f.VariadicParameter
}

func parameterOf(in *tfprotov6.FunctionParameter) (function.Parameter, error) {
	ty, err := typeOf(in.Type)
	return function.Parameter{
		Name: in.Name, Description: in.Description, Type: ty,
		AllowNull: in.AllowNullValue, AllowUnknown: true, AllowDynamicType: true,
	}, err
}

func (p *Provider) callFunction(ctx context.Context, name string, f *tfprotov6.Function, args []cty.Value, result cty.Type) (cty.Value, error) {
	request := &tfprotov6.CallFunctionRequest{Name: name}
	for i, a := range args {
		ty, err := typeOf(parameterAt(f, i).Type)
		if err != nil {
			return cty.UnknownVal(result), err
		}
		value, err := encode(a, ty)
		if err != nil {
			return cty.UnknownVal(result), err
		}
		request.Arguments = append(request.Arguments, value)
	}
	resp, diags := call(p, "calling the function "+name, func() (*tfprotov6.CallFunctionResponse, error) {
		return p.server.CallFunction(ctx, request)
	}, func(*tfprotov6.CallFunctionResponse) []*tfprotov6.Diagnostic { return nil })
	if diags.HasErrors() {
		return cty.UnknownVal(result), fmt.Errorf("%s", diags[0].Detail)
	}
	if e := resp.Error; e != nil {
		err := errors.New(e.Text)
		if e.FunctionArgument != nil {
			return cty.UnknownVal(result), function.NewArgError(int(*e.FunctionArgument), err)
		}
		return cty.UnknownVal(result), err
	}
	return decode(resp.Result, result)
}
