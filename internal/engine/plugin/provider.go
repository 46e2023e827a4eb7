package plugin

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"
)

// Provider is one running instance of a provider. Its methods may be called
// from many goroutines at once. A panic inside of the provider becomes an error
// diagnostic.
type Provider struct {
	name   string
	server tfprotov6.ProviderServer

	stopped chan struct{} // closed by the first Stop
	stop    func()

	once    sync.Once
	schemas *Schemas
	diags   hcl.Diagnostics
}

// New is the provider called name in messages.
func New(name string, server tfprotov6.ProviderServer) *Provider {
	stopped := make(chan struct{})
	return &Provider{name: name, server: server, stopped: stopped, stop: sync.OnceFunc(func() { close(stopped) })}
}

// Adopt takes the schemas from another instance of the same provider, so that
// they need not be asked for again.
func (p *Provider) Adopt(s *Schemas) {
	p.once.Do(func() { p.schemas = s })
}

// Schemas are the provider's schemas, asked for once.
func (p *Provider) Schemas(ctx context.Context) (*Schemas, hcl.Diagnostics) {
	p.once.Do(func() { p.schemas, p.diags = p.loadSchemas(ctx) })
	return p.schemas, p.diags
}

func (p *Provider) loadSchemas(ctx context.Context) (*Schemas, hcl.Diagnostics) {
	out := &Schemas{
		Resources: map[string]*Schema{}, Data: map[string]*Schema{}, Ephemeral: map[string]*Schema{},
		Actions: map[string]*Schema{}, Lists: map[string]*Schema{},
	}
	resp, diags := call(p, "reading the schema", func() (*tfprotov6.GetProviderSchemaResponse, error) {
		return p.server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	}, func(r *tfprotov6.GetProviderSchemaResponse) []*tfprotov6.Diagnostic { return r.Diagnostics })
	if diags.HasErrors() {
		return out, diags
	}
	convert := func(what string, in *tfprotov6.Schema) *Schema {
		s, err := schemaOf(in)
		if err != nil {
			diags = append(diags, p.failure("Invalid schema", "The schema of "+what+" is wrong: "+err.Error()+"."))
			s, _ = schemaOf(nil)
		}
		return s
	}
	out.Raw = resp
	out.Provider = convert("the provider's own block", resp.Provider)
	for name, s := range resp.ResourceSchemas {
		out.Resources[name] = convert(name, s)
	}
	for name, s := range resp.DataSourceSchemas {
		out.Data[name] = convert("data."+name, s)
	}
	for name, s := range resp.EphemeralResourceSchemas {
		out.Ephemeral[name] = convert("ephemeral."+name, s)
	}
	for name, s := range resp.ActionSchemas {
		if s != nil {
			out.Actions[name] = convert("the action "+name, s.Schema)
		}
	}
	for name, s := range resp.ListResourceSchemas {
		out.Lists[name] = convert("list."+name, s)
	}
	out.Functions = resp.Functions
	if c := resp.ServerCapabilities; c != nil {
		out.PlanDestroy, out.MoveState, out.GenerateConfig = c.PlanDestroy, c.MoveResourceState, c.GenerateResourceConfig
	}
	return out, append(diags, p.loadIdentities(ctx, out)...)
}

func (p *Provider) loadIdentities(ctx context.Context, into *Schemas) hcl.Diagnostics {
	resp, diags := call(p, "reading the identity schemas", func() (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
		if resp, err := p.server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{}); err == nil {
			return resp, nil
		}
		return &tfprotov6.GetResourceIdentitySchemasResponse{}, nil // a provider of before identities
	}, func(r *tfprotov6.GetResourceIdentitySchemasResponse) []*tfprotov6.Diagnostic { return r.Diagnostics })
	if diags.HasErrors() {
		return diags
	}
	for name, s := range resp.IdentitySchemas {
		resource := into.Resources[name]
		if resource == nil {
			continue
		}
		ty, err := typeOf(s.ValueType())
		if err != nil || s.Version < 0 {
			return append(diags, p.failure("Invalid schema", fmt.Sprintf("The identity schema of %s is wrong: %v.", name, err)))
		}
		resource.Identity, resource.IdentityVersion = ty, uint64(s.Version)
		for _, a := range s.IdentityAttributes {
			if a.RequiredForImport {
				resource.IdentityRequired = append(resource.IdentityRequired, a.Name)
			}
		}
	}
	return diags
}

