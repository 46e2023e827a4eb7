package lambda

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/eventpattern"
)

// The kinds of sources that are carried out.
const (
	sourceQueue  = "sqs"
	sourceStream = "dynamodb"
)

// sourceKind is the service part of a source's ARN.
func sourceKind(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		return ""
	}
	return parts[2]
}

// otherSources are those of AWS that the emulator refuses.
var otherSources = map[string]string{
	"kafka": "Amazon MSK", "kinesis": "Kinesis", "mq": "Amazon MQ", "rds": "Amazon DocumentDB",
}

// mappingSettings are what a mapping's creation and its update both set; nil leaves
// what is there.
type mappingSettings struct {
	batch, window, age, retries, lanes, tumbling *int32
	bisect                                       *bool
	destination                                  *types.DestinationConfig
	filter                                       *types.FilterCriteria
	responses                                    []types.FunctionResponseType
	scaling                                      *types.ScalingConfig
	key                                          *string
}

func createSettings(in *lambda.CreateEventSourceMappingInput) mappingSettings {
	return mappingSettings{
		batch: in.BatchSize, window: in.MaximumBatchingWindowInSeconds, age: in.MaximumRecordAgeInSeconds, retries: in.MaximumRetryAttempts,
		lanes: in.ParallelizationFactor, tumbling: in.TumblingWindowInSeconds, bisect: in.BisectBatchOnFunctionError,
		destination: in.DestinationConfig, filter: in.FilterCriteria, responses: in.FunctionResponseTypes, scaling: in.ScalingConfig,
		key: in.KMSKeyArn,
	}
}

func updateSettings(in *lambda.UpdateEventSourceMappingInput) mappingSettings {
	return mappingSettings{
		batch: in.BatchSize, window: in.MaximumBatchingWindowInSeconds, age: in.MaximumRecordAgeInSeconds, retries: in.MaximumRetryAttempts,
		lanes: in.ParallelizationFactor, tumbling: in.TumblingWindowInSeconds, bisect: in.BisectBatchOnFunctionError,
		destination: in.DestinationConfig, filter: in.FilterCriteria, responses: in.FunctionResponseTypes, scaling: in.ScalingConfig,
		key: in.KMSKeyArn,
	}
}

// checkSource refuses a new mapping for what it would read, before anything else is
// looked at.
func checkSource(in *lambda.CreateEventSourceMappingInput) error {
	arn := aws.ToString(in.EventSourceArn)
	kind := sourceKind(arn)
	m := mapping{Configuration: types.EventSourceMappingConfiguration{EventSourceArn: in.EventSourceArn}}
	switch {
	case in.SelfManagedEventSource != nil:
		return invalid("SelfManagedEventSource is not emulated: event sources are SQS queues and DynamoDB streams")
	case otherSources[kind] != "":
		return invalid("EventSourceArn: %s is not emulated as an event source; SQS queues and DynamoDB streams are", otherSources[kind])
	case kind == sourceQueue && (in.StartingPosition != "" || in.StartingPositionTimestamp != nil):
		return invalid("StartingPosition is not valid for SQS event sources.")
	case kind == sourceStream && in.StartingPosition == "":
		return invalid("1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.")
	case kind == sourceStream && (in.StartingPosition == types.EventSourcePositionAtTimestamp || in.StartingPositionTimestamp != nil):
		return invalid("Unsupported starting position for arn type: %s", arn)
	case kind != sourceQueue && kind != sourceStream:
		return invalid("Unrecognized event source.")
	}
	return m.refuses(createSettings(in))
}

// refuses is AWS's error for settings that the kind of source does not have.
func (m *mapping) refuses(in mappingSettings) error {
	unsupported := func(name string) error {
		return invalid("Unsupported %s parameter for given event source mapping type.", name)
	}
	d := in.destination
	switch {
	case d != nil && d.OnSuccess != nil && aws.ToString(d.OnSuccess.Destination) != "":
		return unsupported("DestinationConfig")
	case m.kind() == sourceStream && in.scaling != nil && in.scaling.MaximumConcurrency != nil:
		return unsupported("ScalingConfig")
	case m.kind() == sourceStream && in.age != nil && *in.age != -1 && *in.age < 60:
		return invalid("MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 (inclusive)")
	case m.kind() == sourceStream:
		return nil
	case d != nil && d.OnFailure != nil && aws.ToString(d.OnFailure.Destination) != "":
		return unsupported("DestinationConfig")
	}
	for name, set := range map[string]bool{
		"BisectBatchOnFunctionError": in.bisect != nil, "MaximumRecordAgeInSeconds": in.age != nil, "MaximumRetryAttempts": in.retries != nil,
		"ParallelizationFactor": in.lanes != nil, "TumblingWindowInSeconds": in.tumbling != nil,
	} {
		if set {
			return unsupported(name)
		}
	}
	return nil
}

// defaults are the settings of a mapping that the request does not name.
func (m *mapping) defaults() {
	c := &m.Configuration
	c.BatchSize, c.MaximumBatchingWindowInSeconds = aws.Int32(10), aws.Int32(0)
	if m.kind() == sourceStream {
		c.BatchSize = aws.Int32(100)
		c.BisectBatchOnFunctionError, c.DestinationConfig = aws.Bool(false), &types.DestinationConfig{OnFailure: &types.OnFailure{}}
		c.MaximumRecordAgeInSeconds, c.MaximumRetryAttempts = aws.Int32(-1), aws.Int32(-1)
		c.ParallelizationFactor, c.TumblingWindowInSeconds = aws.Int32(1), aws.Int32(0)
	}
}

