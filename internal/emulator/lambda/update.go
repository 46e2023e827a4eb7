package lambda

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/lambda/runtime"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// UpdateFunctionCode gives a function another package; with DryRun it only checks.
func (s *Service) UpdateFunctionCode(ctx context.Context, in *lambda.UpdateFunctionCodeInput) (*lambda.UpdateFunctionCodeOutput, error) {
	n, err := parse(ctx, in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	code := origin{in.ZipFile, in.S3Bucket, in.S3Key, in.S3ObjectVersion, in.S3ObjectStorageMode}
	c, err := s.update(n, in.RevisionId, in.DryRun, in.Publish, func(v *version) error {
		f, err := s.view(n)
		if err == nil {
			err = s.verify(&f)
		}
		if err != nil {
			return err
		}
		if len(in.Architectures) > 0 {
			v.Configuration.Architectures = slices.Clone(in.Architectures)
		}
		return s.setCode(ctx, v, "UpdateFunctionCode", code, in.SourceKMSKeyArn)
	})
	if err != nil {
		return nil, err
	}
	return as[lambda.UpdateFunctionCodeOutput](c), nil
}

// UpdateFunctionConfiguration changes the settings that the request has.
func (s *Service) UpdateFunctionConfiguration(ctx context.Context, in *lambda.UpdateFunctionConfigurationInput) (*lambda.UpdateFunctionConfigurationOutput, error) {
	n, err := parse(ctx, in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	c, err := s.update(n, in.RevisionId, false, false, func(v *version) error {
		return s.configure(ctx, v, settings{
			description: in.Description, environment: in.Environment, storage: in.EphemeralStorage, handler: in.Handler,
			logging: in.LoggingConfig, memory: in.MemorySize, role: in.Role, runtime: in.Runtime, snapStart: in.SnapStart,
			timeout: in.Timeout, tracing: in.TracingConfig, layers: in.Layers, vpc: in.VpcConfig, key: in.KMSKeyArn, deadLetters: in.DeadLetterConfig,
		})
	})
	if err != nil {
		return nil, err
	}
	return as[lambda.UpdateFunctionConfigurationOutput](c), nil
}

// update changes a function's code or configuration, unless it is being changed
// already or has another revision than the request says. Checks and the storing of
// a package, which may call other services, come before the store is locked; a
// change that came between them is found by its number. With publish it makes a
// version of it, too, and returns that.
func (s *Service) update(n name, revision *string, dry, publish bool, change func(*version) error) (*types.FunctionConfiguration, error) {
	f, err := s.view(n)
	if err != nil {
		return nil, err
	}
	now := s.env.Clock.Now()
	before := f.describe(now)
	if err := f.changeable(n, now); err != nil {
		return nil, err
	}
	if revision != nil && *revision != aws.ToString(before.RevisionId) {
		return nil, stale("GetFunction/GetAlias")
	}
	next := f.version
	if err := change(&next); err != nil {
		return nil, err
	}
	if dry {
		return next.describe(now), nil
	}
	at := f.Change
	var published *version
	f, err = s.edit(n, func(tx *store.Tx, f *function) error {
		if f.Change != at {
			return inProgress(n)
		}
		next.Policy, next.Management, next.Revision = f.Policy, f.Management, f.Revision
		f.version = next
		f.changed(now)
		if publish {
			v := s.publish(tx, n, f, nil, f.Settles)
			published = &v
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	key := f.environmentKey(f.ID)
	s.host.Retire(func(f *runtime.Function) bool { return f.ARN == n.arn() && f.Version == latest && f.Key != key })
	if published != nil {
		return published.describe(now), nil
	}
	return f.describe(now), nil
}

var errPending = conflict("The operation cannot be performed at this time. The function is currently in the following state: Pending")

func inProgress(n name) error {
	return conflict("The operation cannot be performed at this time. An update is in progress for resource: %s", n.arn())
}
