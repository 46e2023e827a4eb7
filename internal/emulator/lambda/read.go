package lambda

import (
	"context"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/lambda/runtime"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// GetFunction returns a function's configuration, tags, reserved concurrency and an
// address of its package.
func (s *Service) GetFunction(ctx context.Context, in *lambda.GetFunctionInput) (*lambda.GetFunctionOutput, error) {
	n, err := parse(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	t, err := s.find(n)
	if err != nil {
		return nil, err
	}
	f := t.function
	location, err := s.location(t.version.digest())
	if err != nil {
		return nil, err
	}
	out := &lambda.GetFunctionOutput{
		Code:          &types.FunctionCodeLocation{Location: aws.String(location), RepositoryType: aws.String("S3"), SourceKMSKeyArn: t.version.SourceKey},
		Configuration: s.qualified(&t),
	}
	if len(f.Tags) > 0 {
		out.Tags = maps.Clone(f.Tags)
	}
	if f.Reserved != nil && n.qualifier == "" {
		out.Concurrency = &types.Concurrency{ReservedConcurrentExecutions: f.Reserved}
	}
	return out, nil
}

// qualified describes what a name stands for; the ARN has the qualifier of the
// request.
func (s *Service) qualified(t *target) *types.FunctionConfiguration {
	c := t.version.describe(s.env.Clock.Now())
	c.FunctionArn = aws.String(t.qualified())
	return c
}

// GetFunctionConfiguration returns a function's configuration.
func (s *Service) GetFunctionConfiguration(ctx context.Context, in *lambda.GetFunctionConfigurationInput) (*lambda.GetFunctionConfigurationOutput, error) {
	n, err := parse(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	t, err := s.find(n)
	if err != nil {
		return nil, err
	}
	return as[lambda.GetFunctionConfigurationOutput](s.qualified(&t)), nil
}

// ListFunctions returns the functions by name, at most MaxItems (50) at once; with
// FunctionVersion ALL each with all of its versions.
func (s *Service) ListFunctions(ctx context.Context, in *lambda.ListFunctionsInput) (*lambda.ListFunctionsOutput, error) {
	scope := env.ScopeOf(ctx)
	out := &lambda.ListFunctionsOutput{}
	err := s.env.Store.View(func(tx *store.Tx) (err error) {
		var all []types.FunctionConfiguration
		for _, f := range s.functions.Prefix(tx, scope.Key("")) {
			c := f.listed()
			if in.FunctionVersion != types.FunctionVersionAll {
				all = append(all, c)
				continue
			}
			c.FunctionArn = aws.String(*c.FunctionArn + ":" + latest)
			all = append(all, c)
			for _, v := range s.versions.Prefix(tx, scope.Key(*c.FunctionName, "")) {
				all = append(all, v.listed())
			}
		}
		out.Functions, out.NextMarker, err = page(all, in.MaxItems, in.Marker, 50)
		return err
	})
	return out, err
}

// DeleteFunction removes a function with all that belongs to it, or one version;
// the processes end with the invocations that are under way.
func (s *Service) DeleteFunction(ctx context.Context, in *lambda.DeleteFunctionInput) (*lambda.DeleteFunctionOutput, error) {
	n, err := parse(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if n.qualifier == latest {
		return nil, invalid("$LATEST version cannot be deleted without deleting the function.")
	}
	err = s.env.Store.Update(func(tx *store.Tx) error {
		if _, err := s.get(tx, n); err != nil {
			return err
		}
		if n.qualifier != "" {
			return s.unpublish(tx, n)
		}
		s.backlog.forget(tx, n)
		for k := range s.provisions.Prefix(tx, n.aliasKey("")) {
			s.provisions.Delete(tx, k)
		}
		for k := range s.versions.Prefix(tx, n.Key(n.function, "")) {
			s.versions.Delete(tx, k)
		}
		for _, n := range s.callable(tx, n) {
			s.urls.Delete(tx, n.urlID())
		}
		for k := range s.aliases.Prefix(tx, n.aliasKey("")) {
			s.aliases.Delete(tx, k)
		}
		s.functions.Delete(tx, n.key())
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.host.Retire(func(f *runtime.Function) bool {
		return f.ARN == n.arn() && (n.qualifier == "" || n.qualifier == f.Version)
	})
	return &lambda.DeleteFunctionOutput{StatusCode: 204}, nil
}
