package apigateway

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// Key returns the API key of that value, if it is enabled and a usage plan lets it call
// the API's stage. It implements [gateway.Keys].
func (s *Service) Key(ctx context.Context, api, stage, text string) (found gateway.Key, ok bool) {
	scope := env.ScopeOf(ctx)
	_ = s.env.Store.View(func(tx *store.Tx) error { // the function below never fails
		k, known := s.keyWith(tx, scope, text)
		if !known || !k.Enabled {
			return nil
		}
		for _, p := range s.plansOf(tx, scope, *k.Id) {
			if indexOf(p.ApiStages, types.ApiStage{ApiId: &api, Stage: &stage}) < 0 {
				continue
			}
			ok, found = true, gateway.Key{ID: *k.Id, Value: text, Plan: *p.Id}
			if t := p.Throttle; t != nil {
				found.Limit = &gateway.Limit{Burst: t.BurstLimit, Rate: t.RateLimit}
			}
			return nil
		}
		return nil
	})
	return found, ok
}

// Count counts a call with a key against the quota of its usage plan; ok is false where
// none is left. It implements [gateway.Keys].
func (s *Service) Count(ctx context.Context, k gateway.Key) (ok bool, err error) {
	scope := env.ScopeOf(ctx)
	err = s.env.Store.Update(func(tx *store.Tx) error {
		p, there := s.plans.Get(tx, scope.Key(k.Plan))
		if ok = there; !there || p.Quota == nil {
			return nil
		}
		today := s.env.Clock.Now().UTC()
		if s.usedIn(tx, scope, k.Plan, k.ID, began(p.Quota.Period, today), today) >= int(p.Quota.Limit) {
			ok = false
			return nil
		}
		day := scope.Key(k.Plan, k.ID, today.Format(time.DateOnly))
		n, _ := s.used.Get(tx, day)
		s.used.Put(tx, day, n+1)
		return nil
	})
	return ok, err
}

// began is the day on which the period of a quota began; a week begins on Sunday.
func began(period types.QuotaPeriodType, day time.Time) time.Time {
	switch period {
	case types.QuotaPeriodTypeWeek:
		return day.AddDate(0, 0, -int(day.Weekday()))
	case types.QuotaPeriodTypeMonth:
		return day.AddDate(0, 0, 1-day.Day())
	}
	return day
}

// usedIn counts the calls of the days from one to another.
func (s *Service) usedIn(tx *store.Tx, scope env.Scope, plan, key string, from, to time.Time) (n int) {
	for day := from; !day.After(to); day = day.AddDate(0, 0, 1) {
		calls, _ := s.used.Get(tx, scope.Key(plan, key, day.Format(time.DateOnly)))
		n += calls
	}
	return n
}

// maxDays is how many days GetUsage shows.
const maxDays = 90

// GetUsage tells, of each key of a usage plan with a quota and of each day, the calls that
// were made and those that were left.
func (s *Service) GetUsage(ctx context.Context, in *apigateway.GetUsageInput) (*apigateway.GetUsageOutput, error) {
	scope := env.ScopeOf(ctx)
	from, err := time.Parse(time.DateOnly, value(in.StartDate))
	to, also := time.Parse(time.DateOnly, value(in.EndDate))
	switch {
	case err != nil || also != nil:
		return nil, badRequest("Usage dates must have the form YYYY-MM-DD")
	case to.Before(from) || to.Sub(from) > maxDays*24*time.Hour:
		return nil, badRequest("Usage can be shown of at most %d days, the first of which must not be after the last", maxDays)
	}
	out := &apigateway.GetUsageOutput{EndDate: in.EndDate, Items: map[string][][]int64{}, StartDate: in.StartDate, UsagePlanId: in.UsagePlanId}
	err = s.env.Store.View(func(tx *store.Tx) error {
		p, err := s.plan(ctx, tx, in.UsagePlanId)
		if err != nil || p.Quota == nil {
			return err
		}
		var keys []types.UsagePlanKey
		keys, out.Position, err = page(tx, s.planKeys, scope.Key(*p.Id, ""), in.Limit, in.Position, func(v types.UsagePlanKey) bool {
			return in.KeyId == nil || *v.Id == *in.KeyId
		})
		for _, k := range keys {
			for day := from; !day.After(to); day = day.AddDate(0, 0, 1) {
				left := int(p.Quota.Limit) - s.usedIn(tx, scope, *p.Id, *k.Id, began(p.Quota.Period, day), day)
				out.Items[*k.Id] = append(out.Items[*k.Id], []int64{int64(s.usedIn(tx, scope, *p.Id, *k.Id, day, day)), int64(max(left, 0))})
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
