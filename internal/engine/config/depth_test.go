package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
)

// Brackets that are nested deeper than the stack is are refused where they are.
func TestDepth(t *testing.T) {
	t.Parallel()
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for name, row := range map[string]struct {
		file, src string
		want      bool
	}{
		"deep":         {"main.tf", `output "x" { value = ` + nested(200) + "}\n", true},
		"too deep":     {"main.tf", `output "x" { value = ` + nested(100_000) + "}\n", false},
		"JSON":         {"main.tf.json", `{"output":{"x":{"value":` + nested(100_000) + "}}}\n", false},
		"only in text": {"main.tf", `output "x" { value = "` + strings.Repeat("[", 5000) + "\" }\n", true},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, row.file), []byte(row.src), 0o600); err != nil {
			t.Fatal(err)
		}
		_, diags := config.LoadRoot(dir)
		if got := !diags.HasErrors(); got != row.want {
			t.Errorf("%s: got accepted %v, want %v", name, got, row.want)
		}
		if !row.want && (diags[0].Summary != "Nested too deep" || diags[0].Subject == nil) {
			t.Errorf("%s: got %v, want that it is nested too deep", name, diags[0].Summary)
		}
	}
}
