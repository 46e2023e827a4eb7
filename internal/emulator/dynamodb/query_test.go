package dynamodb_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"pgregory.net/rapid"
)

func TestQueryErrors(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, want string
		in         sdk.QueryInput
	}{
		{"no condition", "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.", sdk.QueryInput{}},
		{"no partition key", "Query condition missed key schema element: pk", sdk.QueryInput{KeyConditionExpression: aws.String("sk = :v")}},
		{"range", "Query key condition not supported", sdk.QueryInput{KeyConditionExpression: aws.String("pk > :v")}},
		{"no key", "Query condition missed key schema element: sk", sdk.QueryInput{KeyConditionExpression: aws.String("pk = :v AND x = :v")}},
		{"type", "One or more parameter values were invalid: Condition parameter type does not match schema type", sdk.QueryInput{
			KeyConditionExpression: aws.String("pk = :n"), ExpressionAttributeValues: item{":n": num("1")}}},
		{"filter", "Filter Expression can only contain non-primary key attributes: Primary key attribute: sk", sdk.QueryInput{
			KeyConditionExpression: aws.String("pk = :v"), FilterExpression: aws.String("sk = :v")}},
		{"index", "The table does not have the specified index: by", sdk.QueryInput{KeyConditionExpression: aws.String("pk = :v"), IndexName: aws.String("by")}},
		{"start", "The provided starting key is invalid: The provided key element does not match the schema", sdk.QueryInput{
			KeyConditionExpression: aws.String("pk = :v"), ExclusiveStartKey: item{"pk": str("a")}}},
		{"start elsewhere", "The provided starting key is outside query boundaries based on provided conditions", sdk.QueryInput{
			KeyConditionExpression: aws.String("pk = :v"), ExclusiveStartKey: key("other", "1")}},
		{"count and projection", "Cannot specify the ProjectionExpression when choosing to get COUNT", sdk.QueryInput{
			KeyConditionExpression: aws.String("pk = :v"), Select: types.SelectCount, ProjectionExpression: aws.String("sk")}},
		{"projected", "One or more parameter values were invalid: ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName", sdk.QueryInput{
			KeyConditionExpression: aws.String("pk = :v"), Select: types.SelectAllProjectedAttributes}},
	} {
		f := start(t, "")
		f.notes()
		in := row.in
		in.TableName = aws.String("notes")
		if in.ExpressionAttributeValues == nil && in.KeyConditionExpression != nil {
			in.ExpressionAttributeValues = item{":v": str("a")}
		}
		_, err := f.Query(f.ctx, &in)
		t.Run(row.name, func(t *testing.T) { wantError(t, err, "ValidationException", row.want) })
	}
}

func TestScanErrors(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	for want, in := range map[string]sdk.ScanInput{
		"The Segment parameter is required but was not present in the request when parameter TotalSegments is present":                    {TotalSegments: aws.Int32(2)},
		"The TotalSegments parameter is required but was not present in the request when Segment parameter is present":                    {Segment: aws.Int32(2)},
		"The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 2 is not less than TotalSegments: 2": {Segment: aws.Int32(2), TotalSegments: aws.Int32(2)},
	} {
		in.TableName = aws.String("notes")
		_, err := f.Scan(f.ctx, &in)
		wantError(t, err, "ValidationException", want)
	}
}

// TestPages fills more than a page and reads all of it, page by page.
func TestPages(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	for i := range 30 {
		f.put("notes", with(key("a", fmt.Sprintf("%02d", i)), "v", str(strings.Repeat("x", 100<<10))))
	}
	in := &sdk.QueryInput{
		TableName: aws.String("notes"), KeyConditionExpression: aws.String("pk = :a"), ExpressionAttributeValues: item{":a": str("a")},
		ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal, ScanIndexForward: aws.Bool(false),
	}
	var seen []string
	pages := 0
	for {
		out := must[*sdk.QueryOutput](t)(f.Query(f.ctx, in))
		pages++
		for _, i := range out.Items {
			seen = append(seen, i["sk"].(*types.AttributeValueMemberS).Value)
		}
		if pages == 1 && (out.Count != 11 || *out.ConsumedCapacity.CapacityUnits != 138) {
			t.Errorf("first page: got %d items, %v units", out.Count, *out.ConsumedCapacity.CapacityUnits)
		}
		if in.ExclusiveStartKey = out.LastEvaluatedKey; in.ExclusiveStartKey == nil {
			break
		}
	}
	if len(seen) != 30 || seen[0] != "29" || seen[29] != "00" || pages != 3 {
		t.Errorf("got %d pages, %v", pages, seen)
	}
}

