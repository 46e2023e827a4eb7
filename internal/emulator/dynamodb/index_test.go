package dynamodb_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// indexed makes the table "orders": a local index by date, which holds the total
// too, and a global one by country and city, then by year and date.
func (f *fixture) indexed() {
	f.t.Helper()
	must[*sdk.CreateTableOutput](f.t)(f.CreateTable(f.ctx, &sdk.CreateTableInput{
		TableName: aws.String("orders"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			def("pk", "S"), def("sk", "S"), def("date", "S"), def("country", "S"), def("city", "S"), def("year", "N"),
		},
		KeySchema: []types.KeySchemaElement{hash("pk"), sorted("sk")},
		LocalSecondaryIndexes: []types.LocalSecondaryIndex{{
			IndexName: aws.String("by_date"), KeySchema: []types.KeySchemaElement{hash("pk"), sorted("date")},
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeInclude, NonKeyAttributes: []string{"cost"}},
		}},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName:  aws.String("by_place"),
			KeySchema:  []types.KeySchemaElement{hash("country"), hash("city"), sorted("year"), sorted("date")},
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
		}},
	}))
	for i, row := range []string{"fi tampere 2024 01-02", "fi tampere 2025 03-04", "fi turku 2025 01-01", "fi tampere 2025 01-01"} {
		w := strings.Fields(row)
		f.put("orders", item{"pk": str("a"), "sk": str(fmt.Sprint(i)), "country": str(w[0]), "city": str(w[1]), "year": num(w[2]), "date": str(w[3]),
			"cost": num("5"), "note": str("n")})
	}
	f.put("orders", item{"pk": str("a"), "sk": str("9")})
}

func TestIndexKeys(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.indexed()
	place := item{":c": str("fi"), ":t": str("tampere")}
	for _, row := range []struct {
		condition string
		more      item
		want      string
	}{
		{"country = :c AND city = :t", nil, "0 3 1"},
		{"country = :c AND city = :t AND #y = :y", item{":y": num("2025")}, "3 1"},
		{"country = :c AND city = :t AND #y > :y", item{":y": num("2024")}, "3 1"},
		{"country = :c AND city = :t AND #y = :y AND #d > :d", item{":y": num("2025"), ":d": str("02")}, "1"},
		{"country = :c AND city = :t AND #y = :y AND begins_with(#d, :d)", item{":y": num("2025"), ":d": str("01-")}, "3"},
	} {
		in := &sdk.QueryInput{TableName: aws.String("orders"), IndexName: aws.String("by_place"), KeyConditionExpression: &row.condition,
			ExpressionAttributeValues: maps.Clone(place), ExpressionAttributeNames: map[string]string{}}
		maps.Copy(in.ExpressionAttributeValues, row.more)
		for placeholder, name := range map[string]string{"#y": "year", "#d": "date"} {
			if strings.Contains(row.condition, placeholder) {
				in.ExpressionAttributeNames[placeholder] = name
			}
		}
		if len(in.ExpressionAttributeNames) == 0 {
			in.ExpressionAttributeNames = nil
		}
		out := must[*sdk.QueryOutput](t)(f.Query(f.ctx, in))
		var got []string
		for _, i := range out.Items {
			got = append(got, textOf(i["sk"]))
			if len(i) != 6 {
				t.Errorf("%s: got %v, want the six key attributes", row.condition, i)
			}
		}
		if strings.Join(got, " ") != row.want {
			t.Errorf("%s: got %v, want %s", row.condition, got, row.want)
		}
	}
	_, err := f.Query(f.ctx, &sdk.QueryInput{TableName: aws.String("orders"), IndexName: aws.String("by_place"),
		KeyConditionExpression: aws.String("country = :c"), ExpressionAttributeValues: item{":c": str("fi")}})
	wantError(t, err, "ValidationException", "Query condition missed key schema element: city")
}

