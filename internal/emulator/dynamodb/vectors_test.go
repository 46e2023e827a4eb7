package dynamodb_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func numbers(all ...float64) []types.AttributeValue {
	out := []types.AttributeValue{}
	for _, n := range all {
		out = append(out, &types.AttributeValueMemberN{Value: fmt.Sprint(n)})
	}
	return out
}

func vector(all ...float64) types.AttributeValue {
	return &types.AttributeValueMemberL{Value: numbers(all...)}
}

// products makes a table with two vector indexes of its attribute "v".
func (f *fixture) products() {
	f.t.Helper()
	attribute := &types.VectorAttributeDefinition{AttributeName: aws.String("v")}
	must[*sdk.CreateTableOutput](f.t)(f.CreateTable(f.ctx, &sdk.CreateTableInput{
		TableName: aws.String("products"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("id"), AttributeType: "S"}, {AttributeName: aws.String("kind"), AttributeType: "S"}, {AttributeName: aws.String("brand"), AttributeType: "S"},
		},
		KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: "HASH"}},
		VectorIndexes: []types.VectorIndex{
			{
				IndexName: aws.String("by_kind"), VectorAttribute: attribute, Dimensions: aws.Int64(2), DistanceFunction: "COSINE",
				Projection: &types.Projection{ProjectionType: "INCLUDE", NonKeyAttributes: []string{"title"}},
				SearchSchema: []types.SearchSchemaElement{
					{AttributeName: aws.String("kind"), SearchSchemaElementType: "HASH"}, {AttributeName: aws.String("brand"), SearchSchemaElementType: "INLINE_FILTER"},
				},
			},
			{IndexName: aws.String("far"), VectorAttribute: attribute, Dimensions: aws.Int64(2), DistanceFunction: "EUCLIDEAN", Projection: &types.Projection{ProjectionType: "KEYS_ONLY"}},
		},
	}))
	for i, p := range []struct {
		kind, brand string
		v           types.AttributeValue
	}{
		{"audio", "acme", vector(1, 0)}, {"audio", "other", vector(3, 1)}, {"video", "acme", vector(0, 1)}, {"", "acme", vector(-1, 0)}, {"audio", "acme", nil},
	} {
		it := item{"id": str(fmt.Sprint("p", i)), "brand": str(p.brand), "title": str(fmt.Sprint("Product ", i)), "price": str("10")}
		if p.kind != "" {
			it["kind"] = str(p.kind)
		}
		if p.v != nil {
			it["v"] = p.v
		}
		f.put("products", it)
	}
}

