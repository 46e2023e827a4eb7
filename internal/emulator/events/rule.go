package events

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/eventpattern"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// rule is a rule of a bus with its targets.
type rule struct {
	Scope       env.Scope
	Bus         string
	Name        string
	Description *string `json:",omitempty"`
	Pattern     string
	Role        *string `json:",omitempty"`
	State       types.RuleState
	Tags        map[string]string `json:",omitempty"`
	Targets     []types.Target    `json:",omitempty"`
}

func (r *rule) key() string { return r.Scope.Key(r.Bus, r.Name) }

func (r *rule) arn() string {
	if r.Bus == defaultBus {
		return r.Scope.ARN("events", "rule/"+r.Name)
	}
	return r.Scope.ARN("events", "rule/"+r.Bus+"/"+r.Name)
}

// rule returns a rule of a bus.
func (s *Service) rule(tx *store.Tx, scope env.Scope, bus, name string) (rule, error) {
	r, ok := s.rules.Get(tx, scope.Key(bus, name))
	if !ok {
		return r, notFound("Rule %s does not exist on EventBus %s.", name, bus)
	}
	return r, nil
}

// viewRule calls f with a rule.
func (s *Service) viewRule(ctx context.Context, action string, bus, name *string, f func(r *rule) error) error {
	scope, b, err := s.reach(ctx, action, bus)
	if err != nil {
		return err
	}
	return s.env.Store.View(func(tx *store.Tx) error {
		r, err := s.rule(tx, scope, b, value(name))
		if err != nil {
			return err
		}
		return f(&r)
	})
}

// changeRule changes a rule by f.
func (s *Service) changeRule(ctx context.Context, action string, bus, name *string, f func(r *rule) error) error {
	scope, b, err := s.reach(ctx, action, bus)
	if err != nil {
		return err
	}
	return s.env.Store.Update(func(tx *store.Tx) error {
		r, err := s.rule(tx, scope, b, value(name))
		if err != nil {
			return err
		}
		if err := f(&r); err != nil {
			return err
		}
		s.rules.Put(tx, r.key(), r)
		return nil
	})
}

// parse reads an event pattern.
func parse(text string) (*eventpattern.Pattern, error) {
	p, err := eventpattern.Parse(text)
	var wrong *eventpattern.Error
	if errors.As(err, &wrong) {
		return nil, &types.InvalidEventPatternException{Message: ptr("Event pattern is not valid. Reason: " + wrong.Error())}
	}
	return p, err
}

