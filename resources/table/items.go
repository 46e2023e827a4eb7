package table

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/dynamo"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

type itemsModel struct {
	tf.Base
	Table     basetypes.String  `tfsdk:"table"`
	Items     basetypes.Dynamic `tfsdk:"items"`
	File      basetypes.String  `tfsdk:"file"`
	OnDestroy basetypes.String  `tfsdk:"on_destroy"`
	SHA256    basetypes.String  `tfsdk:"content_sha256"`
	Count     basetypes.Int64   `tfsdk:"item_count"`
}

// TableItems is the type serverless_table_items: many items of a table. Their keys
// are remembered beside the state, so that those that are no longer written are
// deleted, and those of others are left alone.
var TableItems = tf.Type[*Clients, itemsModel]{
	Name:     "table_items",
	Import:   []string{"table"},
	ARN:      "dynamodb:table/{table}",
	Replace:  []string{"table"},
	Gone:     noTable,
	Validate: validateItems,
	Plan:     planItems,
	Create:   createItems,
	Read:     readItems,
	Update:   updateItems,
	Delete:   deleteItems,
	Schema: schema.Schema{
		MarkdownDescription: "Many items of a table, such as fixtures and lookups: they are written and deleted by the batch. Items of the table that are not among them are left alone. One that is there already is an error, unless it is the same: then it becomes this resource's, so that an apply that was cut off can go on, and is deleted with it. Importing takes over all items that the table has.",
		Attributes: map[string]schema.Attribute{
			"table": schema.StringAttribute{
				Required: true, Validators: []validator.String{tableName},
				MarkdownDescription: "Name on AWS of the table. Changing it deletes the items there and writes them to the other table.",
			},
			"items": schema.DynamicAttribute{
				Optional:            true,
				MarkdownDescription: "The items: a list of objects of plain values, as in `serverless_table_item`, or an object of them, whose names do not count. Exactly one of `items` and `file` is needed.",
			},
			"file": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "File of the items: `.jsonl`, on each line a JSON object of plain values or an item as DynamoDB exports it, `{\"Item\": {…}}`; or `.csv`, whose first line names the attributes, `id,price:N`, of type `S` or what follows the colon. It is read when planning.",
			},
			"on_destroy":     onDestroy("the items"),
			"content_sha256": tf.Computed("Hash of the items that are in the table. It changes with each of them."),
			"item_count":     schema.Int64Attribute{Computed: true, MarkdownDescription: "Number of the items."},
		},
	},
}

func validateItems(_ context.Context, v *tf.Check, m *itemsModel) {
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
}

// planItems plans the hash of what is written, so that what differs in the table
// shows as a change of it.
func planItems(_ context.Context, p *tf.Plan[itemsModel]) error {
	if !p.Known("items") || !p.Known("file") {
		p.Set("content_sha256", basetypes.StringUnknown())
		p.Set("item_count", basetypes.Int64Unknown())
		return nil
	}
	items, err := given(p.Planned.Items, p.Planned.File)
	if err != nil {
		return tf.At(path.Root(p.Planned.from()), err)
	}
	p.Set("content_sha256", basetypes.StringValue(digest(items)))
	p.Set("item_count", basetypes.Int64Value(int64(len(items))))
	return nil
}

// from is the argument that has the items.
func (m *itemsModel) from() string {
	if m.File.IsNull() {
		return "items"
	}
	return "file"
}

// digest is a hash of items without their order.
func digest(items []expr.Item) string {
	var all []string
	for _, i := range items {
		all = append(all, dynamo.JSON(i))
	}
	slices.Sort(all)
	sum := sha256.Sum256([]byte(strings.Join(all, "\n")))
	return hex.EncodeToString(sum[:])
}

// keysKey is the private note of the keys that the resource has written, in order.
const keysKey = "keys"

// byKey are items by their keys in JSON.
type byKey map[string]expr.Item

func (b byKey) keys() []string { return slices.Sorted(maps.Keys(b)) }

// wanted are the items as they are written.
func (m *itemsModel) wanted(ctx context.Context, c *Clients) (byKey, error) {
	at := path.Root(m.from())
	items, err := given(m.Items, m.File)
	if err != nil {
		return nil, tf.At(at, err)
	}
	if sum := digest(items); !m.SHA256.IsUnknown() && m.SHA256.ValueString() != sum {
		return nil, tf.At(at, &tf.Problem{Summary: "The items have changed since the plan", Detail: fmt.Sprintf("%s has other items than it had when the change was planned. Plan again.", m.File.ValueString())})
	}
	names, err := keyNames(ctx, c, m.Table.ValueString())
	if err != nil {
		return nil, err
	}
	all := byKey{}
	for _, item := range items {
		key, err := keyOf(item, names)
		if err != nil {
			return nil, tf.At(at, err)
		}
		text := dynamo.JSON(key)
		if _, twice := all[text]; twice {
			return nil, tf.At(at, &tf.Problem{Summary: "Two items of one key", Detail: "Two of the items have the key " + text + ". Remove one of them."})
		}
		all[text] = item
	}
	return all, nil
}

