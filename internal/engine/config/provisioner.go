package config

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
)

// Provisioner is a command that is run after an object was created, or before
// one is destroyed.
type Provisioner struct {
	Type     string   // "local-exec"
	Destroy  bool     // run before destroying, else after creating
	Continue bool     // go on when it fails
	Body     hcl.Body // its own arguments
	Range    hcl.Range
}

var provisionerSchema = &hcl.BodySchema{
	Attributes: []hcl.AttributeSchema{{Name: "when"}, {Name: "on_failure"}},
	Blocks:     []hcl.BlockHeaderSchema{{Type: "connection"}, {Type: "lifecycle"}},
}

// provisioner reads a provisioner block of r; nil if it cannot be carried out.
func (l *loader) provisioner(of addr.Resource, b *hcl.Block) *Provisioner {
	p := &Provisioner{Type: b.Labels[0], Range: b.DefRange}
	switch {
	case of.Mode != addr.Managed:
		l.fail(b.DefRange, "Not a managed resource", "Only managed resources have provisioners. Remove the block from %s.", of)
		return nil
	case p.Type != "local-exec":
		l.fail(b.DefRange, "The provisioner \""+p.Type+"\" is not supported", "This engine runs commands on this machine only, with \"local-exec\". To reach another one, have such a command call ssh or scp.")
		return nil
	}
	c, body, diags := b.Body.PartialContent(provisionerSchema)
	l.diags = append(l.diags, diags...)
	p.Body = body
	p.Destroy = l.keyword(c.Attributes["when"], "create", "destroy")
	p.Continue = l.keyword(c.Attributes["on_failure"], "fail", "continue")
	for _, nested := range c.Blocks {
		l.fail(nested.DefRange, "\""+nested.Type+"\" is not supported here", "A local-exec provisioner runs on this machine and connects to no other. Remove the block.")
	}
	if p.Destroy {
		l.onlySelf(body)
	}
	return p
}

// keyword is the value of an argument that is one of two bare words: true for
// the second. Quoted words, the style of before 0.12, are accepted.
func (l *loader) keyword(a *hcl.Attribute, no, yes string) bool {
	if a == nil {
		return false
	}
	word := hcl.ExprAsKeyword(a.Expr)
	if word == "" {
		if v, diags := a.Expr.Value(nil); !diags.HasErrors() && v.Type() == cty.String && v.IsKnown() && !v.IsNull() {
			word = v.AsString()
		}
	}
	if word != no && word != yes {
		l.fail(a.Expr.Range(), "Invalid \""+a.Name+"\" argument", "%q is either %s or %s, without quotes.", a.Name, no, yes)
	}
	return word == yes
}

// onlySelf refuses references to what may be gone or changed when the object is
// destroyed.
func (l *loader) onlySelf(body hcl.Body) {
	attrs, diags := body.JustAttributes()
	l.diags = append(l.diags, diags...)
	for _, a := range attrs {
		for _, t := range a.Expr.Variables() {
			second := ""
			if len(t) > 1 {
				if step, ok := t[1].(hcl.TraverseAttr); ok {
					second = step.Name
				}
			}
			switch root := t.RootName(); {
			case root == "self", root == "path", root == "terraform", root == "count" && second == "index", root == "each" && second == "key":
			default:
				l.fail(t.SourceRange(), "Invalid reference from destroy provisioner", "When an object is destroyed, others may be gone already, and it may not be in the configuration any more. Refer only to self, count.index, each.key, path and terraform; keep what else is needed in an attribute of the object.")
			}
		}
	}
}
