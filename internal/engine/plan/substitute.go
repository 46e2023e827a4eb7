package plan

import (
	"context"

	"github.com/hashicorp/hcl/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
)

// Substitute says which object is in the hands of another provider than its
// configuration says; nil for none. Tests put doubles in place so.
type Substitute func(a addr.Instance, c addr.ProviderConfig) *plugin.Provider

// Substitute has s asked for every object, before p is used.
func (p *Program) Substitute(s Substitute) { p.substitute = s }

// ProviderFor is the provider, configured, that the object at a is in the hands
// of.
func (s *Session) ProviderFor(ctx context.Context, a addr.Instance, c addr.ProviderConfig) (*plugin.Provider, hcl.Diagnostics) {
	if s.substitute != nil {
		if other := s.substitute(a, c); other != nil {
			return other, nil
		}
	}
	if r := s.Resource(a); r != nil && r.choice != nil && c == r.Provider {
		placed, diags := s.Placed(ctx, r, a)
		if diags.HasErrors() {
			return nil, diags
		}
		c = placed.Provider
	}
	return s.Provider(ctx, c)
}
