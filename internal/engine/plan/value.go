package plan

import (
	"errors"
	"fmt"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
	"github.com/zclconf/go-cty/cty/msgpack"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
)

// Sensitive is the mark of values that must not be shown.
const Sensitive = lang.Sensitive

// IsSensitive tells that v itself is not to be shown; its parts may be marked on
// their own.
func IsSensitive(v cty.Value) bool { return v.HasMark(lang.Sensitive) }

// valueJSON is a value with its unknown and sensitive parts.
type valueJSON struct {
	Value     []byte     `json:"value"` // msgpack
	Sensitive []pathJSON `json:"sensitive,omitempty"`
}

// pathJSON is a path: each step is a name or a key.
type pathJSON []stepJSON

type stepJSON struct {
	Attr  *string `json:"attr,omitempty"`
	Index *string `json:"index,omitempty"` // a string or a number as cty JSON of any type
}

func encodeValue(v cty.Value, ty cty.Type) (valueJSON, error) {
	bare, marks := v.UnmarkDeepWithPaths()
	raw, err := msgpack.Marshal(bare, ty)
	if err != nil {
		return valueJSON{}, err
	}
	out := valueJSON{Value: raw}
	for _, m := range marks {
		if _, ok := m.Marks[lang.Sensitive]; !ok {
			continue
		}
		path, err := encodePath(m.Path)
		if err != nil {
			return out, err
		}
		out.Sensitive = append(out.Sensitive, path)
	}
	return out, nil
}

func (v valueJSON) decode(ty cty.Type) (cty.Value, error) {
	out, err := msgpack.Unmarshal(v.Value, ty)
	if err != nil {
		return cty.DynamicVal, fmt.Errorf("decoding a value: %w", err)
	}
	var paths []cty.Path
	for _, p := range v.Sensitive {
		path, err := p.decode()
		if err != nil {
			return cty.DynamicVal, err
		}
		paths = append(paths, path)
	}
	if len(paths) == 0 {
		return out, nil
	}
	return out.MarkWithPaths(MarksOf(paths)), nil
}

// object decodes a value that was encoded with its own type, which says more
// than ty where ty has attributes of any type.
func (v valueJSON) object(ty cty.Type) (cty.Value, error) {
	out, err := v.decode(cty.DynamicPseudoType)
	if err == nil && out.IsNull() {
		return cty.NullVal(ty), nil
	}
	return out, err
}

func encodePath(path cty.Path) (pathJSON, error) {
	out := pathJSON{}
	for _, step := range path {
		switch s := step.(type) {
		case cty.GetAttrStep:
			out = append(out, stepJSON{Attr: &s.Name})
		case cty.IndexStep:
			raw, err := ctyjson.Marshal(s.Key, cty.DynamicPseudoType)
			if err != nil {
				return nil, fmt.Errorf("encoding a path: %w", err)
			}
			text := string(raw)
			out = append(out, stepJSON{Index: &text})
		default:
			return nil, errors.New("encoding a path: a step of it is of no known kind")
		}
	}
	return out, nil
}

func (p pathJSON) decode() (cty.Path, error) {
	out := cty.Path{}
	for _, s := range p {
		switch {
		case s.Attr != nil:
			out = out.GetAttr(*s.Attr)
		case s.Index != nil:
			key, err := ctyjson.Unmarshal([]byte(*s.Index), cty.DynamicPseudoType)
			if err != nil {
				return nil, fmt.Errorf("decoding a path: %w", err)
			}
			out = out.Index(key)
		default:
			return nil, errors.New("decoding a path: a step of it is empty")
		}
	}
	return out, nil
}
