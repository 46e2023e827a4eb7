package function

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

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

var linksSchema = schema.MapNestedAttribute{
	Optional: true,
	MarkdownDescription: "What the function uses, by a name in capitals. Each link gives the function's role the access that it names, and no more, and the function environment variables " +
		"that begin with the link's name: `ORDERS` to a table gives `ORDERS_TABLE_NAME` and `ORDERS_TABLE_ARN`; to a function `_FUNCTION_NAME` and `_FUNCTION_ARN`; to a queue `_QUEUE_URL` and `_QUEUE_ARN`; to a bucket `_BUCKET`; to an event bus `_BUS_NAME` and `_BUS_ARN`; to a parameter `_PARAMETER_NAME`; " +
		"to an API `_API_ID`; to a Kinesis stream `_STREAM_NAME` and `_STREAM_ARN`; to a place index `_PLACE_INDEX_NAME`; to a user pool `_USER_POOL_ID`; " +
		"to a topic, state machine, secret or key `_TOPIC_ARN`, `_STATE_MACHINE_ARN`, `_SECRET_ARN` or `_KEY_ARN`. Not together with `role_arn`.",
	Validators: []validator.Map{mapvalidator.KeysAre(variableName)},
	NestedObject: schema.NestedAttributeObject{Attributes: with(parts.LinkAttributes(), "env",
		schema.BoolAttribute{Optional: true, MarkdownDescription: "False gives the access but no variables. Default: true."})},
}

var logSchema = schema.SingleNestedAttribute{
	Optional: true, Computed: true,
	MarkdownDescription: "How the function logs.",
	Attributes: map[string]schema.Attribute{
		"format": schema.StringAttribute{
			Optional: true, Computed: true, Validators: []validator.String{stringvalidator.OneOf("JSON", "Text")},
			MarkdownDescription: "`JSON` or `Text`. Default: `JSON`.",
		},
		"application_level": schema.StringAttribute{
			Optional: true, Computed: true, Validators: []validator.String{stringvalidator.OneOf("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")},
			MarkdownDescription: "Lowest level of the function's own lines that are kept; only with `JSON`. Default: `INFO`.",
		},
		"system_level": schema.StringAttribute{
			Optional: true, Computed: true, Validators: []validator.String{stringvalidator.OneOf("DEBUG", "INFO", "WARN")},
			MarkdownDescription: "Lowest level of Lambda's lines that are kept; only with `JSON`. Default: `WARN`.",
		},
		"retention_days": schema.Int64Attribute{
			Optional: true, Computed: true, Validators: []validator.Int64{int64validator.OneOf(parts.RetentionDays...)},
			MarkdownDescription: "How many days log events are kept: one of the times that CloudWatch Logs knows (1, 3, 5, 7, 14, 30, 60, 90, …, 3653); 0 for ever. Default: 30.",
		},
		"kms_key_arn": schema.StringAttribute{
			Optional: true, Validators: []validator.String{arn},
			MarkdownDescription: "ARN of the key that the function's own log group is encrypted with. Default: a key of AWS.",
		},
		"class": schema.StringAttribute{
			Optional: true, Computed: true, Validators: []validator.String{stringvalidator.OneOf("STANDARD", "INFREQUENT_ACCESS", "DELIVERY")},
			MarkdownDescription: "Class of the function's own log group: `STANDARD`; `INFREQUENT_ACCESS`, which costs less and can do less; or `DELIVERY`, which passes events on and keeps them for two days. Changing it makes the group anew, without its events. Default: `STANDARD`.",
		},
		"group": schema.StringAttribute{
			Optional: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 512)},
			MarkdownDescription: "Name of an existing log group to write to. Default: one of the function's own, `/aws/lambda/<function_name>`, which is removed with it.",
		},
	},
}

var imageSchema = schema.SingleNestedAttribute{
	Optional:            true,
	MarkdownDescription: "With a container image as source: settings that count over the image's own.",
	Attributes: map[string]schema.Attribute{
		"command":     schema.ListAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "Arguments of the entry point."},
		"entry_point": schema.ListAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "Program that is started, and its first arguments."},
		"working_dir": schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 1000)}, MarkdownDescription: "Folder that it is started in."},
	},
}

var vpcSchema = schema.SingleNestedAttribute{
	Optional:            true,
	MarkdownDescription: "Subnets that the function reaches. Its own role is allowed to make the network interfaces.",
	Attributes: map[string]schema.Attribute{
		"subnet_ids": schema.SetAttribute{
			ElementType: types.StringType, Required: true, Validators: []validator.Set{setvalidator.SizeBetween(1, 16)},
			MarkdownDescription: "Ids of the subnets, 1 to 16.",
		},
		"security_group_ids": schema.SetAttribute{
			ElementType: types.StringType, Required: true, Validators: []validator.Set{setvalidator.SizeBetween(1, 5)},
			MarkdownDescription: "Ids of the security groups, 1 to 5.",
		},
		"ipv6": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "Whether the function may use IPv6 in subnets that have both. Default: false.",
		},
		"detach_on_destroy": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(true),
			MarkdownDescription: "Whether the function is taken out of the subnets before it is deleted, so that AWS frees their network interfaces sooner, which takes it up to 45 minutes all the same. Nothing waits for that. Default: true.",
		},
	},
}

