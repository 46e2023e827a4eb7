package table

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/dynamo"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

type itemModel struct {
	tf.Base
	Table     basetypes.String  `tfsdk:"table"`
	Item      basetypes.Dynamic `tfsdk:"item"`
	ItemJSON  tf.JSON           `tfsdk:"item_json"`
	Secret    basetypes.Dynamic `tfsdk:"item_wo"`
	Version   basetypes.Int64   `tfsdk:"item_wo_version"`
	OnDestroy basetypes.String  `tfsdk:"on_destroy"`
	Key       basetypes.String  `tfsdk:"key"`
}

// noTable says that there is no table for items, and so no item.
var noTable = tf.Gone[*types.ResourceNotFoundException]("GetItem", "DeleteItem", "BatchGetItem", "BatchWriteItem", "DescribeTable", "Scan")

// TableItem is the type serverless_table_item: one item, all of it.
var TableItem = tf.Type[*Clients, itemModel]{
	Name:     "table_item",
	Import:   []string{"table", "key"},
	Replace:  []string{"table"},
	Gone:     noTable,
	Validate: validateItem,
	Plan:     planItem,
	Find: func(ctx context.Context, c *Clients, m *itemModel) (bool, map[string]string, error) {
		key, err := m.writtenKey(ctx, c)
		if err != nil {
			return false, nil, err
		}
		found, err := Get(ctx, c, m.Table.ValueString(), key)
		if found != nil {
			m.identify(key)
		}
		return found != nil, nil, err
	},
	Create: createItem,
	Read:   readItem,
	Update: updateItem,
	Delete: deleteItem,
	List:   listItems,
	Within: []string{"table"},
	Moves:  map[string]map[string]string{"aws_dynamodb_table_item": {"table": "table_name", "item_json": "item"}},
	Schema: schema.Schema{
		MarkdownDescription: "One item of a table, all of it: attributes that something else adds are a difference, which the next apply removes. An item that is there already is never written over, nor taken over without an import. For many items there is `serverless_table_items`.",
		Attributes: map[string]schema.Attribute{
			"table": schema.StringAttribute{
				Required: true, Validators: []validator.String{tableName},
				MarkdownDescription: "Name on AWS of the table. Changing it deletes the item there and makes it in the other table.",
			},
			"item": schema.DynamicAttribute{
				Optional:            true,
				MarkdownDescription: "The item, an object of plain values: `{ id = \"a\", price = 1.5, tags = toset([\"x\"]) }`. Numbers keep all their digits. Exactly one of `item`, `item_json` and `item_wo` is needed. Changing its key deletes the item and makes another.",
			},
			"item_json": schema.StringAttribute{
				Optional: true, CustomType: tf.JSONType{}, PlanModifiers: tf.KeepJSON,
				MarkdownDescription: "The item in DynamoDB's JSON, which has bytes too: `jsonencode({ id = { S = \"a\" }, data = { B = filebase64(\"x\") } })`.",
			},
			"item_wo": schema.DynamicAttribute{
				Optional: true, WriteOnly: true,
				MarkdownDescription: "The item as in `item`, but write-only: nothing of it is kept in plans and states except its key, and what differs in the table is no difference. It may be made of ephemeral values.",
			},
			"item_wo_version": schema.Int64Attribute{
				Optional:            true,
				MarkdownDescription: "Number that goes with `item_wo`: the item is written again when it changes.",
			},
			"on_destroy": onDestroy("the item"),
			"key":        tf.Computed("The item's key in DynamoDB's JSON, such as `{\"id\":{\"S\":\"a\"}}`."),
		},
	},
}

func onDestroy(what string) schema.StringAttribute {
	return schema.StringAttribute{
		Optional: true, Computed: true, Default: stringdefault.StaticString("delete"),
		Validators:          []validator.String{stringvalidator.OneOf("delete", "keep")},
		MarkdownDescription: "What becomes of " + what + " on destroy: `delete`, or `keep` to leave it in the table. Default: `delete`.",
	}
}

// written is the item as it is written, and where.
func (m *itemModel) written() (expr.Item, path.Path, error) {
	if !m.ItemJSON.IsNull() {
		item, err := dynamo.ParseItem(m.ItemJSON.ValueString())
		return item, path.Root("item_json"), err
	}
	if !m.Secret.IsNull() {
		item, err := dynamo.Item(m.Secret)
		return item, path.Root("item_wo"), err
	}
	item, err := dynamo.Item(m.Item)
	return item, path.Root("item"), err
}

