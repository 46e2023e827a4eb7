// Program terraform-provider-serverless is a Terraform provider when Terraform
// starts it, and the command line tfserverless otherwise.
package main

import (
	"fmt"
	"os"

	"github.com/tfserverless/terraform-provider-serverless/internal/cli"
)

// version is set by the linker in releases.
var version = "0.1.0-dev"

func main() {
	path, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error: finding out this program's path:", err)
		os.Exit(1)
	}
	os.Exit(cli.Main(&cli.Program{Version: version, Main: path, In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, os.Args[1:]))
}
