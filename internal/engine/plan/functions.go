package plan

import (
	"context"
	"path/filepath"

	"github.com/zclconf/go-cty/cty/function"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
)

// providerFunctions are the functions of the providers that the module requires, as provider::LOCALNAME::FUNCTION. They need no configured provider.
func (p *Program) providerFunctions(m *config.Module) map[string]function.Function {
	p.mu.Lock()
	defer p.mu.Unlock()
	local := map[string]addr.Provider{}
	for name, r := range m.Required {
		local[name] = r.Provider
	}
	for ref := range m.Providers {
		local[ref.Name] = m.ProviderAddr(ref.Name)
	}
	for _, r := range m.Resources {
		name := r.LocalProvider().Name
		local[name] = m.ProviderAddr(name)
	}
	out := map[string]function.Function{}
	for name, provider := range local {
		first := p.first[provider]
		if first == nil {
			continue
		}
		for f, impl := range first.Functions(context.Background()) {
			out["provider::"+name+"::"+f] = impl
		}
	}
	return out
}

// base is the folder that file functions start at: the module's, unless that is
// relative to the working directory like the paths themselves.
func (p *Program) base() string {
	if filepath.IsAbs(p.Module.Dir) {
		return p.Module.Dir
	}
	return ""
}