func TestSearchVectors(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.products()
	search := func(index, condition, projection string, most int32, values item, v ...float64) (*sdk.SearchVectorsOutput, error) {
		in := &sdk.SearchVectorsInput{
			TableName: aws.String("products"), IndexName: &index, SearchVector: numbers(v...), TopK: &most, ExpressionAttributeValues: values, ReturnConsumedCapacity: "TOTAL",
		}
		if condition != "" {
			in.SearchConditionExpression = &condition
		}
		if projection != "" {
			in.ProjectionExpression = &projection
		}
		return f.SearchVectors(f.ctx, in)
	}
	must[*sdk.UpdateTableOutput](t)(f.UpdateTable(f.ctx, &sdk.UpdateTableInput{TableName: aws.String("products"), VectorIndexUpdates: []types.VectorIndexUpdate{{Create: &types.CreateVectorIndexAction{
		IndexName: aws.String("dots"), VectorAttribute: &types.VectorAttributeDefinition{AttributeName: aws.String("v")}, Dimensions: aws.Int64(2), DistanceFunction: "DOT_PRODUCT",
		Projection: &types.Projection{ProjectionType: "ALL"},
	}}}}))
	audio := item{":k": str("audio")}
	for _, tt := range []struct {
		index, condition, projection string
		most                         int32
		values                       item
		v                            []float64
		want                         string // ids with their scores
		attributes                   string // of the first
	}{
		{"by_kind", "kind = :k", "", 10, audio, []float64{2, 0}, "p0 0.000 p1 0.051", "brand id kind title"},
		{"by_kind", "kind = :k AND brand = :b", "", 10, item{":k": str("audio"), ":b": str("other")}, []float64{2, 0}, "p1 0.051", "brand id kind title"},
		{"by_kind", "kind = :k", "id, v, price", 1, audio, []float64{2, 0}, "p0 0.000", "id v"},
		{"far", "", "", 3, nil, []float64{1, 0}, "p0 0.000 p2 1.414 p3 2.000", "id"},
		{"dots", "", "", 2, nil, []float64{1, 0.5}, "p1 3.500 p0 1.000", "brand id kind price title"},
	} {
		out, err := search(tt.index, tt.condition, tt.projection, tt.most, tt.values, tt.v...)
		if err != nil {
			t.Errorf("%s: %v", tt.index, err)
			continue
		}
		var got []string
		for _, r := range out.SearchResults {
			got = append(got, fmt.Sprintf("%s %.3f", r.Item["id"].(*types.AttributeValueMemberS).Value, math.Abs(r.Score)))
		}
		if s := strings.Join(got, " "); s != tt.want || *out.ConsumedCapacity.VectorSearchRequestBytes == 0 {
			t.Errorf("%s %s: got %s and %v, want %s", tt.index, tt.condition, s, out.ConsumedCapacity, tt.want)
		}
		var names []string
		for name := range out.SearchResults[0].Item {
			names = append(names, name)
		}
		slices.Sort(names)
		if s := strings.Join(names, " "); s != tt.attributes {
			t.Errorf("%s %s: got the attributes %s, want %s", tt.index, tt.projection, s, tt.attributes)
		}
	}
	const v = "ValidationException"
	for _, tt := range []struct {
		index, condition string
		values           item
		v                []float64
		want             string
	}{
		{"by_kind", "", nil, []float64{1, 0}, "Invalid SearchConditionExpression: the partition key kind of the index is missing"},
		{"by_kind", "kind <> :k", audio, []float64{1, 0}, "Invalid SearchConditionExpression: only the equality operator (=) is supported"},
		{"by_kind", "kind = :k AND title = :k", audio, []float64{1, 0}, "Invalid SearchConditionExpression: the attribute title is not in the search schema of the index"},
		{"by_kind", "kind = :k", audio, []float64{1}, "One or more parameter values were invalid: SearchVector must be a list of 2 numbers, which is how many dimensions the index by_kind has"},
		{"ghost", "", nil, []float64{1, 0}, "The table does not have the specified index: ghost"},
	} {
		_, err := search(tt.index, tt.condition, "", 1, tt.values, tt.v...)
		wantError(t, err, v, tt.want)
	}
	_, err := f.PutItem(f.ctx, &sdk.PutItemInput{TableName: aws.String("products"), Item: item{"id": str("x"), "v": vector(1, 2, 3)}})
	wantError(t, err, v, "One or more parameter values were invalid: The vector attribute v must be a list of 2 numbers for the vector index by_kind")
	_, err = f.UpdateItem(f.ctx, &sdk.UpdateItemInput{
		TableName: aws.String("products"), Key: item{"id": str("p0")}, UpdateExpression: aws.String("SET v = :v"), ExpressionAttributeValues: item{":v": str("no")},
	})
	wantError(t, err, v, "One or more parameter values were invalid: The vector attribute v must be a list of 2 numbers for the vector index by_kind")

	f.clock.Advance(7 * time.Hour)
	describe := func() []types.VectorIndexDescription {
		return must[*sdk.DescribeTableOutput](t)(f.DescribeTable(f.ctx, &sdk.DescribeTableInput{TableName: aws.String("products")})).Table.VectorIndexes
	}
	if d := describe(); len(d) != 3 || *d[0].ItemCount != 3 || *d[1].ItemCount != 4 || d[0].IndexStatus != "ACTIVE" || *d[0].IndexArn != "arn:aws:dynamodb:eu-north-1:000000000000:table/products/index/by_kind" {
		t.Errorf("got %+v", d)
	}
	_, err = f.UpdateTable(f.ctx, &sdk.UpdateTableInput{
		TableName: aws.String("products"), BillingMode: types.BillingModeProvisioned, ProvisionedThroughput: &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(1), WriteCapacityUnits: aws.Int64(1)},
	})
	wantError(t, err, v, "One or more parameter values were invalid: Vector indexes are supported only on tables that use on-demand capacity mode")
	drop := func(names ...string) error {
		in := &sdk.UpdateTableInput{TableName: aws.String("products")}
		for _, name := range names {
			in.VectorIndexUpdates = append(in.VectorIndexUpdates, types.VectorIndexUpdate{Delete: &types.DeleteVectorIndexAction{IndexName: &name}})
		}
		_, err := f.UpdateTable(f.ctx, in)
		return err
	}
	wantError(t, drop("dots", "far"), "LimitExceededException", "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table")
	wantError(t, drop("ghost"), "ResourceNotFoundException", "Requested resource not found: Index ghost for table products")
	for _, name := range []string{"dots", "by_kind", "far"} {
		if err := drop(name); err != nil {
			t.Fatal(err)
		}
	}
	if d := describe(); len(d) != 0 {
		t.Errorf("got %+v", d)
	}
	f.put("products", item{"id": str("x"), "v": vector(1, 2, 3)})
}
