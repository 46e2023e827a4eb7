package apigatewayv2

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// deployment is one deployment and what it deployed. It never changes but for what it
// is called.
type deployment struct {
	types.Deployment
	Cors                 *types.Cors
	APIKeySelection      string
	RouteSelection       string
	Routes               []types.Route
	Integrations         map[string]types.Integration // by id
	Authorizers          map[string]types.Authorizer  // by id
	IntegrationResponses map[string][]types.IntegrationResponse
	RoutesWithResponses  map[string]bool // by id
}

// noRoutes is AWS's reason not to deploy an empty API.
const noRoutes = "Unable to deploy API because no routes exist in this API"

// deploy takes a snapshot of the API as a new deployment.
func (s *Service) deploy(tx *store.Tx, apiID string) (deployment, error) {
	a, _ := s.apis.Get(tx, apiID)
	d := deployment{
		Cors:            a.CorsConfiguration,
		APIKeySelection: *a.ApiKeySelectionExpression,
		RouteSelection:  *a.RouteSelectionExpression,
		Routes:          s.routes.all(tx, apiID),
		Integrations:    map[string]types.Integration{},
	}
	if d.Routes == nil {
		return d, badRequest(noRoutes)
	}
	for _, i := range s.integrations.Prefix(tx, key(apiID, "")) {
		d.Integrations[*i.IntegrationId] = i
		if all := s.integrationResponses.all(tx, key(apiID, *i.IntegrationId)); all != nil {
			if d.IntegrationResponses == nil {
				d.IntegrationResponses = map[string][]types.IntegrationResponse{}
			}
			d.IntegrationResponses[*i.IntegrationId] = all
		}
	}
	for _, v := range s.authorizers.Prefix(tx, key(apiID, "")) {
		if d.Authorizers == nil {
			d.Authorizers = map[string]types.Authorizer{}
		}
		d.Authorizers[*v.AuthorizerId] = v
	}
	if a.ProtocolType == types.ProtocolTypeWebsocket {
		d.RoutesWithResponses = map[string]bool{}
		for _, r := range d.Routes {
			d.RoutesWithResponses[*r.RouteId] = s.routeResponses.all(tx, key(apiID, *r.RouteId)) != nil
		}
	}
	d.Deployment = types.Deployment{
		AutoDeployed:     ptr(false),
		CreatedDate:      ptr(s.now()),
		DeploymentId:     s.deployments.fresh(tx, apiID, 6),
		DeploymentStatus: types.DeploymentStatusDeployed,
	}
	return d, nil
}

// autoDeploy points the stages that deploy automatically to a new deployment of
// the API as it is now. An API without routes cannot be deployed: such a stage
// keeps what it has and says why.
func (s *Service) autoDeploy(tx *store.Tx, apiID string) error {
	var stages []stage
	for _, st := range s.stages.Prefix(tx, key(apiID, "")) {
		if value(st.AutoDeploy) {
			stages = append(stages, st)
		}
	}
	if stages == nil {
		return nil
	}
	d, err := s.deploy(tx, apiID)
	if err == nil {
		d.AutoDeployed = ptr(true)
		s.deployments.Put(tx, key(apiID, *d.DeploymentId), d)
	}
	for _, st := range stages {
		st.LastDeploymentStatusMessage = ptr("Deployment attempt failed: " + noRoutes)
		if err == nil {
			st.DeploymentId = d.DeploymentId
			st.LastDeploymentStatusMessage = ptr(fmt.Sprintf("Successfully deployed stage with deployment ID '%s'", *d.DeploymentId))
		}
		st.LastUpdatedDate = ptr(s.now())
		s.stages.Put(tx, key(apiID, *st.StageName), st)
	}
	s.prune(tx, apiID)
	return nil
}

