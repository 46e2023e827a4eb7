package cli

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/process"
)

const defaultRegion = "us-east-1"

var emulatorEnv = command{
	name:    "emulator env",
	summary: "Print shell lines that point the AWS CLI and SDKs at the emulator",
	help: `
The lines hold the emulator's key. Use them with: eval "$(tfserverless emulator env)"`,
	flags: func(fs *flag.FlagSet) action {
		dataDir := dataDirFlag(fs)
		region := fs.String("region", "", "`name` of the AWS region to use; without one, the region that alone holds something, or that of the environment, or "+defaultRegion)
		return func(ctx context.Context, p *Program, _ []string) error {
			a, err := findEmulator(ctx, *dataDir)
			if err != nil {
				return err
			}
			if *region == "" {
				s, err := a.Status(ctx)
				if err != nil {
					return err
				}
				if *region = regionOf(os.Getenv); len(s.Regions) == 1 {
					*region = s.Regions[0]
				}
			}
			_, err = io.WriteString(p.Out, shellLines(a, *region))
			return err
		}
	},
}

// regionOf is the region that the environment names.
func regionOf(getenv func(string) string) string {
	return cmp.Or(getenv("AWS_REGION"), getenv("AWS_DEFAULT_REGION"), defaultRegion)
}

// shellLines are the commands of a POSIX shell that make the AWS CLI and SDKs
// call the emulator, and with no other credentials than its own.
func shellLines(a *process.Address, region string) string {
	var b strings.Builder
	for _, v := range [][2]string{
		{"AWS_ENDPOINT_URL", a.URL},
		{"AWS_ACCESS_KEY_ID", a.AccessKey},
		{"AWS_SECRET_ACCESS_KEY", a.SecretKey},
		{"AWS_REGION", region},
		{"AWS_DEFAULT_REGION", region},
	} {
		fmt.Fprintf(&b, "export %s=%s\n", v[0], quoted(v[1]))
	}
	b.WriteString("unset AWS_SESSION_TOKEN AWS_PROFILE\n")
	return b.String()
}

// quoted is s as one word of a POSIX shell.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
