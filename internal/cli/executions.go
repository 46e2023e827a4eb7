package cli

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/process"
	"github.com/tfserverless/terraform-provider-serverless/internal/executions"
)

const stateMachinesAre = `
State machines are looked for on the emulator if -data-dir is given, if
SERVERLESS_BACKEND=emulator is set or if an emulator runs in .serverless; else on
AWS, or at -endpoint.`

var executionsCommand = command{
	name:    "executions",
	args:    "[STATE MACHINE]",
	summary: "List executions of state machines, the newest first",
	help: `
STATE MACHINE is a name or an ARN, with a colon and an alias or a version behind it
for only those that were started by it. Without one, the executions of all STANDARD
state machines are listed; AWS keeps no list of those of EXPRESS ones.
` + stateMachinesAre,
	flags: func(fs *flag.FlagSet) action {
		from := sourceFlags(fs)
		status := fs.String("status", "", "`status` to list only: one of "+strings.Join(executions.Statuses, ", "))
		limit := fs.Int("limit", 20, "`number` of executions to list at most")
		asJSON := fs.Bool("json", false, "print JSON")
		return func(ctx context.Context, p *Program, args []string) error {
			args, err := mixed(fs, args)
			switch {
			case err != nil:
				return err
			case len(args) > 1:
				return fmt.Errorf("give one state machine at most, not %d", len(args))
			case *status != "" && !slices.Contains(executions.Statuses, *status):
				return fmt.Errorf("there is no status %q; use one of %s", *status, strings.Join(executions.Statuses, ", "))
			case *limit < 1:
				return errors.New("-limit is at least 1")
			}
			machine := ""
			if len(args) == 1 {
				machine = args[0]
			}
			r, err := from.open(ctx, p, machine)
			if err != nil {
				return err
			}
			all, err := r.List(ctx, machine, *status, *limit)
			switch {
			case err != nil:
				return err
			case *asJSON:
				return writeJSON(p.Out, all)
			case len(all) == 0:
				_, err = fmt.Fprintf(p.Out, "There are no executions on %s.\n", r.Where())
				return err
			}
			return table(p.Out, all)
		}
	},
}

// table lists executions for people.
func table(out io.Writer, all []executions.Execution) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "STATUS\tSTATE MACHINE\tNAME\tSTARTED\tTOOK")
	for _, e := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", e.Status, afterColon(e.Machine), e.Name, stamp(e.Start), took(e))
	}
	return w.Flush()
}

func afterColon(arn string) string { return arn[strings.LastIndexByte(arn, ':')+1:] }

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// took is how long an execution ran; - while it does.
func took(e executions.Execution) string {
	if e.Stop.IsZero() {
		return "-"
	}
	return e.Stop.Sub(e.Start).Round(time.Millisecond).String()
}

func writeJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// mixed returns the arguments, and sets the flags that stand behind the first of
// them.
func mixed(fs *flag.FlagSet, args []string) ([]string, error) {
	var plain []string
	for len(args) > 0 {
		if !strings.HasPrefix(args[0], "-") {
			plain, args = append(plain, args[0]), args[1:]
			continue
		}
		if err := fs.Parse(args); err != nil {
			return nil, err
		}
		args = fs.Args()
	}
	return plain, nil
}

// A source says where state machines are looked for.
type source struct{ dataDir, endpoint, region, profile *string }

func sourceFlags(fs *flag.FlagSet) source {
	return source{
		dataDir:  fs.String("data-dir", "", "`folder` of the emulator to look at"),
		endpoint: fs.String("endpoint", "", "`URL` of another server to look at"),
		region:   fs.String("region", "", "`name` of the AWS region; without one, that of the ARN or of the environment, or the one that alone holds something on the emulator"),
		profile:  fs.String("profile", "", "`name` of the profile of AWS's configuration to use"),
	}
}

// open connects to what the flags and the environment choose; named is what is
// looked for, whose region counts if it is an ARN.
func (s source) open(ctx context.Context, p *Program, named string) (*executions.Reader, error) {
	c := executions.Source{Version: p.Version, Endpoint: *s.endpoint, Region: *s.region, Profile: *s.profile, DataDir: *s.dataDir}
	if parts := strings.Split(named, ":"); c.Region == "" && parts[0] == "arn" && len(parts) > 3 {
		c.Region = parts[3]
	}
	if c.Endpoint != "" && c.DataDir != "" {
		return nil, errors.New("-endpoint and -data-dir exclude each other")
	}
	if c.Endpoint == "" && c.DataDir == "" {
		dir := os.Getenv("SERVERLESS_DATA_DIR")
		if dir == "" {
			dir = defaultDataDir
		}
		switch backend := os.Getenv("SERVERLESS_BACKEND"); backend {
		case "emulator":
			c.DataDir = dir
		case "":
			if _, err := process.Find(ctx, dir); err == nil {
				c.DataDir = dir
			}
		case "aws":
		default:
			return nil, fmt.Errorf("the environment variable SERVERLESS_BACKEND is %q; it may be \"emulator\" or \"aws\"", backend)
		}
	}
	if c.DataDir != "" {
		a, err := findEmulator(ctx, c.DataDir) // one that does not run has nothing to show
		if err != nil {
			return nil, err
		}
		if c.Region == "" {
			if c.Region, err = onlyRegion(ctx, a); err != nil {
				return nil, err
			}
		}
	}
	return executions.Open(ctx, c)
}

// onlyRegion is the region that alone holds something, or that of the environment.
func onlyRegion(ctx context.Context, a *process.Address) (string, error) {
	s, err := a.Status(ctx)
	if err == nil && len(s.Regions) == 1 {
		return s.Regions[0], nil
	}
	return regionOf(os.Getenv), err
}
