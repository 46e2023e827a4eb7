package apigatewayv2

import (
	"context"
	"maps"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

var stageName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,128}$`)

// newStage is a stage of that name with AWS's defaults.
func (s *Service) newStage(name string) types.Stage {
	now := s.now()
	return types.Stage{
		StageName:            &name,
		CreatedDate:          &now,
		LastUpdatedDate:      &now,
		DefaultRouteSettings: &types.RouteSettings{DetailedMetricsEnabled: ptr(false)},
		RouteSettings:        map[string]types.RouteSettings{},
		StageVariables:       map[string]string{},
		Tags:                 map[string]string{},
	}
}

// CreateStage makes a stage.
func (s *Service) CreateStage(ctx context.Context, in *apigatewayv2.CreateStageInput) (*apigatewayv2.CreateStageOutput, error) {
	name := value(in.StageName)
	if name != gateway.DefaultStage && !stageName.MatchString(name) {
		return nil, badRequest("Stage name only allows a-zA-Z0-9_-, or $default")
	}
	st := s.newStage(name)
	st.Description = orNil(in.Description)
	st.Tags = nonNil(maps.Clone(in.Tags))
	var shown types.Stage
	err := s.update(ctx, in.ApiId, func(tx *store.Tx, a api) error {
		if _, exists := s.stages.Get(tx, key(*a.ApiId, name)); exists {
			return conflict("Stage already exists")
		}
		c := stageChange{in.AutoDeploy, in.DeploymentId, in.DefaultRouteSettings, in.RouteSettings, in.StageVariables}
		if err := s.putStage(tx, *a.ApiId, st, c); err != nil {
			return err
		}
		shown, _ = s.stages.Get(tx, key(*a.ApiId, name))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.CreateStageOutput](shown), nil
}

// stageChange is what CreateStage and UpdateStage have in common.
type stageChange struct {
	autoDeploy    *bool
	deploymentID  *string
	defaults      *types.RouteSettings
	routeSettings map[string]types.RouteSettings
	variables     map[string]string
}

// putStage stores st with the change, and deploys when the stage says so.
func (s *Service) putStage(tx *store.Tx, apiID string, st types.Stage, c stageChange) error {
	if c.autoDeploy != nil {
		st.AutoDeploy = c.autoDeploy
	}
	if c.deploymentID != nil {
		if value(st.AutoDeploy) {
			return badRequest("Deployment ID cannot be set on a stage that has AutoDeploy enabled")
		}
		if _, err := s.deployment(tx, apiID, c.deploymentID); err != nil {
			return err
		}
		st.DeploymentId = c.deploymentID
	}
	if c.defaults != nil {
		if err := checkSettings(*c.defaults); err != nil {
			return err
		}
		st.DefaultRouteSettings = withDefaults(*c.defaults)
	}
	st.RouteSettings = maps.Clone(st.RouteSettings)
	for routeKey, settings := range c.routeSettings {
		if err := checkSettings(settings); err != nil {
			return err
		}
		if !s.hasRoute(tx, apiID, routeKey) {
			return notFound("Route", "Unable to find Route by key %s within the provided RouteSettings", routeKey)
		}
		st.RouteSettings[routeKey] = *withDefaults(settings)
	}
	st.StageVariables = maps.Clone(st.StageVariables)
	for name, v := range c.variables {
		// An empty value removes the variable.
		if st.StageVariables[name] = v; v == "" {
			delete(st.StageVariables, name)
		}
	}
	st.LastUpdatedDate = ptr(s.now())
	s.stages.Put(tx, key(apiID, *st.StageName), st)
	if value(c.autoDeploy) {
		return s.autoDeploy(tx, apiID)
	}
	return nil
}

func (s *Service) hasRoute(tx *store.Tx, apiID, routeKey string) bool {
	for _, r := range s.routes.Prefix(tx, key(apiID, "")) {
		if *r.RouteKey == routeKey {
			return true
		}
	}
	return false
}

// checkSettings refuses settings that HTTP APIs do not have, here or at all.
func checkSettings(r types.RouteSettings) error {
	switch {
	case value(r.DataTraceEnabled), r.LoggingLevel != "" && r.LoggingLevel != types.LoggingLevelOff:
		return badRequest("Execution logs are not supported on protocolType HTTP")
	case value(r.DetailedMetricsEnabled):
		return badRequest("DetailedMetricsEnabled is not emulated")
	case value(r.ThrottlingBurstLimit) < 0 || value(r.ThrottlingRateLimit) < 0:
		return badRequest("Throttling limits must not be negative")
	}
	return nil
}

// withDefaults is r as an HTTP API shows it.
func withDefaults(r types.RouteSettings) *types.RouteSettings {
	return &types.RouteSettings{
		DetailedMetricsEnabled: ptr(false),
		ThrottlingBurstLimit:   r.ThrottlingBurstLimit,
		ThrottlingRateLimit:    r.ThrottlingRateLimit,
	}
}

// stage returns an API's stage.
func (s *Service) stage(tx *store.Tx, apiID string, name *string) (types.Stage, error) {
	st, ok := s.stages.Get(tx, key(apiID, value(name)))
	if !ok {
		return st, notFound("Stage", "Invalid stage identifier specified")
	}
	return st, nil
}

// GetStage returns a stage.
func (s *Service) GetStage(ctx context.Context, in *apigatewayv2.GetStageInput) (*apigatewayv2.GetStageOutput, error) {
	var st types.Stage
	err := s.view(ctx, in.ApiId, func(tx *store.Tx, a api) (err error) {
		st, err = s.stage(tx, *a.ApiId, in.StageName)
		return err
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.GetStageOutput](st), nil
}

// GetStages lists an API's stages.
func (s *Service) GetStages(ctx context.Context, in *apigatewayv2.GetStagesInput) (*apigatewayv2.GetStagesOutput, error) {
	out := &apigatewayv2.GetStagesOutput{}
	err := s.view(ctx, in.ApiId, func(tx *store.Tx, a api) (err error) {
		out.Items, out.NextToken, err = page(tx, s.stages, key(*a.ApiId, ""), nil, in.MaxResults, in.NextToken)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateStage changes what the input names. Route settings and stage variables
// are added to those that are there.
func (s *Service) UpdateStage(ctx context.Context, in *apigatewayv2.UpdateStageInput) (*apigatewayv2.UpdateStageOutput, error) {
	var st types.Stage
	err := s.update(ctx, in.ApiId, func(tx *store.Tx, a api) (err error) {
		if st, err = s.stage(tx, *a.ApiId, in.StageName); err != nil {
			return err
		}
		if in.Description != nil {
			st.Description = orNil(in.Description)
		}
		c := stageChange{in.AutoDeploy, in.DeploymentId, in.DefaultRouteSettings, in.RouteSettings, in.StageVariables}
		if err := s.putStage(tx, *a.ApiId, st, c); err != nil {
			return err
		}
		st, err = s.stage(tx, *a.ApiId, in.StageName)
		return err
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.UpdateStageOutput](st), nil
}

// DeleteRouteSettings removes a stage's settings for one route.
func (s *Service) DeleteRouteSettings(ctx context.Context, in *apigatewayv2.DeleteRouteSettingsInput) (*apigatewayv2.DeleteRouteSettingsOutput, error) {
	err := s.update(ctx, in.ApiId, func(tx *store.Tx, a api) error {
		st, err := s.stage(tx, *a.ApiId, in.StageName)
		if err != nil {
			return err
		}
		if _, ok := st.RouteSettings[value(in.RouteKey)]; !ok {
			return notFound("RouteSettings", "Unable to find Route by key %s within the provided RouteSettings", value(in.RouteKey))
		}
		st.RouteSettings = maps.Clone(st.RouteSettings)
		delete(st.RouteSettings, *in.RouteKey)
		st.LastUpdatedDate = ptr(s.now())
		s.stages.Put(tx, key(*a.ApiId, *st.StageName), st)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteRouteSettingsOutput{}, nil
}

// DeleteStage removes a stage.
func (s *Service) DeleteStage(ctx context.Context, in *apigatewayv2.DeleteStageInput) (*apigatewayv2.DeleteStageOutput, error) {
	err := s.update(ctx, in.ApiId, func(tx *store.Tx, a api) error {
		if _, err := s.stage(tx, *a.ApiId, in.StageName); err != nil {
			return err
		}
		s.stages.Delete(tx, key(*a.ApiId, *in.StageName))
		s.prune(tx, *a.ApiId)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteStageOutput{}, nil
}
