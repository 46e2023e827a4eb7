package apigatewayv2

import (
	"context"
	"maps"
	"regexp"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// stage is one stage and what the gateway has to know of it.
type stage struct {
	types.Stage
	Resets int // of the authorizers' cache
}

var stageName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-zA-Z0-9_-]{1,128}$`) })

// newStage is a stage of that name with AWS's defaults.
func (s *Service) newStage(a api, name string) stage {
	now := s.now()
	st := stage{Stage: types.Stage{
		StageName:            &name,
		CreatedDate:          &now,
		LastUpdatedDate:      &now,
		DefaultRouteSettings: &types.RouteSettings{DetailedMetricsEnabled: ptr(false)},
		RouteSettings:        map[string]types.RouteSettings{},
		StageVariables:       map[string]string{},
		Tags:                 map[string]string{},
	}}
	st.DefaultRouteSettings = withDefaults(a, *st.DefaultRouteSettings)
	return st
}

// CreateStage makes a stage.
func (s *Service) CreateStage(ctx context.Context, in *apigatewayv2.CreateStageInput) (*apigatewayv2.CreateStageOutput, error) {
	name := value(in.StageName)
	var st stage
	err := s.update(ctx, in.ApiId, func(tx *store.Tx, a api) (err error) {
		switch {
		case name == gateway.DefaultStage && a.ProtocolType == types.ProtocolTypeHttp:
		case !stageName().MatchString(name):
			return badRequest("Stage name only allows a-zA-Z0-9_-, or $default")
		}
		if _, exists := s.stages.Get(tx, key(*a.ApiId, name)); exists {
			return conflict("Stage already exists")
		}
		st = s.newStage(a, name)
		st.Description = orNil(in.Description)
		st.Tags = nonNil(maps.Clone(in.Tags))
		c := stageChange{in.AccessLogSettings, in.AutoDeploy, in.DeploymentId, in.DefaultRouteSettings, in.RouteSettings, in.StageVariables}
		st, err = s.putStage(tx, a, st, c)
		return err
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.CreateStageOutput](st.Stage), nil
}

// stageChange is what CreateStage and UpdateStage have in common.
type stageChange struct {
	log           *types.AccessLogSettings
	autoDeploy    *bool
	deploymentID  *string
	defaults      *types.RouteSettings
	routeSettings map[string]types.RouteSettings
	variables     map[string]string
}

// putStage stores st with the change, deploys when the stage says so, and returns the
// stage as it is then.
func (s *Service) putStage(tx *store.Tx, a api, st stage, c stageChange) (stage, error) {
	apiID := *a.ApiId
	if c.autoDeploy != nil {
		st.AutoDeploy = c.autoDeploy
	}
	if c.deploymentID != nil {
		if value(st.AutoDeploy) {
			return st, badRequest("Deployment ID cannot be set on a stage that has AutoDeploy enabled")
		}
		if _, err := s.deployments.find(tx, apiID, c.deploymentID); err != nil {
			return st, err
		}
		st.DeploymentId = c.deploymentID
	}
	if c.log != nil {
		log, err := completeLog(*c.log)
		if err != nil {
			return st, err
		}
		st.AccessLogSettings = log
	}
	if err := s.putSettings(tx, a, &st, c); err != nil {
		return st, err
	}
	setMap(&st.StageVariables, c.variables)
	st.LastUpdatedDate = ptr(s.now())
	s.stages.Put(tx, key(apiID, *st.StageName), st)
	if value(c.autoDeploy) {
		if err := s.autoDeploy(tx, apiID); err != nil {
			return st, err
		}
	}
	return s.stage(tx, apiID, st.StageName)
}

// putSettings sets the settings of routes that a change names.
func (s *Service) putSettings(tx *store.Tx, a api, st *stage, c stageChange) error {
	if c.defaults != nil {
		if err := checkSettings(a, *c.defaults); err != nil {
			return err
		}
		st.DefaultRouteSettings = withDefaults(a, *c.defaults)
	}
	st.RouteSettings = maps.Clone(st.RouteSettings)
	for routeKey, settings := range c.routeSettings {
		if err := checkSettings(a, settings); err != nil {
			return err
		}
		if s.routesWith(tx, *a.ApiId, func(r types.Route) bool { return *r.RouteKey == routeKey }) == nil {
			return notFound("Route", "Unable to find Route by key %s within the provided RouteSettings", routeKey)
		}
		st.RouteSettings[routeKey] = *withDefaults(a, settings)
	}
	return nil
}

// completeLog checks where access logs go and what they say. AWS shows the ARN of the
// group without the :* that it may end with.
func completeLog(in types.AccessLogSettings) (*types.AccessLogSettings, error) {
	arn := strings.TrimSuffix(value(in.DestinationArn), ":*")
	switch format := value(in.Format); {
	case strings.HasPrefix(arn, "arn:aws:firehose:"):
		return nil, badRequest("The emulator does not implement the DestinationArn %s: there is no Firehose here; a log group is", arn)
	case !logGroup().MatchString(arn):
		return nil, badRequest("Invalid ARN specified in the request. ARNs must start with \"arn:aws\" and name a log group: %s", arn)
	case strings.Contains(format, "\n"):
		return nil, badRequest("Access log format must be single line")
	case !strings.Contains(format, "$context.requestId") && !strings.Contains(format, "$context.extendedRequestId"):
		return nil, badRequest("CloudWatch Logs access log format must contain at least $context.requestId or $context.extendedRequestId")
	}
	return &types.AccessLogSettings{DestinationArn: &arn, Format: in.Format}, nil
}

// logGroup is the ARN of a group of CloudWatch Logs.
var logGroup = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^arn:aws:logs:[a-z0-9-]+:[0-9]{12}:log-group:([a-zA-Z0-9_/.#-]{1,512})$`)
})