func validateItem(_ context.Context, v *tf.Check, m *itemModel) {
	if !v.Known("item_wo_version") {
		return
	}
	if v.Known("item_wo") && m.Secret.IsNull() != m.Version.IsNull() {
		v.Error(path.Root("item_wo_version"), "Half a write-only item", "item_wo and item_wo_version go together: give both, or neither.")
		return
	}
	if !v.Known("item") || !v.Known("item_json") || !v.Known("item_wo") {
		return
	}
	given := 0
	for _, null := range []bool{m.Item.IsNull(), m.ItemJSON.IsNull(), m.Secret.IsNull()} {
		if !null {
			given++
		}
	}
	if given != 1 {
		v.Error(path.Root("item"), "Which item?", "Give exactly one of item, item_json and item_wo.")
		return
	}
	if _, at, err := m.written(); err != nil {
		v.Error(at, "Not an item", dynamo.Within(at.String(), err))
	}
}

// planItem replaces an item whose key changes. Which attributes are the key is
// known from the item that is there.
func planItem(_ context.Context, p *tf.Plan[itemModel]) error {
	if p.Prior == nil || p.Prior.Key.IsNull() {
		return nil
	}
	was, err := dynamo.ParseItem(p.Prior.Key.ValueString())
	if err != nil {
		return err
	}
	if !p.Planned.Version.IsNull() {
		return planSecret(p, was)
	}
	if !p.Known("item") || !p.Known("item_json") {
		if k, ok := knownKey(p.Planned.Item, was); !ok || !expr.Equal(k, was) {
			p.Set("key", basetypes.StringUnknown())
			p.Set("id", basetypes.StringUnknown())
		}
		return nil
	}
	item, at, err := p.Planned.written()
	if err != nil {
		return tf.At(at, err)
	}
	for name, v := range was {
		if !expr.Equal(item[name], v) {
			p.Replace(at.String())
		}
	}
	return nil
}

// planSecret replaces a write-only item whose key changes. Its key shows that, for
// the item itself is in no plan.
func planSecret(p *tf.Plan[itemModel], was expr.Item) error {
	key, known := knownKey(p.Config.Secret, was)
	switch {
	case known && expr.Equal(key, was):
	case known:
		p.Set("key", basetypes.StringValue(dynamo.JSON(key)))
		p.Set("id", basetypes.StringUnknown())
		p.Replace("key")
	case p.Changed("item_wo_version"):
		p.Set("key", basetypes.StringUnknown())
		p.Set("id", basetypes.StringUnknown())
	}
	return nil
}

// knownKey is the key of an item that is not known completely, if that is.
func knownKey(item basetypes.Dynamic, names expr.Item) (expr.Item, bool) {
	o, ok := item.UnderlyingValue().(basetypes.Object)
	if !ok {
		return nil, false
	}
	key := expr.Item{}
	for name := range names {
		v, ok := o.Attributes()[name]
		if !ok || v.IsUnknown() || v.IsNull() {
			return nil, false
		}
		e, err := dynamo.Value(v)
		if err != nil {
			return nil, false
		}
		key[name] = e
	}
	return key, true
}

// put writes the item; fresh says that there must be none of its key yet. One that
// is the same already is this one: the answer to writing it was lost.
func (m *itemModel) put(ctx context.Context, c *Clients, fresh bool) error {
	item, at, err := m.written()
	if err != nil {
		return tf.At(at, err)
	}
	names, err := keyNames(ctx, c, m.Table.ValueString())
	if err != nil {
		return err
	}
	key, err := keyOf(item, names)
	if err != nil {
		return tf.At(at, err)
	}
	in := &dynamodb.PutItemInput{TableName: m.Table.ValueStringPointer(), Item: Attributes(item)}
	if fresh {
		in.ConditionExpression = aws.String("attribute_not_exists(#key)")
		in.ExpressionAttributeNames = map[string]string{"#key": names[0]}
		in.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
	}
	_, err = c.DynamoDB.PutItem(ctx, in)
	var there *types.ConditionalCheckFailedException
	if errors.As(err, &there) {
		if found, wrong := Item(there.Item); wrong != nil || !expr.Equal(found, item) {
			id := m.Table.ValueString() + "/" + dynamo.JSON(key)
			return tf.At(at, &tf.Problem{
				Summary: "There is an item of this key already",
				Detail: fmt.Sprintf("The table %s has an item with the key %s, which differs from this one: %s Choose another key, delete that item, %s",
					m.Table.ValueString(), dynamo.JSON(key), dynamo.JSON(found), tf.TakeOver("table_item", tf.ImportID(ctx, id))),
			})
		}
		err = nil
	}
	if err != nil {
		return err
	}
	m.identify(key)
	return nil
}

func (m *itemModel) identify(key expr.Item) {
	m.Key = basetypes.StringValue(dynamo.JSON(key))
	m.ID = basetypes.StringValue(m.Table.ValueString() + "/" + m.Key.ValueString())
}

