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
	arn = tf.Pattern(`^arn:[^:]+:[^:]+:[^:]*:[^:]*:.+$`,
		"write an ARN, such as arn:aws:iam::123456789012:role/name")
)

var functionSchema = schema.Schema{
	MarkdownDescription: "A Lambda function with the role that it runs as and the log group that it writes to. " +
		"Its code is packaged by the provider, the same on every machine, so that a plan shows exactly whether the code changes.",
	Attributes: map[string]schema.Attribute{
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
		"source": sourceSchema,
		"handler": schema.StringAttribute{
			Optional: true, Computed: true, Validators: []validator.String{tf.Pattern(`^\S{1,128}$`, "a handler has 1 to 128 characters and no spaces")},
			MarkdownDescription: "What Lambda calls: file and function for node (`index.handler`) and python (`app.handler`); `bootstrap` for executables.",
		},
		"runtime": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "What runs the code, such as `nodejs22.x`, `python3.13` or `provided.al2023` (an executable called `bootstrap`).",
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
		"environment_effective": schema.MapAttribute{
			ElementType: types.StringType, Computed: true, Sensitive: true,
			MarkdownDescription: "All environment variables: `environment`, those of `links` and those of the provider's `defaults`.",
		},
		"links": linksSchema,
		"policies": schema.ListAttribute{
			ElementType: tf.JSONType{}, Optional: true, Validators: []validator.List{listvalidator.SizeAtLeast(1)},
			MarkdownDescription: "Further IAM policy documents, JSON, whose statements the function's role gets. Not together with `role_arn`.",
		},
		"policy_arns": schema.SetAttribute{
			ElementType: types.StringType, Optional: true,
			MarkdownDescription: "ARNs of managed policies that the function's role gets. Not together with `role_arn`.",
		},
		"role_arn": schema.StringAttribute{
			Optional: true, Computed: true, Validators: []validator.String{arn},
			MarkdownDescription: "ARN of the role that the function runs as. Default: a role of its own that may write its logs and traces, and what `links` and `policies` allow.",
		},
		"role_policy": schema.StringAttribute{
			Computed: true, CustomType: tf.JSONType{},
			MarkdownDescription: "The policy, JSON, of the function's own role; null with a `role_arn` of yours.",
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
		"tags":          tf.TagsAttribute(),
		"arn":           tf.Computed("ARN of the function."),
		"target_arn":    tf.Computed("ARN that others should call: give this to routes, event sources and schedules."),
		"invoke_arn":    tf.Computed("ARN in the form that API Gateway's own resources take."),
		"code_sha256":   tf.Computed("Base64 of the package's SHA-256, known at plan; what AWS calls CodeSha256."),
		"code_size":     schema.Int64Attribute{Computed: true, MarkdownDescription: "Size of the package in bytes."},
		"last_modified": tf.Computed("When the function was last changed, RFC 3339."),
	},
}

var sourceSchema = schema.SingleNestedAttribute{
	Required: true,
	MarkdownDescription: "Where the code is: exactly one of `dir`, `file`, `zip` and `inline`. Times and modes of files do not count: the same " +
		"files give the same package on every machine. Changing a byte deploys the function anew, in place.",
	Attributes: map[string]schema.Attribute{
		"dir": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "A folder that is packaged whole, but for `exclude` and the lines of its file `.serverlessignore`.",
		},
		"file":    schema.StringAttribute{Optional: true, MarkdownDescription: "A single file, such as the executable `build/bootstrap`."},
		"zip":     schema.StringAttribute{Optional: true, MarkdownDescription: "A zip that is used as it is."},
		"inline":  schema.MapAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "The code itself, by path: `{ \"index.mjs\" = \"…\" }`."},
		"include": schema.ListAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "With `dir`: only files that match one of these globs, such as `**/*.mjs`."},
		"exclude": schema.ListAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "With `dir`: files that are left out, in gitignore's syntax."},
	},
}

var linksSchema = schema.MapNestedAttribute{
	Optional: true,
	MarkdownDescription: "What the function uses, by a name in capitals. Each link gives the function's role the access that it names, and no more, and the function environment variables " +
		"that begin with the link's name: `ORDERS` to a table gives `ORDERS_TABLE_NAME` and `ORDERS_TABLE_ARN`; to a function `_FUNCTION_NAME` and `_FUNCTION_ARN`. Not together with `role_arn`.",
	Validators: []validator.Map{mapvalidator.KeysAre(variableName)},
	NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
		"to":     schema.StringAttribute{Required: true, Validators: []validator.String{arn}, MarkdownDescription: "ARN of a table or a function."},
		"access": schema.ListAttribute{ElementType: types.StringType, Required: true, MarkdownDescription: "For a table `read`, `write`; for a function `invoke`."},
		"env":    schema.BoolAttribute{Optional: true, MarkdownDescription: "False gives the access but no variables. Default: true."},
	}},
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
		"group": schema.StringAttribute{
			Optional: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 512)},
			MarkdownDescription: "Name of an existing log group to write to. Default: one of the function's own, `/aws/lambda/<function_name>`, which is removed with it.",
		},
	},
}
