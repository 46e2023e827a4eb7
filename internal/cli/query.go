package cli

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/generate"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/modules"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend/local"
	"github.com/tfserverless/terraform-provider-serverless/internal/ui"
)

var queryCommand = command{
	name:    "query",
	summary: "Find objects that exist, whether they are managed or not",
	help: `
The list blocks in *.tfquery.hcl files say what to find. Their results can be
written as configuration that imports what was found.`,
	flags: func(fs *flag.FlagSet) action {
		var f viewFlags
		var inputs inputFlags
		f.declare(fs)
		f.declareJSON(fs)
		inputs.declare(fs)
		out := fs.String("generate-config-out", "", "new `file` for resource and import blocks of what is found")
		return func(ctx context.Context, p *Program, _ []string) error {
			return newView(p, f).query(ctx, inputs, *out)
		}
	},
}

func (v *view) query(ctx context.Context, inputs inputFlags, out string) error {
	if out != "" {
		if _, err := os.Lstat(out); err == nil {
			return v.fail(advise(fmt.Errorf("the file %s is there already", out), "Generated configuration is written to a new file only. Choose another name, or move that file away."))
		}
	}
	program, err := v.compileQuery(ctx)
	if err != nil {
		return err
	}
	values, diags, err := v.variables(ctx, program.Module, inputs)
	if err != nil {
		return err
	}
	f := &finder{text: out, show: v.findings(), numbers: map[addr.Instance]int{}}
	diags = append(diags, program.Query(ctx, plan.Options{
		Variables: values, Workspace: workspace(), Hook: plan.Silent{}, Now: time.Now(), ReadFile: local.ReadFile,
	}, out != "", f)...)
	if out != "" && f.blocks.Len() > 0 {
		if err := writeNew(out, append([]byte(generate.Header), f.blocks.Bytes()...)); err != nil {
			return errors.Join(v.diagnostics(diags), v.fail(err))
		}
		v.say("The configuration of what was found is in %s.\n", out)
	}
	return v.diagnostics(diags)
}

// compileQuery loads the configuration of the working directory with its query
// files, and prepares it.
func (v *view) compileQuery(ctx context.Context) (*plan.Program, error) {
	servers, err := v.p.servers()
	if err != nil {
		return nil, v.fail(err)
	}
	fetched, err := modules.Read(modulesDir())
	if err != nil {
		return nil, v.fail(err)
	}
	m, diags := config.LoadQuery(".", fetched.Resolve, v.statics())
	v.read(m)
	if diags.HasErrors() {
		return nil, v.diagnostics(diags)
	}
	if diags = append(diags, v.p.installed(m)...); diags.HasErrors() {
		return nil, v.diagnostics(diags)
	}
	program, more := plan.Compile(ctx, m, servers)
	return program, v.diagnostics(append(diags, more...))
}

func writeNew(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // configuration is for everybody to read
	if err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	return nil
}

// findings shows what a query finds.
func (v *view) findings() findings {
	if v.log != nil {
		return v.log
	}
	return ui.NewFindings(v.out, v.p.Out)
}

type findings interface {
	Listing(addr.Instance, cty.Value)
	Found(ui.Finding)
	Listed(addr.Instance, int, hcl.Diagnostics)
}

// finder generates configuration for what is found, if it is wanted, and has
// everything shown (plan.Finder).
type finder struct {
	text string // file for the configuration; empty for none
	show findings

	mu      sync.Mutex
	numbers map[addr.Instance]int
	blocks  bytes.Buffer
}

func (f *finder) Listing(list addr.Instance, config cty.Value) { f.show.Listing(list, config) }

func (f *finder) Listed(list addr.Instance, total int, diags hcl.Diagnostics) {
	f.show.Listed(list, total, diags)
}

func (f *finder) Found(x plan.Found) {
	finding := ui.Finding{Found: x}
	if f.text != "" {
		f.mu.Lock()
		to := addr.Resource{Type: x.List.Resource.Type, Name: fmt.Sprintf("%s_%d", stemOf(x.List), f.numbers[x.List])}
		f.numbers[x.List]++
		provider := ""
		if implied, _, _ := strings.Cut(to.Type, "_"); x.Local != implied {
			provider = x.Local
		}
		finding.Resource = string(generate.Resource(to, provider, x.Schema, x.Config))
		finding.Import = string(generate.ImportIdentity(to, provider, x.Identity))
		fmt.Fprintf(&f.blocks, "\n%s\n%s", finding.Resource, finding.Import)
		f.mu.Unlock()
	}
	f.show.Found(finding)
}

// stemOf is the beginning of the names of the resources for what a list found.
func stemOf(list addr.Instance) string {
	key := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' {
			return r
		}
		return '_'
	}, strings.Trim(addr.KeyString(list.Key), `[]"`))
	if key == "" {
		return list.Resource.Name
	}
	return list.Resource.Name + "_" + key
}
