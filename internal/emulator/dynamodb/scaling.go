package dynamodb

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	scaling "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// Scaling is where the bounds and policies of capacities that scale are kept.
type Scaling interface {
	DeregisterScalableTarget(context.Context, *applicationautoscaling.DeregisterScalableTargetInput) (*applicationautoscaling.DeregisterScalableTargetOutput, error)
	DescribeScalableTargets(context.Context, *applicationautoscaling.DescribeScalableTargetsInput) (*applicationautoscaling.DescribeScalableTargetsOutput, error)
	DescribeScalingPolicies(context.Context, *applicationautoscaling.DescribeScalingPoliciesInput) (*applicationautoscaling.DescribeScalingPoliciesOutput, error)
	PutScalingPolicy(context.Context, *applicationautoscaling.PutScalingPolicyInput) (*applicationautoscaling.PutScalingPolicyOutput, error)
	RegisterScalableTarget(context.Context, *applicationautoscaling.RegisterScalableTargetInput) (*applicationautoscaling.RegisterScalableTargetOutput, error)
}

// scaled are the policies of a table and its indexes, by resource and dimension.
func (s *Service) scaled(ctx context.Context, name string) (map[string][]scaling.ScalingPolicy, error) {
	all := map[string][]scaling.ScalingPolicy{}
	if s.Scaling == nil {
		return all, nil
	}
	out, err := s.Scaling.DescribeScalingPolicies(ctx, &applicationautoscaling.DescribeScalingPoliciesInput{ServiceNamespace: scaling.ServiceNamespaceDynamodb})
	if err != nil {
		return nil, err
	}
	for _, p := range out.ScalingPolicies {
		id := aws.ToString(p.ResourceId)
		if id == "table/"+name || strings.HasPrefix(id, "table/"+name+"/") {
			key := id + " " + string(p.ScalableDimension)
			all[key] = append(all[key], p)
		}
	}
	return all, nil
}

// unscaled says why replicas cannot be added to a table with provisioned capacity:
// its writes, or those of an index, do not scale. Otherwise it is nil. The second
// error is of asking.
func (s *Service) unscaled(ctx context.Context, in *dynamodb.UpdateTableInput) (why, err error) {
	if !slices.ContainsFunc(in.ReplicaUpdates, func(u types.ReplicationGroupUpdate) bool { return u.Create != nil }) {
		return nil, nil
	}
	var t table
	var ok bool
	if err := s.env.Store.View(func(tx *store.Tx) error {
		t, ok = s.table(ctx, tx, in.TableName)
		return nil
	}); err != nil || !ok {
		return nil, err
	}
	all, err := s.scaled(ctx, t.name())
	if err != nil {
		return nil, err
	}
	resource := "table/" + t.name()
	if all[resource+" "+string(scaling.ScalableDimensionDynamoDBTableWriteCapacityUnits)] == nil {
		return invalid("Table write capacity should either be Pay-Per-Request or AutoScaled."), nil
	}
	for _, g := range t.Desc.GlobalSecondaryIndexes {
		if all[resource+"/index/"+aws.ToString(g.IndexName)+" "+string(scaling.ScalableDimensionDynamoDBIndexWriteCapacityUnits)] == nil {
			return invalid("GSI write capacity should either be Pay-Per-Request or AutoScaled."), nil
		}
	}
	return nil, nil
}

// elsewhere is the context of requests of the same account in another region.
func elsewhere(ctx context.Context, region string) context.Context {
	scope := env.ScopeOf(ctx)
	scope.Region = region
	return env.WithScope(ctx, scope)
}

// scaleCopies lets the writes of new replicas scale as the table's do, and forgets
// how the reads and writes of those scaled that are no longer.
func (s *Service) scaleCopies(ctx context.Context, was, is *table) error {
	if s.Scaling == nil || is.onDemand() && len(was.Replicas) <= len(is.Replicas) {
		return nil
	}
	out, err := s.Scaling.DescribeScalableTargets(ctx, &applicationautoscaling.DescribeScalableTargetsInput{ServiceNamespace: scaling.ServiceNamespaceDynamodb})
	if err != nil {
		return err
	}
	policies, err := s.scaled(ctx, is.name())
	if err != nil {
		return err
	}
	for _, r := range is.Replicas {
		if was.replicaAt(r.Region) >= 0 {
			continue
		}
		for _, t := range out.ScalableTargets {
			key := aws.ToString(t.ResourceId) + " " + string(t.ScalableDimension)
			if policies[key] == nil || !strings.HasSuffix(string(t.ScalableDimension), ":WriteCapacityUnits") {
				continue
			}
			if err := s.scale(elsewhere(ctx, r.Region), aws.ToString(t.ResourceId), t.ScalableDimension, t.MinCapacity, t.MaxCapacity, policies[key]); err != nil {
				return err
			}
		}
	}
	for _, r := range was.Replicas {
		if is.replicaAt(r.Region) < 0 {
			if err := s.unscale(elsewhere(ctx, r.Region), is.name()); err != nil {
				return err
			}
		}
	}
	return nil
}

// scale registers a capacity with its policies.
func (s *Service) scale(ctx context.Context, resource string, of scaling.ScalableDimension, low, high *int32, policies []scaling.ScalingPolicy) error {
	_, err := s.Scaling.RegisterScalableTarget(ctx, &applicationautoscaling.RegisterScalableTargetInput{
		ServiceNamespace: scaling.ServiceNamespaceDynamodb, ResourceId: &resource, ScalableDimension: of, MinCapacity: low, MaxCapacity: high,
	})
	for _, p := range policies {
		if err != nil {
			break
		}
		_, err = s.Scaling.PutScalingPolicy(ctx, &applicationautoscaling.PutScalingPolicyInput{
			ServiceNamespace: scaling.ServiceNamespaceDynamodb, ResourceId: &resource, ScalableDimension: of,
			PolicyName: p.PolicyName, PolicyType: scaling.PolicyTypeTargetTrackingScaling, TargetTrackingScalingPolicyConfiguration: p.TargetTrackingScalingPolicyConfiguration,
		})
	}
	return err
}

// unscale forgets all that scales of a table.
func (s *Service) unscale(ctx context.Context, name string) error {
	out, err := s.Scaling.DescribeScalableTargets(ctx, &applicationautoscaling.DescribeScalableTargetsInput{ServiceNamespace: scaling.ServiceNamespaceDynamodb})
	if err != nil {
		return err
	}
	for _, t := range out.ScalableTargets {
		if id := aws.ToString(t.ResourceId); id != "table/"+name && !strings.HasPrefix(id, "table/"+name+"/") {
			continue
		}
		_, err := s.Scaling.DeregisterScalableTarget(ctx, &applicationautoscaling.DeregisterScalableTargetInput{
			ServiceNamespace: scaling.ServiceNamespaceDynamodb, ResourceId: t.ResourceId, ScalableDimension: t.ScalableDimension,
		})
		if err != nil {
			return err
		}
	}
	return nil
}
