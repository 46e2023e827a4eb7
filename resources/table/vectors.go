package table

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// vectorIndex is an index of what is near a vector.
type vectorIndex struct {
	Attribute    basetypes.String            `tfsdk:"attribute"`
	Dimensions   basetypes.Int64             `tfsdk:"dimensions"`
	Distance     basetypes.String            `tfsdk:"distance"`
	PartitionKey *keyModel                   `tfsdk:"partition_key"`
	Filters      map[string]basetypes.String `tfsdk:"filters"`
	Projection   *projectionModel            `tfsdk:"projection"`
}

var vectorsAttribute = schema.MapNestedAttribute{
	Optional:            true,
	Validators:          []validator.Map{mapvalidator.SizeAtLeast(1), mapvalidator.KeysAre(tableName)},
	MarkdownDescription: "Vector indexes by name: `SearchVectors` finds in them the items whose vectors are nearest to one. The table must be on demand. They are made and removed one at a time; any change builds the index anew.",
	NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
		"attribute": schema.StringAttribute{
			Required: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 255)},
			MarkdownDescription: "Attribute that holds an item's vector, a list of numbers.",
		},
		"dimensions": schema.Int64Attribute{
			Required: true, Validators: []validator.Int64{int64validator.Between(1, 4096)},
			MarkdownDescription: "How many numbers a vector has, 1 to 4096. It is the same for all indexes of one `attribute`.",
		},
		"distance": schema.StringAttribute{
			Required: true, Validators: []validator.String{stringvalidator.OneOf("COSINE", "DOT_PRODUCT", "EUCLIDEAN")},
			MarkdownDescription: "How near two vectors are: `COSINE`, `DOT_PRODUCT` or `EUCLIDEAN`.",
		},
		"partition_key": key("Attribute that each search gives a value of; items without it are not in the index. Default: none.", false),
		"filters": schema.MapAttribute{
			Optional: true, ElementType: basetypes.StringType,
			Validators: []validator.Map{
				mapvalidator.SizeAtLeast(1), mapvalidator.KeysAre(stringvalidator.LengthBetween(1, 255)),
				mapvalidator.ValueStringsAre(stringvalidator.OneOf("S", "N", "B")),
			},
			MarkdownDescription: "Attributes by which a search may be narrowed, with their types: `S` text, `N` number, `B` bytes. Default: none.",
		},
		"projection": projection,
	}},
}

// searched are the attributes that a search gives values of.
func (i vectorIndex) searched() []keyModel {
	all := one(i.PartitionKey)
	for _, name := range slices.Sorted(maps.Keys(i.Filters)) {
		all = append(all, keyModel{Name: basetypes.StringValue(name), Type: i.Filters[name]})
	}
	return all
}

func (i vectorIndex) sent(name string) types.VectorIndex {
	v := types.VectorIndex{
		IndexName: aws.String(name), VectorAttribute: &types.VectorAttributeDefinition{AttributeName: i.Attribute.ValueStringPointer()},
		Dimensions: i.Dimensions.ValueInt64Pointer(), DistanceFunction: types.VectorDistanceFunction(i.Distance.ValueString()), Projection: i.Projection.sent(),
	}
	for n, k := range i.searched() {
		e := types.SearchSchemaElement{AttributeName: k.Name.ValueStringPointer(), SearchSchemaElementType: types.SearchSchemaElementTypeInlineFilter}
		if n == 0 && i.PartitionKey != nil {
			e.SearchSchemaElementType = types.SearchSchemaElementTypeHash
		}
		v.SearchSchema = append(v.SearchSchema, e)
	}
	return v
}

func (i vectorIndex) same(o vectorIndex) bool {
	return i.Attribute.Equal(o.Attribute) && i.Dimensions.Equal(o.Dimensions) && i.Distance.Equal(o.Distance) &&
		slices.Equal(one(i.PartitionKey), one(o.PartitionKey)) && maps.Equal(i.Filters, o.Filters) && i.Projection.same(o.Projection)
}

// keptVectors are the vector indexes that are neither dropped nor built anew.
func keptVectors(prior, m *model) map[string]vectorIndex {
	all := map[string]vectorIndex{}
	for name, i := range prior.VectorIndexes {
		if next, ok := m.VectorIndexes[name]; ok && i.same(next) {
			all[name] = i
		}
	}
	return all
}

