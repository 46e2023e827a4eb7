package function

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

const (
	dimension     = types.ScalableDimensionLambdaFunctionProvisionedConcurrency
	scalingPolicy = "serverless"
)

func scalable(r reference) *string { return aws.String("function:" + r.id()) }

// autoscale lets the provisioned concurrency of an alias follow its use.
func autoscale(ctx context.Context, c *Clients, r reference, s *scale) error {
	_, err := c.Scaling.RegisterScalableTarget(ctx, &applicationautoscaling.RegisterScalableTargetInput{
		ServiceNamespace: types.ServiceNamespaceLambda, ScalableDimension: dimension, ResourceId: scalable(r),
		MinCapacity: number(s.Min), MaxCapacity: number(s.Max),
	})
	if err != nil {
		return err
	}
	_, err = c.Scaling.PutScalingPolicy(ctx, &applicationautoscaling.PutScalingPolicyInput{
		ServiceNamespace: types.ServiceNamespaceLambda, ScalableDimension: dimension, ResourceId: scalable(r),
		PolicyName: aws.String(scalingPolicy), PolicyType: types.PolicyTypeTargetTrackingScaling,
		TargetTrackingScalingPolicyConfiguration: &types.TargetTrackingScalingPolicyConfiguration{
			TargetValue: aws.Float64(float64(s.Target.ValueInt64()) / 100),
			PredefinedMetricSpecification: &types.PredefinedMetricSpecification{
				PredefinedMetricType: types.MetricTypeLambdaProvisionedConcurrencyUtilization,
			},
		},
	})
	return err
}

// unscale ends that; its policy goes with it.
func unscale(ctx context.Context, c *Clients, r reference) error {
	_, err := c.Scaling.DeregisterScalableTarget(ctx, &applicationautoscaling.DeregisterScalableTargetInput{
		ServiceNamespace: types.ServiceNamespaceLambda, ScalableDimension: dimension, ResourceId: scalable(r),
	})
	if tf.Is[*types.ObjectNotFoundException](err) {
		return nil
	}
	return err
}
