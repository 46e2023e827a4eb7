package addr

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// ParseInstance reads the text of an instance, such as `aws_x.name["k"]` or
// `module.a[0].data.aws_x.name`.
func ParseInstance(s string) (Instance, error) {
	t, err := parseTraversal(s)
	if err != nil {
		return Instance{}, err
	}
	i, rest, err := instanceOf(t)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("unexpected text after the resource instance")
	}
	if err != nil {
		return Instance{}, fmt.Errorf("%q is not the address of a resource instance: %w", s, err)
	}
	return i, nil
}

// ParseConfigResource reads the text of a resource block, such as
// "module.a.aws_x.name"; instance keys are an error.
func ParseConfigResource(s string) (ConfigResource, error) {
	i, err := ParseInstance(s)
	if err != nil {
		return ConfigResource{}, err
	}
	if i.Key != nil || i.Config().String() != s {
		return ConfigResource{}, fmt.Errorf("%q must name a resource without instance keys", s)
	}
	return i.Config(), nil
}

// ParseModuleInstance reads the text of a module instance; "" is the root.
func ParseModuleInstance(s string) (ModuleInstance, error) {
	steps, err := splitModule(s)
	if err != nil {
		return "", err
	}
	m := ModuleInstance("")
	for _, st := range steps {
		m = m.Child(st.name, st.key)
	}
	return m, nil
}

type moduleStep struct {
	name string
	key  Key
}

func splitModule(s string) ([]moduleStep, error) {
	if s == "" {
		return nil, nil
	}
	t, err := parseTraversal(s)
	if err != nil {
		return nil, err
	}
	steps, rest, err := moduleSteps(t)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("unexpected text after the module")
	}
	if err != nil {
		return nil, fmt.Errorf("%q is not the address of a module: %w", s, err)
	}
	return steps, nil
}

func parseTraversal(s string) (hcl.Traversal, error) {
	t, diags := hclsyntax.ParseTraversalAbs([]byte(s), "", hcl.InitialPos)
	if diags.HasErrors() {
		return nil, fmt.Errorf("%q is not an address: %s", s, diags[0].Detail)
	}
	return t, nil
}

func moduleSteps(t hcl.Traversal) ([]moduleStep, hcl.Traversal, error) {
	var steps []moduleStep
	for len(t) > 0 && name(t[0]) == "module" {
		if len(t) < 2 || name(t[1]) == "" {
			return nil, nil, fmt.Errorf("a module name must follow \"module\"")
		}
		st := moduleStep{name: name(t[1])}
		t = t[2:]
		if len(t) > 0 {
			if ix, ok := t[0].(hcl.TraverseIndex); ok {
				key, err := KeyOf(ix.Key)
				if err != nil {
					return nil, nil, err
				}
				st.key, t = key, t[1:]
			}
		}
		steps = append(steps, st)
	}
	return steps, t, nil
}

func instanceOf(t hcl.Traversal) (Instance, hcl.Traversal, error) {
	var i Instance
	steps, t, err := moduleSteps(t)
	if err != nil {
		return i, nil, err
	}
	for _, st := range steps {
		i.Module = i.Module.Child(st.name, st.key)
	}
	if len(t) > 0 {
		for _, mode := range []Mode{Data, Ephemeral, Action, List} {
			if name(t[0]) == mode.String() {
				i.Resource.Mode, t = mode, t[1:]
				break
			}
		}
	}
	if len(t) < 2 || name(t[0]) == "" || name(t[1]) == "" {
		return i, nil, fmt.Errorf("a resource type and a name are needed")
	}
	i.Resource.Type, i.Resource.Name, t = name(t[0]), name(t[1]), t[2:]
	if len(t) > 0 {
		if ix, ok := t[0].(hcl.TraverseIndex); ok {
			if i.Key, err = KeyOf(ix.Key); err != nil {
				return i, nil, err
			}
			t = t[1:]
		}
	}
	return i, t, nil
}

// KeyOf is the instance key that a known string or whole number stands for.
func KeyOf(v cty.Value) (Key, error) {
	switch {
	case v.IsMarked() || !v.IsKnown() || v.IsNull():
	case v.Type() == cty.String:
		return StringKey(v.AsString()), nil
	case v.Type() == cty.Number:
		if n, acc := v.AsBigFloat().Int64(); acc == 0 && n >= 0 {
			return IntKey(n), nil
		}
	}
	return nil, fmt.Errorf("an instance key must be a known string or a whole number from 0")
}

func name(t hcl.Traverser) string {
	switch t := t.(type) {
	case hcl.TraverseRoot:
		return t.Name
	case hcl.TraverseAttr:
		return t.Name
	}
	return ""
}
