package cli

import (
	"context"
	"flag"
	"fmt"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/process"
)

var emulatorStart = command{
	name:    "emulator start",
	summary: "Start the emulator of a folder in the background, if it is not there",
	help: `
Commands that use the emulator start it by themselves. It ends when it is told
to, when its folder disappears, or when it holds nothing and nobody calls it for
ten minutes.`,
	flags: func(fs *flag.FlagSet) action {
		dataDir := dataDirFlag(fs)
		return func(ctx context.Context, p *Program, _ []string) error {
			a, err := process.Join(ctx, *dataDir, p.Main)
			if err != nil {
				return err
			}
			fmt.Fprintf(p.Out, "Emulator ready at %s.\nTo point the AWS CLI and SDKs at it: eval \"$(%s emulator env -data-dir=%s)\"\n", a, name, quoted(*dataDir))
			return nil
		}
	},
}
