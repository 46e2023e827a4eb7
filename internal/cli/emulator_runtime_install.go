package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/lambda/runtime"
)

var emulatorRuntimeInstall = command{
	name:    "emulator runtime install",
	args:    "NAME",
	summary: "Fetch the AWS SDK that AWS's own node and python images hold",
	help: `
NAME is nodejs or python, or a runtime such as nodejs22.x. Functions in the
emulator then find the SDK as they do on AWS, unless their package or a layer has
one of its own. It runs npm or pip, which need the network, and fills a folder of
the user's cache.`,
	flags: func(*flag.FlagSet) action {
		return func(ctx context.Context, p *Program, args []string) error {
			if len(args) != 1 {
				return errors.New("which runtime? name one: " + name + " emulator runtime install nodejs, or python")
			}
			language := strings.TrimRight(args[0], "0123456789.x") // the versions of a language share its SDK
			dir, err := runtime.SDKDir(language)
			if err != nil {
				return err
			}
			if err := runtime.InstallSDK(ctx, language, dir); err != nil {
				return fmt.Errorf("installing the AWS SDK for %s: %w", language, err)
			}
			fmt.Fprintf(p.Out, "The AWS SDK for %s is in %s.\n", language, dir)
			return nil
		}
	},
}
