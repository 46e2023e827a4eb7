package cli

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/process"
)

// defaultAddr is where tools look for an emulator of AWS when nobody tells them.
const defaultAddr = "127.0.0.1:4566"

var emulatorRun = command{
	name:    "emulator run",
	summary: "Run an emulator in the foreground until it is interrupted",
	help: `
Without -data-dir the emulator keeps everything in memory, listens on
127.0.0.1:4566, and prints the lines that point the AWS CLI and SDKs at it.
With -data-dir it keeps everything in that folder, and listens on the port that
was chosen for the folder at first; "emulator env" prints the lines.`,
	flags: func(fs *flag.FlagSet) action {
		addr := fs.String("addr", "", "loopback `address` to listen on, such as 127.0.0.1:4566")
		dataDir := fs.String("data-dir", "", "`folder` that keeps what the emulator holds; without one, memory does")
		anyCredentials := fs.Bool("insecure-any-credentials", false, "accept every access key: for tools with fixed test keys. Every user of this machine can then run programs as you")
		throttle := fs.Bool("throttle", false, "tables refuse what is beyond their provisioned capacity, burst included")
		waits := fs.Bool("waits", false, "tables take as long as AWS's: to be made and changed, an hour between changes of a time to live, five minutes until a moment can be restored")
		quotas := fs.Bool("quotas", false, "refuse calls that deploy things beyond the rates that AWS publishes")
		lag := fs.Int("lag", 0, "show things as they were before the last write for that `number` of reads, and refuse new roles as often")
		verbose := fs.Bool("v", false, "print a log")
		return func(ctx context.Context, p *Program, _ []string) error {
			if *lag < 0 {
				return fmt.Errorf("-lag is %d; it is a number of reads, 0 or more", *lag)
			}
			c := process.Config{DataDir: *dataDir, Addr: *addr, Main: p.Main, AnyCredentials: *anyCredentials, Throttle: *throttle, Waits: *waits, Quotas: *quotas, Lag: *lag}
			if c.Addr == "" && c.DataDir == "" {
				c.Addr = defaultAddr
			}
			if *verbose {
				c.Log = slog.New(slog.NewTextHandler(p.Err, nil))
			}
			c.Ready = func(a *process.Address) {
				fmt.Fprintf(p.Err, "Emulator ready at %s; stop it with Ctrl-C.\n", a)
				if c.DataDir == "" {
					fmt.Fprint(p.Out, shellLines(a, regionOf(os.Getenv)))
				} else {
					fmt.Fprintf(p.Err, "To point the AWS CLI and SDKs at it: eval \"$(%s emulator env -data-dir=%s)\"\n", name, quoted(c.DataDir))
				}
			}
			err := process.Run(ctx, c)
			if err == nil {
				fmt.Fprintln(p.Err, "Emulator stopped.")
			}
			return err
		}
	},
}
