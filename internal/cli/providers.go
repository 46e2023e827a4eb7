package cli

import (
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin/builtin"
	"github.com/tfserverless/terraform-provider-serverless/provider"
)

// servers are the providers that are part of this program, each under every
// address that people know it by. Adding one is a line here.
func (p *Program) servers() plan.Servers {
	serverless := func() (tfprotov6.ProviderServer, error) {
		return provider.New(p.Version, p.Main).Server(), nil
	}
	return plan.Servers{
		{Host: "registry.opentofu.org", Namespace: "tfserverless", Type: "serverless"}: serverless,
		{Host: addr.DefaultHost, Namespace: "tfserverless", Type: "serverless"}:        serverless,
		addr.Builtin: builtin.Server,
	}
}
