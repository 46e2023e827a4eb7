package statemachine

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
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

// maxDefinition is how many bytes a definition may have.
const maxDefinition = 1 << 20

var (
	machineName = tf.Pattern(`^[0-9A-Za-z_-]{1,80}$`, "the name has 1 to 80 letters, digits, hyphens and underscores")
	aliasName   = tf.Pattern(`^[0-9A-Za-z_.-]*[A-Za-z_.-][0-9A-Za-z_.-]*$`, "an alias's name has 1 to 80 letters, digits, dots, hyphens and underscores, and not only digits")
	published   = tf.Pattern(`^[0-9]+$`, "write the number of a version that is published")
	arn         = parts.ARN
)

var machineSchema = schema.Schema{
	MarkdownDescription: "A state machine of Step Functions with the role that it works as and the log group that it writes to. " +
		"Its definition is checked while planning with all that AWS would say of it, and the role's rights follow from what the definition calls.",
	Attributes: parts.WithOwn("state machine", "do what the definition calls, write its logs and traces, and what `links` and `policies` allow", map[string]schema.Attribute{
		"name": schema.StringAttribute{
			Optional: true, Computed: true, Validators: []validator.String{machineName},
			MarkdownDescription: "What the state machine is called in this configuration. On AWS it is called so with the provider's `name_prefix` before it. Give this or `state_machine_name`.",
		},
		"state_machine_name": schema.StringAttribute{
			Optional: true, Computed: true, Validators: []validator.String{machineName},
			MarkdownDescription: "The name on AWS, without any prefix: 1 to 80 letters, digits, hyphens and underscores. Default: `name_prefix` and `name`. Changing it replaces the state machine.",
		},
		"type": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString("STANDARD"), Validators: []validator.String{stringvalidator.OneOf("STANDARD", "EXPRESS")},
			MarkdownDescription: "`STANDARD` for executions that may take up to a year and are carried out exactly once; `EXPRESS` for many short ones of at most 5 minutes. Default: `STANDARD`. Changing it replaces the state machine.",
		},
		"definition": schema.StringAttribute{
			Optional: true, Computed: true, Validators: []validator.String{stringvalidator.LengthBetween(1, maxDefinition)},
			PlanModifiers:       tf.Keep("a definition that only differs in layout is no change", tf.SameJSON),
			MarkdownDescription: "What it does, in the Amazon States Language: `jsonencode({ … })`, at most 1 MiB. Layout and the order of members make no difference. Give this or `definition_file`, of which it then has the text.",
		},
		"definition_file": schema.StringAttribute{
			Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			MarkdownDescription: "Path of a file with the definition, JSON, such as `${path.module}/order.asl.json`.",
		},
		"substitutions": schema.MapAttribute{
			ElementType: types.StringType, Optional: true, Validators: []validator.Map{mapvalidator.KeysAre(substitutionName)},
			MarkdownDescription: "What stands for `${Name}` in `definition_file`, by name. Within quotes a value is written as part of the string, elsewhere as JSON; `$${` stands for `${` itself.",
		},
		"links": schema.MapNestedAttribute{
			Optional: true,
			MarkdownDescription: "What the state machine uses and its definition does not tell, by a name: calls whose target is only known while an execution runs. " +
				"Each link gives the state machine's role the access that it names, and no more; the ARN reaches the definition as any other value does. Not together with `role_arn`.",
			NestedObject: schema.NestedAttributeObject{Attributes: parts.LinkAttributes()},
		},
		"log": logSchema,
		"log_group_name": schema.StringAttribute{
			Computed: true, MarkdownDescription: "Name of the log group that executions write to; null with the level `OFF`.",
		},
		"tracing": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(true),
			MarkdownDescription: "Whether executions are traced with X-Ray. Default: true.",
		},
		"encryption": encryptionSchema("the definition and the data of executions"),
		"publish":    publishSchema,
		"tags":       tf.TagsAttribute(),
		"arn":        tf.Computed("ARN of the state machine."),
		"target_arn": tf.Computed("ARN to start executions with: the alias's with `publish`, else the state machine's."),
		"version":    tf.Computed("Number of the version that the alias of `publish` leads to; null without."),
		"revision_id": tf.Computed(
			"What AWS calls the present definition and settings; `INITIAL` until the first change."),
	}),
}

