package ui

import (
	"encoding/json"
	"fmt"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

type signatureJSON struct {
	Description string          `json:"description,omitempty"`
	Return      json.RawMessage `json:"return_type"`
	Parameters  []argumentJSON  `json:"parameters,omitempty"`
	Variadic    *argumentJSON   `json:"variadic_parameter,omitempty"`
}

type argumentJSON struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Nullable    bool            `json:"is_nullable,omitempty"`
	Type        json.RawMessage `json:"type"`
}

// Functions is the JSON document of what functions take and return, on one line.
// describe says what one does.
func Functions(all map[string]function.Function, describe func(name string) string) ([]byte, error) {
	out := struct {
		Format     string                   `json:"format_version"`
		Signatures map[string]signatureJSON `json:"function_signatures"`
	}{"1.0", map[string]signatureJSON{}}
	for name, f := range all {
		one, err := signatureOf(f)
		if err != nil {
			return nil, fmt.Errorf("describing the function %s: %w", name, err)
		}
		one.Description = describe(name)
		out.Signatures[name] = one
	}
	raw, err := json.Marshal(out)
	return append(raw, '\n'), err
}

func signatureOf(f function.Function) (signatureJSON, error) {
	var out signatureJSON
	var types []cty.Type
	argument := func(p function.Parameter) (argumentJSON, error) {
		ty := p.Type
		if ty.IsCapsuleType() { // an expression that is not evaluated before the call
			ty = cty.DynamicPseudoType
		}
		types = append(types, p.Type)
		raw, err := ctyjson.MarshalType(ty)
		return argumentJSON{p.Name, p.Description, p.AllowNull, raw}, err
	}
	for _, p := range f.Params() {
		one, err := argument(p)
		if err != nil {
			return out, err
		}
		out.Parameters = append(out.Parameters, one)
	}
	if p := f.VarParam(); p != nil {
		one, err := argument(*p)
		if err != nil {
			return out, err
		}
		out.Variadic = &one
	}
	result, err := f.ReturnType(types)
	if err != nil { // it depends on the values
		result = cty.DynamicPseudoType
	}
	out.Return, err = ctyjson.MarshalType(result)
	return out, err
}
