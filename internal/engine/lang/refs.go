package lang

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
)

// Ref is one reference of an expression to something outside of it.
type Ref struct {
	// Root is the first word: var, local, path, terraform, each, count, self,
	// module, or "resource" for what a resource address names, whatever its mode.
	Root string

	// Name is the second word, for other roots than a resource; empty if there
	// is none.
	Name string

	// Resource is what a resource reference names.
	Resource addr.Resource

	// Key is the index that follows the name of a resource or module, if that is
	// written literally, and KeyExpr if it must be evaluated.
	Key     addr.Key
	KeyExpr hclsyntax.Expression

	// Attr is the attribute that follows the name of a resource directly, or that
	// of a module or its index; or empty.
	Attr string

	// Rest are the steps after the name or the index.
	Rest hcl.Traversal

	Range hcl.Range
}

// Refs lists the references of e, leaving out names that e itself introduces and
// those in hidden.
func Refs(e hcl.Expression, hidden map[string]bool) ([]Ref, hcl.Diagnostics) {
	var out []Ref
	var diags hcl.Diagnostics
	add := func(t hcl.Traversal, key hclsyntax.Expression, attr string) {
		if hidden[t.RootName()] {
			return
		}
		r, d := RefOf(t)
		diags = append(diags, d...)
		if !d.HasErrors() {
			if key != nil {
				r.KeyExpr = key
				if r.Root == "module" {
					r.Attr = attr
				}
			}
			out = append(out, r)
		}
	}
	if node, ok := e.(hclsyntax.Expression); ok {
		w := &walker{hidden: hidden, add: add, done: map[hclsyntax.Node]bool{}, attrs: map[hclsyntax.Node]string{}}
		_ = hclsyntax.Walk(node, w)
		return out, diags
	}
	for _, t := range e.Variables() {
		add(t, nil, "")
	}
	return out, diags
}

// walker finds the traversals of a native expression, and with them the index
// expressions that choose one instance of a resource.
type walker struct {
	hidden map[string]bool
	scopes []map[string]struct{}
	add    func(t hcl.Traversal, key hclsyntax.Expression, attr string)
	done   map[hclsyntax.Node]bool
	attrs  map[hclsyntax.Node]string // by index expression: the attribute after it
}

func (w *walker) Enter(n hclsyntax.Node) hcl.Diagnostics {
	switch n := n.(type) {
	case hclsyntax.ChildScope:
		w.scopes = append(w.scopes, n.LocalNames)
	case *hclsyntax.ScopeTraversalExpr:
		if !w.done[n] && !w.local(n.Traversal) {
			w.add(n.Traversal, nil, "")
		}
	case *hclsyntax.RelativeTraversalExpr:
		if len(n.Traversal) > 0 {
			w.attrs[n.Source] = attrName(n.Traversal[0])
		}
	case *hclsyntax.IndexExpr:
		c, ok := n.Collection.(*hclsyntax.ScopeTraversalExpr)
		if !ok || w.local(c.Traversal) {
			break
		}
		if r, diags := RefOf(c.Traversal); diags.HasErrors() || r.Root != "resource" && r.Root != "module" || r.Key != nil || len(r.Rest) > 0 {
			break
		}
		for _, t := range n.Key.Variables() {
			if w.local(t) || w.hidden[t.RootName()] {
				return nil // only the evaluation of the whole knows the key
			}
		}
		w.done[c] = true
		w.add(c.Traversal, n.Key, w.attrs[n])
	}
	return nil
}

func (w *walker) Exit(n hclsyntax.Node) hcl.Diagnostics {
	if _, ok := n.(hclsyntax.ChildScope); ok {
		w.scopes = w.scopes[:len(w.scopes)-1]
	}
	return nil
}

func (w *walker) local(t hcl.Traversal) bool {
	for _, s := range w.scopes {
		if _, ok := s[t.RootName()]; ok {
			return true
		}
	}
	return false
}

// modes are the words that a reference to anything but a managed resource begins
// with.
var modes = map[string]addr.Mode{"data": addr.Data, "ephemeral": addr.Ephemeral, "action": addr.Action, "list": addr.List}

// RefOf reads a traversal as a reference.
func RefOf(t hcl.Traversal) (Ref, hcl.Diagnostics) {
	r := Ref{Root: t.RootName(), Range: t.SourceRange()}
	bad := func(detail string) (Ref, hcl.Diagnostics) {
		return r, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Invalid reference", Detail: detail, Subject: &r.Range}}
	}
	rest := t[1:]
	switch r.Root {
	case "var", "local", "path", "terraform", "tofu", "each", "count", "module":
		if len(rest) == 0 || attrName(rest[0]) == "" {
			return bad("The word \"" + r.Root + "\" must be followed by a dot and a name.")
		}
		if r.Root == "tofu" {
			r.Root = "terraform"
		}
		r.Name, r.Rest = attrName(rest[0]), rest[1:]
		if r.Root != "module" || len(r.Rest) == 0 {
			return r, nil
		}
		if s, ok := r.Rest[0].(hcl.TraverseIndex); ok {
			key, err := addr.KeyOf(s.Key)
			if err != nil {
				return bad("The index of module." + r.Name + " is wrong: " + err.Error() + ".")
			}
			r.Key, r.Rest = key, r.Rest[1:]
		}
		if len(r.Rest) > 0 {
			r.Attr = attrName(r.Rest[0])
		}
		return r, nil
	case "self":
		r.Rest = rest
		return r, nil
	case "data", "ephemeral", "action", "list":
		r.Resource.Mode = modes[r.Root]
		if len(rest) < 2 || attrName(rest[0]) == "" || attrName(rest[1]) == "" {
			return bad("The word \"" + r.Root + "\" must be followed by a type and a name.")
		}
		r.Resource.Type, r.Resource.Name, rest = attrName(rest[0]), attrName(rest[1]), rest[2:]
	case "resource":
		if len(rest) < 2 || attrName(rest[0]) == "" || attrName(rest[1]) == "" {
			return bad("The word \"resource\" must be followed by a type and a name.")
		}
		return bad("Write the reference as TYPE.NAME, without the word \"resource\".")
	default:
		if len(rest) < 1 || attrName(rest[0]) == "" {
			return bad("A reference to a resource has at least a type and a name: TYPE.NAME. If a text was meant, put \"" + r.Root + "\" into quotes.")
		}
		r.Resource.Type, r.Resource.Name, rest = r.Root, attrName(rest[0]), rest[1:]
	}
	r.Root = "resource"
	if len(rest) > 0 {
		switch s := rest[0].(type) {
		case hcl.TraverseIndex:
			key, err := addr.KeyOf(s.Key)
			if err != nil {
				return bad("The index of " + r.Resource.String() + " is wrong: " + err.Error() + ".")
			}
			r.Key, rest = key, rest[1:]
		case hcl.TraverseAttr:
			r.Attr = s.Name
		}
	}
	r.Rest = rest
	return r, nil
}

func attrName(t hcl.Traverser) string {
	if a, ok := t.(hcl.TraverseAttr); ok {
		return a.Name
	}
	return ""
}