var logSchema = schema.SingleNestedAttribute{
	Optional: true, Computed: true,
	MarkdownDescription: "What executions log.",
	Attributes: map[string]schema.Attribute{
		"level": schema.StringAttribute{
			Optional: true, Computed: true, Validators: []validator.String{stringvalidator.OneOf("ALL", "ERROR", "FATAL", off)},
			MarkdownDescription: "Which events are logged: `ALL`, `ERROR`, `FATAL` or `OFF`. Default: `ERROR`.",
		},
		"include_data": schema.BoolAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Whether inputs, outputs and variables are logged too, which may hold what nobody should read in a log. Default: false.",
		},
		"retention_days": schema.Int64Attribute{
			Optional: true, Computed: true, Validators: []validator.Int64{int64validator.OneOf(parts.RetentionDays...)},
			MarkdownDescription: "How many days log events are kept: one of the times that CloudWatch Logs knows (1, 3, 5, 7, 14, 30, 60, 90, …, 3653); 0 for ever. Default: 30.",
		},
		"kms_key_arn": schema.StringAttribute{
			Optional: true, Validators: []validator.String{arn},
			MarkdownDescription: "ARN of the key that the state machine's own log group is encrypted with. Default: a key of AWS.",
		},
		"group": schema.StringAttribute{
			Optional: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 512)},
			MarkdownDescription: "Name of an existing log group to write to. Default: one of the state machine's own, `/aws/vendedlogs/states/<state_machine_name>`, which is removed with it.",
		},
	},
}

func encryptionSchema(what string) schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "The key of KMS that " + what + " are encrypted with. Default: a key of AWS.",
		Attributes: map[string]schema.Attribute{
			"kms_key_arn": schema.StringAttribute{Required: true, Validators: []validator.String{arn}, MarkdownDescription: "ARN of the key."},
			"reuse_seconds": schema.Int64Attribute{
				Optional: true, Validators: []validator.Int64{int64validator.Between(60, 900)},
				MarkdownDescription: "Seconds that a data key is used again before KMS is asked for another, 60 to 900. Default: 300, by AWS.",
			},
		},
	}
}

var publishSchema = schema.SingleNestedAttribute{
	Optional:            true,
	MarkdownDescription: "Publishes a version with every change of the definition or the settings, and lets an alias lead to it. `target_arn` is the alias's ARN then.",
	Attributes: map[string]schema.Attribute{
		"alias": schema.StringAttribute{
			Required: true, Validators: []validator.String{aliasName, stringvalidator.LengthBetween(1, 80)},
			MarkdownDescription: "Name of the alias, such as `live`.",
		},
		"keep_versions": schema.Int64Attribute{
			Optional: true, Computed: true, Default: int64default.StaticInt64(10), Validators: []validator.Int64{int64validator.Between(1, 1000)},
			MarkdownDescription: "How many versions are kept, 1 to 1000; when one is published, older ones that no alias leads to are deleted. Default: 10.",
		},
		"weights": weightsAttribute,
	},
}

var weightsAttribute = schema.MapAttribute{
	Optional: true, ElementType: types.Int64Type,
	Validators: []validator.Map{
		mapvalidator.SizeBetween(1, 1), mapvalidator.KeysAre(published), mapvalidator.ValueInt64sAre(int64validator.Between(0, 100)),
	},
	MarkdownDescription: "Another version that gets a part of the executions, by its number, in percent: `{ \"3\" = 10 }` sends it 10 of 100.",
}
