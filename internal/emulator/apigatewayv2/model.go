package apigatewayv2

import (
	"context"
	"encoding/json"
	"regexp"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

var modelName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-zA-Z0-9]+$`) })

// CreateModel makes a model: a JSON schema with a name.
func (s *Service) CreateModel(ctx context.Context, in *apigatewayv2.CreateModelInput) (*apigatewayv2.CreateModelOutput, error) {
	v := types.Model{ContentType: ptr(or(in.ContentType, "application/json")), Description: orNil(in.Description), Name: in.Name, Schema: in.Schema}
	err := s.change(ctx, in.ApiId, func(tx *store.Tx, a api) error {
		v.ModelId = s.models.fresh(tx, *a.ApiId, 6)
		return s.putModel(tx, a, v)
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.CreateModelOutput](v), nil
}

// putModel checks v, whose name must be its own, and stores it.
func (s *Service) putModel(tx *store.Tx, a api, v types.Model) error {
	if err := onlyWebSocket(a, "Models"); err != nil {
		return err
	}
	if !modelName().MatchString(value(v.Name)) {
		return badRequest("Model name must be alphanumeric: %s", value(v.Name))
	}
	var schema map[string]any
	if err := json.Unmarshal([]byte(value(v.Schema)), &schema); err != nil {
		return badRequest("Invalid model schema specified. Unable to parse json: %s", err)
	}
	for _, other := range s.models.Prefix(tx, key(*a.ApiId, "")) {
		if *other.Name == *v.Name && *other.ModelId != *v.ModelId {
			return conflict("Model with name %s already exists for this API", *v.Name)
		}
	}
	s.models.Put(tx, key(*a.ApiId, *v.ModelId), v)
	return nil
}

// checkModels refuses models, by content type or key, that an API does not have.
func (s *Service) checkModels(tx *store.Tx, apiID string, names map[string]string) error {
	known := map[string]bool{}
	for _, m := range s.models.Prefix(tx, key(apiID, "")) {
		known[*m.Name] = true
	}
	for _, name := range names {
		if !known[name] {
			return badRequest("Invalid model specified: %s", name)
		}
	}
	return nil
}

// GetModel returns a model.
func (s *Service) GetModel(ctx context.Context, in *apigatewayv2.GetModelInput) (*apigatewayv2.GetModelOutput, error) {
	return getPart[apigatewayv2.GetModelOutput](ctx, s, s.models, in.ApiId, in.ModelId)
}

// GetModels lists an API's models.
func (s *Service) GetModels(ctx context.Context, in *apigatewayv2.GetModelsInput) (*apigatewayv2.GetModelsOutput, error) {
	items, next, err := listParts(ctx, s, s.models, in.ApiId, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.GetModelsOutput{Items: items, NextToken: next}, nil
}

// UpdateModel changes what the input names.
func (s *Service) UpdateModel(ctx context.Context, in *apigatewayv2.UpdateModelInput) (*apigatewayv2.UpdateModelOutput, error) {
	return changePart[apigatewayv2.UpdateModelOutput](ctx, s, s.models, in.ApiId, in.ModelId, func(tx *store.Tx, a api, v *types.Model) error {
		set(&v.ContentType, in.ContentType)
		setText(&v.Description, in.Description)
		set(&v.Name, in.Name)
		set(&v.Schema, in.Schema)
		return s.putModel(tx, a, *v)
	})
}

// DeleteModel removes a model.
func (s *Service) DeleteModel(ctx context.Context, in *apigatewayv2.DeleteModelInput) (*apigatewayv2.DeleteModelOutput, error) {
	err := s.change(ctx, in.ApiId, func(tx *store.Tx, a api) error {
		v, err := s.models.find(tx, *a.ApiId, in.ModelId)
		if err != nil {
			return err
		}
		s.models.Delete(tx, key(*a.ApiId, *v.ModelId))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteModelOutput{}, nil
}