// TestModel compares a table with an index, written at random and opened anew now
// and then, with a plain map.
func TestModel(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		file := "" // most runs in memory: a file is synced at every commit
		if rapid.IntRange(0, 9).Draw(rt, "file") == 0 {
			file = filepath.Join(dir, fmt.Sprint(runs))
		}
		f := start(t, file)
		defer func() { _ = f.env.Store.Close() }()
		f.model()
		model := map[string]item{} // by pk and sk
		text := rapid.SampledFrom([]string{"a", "b", "ab", "a\x00", "a\x00b", "é", "\U0001F600"})
		number := rapid.SampledFrom([]string{"-10", "-1", "-0.5", "0", "2", "10", "1e20"})
		place := func(pk, sk string) string { return pk + "\x01" + plain(sk) }
		rt.Repeat(map[string]func(*rapid.T){
			"put": func(rt *rapid.T) {
				i := item{"pk": str(text.Draw(rt, "pk")), "sk": num(number.Draw(rt, "sk"))}
				if rapid.Bool().Draw(rt, "indexed") {
					i["kind"], i["weight"] = str(text.Draw(rt, "kind")), num(number.Draw(rt, "weight"))
				}
				f.put("model", i)
				model[place(textOf(i["pk"]), textOf(i["sk"]))] = i
			},
			"delete": func(rt *rapid.T) {
				pk, sk := text.Draw(rt, "pk"), number.Draw(rt, "sk")
				must[*sdk.DeleteItemOutput](t)(f.DeleteItem(f.ctx, &sdk.DeleteItemInput{TableName: aws.String("model"), Key: item{"pk": str(pk), "sk": num(sk)}}))
				delete(model, place(pk, sk))
			},
			"reopen": func(rt *rapid.T) {
				if file == "" {
					return
				}
				if err := f.env.Store.Close(); err != nil {
					rt.Fatal(err)
				}
				f = start(t, file)
			},
			"query": func(rt *rapid.T) {
				q := &sdk.QueryInput{TableName: aws.String("model"), ScanIndexForward: aws.Bool(rapid.Bool().Draw(rt, "forward")), Limit: aws.Int32(2)}
				hash, sort := "pk", "sk"
				if rapid.Bool().Draw(rt, "index") {
					hash, sort = "kind", "weight"
					q.IndexName = aws.String("by_kind")
				}
				h, s := text.Draw(rt, "hash"), number.Draw(rt, "sort")
				op := rapid.SampledFrom([]string{"=", "<", "<=", ">", ">="}).Draw(rt, "op")
				q.KeyConditionExpression = aws.String(hash + " = :h AND " + sort + " " + op + " :s")
				q.ExpressionAttributeValues = item{":h": str(h), ":s": num(s)}
				want := 0
				for _, i := range model {
					if i[hash] != nil && textOf(i[hash]) == h && meets(textOf(i[sort]), op, s) {
						want++
					}
				}
				var got []string
				for {
					out := must[*sdk.QueryOutput](t)(f.Query(f.ctx, q))
					for _, i := range out.Items {
						got = append(got, textOf(i[sort]))
					}
					if q.ExclusiveStartKey = out.LastEvaluatedKey; q.ExclusiveStartKey == nil {
						break
					}
				}
				if !*q.ScanIndexForward {
					slices.Reverse(got)
				}
				if len(got) != want || !slices.IsSortedFunc(got, compareNumbers) {
					rt.Fatalf("%s of %v: got %v, want %d in order", *q.KeyConditionExpression, q.ExpressionAttributeValues, got, want)
				}
			},
			"scan": func(rt *rapid.T) {
				got := 0
				total := int32(rapid.IntRange(1, 5).Draw(rt, "segments"))
				for n := range total {
					in := &sdk.ScanInput{TableName: aws.String("model"), Segment: aws.Int32(n), TotalSegments: aws.Int32(total), Limit: aws.Int32(3)}
					for {
						out := must[*sdk.ScanOutput](t)(f.Scan(f.ctx, in))
						got += int(out.Count)
						if in.ExclusiveStartKey = out.LastEvaluatedKey; in.ExclusiveStartKey == nil {
							break
						}
					}
				}
				if got != len(model) {
					rt.Fatalf("scan: got %d items, want %d", got, len(model))
				}
			},
		})
	})
}

// model makes the table "model" with a number as the sort key, and an index.
func (f *fixture) model() {
	must[*sdk.CreateTableOutput](f.t)(f.CreateTable(f.ctx, &sdk.CreateTableInput{
		TableName: aws.String("model"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{def("pk", "S"), def("sk", "N"), def("kind", "S"), def("weight", "N")},
		KeySchema:            []types.KeySchemaElement{hash("pk"), sorted("sk")},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName: aws.String("by_kind"), KeySchema: []types.KeySchemaElement{hash("kind"), sorted("weight")}, Projection: all(),
		}},
	}))
}

func textOf(v types.AttributeValue) string {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return v.Value
	case *types.AttributeValueMemberN:
		return v.Value
	}
	return ""
}

// plain is a number of the model without an exponent.
func plain(n string) string {
	if n == "1e20" {
		return "100000000000000000000"
	}
	return n
}

// compareNumbers orders the model's numbers by their places in this list.
func compareNumbers(a, b string) int {
	order := []string{"-10", "-1", "-0.5", "0", "2", "10", "100000000000000000000"}
	return slices.Index(order, plain(a)) - slices.Index(order, plain(b))
}

func meets(v, op, than string) bool {
	order := compareNumbers(v, than)
	switch op {
	case "=":
		return order == 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}
