package emulator_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	scaling "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
)

// A table with provisioned capacity goes into another region once its writes scale;
// how its capacities scale is the same by both services.
func TestScaledReplicas(t *testing.T) {
	t.Parallel()
	c := config(start(t, emulator.Config{}))
	tables, scales, ctx := dynamodb.NewFromConfig(c), applicationautoscaling.NewFromConfig(c), t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	refused := func(err error, says string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want %q", err, says)
		}
	}
	name := aws.String("orders")
	_, err := tables.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: name, ProvisionedThroughput: &ddb.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(5), WriteCapacityUnits: aws.Int64(5)},
		AttributeDefinitions: []ddb.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: ddb.ScalarAttributeTypeN}},
		KeySchema:            []ddb.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: ddb.KeyTypeHash}},
	})
	must(err)
	replicas := func(u ddb.ReplicationGroupUpdate) error {
		_, err := tables.UpdateTable(ctx, &dynamodb.UpdateTableInput{TableName: name, ReplicaUpdates: []ddb.ReplicationGroupUpdate{u}})
		return err
	}
	add := ddb.ReplicationGroupUpdate{Create: &ddb.CreateReplicationGroupMemberAction{RegionName: aws.String("us-west-2")}}
	refused(replicas(add), "Table write capacity should either be Pay-Per-Request or AutoScaled.")
	_, err = tables.DescribeTableReplicaAutoScaling(ctx, &dynamodb.DescribeTableReplicaAutoScalingInput{TableName: name})
	refused(err, "Global table with name: 'orders' does not exist.")
	_, err = scales.RegisterScalableTarget(ctx, &applicationautoscaling.RegisterScalableTargetInput{
		ServiceNamespace: scaling.ServiceNamespaceDynamodb, ResourceId: aws.String("table/orders"), ScalableDimension: scaling.ScalableDimensionDynamoDBTableWriteCapacityUnits,
		MinCapacity: aws.Int32(5), MaxCapacity: aws.Int32(50),
	})
	must(err)
	refused(replicas(add), "AutoScaled") // there is no policy yet
	_, err = scales.PutScalingPolicy(ctx, &applicationautoscaling.PutScalingPolicyInput{
		ServiceNamespace: scaling.ServiceNamespaceDynamodb, ResourceId: aws.String("table/orders"), ScalableDimension: scaling.ScalableDimensionDynamoDBTableWriteCapacityUnits,
		PolicyName: aws.String("writes"), PolicyType: scaling.PolicyTypeTargetTrackingScaling,
		TargetTrackingScalingPolicyConfiguration: &scaling.TargetTrackingScalingPolicyConfiguration{
			TargetValue: aws.Float64(60), PredefinedMetricSpecification: &scaling.PredefinedMetricSpecification{PredefinedMetricType: scaling.MetricTypeDynamoDBWriteCapacityUtilization},
		},
	})
	must(err)
	must(replicas(add))

	settings := func() map[string]ddb.ReplicaAutoScalingDescription {
		t.Helper()
		out, err := tables.DescribeTableReplicaAutoScaling(ctx, &dynamodb.DescribeTableReplicaAutoScalingInput{TableName: name})
		must(err)
		all := map[string]ddb.ReplicaAutoScalingDescription{}
		for _, r := range out.TableAutoScalingDescription.Replicas {
			all[*r.RegionName] = r
		}
		return all
	}
	for _, region := range []string{c.Region, "us-west-2"} {
		r := settings()[region]
		if w := r.ReplicaProvisionedWriteCapacityAutoScalingSettings; w == nil || aws.ToInt64(w.MaximumUnits) != 50 || len(w.ScalingPolicies) != 1 || *w.ScalingPolicies[0].TargetTrackingScalingPolicyConfiguration.TargetValue != 60 {
			t.Errorf("%s: writes scale by %+v", region, w)
		}
		if d := r.ReplicaProvisionedReadCapacityAutoScalingSettings; d == nil || !aws.ToBool(d.AutoScalingDisabled) {
			t.Errorf("%s: reads scale by %+v", region, d)
		}
	}

	update := func(in dynamodb.UpdateTableReplicaAutoScalingInput) error {
		in.TableName = name
		_, err := tables.UpdateTableReplicaAutoScaling(ctx, &in)
		return err
	}
	refused(update(dynamodb.UpdateTableReplicaAutoScalingInput{}), "because at least one update parameter must be specified.")
	there := ddb.ReplicaAutoScalingUpdate{RegionName: aws.String("us-west-2")}
	refused(update(dynamodb.UpdateTableReplicaAutoScalingInput{ReplicaUpdates: []ddb.ReplicaAutoScalingUpdate{there}}), "for region: ‘us-west-2’")
	there.ReplicaProvisionedReadCapacityAutoScalingUpdate = &ddb.AutoScalingSettingsUpdate{MinimumUnits: aws.Int64(2), MaximumUnits: aws.Int64(20)}
	refused(update(dynamodb.UpdateTableReplicaAutoScalingInput{ReplicaUpdates: []ddb.ReplicaAutoScalingUpdate{there, there}}), "the regions: ‘[us-west-2]’ were specified more than once.")
	must(update(dynamodb.UpdateTableReplicaAutoScalingInput{
		ReplicaUpdates: []ddb.ReplicaAutoScalingUpdate{there}, ProvisionedWriteCapacityAutoScalingUpdate: &ddb.AutoScalingSettingsUpdate{MaximumUnits: aws.Int64(70)},
	}))
	if r := settings()[c.Region]; aws.ToInt64(r.ReplicaProvisionedWriteCapacityAutoScalingSettings.MaximumUnits) != 70 || r.ReplicaProvisionedReadCapacityAutoScalingSettings.MaximumUnits != nil {
		t.Errorf("here: got %+v", r)
	}
	if r := settings()["us-west-2"]; aws.ToInt64(r.ReplicaProvisionedWriteCapacityAutoScalingSettings.MaximumUnits) != 70 || aws.ToInt64(r.ReplicaProvisionedReadCapacityAutoScalingSettings.MaximumUnits) != 20 ||
		aws.ToString(r.ReplicaProvisionedReadCapacityAutoScalingSettings.ScalingPolicies[0].PolicyName) != "DynamoDBReadCapacityUtilization:table/orders" {
		t.Errorf("there: got %+v", r)
	}

	must(replicas(ddb.ReplicationGroupUpdate{Update: &ddb.UpdateReplicationGroupMemberAction{
		RegionName: aws.String("us-west-2"), ProvisionedThroughputOverride: &ddb.ProvisionedThroughputOverride{ReadCapacityUnits: aws.Int64(10)},
	}}))
	other := dynamodb.NewFromConfig(c, func(o *dynamodb.Options) { o.Region = "us-west-2" })
	out, err := other.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: name})
	must(err)
	if p := out.Table.ProvisionedThroughput; *p.ReadCapacityUnits != 10 || *p.WriteCapacityUnits != 5 {
		t.Errorf("there: %d reads and %d writes", *p.ReadCapacityUnits, *p.WriteCapacityUnits)
	}
	refused(replicas(ddb.ReplicationGroupUpdate{Update: &ddb.UpdateReplicationGroupMemberAction{
		RegionName: aws.String("us-west-2"), OnDemandThroughputOverride: &ddb.OnDemandThroughputOverride{MaxReadRequestUnits: aws.Int64(10)},
	}}), "MaxReadRequestUnits for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED")

	must(replicas(ddb.ReplicationGroupUpdate{Delete: &ddb.DeleteReplicationGroupMemberAction{RegionName: aws.String("us-west-2")}}))
	left, err := applicationautoscaling.NewFromConfig(c, func(o *applicationautoscaling.Options) { o.Region = "us-west-2" }).DescribeScalableTargets(ctx,
		&applicationautoscaling.DescribeScalableTargetsInput{ServiceNamespace: scaling.ServiceNamespaceDynamodb})
	must(err)
	if len(left.ScalableTargets) != 0 {
		t.Errorf("targets of the region that was left: %+v", left.ScalableTargets)
	}
}
