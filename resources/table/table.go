// Package table has the resource types of DynamoDB: tables and what belongs to
// them. It must not know how the provider is configured, nor other services.
package table

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
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

// Types lists the family's resource types, alphabetically.
var Types = []tf.Entry[*Clients]{
	Table,
}

// Actions lists the family's actions, alphabetically.
var Actions = []tf.ActionEntry[*Clients]{}

// Clients are the operations of AWS that the family calls.
type Clients struct{ DynamoDB DynamoDB }

// DynamoDB is the part of DynamoDB's client that is used.
type DynamoDB interface {
	CreateTable(context.Context, *dynamodb.CreateTableInput, ...func(*dynamodb.Options)) (*dynamodb.CreateTableOutput, error)
	DeleteTable(context.Context, *dynamodb.DeleteTableInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteTableOutput, error)
	DescribeContinuousBackups(context.Context, *dynamodb.DescribeContinuousBackupsInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeContinuousBackupsOutput, error)
	DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error)
	DescribeTimeToLive(context.Context, *dynamodb.DescribeTimeToLiveInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTimeToLiveOutput, error)
	ListTables(context.Context, *dynamodb.ListTablesInput, ...func(*dynamodb.Options)) (*dynamodb.ListTablesOutput, error)
	ListTagsOfResource(context.Context, *dynamodb.ListTagsOfResourceInput, ...func(*dynamodb.Options)) (*dynamodb.ListTagsOfResourceOutput, error)
	TagResource(context.Context, *dynamodb.TagResourceInput, ...func(*dynamodb.Options)) (*dynamodb.TagResourceOutput, error)
	UntagResource(context.Context, *dynamodb.UntagResourceInput, ...func(*dynamodb.Options)) (*dynamodb.UntagResourceOutput, error)
	UpdateContinuousBackups(context.Context, *dynamodb.UpdateContinuousBackupsInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateContinuousBackupsOutput, error)
	UpdateTable(context.Context, *dynamodb.UpdateTableInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateTableOutput, error)
	UpdateTimeToLive(context.Context, *dynamodb.UpdateTimeToLiveInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateTimeToLiveOutput, error)
}

// gone says that there is no table.
var gone = tf.Gone[*types.ResourceNotFoundException]("DescribeTable", "DeleteTable")

// Table is the type serverless_table: a DynamoDB table with its indexes.
var Table = tf.Type[*Clients, model]{
	Name:     "table",
	Import:   []string{"table_name"},
	ARN:      "dynamodb:table/{table_name}",
	Physical: "table_name",
	Replace:  []string{"partition_key", "sort_key", "local_indexes"},
	Changes:  map[string][]string{"stream_arn": {"stream"}},
	Defaults: []string{"class", "deletion_protection", "encryption", "point_in_time_recovery_days"},
	Gone:     gone,
	Timeouts: tf.Limits{Create: 30 * time.Minute, Update: time.Hour, Delete: 10 * time.Minute},
	Validate: validate,
	Create:   create,
	Finish:   unmark,
	Read:     read,
	Update:   update,
	Delete:   remove,
	List:     list,
	Moves:    map[string]map[string]string{"aws_dynamodb_table": {"table_name": "name"}},
	Schema: schema.Schema{
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
					"partition_key": key("Partition key of the index.", true),
					"sort_key":      key("Sort key of the index. Default: none.", false),
					"projection":    projection,
					"capacity":      capacityAttribute("Capacity of the index, of the same kind as the table's. Default: the table's."),
				}},
			},
			"capacity": capacityAttribute("What the table can do per second. Default: on demand, without limits. AWS allows the change to on demand once a day."),
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
			"tags":       tf.TagsAttribute(),
			"arn":        schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of the table."},
			"stream_arn": schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of the stream, if there is one. It changes with `stream`."},
		},
	},
}

var tableName = tf.Pattern(`^[a-zA-Z0-9_.-]{3,255}$`,
	"a name has 3 to 255 characters, which are letters, digits, \"_\", \"-\" and \".\"")

func key(description string, required bool) schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Required: required, Optional: !required, MarkdownDescription: description,
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 255)},
				MarkdownDescription: "Name of the attribute, 1 to 255 characters.",
			},
			"type": schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.OneOf("S", "N", "B")},
				MarkdownDescription: "Type of the attribute: `S` text, `N` number, `B` bytes.",
			},
		},
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
		return schema.SingleNestedAttribute{
			Optional: true, MarkdownDescription: what + " that are paid for all the time.",
			Attributes: map[string]schema.Attribute{
				"units": schema.Int64Attribute{
					Required: true, Validators: []validator.Int64{int64validator.AtLeast(1)},
					MarkdownDescription: what + ", at least 1.",
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
