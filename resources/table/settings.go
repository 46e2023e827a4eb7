package table

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// This file has what DynamoDB keeps beside a table and tells by calls of its own:
// its policy, its Kinesis stream, and its insights.

type kinesisStream struct {
	ARN       basetypes.String `tfsdk:"arn"`
	Precision basetypes.String `tfsdk:"precision"`
}

// govern sets or removes the table's policy.
func govern(ctx context.Context, c *Clients, prior, m *model) error {
	was, is := prior.ResourcePolicy, m.ResourcePolicy
	switch {
	case was.Equal(is):
		return nil
	case is.IsNull():
		_, err := c.DynamoDB.DeleteResourcePolicy(ctx, &dynamodb.DeleteResourcePolicyInput{ResourceArn: m.ID.ValueStringPointer()})
		if tf.Is[*types.PolicyNotFoundException](err) {
			return nil
		}
		return err
	}
	return tf.Retry(ctx, busy, func(ctx context.Context) error {
		_, err := c.DynamoDB.PutResourcePolicy(ctx, &dynamodb.PutResourcePolicyInput{ResourceArn: m.ID.ValueStringPointer(), Policy: is.ValueStringPointer()})
		return err
	})
}

func (m *model) readPolicy(ctx context.Context, c *Clients, arn *string) error {
	out, err := c.DynamoDB.GetResourcePolicy(ctx, &dynamodb.GetResourcePolicyInput{ResourceArn: arn})
	switch {
	case tf.Is[*types.PolicyNotFoundException](err):
		m.ResourcePolicy = tf.JSONNull()
		return nil
	case err != nil:
		return err
	}
	if found := aws.ToString(out.Policy); !tf.SameJSON(found, m.ResourcePolicy.ValueString()) {
		m.ResourcePolicy = tf.JSONValue(found)
	}
	return nil
}

// tell begins, changes or ends the records in a Kinesis stream.
func tell(ctx context.Context, c *Clients, prior, m *model) error {
	was, is := prior.KinesisStream, m.KinesisStream
	name := m.TableName.ValueStringPointer()
	if was != nil && (is == nil || !is.ARN.Equal(was.ARN)) {
		_, err := c.DynamoDB.DisableKinesisStreamingDestination(ctx, &dynamodb.DisableKinesisStreamingDestinationInput{TableName: name, StreamArn: was.ARN.ValueStringPointer()})
		if err != nil {
			return err
		}
		if err := told(ctx, c, m, was, types.DestinationStatusDisabled); err != nil {
			return err
		}
		was = nil
	}
	switch {
	case is == nil:
		return nil
	case was == nil:
		_, err := c.DynamoDB.EnableKinesisStreamingDestination(ctx, &dynamodb.EnableKinesisStreamingDestinationInput{
			TableName: name, StreamArn: is.ARN.ValueStringPointer(),
			EnableKinesisStreamingConfiguration: &types.EnableKinesisStreamingConfiguration{
				ApproximateCreationDateTimePrecision: types.ApproximateCreationDateTimePrecision(is.Precision.ValueString()),
			},
		})
		if err != nil && (!tf.Says(err, "ValidationException", "must be DISABLED or ENABLE_FAILED") || !begun(ctx, c, m, is)) {
			return err
		}
	case !is.Precision.Equal(was.Precision):
		_, err := c.DynamoDB.UpdateKinesisStreamingDestination(ctx, &dynamodb.UpdateKinesisStreamingDestinationInput{
			TableName: name, StreamArn: is.ARN.ValueStringPointer(),
			UpdateKinesisStreamingConfiguration: &types.UpdateKinesisStreamingConfiguration{
				ApproximateCreationDateTimePrecision: types.ApproximateCreationDateTimePrecision(is.Precision.ValueString()),
			},
		})
		if err != nil {
			return err
		}
	default:
		return nil
	}
	return told(ctx, c, m, is, types.DestinationStatusActive)
}

// begun reports whether a destination is on already, by a call whose answer was lost,
// which reads may show late.
func begun(ctx context.Context, c *Clients, m *model, k *kinesisStream) bool {
	on := false
	_ = tf.Look(ctx, func(ctx context.Context) (bool, error) { // what stays unseen is refused in DynamoDB's words
		all, err := destinations(ctx, c, m)
		on = slices.ContainsFunc(all, func(d types.KinesisDataStreamDestination) bool {
			return aws.ToString(d.StreamArn) == k.ARN.ValueString() && (d.DestinationStatus == types.DestinationStatusActive || d.DestinationStatus == types.DestinationStatusEnabling)
		})
		return on, err
	})
	return on
}

