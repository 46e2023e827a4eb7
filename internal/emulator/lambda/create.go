package lambda

import (
	"context"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// CreateFunction makes a function from a package.
func (s *Service) CreateFunction(ctx context.Context, in *lambda.CreateFunctionInput) (*lambda.CreateFunctionOutput, error) {
	n, err := parse(ctx, in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	if n.qualifier != "" {
		return nil, invalid("%s is not a valid name for a new function: it has a qualifier", aws.ToString(in.FunctionName))
	}
	if in.PackageType == types.PackageTypeImage {
		return nil, invalid("PackageType Image is not emulated; send a package as Code.ZipFile")
	}
	if in.Runtime == "" || aws.ToString(in.Handler) == "" {
		return nil, invalid("Runtime and Handler are mandatory parameters for functions created with deployment packages.")
	}
	if len(in.Tags) > maxTags {
		return nil, invalid("Number of tags exceeds resource tag limit.")
	}
	c := types.FunctionConfiguration{
		Architectures:    []types.Architecture{types.ArchitectureX8664},
		Description:      aws.String(""),
		EphemeralStorage: &types.EphemeralStorage{Size: aws.Int32(512)},
		FunctionArn:      aws.String(n.arn()),
		FunctionName:     aws.String(n.function),
		LoggingConfig:    &types.LoggingConfig{LogFormat: types.LogFormatText, LogGroup: aws.String("/aws/lambda/" + n.function)},
		MemorySize:       aws.Int32(128),
		PackageType:      types.PackageTypeZip,
		SnapStart:        &types.SnapStartResponse{ApplyOn: types.SnapStartApplyOnNone, OptimizationStatus: types.SnapStartOptimizationStatusOff},
		Timeout:          aws.Int32(3),
		TracingConfig:    &types.TracingConfigResponse{Mode: types.TracingModePassThrough},
		Version:          aws.String(latest),
	}
	if len(in.Architectures) > 0 {
		c.Architectures = in.Architectures
	}
	if err := s.configure(ctx, &c, settings{
		description: in.Description, environment: in.Environment, storage: in.EphemeralStorage, handler: in.Handler,
		logging: in.LoggingConfig, memory: in.MemorySize, role: in.Role, runtime: in.Runtime, snapStart: in.SnapStart,
		timeout: in.Timeout, tracing: in.TracingConfig,
	}); err != nil {
		return nil, err
	}
	if in.Code == nil || len(in.Code.ZipFile) == 0 {
		return nil, invalid("Please provide a source for function code.")
	}
	if err := s.setCode(&c, "CreateFunction", in.Code.ZipFile); err != nil {
		return nil, err
	}
	s.host.Prepare()
	f := function{ID: uuid.NewString(), version: version{Configuration: c}, Tags: maps.Clone(in.Tags), RecursiveLoop: types.RecursiveLoopTerminate}
	now := s.env.Clock.Now()
	f.changed(now)
	shown := f.version
	err = s.env.Store.Update(func(tx *store.Tx) error {
		if _, ok := s.functions.Get(tx, n.key()); ok {
			return conflict("Function already exist: %s", n.function)
		}
		if in.Publish {
			shown = s.publish(tx, n, &f, nil, f.Settles)
		}
		s.functions.Put(tx, n.key(), f)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return as[lambda.CreateFunctionOutput](shown.describe(now)), nil
}

// setCode stores a package and notes it in the configuration.
func (s *Service) setCode(c *types.FunctionConfiguration, operation string, zip []byte) error {
	sha, err := s.code.put(operation, zip)
	if err != nil {
		return err
	}
	c.CodeSha256, c.CodeSize = aws.String(sha), int64(len(zip))
	return nil
}
