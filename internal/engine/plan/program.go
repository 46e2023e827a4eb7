package plan

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
)

// Servers are the providers that are at hand, each able to make any number of
// independent instances.
type Servers map[addr.Provider]func() (tfprotov6.ProviderServer, error)

// Program is a configuration together with the schemas of what it uses, ready
// to be validated, planned and applied. It does not change.
type Program struct {
	Module *config.Module // the root

	servers    Servers
	substitute Substitute // nil for none
	mu         sync.Mutex // guards schemas and first
	schemas    map[addr.Provider]*plugin.Schemas
	first      map[addr.Provider]*plugin.Provider // never configured: schemas, validation, functions
	modules    map[addr.Module]*config.Module
	resources  map[addr.ConfigResource]*Resource
	providers  map[addr.ProviderConfig]*lang.Block

	// providerNeeds are the resources that a provider block refers to, directly or
	// through others.
	providerNeeds map[addr.ProviderConfig]map[addr.ConfigResource]bool

	// outputNeeds are the resources that an output of the root module refers to,
	// directly or through others.
	outputNeeds map[string]map[addr.ConfigResource]bool
}

// Resource is a resource block with what follows from it once and for all.
type Resource struct {
	*config.Resource
	Provider addr.ProviderConfig
	Schema   *plugin.Schema

	// Needs are the resources that this one depends on, directly or through
	// others, sorted.
	Needs []addr.ConfigResource

	// CreateFirst is its own create_before_destroy, or that of a dependent: one
	// chain has one order.
	CreateFirst bool

	// waits are the managed resources that a data source is not read before, or an
	// ephemeral resource opened, if they change.
	waits []addr.ConfigResource

	// Provisioners are those of the block, in the order in which they run.
	Provisioners []Provisioner

	// choice says how instances choose a provider configuration; nil if they have
	// no choice, and Provider holds for all.
	choice *config.Choice

	block *lang.Block
}

// Compile prepares a configuration: it starts each provider that is used once,
// unconfigured, for its schemas. Resources of other providers, known to the
// state only, are looked up when needed.
func Compile(ctx context.Context, m *config.Module, servers Servers) (*Program, hcl.Diagnostics) {
	p := &Program{
		Module: m, servers: servers,
		schemas:   map[addr.Provider]*plugin.Schemas{},
		first:     map[addr.Provider]*plugin.Provider{},
		modules:   map[addr.Module]*config.Module{},
		resources: map[addr.ConfigResource]*Resource{},
		providers: map[addr.ProviderConfig]*lang.Block{},

		providerNeeds: map[addr.ProviderConfig]map[addr.ConfigResource]bool{},
		outputNeeds:   map[string]map[addr.ConfigResource]bool{},
	}
	var diags hcl.Diagnostics
	failed := map[addr.Provider]bool{}
	schemas := func(provider addr.Provider, at *hcl.Range) *plugin.Schemas {
		s, d := p.load(ctx, provider, at)
		if d.HasErrors() && !failed[provider] {
			failed[provider] = true
			diags = append(diags, d...)
		}
		return s
	}
	blocks := map[*config.Resource]*lang.Block{} // shared by the calls of one module
	for x := range m.All() {
		p.modules[x.Path] = x
		for _, r := range sortedRequirements(x) {
			schemas(r.Provider, &r.Range)
		}
		for _, b := range sortedProviders(x) {
			at := addr.ProviderConfig{Module: x.Path, Provider: x.ProviderAddr(b.Ref.Name), Alias: b.Ref.Alias}
			if s := schemas(at.Provider, &b.Range); s != nil && x.ProviderBlock(at) == b {
				p.providers[at] = lang.NewBlock(b.Body, s.Provider.Spec)
			}
		}
		for _, r := range sortedResources(x) {
			at, choice, _ := x.ProviderConfig(r.LocalProvider())
			where := r.ProviderRange()
			s := schemas(at.Provider, &where)
			if s == nil {
				continue
			}
			schema, d := schemaOf(s, at.Provider, r)
			diags = append(diags, d...)
			if schema == nil {
				continue
			}
			if blocks[r] == nil {
				blocks[r] = lang.NewBlock(r.Body, schema.Spec)
			}
			compiled := &Resource{Resource: r, Provider: at, Schema: schema, Provisioners: provisionersOf(r.Provisioners), block: blocks[r]}
			diags = append(diags, p.choose(x, compiled, choice)...)
			p.resources[r.Addr.In(x.Path)] = compiled
		}
	}
	p.connect()
	return p, diags
}

