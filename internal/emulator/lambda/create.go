package lambda

import (
	"context"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
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
	if n.Scope != env.ScopeOf(ctx) {
		return nil, denied("User: %s is not authorized to perform: lambda:CreateFunction on resource: %s", env.CallerOf(ctx).ARN, n.arn())
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
		SnapStart:        snapStart(types.SnapStartApplyOnNone, false),
		Timeout:          aws.Int32(3),
		TracingConfig:    &types.TracingConfigResponse{Mode: types.TracingModePassThrough},
		Version:          aws.String(latest),
	}
	if len(in.Architectures) > 0 {
		c.Architectures = in.Architectures
	}
	f := function{ID: uuid.NewString(), version: version{Configuration: c}, Tags: maps.Clone(in.Tags), RecursiveLoop: types.RecursiveLoopTerminate}
	if err := s.configure(ctx, &f.version, settings{
		description: in.Description, environment: in.Environment, storage: in.EphemeralStorage, handler: in.Handler,
		logging: in.LoggingConfig, memory: in.MemorySize, role: in.Role, runtime: in.Runtime, snapStart: in.SnapStart,
		timeout: in.Timeout, tracing: in.TracingConfig, layers: in.Layers, vpc: in.VpcConfig, key: in.KMSKeyArn, deadLetters: in.DeadLetterConfig,
	}); err != nil {
		return nil, err
	}
	if in.Code == nil {
		in.Code = &types.FunctionCode{}
	}
	code := origin{in.Code.ZipFile, in.Code.S3Bucket, in.Code.S3Key, in.Code.S3ObjectVersion, in.Code.S3ObjectStorageMode}
	if err := s.setCode(ctx, &f.version, "CreateFunction", code, in.Code.SourceKMSKeyArn); err != nil {
		return nil, err
	}
	if f.Signing = in.CodeSigningConfigArn; aws.ToString(f.Signing) == "" {
		f.Signing = nil
	}
	if err := s.verify(&f); err != nil {
		return nil, err
	}
	s.host.Prepare()
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

// setCode stores a package and notes it in the version, with the key that it would
// be encrypted with.
func (s *Service) setCode(ctx context.Context, v *version, operation string, from origin, key *string) error {
	content, err := s.read(ctx, operation, from)
	if err != nil {
		return err
	}
	p, err := s.code.put(content)
	if err != nil {
		return err
	}
	v.Configuration.CodeSha256, v.Configuration.CodeSize = aws.String(p.Sha256), p.Size
	v.Unzipped, v.SourceKey = p.Unzipped, key
	return v.fits()
}
