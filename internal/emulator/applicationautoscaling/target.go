package applicationautoscaling

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// RegisterScalableTarget makes a capacity scalable, or changes its bounds; what a
// change does not name stays.
func (s *Service) RegisterScalableTarget(ctx context.Context, in *applicationautoscaling.RegisterScalableTargetInput) (*applicationautoscaling.RegisterScalableTargetOutput, error) {
	if err := s.check(ctx, in.ServiceNamespace, in.ResourceId, in.ScalableDimension); err != nil {
		return nil, err
	}
	k := key(ctx, in.ResourceId, in.ScalableDimension)
	var t target
	err := s.env.Store.Update(func(tx *store.Tx) error {
		var known bool
		if t, known = s.targets.Get(tx, k); !known {
			if in.MinCapacity == nil || in.MaxCapacity == nil {
				return invalid("MinCapacity and MaxCapacity must be specified to register a new scalable target")
			}
			t = target{
				ID: strings.ReplaceAll(uuid.NewString(), "-", ""), Created: s.env.Clock.Now().UTC(),
				Resource: *in.ResourceId, Of: in.ScalableDimension,
			}
		}
		if in.MinCapacity != nil {
			t.Min = *in.MinCapacity
		}
		if in.MaxCapacity != nil {
			t.Max = *in.MaxCapacity
		}
		if p := in.SuspendedState; p != nil {
			t.Paused = types.SuspendedState{
				DynamicScalingInSuspended:  over(t.Paused.DynamicScalingInSuspended, p.DynamicScalingInSuspended),
				DynamicScalingOutSuspended: over(t.Paused.DynamicScalingOutSuspended, p.DynamicScalingOutSuspended),
				ScheduledScalingSuspended:  over(t.Paused.ScheduledScalingSuspended, p.ScheduledScalingSuspended),
			}
		}
		switch {
		case t.Min < 1:
			return invalid("Minimum capacity must be greater than or equal to 1")
		case t.Max < t.Min:
			return invalid("Maximum capacity cannot be less than minimum capacity")
		}
		s.targets.Put(tx, k, t)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &applicationautoscaling.RegisterScalableTargetOutput{ScalableTargetARN: aws.String(t.arn(ctx))}, nil
}

// over is what a change leaves of a switch.
func over(was, is *bool) *bool {
	if is == nil {
		return was
	}
	return is
}

func (t target) arn(ctx context.Context) string {
	return env.ScopeOf(ctx).ARN("application-autoscaling", "scalable-target/"+t.ID)
}

// DeregisterScalableTarget ends the scaling of a capacity, with its policies.
func (s *Service) DeregisterScalableTarget(ctx context.Context, in *applicationautoscaling.DeregisterScalableTargetInput) (*applicationautoscaling.DeregisterScalableTargetOutput, error) {
	if in.ServiceNamespace != types.ServiceNamespaceDynamodb {
		return nil, invalid("Unsupported service namespace, resource type or scalable dimension")
	}
	k := key(ctx, in.ResourceId, in.ScalableDimension)
	err := s.env.Store.Update(func(tx *store.Tx) error {
		if _, ok := s.targets.Get(tx, k); !ok {
			return noTarget(in.ResourceId, in.ScalableDimension)
		}
		var gone []string
		for name := range s.policies.Prefix(tx, k+"\x00") {
			gone = append(gone, name)
		}
		for _, name := range gone {
			s.policies.Delete(tx, name)
		}
		s.targets.Delete(tx, k)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &applicationautoscaling.DeregisterScalableTargetOutput{}, nil
}

// DescribeScalableTargets lists what may be scaled.
func (s *Service) DescribeScalableTargets(ctx context.Context, in *applicationautoscaling.DescribeScalableTargetsInput) (*applicationautoscaling.DescribeScalableTargetsOutput, error) {
	out := &applicationautoscaling.DescribeScalableTargetsOutput{ScalableTargets: []types.ScalableTarget{}}
	if in.ServiceNamespace != types.ServiceNamespaceDynamodb {
		return out, nil
	}
	scope := env.ScopeOf(ctx)
	role := "arn:" + env.Partition + ":iam::" + scope.Account +
		":role/aws-service-role/dynamodb.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_DynamoDBTable"
	var keys []string
	var found []types.ScalableTarget
	err := s.env.Store.View(func(tx *store.Tx) error {
		for k, t := range s.targets.Prefix(tx, scope.Key("dynamodb", "")) {
			if in.ScalableDimension != "" && in.ScalableDimension != t.Of || len(in.ResourceIds) > 0 && !slices.Contains(in.ResourceIds, t.Resource) {
				continue
			}
			keys = append(keys, k)
			found = append(found, types.ScalableTarget{
				CreationTime: &t.Created, MinCapacity: &t.Min, MaxCapacity: &t.Max, ResourceId: &t.Resource, RoleARN: &role,
				ScalableDimension: t.Of, ServiceNamespace: types.ServiceNamespaceDynamodb, ScalableTargetARN: aws.String(t.arn(ctx)),
				SuspendedState: &types.SuspendedState{
					DynamicScalingInSuspended:  aws.Bool(aws.ToBool(t.Paused.DynamicScalingInSuspended)),
					DynamicScalingOutSuspended: aws.Bool(aws.ToBool(t.Paused.DynamicScalingOutSuspended)),
					ScheduledScalingSuspended:  aws.Bool(aws.ToBool(t.Paused.ScheduledScalingSuspended)),
				},
			})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	from, to, next, err := page(keys, in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	out.ScalableTargets, out.NextToken = append(out.ScalableTargets, found[from:to]...), next
	return out, nil
}
