package table

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/objectdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// tableSchema describes serverless_table.
var tableSchema = schema.Schema{
	MarkdownDescription: "A DynamoDB table with its indexes. Attribute definitions follow from the keys. On demand, with point-in-time recovery for 35 days, encrypted with AWS's own key, unless something else is said.",
	Attributes: map[string]schema.Attribute{
		"name": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Name within the configuration; the provider's `name_prefix` before it makes `table_name`.",
		},
		"table_name": schema.StringAttribute{
			Optional: true, Computed: true, Validators: []validator.String{tableName},
			MarkdownDescription: "Name on AWS: 3 to 255 letters, digits, `_`, `-` and `.`. Default: `name_prefix` and `name`. Changing it replaces the table and loses its items.",
		},
		"partition_key": key("Partition key. Changing it replaces the table and loses its items.", true),
		"sort_key":      key("Sort key. Default: none. Changing it replaces the table and loses its items.", false),
		"local_indexes": schema.MapNestedAttribute{
			Optional:            true,
			Validators:          []validator.Map{mapvalidator.SizeBetween(1, 5), mapvalidator.KeysAre(tableName)},
			MarkdownDescription: "Local secondary indexes by name, at most 5: other sort keys for the table's partition key. Changing them replaces the table and loses its items.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"sort_key":   key("Sort key of the index.", true),
				"projection": projection,
			}},
		},
		"global_indexes": schema.MapNestedAttribute{
			Optional:            true,
			Validators:          []validator.Map{mapvalidator.SizeAtLeast(1), mapvalidator.KeysAre(tableName)},
			MarkdownDescription: "Global secondary indexes by name. They are made and removed one at a time. Changing a key, the type of a key or the projection builds the index anew; queries of it fail meanwhile.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"partition_key":  key("Partition key of the index, if it is one attribute. Exactly one of `partition_key` and `partition_keys` is needed.", false),
				"partition_keys": keys("Partition key of the index of 1 to 4 attributes: a query names them all."),
				"sort_key":       key("Sort key of the index, if it is one attribute. Default: none.", false),
				"sort_keys":      keys("Sort key of the index of 1 to 4 attributes, the first of which counts first: a query names as many of them, from the first on, as it likes."),
				"projection":     projection,
				"capacity":       capacityAttribute("Capacity of the index, of the same kind as the table's. Default: the table's."),
				"warm":           warmAttribute("What the index can do at once, without growing into it. It can be lowered again."),

				"contributor_insights": insightsAttribute("the index's keys"),
			}},
		},
		"vector_indexes": vectorsAttribute,
		"capacity":       capacityAttribute("What the table can do per second. Default: on demand, without limits. AWS allows the change to on demand once a day."),
		"stream": schema.StringAttribute{
			Optional:            true,
			Validators:          []validator.String{stringvalidator.OneOf("KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES")},
			MarkdownDescription: "What the table's stream tells of each change: `KEYS_ONLY`, `NEW_IMAGE`, `OLD_IMAGE` or `NEW_AND_OLD_IMAGES`. Default: no stream. Another value makes a new stream with a new `stream_arn`.",
		},
		"ttl": schema.StringAttribute{
			Optional:            true,
			Validators:          []validator.String{stringvalidator.LengthBetween(1, 255)},
			MarkdownDescription: "Attribute that holds the time at which an item expires, in seconds since 1970. Default: items do not expire. AWS allows one change per hour.",
		},
		"point_in_time_recovery_days": schema.Int64Attribute{
			Optional: true, Computed: true, Default: int64default.StaticInt64(35),
			Validators:          []validator.Int64{int64validator.Between(0, 35)},
			MarkdownDescription: "Days, 1 to 35, for which the table can be restored to any second; 0 turns it off and forgets what was kept. Default: 35.",
		},
		"encryption": schema.SingleNestedAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Key that encrypts the table. Default: a key that AWS owns, which costs nothing.",
			Attributes: map[string]schema.Attribute{
				"aws_managed": schema.BoolAttribute{
					Optional:            true,
					MarkdownDescription: "`true` for the account's key `alias/aws/dynamodb`, whose use is billed.",
				},
				"kms_key_arn": schema.StringAttribute{
					Optional:            true,
					Validators:          []validator.String{tf.Pattern(`^arn:[a-z-]+:kms:`, "write the ARN of a KMS key, arn:aws:kms:<region>:<account>:key/<id>")},
					MarkdownDescription: "ARN of a KMS key of yours.",
				},
			},
		},
		"class": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString("STANDARD"),
			Validators:          []validator.String{stringvalidator.OneOf("STANDARD", "STANDARD_INFREQUENT_ACCESS")},
			MarkdownDescription: "`STANDARD`, or `STANDARD_INFREQUENT_ACCESS` for cheaper storage and dearer use. Default: `STANDARD`. AWS allows two changes in 30 days.",
		},
		"deletion_protection": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "Whether AWS refuses to delete the table. Default: `false`. Set it to `false` and apply before a destroy.",
		},
		"warm": warmAttribute("What the table can do at once, without growing into it. AWS raises it by itself and never lowers it, so the plan refuses a lower value."),
		"resource_policy": schema.StringAttribute{
			Optional: true, CustomType: tf.JSONType{}, PlanModifiers: tf.KeepJSON,
			MarkdownDescription: "Policy of the table as a JSON document, at most 20 KB: who else may use it, other accounts for example. Default: none.",
		},
		"kinesis_stream": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "Kinesis stream that is told of each change. Default: none.",
			Attributes: map[string]schema.Attribute{
				"arn": schema.StringAttribute{
					Required:            true,
					Validators:          []validator.String{tf.Pattern(`^arn:[a-z-]+:kinesis:`, "write the ARN of a Kinesis stream, arn:aws:kinesis:<region>:<account>:stream/<name>")},
					MarkdownDescription: "ARN of the stream. Another one ends the old one's records before its own begin.",
				},
				"precision": schema.StringAttribute{
					Optional: true, Computed: true, Default: stringdefault.StaticString("MILLISECOND"),
					Validators:          []validator.String{stringvalidator.OneOf("MILLISECOND", "MICROSECOND")},
					MarkdownDescription: "Precision of the records' times: `MILLISECOND` or `MICROSECOND`. Default: `MILLISECOND`.",
				},
			},
		},
		"contributor_insights": insightsAttribute("keys"),
		"replicas": schema.MapNestedAttribute{
			Optional:            true,
			Validators:          []validator.Map{mapvalidator.SizeAtLeast(1), mapvalidator.KeysAre(regionName)},
			MarkdownDescription: "Copies of the table in other regions, by region: what is written in one is soon in all. They need a `stream` of `NEW_AND_OLD_IMAGES`, and capacity on demand or writes that scale.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"kms_key_arn": schema.StringAttribute{
					Optional:            true,
					Validators:          []validator.String{tf.Pattern(`^arn:[a-z-]+:kms:`, "write the ARN of a KMS key, arn:aws:kms:<region>:<account>:key/<id>")},
					MarkdownDescription: "ARN of a KMS key in that region, if the table is encrypted with a key of yours. Another one makes the copy anew.",
				},
				"class": schema.StringAttribute{
					Optional:            true,
					Validators:          []validator.String{stringvalidator.OneOf("STANDARD", "STANDARD_INFREQUENT_ACCESS")},
					MarkdownDescription: "Class of the copy. Default: the table's.",
				},
				"point_in_time_recovery_days": schema.Int64Attribute{
					Optional: true, Computed: true, Default: int64default.StaticInt64(35),
					Validators:          []validator.Int64{int64validator.Between(0, 35)},
					MarkdownDescription: "Days, 1 to 35, for which the copy can be restored to any second; 0 turns it off. Default: 35.",
				},
				"deletion_protection": schema.BoolAttribute{
					Optional: true, Computed: true, Default: booldefault.StaticBool(false),
					MarkdownDescription: "Whether AWS refuses to delete the copy. Default: `false`.",
				},
				"propagate_tags": schema.BoolAttribute{
					Optional: true, Computed: true, Default: booldefault.StaticBool(false),
					MarkdownDescription: "Whether the copy has the table's tags. Default: `false`, which leaves its tags to others.",
				},
				"max_read":   maxReadAttribute("the table's"),
				"read_units": readUnitsAttribute("the table's"),
				"global_indexes": schema.MapNestedAttribute{
					Optional:            true,
					Validators:          []validator.Map{mapvalidator.SizeAtLeast(1), mapvalidator.KeysAre(tableName)},
					MarkdownDescription: "What the copy's global indexes have of their own, by name. All else is the same in all regions.",
					NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
						"max_read":   maxReadAttribute("the index's"),
						"read_units": readUnitsAttribute("the index's"),
					}},
				},
			}},
		},
		"strong_consistency": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "Makes the copies consistent with the table at every moment, at the price of slower writes; `{}` for a table with two `replicas`, or with a `witness` and one. DynamoDB makes them of an empty table only, and takes no `ttl`, `local_indexes` or transactions then. Neither it nor the regions can be changed later, except that all are removed together, which leaves the table of this region. Default: the copies lag behind by about a second.",
			Attributes: map[string]schema.Attribute{
				"witness": schema.StringAttribute{
					Optional:            true,
					Validators:          []validator.String{regionName},
					MarkdownDescription: "Region that keeps what is written without a table that could be read. Default: none.",
				},
			},
		},
		"import": importAttribute,
		"restore": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "What the table is made from, instead of empty: exactly one of `backup_arn` and `table`. The keys must be the source's; all else becomes as it is written here. Another source replaces the table; to add it to a table that is there, or to remove it, changes nothing.",
			Attributes: map[string]schema.Attribute{
				"backup_arn": schema.StringAttribute{
					Optional:            true,
					Validators:          []validator.String{tf.Pattern(`^arn:[a-z-]+:dynamodb:[^:]*:[^:]*:table/[^/]+/backup/`, "write the ARN of a backup, arn:aws:dynamodb:<region>:<account>:table/<name>/backup/<id>")},
					MarkdownDescription: "ARN of a backup.",
				},
				"table": schema.StringAttribute{
					Optional:            true,
					Validators:          []validator.String{tf.Pattern(`^([a-zA-Z0-9_.-]{3,255}|arn:[a-z-]+:dynamodb:[^:]*:[^:]*:table/[a-zA-Z0-9_.-]{3,255})$`, "write the name or the ARN of a table")},
					MarkdownDescription: "Name, or ARN in another region, of a table with point-in-time recovery.",
				},
				"time": schema.StringAttribute{
					Optional:            true,
					Validators:          []validator.String{timestamp{}},
					MarkdownDescription: "Moment that `table` is restored to, such as `2026-01-02T15:04:05Z`. Default: the latest, some five minutes ago.",
				},
			},
		},
		"tags":       tf.TagsAttribute(),
		"arn":        schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of the table."},
		"stream_arn": schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of the stream, if there is one. It changes with `stream`."},
	},
}

