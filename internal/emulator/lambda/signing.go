package lambda

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// signing is a code signing configuration, as the store keeps it by ARN. There is no
// AWS Signer here, so that no package is signed: a configuration that enforces
// signatures refuses each, as AWS does, and one that warns lets each in.
type signing struct {
	Configuration types.CodeSigningConfig
	Tags          map[string]string `json:",omitempty"`
}

// errNoSigning is the answer of operations on configurations where there is none.
func errNoSigning(arn *string) error {
	return notFound("The Lambda code signing configuration %s can not be found.", aws.ToString(arn))
}

// policies are the policies of a request, or AWS's own.
func policies(p *types.CodeSigningPolicies) *types.CodeSigningPolicies {
	if p == nil || p.UntrustedArtifactOnDeployment == "" {
		return &types.CodeSigningPolicies{UntrustedArtifactOnDeployment: types.CodeSigningPolicyWarn}
	}
	return &types.CodeSigningPolicies{UntrustedArtifactOnDeployment: p.UntrustedArtifactOnDeployment}
}

// publishers are those of a request.
func publishers(p *types.AllowedPublishers) *types.AllowedPublishers {
	return &types.AllowedPublishers{SigningProfileVersionArns: slices.Clone(p.SigningProfileVersionArns)}
}

// CreateCodeSigningConfig makes a configuration.
func (s *Service) CreateCodeSigningConfig(ctx context.Context, in *lambda.CreateCodeSigningConfigInput) (*lambda.CreateCodeSigningConfigOutput, error) {
	var random [9]byte
	_, _ = rand.Read(random[:]) // never fails
	id := "csc-" + hex.EncodeToString(random[:])[:17]
	arn := env.ScopeOf(ctx).ARN("lambda", "code-signing-config:"+id)
	c := signing{Tags: maps.Clone(in.Tags), Configuration: types.CodeSigningConfig{
		AllowedPublishers: publishers(in.AllowedPublishers), CodeSigningConfigArn: aws.String(arn), CodeSigningConfigId: aws.String(id),
		CodeSigningPolicies: policies(in.CodeSigningPolicies), Description: aws.String(aws.ToString(in.Description)),
		LastModified: aws.String(stamp(s.env.Clock.Now())),
	}}
	err := s.env.Store.Update(func(tx *store.Tx) error {
		s.signings.Put(tx, arn, c)
		return nil
	})
	return &lambda.CreateCodeSigningConfigOutput{CodeSigningConfig: &c.Configuration}, err
}

