package function

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// remove deletes the function last: a run that is killed on the way finds it
// again, and with it what is left of its own.
func remove(ctx context.Context, c *Clients, m *function) error {
	name := m.FunctionName.ValueString()
	if ownLogs(m) != nil {
		if err := parts.DeleteLogGroup(ctx, c.Logs, ownLogGroup(name)); err != nil {
			return err
		}
	}
	if isOwnRole(ctx, m, m.RoleARN.ValueString()) {
		if err := parts.DeleteRole(ctx, c.IAM, parts.RoleName(name, tf.ScopeOf(ctx).Region)); err != nil {
			return err
		}
	}
	return tf.Retry(ctx, parts.InProgress, func(ctx context.Context) error {
		_, err := c.Lambda.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: &name})
		return err
	})
}
