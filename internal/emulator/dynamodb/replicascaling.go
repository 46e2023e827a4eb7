package dynamodb

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	scaling "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
)

// This file has the operations that say how the capacities of a global table scale
// in all its regions. They keep nothing: they ask and tell Application Auto Scaling.

// member is a region of a global table and the table there.
type member struct {
	region string
	table  table
}

// members are the regions of a global table in the order of their names.
func (s *Service) members(ctx context.Context, nameOrARN *string) ([]member, error) {
	t, err := s.find(ctx, nameOrARN)
	if err != nil || len(t.Replicas) == 0 {
		return nil, &types.ResourceNotFoundException{Message: aws.String("Global table with name: '" + aws.ToString(nameOrARN) + "' does not exist.")}
	}
	all := []member{{t.region(), t}}
	for _, r := range t.Replicas {
		o, err := s.find(elsewhere(ctx, r.Region), t.Desc.TableName)
		if err != nil {
			return nil, err
		}
		all = append(all, member{r.Region, o})
	}
	slices.SortFunc(all, func(a, b member) int { return cmp.Compare(a.region, b.region) })
	return all, nil
}

// DescribeTableReplicaAutoScaling implements the operation of that name.
func (s *Service) DescribeTableReplicaAutoScaling(ctx context.Context, in *dynamodb.DescribeTableReplicaAutoScalingInput) (*dynamodb.DescribeTableReplicaAutoScalingOutput, error) {
	all, err := s.members(ctx, in.TableName)
	if err != nil {
		return nil, err
	}
	d, err := s.scalingOf(ctx, all)
	if err != nil {
		return nil, err
	}
	return &dynamodb.DescribeTableReplicaAutoScalingOutput{TableAutoScalingDescription: d}, nil
}

