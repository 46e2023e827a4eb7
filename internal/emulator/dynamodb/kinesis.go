package dynamodb

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Destinations in Kinesis are stored and described. No Kinesis is emulated to which
// changes could go; who adds a destination is told so in the log.

// live finds the destination that is not disabled: a table has one at most.
func (t *table) live() int {
	return slices.IndexFunc(t.Destinations, func(d types.KinesisDataStreamDestination) bool {
		return d.DestinationStatus != types.DestinationStatusDisabled
	})
}

// active finds a stream's destination that is active, or -1.
func (t *table) active(streamARN *string) int {
	i := t.live()
	if i >= 0 && aws.ToString(t.Destinations[i].StreamArn) != aws.ToString(streamARN) {
		return -1
	}
	return i
}

const badDestination = "Table is not in a valid state to enable Kinesis Streaming Destination: "

// DescribeKinesisStreamingDestination implements the operation of that name.
func (s *Service) DescribeKinesisStreamingDestination(ctx context.Context, in *dynamodb.DescribeKinesisStreamingDestinationInput) (*dynamodb.DescribeKinesisStreamingDestinationOutput, error) {
	t, err := s.find(ctx, in.TableName)
	if err != nil {
		return nil, err
	}
	return &dynamodb.DescribeKinesisStreamingDestinationOutput{
		KinesisDataStreamDestinations: append([]types.KinesisDataStreamDestination{}, t.Destinations...),
		TableName:                     t.Desc.TableName,
	}, nil
}

// EnableKinesisStreamingDestination implements the operation of that name. Like AWS
// it does not look for the stream.
func (s *Service) EnableKinesisStreamingDestination(ctx context.Context, in *dynamodb.EnableKinesisStreamingDestinationInput) (*dynamodb.EnableKinesisStreamingDestinationOutput, error) {
	config := in.EnableKinesisStreamingConfiguration
	if config == nil {
		config = &types.EnableKinesisStreamingConfiguration{}
	}
	t, err := s.change(ctx, in.TableName, func(t *table) error {
		if t.live() >= 0 {
			return invalid(badDestination + "EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation.")
		}
		others := slices.DeleteFunc(slices.Clone(t.Destinations), func(d types.KinesisDataStreamDestination) bool {
			return aws.ToString(d.StreamArn) == aws.ToString(in.StreamArn)
		})
		t.Destinations = append(others, types.KinesisDataStreamDestination{
			ApproximateCreationDateTimePrecision: config.ApproximateCreationDateTimePrecision,
			DestinationStatus:                    types.DestinationStatusActive,
			StreamArn:                            in.StreamArn,
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.env.Log.Warn("no Kinesis is emulated: a table's changes do not go to its streaming destination", "table", t.name(), "stream", aws.ToString(in.StreamArn))
	return &dynamodb.EnableKinesisStreamingDestinationOutput{
		DestinationStatus: types.DestinationStatusEnabling, EnableKinesisStreamingConfiguration: config,
		StreamArn: in.StreamArn, TableName: t.Desc.TableName,
	}, nil
}

// DisableKinesisStreamingDestination implements the operation of that name. The
// destination stays, as DISABLED.
func (s *Service) DisableKinesisStreamingDestination(ctx context.Context, in *dynamodb.DisableKinesisStreamingDestinationInput) (*dynamodb.DisableKinesisStreamingDestinationOutput, error) {
	if in.EnableKinesisStreamingConfiguration != nil {
		return nil, invalid("Stream cannot be disabled using EnableKinesisStreamingConfiguration parameters")
	}
	t, err := s.change(ctx, in.TableName, func(t *table) error {
		i := t.active(in.StreamArn)
		if i < 0 {
			return invalid(badDestination + "KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.")
		}
		t.Destinations = slices.Clone(t.Destinations)
		t.Destinations[i].DestinationStatus = types.DestinationStatusDisabled
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &dynamodb.DisableKinesisStreamingDestinationOutput{
		DestinationStatus: types.DestinationStatusDisabling, StreamArn: in.StreamArn, TableName: t.Desc.TableName,
	}, nil
}

// UpdateKinesisStreamingDestination implements the operation of that name.
func (s *Service) UpdateKinesisStreamingDestination(ctx context.Context, in *dynamodb.UpdateKinesisStreamingDestinationInput) (*dynamodb.UpdateKinesisStreamingDestinationOutput, error) {
	config := in.UpdateKinesisStreamingConfiguration
	if config == nil || config.ApproximateCreationDateTimePrecision == "" {
		return nil, invalid("Streaming destination cannot be updated with given parameters: UpdateKinesisStreamingConfiguration cannot be null or contain only null values")
	}
	precision := config.ApproximateCreationDateTimePrecision
	t, err := s.change(ctx, in.TableName, func(t *table) error {
		i := t.active(in.StreamArn)
		if i < 0 {
			return invalid(badDestination+"Kinesis streaming is not in ACTIVE state. Updates are only allowed in ACTIVE state. TableName: %s, kdsArn: %s",
				t.name(), aws.ToString(in.StreamArn))
		}
		was := t.Destinations[i].ApproximateCreationDateTimePrecision
		if was == "" {
			was = types.ApproximateCreationDateTimePrecisionMillisecond
		}
		if was == precision {
			return invalid("Invalid Request: Precision is already set to the desired value of %s for tableId: %s, kdsArn: %s",
				precision, aws.ToString(t.Desc.TableId), aws.ToString(in.StreamArn))
		}
		t.Destinations = slices.Clone(t.Destinations)
		t.Destinations[i].ApproximateCreationDateTimePrecision = precision
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &dynamodb.UpdateKinesisStreamingDestinationOutput{
		DestinationStatus: types.DestinationStatusUpdating, StreamArn: in.StreamArn, TableName: t.Desc.TableName,
		UpdateKinesisStreamingConfiguration: config,
	}, nil
}
