package cli

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
)

// inputFlags give the root module's variables their values.
type inputFlags struct {
	ask  bool
	vars []config.Assignment
}

func (f *inputFlags) declare(fs *flag.FlagSet) {
	fs.BoolVar(&f.ask, "input", true, "ask for the values of variables that have none")
	assignments(fs, &f.vars)
}

// assignments declares the flags that set variables.
func assignments(fs *flag.FlagSet, into *[]config.Assignment) {
	fs.Func("var", "set a variable, as `NAME=VALUE`; may be repeated", func(s string) error {
		variable, text, ok := strings.Cut(s, "=")
		if !ok || variable == "" {
			return errors.New("must have the form NAME=VALUE")
		}
		*into = append(*into, config.Assignment{Name: strings.TrimSpace(variable), Text: text})
		return nil
	})
	fs.Func("var-file", "set the variables of a `file`; may be repeated", func(s string) error {
		*into = append(*into, config.Assignment{File: s})
		return nil
	})
}

// variables are the values of the root module's variables, with warnings.
func (v *view) variables(ctx context.Context, m *config.Module, f inputFlags) (map[string]cty.Value, hcl.Diagnostics, error) {
	inputs, diags := m.Inputs(os.Environ(), f.vars)
	v.read(m)
	if diags.HasErrors() {
		return nil, nil, v.diagnostics(diags)
	}
	if err := v.ask(ctx, m, inputs, f.ask); err != nil {
		return nil, nil, v.fail(err)
	}
	values, more := lang.Variables(m, inputs)
	if diags = append(diags, more...); diags.HasErrors() {
		return nil, nil, v.diagnostics(diags)
	}
	return values, diags, nil
}

// supply gives a plan from a file the values of ephemeral variables, which plan
// files do not have. The values of all others are in the plan.
func (v *view) supply(ctx context.Context, m *config.Module, p *plan.Plan, f inputFlags) error {
	only := *m
	only.Variables = map[string]*config.Variable{}
	for variable, x := range m.Variables {
		if x.Ephemeral {
			only.Variables[variable] = x
		}
	}
	for _, a := range f.vars {
		if m.Variables[a.Name] != nil && only.Variables[a.Name] == nil {
			return v.fail(advise(fmt.Errorf("the plan file has the value of the variable %q already", a.Name), "With a plan file, -var gives the values of ephemeral variables only. Make a new plan to change others."))
		}
	}
	if len(f.vars) == 0 && len(only.Variables) == 0 {
		return nil
	}
	values, _, err := v.variables(ctx, &only, f) // the warnings were given with the plan
	if err != nil {
		return err
	}
	maps.Copy(p.Variables, values)
	return nil
}

// ask asks at a terminal for the variables that have no value.
func (v *view) ask(ctx context.Context, m *config.Module, inputs map[string]config.Input, allowed bool) error {
	if !allowed || v.log != nil || !interactive(v.p.In) {
		return nil // what is missing is reported with the place of its variable
	}
	in := bufio.NewReader(v.p.In)
	for _, variable := range slices.Sorted(maps.Keys(m.Variables)) {
		x := m.Variables[variable]
		if _, given := inputs[variable]; given || !x.Required() {
			continue
		}
		fmt.Fprintf(v.p.Out, "var.%s\n", variable)
		if x.Description != "" {
			fmt.Fprintf(v.p.Out, "  %s\n", x.Description)
		}
		text, err := prompt(ctx, v.p.Out, in)
		if err != nil {
			return err
		}
		given, diags := m.Inputs(nil, []config.Assignment{{Name: variable, Text: text}})
		if diags.HasErrors() {
			return v.diagnostics(diags)
		}
		inputs[variable] = given[variable]
	}
	return nil
}
