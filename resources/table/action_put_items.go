package table

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/dynamo"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

type putItemsModel struct {
	tf.ActionBase
	Table     basetypes.String  `tfsdk:"table"`
	Items     basetypes.Dynamic `tfsdk:"items"`
	File      basetypes.String  `tfsdk:"file"`
	Overwrite basetypes.Bool    `tfsdk:"overwrite"`
}

// PutItems is the action serverless_put_items.
var PutItems = tf.Action[*Clients, putItemsModel]{
	Name: "put_items",
	Schema: schema.Schema{
		MarkdownDescription: "Writes items into a table, once, and forgets them: to fill a new table, for example. For items that stay as they are written there is `serverless_table_items`.",
		Attributes: map[string]schema.Attribute{
			"table":     schema.StringAttribute{Required: true, MarkdownDescription: "Name or ARN of the table."},
			"items":     schema.DynamicAttribute{Optional: true, MarkdownDescription: "The items: a list of objects of plain values, or an object of them, whose names do not count. Exactly one of `items` and `file` is needed."},
			"file":      schema.StringAttribute{Optional: true, MarkdownDescription: "File of the items, `.jsonl` or `.csv`, as in `serverless_table_items`."},
			"overwrite": schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether items whose keys are there already are replaced; `false` leaves those as they are. Default: `true`."},
		},
	},
	Validate: func(_ context.Context, v *tf.Check, m *putItemsModel) {
		if !v.Known("items") || !v.Known("file") {
			return
		}
		if m.Items.IsNull() == m.File.IsNull() {
			v.Error(path.Root("items"), "Which items?", "Give exactly one of items and file.")
			return
		}
		if m.File.IsNull() {
			if _, err := ItemsOf(m.Items); err != nil {
				v.Error(path.Root("items"), "Not items", dynamo.Within("items", err))
			}
		}
	},
	Invoke: putItems,
}

func putItems(ctx context.Context, c *Clients, m *putItemsModel, progress func(string, ...any)) error {
	of := &itemsModel{Table: m.Table, Items: m.Items, File: m.File, SHA256: basetypes.StringUnknown()}
	all, err := of.wanted(ctx, c)
	if err != nil {
		return err
	}
	keys, name := all.keys(), m.Table.ValueString()
	if m.Overwrite.IsNull() || m.Overwrite.ValueBool() {
		for done := 0; done < len(keys); {
			put := byKey{}
			for _, key := range keys[done:min(done+10*mostWritten, len(keys))] {
				put[key] = all[key]
			}
			if err := writeItems(ctx, c, name, put, nil); err != nil {
				return err
			}
			done += len(put)
			progress("Wrote %d of %d items into %s.", done, len(keys), name)
		}
		return nil
	}
	names, err := keyNames(ctx, c, name)
	if err != nil {
		return err
	}
	wrote := 0
	for i, key := range keys {
		_, err := c.DynamoDB.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: &name, Item: Attributes(all[key]),
			ConditionExpression: aws.String("attribute_not_exists(#key)"), ExpressionAttributeNames: map[string]string{"#key": names[0]},
		})
		var there *types.ConditionalCheckFailedException
		switch {
		case err == nil:
			wrote++
		case !errors.As(err, &there):
			return err
		}
		if n := i + 1; n%(10*mostWritten) == 0 || n == len(keys) {
			progress("Wrote %d items into %s; %d were there already.", wrote, name, n-wrote)
		}
	}
	return nil
}