var tableName = tf.Pattern(`^[a-zA-Z0-9_.-]{3,255}$`,
	"a name has 3 to 255 characters, which are letters, digits, \"_\", \"-\" and \".\"")

var regionName = tf.Pattern(`^[a-z]{2}(-[a-z]+)+-[0-9]$`, "write the name of a region, such as eu-west-1")

func insightsAttribute(what string) schema.StringAttribute {
	return schema.StringAttribute{
		Optional:            true,
		Validators:          []validator.String{stringvalidator.OneOf("ACCESSED_AND_THROTTLED_KEYS", "THROTTLED_KEYS")},
		MarkdownDescription: "Whether CloudWatch counts which " + what + " are used most: `ACCESSED_AND_THROTTLED_KEYS`, or only those that are throttled, `THROTTLED_KEYS`. It is billed. Default: neither.",
	}
}

func maxReadAttribute(whose string) schema.Int64Attribute {
	return schema.Int64Attribute{
		Optional: true, Validators: []validator.Int64{int64validator.AtLeast(1)},
		MarkdownDescription: "Most read request units per second in that region, on demand, at least 1. The limit of writes is the same in all regions. Default: " + whose + " limit.",
	}
}

func readUnitsAttribute(whose string) schema.Int64Attribute {
	return schema.Int64Attribute{
		Optional: true, Validators: []validator.Int64{int64validator.AtLeast(1)},
		MarkdownDescription: "Read units in that region, of provisioned capacity with a fixed number of them, at least 1. Default: " + whose + ".",
	}
}

