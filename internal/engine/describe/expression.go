package describe

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// expression is what can be said of an expression: its value, if it has one of
// its own, and what it refers to, from the whole path down to what it begins with.
type expression struct {
	Constant   json.RawMessage `json:"constant_value,omitempty"`
	References []string        `json:"references,omitempty"`
}

func expressionOf(e hcl.Expression) expression {
	out := expression{}
	if e == nil {
		return out
	}
	if v, diags := e.Value(nil); !diags.HasErrors() && v.IsWhollyKnown() && !v.ContainsMarked() {
		out.Constant, _ = ctyjson.Marshal(v, v.Type()) // a known value without marks has a JSON form
	}
	for _, t := range e.Variables() {
		out.References = append(out.References, references(t)...)
	}
	return out
}

// unlessEmpty is nil for an expression of which nothing can be said.
func unlessEmpty(e hcl.Expression) *expression {
	out := expressionOf(e)
	if out.Constant == nil && len(out.References) == 0 {
		return nil
	}
	return &out
}

// references are the texts for t: the whole path, then shorter ones down to the
// thing that it names, and that thing without its key.
func references(t hcl.Traversal) []string {
	whole, n, keyed := subject(t)
	if whole == nil {
		return nil
	}
	var out []string
	for i := len(whole); i >= n; i-- {
		out = append(out, text(whole[:i]))
	}
	switch {
	case whole.RootName() == "module" && attribute(whole[n-1]) && n > 2:
		out = append(out, text(whole[:n-1]))
	case keyed:
		out = append(out, text(whole[:n-1]))
	}
	return out
}

// subject finds how many steps of t name a thing that can be referred to: nil if
// they name none. keyed tells that the last of these steps is a key. A leading
// word "resource" is left out.
func subject(t hcl.Traversal) (whole hcl.Traversal, n int, keyed bool) {
	if t.RootName() == "resource" && len(t) > 1 {
		if step, ok := t[1].(hcl.TraverseAttr); ok {
			t = append(hcl.Traversal{hcl.TraverseRoot{Name: step.Name, SrcRange: step.SrcRange}}, t[2:]...)
		}
	}
	n = 2
	switch t.RootName() {
	case "self":
		return t, 1, false
	case "var", "local", "path", "terraform", "tofu", "each", "count":
		if len(t) < n {
			return nil, 0, false
		}
		return t, n, false
	case "data", "ephemeral", "action":
		n = 3
	}
	if len(t) < n {
		return nil, 0, false
	}
	if len(t) > n {
		if _, keyed = t[n].(hcl.TraverseIndex); keyed {
			n++
		}
	}
	if t.RootName() == "module" && len(t) > n && attribute(t[n]) {
		return t, n + 1, false
	}
	return t, n, keyed
}

func attribute(step hcl.Traverser) bool {
	_, ok := step.(hcl.TraverseAttr)
	return ok
}

// text is a traversal as it stands in the source.
func text(t hcl.Traversal) string {
	var b strings.Builder
	for _, step := range t {
		switch step := step.(type) {
		case hcl.TraverseRoot:
			b.WriteString(step.Name)
		case hcl.TraverseAttr:
			b.WriteString("." + step.Name)
		case hcl.TraverseIndex:
			if step.Key.Type() == cty.String {
				b.WriteString("[" + strconv.Quote(step.Key.AsString()) + "]")
			} else {
				fmt.Fprintf(&b, "[%s]", step.Key.AsBigFloat().Text('f', -1))
			}
		}
	}
	return b.String()
}

func traversals(in []hcl.Traversal) []string {
	var out []string
	for _, t := range in {
		if whole, n, _ := subject(t); whole != nil {
			out = append(out, text(whole[:n]))
		}
	}
	return out
}

// literal is the value of an expression that is a string without references.
func literal(e hcl.Expression) string {
	if e == nil {
		return ""
	}
	v, diags := e.Value(nil)
	if diags.HasErrors() || !v.IsKnown() || v.IsNull() || v.Type() != cty.String {
		return ""
	}
	return v.AsString()
}
