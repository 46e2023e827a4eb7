package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/apply"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend/local"
	"github.com/tfserverless/terraform-provider-serverless/internal/ui"
)

var applyCommand = command{
	name:    "apply",
	args:    "[PLANFILE]",
	summary: "Make the changes that the configuration asks for",
	help: `
Without a plan file, apply makes a plan, shows it and asks for approval. A plan
file is applied as it is.`,
	flags: func(fs *flag.FlagSet) action {
		f, auto := applyFlags(fs)
		fs.BoolVar(&f.destroy, "destroy", false, "destroy everything")
		return func(ctx context.Context, p *Program, args []string) error {
			return applyAction(ctx, p, fs, f, *auto, args)
		}
	},
}

var destroyCommand = command{
	name:    "destroy",
	summary: "Destroy everything that the state knows",
	flags: func(fs *flag.FlagSet) action {
		f, auto := applyFlags(fs)
		f.destroy = true
		return func(ctx context.Context, p *Program, args []string) error {
			return applyAction(ctx, p, fs, f, *auto, args)
		}
	},
}

func applyFlags(fs *flag.FlagSet) (*planFlags, *bool) {
	f := &planFlags{}
	f.declare(fs)
	f.declareWriting(fs)
	return f, fs.Bool("auto-approve", false, "do not ask for approval")
}

func applyAction(ctx context.Context, p *Program, fs *flag.FlagSet, f *planFlags, auto bool, args []string) error {
	v := newView(p, f.view)
	switch {
	case len(args) > 1:
		return v.fail(advise(fmt.Errorf("apply takes one plan file, but got %d arguments", len(args)), "Flags come before the file."))
	case len(args) == 1:
		var planning []string
		fs.Visit(func(x *flag.Flag) {
			switch x.Name {
			case "var-file", "destroy", "refresh-only", "replace", "target", "target-file", "exclude", "exclude-file", "invoke":
				planning = append(planning, "-"+x.Name)
			}
		})
		if len(planning) > 0 {
			return v.fail(advise(fmt.Errorf("a plan file cannot be combined with %s", strings.Join(planning, ", ")), "The file says already what is to be done. Give these flags to the command plan."))
		}
		return v.applyFile(ctx, f, args[0])
	case f.view.json && !auto:
		return v.fail(advise(errors.New("-json needs -auto-approve or a plan file"), "Nobody can be asked for approval in a log."))
	}
	return v.applyNew(ctx, f, auto)
}

// applyNew makes a plan, asks for approval and applies it.
func (v *view) applyNew(ctx context.Context, f *planFlags, auto bool) (err error) {
	j, err := v.prepare(ctx, f, "OperationTypeApply")
	if err != nil {
		return err
	}
	defer func() { err = v.closed(j.store, err) }()
	if !auto && (pending(j.plan) || len(j.plan.Abandoned(j.store.Recovered().Unfinished)) > 0) {
		question, consequence := "Do you want to perform these actions?", "They will be carried out as described above."
		switch j.plan.Mode {
		case plan.Destroy:
			question, consequence = "Do you really want to destroy all of this?", "Everything shown above will be destroyed. There is no undo."
		case plan.RefreshOnly:
			question, consequence = "Do you want to update the state to what was found?", "Only the state will be written. No object is changed."
		}
		if err := v.approve(ctx, question, consequence); err != nil {
			return v.fail(err)
		}
	}
	return v.run(ctx, j, f)
}

// applyFile applies the plan in a file.
func (v *view) applyFile(ctx context.Context, f *planFlags, path string) (err error) {
	if err := v.into(f.jsonInto); err != nil {
		return err
	}
	program, p, err := v.readPlan(ctx, path)
	if err != nil {
		return err
	}
	if err := v.applicable(p); err != nil {
		return v.fail(err)
	}
	v.files = f.files
	store, err := v.open(ctx, f.lock, "OperationTypeApply", program.Module)
	if err != nil {
		return err
	}
	defer func() { err = v.closed(store, err) }()
	if _, base := stateOf(store); base != p.Base {
		why := "The state has changed since the plan was made"
		if p.Base.Lineage != "" && base.Lineage != p.Base.Lineage {
			why = "The plan was made for another state"
		}
		return v.fail(advise(errors.New("saved plan is stale"), fmt.Sprintf("%s, so that it may not fit any more. Make a new plan.", why)))
	}
	if err := v.supply(ctx, program.Module, p, f.inputs); err != nil {
		return err
	}
	return v.run(ctx, &job{program, store, p}, f)
}

