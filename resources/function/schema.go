package function

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

var (
	functionName = tf.Pattern(`^[0-9A-Za-z_-]{1,64}$`,
		"a function's name has 1 to 64 letters, digits, hyphens and underscores")
	variableName = tf.Pattern(`^[A-Za-z][0-9A-Za-z_]+$`,
		"a variable's name begins with a letter and has letters, digits and underscores, two at least")
	layerVersion = tf.Pattern(`^arn:[^:]+:lambda:[^:]+:[0-9]{12}:layer:[a-zA-Z0-9_-]+:[0-9]+$`,
		"write the ARN of a layer's version, such as the arn of a serverless_layer")
	arn = parts.ARN
)

var functionSchema = schema.Schema{
	MarkdownDescription: "A Lambda function with the role that it runs as and the log group that it writes to. " +
		"Its code is packaged by the provider, the same on every machine, so that a plan shows exactly whether the code changes.",
	Attributes: parts.WithOwn("function", "write its logs and traces, and what `links` and `policies` allow", map[string]schema.Attribute{
		"name": schema.StringAttribute{
			Optional: true, Computed: true, Validators: []validator.String{functionName},
			MarkdownDescription: "What the function is called in this configuration. On AWS it is called so with the provider's `name_prefix` before it. Give this or `function_name`.",
		},
		"function_name": schema.StringAttribute{
			Optional: true, Computed: true, Validators: []validator.String{functionName},
			MarkdownDescription: "The name on AWS, without any prefix: 1 to 64 letters, digits, hyphens and underscores. Default: `name_prefix` and `name`. Changing it replaces the function.",
		},
		"description": schema.StringAttribute{
			Optional: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 256)},
			MarkdownDescription: "What the function is for, at most 256 characters.",
		},
		"source": sourceAttribute(true),
		"source_kms_key_arn": schema.StringAttribute{
			Optional: true, Validators: []validator.String{arn},
			MarkdownDescription: "ARN of the key that the stored zip is encrypted with. Default: a key of AWS. Not with an image.",
		},
		"handler": schema.StringAttribute{
			Optional: true, Computed: true, Validators: []validator.String{tf.Pattern(`^\S{1,128}$`, "a handler has 1 to 128 characters and no spaces")},
			MarkdownDescription: "What Lambda calls: file and function for node (`index.handler`) and python (`app.handler`); `bootstrap` for executables.",
		},
		"runtime": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "What runs the code, such as `nodejs22.x`, `python3.13` or `provided.al2023` (an executable called `bootstrap`).",
		},
		"runtime_update": schema.StringAttribute{
			Optional: true, Validators: []validator.String{tf.Pattern(`^(auto|on_change|arn:[^:]+:lambda:[^:]+::runtime:.+)$`, "write auto, on_change, or the ARN of a runtime's version")},
			MarkdownDescription: "When Lambda brings the runtime up to date: `auto`, `on_change` for changes of the function only, or the ARN of the runtime's version to stay with. Default: `auto`, which nothing is told of.",
		},
		"image": imageSchema,
		"layers": schema.ListAttribute{
			ElementType: types.StringType, Optional: true, Validators: []validator.List{listvalidator.SizeBetween(1, 5), listvalidator.ValueStringsAre(layerVersion)},
			MarkdownDescription: "ARNs of versions of layers, at most 5, whose files the function finds in `/opt`; the later ones count over the earlier ones.",
		},
		"architecture": schema.StringAttribute{
			Optional: true, Computed: true, Validators: []validator.String{stringvalidator.OneOf("x86_64", "arm64")},
			MarkdownDescription: "`x86_64` or `arm64`. Default: that of the package's executables, else `x86_64`.",
		},
		"memory": schema.Int64Attribute{
			Optional: true, Computed: true, Default: int64default.StaticInt64(512), Validators: []validator.Int64{int64validator.Between(128, 32768)},
			MarkdownDescription: "Memory in MB, 128 to 10240 (32768 on managed instances); processor time grows with it, and so does the price. Default: 512.",
		},
		"timeout": schema.Int64Attribute{
			Optional: true, Computed: true, Default: int64default.StaticInt64(10), Validators: []validator.Int64{int64validator.Between(1, 900)},
			MarkdownDescription: "Seconds after which a call is ended, 1 to 900. Default: 10.",
		},
		"ephemeral_storage": schema.Int64Attribute{
			Optional: true, Computed: true, Default: int64default.StaticInt64(512), Validators: []validator.Int64{int64validator.Between(512, 10240)},
			MarkdownDescription: "Size of `/tmp` in MB, 512 to 10240. Default: 512.",
		},
		"environment": schema.MapAttribute{
			ElementType: types.StringType, Optional: true, Validators: []validator.Map{mapvalidator.KeysAre(variableName)},
			MarkdownDescription: "Environment variables, 4 KB in all. They win over those of `links`, and these over those of the provider's `defaults`.",
		},
		"environment_wo": schema.MapAttribute{
			ElementType: types.StringType, Optional: true, WriteOnly: true, Sensitive: true, Validators: []validator.Map{mapvalidator.KeysAre(variableName)},
			MarkdownDescription: "Environment variables that are kept in neither the plan nor the state, such as passwords; they may come from ephemeral resources. They win over all others, and are sent when `environment_wo_version` changes or other variables do. Needs Terraform 1.11.",
		},
		"environment_wo_version": schema.Int64Attribute{
			Optional: true, MarkdownDescription: "Number that goes with `environment_wo`: they are sent again when it changes.",
		},
		"environment_effective": schema.MapAttribute{
			ElementType: types.StringType, Computed: true, Sensitive: true,
			MarkdownDescription: "All environment variables but the write-only ones: `environment`, those of `links` and those of the provider's `defaults`.",
		},
		"kms_key_arn": schema.StringAttribute{
			Optional: true, Validators: []validator.String{arn},
			MarkdownDescription: "ARN of the key that the environment is encrypted with, and snapshots. Default: a key of AWS.",
		},
		"links": linksSchema,
		"policy_templates": schema.MapAttribute{
			ElementType: types.MapType{ElemType: types.StringType}, Optional: true, Validators: []validator.Map{mapvalidator.SizeAtLeast(1)},
			MarkdownDescription: "Policy templates of AWS SAM that the function's role gets, by name, with their parameters: `{ SQSPollerPolicy = { QueueName = \"mail\" } }`, and `{}` for those that have none. " +
				"They are for what `links` do not know, and for configurations that come from SAM. Not together with `role_arn`.",
		},
		"log": logSchema,
		"log_group_name": schema.StringAttribute{
			Computed: true, MarkdownDescription: "Name of the log group that the function writes to.",
		},
		"tracing": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(true),
			MarkdownDescription: "Whether calls are traced with X-Ray. Default: true.",
		},
		"reserved_concurrency": schema.Int64Attribute{
			Optional: true, Computed: true, Default: int64default.StaticInt64(-1), Validators: []validator.Int64{int64validator.AtLeast(-1)},
			MarkdownDescription: "How many calls may run at the same time, taken from the account's limit; 0 stops the function, -1 reserves nothing. Default: -1.",
		},
		"recursion": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString("terminate"), Validators: []validator.String{stringvalidator.OneOf("allow", "terminate")},
			MarkdownDescription: "What happens when the function calls itself in a loop through queues or topics: `terminate` or `allow`. Default: `terminate`.",
		},
		"vpc":          vpcSchema,
		"file_systems": fileSystemsSchema,
		"dead_letter": schema.StringAttribute{
			Optional: true, Validators: []validator.String{tf.Pattern(`^arn:[^:]+:(sqs|sns):[^:]+:[0-9]{12}:.+$`, "write the ARN of a queue or a topic")},
			MarkdownDescription: "ARN of a queue or a topic that gets the events of calls that were given up. `async.on_failure` tells more.",
		},
		"async": schema.SingleNestedAttribute{
			Optional: true, Attributes: asyncAttributes,
			MarkdownDescription: "What becomes of calls whose caller does not wait. The function's own role is allowed to send to the destinations. Default: what Lambda does, six hours and two retries.",
		},
		"url": schema.SingleNestedAttribute{
			Optional: true, Attributes: urlAttributes,
			MarkdownDescription: "An HTTPS URL that calls the function, or the alias of `publish`.",
		},
		"publish":           publishSchema,
		"durable":           durableSchema,
		"capacity_provider": capacitySchema,
		"tenancy": schema.StringAttribute{
			Optional: true, Validators: []validator.String{stringvalidator.OneOf("per_tenant")},
			MarkdownDescription: "`per_tenant` gives each tenant that is named in calls environments of its own. Changing it makes the function anew in place, with its permissions.",
		},
		"code_signing_config_arn": schema.StringAttribute{
			Optional: true, Validators: []validator.String{arn},
			MarkdownDescription: "ARN of a code signing configuration: only code that its profiles have signed is accepted.",
		},
		"tags":          tf.TagsAttribute(),
		"arn":           tf.Computed("ARN of the function."),
		"target_arn":    tf.Computed("ARN that others should call, that of the alias if there is one: give this to routes, event sources and schedules."),
		"version":       tf.Computed("The version that the alias of `publish` leads to; `$LATEST` without one."),
		"invoke_arn":    tf.Computed("ARN in the form that API Gateway's own resources take."),
		"code_sha256":   tf.Computed("Base64 of the package's SHA-256, known at plan unless the package is to be built or is not on this machine; what AWS calls CodeSha256."),
		"code_size":     schema.Int64Attribute{Computed: true, MarkdownDescription: "Size of the package in bytes."},
		"last_modified": tf.Computed("When the function was last changed, RFC 3339."),
	}),
}