// createItem writes an item where there was none a moment ago. AWS has no place for a
// mark on it: one that is there after a call whose answer was lost is the one that was
// written.
func createItem(ctx context.Context, c *Clients, m *itemModel) error {
	err := m.put(ctx, c, true)
	if err == nil || tf.Refused(err) {
		return err
	}
	return &tf.Unmarked{Err: err}
}

func readItem(ctx context.Context, c *Clients, m *itemModel) error {
	key, err := dynamo.ParseItem(m.Key.ValueString())
	if m.Key.IsNull() { // moved from another type: the item itself tells
		key, err = m.writtenKey(ctx, c)
	}
	if err != nil {
		return &tf.Problem{Summary: "Not the key of an item", Detail: fmt.Sprintf("%q: %s Write it in DynamoDB's JSON, such as {\"id\":{\"S\":\"a\"}}.", m.Key.ValueString(), err)}
	}
	found, err := Get(ctx, c, m.Table.ValueString(), key)
	if err != nil {
		return err
	}
	if found == nil {
		return tf.ErrGone
	}
	m.identify(key)
	if m.OnDestroy.IsNull() {
		m.OnDestroy = basetypes.StringValue("delete")
	}
	if !m.Version.IsNull() {
		return nil // nothing of a write-only item is kept
	}
	if !m.Item.IsNull() || !m.ItemJSON.IsNull() {
		if item, _, err := m.written(); err == nil && expr.Equal(item, found) {
			return nil
		}
	}
	if !m.ItemJSON.IsNull() || !dynamo.Lossless(found) {
		m.Item, m.ItemJSON = basetypes.DynamicNull(), tf.JSONValue(dynamo.JSON(found))
		return nil
	}
	m.Item = basetypes.DynamicValue(dynamo.Plain(found))
	return nil
}

func (m *itemModel) writtenKey(ctx context.Context, c *Clients) (expr.Item, error) {
	item, at, err := m.written()
	if err != nil {
		return nil, tf.At(at, err)
	}
	names, err := keyNames(ctx, c, m.Table.ValueString())
	if err != nil {
		return nil, err
	}
	key, err := keyOf(item, names)
	if err != nil {
		return nil, tf.At(at, err)
	}
	return key, nil
}

func updateItem(ctx context.Context, c *Clients, prior, m *itemModel) error {
	if !m.Version.IsNull() && m.Version.Equal(prior.Version) {
		m.Key, m.ID = prior.Key, prior.ID
		return nil
	}
	is, _, err := m.written()
	if err != nil {
		return err
	}
	if was, _, err := prior.written(); err == nil && expr.Equal(was, is) {
		m.Key, m.ID = prior.Key, prior.ID
		return nil // only the way of writing it differs
	}
	key, err := m.writtenKey(ctx, c)
	if err != nil {
		return err
	}
	moved := dynamo.JSON(key) != prior.Key.ValueString() // the plan could not know it
	if err := m.put(ctx, c, moved); err != nil || !moved {
		return err
	}
	return deleteItem(ctx, c, &itemModel{Table: prior.Table, Key: prior.Key})
}

func deleteItem(ctx context.Context, c *Clients, m *itemModel) error {
	if m.OnDestroy.ValueString() == "keep" {
		return nil
	}
	key, err := dynamo.ParseItem(m.Key.ValueString())
	if err != nil {
		return err
	}
	_, err = c.DynamoDB.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: m.Table.ValueStringPointer(), Key: Attributes(key)})
	return err
}

// listItems finds the items of a table, by their keys only.
func listItems(ctx context.Context, c *Clients, in *itemModel, found func(*itemModel) error) error {
	names, err := keyNames(ctx, c, in.Table.ValueString())
	if err != nil {
		return err
	}
	return scan(ctx, c, in.Table.ValueString(), names, func(key expr.Item) error {
		m := *in
		m.identify(key)
		return found(&m)
	})
}

// scan calls found for each item of a table; only gives the attributes that are
// read, nil for all.
func scan(ctx context.Context, c *Clients, table string, only []string, found func(expr.Item) error) error {
	pages := dynamodb.ScanInput{TableName: &table, ConsistentRead: aws.Bool(true)}
	if only != nil {
		aliases := map[string]string{}
		for i, name := range only {
			aliases[fmt.Sprintf("#a%d", i)] = name
		}
		pages.ExpressionAttributeNames = aliases
		pages.ProjectionExpression = aws.String(strings.Join(slices.Sorted(maps.Keys(aliases)), ", "))
	}
	for {
		out, err := c.DynamoDB.Scan(ctx, &pages)
		if err != nil {
			return err
		}
		for _, attributes := range out.Items {
			item, err := Item(attributes)
			if err != nil {
				return err
			}
			if err := found(item); err != nil {
				return err
			}
		}
		if pages.ExclusiveStartKey = out.LastEvaluatedKey; len(pages.ExclusiveStartKey) == 0 {
			return nil
		}
	}
}
