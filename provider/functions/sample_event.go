package functions

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// sampleEvent is the function sample_event.
type sampleEvent struct{}

func (sampleEvent) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "sample_event"
}

func (sampleEvent) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	var kinds []string
	for _, k := range slices.Sorted(maps.Keys(samples)) {
		kinds = append(kinds, "`"+k+"` ("+strings.Join(slices.Sorted(maps.Keys(samples[k].defaults)), ", ")+")")
	}
	resp.Definition = function.Definition{
		Summary: "An event as a service sends it to a function",
		MarkdownDescription: "Makes the JSON of an event as a function gets it, to call the function with: by the action or the data source that do, or in tests. " +
			"The kinds, and what can be said of each: " + strings.Join(kinds, "; ") + ".",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "kind", MarkdownDescription: "Who sends it, such as `sqs`."},
			function.DynamicParameter{Name: "args", MarkdownDescription: "What the event says, an object of text: `{ body = \"hello\" }`; `{}` for an example. Values that are not text are written as JSON."},
		},
		Return: function.StringReturn{},
	}
}

func (sampleEvent) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var kind string
	var args types.Dynamic
	if resp.Error = req.Arguments.Get(ctx, &kind, &args); resp.Error != nil {
		return
	}
	s, ok := samples[kind]
	if !ok {
		resp.Error = function.NewArgumentFuncError(0, fmt.Sprintf("there is no kind %q; use one of %s", kind, strings.Join(slices.Sorted(maps.Keys(samples)), ", ")))
		return
	}
	given, err := arguments(ctx, args)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(1, err.Error())
		return
	}
	values := maps.Clone(s.defaults)
	for name, v := range given {
		if _, ok := values[name]; !ok {
			resp.Error = function.NewArgumentFuncError(1, fmt.Sprintf("an event of %s has no %q; use %s", kind, name, strings.Join(slices.Sorted(maps.Keys(values)), ", ")))
			return
		}
		values[name] = v
	}
	event, err := s.event(values)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(1, err.Error())
		return
	}
	text, err := json.Marshal(event)
	if err != nil {
		resp.Error = function.NewFuncError(err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, string(text))
}

// arguments are the attributes of an object or map as text.
func arguments(ctx context.Context, args types.Dynamic) (map[string]string, error) {
	var values map[string]attr.Value
	switch v := args.UnderlyingValue().(type) {
	case types.Object:
		values = v.Attributes()
	case types.Map:
		values = v.Elements()
	default:
		return nil, fmt.Errorf("args must be an object, such as { body = \"hello\" }")
	}
	all := map[string]string{}
	for name, v := range values {
		if v.IsNull() {
			continue
		}
		if d, ok := v.(types.Dynamic); ok {
			v = d.UnderlyingValue()
		}
		if s, ok := v.(types.String); ok {
			all[name] = s.ValueString()
			continue
		}
		raw, err := v.ToTerraformValue(ctx)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		plain, err := plainValue(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		text, err := json.Marshal(plain)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all[name] = string(text)
	}
	return all, nil
}

// plainValue is a value as encoding/json writes it.
func plainValue(v tftypes.Value) (any, error) {
	if v.IsNull() {
		return nil, nil
	}
	switch t := v.Type(); {
	case t.Is(tftypes.String):
		var s string
		err := v.As(&s)
		return s, err
	case t.Is(tftypes.Bool):
		var b bool
		err := v.As(&b)
		return b, err
	case t.Is(tftypes.Number):
		var n big.Float
		if err := v.As(&n); err != nil {
			return nil, err
		}
		return json.Number(n.Text('g', -1)), nil
	case t.Is(tftypes.Object{}), t.Is(tftypes.Map{}):
		var m map[string]tftypes.Value
		if err := v.As(&m); err != nil {
			return nil, err
		}
		out := map[string]any{}
		for k, e := range m {
			p, err := plainValue(e)
			if err != nil {
				return nil, err
			}
			out[k] = p
		}
		return out, nil
	}
	var l []tftypes.Value
	if err := v.As(&l); err != nil {
		return nil, err
	}
	out := []any{}
	for _, e := range l {
		p, err := plainValue(e)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}