func (s *Service) scalingOf(ctx context.Context, all []member) (*types.TableAutoScalingDescription, error) {
	d := &types.TableAutoScalingDescription{TableName: all[0].table.Desc.TableName, TableStatus: types.TableStatusActive, Replicas: []types.ReplicaAutoScalingDescription{}}
	for _, m := range all {
		if err := s.describeScaling(elsewhere(ctx, m.region), m, d); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// describeScaling adds a region to a description; ctx is of that region.
func (s *Service) describeScaling(ctx context.Context, m member, d *types.TableAutoScalingDescription) error {
	policies, err := s.scaled(ctx, m.table.name())
	if err != nil {
		return err
	}
	targets := &applicationautoscaling.DescribeScalableTargetsOutput{}
	if s.Scaling != nil {
		targets, err = s.Scaling.DescribeScalableTargets(ctx, &applicationautoscaling.DescribeScalableTargetsInput{ServiceNamespace: scaling.ServiceNamespaceDynamodb})
		if err != nil {
			return err
		}
	}
	settings := func(resource string, of scaling.ScalableDimension) *types.AutoScalingSettingsDescription {
		out := &types.AutoScalingSettingsDescription{AutoScalingDisabled: aws.Bool(true), ScalingPolicies: []types.AutoScalingPolicyDescription{}}
		for _, t := range targets.ScalableTargets {
			if aws.ToString(t.ResourceId) != resource || t.ScalableDimension != of {
				continue
			}
			out.AutoScalingDisabled, out.AutoScalingRoleArn = nil, t.RoleARN
			out.MinimumUnits, out.MaximumUnits = aws.Int64(int64(*t.MinCapacity)), aws.Int64(int64(*t.MaxCapacity))
		}
		for _, p := range policies[resource+" "+string(of)] {
			c := p.TargetTrackingScalingPolicyConfiguration
			out.ScalingPolicies = append(out.ScalingPolicies, types.AutoScalingPolicyDescription{
				PolicyName: p.PolicyName,
				TargetTrackingScalingPolicyConfiguration: &types.AutoScalingTargetTrackingScalingPolicyConfigurationDescription{
					TargetValue: c.TargetValue, DisableScaleIn: c.DisableScaleIn, ScaleInCooldown: c.ScaleInCooldown, ScaleOutCooldown: c.ScaleOutCooldown,
				},
			})
		}
		return out
	}
	table := "table/" + m.table.name()
	r := types.ReplicaAutoScalingDescription{
		RegionName: &m.region, ReplicaStatus: types.ReplicaStatusActive, GlobalSecondaryIndexes: []types.ReplicaGlobalSecondaryIndexAutoScalingDescription{},
		ReplicaProvisionedReadCapacityAutoScalingSettings:  settings(table, scaling.ScalableDimensionDynamoDBTableReadCapacityUnits),
		ReplicaProvisionedWriteCapacityAutoScalingSettings: settings(table, scaling.ScalableDimensionDynamoDBTableWriteCapacityUnits),
	}
	for _, g := range m.table.Desc.GlobalSecondaryIndexes {
		index := table + "/index/" + aws.ToString(g.IndexName)
		r.GlobalSecondaryIndexes = append(r.GlobalSecondaryIndexes, types.ReplicaGlobalSecondaryIndexAutoScalingDescription{
			IndexName: g.IndexName, IndexStatus: types.IndexStatusActive,
			ProvisionedReadCapacityAutoScalingSettings:  settings(index, scaling.ScalableDimensionDynamoDBIndexReadCapacityUnits),
			ProvisionedWriteCapacityAutoScalingSettings: settings(index, scaling.ScalableDimensionDynamoDBIndexWriteCapacityUnits),
		})
	}
	d.Replicas = append(d.Replicas, r)
	return nil
}

// rescaling is one change that an UpdateTableReplicaAutoScaling makes.
type rescaling struct {
	region, resource string
	of               scaling.ScalableDimension
	to               *types.AutoScalingSettingsUpdate
}

// UpdateTableReplicaAutoScaling implements the operation of that name. Like AWS it
// answers what was before the update.
func (s *Service) UpdateTableReplicaAutoScaling(ctx context.Context, in *dynamodb.UpdateTableReplicaAutoScalingInput) (*dynamodb.UpdateTableReplicaAutoScalingOutput, error) {
	all, err := s.members(ctx, in.TableName)
	if err != nil {
		return nil, err
	}
	changes, err := rescalings(all, in)
	if err != nil {
		return nil, err
	}
	before, err := s.scalingOf(ctx, all)
	if err != nil {
		return nil, err
	}
	for _, c := range changes {
		if err := s.rescale(elsewhere(ctx, c.region), c); err != nil {
			return nil, unscalable(err)
		}
	}
	return &dynamodb.UpdateTableReplicaAutoScalingOutput{TableAutoScalingDescription: before}, nil
}

// unscalable is an error of Application Auto Scaling as DynamoDB passes it on.
func unscalable(err error) error {
	var api smithy.APIError
	if errors.As(err, &api) {
		return invalid("%s", api.ErrorMessage())
	}
	return err
}

// rescalings checks a request and lists its changes: of writes in all regions, and
// of reads in those that it names.
func rescalings(all []member, in *dynamodb.UpdateTableReplicaAutoScalingInput) ([]rescaling, error) {
	name := all[0].table.name()
	failed := func(why string, args ...any) error {
		return invalid("Failed to update settings for global table with name: ‘"+name+"’ because "+why, args...)
	}
	var changes []rescaling
	for _, m := range all {
		if in.ProvisionedWriteCapacityAutoScalingUpdate != nil {
			changes = append(changes, rescaling{m.region, "table/" + name, scaling.ScalableDimensionDynamoDBTableWriteCapacityUnits, in.ProvisionedWriteCapacityAutoScalingUpdate})
		}
		for _, u := range in.GlobalSecondaryIndexUpdates {
			if m.table.indexAt(aws.ToString(u.IndexName)) < 0 {
				return nil, m.table.noIndex(aws.ToString(u.IndexName), "update")
			}
			if u.ProvisionedWriteCapacityAutoScalingUpdate != nil {
				changes = append(changes, rescaling{m.region, "table/" + name + "/index/" + *u.IndexName, scaling.ScalableDimensionDynamoDBIndexWriteCapacityUnits, u.ProvisionedWriteCapacityAutoScalingUpdate})
			}
		}
	}
	seen := map[string]bool{}
	for _, u := range in.ReplicaUpdates {
		region := aws.ToString(u.RegionName)
		at := slices.IndexFunc(all, func(m member) bool { return m.region == region })
		switch {
		case seen[region]:
			return nil, failed("the regions: ‘[%s]’ were specified more than once.", region)
		case at < 0:
			return nil, noMember(region)
		case u.ReplicaProvisionedReadCapacityAutoScalingUpdate == nil && len(u.ReplicaGlobalSecondaryIndexUpdates) == 0:
			return nil, failed("at least one update parameter must be specified for region: ‘%s’.", region)
		}
		seen[region] = true
		if r := u.ReplicaProvisionedReadCapacityAutoScalingUpdate; r != nil {
			changes = append(changes, rescaling{region, "table/" + name, scaling.ScalableDimensionDynamoDBTableReadCapacityUnits, r})
		}
		for _, i := range u.ReplicaGlobalSecondaryIndexUpdates {
			if all[at].table.indexAt(aws.ToString(i.IndexName)) < 0 {
				return nil, all[at].table.noIndex(aws.ToString(i.IndexName), "update")
			}
			if r := i.ProvisionedReadCapacityAutoScalingUpdate; r != nil {
				changes = append(changes, rescaling{region, "table/" + name + "/index/" + *i.IndexName, scaling.ScalableDimensionDynamoDBIndexReadCapacityUnits, r})
			}
		}
	}
	if len(changes) == 0 {
		return nil, failed("at least one update parameter must be specified.")
	}
	return changes, nil
}

// usualTarget is the percentage of a capacity that should be used unless a policy
// says otherwise.
const usualTarget = 70

// rescale carries out one change; ctx is of its region.
func (s *Service) rescale(ctx context.Context, c rescaling) error {
	if s.Scaling == nil {
		return invalid("there is no Application Auto Scaling that the capacities could scale by")
	}
	if aws.ToBool(c.to.AutoScalingDisabled) {
		_, err := s.Scaling.DeregisterScalableTarget(ctx, &applicationautoscaling.DeregisterScalableTargetInput{
			ServiceNamespace: scaling.ServiceNamespaceDynamodb, ResourceId: &c.resource, ScalableDimension: c.of,
		})
		return err
	}
	units := func(n *int64) *int32 {
		if n == nil {
			return nil
		}
		return aws.Int32(int32(min(*n, 1<<31-1)))
	}
	out, err := s.Scaling.DescribeScalingPolicies(ctx, &applicationautoscaling.DescribeScalingPoliciesInput{
		ServiceNamespace: scaling.ServiceNamespaceDynamodb, ResourceId: &c.resource, ScalableDimension: c.of,
	})
	if err != nil {
		return err
	}
	metric, name := scaling.MetricTypeDynamoDBReadCapacityUtilization, "DynamoDBReadCapacityUtilization:"+c.resource
	if c.of == scaling.ScalableDimensionDynamoDBTableWriteCapacityUnits || c.of == scaling.ScalableDimensionDynamoDBIndexWriteCapacityUnits {
		metric, name = scaling.MetricTypeDynamoDBWriteCapacityUtilization, "DynamoDBWriteCapacityUtilization:"+c.resource
	}
	policies := out.ScalingPolicies // nothing changes them but an update
	if len(policies) > 0 {
		name = aws.ToString(policies[0].PolicyName)
	}
	if u := c.to.ScalingPolicyUpdate; u != nil || len(policies) == 0 {
		tracking := &scaling.TargetTrackingScalingPolicyConfiguration{
			TargetValue: aws.Float64(usualTarget), PredefinedMetricSpecification: &scaling.PredefinedMetricSpecification{PredefinedMetricType: metric},
		}
		if u != nil {
			if u.PolicyName != nil {
				name = *u.PolicyName
			}
			if t := u.TargetTrackingScalingPolicyConfiguration; t != nil {
				tracking.TargetValue, tracking.DisableScaleIn, tracking.ScaleInCooldown, tracking.ScaleOutCooldown = t.TargetValue, t.DisableScaleIn, t.ScaleInCooldown, t.ScaleOutCooldown
			}
		}
		policies = []scaling.ScalingPolicy{{PolicyName: &name, TargetTrackingScalingPolicyConfiguration: tracking}}
	}
	return s.scale(ctx, c.resource, c.of, units(c.to.MinimumUnits), units(c.to.MaximumUnits), policies)
}
