// Package access has the resource types of who may do what: roles and their policies,
// grants, and the log groups that they write to. It must not know how the provider is
// configured, nor the other families; the access words are in internal/parts.
package access

import (
	"context"

	logs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// Types lists the family's resource types, alphabetically.
var Types = []tf.Entry[*Clients]{
	Grant,
	LogGroup,
	Role,
	RolePolicy,
}

// Ephemerals lists what the family gives without keeping it, alphabetically.
var Ephemerals = []tf.EphemeralEntry[*Clients]{
	Credentials,
	Secret,
}

// Clients are the operations of AWS that the family calls.
type Clients struct {
	IAM        IAM
	Lambda     Lambda
	Logs       Logs
	Parameters Parameters
	SFN        SFN
	STS        STS
	Secrets    Secrets

	// Roles is what all grants of one provider share.
	Roles *Roles
}

// IAM has the operations that roles and policies are made with.
type IAM interface {
	parts.IAM
	CreatePolicy(context.Context, *iam.CreatePolicyInput, ...func(*iam.Options)) (*iam.CreatePolicyOutput, error)
	CreatePolicyVersion(context.Context, *iam.CreatePolicyVersionInput, ...func(*iam.Options)) (*iam.CreatePolicyVersionOutput, error)
	DeletePolicy(context.Context, *iam.DeletePolicyInput, ...func(*iam.Options)) (*iam.DeletePolicyOutput, error)
	DeletePolicyVersion(context.Context, *iam.DeletePolicyVersionInput, ...func(*iam.Options)) (*iam.DeletePolicyVersionOutput, error)
	GetPolicy(context.Context, *iam.GetPolicyInput, ...func(*iam.Options)) (*iam.GetPolicyOutput, error)
	GetPolicyVersion(context.Context, *iam.GetPolicyVersionInput, ...func(*iam.Options)) (*iam.GetPolicyVersionOutput, error)
	ListInstanceProfilesForRole(context.Context, *iam.ListInstanceProfilesForRoleInput, ...func(*iam.Options)) (*iam.ListInstanceProfilesForRoleOutput, error)
	ListPolicyVersions(context.Context, *iam.ListPolicyVersionsInput, ...func(*iam.Options)) (*iam.ListPolicyVersionsOutput, error)
	ListRoles(context.Context, *iam.ListRolesInput, ...func(*iam.Options)) (*iam.ListRolesOutput, error)
	RemoveRoleFromInstanceProfile(context.Context, *iam.RemoveRoleFromInstanceProfileInput, ...func(*iam.Options)) (*iam.RemoveRoleFromInstanceProfileOutput, error)
	UpdateAssumeRolePolicy(context.Context, *iam.UpdateAssumeRolePolicyInput, ...func(*iam.Options)) (*iam.UpdateAssumeRolePolicyOutput, error)
	UpdateRole(context.Context, *iam.UpdateRoleInput, ...func(*iam.Options)) (*iam.UpdateRoleOutput, error)
}

// Lambda has the operation that tells which role a function runs as.
type Lambda interface {
	GetFunctionConfiguration(context.Context, *lambda.GetFunctionConfigurationInput, ...func(*lambda.Options)) (*lambda.GetFunctionConfigurationOutput, error)
}

// Logs has the operations that log groups are made with.
type Logs interface {
	parts.Logs
	ListTagsForResource(context.Context, *logs.ListTagsForResourceInput, ...func(*logs.Options)) (*logs.ListTagsForResourceOutput, error)
	PutLogGroupDeletionProtection(context.Context, *logs.PutLogGroupDeletionProtectionInput, ...func(*logs.Options)) (*logs.PutLogGroupDeletionProtectionOutput, error)
}

// Parameters has the operation of Systems Manager that reads a parameter.
type Parameters interface {
	GetParameter(context.Context, *ssm.GetParameterInput, ...func(*ssm.Options)) (*ssm.GetParameterOutput, error)
}

// Secrets has the operation of Secrets Manager that reads a secret.
type Secrets interface {
	GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)
}

// SFN has the operation that tells which role a state machine runs as.
type SFN interface {
	DescribeStateMachine(context.Context, *sfn.DescribeStateMachineInput, ...func(*sfn.Options)) (*sfn.DescribeStateMachineOutput, error)
}

// STS has the operation that gives a role's credentials.
type STS interface {
	AssumeRole(context.Context, *sts.AssumeRoleInput, ...func(*sts.Options)) (*sts.AssumeRoleOutput, error)
}
