package access

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	sfntypes "github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// bearerRef matches what a grant may be from.
var bearerRef = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(
		`^(arn:[^:]+:iam::[0-9]{12}:role/.+|arn:[^:]+:lambda:[^:]+:[0-9]{12}:function:[^:]+(:[^:]+)?|arn:[^:]+:states:[^:]+:[0-9]{12}:stateMachine:[^:]+(:[^:]+)?|[\w+=,.@-]{1,80})$`)
})

// roleOf returns the ARN of the role that a grant is from: itself, or the one that a
// function or a state machine runs as; empty if there is no such thing.
func roleOf(ctx context.Context, c *Clients, from string) (string, error) {
	p := strings.SplitN(from, ":", 6) // arn, partition, service, region, account, resource
	if len(p) < 6 {
		return byName(ctx, c, from)
	}
	here := tf.ScopeOf(ctx)
	switch {
	case p[4] != here.Account:
		return "", tf.At(path.Root("from"), &tf.Problem{
			Summary: "A role of another account",
			Detail: fmt.Sprintf("from is of account %s, and the provider works on account %s. What a role may do is written in its own account: by a grant of a provider for that one. "+
				"Here the things themselves must let it in: a function by a serverless_function_permission, a queue by the policy of its serverless_queue, a table by its resource_policy; the resource_policies of that grant are what to write there.", p[4], here.Account),
		})
	case p[2] == "iam":
		return from, nil
	case p[3] != here.Region:
		return "", tf.At(path.Root("from"), &tf.Problem{
			Summary: "Something of another region",
			Detail:  fmt.Sprintf("from is in %s, and it is looked for in %s. Set the grant's region, or give the ARN of the role.", p[3], here.Region),
		})
	case p[2] == "lambda":
		return ofFunction(ctx, c, from)
	}
	return ofMachine(ctx, c, strings.Join(append(p[:5:5], strings.Join(strings.SplitN(p[5], ":", 3)[:2], ":")), ":")) // without an alias
}

func ofFunction(ctx context.Context, c *Clients, function string) (string, error) {
	out, err := c.Lambda.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &function})
	if tf.Is[*types.ResourceNotFoundException](err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("finding the role of the function %s: %w", function, err)
	}
	return aws.ToString(out.Role), nil
}

func ofMachine(ctx context.Context, c *Clients, arn string) (string, error) {
	out, err := c.SFN.DescribeStateMachine(ctx, &sfn.DescribeStateMachineInput{StateMachineArn: &arn})
	if tf.Is[*sfntypes.StateMachineDoesNotExist](err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("finding the role of the state machine %s: %w", arn, err)
	}
	return aws.ToString(out.RoleArn), nil
}

func named(ctx context.Context, c *Clients, name string) (string, error) {
	out, err := c.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	if tf.Is[*iamtypes.NoSuchEntityException](err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return aws.ToString(out.Role.Arn), nil
}

// byName looks for what has a name, which must be one thing alone.
func byName(ctx context.Context, c *Clients, name string) (string, error) {
	machine := tf.ScopeOf(ctx).ARN("states", "stateMachine:"+name)
	var found, what []string
	for _, kind := range []struct {
		what string
		look func() (string, error)
	}{
		{"a function", func() (string, error) {
			if len(name) > 64 || strings.ContainsAny(name, "+=,.@") {
				return "", nil
			}
			return ofFunction(ctx, c, name)
		}},
		{"a state machine", func() (string, error) { return ofMachine(ctx, c, machine) }},
		{"a role", func() (string, error) { return named(ctx, c, name[:min(len(name), 64)]) }},
	} {
		role, err := kind.look()
		if err != nil {
			return "", err
		}
		if role != "" {
			found, what = append(found, role), append(what, kind.what)
		}
	}
	switch len(found) {
	case 0:
		return "", nil
	case 1:
		return found[0], nil
	}
	return "", tf.At(path.Root("from"), &tf.Problem{
		Summary: "More than one thing of that name",
		Detail:  fmt.Sprintf("%q is %s. Give the ARN of the one that the grant is from.", name, strings.Join(what, " and ")),
	})
}
