package apigateway

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// keyType is the only type of keys in usage plans.
const keyType = "API_KEY"

// CreateUsagePlanKey puts an API key into a usage plan. A key can be in one plan for each
// stage.
func (s *Service) CreateUsagePlanKey(ctx context.Context, in *apigateway.CreateUsagePlanKeyInput) (*apigateway.CreateUsagePlanKeyOutput, error) {
	scope := env.ScopeOf(ctx)
	var v types.UsagePlanKey
	err := s.env.Store.Update(func(tx *store.Tx) error {
		p, err := s.plan(ctx, tx, in.UsagePlanId)
		if err != nil {
			return err
		}
		k, err := s.key(ctx, tx, in.KeyId)
		if err != nil {
			return err
		}
		if value(in.KeyType) != keyType {
			return badRequest("Invalid key type specified: %s. Must be %s", value(in.KeyType), keyType)
		}
		if _, there := s.planKeys.Get(tx, scope.Key(*p.Id, *k.Id)); there {
			return conflict("Usage Plan %s already has the API Key %s", *p.Id, *k.Id)
		}
		if err := s.checkAlone(tx, scope, *k.Id, p); err != nil {
			return err
		}
		v = types.UsagePlanKey{Id: k.Id, Type: in.KeyType}
		s.planKeys.Put(tx, scope.Key(*p.Id, *k.Id), v)
		v.Name, v.Value = k.Name, k.Value
		return nil
	})
	if err != nil {
		return nil, err
	}
	return as[apigateway.CreateUsagePlanKeyOutput](v), nil
}

// checkAlone refuses a plan for a key that is in another one for a stage of this one's.
func (s *Service) checkAlone(tx *store.Tx, scope env.Scope, key string, p types.UsagePlan) error {
	for _, other := range s.plansOf(tx, scope, key) {
		if *other.Id != *p.Id && slices.ContainsFunc(other.ApiStages, func(st types.ApiStage) bool { return indexOf(p.ApiStages, st) >= 0 }) {
			return conflict("Usage Plan %s cannot be added because API Key %s cannot reference multiple Usage Plans with the same API Stage", *p.Id, key)
		}
	}
	return nil
}

// planKey returns a usage plan's key.
func (s *Service) planKey(ctx context.Context, tx *store.Tx, plan, key *string) (types.UsagePlanKey, error) {
	k, err := s.key(ctx, tx, key)
	if err != nil {
		return types.UsagePlanKey{}, err
	}
	v, ok := s.planKeys.Get(tx, env.ScopeOf(ctx).Key(value(plan), *k.Id))
	if !ok {
		return v, notFound("Invalid Usage Plan ID specified")
	}
	v.Name, v.Value = k.Name, k.Value
	return v, nil
}

// GetUsagePlanKey returns a usage plan's key.
func (s *Service) GetUsagePlanKey(ctx context.Context, in *apigateway.GetUsagePlanKeyInput) (*apigateway.GetUsagePlanKeyOutput, error) {
	var v types.UsagePlanKey
	err := s.env.Store.View(func(tx *store.Tx) (err error) {
		v, err = s.planKey(ctx, tx, in.UsagePlanId, in.KeyId)
		return err
	})
	if err != nil {
		return nil, err
	}
	return as[apigateway.GetUsagePlanKeyOutput](v), nil
}

// GetUsagePlanKeys lists a usage plan's keys, or those whose name begins so.
func (s *Service) GetUsagePlanKeys(ctx context.Context, in *apigateway.GetUsagePlanKeysInput) (*apigateway.GetUsagePlanKeysOutput, error) {
	scope := env.ScopeOf(ctx)
	out := &apigateway.GetUsagePlanKeysOutput{}
	err := s.env.Store.View(func(tx *store.Tx) error {
		p, err := s.plan(ctx, tx, in.UsagePlanId)
		if err != nil {
			return err
		}
		out.Items, out.Position, err = page(tx, s.planKeys, scope.Key(*p.Id, ""), in.Limit, in.Position, func(v types.UsagePlanKey) bool {
			k, ok := s.keys.Get(tx, scope.Key(*v.Id))
			return ok && strings.HasPrefix(value(k.Name), value(in.NameQuery))
		})
		for i, v := range out.Items {
			k, _ := s.keys.Get(tx, scope.Key(*v.Id))
			out.Items[i].Name, out.Items[i].Value = k.Name, k.Value
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteUsagePlanKey takes a key out of a usage plan.
func (s *Service) DeleteUsagePlanKey(ctx context.Context, in *apigateway.DeleteUsagePlanKeyInput) (*apigateway.DeleteUsagePlanKeyOutput, error) {
	scope := env.ScopeOf(ctx)
	err := s.env.Store.Update(func(tx *store.Tx) error {
		v, err := s.planKey(ctx, tx, in.UsagePlanId, in.KeyId)
		if err != nil {
			return err
		}
		s.planKeys.Delete(tx, scope.Key(*in.UsagePlanId, *v.Id))
		clearAll(tx, s.used, scope.Key(*in.UsagePlanId, *v.Id, ""))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigateway.DeleteUsagePlanKeyOutput{}, nil
}
