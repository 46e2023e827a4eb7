package table

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

type backupTableModel struct {
	tf.ActionBase
	Table basetypes.String `tfsdk:"table"`
	Name  basetypes.String `tfsdk:"name"`
}

// BackupTable is the action serverless_backup_table.
var BackupTable = tf.Action[*Clients, backupTableModel]{
	Name: "backup_table",
	Schema: schema.Schema{
		MarkdownDescription: "Makes a backup of a table and waits until it is complete. The backup stays until somebody deletes it, also when the table is deleted; `restore` of `serverless_table` makes a table of it.",
		Attributes: map[string]schema.Attribute{
			"table": schema.StringAttribute{Required: true, MarkdownDescription: "Name or ARN of the table."},
			"name": schema.StringAttribute{
				Optional:            true,
				Validators:          []validator.String{tableName},
				MarkdownDescription: "Name of the backup, 3 to 255 letters, digits, `_`, `-` and `.`; several may have the same. Default: the time, such as `2026-01-02T15.04.05Z`.",
			},
		},
	},
	Invoke: func(ctx context.Context, c *Clients, m *backupTableModel, progress func(string, ...any)) error {
		name := m.Name.ValueString()
		if m.Name.IsNull() {
			name = time.Now().UTC().Format("2006-01-02T15.04.05Z")
		}
		var made *types.BackupDetails
		// A new table answers "Backups are being enabled for the table" for a while.
		err := tf.Retry(ctx, tf.Is[*types.ContinuousBackupsUnavailableException], func(ctx context.Context) error {
			out, err := c.DynamoDB.CreateBackup(ctx, &dynamodb.CreateBackupInput{TableName: m.Table.ValueStringPointer(), BackupName: &name})
			if err == nil {
				made = out.BackupDetails
			}
			return err
		})
		if err != nil {
			return err
		}
		arn := aws.ToString(made.BackupArn)
		progress("The backup %s is being made: %s.", name, arn)
		err = tf.Poll(ctx, "the backup "+arn+" to be complete", func(ctx context.Context) (bool, error) {
			out, err := c.DynamoDB.DescribeBackup(ctx, &dynamodb.DescribeBackupInput{BackupArn: &arn})
			if err != nil {
				return false, err
			}
			switch d := out.BackupDescription.BackupDetails; d.BackupStatus {
			case types.BackupStatusAvailable:
				return true, nil
			case types.BackupStatusDeleted:
				return false, &tf.Problem{Summary: "The backup was deleted", Detail: "Somebody deleted " + arn + " while it was made. Make another one."}
			}
			return false, nil
		})
		if err == nil {
			progress("The backup %s is complete.", name)
		}
		return err
	},
}
