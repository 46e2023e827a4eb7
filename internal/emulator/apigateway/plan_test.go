package apigateway

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway"
)

func stage(api, name string) types.ApiStage { return types.ApiStage{ApiId: &api, Stage: &name} }

func TestPlans(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	made := must(r, r.CreateUsagePlan, &apigateway.CreateUsagePlanInput{Name: aws.String("p"), Throttle: &types.ThrottleSettings{BurstLimit: 20, RateLimit: 10}})
	if made.ApiStages == nil || made.Throttle.BurstLimit != 20 || made.Throttle.RateLimit != 10 || made.Quota != nil || made.Tags != nil {
		t.Errorf("got %+v", made)
	}
	type op struct {
		op          types.Op
		path, value string
	}
	in := func(ops ...op) *apigateway.UpdateUsagePlanInput {
		out := &apigateway.UpdateUsagePlanInput{UsagePlanId: made.Id}
		for _, o := range ops {
			out.PatchOperations = append(out.PatchOperations, types.PatchOperation{Op: o.op, Path: &o.path, Value: &o.value})
		}
		return out
	}
	got := must(r, r.UpdateUsagePlan, in(
		op{"add", "/apiStages", "api:dev"}, op{"add", "/apiStages", "api:prod"}, op{"remove", "/apiStages", "api:prod"}, op{"replace", "/name", "q"}, op{"replace", "/description", "d"},
		op{"remove", "/throttle", ""}, op{"add", "/throttle/burstLimit", "5"}, op{"add", "/throttle/rateLimit", "2.5"},
		op{"add", "/quota/limit", "7"}, op{"replace", "/quota/period", "WEEK"}, op{"replace", "/quota/offset", "0"},
	))
	if *got.Name != "q" || *got.Description != "d" || len(got.ApiStages) != 1 || *got.ApiStages[0].Stage != "dev" || got.Throttle.RateLimit != 2.5 || got.Throttle.BurstLimit != 5 || got.Quota.Limit != 7 || got.Quota.Period != "WEEK" {
		t.Errorf("got %+v", got)
	}
	for _, row := range []struct {
		op   op
		code string
		text string
	}{
		{op{"add", "/apiStages", "api:none"}, "NotFoundException", "API Stage not found: api:none"},
		{op{"add", "/apiStages", "api"}, "BadRequestException", "Invalid API Stage specified"},
		{op{"remove", "/apiStages", "api:prod"}, "BadRequestException", "Invalid API Stage specified"},
		{op{"remove", "/apiStages/api:dev", ""}, "BadRequestException", "Invalid patch path  '/apiStages/api:dev' specified for op 'remove'. Must be one of: [/apiStages, /quota, /throttle, /productCode,"},
		{op{"replace", "/apiStages/api:dev/throttle/a/GET/rateLimit", "1"}, "BadRequestException", "does not implement"},
		{op{"replace", "/productCode", "1"}, "BadRequestException", "does not implement"},
		{op{"replace", "/id", "1"}, "BadRequestException", "Invalid patch path  '/id'"},
		{op{"copy", "/name", "1"}, "BadRequestException", "for op 'copy'"},
		{op{"replace", "/quota/limit", "many"}, "BadRequestException", "Must be a number"},
		{op{"replace", "/quota/limit", "-1"}, "BadRequestException", "negative"},
		{op{"replace", "/quota/period", "YEAR"}, "BadRequestException", "[DAY, WEEK, MONTH]"},
		{op{"replace", "/quota/offset", "1"}, "BadRequestException", "does not implement the Offset"},
		{op{"replace", "/throttle/rateLimit", "-1"}, "BadRequestException", "negative"},
		{op{"replace", "/throttle/rateLimit", "NaN"}, "BadRequestException", "must be numbers"},
		{op{"replace", "/throttle/rateLimit", "inf"}, "BadRequestException", "must be numbers"},
	} {
		fails(r, r.UpdateUsagePlan, in(row.op), row.code, row.text)
	}
	if again := must(r, r.GetUsagePlan, &apigateway.GetUsagePlanInput{UsagePlanId: made.Id}); *again.Name != "q" || again.Quota.Limit != 7 || again.Tags == nil {
		t.Errorf("got %+v", again)
	}
	fails(r, r.CreateUsagePlan, &apigateway.CreateUsagePlanInput{Name: aws.String("p"), ApiStages: []types.ApiStage{stage("none", "dev")}}, "NotFoundException", "API Stage not found: none:dev")
	fails(r, r.CreateUsagePlan, &apigateway.CreateUsagePlanInput{Name: aws.String("p"), ApiStages: []types.ApiStage{stage("api", "")}}, "BadRequestException", "Invalid API Stage {api: %s, stage: %s} specified for usageplan %s")
	fails(r, r.DeleteUsagePlan, &apigateway.DeleteUsagePlanInput{UsagePlanId: made.Id}, "BadRequestException", "Cannot delete Usage Plan "+*made.Id+" because there are API Stages associated with it, including api:dev")
	must(r, r.UpdateUsagePlan, in(op{"remove", "/apiStages", "api:dev"}, op{"remove", "/quota", ""}))
	must(r, r.DeleteUsagePlan, &apigateway.DeleteUsagePlanInput{UsagePlanId: made.Id})
	fails(r, r.GetUsagePlan, &apigateway.GetUsagePlanInput{UsagePlanId: made.Id}, "NotFoundException", "Invalid Usage Plan ID specified")
}