// PutRule makes a rule, or replaces everything of it but its targets and tags.
func (s *Service) PutRule(ctx context.Context, in *eventbridge.PutRuleInput) (*eventbridge.PutRuleOutput, error) {
	scope, bus, err := s.reach(ctx, "PutRule", in.EventBusName)
	if err != nil {
		return nil, err
	}
	pattern := value(in.EventPattern)
	switch {
	case in.ScheduleExpression != nil && *in.ScheduleExpression != "" && bus != defaultBus:
		return nil, invalid("ScheduleExpression is supported only on the default event bus.")
	case in.ScheduleExpression != nil && *in.ScheduleExpression != "":
		return nil, invalid("ScheduleExpression: rules that run on a schedule are not emulated")
	case pattern == "":
		return nil, invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
	}
	if _, err := parse(pattern); err != nil {
		return nil, err
	}
	out := &eventbridge.PutRuleOutput{}
	err = s.env.Store.Update(func(tx *store.Tx) error {
		if _, err := s.bus(tx, scope, bus); err != nil {
			return err
		}
		r := rule{
			Scope: scope, Bus: bus, Name: value(in.Name), Description: in.Description, Pattern: pattern, Role: in.RoleArn, State: in.State,
			Tags: addTags(nil, in.Tags),
		}
		if r.State == "" {
			r.State = types.RuleStateEnabled
		}
		if old, err := s.rule(tx, scope, bus, r.Name); err == nil {
			r.Targets, r.Tags = old.Targets, old.Tags
		}
		s.rules.Put(tx, r.key(), r)
		out.RuleArn = ptr(r.arn())
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteRule deletes a rule without targets, if it is there. Force is for rules that
// AWS's services make, of which there are none.
func (s *Service) DeleteRule(ctx context.Context, in *eventbridge.DeleteRuleInput) (*eventbridge.DeleteRuleOutput, error) {
	scope, bus, err := s.reach(ctx, "DeleteRule", in.EventBusName)
	if err != nil {
		return nil, err
	}
	err = s.env.Store.Update(func(tx *store.Tx) error {
		if _, err := s.bus(tx, scope, bus); err != nil {
			return err
		}
		r, err := s.rule(tx, scope, bus, value(in.Name))
		if err != nil {
			return nil //nolint:nilerr // there is nothing to delete
		}
		if len(r.Targets) > 0 {
			return invalid("Rule can't be deleted since it has targets.")
		}
		s.rules.Delete(tx, r.key())
		return nil
	})
	return &eventbridge.DeleteRuleOutput{}, err
}

// DescribeRule describes a rule.
func (s *Service) DescribeRule(ctx context.Context, in *eventbridge.DescribeRuleInput) (*eventbridge.DescribeRuleOutput, error) {
	out := &eventbridge.DescribeRuleOutput{}
	err := s.viewRule(ctx, "DescribeRule", in.EventBusName, in.Name, func(r *rule) error {
		out.Arn, out.CreatedBy, out.EventBusName, out.Name = ptr(r.arn()), &r.Scope.Account, &r.Bus, &r.Name
		out.Description, out.EventPattern, out.RoleArn, out.State = r.Description, &r.Pattern, r.Role, r.State
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// EnableRule lets a rule match events.
func (s *Service) EnableRule(ctx context.Context, in *eventbridge.EnableRuleInput) (*eventbridge.EnableRuleOutput, error) {
	err := s.changeRule(ctx, "EnableRule", in.EventBusName, in.Name, func(r *rule) error { r.State = types.RuleStateEnabled; return nil })
	return &eventbridge.EnableRuleOutput{}, err
}

// DisableRule keeps a rule from matching events.
func (s *Service) DisableRule(ctx context.Context, in *eventbridge.DisableRuleInput) (*eventbridge.DisableRuleOutput, error) {
	err := s.changeRule(ctx, "DisableRule", in.EventBusName, in.Name, func(r *rule) error { r.State = types.RuleStateDisabled; return nil })
	return &eventbridge.DisableRuleOutput{}, err
}

// rulesOf calls f with the rules of a bus, by name.
func (s *Service) rulesOf(ctx context.Context, action string, bus *string, f func(r *rule)) error {
	scope, name, err := s.reach(ctx, action, bus)
	if err != nil {
		return err
	}
	return s.env.Store.View(func(tx *store.Tx) error {
		if _, err := s.bus(tx, scope, name); err != nil {
			return err
		}
		for _, r := range s.rules.Prefix(tx, scope.Key(name, "")) {
			f(&r)
		}
		return nil
	})
}

// ListRules lists the rules of a bus.
func (s *Service) ListRules(ctx context.Context, in *eventbridge.ListRulesInput) (*eventbridge.ListRulesOutput, error) {
	all := []types.Rule{}
	err := s.rulesOf(ctx, "ListRules", in.EventBusName, func(r *rule) {
		if strings.HasPrefix(r.Name, value(in.NamePrefix)) {
			all = append(all, types.Rule{
				Arn: ptr(r.arn()), Description: r.Description, EventBusName: &r.Bus, EventPattern: &r.Pattern, Name: &r.Name, RoleArn: r.Role,
				State: r.State,
			})
		}
	})
	if err != nil {
		return nil, err
	}
	out := &eventbridge.ListRulesOutput{}
	out.Rules, out.NextToken, err = page(all, in.Limit, in.NextToken)
	return out, err
}

// ListRuleNamesByTarget lists the rules of a bus that have a target.
func (s *Service) ListRuleNamesByTarget(ctx context.Context, in *eventbridge.ListRuleNamesByTargetInput) (*eventbridge.ListRuleNamesByTargetOutput, error) {
	all := []string{}
	err := s.rulesOf(ctx, "ListRuleNamesByTarget", in.EventBusName, func(r *rule) {
		if slices.ContainsFunc(r.Targets, func(t types.Target) bool { return value(t.Arn) == value(in.TargetArn) }) {
			all = append(all, r.Name)
		}
	})
	if err != nil {
		return nil, err
	}
	out := &eventbridge.ListRuleNamesByTargetOutput{}
	out.RuleNames, out.NextToken, err = page(all, in.Limit, in.NextToken)
	return out, err
}

// TestEventPattern tells whether an event matches a pattern.
func (s *Service) TestEventPattern(_ context.Context, in *eventbridge.TestEventPatternInput) (*eventbridge.TestEventPatternOutput, error) {
	p, err := parse(value(in.EventPattern))
	if err != nil {
		return nil, err
	}
	var event map[string]json.RawMessage
	if json.Unmarshal([]byte(value(in.Event)), &event) != nil {
		return nil, invalid("Parameter Event is not valid.")
	}
	for _, name := range []string{"id", "account", "source", "time", "region", "detail-type"} {
		if event[name] == nil {
			return nil, invalid("Parameter Event is not valid.")
		}
	}
	return &eventbridge.TestEventPatternOutput{Result: p.Matches([]byte(*in.Event))}, nil
}
