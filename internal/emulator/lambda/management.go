package lambda

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// management says when a version gets another version of its runtime. Here each
// runtime has one version, which is this machine's, so that this changes nothing.
type management struct {
	On  types.UpdateRuntimeOn
	ARN *string `json:",omitempty"` // of the runtime's version, with Manual
}

// PutRuntimeManagementConfig stores when a version gets another runtime.
func (s *Service) PutRuntimeManagementConfig(ctx context.Context, in *lambda.PutRuntimeManagementConfigInput) (*lambda.PutRuntimeManagementConfigOutput, error) {
	n, err := parse(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	m := management{in.UpdateRuntimeOn, in.RuntimeVersionArn}
	switch {
	case m.On == types.UpdateRuntimeOnManual && m.ARN == nil:
		return nil, invalid("RuntimeVersionArn must be provided when UpdateRuntimeOn is Manual.")
	case m.On != types.UpdateRuntimeOnManual && m.ARN != nil:
		return nil, invalid("RuntimeVersionArn can be provided only when UpdateRuntimeOn is Manual.")
	}
	err = s.env.Store.Update(func(tx *store.Tx) error {
		t, err := s.target(tx, n)
		switch {
		case err != nil:
			return err
		case t.alias != nil:
			return invalid("This operation is permitted on Lambda functions and versions only. Aliases do not support this operation.")
		case m.ARN != nil && t.version.Configuration.RuntimeVersionConfig != nil && *m.ARN != aws.ToString(t.version.Configuration.RuntimeVersionConfig.RuntimeVersionArn):
			return invalid("RuntimeVersionArn %s is not emulated; the only version of the runtime %s is %s", *m.ARN, t.version.Configuration.Runtime,
				aws.ToString(t.version.Configuration.RuntimeVersionConfig.RuntimeVersionArn))
		case t.version.Number > 0:
			t.version.Management = &m
			s.versions.Put(tx, n.versionKey(t.version.Number), t.version)
		default:
			t.function.Management = &m
			s.functions.Put(tx, n.key(), t.function)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.PutRuntimeManagementConfigOutput{FunctionArn: aws.String(n.managed()), RuntimeVersionArn: m.ARN, UpdateRuntimeOn: m.On}, nil
}

// managed is the ARN with the version, which is $LATEST where none is given.
func (n name) managed() string {
	if n.qualifier == "" {
		n.qualifier = latest
	}
	return n.qualified()
}

// GetRuntimeManagementConfig returns when a version gets another runtime.
func (s *Service) GetRuntimeManagementConfig(ctx context.Context, in *lambda.GetRuntimeManagementConfigInput) (*lambda.GetRuntimeManagementConfigOutput, error) {
	n, err := parse(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	t, err := s.find(n)
	if err != nil {
		return nil, err
	}
	out := &lambda.GetRuntimeManagementConfigOutput{FunctionArn: aws.String(n.managed()), UpdateRuntimeOn: types.UpdateRuntimeOnAuto}
	if m := t.version.Management; m != nil {
		out.UpdateRuntimeOn, out.RuntimeVersionArn = m.On, m.ARN
	}
	return out, nil
}