// Place is where the block of a resource stands.
func (p *Program) Place(m addr.ModuleInstance, r addr.Resource) *hcl.Range {
	return &p.modules[m.Config()].Resources[r].Range
}

// join is an address in a module.
func join(module, rest string) string {
	if module == "" {
		return rest
	}
	return module + "." + rest
}

// load is the schemas of a provider, asked for once. The result is nil if there
// are errors.
func (p *Program) load(ctx context.Context, provider addr.Provider, at *hcl.Range) (*plugin.Schemas, hcl.Diagnostics) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.schemas[provider]; s != nil {
		return s, nil
	}
	first, diags := p.start(provider, at)
	if diags.HasErrors() {
		return nil, diags
	}
	s, diags := first.Schemas(ctx)
	if diags.HasErrors() {
		return nil, diags
	}
	p.schemas[provider], p.first[provider] = s, first
	return s, diags
}

// start makes a new, unconfigured instance of a provider.
func (p *Program) start(provider addr.Provider, at *hcl.Range) (*plugin.Provider, hcl.Diagnostics) {
	make := p.servers[provider]
	if make == nil {
		var have []string
		for a := range p.servers {
			have = append(have, a.Display())
		}
		slices.Sort(have)
		return nil, hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: "Provider not available",
			Detail:  fmt.Sprintf("The configuration needs the provider %s, which is not installed. At hand are %s. Check the source in required_providers, and run init, which installs what is needed.", provider.Display(), listed(have)),
			Subject: at,
		}}
	}
	server, err := make()
	if err != nil {
		return nil, hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: "Provider cannot be started",
			Detail:  fmt.Sprintf("Starting the provider %s: %v.", provider.Display(), err),
			Subject: at,
		}}
	}
	return plugin.New(provider.Display(), server), nil
}

func listed(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	out := words[0]
	for _, w := range words[1:] {
		out += ", " + w
	}
	return out
}

// kinds are what providers offer for each mode.
var kinds = map[addr.Mode]struct {
	noun string
	of   func(*plugin.Schemas) map[string]*plugin.Schema
}{
	addr.Managed:   {"resource type", func(s *plugin.Schemas) map[string]*plugin.Schema { return s.Resources }},
	addr.Data:      {"data source", func(s *plugin.Schemas) map[string]*plugin.Schema { return s.Data }},
	addr.Ephemeral: {"ephemeral resource", func(s *plugin.Schemas) map[string]*plugin.Schema { return s.Ephemeral }},
	addr.Action:    {"action", func(s *plugin.Schemas) map[string]*plugin.Schema { return s.Actions }},
	addr.List:      {"list", func(s *plugin.Schemas) map[string]*plugin.Schema { return s.Lists }},
}

func schemaOf(s *plugin.Schemas, provider addr.Provider, r *config.Resource) (*plugin.Schema, hcl.Diagnostics) {
	kind := kinds[r.Addr.Mode]
	have := kind.of(s)
	if schema := have[r.Addr.Type]; schema != nil {
		return schema, nil
	}
	detail := fmt.Sprintf("The provider %s has no %s %q.%s", provider.Display(), kind.noun, r.Addr.Type, config.Suggest(r.Addr.Type, maps.Keys(have)))
	for _, mode := range []addr.Mode{addr.Managed, addr.Data, addr.Ephemeral, addr.Action} {
		if other := kinds[mode]; other.of(s)[r.Addr.Type] != nil {
			detail = fmt.Sprintf("The provider %s has a %s %q, but no %s of that name. Use the other kind of block.", provider.Display(), other.noun, r.Addr.Type, kind.noun)
			break
		}
	}
	at := r.Range
	return nil, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Unknown " + kind.noun, Detail: detail, Subject: &at}}
}

func sortedRequirements(m *config.Module) []*config.Requirement {
	return slices.SortedFunc(maps.Values(m.Required), func(a, b *config.Requirement) int { return comparePlaces(a.Range, b.Range) })
}

func sortedProviders(m *config.Module) []*config.Provider {
	return slices.SortedFunc(maps.Values(m.Providers), func(a, b *config.Provider) int { return comparePlaces(a.Range, b.Range) })
}

func sortedResources(m *config.Module) []*config.Resource {
	return slices.SortedFunc(maps.Values(m.Resources), func(a, b *config.Resource) int { return comparePlaces(a.Range, b.Range) })
}
