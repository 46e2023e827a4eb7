package lang_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
)

// describe writes references as "root.name" or "resource[key]attr"; "(expr)"
// stands for a key that must be evaluated.
func describe(refs []lang.Ref) string {
	var out []string
	for _, r := range refs {
		s := r.Root + "." + r.Name
		if r.Root == "resource" {
			s = r.Resource.String() + addr.KeyString(r.Key)
			if r.KeyExpr != nil {
				s += "(expr)"
			}
			if r.Attr != "" {
				s += "." + r.Attr
			}
		}
		out = append(out, s)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestRefs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ src, want string }{
		{`1`, ``},
		{`var.a`, `var.a`},
		{`"${local.b}-${path.module}"`, `local.b path.module`},
		{`a_b.c.d`, `a_b.c.d`},
		{`a_b.c["k"].d`, `a_b.c["k"]`},
		{`a_b.c[0]`, `a_b.c[0]`},
		{`data.a_b.c[1].x`, `data.a_b.c[1]`},
		{`ephemeral.a_b.c["k"].x`, `ephemeral.a_b.c["k"]`},
		{`action.a_b.c[0]`, `action.a_b.c[0]`},
		{`a_b.c[each.key].d`, `a_b.c(expr) each.key`},
		{`a_b.c[var.m[each.key]].d`, `a_b.c(expr) each.key var.m`},
		{`a_b.c[*].d`, `a_b.c`},
		{`[for k in a_b.c : k.x]`, `a_b.c`},
		{`[for k in var.ks : a_b.c[k].d]`, `a_b.c var.ks`},
		{`{ for k, v in a_b.c : k => var.m[k] }`, `a_b.c var.m`},
		{`a_b.c[0].list[local.i]`, `a_b.c[0] local.i`},
		{`(a_b.c)[0]`, `a_b.c`},
		{`true ? a_b.x.y : a_b.z.y`, `a_b.x.y a_b.z.y`},
		{`f(a_b.c.d...)`, `a_b.c.d`},
		{`tofu.workspace`, `terraform.workspace`},
	} {
		e, diags := hclsyntax.ParseExpression([]byte(c.src), "", hcl.InitialPos)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		refs, diags := lang.Refs(e, nil)
		if got := describe(refs); got != c.want || diags.HasErrors() {
			t.Errorf("%s: got %s, %v, want %s", c.src, got, diags, c.want)
		}
	}
	for _, src := range []string{`word`, `var`, `data.x`, `a_b.c[null]`, `resource.a_b.c`} {
		e, _ := hclsyntax.ParseExpression([]byte(src), "", hcl.InitialPos)
		if refs, diags := lang.Refs(e, nil); !diags.HasErrors() {
			t.Errorf("%s: got %s, want an error", src, describe(refs))
		}
	}
}

func TestBlockRefs(t *testing.T) {
	t.Parallel()
	f, diags := hclsyntax.ParseConfig([]byte(`
a = var.a
inner { b = local.b }
dynamic "inner" {
  for_each = a_b.list
  content {
    b = "${inner.value}-${inner.key}-${var.c}"
  }
}
dynamic "inner" {
  for_each = var.d
  iterator = it
  content { b = a_b.c[it.key].x }
}
unknown = var.not_asked_for
`), "", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	b := lang.NewBlock(f.Body, hcldec.ObjectSpec{
		"a": &hcldec.AttrSpec{Name: "a", Type: cty.String},
		"inner": &hcldec.BlockListSpec{TypeName: "inner", Nested: hcldec.ObjectSpec{
			"b": &hcldec.AttrSpec{Name: "b", Type: cty.String},
		}},
	})
	if got, want := describe(b.Refs()), "a_b.c a_b.list local.b var.a var.c var.d"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
