package apigateway

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// What the operations of UpdateUsagePlan can change.
const (
	stagesPath   = "/apiStages"
	quotaPath    = "/quota"
	throttlePath = "/throttle"

	planPaths    = "/name, /description, /productCode, /quota/limit, /quota/offset, /quota/period, /throttle/rateLimit, /throttle/burstLimit, /apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>/rateLimit, /apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>/burstLimit"
	removedPaths = "/apiStages, /quota, /throttle, /productCode, /apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>, /apiStages/<apidId:stageName>/throttle"
)

// patchPlan carries out one operation. That the stage which it adds is there has been
// checked.
func patchPlan(p *types.UsagePlan, op types.PatchOperation) error {
	path := value(op.Path)
	switch {
	case path == "/productCode", strings.HasPrefix(path, stagesPath+"/") && strings.Contains(path, throttlePath):
		return badRequest("The emulator does not implement the patch path '%s': usage plans limit whole stages", path)
	case op.Op == types.OpAdd && path == stagesPath:
		st := stageOf(value(op.Value))
		if indexOf(p.ApiStages, st) < 0 {
			p.ApiStages = append(slices.Clone(p.ApiStages), st)
		}
		return nil
	case op.Op == types.OpRemove:
		return removeFromPlan(p, op)
	case op.Op == types.OpAdd || op.Op == types.OpReplace:
		return replaceInPlan(p, op)
	}
	return badPath(op, "")
}

func indexOf(stages []types.ApiStage, st types.ApiStage) int {
	return slices.IndexFunc(stages, func(other types.ApiStage) bool { return *other.ApiId == *st.ApiId && *other.Stage == *st.Stage })
}

func removeFromPlan(p *types.UsagePlan, op types.PatchOperation) error {
	switch value(op.Path) {
	case stagesPath:
		i := indexOf(p.ApiStages, stageOf(value(op.Value)))
		if i < 0 {
			return badRequest("Invalid API Stage specified")
		}
		p.ApiStages = slices.Delete(slices.Clone(p.ApiStages), i, i+1)
	case quotaPath:
		p.Quota = nil
	case throttlePath:
		p.Throttle = nil
	default:
		return badPath(op, removedPaths)
	}
	return nil
}

func replaceInPlan(p *types.UsagePlan, op types.PatchOperation) error {
	path, text := value(op.Path), value(op.Value)
	if strings.HasPrefix(path, quotaPath) {
		q := value(p.Quota)
		p.Quota = &q
	}
	if strings.HasPrefix(path, throttlePath) {
		t := value(p.Throttle)
		p.Throttle = &t
	}
	var err error
	switch path {
	case "/name":
		p.Name = &text
	case "/description":
		p.Description = orNil(&text)
	case "/quota/limit":
		p.Quota.Limit, err = whole(text)
	case "/quota/offset":
		p.Quota.Offset, err = whole(text)
	case "/quota/period":
		p.Quota.Period = types.QuotaPeriodType(text)
	case "/throttle/burstLimit":
		p.Throttle.BurstLimit, err = whole(text)
	case "/throttle/rateLimit":
		p.Throttle.RateLimit, err = strconv.ParseFloat(text, 64)
	default:
		return badPath(op, planPaths)
	}
	if err != nil {
		return badRequest("Invalid patch value '%s' specified for path '%s'. Must be a number", text, path)
	}
	return nil
}

func whole(text string) (int32, error) {
	n, err := strconv.ParseInt(text, 10, 32)
	return int32(n), err
}
