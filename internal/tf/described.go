package tf

import (
	"context"
	"sync"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// Described keeps what a provider says of its types, which is the same for all of
// its instances: to say it takes longer than most plans do. An engine that runs the
// provider in its own process has an instance for each plan and apply.
type Described struct {
	mu         sync.Mutex
	schemas    *tfprotov6.GetProviderSchemaResponse
	identities *tfprotov6.GetResourceIdentitySchemasResponse
}

// GetProviderSchema implements the interface. Nobody may change the answer.
func (s *shortcut) GetProviderSchema(ctx context.Context, req *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	if s.said == nil {
		return s.describe(ctx, req)
	}
	s.said.mu.Lock()
	defer s.said.mu.Unlock()
	var err error
	if s.said.schemas == nil {
		s.said.schemas, err = s.describe(ctx, req)
	}
	return s.said.schemas, err
}

// describe adds what the framework can do and does not tell.
func (s *shortcut) describe(ctx context.Context, req *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	resp, err := s.Server.GetProviderSchema(ctx, req)
	if err == nil && resp.ServerCapabilities != nil {
		resp.ServerCapabilities.GenerateResourceConfig = true
	}
	return resp, err
}

// GetResourceIdentitySchemas implements the interface. Nobody may change the answer.
func (s *shortcut) GetResourceIdentitySchemas(ctx context.Context, req *tfprotov6.GetResourceIdentitySchemasRequest) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	if s.said == nil {
		return s.Server.GetResourceIdentitySchemas(ctx, req)
	}
	s.said.mu.Lock()
	defer s.said.mu.Unlock()
	var err error
	if s.said.identities == nil {
		s.said.identities, err = s.Server.GetResourceIdentitySchemas(ctx, req)
	}
	return s.said.identities, err
}