// timestamp accepts moments in RFC 3339.
type timestamp struct{}

func (timestamp) Description(context.Context) string {
	return "a moment such as 2026-01-02T15:04:05Z"
}
func (t timestamp) MarkdownDescription(ctx context.Context) string { return t.Description(ctx) }

func (timestamp) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if _, err := time.Parse(time.RFC3339, req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Bad time",
			fmt.Sprintf("%s is %q. Write a moment with its zone, such as \"2026-01-02T15:04:05Z\".", req.Path, req.ConfigValue.ValueString()))
	}
}

func keyAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"name": schema.StringAttribute{
			Required: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 255)},
			MarkdownDescription: "Name of the attribute, 1 to 255 characters.",
		},
		"type": schema.StringAttribute{
			Required: true, Validators: []validator.String{stringvalidator.OneOf("S", "N", "B")},
			MarkdownDescription: "Type of the attribute: `S` text, `N` number, `B` bytes.",
		},
	}
}

func key(description string, required bool) schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Required: required, Optional: !required, MarkdownDescription: description, Attributes: keyAttributes(),
	}
}

func keys(description string) schema.ListNestedAttribute {
	return schema.ListNestedAttribute{
		Optional: true, MarkdownDescription: description,
		Validators:   []validator.List{listvalidator.SizeBetween(1, 4)},
		NestedObject: schema.NestedAttributeObject{Attributes: keyAttributes()},
	}
}

