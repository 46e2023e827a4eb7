// Package cli is the command line: a table of commands, and a file for each.
//
// A command reads its flags and arguments, has another package do the work, and
// turns what came of it into text and an exit code. It must not decide anything
// about configurations, plans or AWS.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/hashicorp/hcl/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/lambda/runtime"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/settings"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin/process"
	"github.com/tfserverless/terraform-provider-serverless/provider"
)

// A Program is what a command line runs in.
type Program struct {
	Version string // such as "0.1.0"
	Main    string // path of this binary, for the parts that start it again
	In      io.Reader
	Out     io.Writer // results, for people and for programs
	Err     io.Writer // errors and hints

	pool      *process.Pool // of the providers that the command starts
	programs  map[addr.Provider]func() (*process.Program, error)
	once      sync.Once // guards user
	user      *settings.Settings
	userDiags hcl.Diagnostics

	described provider.Described // by our own provider
}

// A command is one row of the command table. Adding one is a file with such a
// variable, and a line in the table.
type command struct {
	name    string // its words, such as "emulator run"
	args    string // what follows the flags, such as "[FILE]"; empty: nothing may
	summary string // one line for lists, without a full stop
	help    string // further paragraphs, or nothing
	hidden  bool   // not in lists: only programs call it
	// flags declares the command's flags and returns what runs after they are set.
	flags func(*flag.FlagSet) action
}

// An action does a command's work. An error that it returns is printed, and the
// exit code is 1; an [exit] is only a code.
type action func(ctx context.Context, p *Program, args []string) error

// exit is an exit code other than what success or an error gives. The command
// has printed all that there is to say.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// Main runs the command line args, which begin behind the program's name, and
// returns its exit code. The first interrupt asks the command to end in order,
// the second one ends the process.
func Main(p *Program, args []string) int {
	if len(args) > 0 && args[0] == runtime.SandboxArg { // the emulator started this process for a function
		return runtime.SandboxMain(args[1:])
	}
	ctx, stop := interruptible(p.Err)
	defer stop()
	err := p.run(ctx, args)
	var code exit
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	}
	fmt.Fprintf(p.Err, "Error: %s\n", err)
	return 1
}

// interruptible gives a context that the first interrupt ends; the second one ends
// the process. Where interrupts are ignored, as behind the & of a script, they are heeded
// here all the same, so that the second one cannot be left to the system.
func interruptible(errs io.Writer) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		<-signals
		fmt.Fprintln(errs, "Error: interrupted again, and ended at once")
		os.Exit(1)
	}()
	return ctx, func() { signal.Stop(signals); cancel() }
}

// run finds the command and runs it.
func (p *Program) run(ctx context.Context, args []string) error {
	args, err := global(args)
	if errors.Is(err, flag.ErrHelp) {
		_, err = io.WriteString(p.Out, overview(""))
		return err
	}
	if err != nil {
		return err
	}
	c, rest, err := find(args)
	switch {
	case err != nil:
		return err
	case c == nil: // the words name a group of commands, or nothing
		text := overview(strings.Join(args[:len(args)-len(rest)], " "))
		if len(rest) > 0 && isHelp(rest[0]) {
			_, err = io.WriteString(p.Out, text)
			return err
		}
		fmt.Fprint(p.Err, text)
		return exit(1)
	}
	if rest, err = fromEnvironment(c, rest); err != nil {
		return err
	}
	fs := flag.NewFlagSet(c.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	act := c.flags(fs)
	if err := fs.Parse(rest); errors.Is(err, flag.ErrHelp) {
		_, err = io.WriteString(p.Out, usage(c, fs))
		return err
	} else if err != nil {
		return badFlag(err, c, fs)
	}
	if c.args == "" && fs.NArg() > 0 {
		return fmt.Errorf("the command %q takes no arguments, but got %q; flags are written as -name=value\n\nFor its usage: %s %s -help", c.name, fs.Arg(0), name, c.name)
	}
	if err := p.start(ctx); err != nil {
		return err
	}
	defer p.pool.Close()
	return act(ctx, p, fs.Args())
}

// global carries out the flags before the command, which all commands have.
func global(args []string) ([]string, error) {
	for i, a := range args {
		switch flagName, value, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(a, "-"), "-"), "="); {
		case !strings.HasPrefix(a, "-"):
			return args[i:], nil
		case isHelp(a):
			return nil, flag.ErrHelp
		case flagName == "version" || flagName == "v":
			return append([]string{"version"}, args[i+1:]...), nil
		case flagName != "chdir":
			return nil, fmt.Errorf("unknown flag %s before the command; the flags that all commands have are -chdir=DIR, -help and -version, a command's own follow it\n\nFor a list of commands: %s -help", a, name)
		case value == "":
			return nil, errors.New("-chdir needs a folder, written as -chdir=DIR")
		default:
			if err := os.Chdir(value); err != nil {
				if why, ok := errors.AsType[*fs.PathError](err); ok {
					err = why.Err
				}
				return nil, fmt.Errorf("-chdir: the folder %s cannot be entered: %w", value, err)
			}
		}
	}
	return nil, nil
}

func isHelp(a string) bool { return a == "-h" || a == "-help" || a == "--help" }

// find returns the command that args begin with and what follows it. No command
// and no error means that the words are all known, but name no command yet.
func find(args []string) (*command, []string, error) {
	words := 0
	for words < len(args) && !strings.HasPrefix(args[words], "-") {
		words++
	}
	for n := words; n > 0; n-- {
		joined := strings.Join(args[:n], " ")
		for i := range commands {
			if commands[i].name == joined {
				return &commands[i], args[n:], nil
			}
		}
	}
	group := 0
	for group < words && len(below(strings.Join(args[:group+1], " "))) > 0 {
		group++
	}
	if group < words {
		return nil, nil, unknown(args[:group], args[group])
	}
	return nil, args[group:], nil
}

// below returns the commands of a group that people use; "" is all of them.
func below(group string) []*command {
	var found []*command
	for i := range commands {
		if c := &commands[i]; !c.hidden && (group == "" || strings.HasPrefix(c.name, group+" ")) {
			found = append(found, c)
		}
	}
	return found
}
