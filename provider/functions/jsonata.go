package functions

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/intrinsic"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonata"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// jsonataFunction is the function jsonata.
type jsonataFunction struct{}

func (jsonataFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "jsonata"
}

func (jsonataFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "The value of a JSONata expression",
		MarkdownDescription: "Evaluates an expression of JSONata 2.0.6 as Step Functions does, with its functions (`$partition`, `$range`, `$hash`, `$parse`) and without `$eval`: `jsonata(\"$sum(items.price)\", { items = [{ price = 2 }, { price = 3 }] })` is 5. " +
			"The input is `$` and also `$states.input`, and `{% … %}` around the expression is taken off, so that an expression can be tried as it stands in a state machine. No value at all is null. " +
			"What differs from call to call cannot be used: `$millis`, `$now`, `$random`, `$shuffle` and `$uuid`.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "expression", MarkdownDescription: "The expression."},
			function.DynamicParameter{Name: "input", AllowNullValue: true, MarkdownDescription: "What it reads."},
		},
		Return: function.DynamicReturn{},
	}
}

// fickle are the functions whose values differ from call to call.
var fickle = []string{"millis", "now", "random", "shuffle", "uuid"}

func (jsonataFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var text string
	var given types.Dynamic
	if resp.Error = req.Arguments.Get(ctx, &text, &given); resp.Error != nil {
		return
	}
	if inner, ok := strings.CutPrefix(strings.TrimSpace(text), "{%"); ok {
		text = strings.TrimSuffix(inner, "%}")
	}
	input, err := jsonOf(given)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(1, err.Error())
		return
	}
	out, err := evaluate(ctx, strings.TrimSpace(text), input)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, types.DynamicValue(out))
}

func evaluate(ctx context.Context, text string, input any) (attr.Value, error) {
	x, err := jsonata.Compile(text)
	if err != nil {
		return nil, placed(err)
	}
	for _, r := range x.References() {
		if r.Variable && slices.Contains(fickle, r.Name) {
			return nil, fmt.Errorf("$%s gives another value each time, and functions of the language must not. Give what it would be in the input", r.Name)
		}
	}
	v, err := x.Eval(ctx, jsonata.Options{
		Input: input, Library: intrinsic.JSONata, Variables: map[string]any{"states": jsonvalue.ObjectOf("input", input)},
	})
	if errors.Is(err, jsonata.ErrFunction) {
		return nil, errors.New("the result is a function, which is no value. Call it, or choose what is behind it")
	}
	if err != nil {
		return nil, placed(err)
	}
	return valueOf(v)
}

// placed says where in the expression an error is.
func placed(err error) error {
	var e *jsonata.Error
	if errors.As(err, &e) && e.Position > 0 {
		return fmt.Errorf("%w (at position %d of the expression)", err, e.Position)
	}
	return err
}

// jsonOf is a value of the language as JSON.
func jsonOf(v attr.Value) (any, error) {
	if v.IsNull() {
		return jsonvalue.Null{}, nil
	}
	switch v := v.(type) {
	case types.Dynamic:
		if v.IsUnderlyingValueNull() {
			return jsonvalue.Null{}, nil
		}
		return jsonOf(v.UnderlyingValue())
	case types.String:
		return v.ValueString(), nil
	case types.Bool:
		return v.ValueBool(), nil
	case types.Number:
		f, _ := v.ValueBigFloat().Float64()
		return f, nil
	case types.Tuple:
		return jsonList(v.Elements())
	case types.List:
		return jsonList(v.Elements())
	case types.Set:
		return jsonList(v.Elements())
	case types.Map:
		return jsonObject(v.Elements())
	case types.Object:
		return jsonObject(v.Attributes())
	}
	return nil, fmt.Errorf("a value of type %s has no form in JSON", v.Type(context.Background()))
}

func jsonList(items []attr.Value) (any, error) {
	out := make([]any, len(items))
	var err error
	for i, item := range items {
		if out[i], err = jsonOf(item); err != nil {
			return nil, fmt.Errorf("[%d]: %w", i, err)
		}
	}
	return out, nil
}

// jsonObject has its members in the order of the alphabet, as values of the
// language have no other.
func jsonObject(members map[string]attr.Value) (any, error) {
	out := jsonvalue.NewObject(len(members))
	for _, name := range slices.Sorted(maps.Keys(members)) {
		v, err := jsonOf(members[name])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out.Set(name, v)
	}
	return out, nil
}

// valueOf is JSON as a value of the language; nothing is null.
func valueOf(v any) (attr.Value, error) {
	switch v := v.(type) {
	case nil, jsonvalue.Null:
		return types.DynamicNull(), nil
	case string:
		return types.StringValue(v), nil
	case bool:
		return types.BoolValue(v), nil
	case float64:
		return types.NumberValue(big.NewFloat(v)), nil
	case jsonvalue.Number:
		f, _, err := big.ParseFloat(string(v), 10, 512, big.ToNearestEven)
		return types.NumberValue(f), err
	case []any:
		values, kinds := make([]attr.Value, len(v)), make([]attr.Type, len(v))
		for i, item := range v {
			var err error
			if values[i], err = valueOf(item); err != nil {
				return nil, err
			}
			kinds[i] = values[i].Type(context.Background())
		}
		return types.TupleValueMust(kinds, values), nil
	case *jsonvalue.Object:
		values, kinds := map[string]attr.Value{}, map[string]attr.Type{}
		for name, member := range v.All() {
			one, err := valueOf(member)
			if err != nil {
				return nil, err
			}
			values[name], kinds[name] = one, one.Type(context.Background())
		}
		return types.ObjectValueMust(kinds, values), nil
	}
	return nil, fmt.Errorf("a result of type %T has no form in the language", v)
}