// Validate checks the provider's own configuration, which may hold unknowns.
func (p *Provider) Validate(ctx context.Context, config cty.Value) hcl.Diagnostics {
	value, err := encode(config, p.schemas.Provider.Type)
	if err != nil {
		return p.broken(err)
	}
	_, diags := call(p, "validating the configuration", func() (*tfprotov6.ValidateProviderConfigResponse, error) {
		return p.server.ValidateProviderConfig(ctx, &tfprotov6.ValidateProviderConfigRequest{Config: value})
	}, func(r *tfprotov6.ValidateProviderConfigResponse) []*tfprotov6.Diagnostic { return r.Diagnostics })
	return diags
}

// Configure hands the provider its configuration, which may hold unknowns while
// planning. version is the language version that the provider is told.
func (p *Provider) Configure(ctx context.Context, config cty.Value, version string) hcl.Diagnostics {
	value, err := encode(config, p.schemas.Provider.Type)
	if err != nil {
		return p.broken(err)
	}
	_, diags := call(p, "configuring", func() (*tfprotov6.ConfigureProviderResponse, error) {
		return p.server.ConfigureProvider(ctx, &tfprotov6.ConfigureProviderRequest{
			TerraformVersion: version, Config: value, ClientCapabilities: &tfprotov6.ConfigureProviderClientCapabilities{},
		})
	}, func(r *tfprotov6.ConfigureProviderResponse) []*tfprotov6.Diagnostic { return r.Diagnostics })
	return diags
}

// Stop asks the provider to end its work soon. Calls under way still return.
func (p *Provider) Stop(ctx context.Context) hcl.Diagnostics {
	p.stop()
	resp, diags := call(p, "stopping", func() (*tfprotov6.StopProviderResponse, error) {
		return p.server.StopProvider(ctx, &tfprotov6.StopProviderRequest{})
	}, func(*tfprotov6.StopProviderResponse) []*tfprotov6.Diagnostic { return nil })
	if resp != nil && resp.Error != "" {
		diags = append(diags, p.failure("Stopping the provider failed", resp.Error))
	}
	return diags
}

// untilStopped is ctx, done also once the provider was asked to stop: a provider
// stops only the calls that have reached it by then.
func (p *Provider) untilStopped(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-p.stopped:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// call does one call and turns everything that can go wrong into diagnostics.
// The response is nil if the call itself failed.
func call[R any](p *Provider, doing string, f func() (*R, error), reported func(*R) []*tfprotov6.Diagnostic) (resp *R, diags hcl.Diagnostics) {
	defer func() {
		if r := recover(); r != nil {
			resp = nil
			diags = hcl.Diagnostics{p.failure("The provider crashed", fmt.Sprintf(
				"The provider %s panicked while %s: %v. This is a bug in the provider; the outcome of the operation is not known.\n\n%s", p.name, doing, r, debug.Stack()))}
		}
	}()
	resp, err := f()
	if err == nil && resp == nil {
		err = errors.New("the answer is empty")
	}
	if err != nil {
		return nil, hcl.Diagnostics{p.failure("The provider did not answer", fmt.Sprintf("The provider %s failed while %s: %v.", p.name, doing, err))}
	}
	return resp, diagnosticsOf(reported(resp))
}

func (p *Provider) failure(summary, detail string) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail}
}

func (p *Provider) broken(err error) hcl.Diagnostics {
	return hcl.Diagnostics{p.failure("Values do not fit the provider", fmt.Sprintf("The provider %s: %v.", p.name, err))}
}

// At is the Extra of a provider's diagnostic that is about one attribute.
type At struct{ Path cty.Path }

func diagnosticsOf(in []*tfprotov6.Diagnostic) hcl.Diagnostics {
	var out hcl.Diagnostics
	for _, d := range in {
		diag := &hcl.Diagnostic{Severity: hcl.DiagError, Summary: d.Summary, Detail: d.Detail}
		if d.Severity == tfprotov6.DiagnosticSeverityWarning {
			diag.Severity = hcl.DiagWarning
		}
		if path := pathOf(d.Attribute); len(path) > 0 {
			diag.Extra = At{Path: path}
		}
		out = append(out, diag)
	}
	return out
}
