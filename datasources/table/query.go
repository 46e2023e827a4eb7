package table

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/dynamo"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
	"github.com/tfserverless/terraform-provider-serverless/resources/table"
)

type queryModel struct {
	tf.SourceBase
	Table        types.String      `tfsdk:"table"`
	Index        types.String      `tfsdk:"index"`
	KeyCondition types.String      `tfsdk:"key_condition"`
	Filter       types.String      `tfsdk:"filter"`
	Projection   types.String      `tfsdk:"projection"`
	Names        map[string]string `tfsdk:"names"`
	Values       types.Dynamic     `tfsdk:"values"`
	Limit        types.Int64       `tfsdk:"limit"`
	Descending   types.Bool        `tfsdk:"descending"`
	Consistent   types.Bool        `tfsdk:"consistent"`
	Items        types.Dynamic     `tfsdk:"items"`
	ItemsJSON    []string          `tfsdk:"items_json"`
	Count        types.Int64       `tfsdk:"item_count"`
}

// TableQuery is the data source serverless_table_query: the items of a partition.
var TableQuery = tf.Source[*table.Clients, queryModel]{
	Name: "table_query",
	Schema: schema.Schema{
		MarkdownDescription: "Queries a table or one of its indexes for the items of a partition, in the order of the sort key. The expressions are DynamoDB's and are checked while planning.",
		Attributes: map[string]schema.Attribute{
			"table":         schema.StringAttribute{Required: true, MarkdownDescription: "Name or ARN of the table."},
			"index":         schema.StringAttribute{Optional: true, MarkdownDescription: "Name of the index to query. Default: the table itself."},
			"key_condition": schema.StringAttribute{Required: true, MarkdownDescription: "Which partition, and which part of it: `pk = :pk AND begins_with(sk, :prefix)`."},
			"filter":        schema.StringAttribute{Optional: true, MarkdownDescription: "Which of the items found to keep: `total > :least AND attribute_exists(paid)`. Default: all."},
			"projection":    schema.StringAttribute{Optional: true, MarkdownDescription: "Attributes to return, separated by commas: `sk, #s, lines[0].sku`. Default: all that the table or index has."},
			"names": schema.MapAttribute{
				Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Attributes' names for what begins with `#` in the expressions: `{ \"#s\" = \"status\" }`.",
			},
			"values": schema.DynamicAttribute{
				Optional:            true,
				MarkdownDescription: "Plain values for what begins with `:` in the expressions: `{ \":pk\" = \"a\", \":least\" = 10 }`.",
			},
			"limit": schema.Int64Attribute{
				Optional: true, Validators: []validator.Int64{int64validator.AtLeast(1)},
				MarkdownDescription: "Most items to return, at least 1, after the filter. Default: all.",
			},
			"descending": schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether the last item by the sort key comes first. Default: `false`."},
			"consistent": schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether to read strongly consistent, which a global index cannot. Default: `false`."},
			"items":      schema.DynamicAttribute{Computed: true, MarkdownDescription: "The items, each an object of plain values, with bytes as text in base64."},
			"items_json": schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "The items in DynamoDB's JSON."},
			"item_count": schema.Int64Attribute{Computed: true, MarkdownDescription: "Number of the items."},
		},
	},
	Validate: validateQuery,
	Read:     readQuery,
}

// validateQuery reads the expressions as DynamoDB will.
func validateQuery(_ context.Context, v *tf.Check, m *queryModel) {
	for _, name := range []string{"key_condition", "filter", "projection", "names", "values"} {
		if !v.Known(name) {
			return
		}
	}
	values, err := m.values()
	if err != nil {
		v.Error(path.Root("values"), "Not values", dynamo.Within("values", err))
		return
	}
	p := &expr.Params{Names: m.Names, Values: values}
	for _, e := range []struct {
		name string
		text types.String
		read func(string) error
	}{
		{"key_condition", m.KeyCondition, func(s string) error { _, err := p.KeyCondition(s); return err }},
		{"filter", m.Filter, func(s string) error { _, err := p.Condition(expr.FilterExpression, s); return err }},
		{"projection", m.Projection, func(s string) error { _, err := p.Projection(s); return err }},
	} {
		if e.text.IsNull() {
			continue
		}
		if err := e.read(e.text.ValueString()); err != nil {
			v.Error(path.Root(e.name), "DynamoDB does not accept the expression", fmt.Sprintf("%s is %q. %s", e.name, e.text.ValueString(), err))
			return
		}
	}
	if err := p.Unused(); err != nil {
		v.Error(path.Root("key_condition"), "A name or value that no expression uses", err.Error()+". Remove it from names or values.")
	}
}

// values are those of the placeholders.
func (m *queryModel) values() (expr.Item, error) {
	if m.Values.IsNull() {
		return nil, nil
	}
	return dynamo.Item(m.Values)
}

func readQuery(ctx context.Context, c *table.Clients, m *queryModel) error {
	values, err := m.values()
	if err != nil {
		return tf.At(path.Root("values"), err)
	}
	pages := dynamodb.QueryInput{
		TableName: m.Table.ValueStringPointer(), IndexName: m.Index.ValueStringPointer(), KeyConditionExpression: m.KeyCondition.ValueStringPointer(),
		FilterExpression: m.Filter.ValueStringPointer(), ProjectionExpression: m.Projection.ValueStringPointer(),
		ExpressionAttributeNames: m.Names, ScanIndexForward: aws.Bool(!m.Descending.ValueBool()), ConsistentRead: m.Consistent.ValueBoolPointer(),
	}
	if values != nil {
		pages.ExpressionAttributeValues = table.Attributes(values)
	}
	items, kinds := []attr.Value{}, []attr.Type{}
	m.ItemsJSON = []string{}
	full := func() bool { return !m.Limit.IsNull() && int64(len(items)) >= m.Limit.ValueInt64() }
	for !full() {
		out, err := c.DynamoDB.Query(ctx, &pages)
		if err != nil {
			return err
		}
		for _, attributes := range out.Items {
			if full() {
				break
			}
			item, err := table.Item(attributes)
			if err != nil {
				return err
			}
			v := dynamo.Plain(item)
			items, kinds = append(items, v), append(kinds, v.Type(ctx))
			m.ItemsJSON = append(m.ItemsJSON, dynamo.JSON(item))
		}
		if pages.ExclusiveStartKey = out.LastEvaluatedKey; len(pages.ExclusiveStartKey) == 0 {
			break
		}
	}
	m.Items = types.DynamicValue(types.TupleValueMust(kinds, items))
	m.Count = types.Int64Value(int64(len(items)))
	return nil
}
