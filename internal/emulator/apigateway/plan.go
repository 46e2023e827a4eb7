package apigateway

import (
	"context"
	"math"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// CreateUsagePlan makes a usage plan: which stages its keys may call, and how often.
func (s *Service) CreateUsagePlan(ctx context.Context, in *apigateway.CreateUsagePlanInput) (*apigateway.CreateUsagePlanOutput, error) {
	scope := env.ScopeOf(ctx)
	p := types.UsagePlan{
		ApiStages:   append([]types.ApiStage{}, in.ApiStages...),
		Description: orNil(in.Description),
		Name:        in.Name,
		Quota:       in.Quota,
		Tags:        in.Tags,
		Throttle:    in.Throttle,
	}
	for _, st := range p.ApiStages {
		if value(st.ApiId) == "" || value(st.Stage) == "" {
			return nil, badRequest("%s", "Invalid API Stage {api: %s, stage: %s} specified for usageplan %s") // as AWS says it
		}
		if err := s.checkStage(ctx, st); err != nil {
			return nil, err
		}
	}
	if err := checkPlan(p); err != nil {
		return nil, err
	}
	err := s.env.Store.Update(func(tx *store.Tx) error {
		for taken := true; taken; _, taken = s.plans.Get(tx, scope.Key(*p.Id)) {
			p.Id = random(lower, 6)
		}
		s.plans.Put(tx, scope.Key(*p.Id), p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return as[apigateway.CreateUsagePlanOutput](p), nil
}

// checkStage refuses what is no stage of an API.
func (s *Service) checkStage(ctx context.Context, st types.ApiStage) error {
	switch {
	case value(st.ApiId) == "" || value(st.Stage) == "":
		return badRequest("Invalid API Stage specified")
	case !s.apis.HasStage(ctx, *st.ApiId, *st.Stage):
		return notFound("API Stage not found: %s:%s", *st.ApiId, *st.Stage)
	}
	return nil
}

// checkPlan refuses numbers that mean nothing, and what is not carried out.
func checkPlan(p types.UsagePlan) error {
	if t := p.Throttle; t != nil {
		switch {
		case t.BurstLimit < 0 || t.RateLimit < 0:
			return badRequest("Usage Plan throttle limits must not be negative")
		case math.IsNaN(t.RateLimit) || math.IsInf(t.RateLimit, 0):
			return badRequest("Usage Plan throttle limits must be numbers")
		}
	}
	q := p.Quota
	switch {
	case q == nil:
	case q.Limit < 0:
		return badRequest("Usage Plan quota limit must not be negative")
	case !slices.Contains(types.QuotaPeriodType("").Values(), q.Period):
		return badRequest("Usage Plan quota period must be one of: [DAY, WEEK, MONTH]")
	case q.Offset != 0:
		return badRequest("The emulator does not implement the Offset of a quota")
	}
	return nil
}

// plan returns the usage plan of that id in the context's scope.
func (s *Service) plan(ctx context.Context, tx *store.Tx, id *string) (types.UsagePlan, error) {
	p, ok := s.plans.Get(tx, env.ScopeOf(ctx).Key(value(id)))
	if !ok {
		return p, notFound("Invalid Usage Plan ID specified")
	}
	if p.Tags == nil {
		p.Tags = map[string]string{}
	}
	return p, nil
}

// plansOf returns the usage plans that a key is in.
func (s *Service) plansOf(tx *store.Tx, scope env.Scope, key string) (found []types.UsagePlan) {
	for _, p := range s.plans.Prefix(tx, scope.Key("")) {
		if _, ok := s.planKeys.Get(tx, scope.Key(*p.Id, key)); ok {
			found = append(found, p)
		}
	}
	return found
}

// GetUsagePlan returns a usage plan.
func (s *Service) GetUsagePlan(ctx context.Context, in *apigateway.GetUsagePlanInput) (*apigateway.GetUsagePlanOutput, error) {
	var p types.UsagePlan
	err := s.env.Store.View(func(tx *store.Tx) (err error) {
		p, err = s.plan(ctx, tx, in.UsagePlanId)
		return err
	})
	if err != nil {
		return nil, err
	}
	return as[apigateway.GetUsagePlanOutput](p), nil
}

// GetUsagePlans lists usage plans, or those that a key is in.
func (s *Service) GetUsagePlans(ctx context.Context, in *apigateway.GetUsagePlansInput) (*apigateway.GetUsagePlansOutput, error) {
	scope := env.ScopeOf(ctx)
	out := &apigateway.GetUsagePlansOutput{}
	err := s.env.Store.View(func(tx *store.Tx) (err error) {
		out.Items, out.Position, err = page(tx, s.plans, scope.Key(""), in.Limit, in.Position, func(p types.UsagePlan) bool {
			if in.KeyId == nil {
				return true
			}
			_, ok := s.planKeys.Get(tx, scope.Key(*p.Id, *in.KeyId))
			return ok
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateUsagePlan changes what the operations name.
func (s *Service) UpdateUsagePlan(ctx context.Context, in *apigateway.UpdateUsagePlanInput) (*apigateway.UpdateUsagePlanOutput, error) {
	var added []types.ApiStage
	for _, p := range in.PatchOperations {
		if p.Op == types.OpAdd && value(p.Path) == stagesPath {
			added = append(added, stageOf(value(p.Value)))
		}
	}
	for _, st := range added { // the other service looks into the store by itself
		if err := s.checkStage(ctx, st); err != nil {
			return nil, err
		}
	}
	var p types.UsagePlan
	err := s.env.Store.Update(func(tx *store.Tx) (err error) {
		if p, err = s.plan(ctx, tx, in.UsagePlanId); err != nil {
			return err
		}
		for _, op := range in.PatchOperations {
			if err := patchPlan(&p, op); err != nil {
				return err
			}
		}
		if err := checkPlan(p); err != nil {
			return err
		}
		if len(added) > 0 {
			for _, v := range s.planKeys.Prefix(tx, env.ScopeOf(ctx).Key(*p.Id, "")) {
				if err := s.checkAlone(tx, env.ScopeOf(ctx), *v.Id, p); err != nil {
					return err
				}
			}
		}
		s.plans.Put(tx, env.ScopeOf(ctx).Key(*p.Id), p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return as[apigateway.UpdateUsagePlanOutput](p), nil
}

// stageOf reads API:STAGE.
func stageOf(text string) types.ApiStage {
	api, stage, _ := strings.Cut(text, ":")
	return types.ApiStage{ApiId: &api, Stage: &stage}
}

// DeleteUsagePlan removes a usage plan that is for no stage.
func (s *Service) DeleteUsagePlan(ctx context.Context, in *apigateway.DeleteUsagePlanInput) (*apigateway.DeleteUsagePlanOutput, error) {
	scope := env.ScopeOf(ctx)
	err := s.env.Store.Update(func(tx *store.Tx) error {
		p, err := s.plan(ctx, tx, in.UsagePlanId)
		if err != nil {
			return err
		}
		if len(p.ApiStages) > 0 {
			st := p.ApiStages[0]
			return badRequest("Cannot delete Usage Plan %s because there are API Stages associated with it, including %s:%s", *p.Id, *st.ApiId, *st.Stage)
		}
		clearAll(tx, s.planKeys, scope.Key(*p.Id, ""))
		clearAll(tx, s.used, scope.Key(*p.Id, ""))
		s.plans.Delete(tx, scope.Key(*p.Id))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigateway.DeleteUsagePlanOutput{}, nil
}
