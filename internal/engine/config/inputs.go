package config

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/syntax"
)

// Input is a value given for a variable, not yet converted to its type.
type Input struct {
	Value cty.Value
	Range hcl.Range // where it was given; for -var and the environment only a name
}

// Assignment is one -var or -var-file option, in the order of the command line.
type Assignment struct {
	File string // a -var-file; otherwise Name and Value hold
	Name string
	Text string
}

// Inputs collects the values for the variables of m, the later of these winning:
// the environment's TF_VAR_name, terraform.tfvars, terraform.tfvars.json,
// *.auto.tfvars and *.auto.tfvars.json in lexical order, then the assignments in
// their order. What is missing is not reported here.
func (m *Module) Inputs(environ []string, assignments []Assignment) (map[string]Input, hcl.Diagnostics) {
	out := map[string]Input{}
	var diags hcl.Diagnostics
	for _, e := range environ {
		pair, ok := strings.CutPrefix(e, "TF_VAR_")
		if !ok {
			continue
		}
		name, text, _ := strings.Cut(pair, "=")
		if v := m.Variables[name]; v != nil {
			// Other values in the environment may be meant for other configurations.
			diags = append(diags, m.assign(out, v, text, "TF_VAR_"+name)...)
		}
	}
	for _, path := range m.valueFiles() {
		diags = append(diags, m.valueFile(out, path)...)
	}
	for _, a := range assignments {
		if a.File != "" {
			diags = append(diags, m.valueFile(out, a.File)...)
			continue
		}
		v := m.Variables[a.Name]
		if v == nil {
			diags = append(diags, &hcl.Diagnostic{
				Severity: hcl.DiagError,
				Summary:  "Value for an undeclared variable",
				Detail:   fmt.Sprintf("The option -var gives a value for %q, but the configuration declares no variable of that name.%s", a.Name, Suggest(a.Name, maps.Keys(m.Variables))),
			})
			continue
		}
		diags = append(diags, m.assign(out, v, a.Text, "-var "+a.Name)...)
	}
	return out, diags
}

func (m *Module) valueFiles() []string {
	var out []string
	for _, name := range []string{"terraform.tfvars", "terraform.tfvars.json"} {
		path := filepath.Join(m.Dir, name)
		if _, err := os.Stat(path); err == nil {
			out = append(out, path)
		}
	}
	entries, err := os.ReadDir(m.Dir)
	if err != nil {
		return out // Load has already reported it
	}
	for _, e := range entries {
		name := e.Name()
		if !e.IsDir() && !strings.HasPrefix(name, ".") && (strings.HasSuffix(name, ".auto.tfvars") || strings.HasSuffix(name, ".auto.tfvars.json")) {
			out = append(out, filepath.Join(m.Dir, name))
		}
	}
	return out
}

func (m *Module) valueFile(into map[string]Input, path string) hcl.Diagnostics {
	src, err := os.ReadFile(path)
	if err != nil {
		return hcl.Diagnostics{{
			Severity: hcl.DiagError,
			Summary:  "File of variable values cannot be read",
			Detail:   fmt.Sprintf("Reading the file %s: %v.", path, err),
		}}
	}
	f, diags := syntax.File(src, path)
	if f == nil {
		f = &hcl.File{Bytes: src, Body: hcl.EmptyBody()}
	}
	m.Files[path] = f
	attrs, more := f.Body.JustAttributes()
	diags = append(diags, more...)
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		a := attrs[name]
		if m.Variables[name] == nil {
			diags = append(diags, &hcl.Diagnostic{
				Severity: hcl.DiagWarning,
				Summary:  "Value for an undeclared variable",
				Detail:   fmt.Sprintf("The configuration declares no variable %q, so this value is not used.%s", name, Suggest(name, maps.Keys(m.Variables))),
				Subject:  &a.NameRange,
			})
			continue
		}
		value, more := a.Expr.Value(nil)
		diags = append(diags, more...)
		if !more.HasErrors() {
			into[name] = Input{Value: value, Range: a.Expr.Range()}
		}
	}
	return diags
}

// assign takes text literally for a string, or where no type is written, and as
// an expression for any other type.
func (m *Module) assign(into map[string]Input, v *Variable, text, source string) hcl.Diagnostics {
	at := hcl.Range{Filename: source, Start: hcl.InitialPos, End: hcl.InitialPos}
	if v.Type.IsPrimitiveType() || !v.Typed {
		into[v.Name] = Input{Value: cty.StringVal(text), Range: at}
		return nil
	}
	e, diags := syntax.Expression([]byte(text), source, hcl.InitialPos)
	if diags.HasErrors() {
		return diags
	}
	value, diags := e.Value(nil)
	if !diags.HasErrors() {
		into[v.Name] = Input{Value: value, Range: at}
	}
	return diags
}
