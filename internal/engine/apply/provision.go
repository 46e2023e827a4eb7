package apply

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/provision"
)

// suppressed stands for each line of output that may hold a secret.
const suppressed = "(output suppressed due to sensitive value in config)"

// provision runs the provisioners for the object of c, one after the other: those
// of destroying or those of creating. in.Self is the object.
func (a *applier) provision(ctx context.Context, c *plan.Change, deposed string, in lang.Within, destroy bool) hcl.Diagnostics {
	var diags hcl.Diagnostics
	module, all := a.Provisioners(c.Addr)
	for _, p := range all {
		if p.Destroy != destroy {
			continue
		}
		event := plan.Event{Addr: c.Addr, Deposed: deposed, Step: plan.Provisioning, Provisioner: p.Type}
		a.hook.Started(event)
		more := a.runProvisioner(ctx, p, event, module, in)
		a.hook.Finished(event, more)
		if p.Continue && a.interrupted.Err() == nil {
			for _, d := range more {
				d.Severity = hcl.DiagWarning
			}
		}
		if diags = append(diags, more...); more.HasErrors() {
			break
		}
	}
	return diags
}

// runProvisioner runs one command. An interrupt of the whole run kills it.
func (a *applier) runProvisioner(ctx context.Context, p plan.Provisioner, event plan.Event, module addr.ModuleInstance, in lang.Within) hcl.Diagnostics {
	at := p.Range
	fail := func(summary, detail string) hcl.Diagnostics {
		return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &at, Extra: plan.About{Addr: event.Addr.String()}}}
	}
	arguments, diags := a.Provisioning(ctx, p, module, in)
	if diags.HasErrors() {
		return diags
	}
	bare, marks := arguments.UnmarkDeep()
	if !bare.IsWhollyKnown() {
		return append(diags, fail("Command not known", "The arguments of the provisioner depend on values that are still unknown.")...)
	}
	secret := len(marks) > 0
	command := commandOf(bare)
	switch quiet := bare.GetAttr("quiet"); {
	case secret:
		a.hook.Output(event, suppressed)
	case !quiet.IsNull() && quiet.True():
		a.hook.Output(event, "local-exec: Executing: Suppressed by quiet=true")
	default:
		a.hook.Output(event, fmt.Sprintf("Executing: %q", command.Args()))
	}
	out, err := command.Run(a.interrupted, func(line string) {
		if secret {
			line = suppressed
		}
		a.hook.Output(event, line)
	})
	switch {
	case err == nil:
		return diags
	case errors.Is(err, provision.ErrInterrupted):
		return append(diags, fail("Provisioner interrupted", "The command was killed, together with what it had started.")...)
	case secret:
		return append(diags, fail("local-exec provisioner error", fmt.Sprintf("Running the command failed: %v. The command and its output are not shown, because they were made from sensitive values.", withoutSecrets(err)))...)
	}
	return append(diags, fail("local-exec provisioner error", fmt.Sprintf("Running the command %q failed: %v. Output: %s", command.Text, err, out))...)
}

// withoutSecrets is err as far as it cannot repeat an argument.
func withoutSecrets(err error) error {
	if errors.As(err, new(provision.ExitError)) {
		return err
	}
	return errors.New("it cannot be started")
}

// commandOf reads the arguments, where null is the same as nothing.
func commandOf(v cty.Value) provision.Command {
	text := func(v cty.Value) string {
		if v.IsNull() {
			return ""
		}
		return v.AsString()
	}
	out := provision.Command{Text: text(v.GetAttr("command")), Dir: text(v.GetAttr("working_dir"))}
	if words := v.GetAttr("interpreter"); !words.IsNull() {
		for _, w := range words.AsValueSlice() {
			out.Interpreter = append(out.Interpreter, text(w))
		}
	}
	if env := v.GetAttr("environment"); !env.IsNull() {
		out.Environment = map[string]string{}
		for name, value := range env.AsValueMap() {
			if !value.IsNull() {
				out.Environment[name] = value.AsString()
			}
		}
	}
	return out
}
