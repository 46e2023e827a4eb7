package statemachine

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// remove deletes the machine last, because a run that is killed on the way finds it
// again, and with it what is left of its own. AWS ends the executions under way
// before the machine is gone, which is waited for.
func remove(ctx context.Context, c *Clients, m *machine) error {
	arn := machineARN(ctx, m)
	if err := m.owner().Remove(ctx, c.IAM, c.Logs); err != nil {
		return err
	}
	if _, err := c.SFN.DeleteStateMachine(ctx, &sfn.DeleteStateMachineInput{StateMachineArn: &arn}); err != nil {
		return err
	}
	return tf.Poll(ctx, "state machine "+m.MachineName.ValueString()+" to be gone", func(ctx context.Context) (bool, error) {
		_, err := c.SFN.DescribeStateMachine(ctx, &sfn.DescribeStateMachineInput{StateMachineArn: &arn})
		if tf.Is[*types.StateMachineDoesNotExist](err) {
			return true, nil
		}
		return false, err
	})
}
