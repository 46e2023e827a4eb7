package apigateway

import (
	"context"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// How long a key's name and its value may be, in characters.
const (
	maxName  = 1024
	minValue = 20
	maxValue = 128
	newValue = 40 // of a value that is made here
)

// CreateApiKey makes an API key, with a random value unless one is given.
func (s *Service) CreateApiKey(ctx context.Context, in *apigateway.CreateApiKeyInput) (*apigateway.CreateApiKeyOutput, error) { //nolint:revive // AWS spells it so
	scope := env.ScopeOf(ctx)
	k := types.ApiKey{
		CreatedDate:     s.now(),
		CustomerId:      orNil(in.CustomerId),
		Description:     orNil(in.Description),
		Enabled:         in.Enabled,
		LastUpdatedDate: s.now(),
		Name:            orNil(in.Name),
		StageKeys:       []string{},
		Tags:            in.Tags,
		Value:           in.Value,
	}
	switch {
	case value(k.Value) == "":
		k.Value = random(alphabet, newValue)
	case len(*k.Value) < minValue:
		return nil, badRequest("API Key value should be at least %d characters", minValue)
	case len(*k.Value) > maxValue:
		return nil, badRequest("API Key value should be at most %d characters", maxValue)
	}
	if err := checkName(k); err != nil {
		return nil, err
	}
	err := s.env.Store.Update(func(tx *store.Tx) error {
		if _, taken := s.keyWith(tx, scope, *k.Value); taken {
			return conflict("API Key already exists")
		}
		for taken := true; taken; _, taken = s.keys.Get(tx, scope.Key(*k.Id)) {
			k.Id = random(lower, 10)
		}
		s.keys.Put(tx, scope.Key(*k.Id), k)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return as[apigateway.CreateApiKeyOutput](k), nil
}

func checkName(k types.ApiKey) error {
	if len(value(k.Name)) > maxName {
		return badRequest("Invalid API Key name, can be at most %d characters.", maxName)
	}
	return nil
}

// keyWith returns the key of that value.
func (s *Service) keyWith(tx *store.Tx, scope env.Scope, text string) (types.ApiKey, bool) {
	for _, k := range s.keys.Prefix(tx, scope.Key("")) {
		if *k.Value == text {
			return k, true
		}
	}
	return types.ApiKey{}, false
}

// key returns the key of that id in the context's scope.
func (s *Service) key(ctx context.Context, tx *store.Tx, id *string) (types.ApiKey, error) {
	k, ok := s.keys.Get(tx, env.ScopeOf(ctx).Key(value(id)))
	if !ok {
		return k, notFound("Invalid API Key identifier specified")
	}
	return k, nil
}

// shown is a key as it is shown after it was made.
func shown(k types.ApiKey, withValue bool) types.ApiKey {
	if !withValue {
		k.Value = nil
	}
	if k.Tags == nil {
		k.Tags = map[string]string{}
	}
	return k
}

// GetApiKey returns a key; with its value only where that is asked for.
func (s *Service) GetApiKey(ctx context.Context, in *apigateway.GetApiKeyInput) (*apigateway.GetApiKeyOutput, error) { //nolint:revive // AWS spells it so
	var k types.ApiKey
	err := s.env.Store.View(func(tx *store.Tx) (err error) {
		k, err = s.key(ctx, tx, in.ApiKey)
		return err
	})
	if err != nil {
		return nil, err
	}
	return as[apigateway.GetApiKeyOutput](shown(k, value(in.IncludeValue))), nil
}

// GetApiKeys lists keys, of one customer or whose name begins so.
func (s *Service) GetApiKeys(ctx context.Context, in *apigateway.GetApiKeysInput) (*apigateway.GetApiKeysOutput, error) { //nolint:revive // AWS spells it so
	out := &apigateway.GetApiKeysOutput{}
	err := s.env.Store.View(func(tx *store.Tx) (err error) {
		out.Items, out.Position, err = page(tx, s.keys, env.ScopeOf(ctx).Key(""), in.Limit, in.Position, func(k types.ApiKey) bool {
			return (in.CustomerId == nil || value(k.CustomerId) == *in.CustomerId) && strings.HasPrefix(value(k.Name), value(in.NameQuery))
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	for i, k := range out.Items {
		out.Items[i] = shown(k, value(in.IncludeValues))
	}
	return out, nil
}

// UpdateApiKey changes what the operations name.
func (s *Service) UpdateApiKey(ctx context.Context, in *apigateway.UpdateApiKeyInput) (*apigateway.UpdateApiKeyOutput, error) { //nolint:revive // AWS spells it so
	var k types.ApiKey
	err := s.env.Store.Update(func(tx *store.Tx) (err error) {
		if k, err = s.key(ctx, tx, in.ApiKey); err != nil {
			return err
		}
		for _, p := range in.PatchOperations {
			if err := patchKey(&k, p); err != nil {
				return err
			}
		}
		if err := checkName(k); err != nil {
			return err
		}
		k.LastUpdatedDate = s.now()
		s.keys.Put(tx, env.ScopeOf(ctx).Key(*k.Id), k)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return as[apigateway.UpdateApiKeyOutput](shown(k, false)), nil
}

// keyPaths are what can be replaced of a key.
const keyPaths = "/description, /enabled, /name, /customerId"

func patchKey(k *types.ApiKey, p types.PatchOperation) error {
	path := value(p.Path)
	if p.Op != types.OpReplace {
		return badPath(p, "")
	}
	switch path {
	case "/description":
		k.Description = orNil(p.Value)
	case "/name":
		k.Name = orNil(p.Value)
	case "/customerId":
		k.CustomerId = orNil(p.Value)
	case "/enabled":
		on, err := strconv.ParseBool(strings.ToLower(value(p.Value)))
		if err != nil {
			return badRequest("Invalid patch value '%s' specified for path '%s'. Must be true or false", value(p.Value), path)
		}
		k.Enabled = on
	default:
		return badPath(p, keyPaths)
	}
	return nil
}

// badPath is AWS's error for an operation on what cannot be changed so.
func badPath(p types.PatchOperation, allowed string) error {
	return badRequest("Invalid patch path  '%s' specified for op '%s'. Must be one of: [%s]", value(p.Path), p.Op, allowed)
}

// DeleteApiKey removes a key, also from the usage plans that it is in.
func (s *Service) DeleteApiKey(ctx context.Context, in *apigateway.DeleteApiKeyInput) (*apigateway.DeleteApiKeyOutput, error) { //nolint:revive // AWS spells it so
	scope := env.ScopeOf(ctx)
	err := s.env.Store.Update(func(tx *store.Tx) error {
		k, err := s.key(ctx, tx, in.ApiKey)
		if err != nil {
			return err
		}
		for _, p := range s.plansOf(tx, scope, *k.Id) {
			s.planKeys.Delete(tx, scope.Key(*p.Id, *k.Id))
			clearAll(tx, s.used, scope.Key(*p.Id, *k.Id, ""))
		}
		s.keys.Delete(tx, scope.Key(*k.Id))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigateway.DeleteApiKeyOutput{}, nil
}
