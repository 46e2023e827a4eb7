package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

var statePush = command{
	name:    "state push",
	args:    "FILE",
	summary: "Store a state from a file, in place of the one that is stored",
	help: `
The file "-" is the standard input. A state of another history, or an older one
than the stored state, is refused unless -force is given.`,
	flags: func(fs *flag.FlagSet) action {
		var f viewFlags
		var lock lockFlags
		f.declare(fs)
		lock.declare(fs)
		force := fs.Bool("force", false, "store it even if its history is another one, or if it is older")
		return func(ctx context.Context, p *Program, args []string) error {
			v := newView(p, f)
			if len(args) != 1 {
				return v.fail(advise(errors.New("state push takes one FILE"), "Such as errored.tfstate; \"-\" is the standard input. Flags come before it."))
			}
			return v.fail(v.push(ctx, args[0], lock, *force))
		}
	},
}

func (v *view) push(ctx context.Context, path string, lock lockFlags, force bool) (err error) {
	m, diags := config.LoadRoot(".")
	if diags.HasErrors() {
		m = nil // the state can be mended whatever the configuration is like
	}
	var raw []byte
	if path == "-" {
		raw, err = io.ReadAll(v.p.In)
	} else {
		raw, err = os.ReadFile(path)
	}
	if err != nil {
		return fmt.Errorf("reading the state to store: %w", err)
	}
	codec, err := codecOf(m, nil)
	if err != nil {
		return err
	}
	file, err := state.Decode(raw)
	if err != nil {
		if file, err = codec.Decode(raw); err != nil { // one that is encrypted as the stored one is
			var bad *state.ReadError
			if errors.As(err, &bad) {
				bad.Path = path
			}
			return err
		}
	}
	store, err := v.open(ctx, lock, "OperationTypeInvalid", m)
	if err != nil {
		return err
	}
	defer func() { err = v.closed(store, err) }()
	if err := pushable(store.File(), file); err != nil && !force {
		return err
	}
	if old := store.File(); old != nil && force && old.Serial > file.Serial {
		file.Serial = old.Serial + 1 // so that nobody takes it for an older one
	}
	return store.Replace(file)
}

// pushable refuses to put a file in place of one of another history, or of a newer
// one.
func pushable(stored, file *state.File) error {
	const remedy = "Make sure that the file is the right one. To store it all the same, give -force; what is stored now is lost then."
	switch {
	case stored == nil || stored.State.Empty() && stored.Lineage == "":
		return nil
	case stored.Lineage != file.Lineage && !stored.State.Empty():
		return advise(fmt.Errorf("the state has the lineage %q, and the one that is stored has %q", file.Lineage, stored.Lineage), "They were created independently of each other. "+remedy)
	case stored.Lineage != file.Lineage:
		return nil
	case stored.Serial > file.Serial:
		return advise(fmt.Errorf("the state has the serial %d, and the one that is stored has %d", file.Serial, stored.Serial), "It is older. "+remedy)
	case stored.Serial == file.Serial:
		if same, err := state.Same(stored, file); err == nil && !same {
			return advise(fmt.Errorf("the state has the serial %d like the one that is stored, and other content", file.Serial), remedy)
		}
	}
	return nil
}
