package plugin

import (
	"context"
	"errors"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"
)

// actions is the provider's server for actions. What declares an action type and
// has no calls for it breaks the protocol.
func (p *Provider) actions() (tfprotov6.ActionServer, error) {
	if s, ok := p.server.(tfprotov6.ActionServer); ok {
		return s, nil
	}
	return nil, errors.New("it declares actions, but has no calls for them")
}

// ValidateAction checks the configuration of an action, which may hold unknowns.
func (p *Provider) ValidateAction(ctx context.Context, typeName string, config cty.Value) hcl.Diagnostics {
	value, err := encode(config, p.schemas.Actions[typeName].Type)
	if err != nil {
		return p.broken(err)
	}
	_, diags := call(p, "validating the action "+typeName, func() (*tfprotov6.ValidateActionConfigResponse, error) {
		s, err := p.actions()
		if err != nil {
			return nil, err
		}
		return s.ValidateActionConfig(ctx, &tfprotov6.ValidateActionConfigRequest{ActionType: typeName, Config: value})
	}, func(r *tfprotov6.ValidateActionConfigResponse) []*tfprotov6.Diagnostic { return r.Diagnostics })
	return diags
}

// PlanAction tells the provider that an action is going to be invoked; config may
// hold unknowns.
func (p *Provider) PlanAction(ctx context.Context, typeName string, config cty.Value) hcl.Diagnostics {
	value, err := encode(config, p.schemas.Actions[typeName].Type)
	if err != nil {
		return p.broken(err)
	}
	_, diags := call(p, "planning the action "+typeName, func() (*tfprotov6.PlanActionResponse, error) {
		s, err := p.actions()
		if err != nil {
			return nil, err
		}
		return s.PlanAction(ctx, &tfprotov6.PlanActionRequest{
			ActionType: typeName, Config: value, ClientCapabilities: &tfprotov6.PlanActionClientCapabilities{},
		})
	}, func(r *tfprotov6.PlanActionResponse) []*tfprotov6.Diagnostic { return r.Diagnostics })
	return diags
}

// completion is how an action ended.
type completion struct{ diagnostics []*tfprotov6.Diagnostic }

// Invoke carries out an action and hands on its messages as they come; config
// must be wholly known. A provider that ends without saying how is an error.
func (p *Provider) Invoke(ctx context.Context, typeName string, config cty.Value, progress func(message string)) hcl.Diagnostics {
	value, err := encode(config, p.schemas.Actions[typeName].Type)
	if err != nil {
		return p.broken(err)
	}
	ctx, done := p.untilStopped(ctx)
	defer done()
	_, diags := call(p, "invoking the action "+typeName, func() (*completion, error) {
		s, err := p.actions()
		if err != nil {
			return nil, err
		}
		stream, err := s.InvokeAction(ctx, &tfprotov6.InvokeActionRequest{
			ActionType: typeName, Config: value, ClientCapabilities: &tfprotov6.InvokeActionClientCapabilities{},
		})
		if err != nil {
			return nil, err
		}
		if stream == nil || stream.Events == nil {
			return nil, errors.New("the answer is empty")
		}
		var end *completion
		for event := range stream.Events {
			switch t := event.Type.(type) {
			case tfprotov6.ProgressInvokeActionEventType:
				progress(t.Message)
			case tfprotov6.CompletedInvokeActionEventType:
				end = &completion{t.Diagnostics}
			}
		}
		if end == nil {
			return nil, errors.New("the action ended without saying how")
		}
		return end, nil
	}, func(c *completion) []*tfprotov6.Diagnostic { return c.diagnostics })
	return diags
}
