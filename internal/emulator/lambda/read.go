package lambda

import (
	"context"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// GetFunction returns a function's configuration, tags, reserved concurrency and an
// address of its package.
func (s *Service) GetFunction(ctx context.Context, in *lambda.GetFunctionInput) (*lambda.GetFunctionOutput, error) {
	n, err := parse(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	f, err := s.view(n)
	if err != nil {
		return nil, err
	}
	location, err := s.location(&f)
	if err != nil {
		return nil, err
	}
	out := &lambda.GetFunctionOutput{
		Code:          &types.FunctionCodeLocation{Location: aws.String(location), RepositoryType: aws.String("S3")},
		Configuration: s.qualified(n, &f),
	}
	if len(f.Tags) > 0 {
		out.Tags = maps.Clone(f.Tags)
	}
	if f.Reserved != nil && n.qualifier == "" {
		out.Concurrency = &types.Concurrency{ReservedConcurrentExecutions: f.Reserved}
	}
	return out, nil
}

// qualified describes the function; its ARN has the qualifier of the request.
func (s *Service) qualified(n name, f *function) *types.FunctionConfiguration {
	c := f.describe(s.env.Clock.Now())
	c.FunctionArn = aws.String(n.qualified())
	return c
}

// GetFunctionConfiguration returns a function's configuration.
func (s *Service) GetFunctionConfiguration(ctx context.Context, in *lambda.GetFunctionConfigurationInput) (*lambda.GetFunctionConfigurationOutput, error) {
	n, err := parse(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	f, err := s.view(n)
	if err != nil {
		return nil, err
	}
	return as[lambda.GetFunctionConfigurationOutput](s.qualified(n, &f)), nil
}

// ListFunctions returns the functions by name, at most MaxItems (50) at once. With
// FunctionVersion ALL the ARNs name the version.
func (s *Service) ListFunctions(ctx context.Context, in *lambda.ListFunctionsInput) (*lambda.ListFunctionsOutput, error) {
	scope := env.ScopeOf(ctx)
	most := int(aws.ToInt32(in.MaxItems))
	if most <= 0 || most > 50 {
		most = 50
	}
	prefix := scope.Key("")
	out := &lambda.ListFunctionsOutput{Functions: []types.FunctionConfiguration{}}
	err := s.env.Store.View(func(tx *store.Tx) error {
		for key, f := range s.functions.From(tx, prefix+aws.ToString(in.Marker)) {
			if !strings.HasPrefix(key, prefix) {
				break
			}
			if len(out.Functions) == most {
				out.NextMarker = f.Configuration.FunctionName
				break
			}
			c := f.listed()
			if in.FunctionVersion == types.FunctionVersionAll {
				c.FunctionArn = aws.String(*c.FunctionArn + ":" + latest)
			}
			out.Functions = append(out.Functions, c)
		}
		return nil
	})
	return out, err
}

// ListVersionsByFunction returns $LATEST: no other version can be published yet.
func (s *Service) ListVersionsByFunction(ctx context.Context, in *lambda.ListVersionsByFunctionInput) (*lambda.ListVersionsByFunctionOutput, error) {
	n, err := parse(ctx, in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	f, err := s.view(n)
	if err != nil {
		return nil, err
	}
	c := f.listed()
	c.FunctionArn = aws.String(n.arn() + ":" + latest)
	versions := []types.FunctionConfiguration{c}
	if in.Marker != nil && *in.Marker != "" { // the list goes on behind its only entry
		versions = versions[:0]
	}
	if in.MaxItems != nil {
		versions = versions[:min(len(versions), max(0, int(*in.MaxItems)))]
	}
	return &lambda.ListVersionsByFunctionOutput{Versions: versions}, nil
}

// DeleteFunction removes a function; its processes end with the invocations that
// are under way.
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
		s.functions.Delete(tx, n.key())
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.host.Drain(n.arn(), "")
	return &lambda.DeleteFunctionOutput{StatusCode: 204}, nil
}