// set carries settings over to the mapping.
func (m *mapping) set(in mappingSettings) {
	c := &m.Configuration
	for _, v := range []struct {
		from *int32
		to   **int32
	}{
		{in.batch, &c.BatchSize}, {in.window, &c.MaximumBatchingWindowInSeconds}, {in.age, &c.MaximumRecordAgeInSeconds},
		{in.retries, &c.MaximumRetryAttempts}, {in.lanes, &c.ParallelizationFactor}, {in.tumbling, &c.TumblingWindowInSeconds},
	} {
		if v.from != nil {
			*v.to = aws.Int32(*v.from)
		}
	}
	if in.bisect != nil {
		c.BisectBatchOnFunctionError = in.bisect
	}
	if d := in.destination; d != nil && m.kind() == sourceStream {
		c.DestinationConfig = &types.DestinationConfig{OnFailure: &types.OnFailure{}}
		if d.OnFailure != nil && aws.ToString(d.OnFailure.Destination) != "" {
			c.DestinationConfig.OnFailure.Destination = d.OnFailure.Destination
		}
	}
	if in.filter != nil { // an empty one removes what is there
		c.FilterCriteria = nil
		if len(in.filter.Filters) > 0 {
			c.FilterCriteria = &types.FilterCriteria{}
			for _, f := range in.filter.Filters {
				c.FilterCriteria.Filters = append(c.FilterCriteria.Filters, types.Filter{Pattern: f.Pattern})
			}
		}
	}
	if in.responses != nil {
		c.FunctionResponseTypes = slices.Clone(in.responses)
	}
	if in.scaling != nil {
		c.ScalingConfig = nil
		if in.scaling.MaximumConcurrency != nil {
			c.ScalingConfig = &types.ScalingConfig{MaximumConcurrency: in.scaling.MaximumConcurrency}
		}
	}
	if in.key != nil {
		c.KMSKeyArn = nil
		if *in.key != "" {
			c.KMSKeyArn = in.key
		}
	}
}

// checkMapping checks the settings against each other, the source and the function.
// For a stream it returns the number of the record behind which a new mapping reads.
func (s *Service) checkMapping(ctx context.Context, m *mapping, t *target) (after string, err error) {
	c := &m.Configuration
	if _, err := filtersOf(c.FilterCriteria); err != nil {
		return "", err
	}
	batch, window := aws.ToInt32(c.BatchSize), aws.ToInt32(c.MaximumBatchingWindowInSeconds)
	if m.kind() == sourceStream {
		d := aws.ToString(c.DestinationConfig.OnFailure.Destination)
		if d != "" && (!slices.Contains([]string{"sqs", "sns", "s3"}, sourceKind(d)) || strings.HasSuffix(d, ".fifo")) {
			return "", invalid("The destination ARN %s is invalid.", d)
		}
		return s.checkStream(m)
	}
	switch {
	case strings.HasSuffix(m.arn(), ".fifo") && batch > 10:
		return "", invalid("Batch size must not be greater than 10 for FIFO queues.")
	case strings.HasSuffix(m.arn(), ".fifo") && window > 0:
		return "", invalid("Batching window is not supported for FIFO queues.")
	case batch > 10 && window == 0:
		return "", invalid("Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10")
	case s.Queues == nil:
		return "", invalid("EventSourceArn: SQS queues are not emulated here")
	}
	hidden, err := s.Queues.Settings(m.arn())
	var none *sqstypes.QueueDoesNotExist
	if errors.As(err, &none) {
		return "", invalid("Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.")
	}
	if err != nil {
		return "", err
	}
	if limit := time.Duration(aws.ToInt32(t.version.Configuration.Timeout)) * time.Second; hidden < limit {
		return "", invalid("Queue visibility timeout: %d seconds is less than Function timeout: %d seconds", int(hidden.Seconds()), int(limit.Seconds()))
	}
	return "", nil
}

// checkStream finds the stream, and where a mapping that begins now reads it.
func (s *Service) checkStream(m *mapping) (after string, err error) {
	if s.Streams == nil {
		return "", invalid("EventSourceArn: DynamoDB streams are not emulated here")
	}
	newest, _, err := s.Streams.Newest(m.arn())
	if err != nil {
		return "", invalid("Stream not found: %s", m.arn())
	}
	if m.Configuration.StartingPosition == types.EventSourcePositionLatest {
		after = newest
	}
	return after, nil
}

// filtersOf reads the patterns of a mapping, of which one must match a record.
func filtersOf(c *types.FilterCriteria) (all []*eventpattern.Pattern, err error) {
	if c == nil {
		return nil, nil
	}
	for _, f := range c.Filters {
		p, err := eventpattern.Parse(aws.ToString(f.Pattern))
		if err != nil {
			return nil, invalid("Invalid filter pattern definition.")
		}
		all = append(all, p)
	}
	return all, nil
}

// mappingNotEmulated are the settings of sources that are not carried out, and
// those that nothing here would read.
var mappingNotEmulated = []string{
	"AmazonManagedKafkaEventSourceConfig", "DocumentDBEventSourceConfig", "LoggingConfig", "MetricsConfig", "ProvisionedPollerConfig",
	"SourceAccessConfigurations",
}
