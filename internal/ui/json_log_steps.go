package ui

import (
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
)

// The lines of steps that are no reading or changing of an object.

// provisionHook is what the lines of provisioners hold.
type provisionHook struct {
	Resource    resourceJSON `json:"resource"`
	Provisioner string       `json:"provisioner"`
	Output      string       `json:"output,omitempty"`
}

// actionHook is what the lines of actions hold.
type actionHook struct {
	Action  actionJSON   `json:"action"`
	Trigger *triggerJSON `json:"lifecycle,omitempty"`
	Message string       `json:"message,omitempty"`
}

// actionJSON names an action.
type actionJSON struct {
	Addr            string `json:"addr"`
	Module          string `json:"module"`
	ImpliedProvider string `json:"implied_provider"`
	Action          string `json:"action"`
	Type            string `json:"action_type"`
	Name            string `json:"action_name"`
	Key             any    `json:"action_key"`
}

// triggerJSON names the object that an action is invoked for.
type triggerJSON struct {
	Addr string `json:"triggering_resource_address"`
}

func actionHookOf(e plan.Event) actionHook {
	r := resourceOf(e.Addr)
	out := actionHook{Action: actionJSON{
		Addr: r.Addr, Module: r.Module, ImpliedProvider: r.ImpliedProvider, Action: r.Resource, Type: r.Type, Name: r.Name, Key: r.Key,
	}}
	if e.Trigger != "" {
		out.Trigger = &triggerJSON{e.Trigger}
	}
	return out
}

// startedOther writes that such a step begins; false if e is none.
func (l *Log) startedOther(e plan.Event) bool {
	switch e.Step {
	case plan.Provisioning:
		l.line("info", "provision_start", started(e), fields{"hook": provisionHook{Resource: resourceOf(e.Addr), Provisioner: e.Provisioner}})
	case plan.Invoking:
		l.line("info", "action_start", started(e), fields{"hook": actionHookOf(e)})
	case plan.Opening, plan.Renewing, plan.Closing:
		h := hook{Resource: resourceOf(e.Addr), Action: e.Step.String()}
		l.line("info", "ephemeral_op_start", started(e), fields{"hook": h})
		l.begin(e, func(d time.Duration) {
			h := hook{Resource: h.Resource, Action: h.Action, Elapsed: seconds(d)}
			l.line("info", "ephemeral_op_progress", going(e, d), fields{"hook": h})
		})
	default:
		return false
	}
	return true
}

// finishedOther writes how such a step ended; false if e is none.
func (l *Log) finishedOther(e plan.Event, diags hcl.Diagnostics) bool {
	ending := "_complete"
	if diags.HasErrors() {
		ending = "_errored"
	}
	switch e.Step {
	case plan.Provisioning:
		text := e.Addr.String() + ": (" + e.Provisioner + ") Provisioning complete"
		if diags.HasErrors() {
			text = e.Addr.String() + ": (" + e.Provisioner + ") Provisioning errored"
		}
		l.line("info", "provision"+ending, text, fields{"hook": provisionHook{Resource: resourceOf(e.Addr), Provisioner: e.Provisioner}})
	case plan.Invoking:
		l.line("info", "action"+ending, finished(e, 0, diags.HasErrors()), fields{"hook": actionHookOf(e)})
	case plan.Opening, plan.Renewing, plan.Closing:
		took := l.end(e)
		h := hook{Resource: resourceOf(e.Addr), Action: e.Step.String(), Elapsed: seconds(took)}
		l.line("info", "ephemeral_op"+ending, finished(e, took, diags.HasErrors()), fields{"hook": h})
	default:
		return false
	}
	return true
}

// Output writes a line that a provisioner or an action gives out.
func (l *Log) Output(e plan.Event, line string) {
	if e.Step == plan.Invoking {
		h := actionHookOf(e)
		h.Message = line
		l.line("info", "action_progress", "Action "+invoked(e)+": "+line, fields{"hook": h})
		return
	}
	l.line("info", "provision_progress", e.Addr.String()+": ("+e.Provisioner+"): "+line,
		fields{"hook": provisionHook{Resource: resourceOf(e.Addr), Provisioner: e.Provisioner, Output: line}})
}
