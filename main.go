// Program terraform-provider-serverless is a Terraform provider when Terraform
// starts it, and the command line tfserverless otherwise.
package main

import (
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tfserverless/terraform-provider-serverless/internal/cli"
	"github.com/tfserverless/terraform-provider-serverless/internal/serve"
	"github.com/tfserverless/terraform-provider-serverless/provider"
)

// version is set by the linker in releases.
var version = "0.1.0-dev"

func main() {
	path, err := os.Executable()
	if err == nil && serve.Wanted() {
		err = serve.Provider(provider.Address, func() tfprotov6.ProviderServer { return provider.New(version, path).Server() })
	} else if err == nil {
		program := &cli.Program{Version: version, Main: path, In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
		os.Exit(cli.Main(program, os.Args[1:]))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}
