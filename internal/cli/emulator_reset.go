package cli

import (
	"context"
	"flag"
	"fmt"
)

var emulatorReset = command{
	name:    "emulator reset",
	summary: "Forget everything that the emulator holds",
	help:    "Its address and its key stay the same. Running functions are killed.",
	flags: func(fs *flag.FlagSet) action {
		dataDir := dataDirFlag(fs)
		return func(ctx context.Context, p *Program, _ []string) error {
			a, err := findEmulator(ctx, *dataDir)
			if err != nil {
				return err
			}
			if err := a.Reset(ctx); err != nil {
				return err
			}
			fmt.Fprintf(p.Out, "The emulator at %s is as if new.\n", a.URL)
			return nil
		}
	},
}
