package table

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/dynamo"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
	"github.com/tfserverless/terraform-provider-serverless/resources/table"
)

type itemModel struct {
	tf.SourceBase
	Table    types.String  `tfsdk:"table"`
	Key      types.Dynamic `tfsdk:"key"`
	KeyJSON  types.String  `tfsdk:"key_json"`
	Exists   types.Bool    `tfsdk:"exists"`
	Item     types.Dynamic `tfsdk:"item"`
	ItemJSON types.String  `tfsdk:"item_json"`
}

// TableItem is the data source serverless_table_item: one item by its key.
var TableItem = tf.Source[*table.Clients, itemModel]{
	Name: "table_item",
	Schema: schema.Schema{
		MarkdownDescription: "Reads one item of a table by its key, strongly consistent. That there is none is no error: `exists` is `false` then.",
		Attributes: map[string]schema.Attribute{
			"table": schema.StringAttribute{Required: true, MarkdownDescription: "Name or ARN of the table."},
			"key": schema.DynamicAttribute{
				Optional:            true,
				MarkdownDescription: "The key, an object of plain values with the table's partition key and, if it has one, its sort key: `{ id = \"a\" }`. Exactly one of `key` and `key_json` is needed.",
			},
			"key_json":  schema.StringAttribute{Optional: true, MarkdownDescription: "The key in DynamoDB's JSON, such as `{\"id\":{\"S\":\"a\"}}`."},
			"exists":    schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether there is an item of that key."},
			"item":      schema.DynamicAttribute{Computed: true, MarkdownDescription: "The item, an object of plain values, with bytes as text in base64; null if there is none."},
			"item_json": schema.StringAttribute{Computed: true, MarkdownDescription: "The item in DynamoDB's JSON; null if there is none."},
		},
	},
	Validate: func(_ context.Context, v *tf.Check, m *itemModel) {
		if !v.Known("key") || !v.Known("key_json") {
			return
		}
		if m.Key.IsNull() == m.KeyJSON.IsNull() {
			v.Error(path.Root("key"), "Which key?", "Give exactly one of key and key_json.")
			return
		}
		if _, at, err := m.key(); err != nil {
			v.Error(at, "Not a key", dynamo.Within(at.String(), err))
		}
	},
	Read: func(ctx context.Context, c *table.Clients, m *itemModel) error {
		key, at, err := m.key()
		if err != nil {
			return tf.At(at, err)
		}
		item, err := table.Get(ctx, c, m.Table.ValueString(), key)
		if err != nil {
			return err
		}
		m.Exists, m.Item, m.ItemJSON = types.BoolValue(item != nil), types.DynamicNull(), types.StringNull()
		if item != nil {
			m.Item, m.ItemJSON = types.DynamicValue(dynamo.Plain(item)), types.StringValue(dynamo.JSON(item))
		}
		return nil
	},
}

func (m *itemModel) key() (expr.Item, path.Path, error) {
	if !m.KeyJSON.IsNull() {
		key, err := dynamo.ParseItem(m.KeyJSON.ValueString())
		return key, path.Root("key_json"), err
	}
	key, err := dynamo.Item(m.Key)
	return key, path.Root("key"), err
}
