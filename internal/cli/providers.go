package cli

import (
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin/builtin"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin/remote"
	"github.com/tfserverless/terraform-provider-serverless/provider"
)

// own are the addresses that people know the provider of this program by.
var own = []addr.Provider{
	{Host: addr.DefaultHost, Namespace: "tfserverless", Type: "serverless"},
	{Host: "registry.opentofu.org", Namespace: "tfserverless", Type: "serverless"},
}

// servers are the providers that are at hand: those that are part of this
// program, each under every address that people know it by, and those that
// TF_REATTACH_PROVIDERS leads to. The latter win: whoever names our own provider
// there wants to test that one.
func (p *Program) servers() (plan.Servers, error) {
	serverless := func() (tfprotov6.ProviderServer, error) {
		return provider.New(p.Version, p.Main).Server(), nil
	}
	out := plan.Servers{addr.Builtin: builtin.With(remoteStates{})}
	for _, a := range own {
		out[a] = serverless
	}
	attached, err := attachments()
	for a, connect := range attached {
		out[a] = connect
	}
	return out, err
}

// attachments are the providers in other processes that the environment names.
// One that is named like ours, in the namespaces that test harnesses use, is
// taken for ours too.
func attachments() (plan.Servers, error) {
	const variable = "TF_REATTACH_PROVIDERS"
	found, err := remote.Attachments(strings.TrimSpace(os.Getenv(variable)))
	if err != nil {
		return nil, advise(fmt.Errorf("the environment variable %s: %w", variable, err), "It must be the text that the debugged provider printed. Unset it to use the providers of this program.")
	}
	out := plan.Servers{}
	for source, a := range found {
		at, err := addr.ParseProvider(source)
		if err != nil {
			return nil, fmt.Errorf("the environment variable %s: %w", variable, err)
		}
		out[at] = sync.OnceValues(a.Connect)
	}
	for _, a := range own {
		for _, namespace := range []string{a.Namespace, "hashicorp", "-"} {
			other := addr.Provider{Host: addr.DefaultHost, Namespace: namespace, Type: a.Type}
			if out[a] == nil && out[other] != nil {
				out[a] = out[other]
			}
		}
	}
	return out, nil
}
