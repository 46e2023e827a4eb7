package table

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// restore says what a table is made from.
type restore struct {
	BackupARN basetypes.String `tfsdk:"backup_arn"`
	Table     basetypes.String `tfsdk:"table"`
	Time      basetypes.String `tfsdk:"time"`
}

// restoreTable makes the table from a backup or from a moment of another table, and
// marks it as unfinished. DynamoDB keeps of the source its keys, indexes, capacity
// and encryption; what differs is changed afterwards.
func restoreTable(ctx context.Context, c *Clients, m *model) error {
	retry := func(call func(context.Context) (*types.TableDescription, error)) error {
		return tf.Retry(ctx, tf.Is[*types.LimitExceededException], func(ctx context.Context) error {
			t, err := call(ctx)
			if err == nil {
				m.named(t)
			}
			return err
		})
	}
	var err error
	if r := m.Restore; !r.BackupARN.IsNull() {
		err = retry(func(ctx context.Context) (*types.TableDescription, error) {
			out, err := c.DynamoDB.RestoreTableFromBackup(ctx, &dynamodb.RestoreTableFromBackupInput{
				TargetTableName: m.TableName.ValueStringPointer(), BackupArn: r.BackupARN.ValueStringPointer(),
			})
			if err != nil {
				return nil, err
			}
			return out.TableDescription, nil
		})
	} else {
		in := &dynamodb.RestoreTableToPointInTimeInput{TargetTableName: m.TableName.ValueStringPointer(), UseLatestRestorableTime: aws.Bool(true)}
		if name := r.Table.ValueString(); strings.HasPrefix(name, "arn:") {
			in.SourceTableArn = &name
		} else {
			in.SourceTableName = &name
		}
		if at, wrong := time.Parse(time.RFC3339, r.Time.ValueString()); wrong == nil {
			in.UseLatestRestorableTime, in.RestoreDateTime = nil, &at
		}
		err = retry(func(ctx context.Context) (*types.TableDescription, error) {
			out, err := c.DynamoDB.RestoreTableToPointInTime(ctx, in)
			if err != nil {
				return nil, err
			}
			return out.TableDescription, nil
		})
	}
	if err != nil {
		return &tf.Unmarked{Err: err}
	}
	return mark(ctx, c, m)
}

// mark tags a table, also as unfinished, that could not be made so: as soon as
// DynamoDB lets it be tagged.
func mark(ctx context.Context, c *Clients, m *model) error {
	return tf.Retry(ctx, busy, func(ctx context.Context) error { return tag(ctx, c, m, m.Marked(ctx), nil) })
}

// found is what came of a restore or an import. Its keys must be those that are
// asked for. What DynamoDB never restores is not looked for: reads may lag and show
// that of a table of the same name before.
func found(ctx context.Context, c *Clients, m *model) (*model, error) {
	found := *m
	found.ID = basetypes.StringNull() // so that all is read
	if err := read(ctx, c, &found); err != nil {
		return nil, err
	}
	if found.permanent() != m.permanent() {
		return nil, &tf.Problem{
			Summary: "The table that was made has other keys",
			Detail: fmt.Sprintf("The keys and local indexes of %s cannot be changed. The source has %q, and the configuration says %q. Write those of the source.",
				m.TableName.ValueString(), found.permanent(), m.permanent()),
		}
	}
	return found.made(), nil
}