// checkSettings refuses settings that APIs of a protocol do not have, here or at all.
func checkSettings(a api, r types.RouteSettings) error {
	logs := value(r.DataTraceEnabled) || r.LoggingLevel != "" && r.LoggingLevel != types.LoggingLevelOff
	switch {
	case logs && a.ProtocolType == types.ProtocolTypeHttp:
		return badRequest("Execution logs are not supported on protocolType HTTP")
	case logs:
		return badRequest("The emulator does not implement execution logs: LoggingLevel must be OFF and DataTraceEnabled false")
	case value(r.DetailedMetricsEnabled):
		return badRequest("DetailedMetricsEnabled is not emulated")
	case value(r.ThrottlingBurstLimit) < 0 || value(r.ThrottlingRateLimit) < 0:
		return badRequest("Throttling limits must not be negative")
	}
	return nil
}

// withDefaults is r as an API shows it.
func withDefaults(a api, r types.RouteSettings) *types.RouteSettings {
	out := &types.RouteSettings{
		DetailedMetricsEnabled: ptr(false),
		ThrottlingBurstLimit:   r.ThrottlingBurstLimit,
		ThrottlingRateLimit:    r.ThrottlingRateLimit,
	}
	if a.ProtocolType == types.ProtocolTypeWebsocket {
		out.DataTraceEnabled, out.LoggingLevel = ptr(false), types.LoggingLevelOff
	}
	return out
}

// stage returns an API's stage.
func (s *Service) stage(tx *store.Tx, apiID string, name *string) (stage, error) {
	st, ok := s.stages.Get(tx, key(apiID, value(name)))
	if !ok {
		return st, notFound("Stage", "Invalid stage identifier specified")
	}
	return st, nil
}

