package plan

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/graph"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang/funcs"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
)

// Session is one run over a Program, planning or applying: the values that were
// evaluated and the providers that were configured in it.
type Session struct {
	*Program
	Graph *graph.Graph

	tree      *lang.Tree
	providers *graph.Memo[addr.ProviderConfig, *plugin.Provider]

	mu      sync.Mutex
	running []*plugin.Provider
	stopped bool

	leases leases
}

// SessionOptions are what a Session needs to know.
type SessionOptions struct {
	Objects   lang.Objects
	Variables map[string]cty.Value
	Workspace string
	Functions funcs.Scope // Base is set from the module
	Static    bool        // leave what differs between instances unknown
	Mode      Mode        // what conditions that do not hold mean
}

// NewSession begins a run in which nothing is evaluated yet.
func (p *Program) NewSession(o SessionOptions) *Session {
	s := &Session{Program: p, Graph: &graph.Graph{}}
	o.Functions.Base = p.base()
	s.tree = lang.New(lang.Options{
		Module: p.Module, Objects: o.Objects, Graph: s.Graph,
		Functions: func(m *config.Module) map[string]function.Function {
			return lang.Functions(o.Functions, p.providerFunctions(m))
		},
		Variables: o.Variables, Workspace: o.Workspace, Static: o.Static, Applying: o.Functions.Applying,
		Unchecked: o.Mode == Destroy, Lenient: o.Mode == RefreshOnly,
	})
	s.providers = graph.NewMemo(s.Graph, p.nameProvider, s.configure)
	return s
}

// Eval evaluates a module instance, or is nil if the configuration has no such
// module. Whether there is an instance of that key is not looked at.
func (s *Session) Eval(m addr.ModuleInstance) *lang.Eval { return s.tree.At(m) }

// Provider is the provider of that configuration, configured.
func (s *Session) Provider(ctx context.Context, c addr.ProviderConfig) (*plugin.Provider, hcl.Diagnostics) {
	return s.providers.Get(ctx, c)
}

// Stop asks every provider that is configured, now or later, to end its work
// soon.
func (s *Session) Stop(ctx context.Context) hcl.Diagnostics {
	s.mu.Lock()
	s.stopped = true
	running := slices.Clone(s.running)
	s.mu.Unlock()
	var diags hcl.Diagnostics
	for _, p := range running {
		diags = append(diags, p.Stop(ctx)...)
	}
	return diags
}

// SchemaOf is the schema of a type that need not be in the configuration.
func (s *Session) SchemaOf(ctx context.Context, provider addr.Provider, r addr.Resource) (*plugin.Schema, hcl.Diagnostics) {
	schemas, diags := s.load(ctx, provider, nil)
	if diags.HasErrors() {
		return nil, diags
	}
	schema := schemas.Resources[r.Type]
	if r.Mode == addr.Data {
		schema = schemas.Data[r.Type]
	}
	if schema == nil {
		return nil, hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: "Unknown resource type in the state",
			Detail: fmt.Sprintf("The state has an object at %s, but the provider %s has no such type. It may be of another version of the provider.", r, provider.Display()),
		}}
	}
	return schema, nil
}

// Resource is the block that a is an instance of, or nil.
func (p *Program) Resource(a addr.Instance) *Resource { return p.resources[a.Config()] }

// unconfigured is the instance of a loaded provider that is never configured.
func (p *Program) unconfigured(provider addr.Provider) *plugin.Provider {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.first[provider]
}

// plansDestroy tells that a provider wants to be asked before a destroy.
func (p *Program) plansDestroy(provider addr.Provider) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.schemas[provider]
	return s != nil && s.PlanDestroy
}

// movesState tells that a provider can make objects from those of other types.
func (p *Program) movesState(provider addr.Provider) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.schemas[provider]
	return s != nil && s.MoveState
}

func (p *Program) nameProvider(c addr.ProviderConfig) (string, *hcl.Range) {
	if m := p.modules[c.Module]; m != nil {
		if b := m.ProviderBlock(bareProvider(c)); b != nil {
			return join(string(c.Module), "provider."+b.Ref.String()+addr.KeyString(c.Key)), &b.Range
		}
	}
	return c.String(), nil
}

func (s *Session) configure(ctx context.Context, c addr.ProviderConfig) (*plugin.Provider, hcl.Diagnostics) {
	label, at := s.nameProvider(c)
	if at == nil && (c.Alias != "" || c.Module != "") {
		return nil, hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: "Provider configuration not present",
			Detail: fmt.Sprintf("The state has objects that were made with %s, which the configuration does not declare any more. Put its provider block back until they are destroyed.", c),
		}}
	}
	schemas, diags := s.load(ctx, c.Provider, at)
	if diags.HasErrors() {
		return nil, diags
	}
	value, diags := s.providerConfig(ctx, c, schemas)
	if diags.HasErrors() {
		return nil, diags
	}
	instance, more := s.start(c.Provider, at)
	if diags = append(diags, more...); diags.HasErrors() {
		return nil, diags
	}
	instance.Adopt(schemas)
	more = instance.Validate(ctx, value)
	if !more.HasErrors() {
		more = append(more, instance.Configure(ctx, value, config.LanguageVersion)...)
	}
	diags = append(diags, locate(more, s.providerBody(c), at, label)...)
	s.mu.Lock()
	s.running = append(s.running, instance)
	stopped := s.stopped
	s.mu.Unlock()
	if stopped {
		diags = append(diags, instance.Stop(ctx)...)
	}
	return instance, diags
}

// providerConfig evaluates a provider block. One that is not written is empty.
func (s *Session) providerConfig(ctx context.Context, c addr.ProviderConfig, schemas *plugin.Schemas) (cty.Value, hcl.Diagnostics) {
	block := s.Program.providers[bareProvider(c)]
	declared := block != nil
	if block == nil {
		block = lang.NewBlock(hcl.EmptyBody(), schemas.Provider.Spec)
	}
	in, diags := s.withinProvider(ctx, c)
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	value, diags := s.Eval(addr.ModuleInstance(c.Module)).Block(ctx, block, in)
	if !declared && diags.HasErrors() {
		return value, hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: "Provider needs a configuration",
			Detail: fmt.Sprintf("The provider %s has required arguments, but there is no provider block for it: %s", c.Provider.Display(), diags[0].Detail),
		}}
	}
	value, _ = value.UnmarkDeep()
	return value, diags
}

func (s *Session) providerBody(c addr.ProviderConfig) hcl.Body {
	if b := s.Program.providers[bareProvider(c)]; b != nil {
		return b.Body()
	}
	return hcl.EmptyBody()
}

// FunctionScope is where the functions of a run are called from.
func FunctionScope(read func(string) ([]byte, error), planned time.Time, applying bool, used func(string, []byte)) funcs.Scope {
	return funcs.Scope{Applying: applying, PlanTime: planned, ReadFile: read, Used: used}
}