func createItems(ctx context.Context, c *Clients, m *itemsModel) error {
	want, err := m.wanted(ctx, c)
	if err != nil {
		return err
	}
	return m.bring(ctx, c, nil, want)
}

func updateItems(ctx context.Context, c *Clients, _, m *itemsModel) error {
	var was []string
	if _, err := tf.Recall(ctx, keysKey, &was); err != nil {
		return err
	}
	want, err := m.wanted(ctx, c)
	if err != nil {
		return err
	}
	return m.bring(ctx, c, was, want)
}

// bring writes what differs and deletes what is written no longer. An item that
// somebody else has made under a new key is in the way, unless it is the same.
func (m *itemsModel) bring(ctx context.Context, c *Clients, was []string, want byKey) error {
	there, err := fetch(ctx, c, m.Table.ValueString(), want.keys())
	if err != nil {
		return err
	}
	put := byKey{}
	for _, key := range want.keys() {
		found, ok := there[key]
		if ok && expr.Equal(found, want[key]) {
			continue
		}
		if _, mine := slices.BinarySearch(was, key); ok && !mine {
			return tf.At(path.Root(m.from()), &tf.Problem{
				Summary: "There is an item of this key already",
				Detail:  fmt.Sprintf("The table %s has an item with the key %s, which differs from the one to be written: %s Remove it there, or here.", m.Table.ValueString(), key, dynamo.JSON(found)),
			})
		}
		put[key] = want[key]
	}
	drop := slices.DeleteFunc(slices.Clone(was), func(key string) bool { _, stays := want[key]; return stays })
	// Whatever happens now, the keys of all that may be there are known.
	if err := tf.Remember(ctx, keysKey, slices.Compact(slices.Sorted(slices.Values(slices.Concat(was, want.keys()))))); err != nil {
		return err
	}
	m.ID = m.Table
	if err := writeItems(ctx, c, m.Table.ValueString(), put, drop); err != nil {
		return err
	}
	return tf.Remember(ctx, keysKey, want.keys())
}

func readItems(ctx context.Context, c *Clients, m *itemsModel) error {
	var keys []string
	known, err := tf.Recall(ctx, keysKey, &keys)
	if err != nil {
		return err
	}
	var there byKey
	if known {
		there, err = fetch(ctx, c, m.Table.ValueString(), keys)
	} else {
		there, err = m.takeOver(ctx, c)
	}
	if err != nil {
		return err
	}
	if len(there) == 0 && len(keys) > 0 {
		return tf.ErrGone
	}
	m.ID = m.Table
	m.SHA256 = basetypes.StringValue(digest(slices.Collect(maps.Values(there))))
	m.Count = basetypes.Int64Value(int64(len(there)))
	if m.OnDestroy.IsNull() {
		m.OnDestroy = basetypes.StringValue("delete")
	}
	return nil
}

// mostImported is how many items an import takes over.
const mostImported = 10_000

// takeOver reads all items of the table, for an import.
func (m *itemsModel) takeOver(ctx context.Context, c *Clients) (byKey, error) {
	names, err := keyNames(ctx, c, m.Table.ValueString())
	if err != nil {
		return nil, err
	}
	all := byKey{}
	err = scan(ctx, c, m.Table.ValueString(), nil, func(item expr.Item) error {
		key, err := keyOf(item, names)
		if err != nil {
			return err
		}
		all[dynamo.JSON(key)] = item
		if len(all) > mostImported {
			return &tf.Problem{
				Summary: "The table has too many items to import",
				Detail:  fmt.Sprintf("An import takes over all items of a table, %d at most. Manage those that matter by serverless_table_item, each imported by itself.", mostImported),
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var plain []attr.Value
	var kinds []attr.Type
	for _, key := range all.keys() {
		v := dynamo.Plain(all[key])
		plain, kinds = append(plain, v), append(kinds, v.Type(ctx))
	}
	m.Items = basetypes.DynamicValue(basetypes.TupleValueMust(kinds, plain))
	return all, tf.Remember(ctx, keysKey, all.keys())
}

func deleteItems(ctx context.Context, c *Clients, m *itemsModel) error {
	if m.OnDestroy.ValueString() == "keep" {
		return nil
	}
	var keys []string
	if _, err := tf.Recall(ctx, keysKey, &keys); err != nil {
		return err
	}
	return writeItems(ctx, c, m.Table.ValueString(), nil, keys)
}
