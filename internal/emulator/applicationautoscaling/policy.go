package applicationautoscaling

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// PutScalingPolicy gives a target a policy, or changes the one of that name. A new
// policy needs its type and configuration.
func (s *Service) PutScalingPolicy(ctx context.Context, in *applicationautoscaling.PutScalingPolicyInput) (*applicationautoscaling.PutScalingPolicyOutput, error) {
	if in.ServiceNamespace != types.ServiceNamespaceDynamodb {
		return nil, invalid("Unsupported service namespace, resource type or scalable dimension")
	}
	name := aws.ToString(in.PolicyName)
	k := key(ctx, in.ResourceId, in.ScalableDimension)
	var p policy
	err := s.env.Store.Update(func(tx *store.Tx) error {
		if _, ok := s.targets.Get(tx, k); !ok {
			return noTarget(in.ResourceId, in.ScalableDimension)
		}
		tracking, err := tracking(in)
		if err != nil {
			return err
		}
		var known bool
		if p, known = s.policies.Get(tx, k+"\x00"+name); !known {
			p = policy{
				Name: name, Created: s.env.Clock.Now().UTC(), Resource: *in.ResourceId, Of: in.ScalableDimension,
				ARN: env.ScopeOf(ctx).ARN("autoscaling", fmt.Sprintf("scalingPolicy:%s:resource/dynamodb/%s:policyName/%s", uuid.NewString(), *in.ResourceId, name)),
			}
			for _, other := range s.policies.Prefix(tx, k+"\x00") {
				if other.metric() == tracking.PredefinedMetricSpecification.PredefinedMetricType {
					return invalid("Only one TargetTrackingScaling policy for a given metric specification is allowed.")
				}
			}
		}
		p.Tracking = *tracking
		s.policies.Put(tx, k+"\x00"+name, p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &applicationautoscaling.PutScalingPolicyOutput{PolicyARN: &p.ARN, Alarms: []types.Alarm{}}, nil
}

func (p policy) metric() types.MetricType {
	return p.Tracking.PredefinedMetricSpecification.PredefinedMetricType
}

// tracking checks a policy's type and configuration.
func tracking(in *applicationautoscaling.PutScalingPolicyInput) (*types.TargetTrackingScalingPolicyConfiguration, error) {
	if in.PolicyType != types.PolicyTypeTargetTrackingScaling {
		return nil, invalid("Policy type %s is not supported for service namespace dynamodb", in.PolicyType)
	}
	t := in.TargetTrackingScalingPolicyConfiguration
	if t == nil || t.TargetValue == nil {
		return nil, invalid("TargetTrackingScalingPolicyConfiguration must be specified for a policy of type TargetTrackingScaling")
	}
	m := t.PredefinedMetricSpecification
	switch {
	case m == nil:
		return nil, invalid("PredefinedMetricSpecification must be specified")
	case m.PredefinedMetricType != metrics[in.ScalableDimension]:
		return nil, invalid("Predefined metric type %s is not valid for scalable dimension %s", m.PredefinedMetricType, in.ScalableDimension)
	case m.ResourceLabel != nil:
		return nil, invalid("ResourceLabel is not valid for predefined metric type %s", m.PredefinedMetricType)
	case *t.TargetValue < 20 || *t.TargetValue > 90:
		return nil, invalid("Target value must be between 20 and 90 for predefined metric type %s", m.PredefinedMetricType)
	}
	return &types.TargetTrackingScalingPolicyConfiguration{
		TargetValue: t.TargetValue, DisableScaleIn: aws.Bool(aws.ToBool(t.DisableScaleIn)),
		PredefinedMetricSpecification: &types.PredefinedMetricSpecification{PredefinedMetricType: m.PredefinedMetricType},
		ScaleInCooldown:               t.ScaleInCooldown, ScaleOutCooldown: t.ScaleOutCooldown,
	}, nil
}

// DeleteScalingPolicy removes a policy; the target stays.
func (s *Service) DeleteScalingPolicy(ctx context.Context, in *applicationautoscaling.DeleteScalingPolicyInput) (*applicationautoscaling.DeleteScalingPolicyOutput, error) {
	if in.ServiceNamespace != types.ServiceNamespaceDynamodb {
		return nil, invalid("Unsupported service namespace, resource type or scalable dimension")
	}
	k := key(ctx, in.ResourceId, in.ScalableDimension) + "\x00" + aws.ToString(in.PolicyName)
	err := s.env.Store.Update(func(tx *store.Tx) error {
		if _, ok := s.policies.Get(tx, k); !ok {
			return &types.ObjectNotFoundException{Message: aws.String(fmt.Sprintf(
				"No scaling policy found for service namespace: dynamodb, resource ID: %s, scalable dimension: %s, policy name: %s",
				aws.ToString(in.ResourceId), in.ScalableDimension, aws.ToString(in.PolicyName)))}
		}
		s.policies.Delete(tx, k)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &applicationautoscaling.DeleteScalingPolicyOutput{}, nil
}

// DescribeScalingPolicies lists policies.
func (s *Service) DescribeScalingPolicies(ctx context.Context, in *applicationautoscaling.DescribeScalingPoliciesInput) (*applicationautoscaling.DescribeScalingPoliciesOutput, error) {
	out := &applicationautoscaling.DescribeScalingPoliciesOutput{ScalingPolicies: []types.ScalingPolicy{}}
	if in.ServiceNamespace != types.ServiceNamespaceDynamodb {
		return out, nil
	}
	var keys []string
	var found []types.ScalingPolicy
	err := s.env.Store.View(func(tx *store.Tx) error {
		for k, p := range s.policies.Prefix(tx, env.ScopeOf(ctx).Key("dynamodb", "")) {
			if in.ScalableDimension != "" && in.ScalableDimension != p.Of || in.ResourceId != nil && *in.ResourceId != p.Resource ||
				len(in.PolicyNames) > 0 && !slices.Contains(in.PolicyNames, p.Name) {
				continue
			}
			keys = append(keys, k)
			found = append(found, types.ScalingPolicy{
				CreationTime: &p.Created, PolicyARN: &p.ARN, PolicyName: &p.Name, PolicyType: types.PolicyTypeTargetTrackingScaling,
				ResourceId: &p.Resource, ScalableDimension: p.Of, ServiceNamespace: types.ServiceNamespaceDynamodb,
				Alarms: []types.Alarm{}, TargetTrackingScalingPolicyConfiguration: &p.Tracking,
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
	out.ScalingPolicies, out.NextToken = append(out.ScalingPolicies, found[from:to]...), next
	return out, nil
}
