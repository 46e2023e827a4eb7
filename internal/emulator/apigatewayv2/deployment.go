package apigatewayv2

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// deployment is one deployment and what it deployed.
type deployment struct {
	types.Deployment
	Cors         *types.Cors
	Routes       []types.Route
	Integrations map[string]types.Integration // by id
}

// noRoutes is AWS's reason not to deploy an empty API.
const noRoutes = "Unable to deploy API because no routes exist in this API"

// deploy takes a snapshot of the API as a new deployment.
func (s *Service) deploy(tx *store.Tx, apiID string) (deployment, error) {
	a, _ := s.apis.Get(tx, apiID)
	d := deployment{Cors: a.CorsConfiguration, Integrations: map[string]types.Integration{}}
	for _, r := range s.routes.Prefix(tx, key(apiID, "")) {
		d.Routes = append(d.Routes, r)
	}
	if d.Routes == nil {
		return d, badRequest(noRoutes)
	}
	for _, i := range s.integrations.Prefix(tx, key(apiID, "")) {
		d.Integrations[*i.IntegrationId] = i
	}
	id := newID(6)
	for _, taken := s.deployments.Get(tx, key(apiID, id)); taken; _, taken = s.deployments.Get(tx, key(apiID, id)) {
		id = newID(6)
	}
	d.Deployment = types.Deployment{
		AutoDeployed:     ptr(false),
		CreatedDate:      ptr(s.now()),
		DeploymentId:     &id,
		DeploymentStatus: types.DeploymentStatusDeployed,
	}
	return d, nil
}

// autoDeploy points the stages that deploy automatically to a new deployment of
// the API as it is now. An API without routes cannot be deployed: such a stage
// keeps what it has and says why.
func (s *Service) autoDeploy(tx *store.Tx, apiID string) error {
	var stages []types.Stage
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
	for _, k := range keysOf(tx, s.deployments, key(apiID, "")) {
		if d, _ := s.deployments.Get(tx, k); *d.AutoDeployed && !used[*d.DeploymentId] {
			s.dropDeployment(tx, k)
		}
	}
}

func (s *Service) dropDeployment(tx *store.Tx, k string) {
	s.deployments.Delete(tx, k)
	s.served.Delete(k)
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
		return s.putStage(tx, *a.ApiId, st, stageChange{deploymentID: d.DeploymentId})
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.CreateDeploymentOutput](d.Deployment), nil
}

// deployment returns an API's deployment.
func (s *Service) deployment(tx *store.Tx, apiID string, id *string) (deployment, error) {
	d, ok := s.deployments.Get(tx, key(apiID, value(id)))
	if !ok {
		return d, notFound("Deployment", "Invalid Deployment identifier specified")
	}
	return d, nil
}

// GetDeployment returns a deployment.
func (s *Service) GetDeployment(ctx context.Context, in *apigatewayv2.GetDeploymentInput) (*apigatewayv2.GetDeploymentOutput, error) {
	var d deployment
	err := s.view(ctx, in.ApiId, func(tx *store.Tx, a api) (err error) {
		d, err = s.deployment(tx, *a.ApiId, in.DeploymentId)
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
		found, next, err := page(tx, s.deployments, key(*a.ApiId, ""), nil, in.MaxResults, in.NextToken)
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
		if d, err = s.deployment(tx, *a.ApiId, in.DeploymentId); err != nil {
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
		d, err := s.deployment(tx, *a.ApiId, in.DeploymentId)
		if err != nil {
			return err
		}
		for _, st := range s.stages.Prefix(tx, key(*a.ApiId, "")) {
			if value(st.DeploymentId) == *d.DeploymentId {
				return badRequest("Active stages pointing to this deployment must be moved or deleted")
			}
		}
		s.dropDeployment(tx, key(*a.ApiId, *d.DeploymentId))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteDeploymentOutput{}, nil
}
