package event

import (
	"maps"
	"slices"

	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

type (
	// model is that of serverless_event_source.
	model struct {
		tf.Base
		tf.Tagged
		Function    tftypes.String   `tfsdk:"function"`
		SQS         *queue           `tfsdk:"sqs"`
		DynamoDB    *tableStream     `tfsdk:"dynamodb"`
		Kinesis     *dataStream      `tfsdk:"kinesis"`
		MSK         *cluster         `tfsdk:"msk"`
		Kafka       *brokers         `tfsdk:"kafka"`
		MQ          *broker          `tfsdk:"mq"`
		DocumentDB  *collection      `tfsdk:"documentdb"`
		Batch       *batch           `tfsdk:"batch"`
		Filters     []tf.JSON        `tfsdk:"filters"`
		ReportItems tftypes.Bool     `tfsdk:"report_item_failures"`
		Enabled     tftypes.Bool     `tfsdk:"enabled"`
		Pollers     *pollers         `tfsdk:"pollers"`
		Metrics     []tftypes.String `tfsdk:"metrics"`
		LogLevel    tftypes.String   `tfsdk:"log_level"`
		KMSKeyARN   tftypes.String   `tfsdk:"kms_key_arn"`
		ARN         tftypes.String   `tfsdk:"arn"`
		FunctionARN tftypes.String   `tfsdk:"function_arn"`
		RolePolicy  tftypes.String   `tfsdk:"role_policy_name"`
	}
	batch struct {
		Size   tftypes.Int64 `tfsdk:"size"`
		Window tftypes.Int64 `tfsdk:"window"`
	}
	pollers struct {
		Min   tftypes.Int64  `tfsdk:"min"`
		Max   tftypes.Int64  `tfsdk:"max"`
		Group tftypes.String `tfsdk:"group"`
	}
	queue struct {
		ARN            tftypes.String `tfsdk:"queue_arn"`
		MaxConcurrency tftypes.Int64  `tfsdk:"max_concurrency"`
	}
	// tableStream and dataStream differ in that the latter can start at a time.
	tableStream struct {
		ARN        tftypes.String `tfsdk:"stream_arn"`
		Start      tftypes.String `tfsdk:"starting_position"`
		Parallel   tftypes.Int64  `tfsdk:"parallelization_factor"`
		Bisect     tftypes.Bool   `tfsdk:"bisect_on_error"`
		MaxAge     tftypes.Int64  `tfsdk:"max_record_age"`
		MaxRetries tftypes.Int64  `tfsdk:"max_retries"`
		Tumbling   tftypes.Int64  `tfsdk:"tumbling_window"`
		OnFailure  tftypes.String `tfsdk:"on_failure"`
	}
	dataStream struct {
		ARN        tftypes.String `tfsdk:"stream_arn"`
		Start      tftypes.String `tfsdk:"starting_position"`
		StartTime  tftypes.String `tfsdk:"starting_timestamp"`
		Parallel   tftypes.Int64  `tfsdk:"parallelization_factor"`
		Bisect     tftypes.Bool   `tfsdk:"bisect_on_error"`
		MaxAge     tftypes.Int64  `tfsdk:"max_record_age"`
		MaxRetries tftypes.Int64  `tfsdk:"max_retries"`
		Tumbling   tftypes.Int64  `tfsdk:"tumbling_window"`
		OnFailure  tftypes.String `tfsdk:"on_failure"`
	}
	// cluster is one of MSK, brokers are the user's own.
	cluster struct {
		ARN        tftypes.String            `tfsdk:"cluster_arn"`
		Topic      tftypes.String            `tfsdk:"topic"`
		Group      tftypes.String            `tfsdk:"consumer_group"`
		Start      tftypes.String            `tfsdk:"starting_position"`
		StartTime  tftypes.String            `tfsdk:"starting_timestamp"`
		Registry   *registry                 `tfsdk:"schema_registry"`
		Access     map[string]tftypes.String `tfsdk:"access"`
		Bisect     tftypes.Bool              `tfsdk:"bisect_on_error"`
		MaxAge     tftypes.Int64             `tfsdk:"max_record_age"`
		MaxRetries tftypes.Int64             `tfsdk:"max_retries"`
		OnFailure  tftypes.String            `tfsdk:"on_failure"`
	}
	brokers struct {
		Servers    []tftypes.String          `tfsdk:"bootstrap_servers"`
		Topic      tftypes.String            `tfsdk:"topic"`
		Group      tftypes.String            `tfsdk:"consumer_group"`
		Start      tftypes.String            `tfsdk:"starting_position"`
		StartTime  tftypes.String            `tfsdk:"starting_timestamp"`
		Registry   *registry                 `tfsdk:"schema_registry"`
		Access     map[string]tftypes.String `tfsdk:"access"`
		Subnets    []tftypes.String          `tfsdk:"subnet_ids"`
		Groups     []tftypes.String          `tfsdk:"security_group_ids"`
		Bisect     tftypes.Bool              `tfsdk:"bisect_on_error"`
		MaxAge     tftypes.Int64             `tfsdk:"max_record_age"`
		MaxRetries tftypes.Int64             `tfsdk:"max_retries"`
		OnFailure  tftypes.String            `tfsdk:"on_failure"`
	}
	registry struct {
		URI      tftypes.String            `tfsdk:"uri"`
		Format   tftypes.String            `tfsdk:"format"`
		Validate []tftypes.String          `tfsdk:"validate"`
		Access   map[string]tftypes.String `tfsdk:"access"`
	}
	broker struct {
		ARN         tftypes.String `tfsdk:"broker_arn"`
		Queue       tftypes.String `tfsdk:"queue"`
		VirtualHost tftypes.String `tfsdk:"virtual_host"`
		SecretARN   tftypes.String `tfsdk:"secret_arn"`
	}
	collection struct {
		ARN        tftypes.String `tfsdk:"cluster_arn"`
		Database   tftypes.String `tfsdk:"database"`
		Collection tftypes.String `tfsdk:"collection"`
		Full       tftypes.Bool   `tfsdk:"full_document"`
		SecretARN  tftypes.String `tfsdk:"secret_arn"`
		Start      tftypes.String `tfsdk:"starting_position"`
		StartTime  tftypes.String `tfsdk:"starting_timestamp"`
	}
)

// kind is which source the model names; "" for none.
func (m *model) kind() string {
	kinds := m.kinds()
	for _, name := range slices.Sorted(maps.Keys(kinds)) { // the same one always, also of a source that is refused
		if kinds[name] {
			return name
		}
	}
	return ""
}

func (m *model) kinds() map[string]bool {
	return map[string]bool{
		"sqs": m.SQS != nil, "dynamodb": m.DynamoDB != nil, "kinesis": m.Kinesis != nil, "msk": m.MSK != nil,
		"kafka": m.Kafka != nil, "mq": m.MQ != nil, "documentdb": m.DocumentDB != nil,
	}
}

// sourceARN is the ARN of what the events come from; null for brokers of one's own.
func (m *model) sourceARN() tftypes.String {
	switch {
	case m.SQS != nil:
		return m.SQS.ARN
	case m.DynamoDB != nil:
		return m.DynamoDB.ARN
	case m.Kinesis != nil:
		return m.Kinesis.ARN
	case m.MSK != nil:
		return m.MSK.ARN
	case m.MQ != nil:
		return m.MQ.ARN
	case m.DocumentDB != nil:
		return m.DocumentDB.ARN
	}
	return tftypes.StringNull()
}
