package cli

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"runtime"
	"slices"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/lock"
	"github.com/tfserverless/terraform-provider-serverless/provider"
)

// product is what the program calls itself.
const product = "Terraform Serverless"

// terraformVersion is the version of Terraform whose language and commands this
// program follows; tools read it to decide what they may use.
const terraformVersion = config.LanguageVersion

var versionCommand = command{
	name:    "version",
	summary: "Print the version",
	flags: func(fs *flag.FlagSet) action {
		asJSON := fs.Bool("json", false, "print JSON, as Terraform does, with our own version in a field of its own")
		return func(_ context.Context, p *Program, _ []string) error {
			if !*asJSON {
				_, err := fmt.Fprintf(p.Out, "%s %s\non %s_%s\n", product, p.Version, runtime.GOOS, runtime.GOARCH)
				return err
			}
			selected := map[string]string{provider.Address: p.Version}
			locked, diags := lock.Read(lock.FileName)
			if diags.HasErrors() {
				locked = nil // no reason to keep the version secret
			}
			for a, s := range locked {
				if !slices.Contains(own, a) {
					selected[a.String()] = s.Version.String()
				}
			}
			e := json.NewEncoder(p.Out)
			e.SetIndent("", "  ")
			return e.Encode(struct {
				Terraform  string            `json:"terraform_version"`
				Platform   string            `json:"platform"`
				Providers  map[string]string `json:"provider_selections"`
				Outdated   bool              `json:"terraform_outdated"`
				Serverless string            `json:"serverless_version"`
			}{terraformVersion, runtime.GOOS + "_" + runtime.GOARCH, selected, false, p.Version})
		}
	},
}