func dropVectors(ctx context.Context, c *Clients, prior, m *model) error {
	stay := keptVectors(prior, m)
	for _, name := range slices.Sorted(maps.Keys(prior.VectorIndexes)) {
		if _, ok := stay[name]; ok {
			continue
		}
		err := change(ctx, c, m, &dynamodb.UpdateTableInput{VectorIndexUpdates: []types.VectorIndexUpdate{{
			Delete: &types.DeleteVectorIndexAction{IndexName: aws.String(name)},
		}}})
		if err != nil {
			return err
		}
	}
	return nil
}

func addVectors(ctx context.Context, c *Clients, prior, m *model) error {
	have := keptVectors(prior, m)
	for _, name := range slices.Sorted(maps.Keys(m.VectorIndexes)) {
		if _, ok := have[name]; ok {
			continue
		}
		have[name] = m.VectorIndexes[name]
		v := have[name].sent(name)
		err := change(ctx, c, m, &dynamodb.UpdateTableInput{
			AttributeDefinitions: m.definitions(m.GlobalIndexes, have),
			VectorIndexUpdates: []types.VectorIndexUpdate{{Create: &types.CreateVectorIndexAction{
				IndexName: v.IndexName, VectorAttribute: v.VectorAttribute, Dimensions: v.Dimensions,
				DistanceFunction: v.DistanceFunction, Projection: v.Projection, SearchSchema: v.SearchSchema,
			}}},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func vectorsRead(was map[string]vectorIndex, found []types.VectorIndexDescription, kinds map[string]types.ScalarAttributeType) map[string]vectorIndex {
	all := map[string]vectorIndex{}
	for _, d := range found {
		if d.IndexStatus == types.IndexStatusDeleting {
			continue
		}
		i := vectorIndex{
			Dimensions: basetypes.Int64PointerValue(d.Dimensions), Distance: basetypes.StringValue(string(d.DistanceFunction)),
			Projection: projectionRead(was[aws.ToString(d.IndexName)].Projection, d.Projection),
		}
		if a := d.VectorAttribute; a != nil {
			i.Attribute = basetypes.StringPointerValue(a.AttributeName)
		}
		for _, e := range d.SearchSchema {
			k := keyModel{Name: basetypes.StringPointerValue(e.AttributeName), Type: basetypes.StringValue(string(kinds[aws.ToString(e.AttributeName)]))}
			if e.SearchSchemaElementType == types.SearchSchemaElementTypeHash {
				i.PartitionKey = &k
				continue
			}
			if i.Filters == nil {
				i.Filters = map[string]basetypes.String{}
			}
			i.Filters[k.Name.ValueString()] = k.Type
		}
		all[aws.ToString(d.IndexName)] = i
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// checkVectors demands what DynamoDB does of vector indexes.
func checkVectors(v *tf.Check, m *model) {
	if !v.Known("vector_indexes") {
		return
	}
	root := path.Root("vector_indexes")
	if len(m.VectorIndexes) > 0 && v.Known("capacity") && m.Capacity.provisioned() {
		v.Error(root, "Vector indexes with provisioned capacity", "DynamoDB has vector indexes for tables on demand only. Remove capacity.read and capacity.write.")
	}
	dimensions := map[string]int64{}
	for _, name := range slices.Sorted(maps.Keys(m.VectorIndexes)) {
		at, i := root.AtMapKey(name), m.VectorIndexes[name]
		_, local := m.LocalIndexes[name]
		if _, global := m.GlobalIndexes[name]; local || global {
			v.Error(at, "Two indexes of one name", "There is another index "+name+". Rename one of them.")
		}
		checkProjection(v, at, i.Projection)
		if i.Attribute.IsUnknown() || i.Dimensions.IsUnknown() {
			continue
		}
		attribute, n := i.Attribute.ValueString(), i.Dimensions.ValueInt64()
		if was, ok := dimensions[attribute]; ok && was != n {
			v.Error(at.AtName("dimensions"), "Vectors of two lengths",
				fmt.Sprintf("Another index has %d dimensions for the attribute %q, and %s has %d. An attribute holds one vector; give both the same number.", was, attribute, at, n))
		}
		dimensions[attribute] = n
		for _, k := range slices.Concat(one(m.PartitionKey), one(m.SortKey), i.searched()) {
			if k.Name.ValueString() == attribute {
				v.Error(at.AtName("attribute"), "A vector as a key", fmt.Sprintf("%s is %q, a key of the table or of this index, which holds no vector. Choose another attribute.", at.AtName("attribute"), attribute))
			}
		}
		if i.PartitionKey != nil {
			if _, twice := i.Filters[i.PartitionKey.Name.ValueString()]; twice {
				v.Error(at.AtName("filters"), "One attribute twice", "The partition key of the index narrows every search already. Remove it from filters.")
			}
		}
	}
}
