// Program terraform-provider-serverless is a Terraform provider when Terraform
// starts it, and the command line tfserverless otherwise.
package main

import (
	"context"
	"fmt"
	"os"

	framework "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/tfserverless/terraform-provider-serverless/internal/cli"
	"github.com/tfserverless/terraform-provider-serverless/provider"
)

// version is set by the linker in releases.
var version = "0.1.0-dev"

// Terraform sets this variable for the plugins that it starts. Their children
// inherit it, but have arguments.
const cookie, value = "TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"

func main() {
	path, err := os.Executable()
	if err == nil && len(os.Args) == 1 && os.Getenv(cookie) == value {
		plugin := func() framework.Provider { return provider.New(version, path) }
		err = providerserver.Serve(context.Background(), plugin, providerserver.ServeOpts{Address: provider.Address})
	} else if err == nil {
		program := &cli.Program{Version: version, Main: path, In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
		os.Exit(cli.Main(program, os.Args[1:]))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}