var fileSystemsSchema = schema.ListNestedAttribute{
	Optional: true, Validators: []validator.List{listvalidator.SizeBetween(1, 1)},
	MarkdownDescription: "A file system that the function mounts; it needs `vpc`, whose subnets have a mount target. The function's own role is allowed to use it.",
	NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
		"arn": schema.StringAttribute{Required: true, Validators: []validator.String{arn}, MarkdownDescription: "ARN of an access point of EFS or S3 Files."},
		"mount": schema.StringAttribute{
			Required: true, Validators: []validator.String{tf.Pattern(`^/mnt/[a-zA-Z0-9-_.]+$`, "a mount is a folder below /mnt, such as /mnt/data"), stringvalidator.LengthAtMost(160)},
			MarkdownDescription: "Folder where the function finds it, such as `/mnt/data`.",
		},
	}},
}

var publishSchema = schema.SingleNestedAttribute{
	Optional:            true,
	MarkdownDescription: "Publishes a version with every change of code or configuration, and lets an alias lead to it once it can be called. `target_arn` is the alias's ARN then.",
	Attributes: map[string]schema.Attribute{
		"alias": schema.StringAttribute{
			Required: true, Validators: []validator.String{aliasName, stringvalidator.LengthBetween(1, 128)},
			MarkdownDescription: "Name of the alias, such as `live`.",
		},
		"keep_versions": schema.Int64Attribute{
			Optional: true, Computed: true, Default: int64default.StaticInt64(10), Validators: []validator.Int64{int64validator.AtLeast(1)},
			MarkdownDescription: "How many versions are kept, at least 1; when one is published, older ones that no alias leads to are deleted. Default: 10.",
		},
		"weights": weightsAttribute,
		"provisioned_concurrency": schema.Int64Attribute{
			Optional: true, Validators: []validator.Int64{int64validator.AtLeast(1)},
			MarkdownDescription: "How many environments of the alias are kept started, at least 1. They cost money while they wait.",
		},
		"autoscale": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "Lets the provisioned concurrency follow its use. What it has scaled to is no difference in plans.",
			Attributes: map[string]schema.Attribute{
				"min":    schema.Int64Attribute{Required: true, Validators: []validator.Int64{int64validator.AtLeast(1)}, MarkdownDescription: "The fewest environments, at least 1."},
				"max":    schema.Int64Attribute{Required: true, Validators: []validator.Int64{int64validator.AtLeast(1)}, MarkdownDescription: "The most environments."},
				"target": schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(70), Validators: []validator.Int64{int64validator.Between(10, 90)}, MarkdownDescription: "Percentage of them that shall be in use, 10 to 90. Default: 70."},
			},
		},
		"snap_start": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "Whether versions are started from a snapshot that is taken when they are published. Default: false.",
		},
		"rollout": rolloutSchema,
	},
}

var durableSchema = schema.SingleNestedAttribute{
	Optional:            true,
	MarkdownDescription: "Lets executions of the function go on after pauses and failures. Adding or removing it makes the function anew in place, with its permissions.",
	Attributes: map[string]schema.Attribute{
		"execution_timeout": schema.Int64Attribute{
			Required: true, Validators: []validator.Int64{int64validator.Between(1, 31622400)},
			MarkdownDescription: "Seconds that an execution may take in all, 1 to 31622400 (366 days).",
		},
		"retention_days": schema.Int64Attribute{
			Optional: true, Computed: true, Default: int64default.StaticInt64(14), Validators: []validator.Int64{int64validator.Between(1, 90)},
			MarkdownDescription: "Days that the history of an execution is kept, 1 to 90. Default: 14.",
		},
		"kms_key_arn": schema.StringAttribute{Optional: true, Validators: []validator.String{arn}, MarkdownDescription: "ARN of the key that executions are encrypted with. Default: a key of AWS."},
	},
}

var capacitySchema = schema.SingleNestedAttribute{
	Optional:            true,
	MarkdownDescription: "Instances of yours that the function runs on. Adding or removing it makes the function anew in place, with its permissions.",
	Attributes: map[string]schema.Attribute{
		"arn":                 schema.StringAttribute{Required: true, Validators: []validator.String{arn}, MarkdownDescription: "ARN of the capacity provider."},
		"memory_gib_per_vcpu": schema.Int64Attribute{Optional: true, Validators: []validator.Int64{int64validator.OneOf(2, 4, 8)}, MarkdownDescription: "Memory in GiB for each processor: 2, 4 or 8."},
		"max_concurrency":     schema.Int64Attribute{Optional: true, Validators: []validator.Int64{int64validator.Between(1, 1600)}, MarkdownDescription: "Calls that an environment takes at the same time, 1 to 1600."},
		"min_environments":    schema.Int64Attribute{Optional: true, Validators: []validator.Int64{int64validator.Between(0, 15000)}, MarkdownDescription: "The fewest environments, 0 to 15000."},
		"max_environments":    schema.Int64Attribute{Optional: true, Validators: []validator.Int64{int64validator.Between(0, 15000)}, MarkdownDescription: "The most environments, 0 to 15000."},
	},
}
