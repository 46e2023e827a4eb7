package cli

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/process"
)

var emulatorStatus = command{
	name:    "emulator status",
	summary: "Say whether the emulator runs, where, and what it holds",
	help:    "The exit code is 0 when it runs, and 3 when it does not.",
	flags: func(fs *flag.FlagSet) action {
		dataDir := dataDirFlag(fs)
		asJSON := fs.Bool("json", false, "print JSON")
		return func(ctx context.Context, p *Program, _ []string) error {
			a, err := process.Find(ctx, *dataDir)
			running := err == nil
			if err != nil && !errors.Is(err, process.ErrNotRunning) {
				return err
			}
			var s process.Status
			if running {
				if s, err = a.Status(ctx); err != nil {
					return err
				}
			}
			if *asJSON {
				out := struct {
					Running bool `json:"running"`
					*process.Status
				}{Running: running}
				if running {
					out.Status = &s
				}
				e := json.NewEncoder(p.Out)
				e.SetIndent("", "  ")
				err = e.Encode(out)
			} else if running {
				holds := fmt.Sprintf("%d things", s.Deployed)
				if len(s.Regions) > 0 {
					holds += " in " + strings.Join(s.Regions, ", ")
				}
				_, err = fmt.Fprintf(p.Out, "Emulator running at %s\n  folder    %s\n  holds     %s\n  last call %d s ago\n", a, s.DataDir, holds, s.Idle)
			} else {
				_, err = fmt.Fprintf(p.Out, "No emulator is running in %s.\n", *dataDir)
			}
			if err == nil && !running {
				return exit(3)
			}
			return err
		}
	},
}
