package cli

import (
	"context"
	"flag"
	"maps"
	"slices"
)

var initCommand = command{
	name:    "init",
	summary: "Check that the working directory can be used",
	help: `
There is nothing to install: the providers are part of this program, and the
state is kept in a local file. The flags -backend, -get, -upgrade and -input are
Terraform's; whatever they say, nothing is downloaded and nothing asked.`,
	flags: func(fs *flag.FlagSet) action {
		var f viewFlags
		f.declare(fs)
		f.declareJSON(fs)
		for _, name := range []string{"backend", "get", "input"} {
			fs.Bool(name, true, "as with Terraform; there is nothing to do")
		}
		fs.Bool("upgrade", false, "as with Terraform; there is nothing to do")
		return func(ctx context.Context, p *Program, _ []string) error {
			v := newView(p, f)
			program, err := v.compile(ctx)
			if err != nil {
				return err
			}
			if _, err := statePath(program.Module); err != nil {
				return v.fail(err)
			}
			v.say("\nNothing to install. These providers are at hand:\n")
			names := map[string]bool{}
			servers, err := p.servers()
			if err != nil {
				return v.fail(err)
			}
			attached, err := attachments()
			if err != nil {
				return v.fail(err)
			}
			for a := range servers {
				note := ""
				if attached[a] != nil {
					note = " (attached in another process)"
				}
				names[a.Display()+note] = true
			}
			for _, a := range slices.Sorted(maps.Keys(names)) {
				v.say("- %s\n", a)
			}
			v.say("\n%s\n", v.out.Good("The working directory is ready."))
			if v.log != nil {
				v.log.Message("The working directory is ready: there is nothing to install.")
			} else if !inAutomation() {
				v.say("\nTo see what would be done: %s plan\n", name)
			}
			return nil
		}
	},
}