func TestLocalIndex(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.indexed()
	in := &sdk.QueryInput{TableName: aws.String("orders"), IndexName: aws.String("by_date"), KeyConditionExpression: aws.String("pk = :p"),
		ExpressionAttributeValues: item{":p": str("a")}, ReturnConsumedCapacity: types.ReturnConsumedCapacityIndexes, ConsistentRead: aws.Bool(true)}
	out := must[*sdk.QueryOutput](t)(f.Query(f.ctx, in))
	if names := slices.Sorted(maps.Keys(out.Items[0])); out.Count != 4 || strings.Join(names, " ") != "cost date pk sk" {
		t.Errorf("got %d items with %v", out.Count, names)
	}
	if c := out.ConsumedCapacity; *c.CapacityUnits != 1 || *c.LocalSecondaryIndexes["by_date"].CapacityUnits != 1 || *c.Table.CapacityUnits != 0 {
		t.Errorf("capacity: got %+v", c)
	}
	// What a local index lacks is fetched from the table, which is read as well.
	in.Select = types.SelectAllAttributes
	out = must[*sdk.QueryOutput](t)(f.Query(f.ctx, in))
	if len(out.Items[0]) != 8 || *out.ConsumedCapacity.Table.CapacityUnits != 4 {
		t.Errorf("got %v, %+v", out.Items[0], out.ConsumedCapacity.Table)
	}
	in.IndexName, in.ConsistentRead = aws.String("by_place"), nil
	in.KeyConditionExpression, in.ExpressionAttributeValues = aws.String("country = :p AND city = :p"), item{":p": str("fi")}
	_, err := f.Query(f.ctx, in)
	wantError(t, err, "ValidationException", "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index by_place because its projection type is not ALL")
}

func TestWriteCapacity(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.indexed()
	update := func(src string, values item) *sdk.UpdateItemOutput {
		return must[*sdk.UpdateItemOutput](t)(f.UpdateItem(f.ctx, &sdk.UpdateItemInput{
			TableName: aws.String("orders"), Key: key("a", "0"), UpdateExpression: &src, ExpressionAttributeValues: values,
			ReturnConsumedCapacity: types.ReturnConsumedCapacityIndexes, ReturnItemCollectionMetrics: types.ReturnItemCollectionMetricsSize,
		}))
	}
	for _, row := range []struct {
		src           string
		values        item
		local, global float64
	}{
		{"SET note = :v", item{":v": str("m")}, 0, 0},
		{"SET cost = :v", item{":v": num("6")}, 1, 0},
		{"SET city = :v", item{":v": str("oulu")}, 0, 2}, // one entry goes, one comes
		{"REMOVE city", nil, 0, 1},
	} {
		out := update(row.src, row.values)
		c := out.ConsumedCapacity
		units := func(m map[string]types.Capacity, index string) float64 { return aws.ToFloat64(m[index].CapacityUnits) }
		if got := units(c.LocalSecondaryIndexes, "by_date"); got != row.local {
			t.Errorf("%s: by_date took %v, want %v", row.src, got, row.local)
		}
		if got := units(c.GlobalSecondaryIndexes, "by_place"); got != row.global {
			t.Errorf("%s: by_place took %v, want %v", row.src, got, row.global)
		}
		if *c.CapacityUnits != 1+row.local+row.global {
			t.Errorf("%s: took %v in all", row.src, *c.CapacityUnits)
		}
		if m := out.ItemCollectionMetrics; m == nil || textOf(m.ItemCollectionKey["pk"]) != "a" || len(m.ItemCollectionKey) != 1 {
			t.Errorf("%s: metrics %+v", row.src, m)
		}
	}
}

// TestBackfilling reads an index that is still being made.
func TestBackfilling(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	f.Settle = time.Second
	must[*sdk.UpdateTableOutput](t)(f.UpdateTable(f.ctx, &sdk.UpdateTableInput{
		TableName: aws.String("notes"), AttributeDefinitions: []types.AttributeDefinition{def("kind", "S")},
		GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{Create: &types.CreateGlobalSecondaryIndexAction{
			IndexName: aws.String("by_kind"), KeySchema: []types.KeySchemaElement{hash("kind")}, Projection: all()}}},
	}))
	scan := &sdk.ScanInput{TableName: aws.String("notes"), IndexName: aws.String("by_kind")}
	_, err := f.Scan(f.ctx, scan)
	wantError(t, err, "ValidationException", "Cannot read from backfilling global secondary index: by_kind")
	f.clock.Advance(time.Second)
	must[*sdk.ScanOutput](t)(f.Scan(f.ctx, scan))
}

// TestConcurrentUpdates adds from many sides at once; nothing may be lost.
func TestConcurrentUpdates(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 25 {
				_, err := f.UpdateItem(f.ctx, &sdk.UpdateItemInput{TableName: aws.String("notes"), Key: key("a", "1"),
					UpdateExpression: aws.String("ADD n :one"), ExpressionAttributeValues: item{":one": num("1")}})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	out := must[*sdk.GetItemOutput](t)(f.GetItem(f.ctx, &sdk.GetItemInput{TableName: aws.String("notes"), Key: key("a", "1")}))
	if got := textOf(out.Item["n"]); got != "200" {
		t.Errorf("n: got %s, want 200", got)
	}
}
