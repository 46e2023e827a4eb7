package cli

import (
	"context"
	"errors"
	"flag"
	"log/slog"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/process"
)

// emulatorBackground is what [process.Join] starts.
var emulatorBackground = command{
	name:    "emulator background",
	args:    "DIR",
	summary: "Run the emulator of a folder for the program that starts this one",
	hidden:  true,
	flags: func(*flag.FlagSet) action {
		return func(ctx context.Context, p *Program, args []string) error {
			if len(args) != 1 {
				return errors.New("this command is for programs; to start an emulator: " + name + " emulator start")
			}
			return process.Background(ctx, process.Config{
				DataDir: args[0], Main: p.Main, Log: slog.New(slog.NewTextHandler(p.Err, nil)),
			})
		}
	},
}