// prune drops automatic deployments that no stage has, so that an API does not
// grow with each change.
func (s *Service) prune(tx *store.Tx, apiID string) {
	used := map[string]bool{}
	for _, st := range s.stages.Prefix(tx, key(apiID, "")) {
		used[value(st.DeploymentId)] = true
	}
	for _, d := range s.deployments.all(tx, apiID) {
		if *d.AutoDeployed && !used[*d.DeploymentId] {
			s.deployments.Delete(tx, key(apiID, *d.DeploymentId))
		}
	}
}

// CreateDeployment deploys the API as it is now, to a stage if one is named.
func (s *Service) CreateDeployment(ctx context.Context, in *apigatewayv2.CreateDeploymentInput) (*apigatewayv2.CreateDeploymentOutput, error) {
	var d deployment
	err := s.update(ctx, in.ApiId, func(tx *store.Tx, a api) (err error) {
		if d, err = s.deploy(tx, *a.ApiId); err != nil {
			return err
		}
		d.Description = orNil(in.Description)
		s.deployments.Put(tx, key(*a.ApiId, *d.DeploymentId), d)
		if in.StageName == nil {
			return nil
		}
		st, err := s.stage(tx, *a.ApiId, in.StageName)
		if err != nil {
			return err
		}
		_, err = s.putStage(tx, a, st, stageChange{deploymentID: d.DeploymentId})
		return err
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.CreateDeploymentOutput](d.Deployment), nil
}

// GetDeployment returns a deployment.
func (s *Service) GetDeployment(ctx context.Context, in *apigatewayv2.GetDeploymentInput) (*apigatewayv2.GetDeploymentOutput, error) {
	var d deployment
	err := s.view(ctx, in.ApiId, func(tx *store.Tx, a api) (err error) {
		d, err = s.deployments.find(tx, *a.ApiId, in.DeploymentId)
		return err
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.GetDeploymentOutput](d.Deployment), nil
}

// GetDeployments lists an API's deployments.
func (s *Service) GetDeployments(ctx context.Context, in *apigatewayv2.GetDeploymentsInput) (*apigatewayv2.GetDeploymentsOutput, error) {
	out := &apigatewayv2.GetDeploymentsOutput{Items: []types.Deployment{}}
	err := s.view(ctx, in.ApiId, func(tx *store.Tx, a api) error {
		found, next, err := page(tx, s.deployments.Set, key(*a.ApiId, ""), nil, in.MaxResults, in.NextToken)
		for _, d := range found {
			out.Items = append(out.Items, d.Deployment)
		}
		out.NextToken = next
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateDeployment changes a deployment's description.
func (s *Service) UpdateDeployment(ctx context.Context, in *apigatewayv2.UpdateDeploymentInput) (*apigatewayv2.UpdateDeploymentOutput, error) {
	var d deployment
	err := s.update(ctx, in.ApiId, func(tx *store.Tx, a api) (err error) {
		if d, err = s.deployments.find(tx, *a.ApiId, in.DeploymentId); err != nil {
			return err
		}
		if in.Description != nil {
			d.Description = orNil(in.Description)
		}
		s.deployments.Put(tx, key(*a.ApiId, *d.DeploymentId), d)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.UpdateDeploymentOutput](d.Deployment), nil
}

// DeleteDeployment removes a deployment that no stage has.
func (s *Service) DeleteDeployment(ctx context.Context, in *apigatewayv2.DeleteDeploymentInput) (*apigatewayv2.DeleteDeploymentOutput, error) {
	err := s.update(ctx, in.ApiId, func(tx *store.Tx, a api) error {
		d, err := s.deployments.find(tx, *a.ApiId, in.DeploymentId)
		if err != nil {
			return err
		}
		for _, st := range s.stages.Prefix(tx, key(*a.ApiId, "")) {
			if value(st.DeploymentId) == *d.DeploymentId {
				return badRequest("Active stages pointing to this deployment must be moved or deleted")
			}
		}
		s.deployments.Delete(tx, key(*a.ApiId, *d.DeploymentId))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteDeploymentOutput{}, nil
}