func warmAttribute(description string) schema.SingleNestedAttribute {
	units := func(what string) schema.Int64Attribute {
		return schema.Int64Attribute{
			Optional: true, Validators: []validator.Int64{int64validator.AtLeast(1)},
			MarkdownDescription: what + " units per second, at least 1. Default: what AWS gives.",
		}
	}
	return schema.SingleNestedAttribute{
		Optional: true, MarkdownDescription: description + " What AWS has beyond it is no difference.",
		Attributes: map[string]schema.Attribute{"read": units("Read"), "write": units("Write")},
	}
}

var projection = schema.SingleNestedAttribute{
	Optional: true, Computed: true,
	Default: objectdefault.StaticValue(basetypes.ObjectValueMust(
		map[string]attr.Type{"type": basetypes.StringType, "attributes": basetypes.SetType{ElemType: basetypes.StringType}},
		map[string]attr.Value{"type": basetypes.StringValue("ALL"), "attributes": basetypes.SetNull(basetypes.StringType)},
	)),
	MarkdownDescription: "What the index holds of each item beside the keys. Default: everything.",
	Attributes: map[string]schema.Attribute{
		"type": schema.StringAttribute{
			Required: true, Validators: []validator.String{stringvalidator.OneOf("ALL", "KEYS_ONLY", "INCLUDE")},
			MarkdownDescription: "`ALL`, `KEYS_ONLY`, or `INCLUDE` for those in `attributes`.",
		},
		"attributes": schema.SetAttribute{
			Optional: true, ElementType: basetypes.StringType,
			MarkdownDescription: "Names of the attributes that an `INCLUDE` index holds.",
		},
	},
}

func capacityAttribute(description string) schema.SingleNestedAttribute {
	units := func(what string) schema.SingleNestedAttribute {
		number := func(description string) schema.Int64Attribute {
			return schema.Int64Attribute{Optional: true, Validators: []validator.Int64{int64validator.AtLeast(1)}, MarkdownDescription: description}
		}
		return schema.SingleNestedAttribute{
			Optional: true, MarkdownDescription: what + " that are paid for all the time: a fixed number, `units`, or one that scales with the load between `min` and `max`. Where they scale, the number that is there now is no difference.",
			Attributes: map[string]schema.Attribute{
				"units": number(what + ", at least 1."),
				"min":   number("Fewest " + strings.ToLower(what) + ", at least 1."),
				"max":   number("Most " + strings.ToLower(what) + ", at least `min`."),
				"target": schema.Int64Attribute{
					Optional: true, Validators: []validator.Int64{int64validator.Between(20, 90)},
					MarkdownDescription: "Percentage of them, 20 to 90, that should be used. Default: 70.",
				},
			},
		}
	}
	limit := func(what string) schema.Int64Attribute {
		return schema.Int64Attribute{
			Optional: true, Validators: []validator.Int64{int64validator.AtLeast(1)},
			MarkdownDescription: "Most " + what + " per second, at least 1. Default: no limit.",
		}
	}
	return schema.SingleNestedAttribute{
		Optional: true, MarkdownDescription: description,
		Attributes: map[string]schema.Attribute{
			"on_demand": schema.SingleNestedAttribute{
				Optional: true, MarkdownDescription: "Pay for each request, up to limits.",
				Attributes: map[string]schema.Attribute{
					"max_read":  limit("read request units"),
					"max_write": limit("write request units"),
				},
			},
			"read":  units("Read units"),
			"write": units("Write units"),
		},
	}
}
