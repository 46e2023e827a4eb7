package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/generate"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend/local"
)

// generateConfig writes resource blocks for the import blocks that lead to none
// to a new file of the configuration.
func (v *view) generateConfig(ctx context.Context, f *planFlags, path string) error {
	const flagName = "-generate-config-out"
	if filepath.Dir(filepath.Clean(path)) != "." || !strings.HasSuffix(path, ".tf") {
		return v.fail(advise(fmt.Errorf("%s: %s is no file of the configuration", flagName, path), "Name a new .tf file in this folder: what is generated must be part of the configuration to be planned."))
	}
	if _, err := os.Lstat(path); err == nil {
		return v.fail(advise(fmt.Errorf("%s: the file %s is there already", flagName, path), "Generated configuration is written to a new file only. Choose another name, or move that file away."))
	}
	if f.destroy || f.refreshOnly {
		return v.fail(fmt.Errorf("%s goes with neither -destroy nor -refresh-only", flagName))
	}
	m, diags := v.configuration(".")
	missing, more := withoutBlock(m)
	if diags = append(diags, more...); diags.HasErrors() {
		return v.diagnostics(diags)
	}
	if len(missing) == 0 {
		return nil
	}
	servers, err := v.p.servers()
	if err != nil {
		return v.fail(err)
	}
	if diags = append(diags, v.p.installed(m)...); diags.HasErrors() {
		return v.diagnostics(diags)
	}
	program, more := plan.Compile(ctx, m, servers)
	if err := v.diagnostics(append(diags, more...)); err != nil {
		return err
	}
	values, diags, err := v.variables(ctx, m, f.inputs)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	out.WriteString(generate.Header)
	for _, r := range missing {
		value, schema, more := program.Adopt(ctx, plan.Options{Variables: values, Workspace: workspace(), Now: time.Now(), ReadFile: local.ReadFile}, r)
		if diags = append(diags, more...); diags.HasErrors() {
			continue
		}
		provider := ""
		if p := m.Resources[r].Provider; p != nil {
			provider = p.Ref.String()
		}
		out.WriteString("\n")
		out.Write(generate.Resource(r, provider, schema, value))
	}
	if err := v.diagnostics(diags); err != nil {
		return err
	}
	if err := writeNew(path, out.Bytes()); err != nil {
		return v.fail(err)
	}
	v.say("The configuration of what is imported is in %s. Look through it before applying.\n", path)
	return nil
}

// withoutBlock are the resources that import blocks lead to and m has no block
// for, in the order of the blocks. It gives them empty ones.
func withoutBlock(m *config.Module) ([]addr.Resource, hcl.Diagnostics) {
	var out []addr.Resource
	var diags hcl.Diagnostics
	for _, b := range m.Imports {
		r := b.Block.Resource
		switch {
		case b.Block.Module != "":
			continue // planning reports it
		case m.Resources[r] != nil:
			continue
		case b.ForEach != nil:
			diags = append(diags, &hcl.Diagnostic{
				Severity: hcl.DiagError, Summary: "No configuration can be generated",
				Detail: fmt.Sprintf("The import of %s has for_each, which asks for a block with for_each. Write the block.", r), Subject: &b.Range,
			})
			continue
		}
		m.Resources[r] = &config.Resource{Addr: r, Provider: b.Provider, Body: hcl.EmptyBody(), Range: b.Range}
		out = append(out, r)
	}
	return out, diags
}