func TestPlanKeys(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	k := must(r, r.CreateApiKey, &apigateway.CreateApiKeyInput{Name: aws.String("k"), Enabled: true})
	p := must(r, r.CreateUsagePlan, &apigateway.CreateUsagePlanInput{Name: aws.String("p"), ApiStages: []types.ApiStage{stage("api", "dev")}})
	same := must(r, r.CreateUsagePlan, &apigateway.CreateUsagePlanInput{Name: aws.String("same"), ApiStages: []types.ApiStage{stage("api", "dev")}})
	put := func(plan *string, kind string) *apigateway.CreateUsagePlanKeyInput {
		return &apigateway.CreateUsagePlanKeyInput{UsagePlanId: plan, KeyId: k.Id, KeyType: &kind}
	}
	if got := must(r, r.CreateUsagePlanKey, put(p.Id, "API_KEY")); *got.Id != *k.Id || *got.Value != *k.Value || *got.Name != "k" || *got.Type != "API_KEY" {
		t.Errorf("got %+v", got)
	}
	fails(r, r.CreateUsagePlanKey, put(p.Id, "API_KEY"), "ConflictException", "already")
	fails(r, r.CreateUsagePlanKey, put(same.Id, "API_KEY"), "ConflictException", "Usage Plan "+*same.Id+" cannot be added because API Key "+*k.Id+" cannot reference multiple Usage Plans with the same API Stage")
	later := must(r, r.CreateUsagePlan, &apigateway.CreateUsagePlanInput{Name: aws.String("later")})
	must(r, r.CreateUsagePlanKey, put(later.Id, "API_KEY"))
	add := func(st string) *apigateway.UpdateUsagePlanInput {
		return &apigateway.UpdateUsagePlanInput{UsagePlanId: later.Id, PatchOperations: []types.PatchOperation{{Op: types.OpAdd, Path: aws.String("/apiStages"), Value: &st}}}
	}
	fails(r, r.UpdateUsagePlan, add("api:dev"), "ConflictException", "cannot reference multiple Usage Plans with the same API Stage")
	must(r, r.UpdateUsagePlan, add("api:prod"))
	must(r, r.DeleteUsagePlanKey, &apigateway.DeleteUsagePlanKeyInput{UsagePlanId: later.Id, KeyId: k.Id})
	fails(r, r.CreateUsagePlanKey, put(same.Id, "OTHER"), "BadRequestException", "API_KEY")
	fails(r, r.CreateUsagePlanKey, put(aws.String("none"), "API_KEY"), "NotFoundException", "Invalid Usage Plan ID specified")
	if got := must(r, r.GetUsagePlanKeys, &apigateway.GetUsagePlanKeysInput{UsagePlanId: p.Id, NameQuery: aws.String("k")}); len(got.Items) != 1 || *got.Items[0].Value != *k.Value {
		t.Errorf("got %+v", got)
	}
	if got := must(r, r.GetUsagePlanKeys, &apigateway.GetUsagePlanKeysInput{UsagePlanId: p.Id, NameQuery: aws.String("x")}); len(got.Items) != 0 {
		t.Errorf("got %+v", got)
	}
	if got := must(r, r.GetUsagePlans, &apigateway.GetUsagePlansInput{KeyId: k.Id}); len(got.Items) != 1 || *got.Items[0].Id != *p.Id {
		t.Errorf("got %+v", got)
	}
	if got := must(r, r.GetUsagePlanKey, &apigateway.GetUsagePlanKeyInput{UsagePlanId: p.Id, KeyId: k.Id}); *got.Name != "k" {
		t.Errorf("got %+v", got)
	}
	fails(r, r.GetUsagePlanKey, &apigateway.GetUsagePlanKeyInput{UsagePlanId: same.Id, KeyId: k.Id}, "NotFoundException", "Invalid Usage Plan ID specified")
	fails(r, r.GetUsagePlanKey, &apigateway.GetUsagePlanKeyInput{UsagePlanId: p.Id, KeyId: aws.String("x")}, "NotFoundException", "Invalid API Key identifier specified")
	must(r, r.DeleteUsagePlanKey, &apigateway.DeleteUsagePlanKeyInput{UsagePlanId: p.Id, KeyId: k.Id})
	fails(r, r.DeleteUsagePlanKey, &apigateway.DeleteUsagePlanKeyInput{UsagePlanId: p.Id, KeyId: k.Id}, "NotFoundException", "")
	must(r, r.CreateUsagePlanKey, put(same.Id, "API_KEY"))
	must(r, r.DeleteApiKey, &apigateway.DeleteApiKeyInput{ApiKey: k.Id})
	if got := must(r, r.GetUsagePlanKeys, &apigateway.GetUsagePlanKeysInput{UsagePlanId: same.Id}); len(got.Items) != 0 {
		t.Errorf("of a deleted key: got %+v", got)
	}
}