// GetStage returns a stage.
func (s *Service) GetStage(ctx context.Context, in *apigatewayv2.GetStageInput) (*apigatewayv2.GetStageOutput, error) {
	var st stage
	err := s.view(ctx, in.ApiId, func(tx *store.Tx, a api) (err error) {
		st, err = s.stage(tx, *a.ApiId, in.StageName)
		return err
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.GetStageOutput](st.Stage), nil
}

// GetStages lists an API's stages.
func (s *Service) GetStages(ctx context.Context, in *apigatewayv2.GetStagesInput) (*apigatewayv2.GetStagesOutput, error) {
	found, next, err := listParts(ctx, s, s.stages, in.ApiId, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &apigatewayv2.GetStagesOutput{Items: []types.Stage{}, NextToken: next}
	for _, st := range found {
		out.Items = append(out.Items, st.Stage)
	}
	return out, nil
}

// UpdateStage changes what the input names. Route settings and stage variables
// are added to those that are there.
func (s *Service) UpdateStage(ctx context.Context, in *apigatewayv2.UpdateStageInput) (*apigatewayv2.UpdateStageOutput, error) {
	var st stage
	err := s.update(ctx, in.ApiId, func(tx *store.Tx, a api) (err error) {
		if st, err = s.stage(tx, *a.ApiId, in.StageName); err != nil {
			return err
		}
		setText(&st.Description, in.Description)
		c := stageChange{in.AccessLogSettings, in.AutoDeploy, in.DeploymentId, in.DefaultRouteSettings, in.RouteSettings, in.StageVariables}
		st, err = s.putStage(tx, a, st, c)
		return err
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.UpdateStageOutput](st.Stage), nil
}

// changeStage changes a stage by f.
func (s *Service) changeStage(ctx context.Context, apiID, name *string, f func(st *stage) error) error {
	return s.update(ctx, apiID, func(tx *store.Tx, a api) error {
		st, err := s.stage(tx, *a.ApiId, name)
		if err != nil {
			return err
		}
		if err := f(&st); err != nil {
			return err
		}
		st.LastUpdatedDate = ptr(s.now())
		s.stages.Put(tx, key(*a.ApiId, *st.StageName), st)
		return nil
	})
}

// DeleteRouteSettings removes a stage's settings for one route.
func (s *Service) DeleteRouteSettings(ctx context.Context, in *apigatewayv2.DeleteRouteSettingsInput) (*apigatewayv2.DeleteRouteSettingsOutput, error) {
	err := s.changeStage(ctx, in.ApiId, in.StageName, func(st *stage) error {
		if _, ok := st.RouteSettings[value(in.RouteKey)]; !ok {
			return notFound("RouteSettings", "Unable to find Route by key %s within the provided RouteSettings", value(in.RouteKey))
		}
		st.RouteSettings = maps.Clone(st.RouteSettings)
		delete(st.RouteSettings, *in.RouteKey)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteRouteSettingsOutput{}, nil
}

// DeleteAccessLogSettings makes a stage write no access log.
func (s *Service) DeleteAccessLogSettings(ctx context.Context, in *apigatewayv2.DeleteAccessLogSettingsInput) (*apigatewayv2.DeleteAccessLogSettingsOutput, error) {
	err := s.changeStage(ctx, in.ApiId, in.StageName, func(st *stage) error {
		st.AccessLogSettings = nil
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteAccessLogSettingsOutput{}, nil
}

// DeleteStage removes a stage that no domain name serves.
func (s *Service) DeleteStage(ctx context.Context, in *apigatewayv2.DeleteStageInput) (*apigatewayv2.DeleteStageOutput, error) {
	err := s.update(ctx, in.ApiId, func(tx *store.Tx, a api) error {
		st, err := s.stage(tx, *a.ApiId, in.StageName)
		if err != nil {
			return err
		}
		if s.mapped(tx, *a.ApiId, *st.StageName) {
			return badRequest("Please remove all base path mappings related to the Stage in your account first")
		}
		s.stages.Delete(tx, key(*a.ApiId, *st.StageName))
		s.prune(tx, *a.ApiId)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteStageOutput{}, nil
}
