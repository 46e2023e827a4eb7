package function

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// remove deletes the function first, so that nothing runs without its rights.
func remove(ctx context.Context, c *Clients, m *function) error {
	name := m.FunctionName.ValueString()
	err := tf.Retry(ctx, inProgress, func(ctx context.Context) error {
		_, err := c.Lambda.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: &name})
		return err
	})
	if err != nil && !tf.Is[*types.ResourceNotFoundException](err) {
		return err
	}
	if isOwnRole(ctx, m, m.RoleARN.ValueString()) {
		if err := parts.DeleteRole(ctx, c.IAM, parts.RoleName(name, tf.ScopeOf(ctx).Region)); err != nil {
			return err
		}
	}
	if ownLogs(m) != nil {
		return parts.DeleteLogGroup(ctx, c.Logs, ownLogGroup(name))
	}
	return nil
}
