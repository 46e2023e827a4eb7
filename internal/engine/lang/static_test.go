package lang_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
)

// TestStaticLocals demands that a local value is evaluated once however many
// others refer to it: the chain here would take 2 to the 60 evaluations.
func TestStaticLocals(t *testing.T) {
	t.Parallel()
	for last, want := range map[string]string{`"x"`: "", `test_thing.x`: "The reference is not possible here", `local.l0`: "The local value refers to itself"} {
		var b strings.Builder
		fmt.Fprintf(&b, "locals {\n")
		for i := range 60 {
			fmt.Fprintf(&b, "  l%d = length(local.l%d) > 0 ? local.l%d : \"\"\n", i, i+1, i+1)
		}
		fmt.Fprintf(&b, "  l60 = %s\n}\n", last)
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		m, diags := config.Load(dir, nil)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		x, diags := hclsyntax.ParseExpression([]byte("local.l0"), "x", hcl.InitialPos)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		s := &lang.Static{Module: m, Workspace: "default"}
		v, diags := s.Expr(x, cty.String)
		switch {
		case want == "" && (diags.HasErrors() || !v.RawEquals(cty.StringVal("x"))):
			t.Errorf("got %#v, %v", v, diags)
		case want != "" && (len(diags) == 0 || diags[0].Summary != want):
			t.Errorf("%s: got %v, want %s", last, diags, want)
		}
	}
}
