package event

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// arnOf demands an ARN of a service.
func arnOf(service, what string) []validator.String {
	return []validator.String{tf.Pattern(`^arn:[^:]+:(`+service+`):[^:]*:[^:]*:.+$`, "write the ARN of "+what)}
}

func optional(of schema.Int64Attribute) schema.Int64Attribute {
	of.Optional = true
	return of
}

func start(positions ...string) schema.StringAttribute {
	return schema.StringAttribute{
		Required: true, Validators: []validator.String{stringvalidator.OneOf(positions...)},
		MarkdownDescription: "Which events come first: `LATEST`, those from now on; `TRIM_HORIZON`, the oldest that there are" + map[bool]string{true: "; `AT_TIMESTAMP`, those from `starting_timestamp` on", false: ""}[len(positions) > 2] + ". Changing it replaces the source.",
	}
}

const latest, oldest, atTime = "LATEST", "TRIM_HORIZON", "AT_TIMESTAMP"

var (
	startTime = schema.StringAttribute{
		Optional: true, Validators: []validator.String{tf.Pattern(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$`, "write a time as RFC 3339 does, such as 2026-01-31T12:00:00Z")},
		MarkdownDescription: "With `AT_TIMESTAMP`: the time, RFC 3339. Changing it replaces the source.",
	}
	onFailure = schema.StringAttribute{
		Optional: true, Validators: arnOf("sqs|sns|s3", "a queue, a topic or a bucket"),
		MarkdownDescription: "ARN of a queue, topic or bucket that is told of events that were given up. The function's own role is allowed to send there. Default: they are lost.",
	}
	maxAge     = int64validator.Any(int64validator.OneOf(-1), int64validator.Between(60, 604800))
	maxRetries = int64validator.Between(-1, 10000)
)

// stream are the attributes of streams with shards.
func stream(what string, start schema.StringAttribute, arn []validator.String) map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"stream_arn":        schema.StringAttribute{Required: true, Validators: arn, MarkdownDescription: "ARN of the " + what + ". Changing it replaces the source."},
		"starting_position": start,
		"parallelization_factor": schema.Int64Attribute{
			Optional: true, Computed: true, Default: int64default.StaticInt64(1), Validators: []validator.Int64{int64validator.Between(1, 10)},
			MarkdownDescription: "Batches of a shard that are at work at the same time, 1 to 10; events of one key stay in order. Default: 1.",
		},
		"bisect_on_error": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "Whether a batch that failed is tried again in two halves, which finds the event that fails. Default: false.",
		},
		"max_record_age": schema.Int64Attribute{
			Optional: true, Computed: true, Default: int64default.StaticInt64(-1), Validators: []validator.Int64{maxAge},
			MarkdownDescription: "Seconds after which an event is given up, 60 to 604800; -1 for never. Default: -1.",
		},
		"max_retries": schema.Int64Attribute{
			Optional: true, Computed: true, Default: int64default.StaticInt64(-1), Validators: []validator.Int64{maxRetries},
			MarkdownDescription: "How often a batch that failed is tried again, 0 to 10000; -1 until its events expire. Default: -1.",
		},
		"tumbling_window": schema.Int64Attribute{
			Optional: true, Computed: true, Default: int64default.StaticInt64(0), Validators: []validator.Int64{int64validator.Between(0, 900)},
			MarkdownDescription: "Seconds of a window through which the function hands its state from call to call, 0 to 900; 0 for none. Default: 0.",
		},
		"on_failure": onFailure,
	}
}

// kafka are the attributes of all that speaks Kafka.
func kafka(more map[string]schema.Attribute) schema.SingleNestedAttribute {
	all := map[string]schema.Attribute{
		"topic":              schema.StringAttribute{Required: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 249)}, MarkdownDescription: "The topic. Changing it replaces the source."},
		"consumer_group":     schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 200)}, MarkdownDescription: "Id of the consumer group. Default: one of AWS's. Changing it replaces the source."},
		"starting_position":  start(latest, oldest, atTime),
		"starting_timestamp": startTime,
		"schema_registry": schema.SingleNestedAttribute{
			Optional: true, MarkdownDescription: "Where the schemas of the events are.",
			Attributes: map[string]schema.Attribute{
				"uri":      schema.StringAttribute{Required: true, MarkdownDescription: "URL of the registry, or the ARN of one of Glue."},
				"format":   schema.StringAttribute{Required: true, Validators: []validator.String{stringvalidator.OneOf("JSON", "SOURCE")}, MarkdownDescription: "In which form the function gets the events: `JSON` or `SOURCE`."},
				"validate": schema.SetAttribute{Required: true, ElementType: types.StringType, Validators: []validator.Set{setvalidator.ValueStringsAre(stringvalidator.OneOf("KEY", "VALUE"))}, MarkdownDescription: "What of an event is read by its schema: `KEY`, `VALUE`."},
				"access": schema.MapAttribute{
					Optional: true, ElementType: types.StringType, Validators: []validator.Map{mapvalidator.KeysAre(stringvalidator.OneOf("BASIC_AUTH", "CLIENT_CERTIFICATE_TLS_AUTH", "SERVER_ROOT_CA_CERTIFICATE")), mapvalidator.SizeBetween(1, 2)},
					MarkdownDescription: "ARNs of secrets that open the registry, by `BASIC_AUTH`, `CLIENT_CERTIFICATE_TLS_AUTH` or `SERVER_ROOT_CA_CERTIFICATE`.",
				},
			},
		},
		"access": schema.MapAttribute{
			Optional: true, ElementType: types.StringType,
			Validators:          []validator.Map{mapvalidator.KeysAre(stringvalidator.OneOf("BASIC_AUTH", "SASL_SCRAM_256_AUTH", "SASL_SCRAM_512_AUTH", "CLIENT_CERTIFICATE_TLS_AUTH", "SERVER_ROOT_CA_CERTIFICATE")), mapvalidator.SizeAtLeast(1)},
			MarkdownDescription: "ARNs of secrets that open the brokers, by the way they do: `BASIC_AUTH`, `SASL_SCRAM_256_AUTH`, `SASL_SCRAM_512_AUTH`, `CLIENT_CERTIFICATE_TLS_AUTH`, `SERVER_ROOT_CA_CERTIFICATE`.",
		},
		"bisect_on_error": schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether a batch that failed is tried again in two halves. Default: what AWS does."},
		"max_record_age":  optional(schema.Int64Attribute{Validators: []validator.Int64{maxAge}, MarkdownDescription: "Seconds after which an event is given up, 60 to 604800; -1 for never. Default: what AWS does."}),
		"max_retries":     optional(schema.Int64Attribute{Validators: []validator.Int64{maxRetries}, MarkdownDescription: "How often a batch that failed is tried again, 0 to 10000; -1 until its events expire. Default: what AWS does."}),
		"on_failure": schema.StringAttribute{
			Optional: true, Validators: []validator.String{tf.Pattern(`^(arn:[^:]+:(sqs|sns|s3):.+|kafka://.+)$`, "write the ARN of a queue, a topic or a bucket, or kafka:// and a topic")},
			MarkdownDescription: "ARN of a queue, topic or bucket, or `kafka://` and a topic, that is told of events that were given up. Default: they are lost.",
		},
	}
	for name, a := range more {
		all[name] = a
	}
	return schema.SingleNestedAttribute{Optional: true, Attributes: all}
}

func about(a schema.SingleNestedAttribute, text string) schema.SingleNestedAttribute {
	a.MarkdownDescription = text
	return a
}

var secret = schema.StringAttribute{Required: true, Validators: arnOf("secretsmanager", "a secret"), MarkdownDescription: "ARN of the secret with the user's name and password."}

var sourceSchema = schema.Schema{
	MarkdownDescription: "Brings the messages of a queue or the events of a stream to a function: exactly one of `sqs`, `dynamodb`, `kinesis`, `msk`, `kafka`, `mq` and `documentdb`. " +
		"The function's role, if this provider made it, is allowed to read the source and to send to `on_failure`; any other role must be.",
	Attributes: map[string]schema.Attribute{
		"function": schema.StringAttribute{
			Required: true, Validators: []validator.String{tf.Pattern(`^arn:[^:]+:lambda:[^:]+:[0-9]{12}:function:[0-9A-Za-z_-]+(:[0-9A-Za-z$_-]+)?$`, "write a function's ARN, such as the target_arn of a serverless_function")},
			MarkdownDescription: "ARN of the function or alias that is called: the `target_arn` of a `serverless_function`.",
		},
		"sqs": schema.SingleNestedAttribute{
			Optional: true, MarkdownDescription: "A queue of SQS. Its visibility timeout must be at least the function's timeout, and had better be six times that.",
			Attributes: map[string]schema.Attribute{
				"queue_arn":       schema.StringAttribute{Required: true, Validators: arnOf("sqs", "a queue"), MarkdownDescription: "ARN of the queue. Changing it replaces the source."},
				"max_concurrency": schema.Int64Attribute{Optional: true, Validators: []validator.Int64{int64validator.Between(2, 1000)}, MarkdownDescription: "Most calls at the same time for this queue, 2 to 1000. Default: as many as the function may have."},
			},
		},
		"dynamodb": schema.SingleNestedAttribute{
			Optional: true, MarkdownDescription: "The stream of a table of DynamoDB.",
			Attributes: stream("stream", start(latest, oldest), arnOf("dynamodb", "a table's stream")),
		},
		"kinesis": schema.SingleNestedAttribute{
			Optional: true, MarkdownDescription: "A stream of Kinesis, or a consumer of it.",
			Attributes: func() map[string]schema.Attribute {
				all := stream("stream, or of its consumer", start(latest, oldest, atTime), arnOf("kinesis", "a stream or its consumer"))
				all["starting_timestamp"] = startTime
				return all
			}(),
		},
		"msk": about(kafka(map[string]schema.Attribute{
			"cluster_arn": schema.StringAttribute{Required: true, Validators: arnOf("kafka", "a cluster"), MarkdownDescription: "ARN of the cluster. Changing it replaces the source."},
		}), "A topic of a cluster of MSK."),
		"kafka": about(kafka(map[string]schema.Attribute{
			"bootstrap_servers":  schema.SetAttribute{Required: true, ElementType: types.StringType, Validators: []validator.Set{setvalidator.SizeBetween(1, 10)}, MarkdownDescription: "Hosts and ports of brokers, `host:port`, at most 10. Changing it replaces the source."},
			"subnet_ids":         schema.SetAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Ids of the subnets that the brokers are in."},
			"security_group_ids": schema.SetAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Ids of the security groups that may reach the brokers."},
		}), "A topic of Kafka's brokers of your own."),
		"mq": schema.SingleNestedAttribute{
			Optional: true, MarkdownDescription: "A queue of a broker of Amazon MQ.",
			Attributes: map[string]schema.Attribute{
				"broker_arn":   schema.StringAttribute{Required: true, Validators: arnOf("mq", "a broker"), MarkdownDescription: "ARN of the broker. Changing it replaces the source."},
				"queue":        schema.StringAttribute{Required: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 1000)}, MarkdownDescription: "Name of the queue. Changing it replaces the source."},
				"virtual_host": schema.StringAttribute{Optional: true, MarkdownDescription: "With RabbitMQ: the virtual host. Default: `/`."},
				"secret_arn":   secret,
			},
		},
		"documentdb": schema.SingleNestedAttribute{
			Optional: true, MarkdownDescription: "The changes of a database of DocumentDB.",
			Attributes: map[string]schema.Attribute{
				"cluster_arn":        schema.StringAttribute{Required: true, Validators: arnOf("rds", "a cluster"), MarkdownDescription: "ARN of the cluster. Changing it replaces the source."},
				"database":           schema.StringAttribute{Required: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 63)}, MarkdownDescription: "Name of the database."},
				"collection":         schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 57)}, MarkdownDescription: "Name of the collection. Default: all of the database."},
				"full_document":      schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: "Whether the event of an update has the whole document. Default: false."},
				"secret_arn":         secret,
				"starting_position":  start(latest, oldest, atTime),
				"starting_timestamp": startTime,
			},
		},
		"batch": schema.SingleNestedAttribute{
			Optional: true, Computed: true, MarkdownDescription: "How many events a call gets.",
			Attributes: map[string]schema.Attribute{
				"size":   schema.Int64Attribute{Optional: true, Computed: true, Validators: []validator.Int64{int64validator.Between(1, 10000)}, MarkdownDescription: "Most events of a call, 1 to 10000. Default: 10 for SQS, else 100."},
				"window": schema.Int64Attribute{Optional: true, Computed: true, Validators: []validator.Int64{int64validator.Between(0, 300)}, MarkdownDescription: "Seconds that a batch may wait to become full, 0 to 300. Default: 0."},
			},
		},
		"filters": schema.ListAttribute{
			ElementType: tf.JSONType{}, Optional: true, Validators: []validator.List{listvalidator.SizeBetween(1, 20)},
			MarkdownDescription: "Event patterns, JSON, at most 20: only events that match one of them come to the function; the others count as done.",
		},
		"report_item_failures": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "Whether the function's answer says which events of the batch failed, so that only those come again. Default: false.",
		},
		"enabled": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(true),
			MarkdownDescription: "Whether events are brought to the function. Default: true.",
		},
		"pollers": schema.SingleNestedAttribute{
			Optional: true, MarkdownDescription: "Pollers of one's own, which cost money and scale faster.",
			Attributes: map[string]schema.Attribute{
				"min":   optional(schema.Int64Attribute{Validators: []validator.Int64{int64validator.Between(1, 200)}, MarkdownDescription: "The fewest, 1 to 200."}),
				"max":   optional(schema.Int64Attribute{Validators: []validator.Int64{int64validator.Between(1, 10000)}, MarkdownDescription: "The most, 1 to 10000."}),
				"group": schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 128)}, MarkdownDescription: "Name of a group of sources that share pollers."},
			},
		},
		"metrics": schema.SetAttribute{
			Optional: true, ElementType: types.StringType, Validators: []validator.Set{setvalidator.ValueStringsAre(stringvalidator.OneOf("EventCount", "ErrorCount", "KafkaMetrics")), setvalidator.SizeAtLeast(1)},
			MarkdownDescription: "Metrics beyond the usual ones: `EventCount`, `ErrorCount`, `KafkaMetrics`.",
		},
		"log_level": schema.StringAttribute{
			Optional: true, Validators: []validator.String{stringvalidator.OneOf("DEBUG", "INFO", "WARN")},
			MarkdownDescription: "With Kafka: lowest level of the source's own log lines: `DEBUG`, `INFO` or `WARN`.",
		},
		"kms_key_arn":      schema.StringAttribute{Optional: true, Validators: arnOf("kms", "a key"), MarkdownDescription: "ARN of the key that the filters are encrypted with. Default: they are not."},
		"tags":             tf.TagsAttribute(),
		"arn":              tf.Computed("ARN of the event source mapping."),
		"function_arn":     tf.Computed("ARN of the function or alias that is called."),
		"role_policy_name": tf.Computed("Name of the policy by which the function's role may read the source; null if the role is not of this provider."),
	},
}