func TestUse(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	k := must(r, r.CreateApiKey, &apigateway.CreateApiKeyInput{Enabled: true})
	p := must(r, r.CreateUsagePlan, &apigateway.CreateUsagePlanInput{
		Name: aws.String("p"), ApiStages: []types.ApiStage{stage("api", "dev")}, Throttle: &types.ThrottleSettings{BurstLimit: 3, RateLimit: 2},
		Quota: &types.QuotaSettings{Limit: 2, Period: types.QuotaPeriodTypeWeek},
	})
	if _, ok := r.Key(r.ctx, "api", "dev", *k.Value); ok {
		t.Error("a key without a plan is taken")
	}
	must(r, r.CreateUsagePlanKey, &apigateway.CreateUsagePlanKeyInput{UsagePlanId: p.Id, KeyId: k.Id, KeyType: aws.String("API_KEY")})
	got, ok := r.Key(r.ctx, "api", "dev", *k.Value)
	want := gateway.Key{ID: *k.Id, Value: *k.Value, Plan: *p.Id, Limit: &gateway.Limit{Burst: 3, Rate: 2}}
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		t.Errorf("got %v (-want +got)\n%s", ok, diff)
	}
	for _, row := range [][3]string{{"api", "prod", *k.Value}, {"other", "dev", *k.Value}, {"api", "dev", "none"}} {
		if _, ok := r.Key(r.ctx, row[0], row[1], row[2]); ok {
			t.Errorf("%v is taken", row)
		}
	}
	count := func(want bool) {
		t.Helper()
		if ok, err := r.Count(r.ctx, got); err != nil || ok != want {
			t.Errorf("%s: got %v, %v, want %v", r.clock.Now(), ok, err, want)
		}
	}
	count(true)
	count(true)
	count(false)                    // on Saturday
	r.clock.Advance(24 * time.Hour) // a week begins on Sunday
	count(true)
	usage := must(r, r.GetUsage, &apigateway.GetUsageInput{UsagePlanId: p.Id, StartDate: aws.String("2026-01-30"), EndDate: aws.String("2026-02-01")})
	if diff := cmp.Diff(map[string][][]int64{*k.Id: {{0, 2}, {2, 0}, {1, 1}}}, usage.Items); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	fails(r, r.GetUsage, &apigateway.GetUsageInput{UsagePlanId: p.Id, StartDate: aws.String("x"), EndDate: aws.String("2026-02-01")}, "BadRequestException", "YYYY-MM-DD")
	fails(r, r.GetUsage, &apigateway.GetUsageInput{UsagePlanId: p.Id, StartDate: aws.String("2026-02-02"), EndDate: aws.String("2026-02-01")}, "BadRequestException", "after the last")
	must(r, r.UpdateUsagePlan, &apigateway.UpdateUsagePlanInput{UsagePlanId: p.Id, PatchOperations: []types.PatchOperation{{Op: "replace", Path: aws.String("/quota/period"), Value: aws.String("MONTH")}}})
	count(true) // one of February's
	count(false)
	must(r, r.UpdateUsagePlan, &apigateway.UpdateUsagePlanInput{UsagePlanId: p.Id, PatchOperations: []types.PatchOperation{{Op: "remove", Path: aws.String("/quota")}}})
	count(true)
	must(r, r.UpdateApiKey, &apigateway.UpdateApiKeyInput{ApiKey: k.Id, PatchOperations: []types.PatchOperation{{Op: "replace", Path: aws.String("/enabled"), Value: aws.String("false")}}})
	if _, ok := r.Key(r.ctx, "api", "dev", *k.Value); ok {
		t.Error("a disabled key is taken")
	}
}
