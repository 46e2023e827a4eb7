package dynamodb_test

import (
	"errors"
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

// TestManySortKeys has an index with several sort key attributes, which a condition
// narrows from the left.
func TestManySortKeys(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	element := func(name string, kind types.KeyType) types.KeySchemaElement {
		return types.KeySchemaElement{AttributeName: &name, KeyType: kind}
	}
	var definitions []types.AttributeDefinition
	for _, name := range []string{"id", "h", "a", "b", "c"} {
		definitions = append(definitions, types.AttributeDefinition{AttributeName: &name, AttributeType: "S"})
	}
	must[*sdk.CreateTableOutput](t)(f.CreateTable(f.ctx, &sdk.CreateTableInput{
		TableName: aws.String("many"), BillingMode: types.BillingModePayPerRequest, AttributeDefinitions: definitions,
		KeySchema: []types.KeySchemaElement{element("id", "HASH")},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName: aws.String("all"), Projection: &types.Projection{ProjectionType: "ALL"},
			KeySchema: []types.KeySchemaElement{element("h", "HASH"), element("a", "RANGE"), element("b", "RANGE"), element("c", "RANGE")},
		}},
	}))
	for _, n := range []string{"1TL2", "2TL1", "3TD3", "4FL1"} {
		f.put("many", item{"id": str(n), "h": str("x"), "a": str(n[1:2]), "b": str(n[2:3]), "c": str(n[3:])})
	}
	f.put("many", item{"id": str("5"), "h": str("x"), "a": str("T")}) // which the index does not list
	const gap = "RANGE key attributes %s must have equality conditions specified in the query because a condition is present on key attribute %s"
	for condition, want := range map[string]string{
		"h = :x":                                    "4FL1 3TD3 2TL1 1TL2",
		"h = :x AND a = :t":                         "3TD3 2TL1 1TL2",
		"b = :l AND h = :x AND a = :t":              "2TL1 1TL2",
		"h = :x AND a = :t AND b < :l":              "3TD3",
		"h = :x AND a = :t AND b = :l AND c > :one": "1TL2",
		"h = :x AND a = :t AND c = :one":            fmt.Sprintf(gap, "b", "c"),
		"h = :x AND b = :l":                         fmt.Sprintf(gap, "a", "b"),
		"h = :x AND a > :t AND c = :one":            fmt.Sprintf(gap, "a, b", "c"),
	} {
		in := &sdk.QueryInput{TableName: aws.String("many"), IndexName: aws.String("all"), KeyConditionExpression: &condition, ExpressionAttributeValues: item{}}
		for name, v := range map[string]string{":x": "x", ":t": "T", ":l": "L", ":one": "1"} {
			if strings.Contains(condition, name) {
				in.ExpressionAttributeValues[name] = str(v)
			}
		}
		out, err := f.Query(f.ctx, in)
		if err != nil {
			wantError(t, err, "ValidationException", want)
			continue
		}
		var got []string
		for _, i := range out.Items {
			got = append(got, textOf(i["id"]))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %v, want %s", condition, got, want)
		}
	}
	_, err := f.run(`SELECT * FROM many."all" WHERE h = 'x'`)
	wantError(t, err, "ValidationException", "PartiQL statements cannot be executed on tables with multi-attribute HASH keys or multi-attribute RANGE keys.")
}

// A key that does not fit the schema cancels a transaction; an empty one ends the
// request.
func TestTransactKeys(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	name := aws.String("notes")
	for _, tt := range []struct {
		item types.TransactWriteItem
		want string // the reason's text; of the request when it ends in a full stop and a key
	}{
		{types.TransactWriteItem{Put: &types.Put{TableName: name, Item: item{"pk": num("1"), "sk": str("1")}}}, "One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N"},
		{types.TransactWriteItem{Delete: &types.Delete{TableName: name, Key: item{"pk": num("1"), "sk": str("1")}}}, "The provided key element does not match the schema"},
		{types.TransactWriteItem{Put: &types.Put{TableName: name, Item: key("", "1")}}, "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk"},
	} {
		_, err := f.TransactWriteItems(f.ctx, &sdk.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{tt.item}})
		var undone *types.TransactionCanceledException
		if errors.As(err, &undone) {
			r := undone.CancellationReasons[0]
			if *r.Code != "ValidationError" || *r.Message != tt.want {
				t.Errorf("got %s: %s, want %s", *r.Code, *r.Message, tt.want)
			}
			continue
		}
		wantError(t, err, "ValidationException", tt.want)
	}
}
