package applicationautoscaling

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// one is the tables of an account with one: orders, with the index by_user.
type one struct{}

func (one) DescribeTable(_ context.Context, in *dynamodb.DescribeTableInput) (*dynamodb.DescribeTableOutput, error) {
	if aws.ToString(in.TableName) != "orders" {
		return nil, &dynamodbtypes.ResourceNotFoundException{}
	}
	return &dynamodb.DescribeTableOutput{Table: &dynamodbtypes.TableDescription{
		GlobalSecondaryIndexes: []dynamodbtypes.GlobalSecondaryIndexDescription{{IndexName: aws.String("by_user")}},
	}}, nil
}

func newService(t *testing.T) (*Service, context.Context) {
	t.Helper()
	st, err := store.Open("")
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(&env.Env{Clock: clock.NewFake(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)), Store: st}, one{})
	if err != nil {
		t.Fatal(err)
	}
	return s, env.WithScope(context.Background(), env.Scope{Account: "000000000000", Region: "eu-north-1"})
}

// errorOf is the code and the message of an AWS error, or "".
func errorOf(err error) string {
	api := smithy.APIError(nil)
	if !errors.As(err, &api) {
		return ""
	}
	return api.ErrorCode() + ": " + api.ErrorMessage()
}

const (
	tableReads = types.ScalableDimensionDynamoDBTableReadCapacityUnits
	indexReads = types.ScalableDimensionDynamoDBIndexReadCapacityUnits
)

func register(resource string, of types.ScalableDimension, low, high *int32) *applicationautoscaling.RegisterScalableTargetInput {
	return &applicationautoscaling.RegisterScalableTargetInput{
		ServiceNamespace: types.ServiceNamespaceDynamodb, ResourceId: &resource, ScalableDimension: of, MinCapacity: low, MaxCapacity: high,
	}
}

func track(resource string, of types.ScalableDimension, name string, metric types.MetricType, value float64) *applicationautoscaling.PutScalingPolicyInput {
	return &applicationautoscaling.PutScalingPolicyInput{
		ServiceNamespace: types.ServiceNamespaceDynamodb, ResourceId: &resource, ScalableDimension: of, PolicyName: &name,
		PolicyType: types.PolicyTypeTargetTrackingScaling,
		TargetTrackingScalingPolicyConfiguration: &types.TargetTrackingScalingPolicyConfiguration{
			TargetValue: &value, PredefinedMetricSpecification: &types.PredefinedMetricSpecification{PredefinedMetricType: metric},
		},
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	s, ctx := newService(t)
	five, ten := aws.Int32(5), aws.Int32(10)
	if _, err := s.RegisterScalableTarget(ctx, register("table/orders", tableReads, five, ten)); err != nil {
		t.Fatal(err)
	}
	const unsupported = "ValidationException: Unsupported service namespace, resource type or scalable dimension"
	for _, c := range []struct {
		name string
		call func() error
		want string
	}{
		{"no table", func() error {
			_, err := s.RegisterScalableTarget(ctx, register("table/none", tableReads, five, ten))
			return err
		}, "ValidationException: DynamoDB table does not exist: table/none"},
		{"no index", func() error {
			_, err := s.RegisterScalableTarget(ctx, register("table/orders/index/none", indexReads, five, ten))
			return err
		}, "ValidationException: DynamoDB index does not exist: table/orders/index/none"},
		{"an index as a table", func() error {
			_, err := s.RegisterScalableTarget(ctx, register("table/orders/index/by_user", tableReads, five, ten))
			return err
		}, unsupported},
		{"another service", func() error {
			in := register("table/orders", tableReads, five, ten)
			in.ServiceNamespace = types.ServiceNamespaceEcs
			_, err := s.RegisterScalableTarget(ctx, in)
			return err
		}, unsupported},
		{"bounds the wrong way round", func() error {
			_, err := s.RegisterScalableTarget(ctx, register("table/orders", tableReads, ten, five))
			return err
		}, "ValidationException: Maximum capacity cannot be less than minimum capacity"},
		{"a policy without a target", func() error {
			_, err := s.PutScalingPolicy(ctx, track("table/orders/index/by_user", indexReads, "p", types.MetricTypeDynamoDBReadCapacityUtilization, 70))
			return err
		}, "ObjectNotFoundException: No scalable target registered for service namespace: dynamodb, resource ID: table/orders/index/by_user, scalable dimension: dynamodb:index:ReadCapacityUnits"},
		{"another metric", func() error {
			_, err := s.PutScalingPolicy(ctx, track("table/orders", tableReads, "p", types.MetricTypeDynamoDBWriteCapacityUtilization, 70))
			return err
		}, "ValidationException: Predefined metric type DynamoDBWriteCapacityUtilization is not valid for scalable dimension dynamodb:table:ReadCapacityUnits"},
	} {
		if got := errorOf(c.call()); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestLife(t *testing.T) {
	t.Parallel()
	s, ctx := newService(t)
	for _, r := range []struct {
		resource string
		of       types.ScalableDimension
	}{{"table/orders", tableReads}, {"table/orders/index/by_user", indexReads}} {
		if _, err := s.RegisterScalableTarget(ctx, register(r.resource, r.of, aws.Int32(5), aws.Int32(10))); err != nil {
			t.Fatal(err)
		}
		if _, err := s.PutScalingPolicy(ctx, track(r.resource, r.of, "p", types.MetricTypeDynamoDBReadCapacityUtilization, 70)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.RegisterScalableTarget(ctx, register("table/orders", tableReads, nil, aws.Int32(20))); err != nil {
		t.Fatal(err)
	}
	// Pages of one, which together are both targets, with the bounds of the last change.
	var found []string
	in := &applicationautoscaling.DescribeScalableTargetsInput{ServiceNamespace: types.ServiceNamespaceDynamodb, MaxResults: aws.Int32(1)}
	for {
		out, err := s.DescribeScalableTargets(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		for _, target := range out.ScalableTargets {
			found = append(found, *target.ResourceId)
			if *target.ResourceId == "table/orders" && (*target.MinCapacity != 5 || *target.MaxCapacity != 20) {
				t.Errorf("got %d to %d, want 5 to 20", *target.MinCapacity, *target.MaxCapacity)
			}
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
	}
	if len(found) != 2 {
		t.Errorf("got %v, want both targets", found)
	}
	_, err := s.DeregisterScalableTarget(ctx, &applicationautoscaling.DeregisterScalableTargetInput{
		ServiceNamespace: types.ServiceNamespaceDynamodb, ResourceId: aws.String("table/orders"), ScalableDimension: tableReads,
	})
	if err != nil {
		t.Fatal(err)
	}
	policies, err := s.DescribeScalingPolicies(ctx, &applicationautoscaling.DescribeScalingPoliciesInput{ServiceNamespace: types.ServiceNamespaceDynamodb})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(policies.ScalingPolicies); n != 1 || *policies.ScalingPolicies[0].ResourceId != "table/orders/index/by_user" {
		t.Errorf("got %d policies, want that of the index alone", n)
	}
}
