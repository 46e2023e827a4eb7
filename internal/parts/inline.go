package parts

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// Inline is what is needed to give a role that another resource owns one policy
// more.
type Inline interface {
	DeleteRolePolicy(context.Context, *iam.DeleteRolePolicyInput, ...func(*iam.Options)) (*iam.DeleteRolePolicyOutput, error)
	GetRolePolicy(context.Context, *iam.GetRolePolicyInput, ...func(*iam.Options)) (*iam.GetRolePolicyOutput, error)
	PutRolePolicy(context.Context, *iam.PutRolePolicyInput, ...func(*iam.Options)) (*iam.PutRolePolicyOutput, error)
}

// An Extra is one policy more of a role that this provider made for a function or
// the like. It goes with the role.
type Extra struct{ Role, Name string }

// What the names begin with of the policies that a role is given by others than its
// owner's resource: by event sources of its function, and by grants.
const (
	PollPolicy  = "event-source-"
	GrantPolicy = "serverless-grants"
)

// OwnRole returns the name of a role from its ARN if this provider made it, which
// its policy tells; "" for any other.
func OwnRole(ctx context.Context, c Inline, arn string) (string, error) {
	name := arn[strings.LastIndex(arn, "/")+1:]
	policy, err := Extra{name, RolePolicy}.Get(ctx, c)
	var answered interface{ ErrorCode() string }
	switch {
	case errors.As(err, &answered) && answered.ErrorCode() == "AccessDenied": // somebody else's, who let us not look
		return "", nil
	case err != nil || policy == "":
		return "", err
	}
	return name, nil
}

// Get returns the policy; "" if the role has none of that name.
func (e Extra) Get(ctx context.Context, c Inline) (string, error) {
	out, err := c.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &e.Role, PolicyName: &e.Name})
	switch {
	case tf.Is[*types.NoSuchEntityException](err):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("reading the policy %s of the role %s: %w", e.Name, e.Role, err)
	}
	policy, err := url.QueryUnescape(aws.ToString(out.PolicyDocument))
	if err != nil {
		return "", fmt.Errorf("reading the policy %s of the role %s: %w", e.Name, e.Role, err)
	}
	return policy, nil
}

// Put gives the role the policy.
func (e Extra) Put(ctx context.Context, c Inline, policy string) error {
	_, err := c.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &e.Role, PolicyName: &e.Name, PolicyDocument: &policy})
	if err != nil {
		return fmt.Errorf("writing the policy %s of the role %s: %w", e.Name, e.Role, err)
	}
	return nil
}

// Remove takes it away; one that is not there is no error.
func (e Extra) Remove(ctx context.Context, c Inline) error {
	_, err := c.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &e.Role, PolicyName: &e.Name})
	if err != nil && !tf.Is[*types.NoSuchEntityException](err) {
		return fmt.Errorf("deleting the policy %s of the role %s: %w", e.Name, e.Role, err)
	}
	return nil
}
