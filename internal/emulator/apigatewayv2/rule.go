package apigatewayv2

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// CreateRoutingRule makes a rule that sends requests to a domain name to a REST API.
func (s *Service) CreateRoutingRule(ctx context.Context, in *apigatewayv2.CreateRoutingRuleInput) (*apigatewayv2.CreateRoutingRuleOutput, error) {
	r := types.RoutingRule{Actions: in.Actions, Conditions: in.Conditions, Priority: in.Priority}
	err := s.env.Store.Update(func(tx *store.Tx) error {
		d, err := s.domain(ctx, tx, in.DomainName)
		if err != nil {
			return err
		}
		r.RoutingRuleId = s.rules.fresh(tx, *in.DomainName, 6)
		r.RoutingRuleArn = ptr(ruleARN(d, *r.RoutingRuleId))
		return s.putRule(tx, *in.DomainName, r)
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.CreateRoutingRuleOutput](r), nil
}

func ruleARN(d domain, id string) string {
	return d.Scope.ARN("apigateway", "/domainnames/"+*d.DomainName.DomainName+"/routingrules/"+id)
}

// putRule checks r, whose priority must be its own, and stores it.
func (s *Service) putRule(tx *store.Tx, name string, r types.RoutingRule) error {
	if err := s.checkRule(tx, r); err != nil {
		return err
	}
	for _, other := range s.rules.Prefix(tx, key(name, "")) {
		if *other.Priority == *r.Priority && *other.RoutingRuleId != *r.RoutingRuleId {
			return conflict("A routing rule with priority %d already exists for this domain name", *r.Priority)
		}
	}
	s.rules.Put(tx, key(name, *r.RoutingRuleId), r)
	return nil
}

// checkRule refuses rules that AWS refuses, and fills in the default. Whether there is the REST API that a rule
// names is not known here.
func (s *Service) checkRule(tx *store.Tx, r types.RoutingRule) error {
	if p := value(r.Priority); p < 1 || p > 1000000 {
		return badRequest("Priority must be between 1 and 1000000")
	}
	if len(r.Actions) != 1 || r.Actions[0].InvokeApi == nil {
		return badRequest("A routing rule must have exactly one action, which must be invokeApi")
	}
	invoke := r.Actions[0].InvokeApi
	invoke.StripBasePath = ptr(value(invoke.StripBasePath))
	if value(invoke.ApiId) == "" || value(invoke.Stage) == "" {
		return badRequest("The action invokeApi must name an API and a stage")
	}
	if a, ok := s.apis.Get(tx, *invoke.ApiId); ok {
		return badRequest("%s APIs are not supported as target APIs for routing rules", a.ProtocolType)
	}
	headers, paths := 0, 0
	for _, c := range r.Conditions {
		switch {
		case c.MatchHeaders != nil && c.MatchBasePaths == nil && len(c.MatchHeaders.AnyOf) > 0:
			headers++
			for _, h := range c.MatchHeaders.AnyOf {
				if value(h.Header) == "" || value(h.ValueGlob) == "" {
					return badRequest("A header condition must name a header and a value")
				}
			}
		case c.MatchBasePaths != nil && c.MatchHeaders == nil && len(c.MatchBasePaths.AnyOf) > 0:
			paths++
		default:
			return badRequest("A condition of a routing rule must be matchHeaders or matchBasePaths, with at least one value")
		}
	}
	if headers > 2 || paths > 1 {
		return badRequest("A routing rule can have at most two matchHeaders conditions and one matchBasePaths condition")
	}
	return nil
}

// rule returns a domain name's rule.
func (s *Service) rule(ctx context.Context, tx *store.Tx, name, id *string) (types.RoutingRule, error) {
	if _, err := s.domain(ctx, tx, name); err != nil {
		return types.RoutingRule{}, err
	}
	return s.rules.find(tx, *name, id)
}

// GetRoutingRule returns a rule.
func (s *Service) GetRoutingRule(ctx context.Context, in *apigatewayv2.GetRoutingRuleInput) (*apigatewayv2.GetRoutingRuleOutput, error) {
	var r types.RoutingRule
	err := s.env.Store.View(func(tx *store.Tx) (err error) {
		r, err = s.rule(ctx, tx, in.DomainName, in.RoutingRuleId)
		return err
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.GetRoutingRuleOutput](r), nil
}

// ListRoutingRules lists a domain name's rules.
func (s *Service) ListRoutingRules(ctx context.Context, in *apigatewayv2.ListRoutingRulesInput) (*apigatewayv2.ListRoutingRulesOutput, error) {
	out := &apigatewayv2.ListRoutingRulesOutput{}
	var limit *string
	if in.MaxResults != nil {
		limit = ptr(strconv.Itoa(int(*in.MaxResults)))
	}
	err := s.env.Store.View(func(tx *store.Tx) error {
		_, err := s.domain(ctx, tx, in.DomainName)
		if err != nil {
			return err
		}
		out.RoutingRules, out.NextToken, err = page(tx, s.rules.Set, key(*in.DomainName, ""), nil, limit, in.NextToken)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// PutRoutingRule replaces a rule.
func (s *Service) PutRoutingRule(ctx context.Context, in *apigatewayv2.PutRoutingRuleInput) (*apigatewayv2.PutRoutingRuleOutput, error) {
	var r types.RoutingRule
	err := s.env.Store.Update(func(tx *store.Tx) (err error) {
		if r, err = s.rule(ctx, tx, in.DomainName, in.RoutingRuleId); err != nil {
			return err
		}
		r.Actions, r.Conditions, r.Priority = in.Actions, in.Conditions, in.Priority
		return s.putRule(tx, *in.DomainName, r)
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.PutRoutingRuleOutput](r), nil
}

// DeleteRoutingRule removes a rule.
func (s *Service) DeleteRoutingRule(ctx context.Context, in *apigatewayv2.DeleteRoutingRuleInput) (*apigatewayv2.DeleteRoutingRuleOutput, error) {
	err := s.env.Store.Update(func(tx *store.Tx) error {
		r, err := s.rule(ctx, tx, in.DomainName, in.RoutingRuleId)
		if err != nil {
			return err
		}
		s.rules.Delete(tx, key(*in.DomainName, *r.RoutingRuleId))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteRoutingRuleOutput{}, nil
}