// told waits until a destination has that status.
func told(ctx context.Context, c *Clients, m *model, k *kinesisStream, want types.DestinationStatus) error {
	return tf.Poll(ctx, "the Kinesis stream of "+m.TableName.ValueString()+" to be "+string(want), func(ctx context.Context) (bool, error) {
		all, err := destinations(ctx, c, m)
		if err != nil {
			return false, err
		}
		i := slices.IndexFunc(all, func(d types.KinesisDataStreamDestination) bool {
			return aws.ToString(d.StreamArn) == k.ARN.ValueString()
		})
		if i >= 0 && all[i].DestinationStatus == types.DestinationStatusEnableFailed {
			return false, &tf.Problem{
				Summary: "DynamoDB cannot write to the Kinesis stream",
				Detail:  aws.ToString(all[i].DestinationStatusDescription) + " See that the stream exists and that its encryption lets DynamoDB write.",
			}
		}
		if i < 0 {
			return want == types.DestinationStatusDisabled, nil
		}
		return all[i].DestinationStatus == want, nil
	})
}

func destinations(ctx context.Context, c *Clients, m *model) ([]types.KinesisDataStreamDestination, error) {
	out, err := c.DynamoDB.DescribeKinesisStreamingDestination(ctx, &dynamodb.DescribeKinesisStreamingDestinationInput{TableName: m.TableName.ValueStringPointer()})
	if err != nil {
		return nil, err
	}
	return out.KinesisDataStreamDestinations, nil
}

func (m *model) readKinesis(ctx context.Context, c *Clients) error {
	all, err := destinations(ctx, c, m)
	if err != nil {
		return err
	}
	m.KinesisStream = nil
	for _, d := range all {
		switch d.DestinationStatus {
		case types.DestinationStatusActive, types.DestinationStatusEnabling, types.DestinationStatusUpdating:
			precision := d.ApproximateCreationDateTimePrecision
			if precision == "" {
				precision = types.ApproximateCreationDateTimePrecisionMillisecond
			}
			m.KinesisStream = &kinesisStream{ARN: basetypes.StringPointerValue(d.StreamArn), Precision: basetypes.StringValue(string(precision))}
		}
	}
	return nil
}

// observe turns insights on or off, into the table and into its indexes. To count
// something else they are turned on anew.
func observe(ctx context.Context, c *Clients, prior, m *model) error {
	if err := watch(ctx, c, m, nil, prior.Insights, m.Insights); err != nil {
		return err
	}
	stay := kept(prior, m)
	for _, name := range slices.Sorted(maps.Keys(m.GlobalIndexes)) {
		if err := watch(ctx, c, m, &name, stay[name].Insights, m.GlobalIndexes[name].Insights); err != nil {
			return err
		}
	}
	return nil
}

// watch changes the insights into an index, nil for the table itself.
func watch(ctx context.Context, c *Clients, m *model, index *string, was, is basetypes.String) error {
	if was.Equal(is) {
		return nil
	}
	in := &dynamodb.UpdateContributorInsightsInput{TableName: m.TableName.ValueStringPointer(), IndexName: index, ContributorInsightsAction: types.ContributorInsightsActionDisable}
	want := types.ContributorInsightsStatusDisabled
	if mode := is.ValueString(); mode != "" {
		in.ContributorInsightsAction, in.ContributorInsightsMode = types.ContributorInsightsActionEnable, types.ContributorInsightsMode(mode)
		want = types.ContributorInsightsStatusEnabled
	}
	if _, err := c.DynamoDB.UpdateContributorInsights(ctx, in); err != nil {
		return err
	}
	return tf.Poll(ctx, "the insights of "+m.TableName.ValueString()+" to be "+string(want), func(ctx context.Context) (bool, error) {
		out, err := insights(ctx, c, m, index)
		if err != nil {
			return false, err
		}
		if out.ContributorInsightsStatus == types.ContributorInsightsStatusFailed {
			why := "DynamoDB says no more."
			if f := out.FailureException; f != nil {
				why = aws.ToString(f.ExceptionName) + ": " + aws.ToString(f.ExceptionDescription)
			}
			return false, &tf.Problem{Summary: "DynamoDB cannot turn the insights on", Detail: why}
		}
		return out.ContributorInsightsStatus == want, nil
	})
}

func insights(ctx context.Context, c *Clients, m *model, index *string) (*dynamodb.DescribeContributorInsightsOutput, error) {
	return c.DynamoDB.DescribeContributorInsights(ctx, &dynamodb.DescribeContributorInsightsInput{TableName: m.TableName.ValueStringPointer(), IndexName: index})
}

// insightsRead is what is counted of an index, nil for the table itself.
func (m *model) insightsRead(ctx context.Context, c *Clients, index *string) (basetypes.String, error) {
	out, err := insights(ctx, c, m, index)
	if err != nil {
		return basetypes.StringNull(), err
	}
	if s := out.ContributorInsightsStatus; s != types.ContributorInsightsStatusEnabled && s != types.ContributorInsightsStatusEnabling {
		return basetypes.StringNull(), nil
	}
	if out.ContributorInsightsMode != "" {
		return basetypes.StringValue(string(out.ContributorInsightsMode)), nil
	}
	return basetypes.StringValue(string(types.ContributorInsightsModeAccessedAndThrottledKeys)), nil
}
