// Package applicationautoscaling is Application Auto Scaling: which capacities of
// tables and indexes scale between which bounds, and by which policy.
//
// Targets and policies are checked, stored and given back. Nothing is scaled, and
// no alarms are made, because the emulator's tables are as fast with any capacity.
// It must not know tables, only ask whether there is one. Other namespaces than
// dynamodb, step and predictive scaling, scheduled actions, scaling activities and
// tags are not emulated.
package applicationautoscaling

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/schemas"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// Tables says which tables there are.
type Tables interface {
	DescribeTable(context.Context, *dynamodb.DescribeTableInput) (*dynamodb.DescribeTableOutput, error)
}

// A Service is Application Auto Scaling.
type Service struct {
	env      *env.Env
	tables   Tables
	targets  *store.Set[target] // by scope, namespace, resource and dimension
	policies *store.Set[policy] // by scope, namespace, resource, dimension and name
}

// target is a capacity that may be scaled.
type target struct {
	ID       string
	Min, Max int32
	Created  time.Time
	Resource string
	Of       types.ScalableDimension
	Paused   types.SuspendedState
}

// policy says how a target is scaled.
type policy struct {
	Name     string
	ARN      string
	Created  time.Time
	Resource string
	Of       types.ScalableDimension
	Tracking types.TargetTrackingScalingPolicyConfiguration
}

// New returns the service over the environment's store.
func New(e *env.Env, tables Tables) (*Service, error) {
	s := &Service{env: e, tables: tables}
	var errs [2]error
	s.targets, errs[0] = store.NewSet[target](e.Store, "applicationautoscaling.target")
	s.policies, errs[1] = store.NewSet[policy](e.Store, "applicationautoscaling.policy")
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("opening the sets of Application Auto Scaling: %w", err)
	}
	return s, nil
}

// Wire lists what the service serves.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name:     "application-autoscaling",
		Protocol: wire.AWSJSON11,
		Schema:   schemas.AnyScaleFrontendService,
		Operations: []wire.Operation{
			wire.Op(schemas.DeleteScalingPolicy, s.DeleteScalingPolicy),
			wire.Op(schemas.DeregisterScalableTarget, s.DeregisterScalableTarget),
			wire.Op(schemas.DescribeScalableTargets, s.DescribeScalableTargets),
			wire.Op(schemas.DescribeScalingPolicies, s.DescribeScalingPolicies),
			wire.Op(schemas.PutScalingPolicy, s.PutScalingPolicy, wire.Refuse("PredictiveScalingPolicyConfiguration",
				"StepScalingPolicyConfiguration", "TargetTrackingScalingPolicyConfiguration.CustomizedMetricSpecification")),
			wire.Op(schemas.RegisterScalableTarget, s.RegisterScalableTarget, wire.Refuse("RoleARN", "Tags")),
		},
	}
}

// metrics are the dimensions that can be scaled, and the metric that each is
// scaled by.
var metrics = map[types.ScalableDimension]types.MetricType{
	types.ScalableDimensionDynamoDBTableReadCapacityUnits:  types.MetricTypeDynamoDBReadCapacityUtilization,
	types.ScalableDimensionDynamoDBTableWriteCapacityUnits: types.MetricTypeDynamoDBWriteCapacityUtilization,
	types.ScalableDimensionDynamoDBIndexReadCapacityUnits:  types.MetricTypeDynamoDBReadCapacityUtilization,
	types.ScalableDimensionDynamoDBIndexWriteCapacityUnits: types.MetricTypeDynamoDBWriteCapacityUtilization,
}

// key is where a target is kept.
func key(ctx context.Context, resource *string, of types.ScalableDimension) string {
	return env.ScopeOf(ctx).Key("dynamodb", aws.ToString(resource), string(of))
}

// check refuses what is not the capacity of a table that there is.
func (s *Service) check(ctx context.Context, namespace types.ServiceNamespace, resource *string, of types.ScalableDimension) error {
	parts := strings.Split(aws.ToString(resource), "/")
	index := strings.HasPrefix(string(of), "dynamodb:index:")
	fits := len(parts) == 2 && !index || len(parts) == 4 && index && parts[2] == "index"
	if _, known := metrics[of]; namespace != types.ServiceNamespaceDynamodb || !known || !fits || parts[0] != "table" {
		return invalid("Unsupported service namespace, resource type or scalable dimension")
	}
	out, err := s.tables.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &parts[1]})
	if err != nil {
		return invalid("DynamoDB table does not exist: %s", *resource)
	}
	if !index {
		return nil
	}
	for _, i := range out.Table.GlobalSecondaryIndexes {
		if aws.ToString(i.IndexName) == parts[3] {
			return nil
		}
	}
	return invalid("DynamoDB index does not exist: %s", *resource)
}

func invalid(format string, args ...any) error {
	return &types.ValidationException{Message: aws.String(fmt.Sprintf(format, args...))}
}

// noTarget is AWS's answer where nothing was registered.
func noTarget(resource *string, of types.ScalableDimension) error {
	return &types.ObjectNotFoundException{Message: aws.String(fmt.Sprintf(
		"No scalable target registered for service namespace: dynamodb, resource ID: %s, scalable dimension: %s", aws.ToString(resource), of))}
}

// page cuts a list at what a request asks for; tokens are the key to go on with.
func page(keys []string, token *string, most *int32) (from, to int, next *string, err error) {
	if token != nil {
		for from < len(keys) && keys[from] != *token {
			from++
		}
		if from == len(keys) {
			return 0, 0, nil, &types.InvalidNextTokenException{Message: aws.String("The specified next token is invalid.")}
		}
	}
	to = len(keys)
	if n := int(aws.ToInt32(most)); n > 0 && from+n < to {
		to = from + n
		next = &keys[to]
	}
	return from, to, next, nil
}
