package function

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// remove deletes the function last: a run that is killed on the way finds it
// again, and with it what is left of its own.
func remove(ctx context.Context, c *Clients, m *function) error {
	name := m.FunctionName.ValueString()
	if err := detach(ctx, c, m); err != nil {
		return err
	}
	if m.Publish != nil && m.Publish.Scale != nil {
		if err := unscale(ctx, c, m.reference(m.alias())); err != nil {
			return err
		}
	}
	if err := m.owner().Remove(ctx, c.IAM, c.Logs); err != nil {
		return err
	}
	err := tf.Retry(ctx, parts.InProgress, func(ctx context.Context) error {
		_, err := c.Lambda.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: &name})
		return err
	})
	if err != nil {
		return err
	}
	return m.owner().RemoveLate(ctx, c.Logs)
}

// detach takes the function out of its subnets, so that AWS frees their network
// interfaces sooner. It takes long until they are, and nothing waits for it.
func detach(ctx context.Context, c *Clients, m *function) error {
	if m.VPC == nil {
		return nil
	}
	tf.Warn(ctx, "The function's network interfaces stay for a while",
		"AWS frees those that "+m.FunctionName.ValueString()+" had in "+strings.Join(tf.Texts(m.VPC.Subnets), ", ")+" some time after it is gone, up to 45 minutes. "+
			"Nothing here waits for that. Until then AWS refuses to delete its subnets and security groups: give those a long enough timeout, or destroy them later.")
	if !m.VPC.Detach.ValueBool() {
		return nil
	}
	r := m.reference("")
	err := tf.Retry(ctx, parts.InProgress, func(ctx context.Context) error {
		_, err := c.Lambda.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{
			FunctionName: r.name, FileSystemConfigs: []types.FileSystemConfig{},
			VpcConfig: &types.VpcConfig{SubnetIds: []string{}, SecurityGroupIds: []string{}},
		})
		return err
	})
	if tf.Is[*types.ResourceNotFoundException](err) {
		return nil // DeleteFunction says so
	}
	if err != nil {
		return err
	}
	_, err = settled(ctx, c, r)
	return err
}