// run carries out a plan and stores the state, whatever became of it.
func (v *view) run(ctx context.Context, j *job, f *planFlags) error {
	hook := v.hook()
	told := context.AfterFunc(ctx, func() {
		text := "Interrupted. No further change begins; a second interrupt ends the program at once."
		if running := hook.Running(); len(running) > 0 {
			text += " Waiting for:\n  " + strings.Join(running, "\n  ")
		}
		v.note(text)
	})
	defer told()
	result, diags := apply.Run(ctx, j.program, j.plan, apply.Options{Parallelism: f.parallelism, Hook: hook, Log: j.store, Unfinished: j.store.Recovered().Unfinished, ReadFile: local.ReadFile})
	if err := j.store.Write(result.State); err != nil {
		diags = append(diags, v.unwritten(j.store, result.State, err))
	}
	if err := v.diagnostics(diags); err != nil {
		v.partly(result)
		return err
	}
	operation, message := "apply", fmt.Sprintf("Apply complete! Resources: %d added, %d changed, %d destroyed.", result.Added, result.Changed, result.Destroyed)
	if result.Imported > 0 {
		message = strings.Replace(message, "Resources: ", fmt.Sprintf("Resources: %d imported, ", result.Imported), 1)
	}
	if result.Forgotten > 0 {
		message = strings.Replace(message, " destroyed.", fmt.Sprintf(" destroyed, %d forgotten.", result.Forgotten), 1)
	}
	if j.plan.Mode == plan.Destroy {
		operation, message = "destroy", fmt.Sprintf("Destroy complete! Resources: %d destroyed.", result.Destroyed)
	}
	if result.Invoked > 0 {
		message += fmt.Sprintf(" Actions: %d invoked.", result.Invoked)
	}
	for _, log := range []*ui.Log{v.log, v.also} {
		if log != nil {
			log.Applied(operation, message, result.Imported, result.Added, result.Changed, result.Destroyed)
		}
	}
	v.say("\n%s\n", v.out.Good(message))
	return v.fail(v.outputs(result.State.Outputs()))
}

// errored is the file that keeps a state which its place does not take.
const errored = "errored.tfstate"

// unwritten says what becomes of a state that could not be stored.
func (v *view) unwritten(s *backend.Store, st *state.State, err error) *hcl.Diagnostic {
	d := diagnosticOf(err)
	why := "Every step, but for those that an error above names, is in the journal beside the state file, and the next run takes it from there."
	if !s.Local() {
		why = fmt.Sprintf("The state was written to the file %s instead. When %s can be written again, run: %s state push %s", errored, s.Where(), name, errored)
		if rescue := s.Rescue(st, errored); rescue != nil {
			why = fmt.Sprintf("Nor could the file %s be written (%s). Every step is in the journal in %s: the next run in this folder takes it from there.", errored, rescue, journals())
		}
	}
	d.Detail = strings.TrimSpace(d.Detail + "\n\n" + why)
	return d
}

// partly says what was done before errors ended the run.
func (v *view) partly(r apply.Result) {
	text := "Nothing was changed before the error."
	if r.Added+r.Changed+r.Destroyed > 0 {
		text = fmt.Sprintf("Before the error: %d added, %d changed, %d destroyed. This is recorded.", r.Added, r.Changed, r.Destroyed)
	}
	if len(r.Skipped) > 0 {
		text += " Not begun:"
		for _, a := range r.Skipped {
			text += "\n  " + a.String()
		}
	}
	v.note(text + "\nMend the cause and run apply again: it goes on from here.")
}

// note tells a person, or a log, something beside the results.
func (v *view) note(text string) {
	if v.also != nil {
		v.also.Message(text)
	}
	if v.log != nil {
		v.log.Message(text)
		return
	}
	fmt.Fprintf(v.p.Err, "\n%s\n", text)
}

// closed gives the state back; err is how the command ends otherwise.
func (v *view) closed(store *backend.Store, err error) error {
	if closing := store.Close(); closing != nil && err == nil {
		return v.fail(fmt.Errorf("giving the state back: %w", closing))
	}
	return err
}
