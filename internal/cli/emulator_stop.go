package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/process"
)

var emulatorStop = command{
	name:    "emulator stop",
	summary: "Stop the emulator of a folder; what it holds stays there",
	flags: func(fs *flag.FlagSet) action {
		dataDir := dataDirFlag(fs)
		return func(ctx context.Context, p *Program, _ []string) error {
			err := process.Stop(ctx, *dataDir)
			if errors.Is(err, process.ErrNotRunning) {
				fmt.Fprintf(p.Out, "No emulator is running in %s.\n", *dataDir)
				return nil
			}
			if err != nil {
				return err
			}
			fmt.Fprintln(p.Out, "Emulator stopped.")
			return nil
		}
	},
}