// GetCodeSigningConfig returns a configuration.
func (s *Service) GetCodeSigningConfig(_ context.Context, in *lambda.GetCodeSigningConfigInput) (*lambda.GetCodeSigningConfigOutput, error) {
	var c signing
	err := s.env.Store.View(func(tx *store.Tx) error {
		var ok bool
		if c, ok = s.signings.Get(tx, aws.ToString(in.CodeSigningConfigArn)); !ok {
			return errNoSigning(in.CodeSigningConfigArn)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.GetCodeSigningConfigOutput{CodeSigningConfig: &c.Configuration}, nil
}

// UpdateCodeSigningConfig changes what the request has.
func (s *Service) UpdateCodeSigningConfig(_ context.Context, in *lambda.UpdateCodeSigningConfigInput) (*lambda.UpdateCodeSigningConfigOutput, error) {
	var c signing
	err := s.env.Store.Update(func(tx *store.Tx) error {
		var ok bool
		if c, ok = s.signings.Get(tx, aws.ToString(in.CodeSigningConfigArn)); !ok {
			return errNoSigning(in.CodeSigningConfigArn)
		}
		if in.AllowedPublishers != nil {
			c.Configuration.AllowedPublishers = publishers(in.AllowedPublishers)
		}
		if in.CodeSigningPolicies != nil {
			c.Configuration.CodeSigningPolicies = policies(in.CodeSigningPolicies)
		}
		if in.Description != nil {
			c.Configuration.Description = in.Description
		}
		c.Configuration.LastModified = aws.String(stamp(s.env.Clock.Now()))
		s.signings.Put(tx, *in.CodeSigningConfigArn, c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.UpdateCodeSigningConfigOutput{CodeSigningConfig: &c.Configuration}, nil
}

// DeleteCodeSigningConfig removes a configuration that no function has.
func (s *Service) DeleteCodeSigningConfig(ctx context.Context, in *lambda.DeleteCodeSigningConfigInput) (*lambda.DeleteCodeSigningConfigOutput, error) {
	err := s.env.Store.Update(func(tx *store.Tx) error {
		if !s.signings.Delete(tx, aws.ToString(in.CodeSigningConfigArn)) {
			return errNoSigning(in.CodeSigningConfigArn)
		}
		if len(s.signed(tx, env.ScopeOf(ctx), *in.CodeSigningConfigArn)) > 0 {
			return conflict("You can delete the code signing configuration only if no function is using it.")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.DeleteCodeSigningConfigOutput{}, nil
}

// signed are the ARNs of the functions that have a configuration.
func (s *Service) signed(tx *store.Tx, scope env.Scope, arn string) []string {
	var arns []string
	for f := range s.inScope(tx, scope) {
		if aws.ToString(f.Signing) == arn {
			arns = append(arns, *f.Configuration.FunctionArn)
		}
	}
	return arns
}

// ListCodeSigningConfigs returns the configurations, at most MaxItems (50) at once.
func (s *Service) ListCodeSigningConfigs(ctx context.Context, in *lambda.ListCodeSigningConfigsInput) (*lambda.ListCodeSigningConfigsOutput, error) {
	out := &lambda.ListCodeSigningConfigsOutput{}
	err := s.env.Store.View(func(tx *store.Tx) (err error) {
		var all []types.CodeSigningConfig
		for _, c := range s.signings.Prefix(tx, env.ScopeOf(ctx).ARN("lambda", "code-signing-config:")) {
			all = append(all, c.Configuration)
		}
		out.CodeSigningConfigs, out.NextMarker, err = page(all, in.MaxItems, in.Marker, 50)
		return err
	})
	return out, err
}

// ListFunctionsByCodeSigningConfig returns the functions that have a configuration,
// at most MaxItems (50) at once.
func (s *Service) ListFunctionsByCodeSigningConfig(ctx context.Context, in *lambda.ListFunctionsByCodeSigningConfigInput) (*lambda.ListFunctionsByCodeSigningConfigOutput, error) {
	out := &lambda.ListFunctionsByCodeSigningConfigOutput{}
	err := s.env.Store.View(func(tx *store.Tx) (err error) {
		if _, ok := s.signings.Get(tx, aws.ToString(in.CodeSigningConfigArn)); !ok {
			return errNoSigning(in.CodeSigningConfigArn)
		}
		out.FunctionArns, out.NextMarker, err = page(s.signed(tx, env.ScopeOf(ctx), *in.CodeSigningConfigArn), in.MaxItems, in.Marker, 50)
		return err
	})
	return out, err
}

// signable returns an error where there is no such configuration.
func (s *Service) signable(tx *store.Tx, arn *string) error {
	if _, ok := s.signings.Get(tx, aws.ToString(arn)); arn != nil && !ok {
		return &types.CodeSigningConfigNotFoundException{
			Message: aws.String("The code signing configuration cannot be found. Check that the provided configuration is not deleted: " + *arn + "."),
			Type:    user,
		}
	}
	return nil
}

// verify refuses a package for a function whose configuration enforces signatures.
func (s *Service) verify(f *function) error {
	if f.Signing == nil {
		return nil
	}
	return s.env.Store.View(func(tx *store.Tx) error {
		if err := s.signable(tx, f.Signing); err != nil {
			return err
		}
		c, _ := s.signings.Get(tx, *f.Signing)
		if c.Configuration.CodeSigningPolicies.UntrustedArtifactOnDeployment != types.CodeSigningPolicyEnforce {
			return nil
		}
		return &types.CodeVerificationFailedException{
			Message: aws.String("Lambda cannot deploy the function. The function or layer might be signed using a signature that the client is not configured to accept. Check the provided signature for " + *f.Configuration.FunctionName + "."),
			Type:    user,
		}
	})
}

// PutFunctionCodeSigningConfig gives a function a configuration, which counts from its
// next package on.
func (s *Service) PutFunctionCodeSigningConfig(ctx context.Context, in *lambda.PutFunctionCodeSigningConfigInput) (*lambda.PutFunctionCodeSigningConfigOutput, error) {
	n, err := s.unversioned(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	_, err = s.edit(n, func(tx *store.Tx, f *function) error {
		f.Signing = in.CodeSigningConfigArn
		return s.signable(tx, f.Signing)
	})
	if err != nil {
		return nil, err
	}
	return &lambda.PutFunctionCodeSigningConfigOutput{CodeSigningConfigArn: in.CodeSigningConfigArn, FunctionName: aws.String(n.function)}, nil
}

// GetFunctionCodeSigningConfig returns the ARN of a function's configuration, if it
// has one.
func (s *Service) GetFunctionCodeSigningConfig(ctx context.Context, in *lambda.GetFunctionCodeSigningConfigInput) (*lambda.GetFunctionCodeSigningConfigOutput, error) {
	n, err := s.unversioned(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	f, err := s.view(n)
	if err != nil {
		return nil, err
	}
	return &lambda.GetFunctionCodeSigningConfigOutput{CodeSigningConfigArn: f.Signing, FunctionName: aws.String(n.function)}, nil
}

// DeleteFunctionCodeSigningConfig takes a function's configuration away.
func (s *Service) DeleteFunctionCodeSigningConfig(ctx context.Context, in *lambda.DeleteFunctionCodeSigningConfigInput) (*lambda.DeleteFunctionCodeSigningConfigOutput, error) {
	n, err := s.unversioned(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	if _, err := s.edit(n, func(_ *store.Tx, f *function) error { f.Signing = nil; return nil }); err != nil {
		return nil, err
	}
	return &lambda.DeleteFunctionCodeSigningConfigOutput{}, nil
}
