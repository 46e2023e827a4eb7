package table

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

type (
	// importing says which objects of S3 a table is made from.
	importing struct {
		Bucket      basetypes.String `tfsdk:"bucket"`
		Prefix      basetypes.String `tfsdk:"prefix"`
		Owner       basetypes.String `tfsdk:"bucket_owner"`
		Format      basetypes.String `tfsdk:"format"`
		Compression basetypes.String `tfsdk:"compression"`
		CSV         *csvOptions      `tfsdk:"csv"`
		MaxErrors   basetypes.Int64  `tfsdk:"max_errors"`
	}
	csvOptions struct {
		Delimiter basetypes.String   `tfsdk:"delimiter"`
		Header    []basetypes.String `tfsdk:"header"`
	}
)

var importAttribute = schema.SingleNestedAttribute{
	Optional:            true,
	MarkdownDescription: "Objects of S3 that the table is filled from while it is made, at a price by their size. The table can have no `local_indexes` then. Another source replaces the table; to add it to a table that is there, or to remove it, changes nothing.",
	Attributes: map[string]schema.Attribute{
		"bucket": schema.StringAttribute{Required: true, MarkdownDescription: "Name of the bucket."},
		"prefix": schema.StringAttribute{Optional: true, MarkdownDescription: "How the objects' keys begin. Default: all objects."},
		"bucket_owner": schema.StringAttribute{
			Optional:            true,
			Validators:          []validator.String{tf.Pattern(`^[0-9]{12}$`, "write the number of an account, 12 digits")},
			MarkdownDescription: "Account that the bucket belongs to, if it is another.",
		},
		"format": schema.StringAttribute{
			Required: true, Validators: []validator.String{stringvalidator.OneOf("CSV", "DYNAMODB_JSON", "ION")},
			MarkdownDescription: "Format of the objects: `DYNAMODB_JSON`, as an export writes it, `CSV` or `ION`.",
		},
		"compression": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString("NONE"),
			Validators:          []validator.String{stringvalidator.OneOf("NONE", "GZIP", "ZSTD")},
			MarkdownDescription: "How the objects are compressed: `NONE`, `GZIP` or `ZSTD`. Default: `NONE`.",
		},
		"csv": schema.SingleNestedAttribute{
			Optional: true, MarkdownDescription: "How the format `CSV` is written.",
			Attributes: map[string]schema.Attribute{
				"delimiter": schema.StringAttribute{
					Optional: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 1)},
					MarkdownDescription: "Character between the columns. Default: a comma.",
				},
				"header": schema.ListAttribute{
					Optional: true, ElementType: basetypes.StringType, Validators: []validator.List{listvalidator.SizeAtLeast(1)},
					MarkdownDescription: "Names of the columns. Default: what the first line says.",
				},
			},
		},
		"max_errors": schema.Int64Attribute{
			Optional: true, Computed: true, Default: int64default.StaticInt64(0),
			Validators:          []validator.Int64{int64validator.AtLeast(0)},
			MarkdownDescription: "How many items may be refused, because their keys are missing or of another type for example. With more the table is deleted again. Default: 0.",
		},
	},
}

// importTable makes the table with the items of S3, waits for them, and marks the
// table as unfinished.
func importTable(ctx context.Context, c *Clients, m *model) error {
	in := &dynamodb.ImportTableInput{
		InputFormat: types.InputFormat(m.Import.Format.ValueString()), InputCompressionType: types.InputCompressionType(m.Import.Compression.ValueString()),
		S3BucketSource: &types.S3BucketSource{
			S3Bucket: m.Import.Bucket.ValueStringPointer(), S3KeyPrefix: m.Import.Prefix.ValueStringPointer(), S3BucketOwner: m.Import.Owner.ValueStringPointer(),
		},
	}
	like := m.creation(ctx)
	in.TableCreationParameters = &types.TableCreationParameters{
		TableName: like.TableName, AttributeDefinitions: m.definitions(m.GlobalIndexes, nil), KeySchema: like.KeySchema, BillingMode: like.BillingMode,
		GlobalSecondaryIndexes: like.GlobalSecondaryIndexes, OnDemandThroughput: like.OnDemandThroughput, ProvisionedThroughput: like.ProvisionedThroughput,
		SSESpecification: like.SSESpecification,
	}
	if o := m.Import.CSV; o != nil {
		in.InputFormatOptions = &types.InputFormatOptions{Csv: &types.CsvOptions{Delimiter: o.Delimiter.ValueStringPointer(), HeaderList: tf.Texts(o.Header)}}
	}
	var arn *string
	err := tf.Retry(ctx, tf.Is[*types.LimitExceededException], func(ctx context.Context) error {
		out, err := c.DynamoDB.ImportTable(ctx, in)
		if err == nil {
			arn = out.ImportTableDescription.ImportArn
			m.named(&types.TableDescription{TableArn: out.ImportTableDescription.TableArn})
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := m.filled(ctx, c, arn); err != nil {
		return err
	}
	return mark(ctx, c, m)
}

// filled waits until an import is complete.
func (m *model) filled(ctx context.Context, c *Clients, arn *string) error {
	return tf.Poll(ctx, "the import into "+m.TableName.ValueString()+" to be complete", func(ctx context.Context) (bool, error) {
		out, err := c.DynamoDB.DescribeImport(ctx, &dynamodb.DescribeImportInput{ImportArn: arn})
		if err != nil {
			return false, err
		}
		d := out.ImportTableDescription
		switch d.ImportStatus {
		case types.ImportStatusInProgress:
			tf.Progress(ctx, "table %s: imported %d items", m.TableName.ValueString(), d.ImportedItemCount)
			return false, nil
		case types.ImportStatusCompleted:
			if d.ErrorCount > m.Import.MaxErrors.ValueInt64() {
				return false, &tf.Problem{
					Summary: "The import refused items",
					Detail: fmt.Sprintf("DynamoDB took %d items and refused %d, more than max_errors, which is %d. Which and why is in the log group %s. Correct the objects, or raise import.max_errors.",
						d.ImportedItemCount, d.ErrorCount, m.Import.MaxErrors.ValueInt64(), logGroup(d.CloudWatchLogGroupArn)),
				}
			}
			return true, nil
		}
		return false, &tf.Problem{
			Summary: "The import failed",
			Detail:  fmt.Sprintf("DynamoDB answered %s: %s Look at import.bucket and import.prefix, and at who may read the bucket.", aws.ToString(d.FailureCode), aws.ToString(d.FailureMessage)),
		}
	})
}

func logGroup(arn *string) string {
	if arn == nil {
		return "/aws-dynamodb/imports"
	}
	return *arn
}
