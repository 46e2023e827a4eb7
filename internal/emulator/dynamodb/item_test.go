package dynamodb_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// key is a key of the table "notes".
func key(pk, sk string) item { return item{"pk": str(pk), "sk": str(sk)} }

// with adds an attribute to an item.
func with(i item, name string, v types.AttributeValue) item {
	i[name] = v
	return i
}

func TestItemErrors(t *testing.T) {
	t.Parallel()
	const (
		one   = "One or more parameter values were invalid: "
		write = "1 validation error detected: " // of a request that is wrong by itself
	)
	put := func(i item) func(*fixture) error {
		return func(f *fixture) error {
			_, err := f.PutItem(f.ctx, &sdk.PutItemInput{TableName: aws.String("notes"), Item: i})
			return err
		}
	}
	get := func(k item) func(*fixture) error {
		return func(f *fixture) error {
			_, err := f.GetItem(f.ctx, &sdk.GetItemInput{TableName: aws.String("notes"), Key: k})
			return err
		}
	}
	update := func(src string, values item) func(*fixture) error {
		return func(f *fixture) error {
			_, err := f.UpdateItem(f.ctx, &sdk.UpdateItemInput{TableName: aws.String("notes"), Key: key("a", "1"), UpdateExpression: &src, ExpressionAttributeValues: values})
			return err
		}
	}
	nest := func(levels int) types.AttributeValue {
		v := str("x")
		for range levels {
			v = &types.AttributeValueMemberL{Value: []types.AttributeValue{v}}
		}
		return v
	}
	for _, row := range []struct {
		name, want string
		call       func(*fixture) error
	}{
		{"no sort key", one + "Missing the key sk in the item", put(item{"pk": str("a")})},
		{"key type", one + "Type mismatch for key pk expected: S actual: N", put(item{"pk": num("1"), "sk": str("a")})},
		{"empty key", "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk", put(key("", "1"))},
		{"long key", one + "Size of hashkey has exceeded the maximum size limit of2048 bytes", put(key(strings.Repeat("x", 2049), "1"))},
		{"long sort key", one + "Aggregated size of all range keys has exceeded the size limit of 1024 bytes", put(key("a", strings.Repeat("x", 1025)))},
		{"no number", write + "The parameter cannot be converted to a numeric value: x", put(with(key("a", "1"), "n", num("x")))},
		{"precise", write + "Attempting to store more than 38 significant digits in a Number", put(with(key("a", "1"), "n", num("1.23456789012345678901234567890123456789")))},
		{"empty set", write + one + "An string set  may not be empty", put(with(key("a", "1"), "s", &types.AttributeValueMemberSS{}))},
		{"repeated set", write + one + "Input collection [\"a\", \"b\", \"a\"] contains duplicates.", put(with(key("a", "1"), "s", &types.AttributeValueMemberSS{Value: []string{"a", "b", "a"}}))},
		{"repeated numbers", write + one + "Input collection contains duplicates.", put(with(key("a", "1"), "s", &types.AttributeValueMemberNS{Value: []string{"1", "1.0"}}))},
		{"no value", write + "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes", put(with(key("a", "1"), "s", nil))},
		{"too large", "Item size has exceeded the maximum allowed size", put(with(key("a", "1"), "s", str(strings.Repeat("x", 400<<10))))},
		{"too deep", write + "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit", put(with(key("a", "1"), "s", nest(33)))},
		{"key without sort", "The provided key element does not match the schema", get(item{"pk": str("a")})},
		{"key and more", "The provided key element does not match the schema", get(with(key("a", "1"), "x", str("1")))},
		{"key update", one + "Cannot update attribute sk. This attribute is part of the key", update("SET sk = :v", item{":v": str("x")})},
		{"no attribute", "The provided expression refers to an attribute that does not exist in the item", update("SET v = w", nil)},
		{"unused", write + "Value provided in ExpressionAttributeValues unused in expressions: keys: {:v}", update("SET v = :w", item{":w": str("x"), ":v": str("y")})},
		{"bad value", write + "The parameter cannot be converted to a numeric value: x", update("SET v = :v", item{":v": num("x")})},
		{"bad placeholder", write + `ExpressionAttributeValues contains invalid key: Syntax error; key: "v"`, update("SET v = :v", item{"v": num("1")})},
		{"no values", write + "ExpressionAttributeValues must not be empty", update("SET v = :v", item{})},
		{"grown", "Item size to update has exceeded the maximum allowed size", update("SET v = :v", item{":v": str(strings.Repeat("x", 400<<10))})},
		{"returns", write + "ReturnValues can only be ALL_OLD or NONE", func(f *fixture) error {
			_, err := f.PutItem(f.ctx, &sdk.PutItemInput{TableName: aws.String("notes"), Item: key("a", "1"), ReturnValues: types.ReturnValueAllNew})
			return err
		}},
		{"values without expression", write + "ExpressionAttributeValues can only be specified when using expressions", func(f *fixture) error {
			_, err := f.DeleteItem(f.ctx, &sdk.DeleteItemInput{TableName: aws.String("notes"), Key: key("a", "1"), ExpressionAttributeValues: item{":v": str("a")}})
			return err
		}},
		{"names without expression", "ExpressionAttributeNames can only be specified when using expressions", func(f *fixture) error {
			_, err := f.GetItem(f.ctx, &sdk.GetItemInput{TableName: aws.String("notes"), Key: key("a", "1"), ExpressionAttributeNames: map[string]string{"#a": "a"}})
			return err
		}},
	} {
		f := start(t, "")
		f.notes()
		err := row.call(f)
		t.Run(row.name, func(t *testing.T) { wantError(t, err, "ValidationException", row.want) })
	}
	f := start(t, "")
	_, err := f.PutItem(f.ctx, &sdk.PutItemInput{TableName: aws.String("none"), Item: key("a", "1")})
	wantError(t, err, "ResourceNotFoundException", "Requested resource not found")
}

func TestConditionFails(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	f.put("notes", with(key("a", "1"), "v", num("1")))
	_, err := f.PutItem(f.ctx, &sdk.PutItemInput{
		TableName: aws.String("notes"), Item: key("a", "1"), ConditionExpression: aws.String("attribute_not_exists(pk)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	wantError(t, err, "ConditionalCheckFailedException", "The conditional request failed")
	var failed *types.ConditionalCheckFailedException
	if !errors.As(err, &failed) || len(failed.Item) != 3 {
		t.Errorf("got %v, want the item", err)
	}
}

func TestUpdateReturns(t *testing.T) {
	t.Parallel()
	for want, n := range map[types.ReturnValue]int{
		types.ReturnValueNone: 0, types.ReturnValueAllOld: 4, types.ReturnValueAllNew: 5, types.ReturnValueUpdatedOld: 1, types.ReturnValueUpdatedNew: 2,
	} {
		f := start(t, "")
		f.notes()
		f.put("notes", with(with(key("a", "1"), "n", num("1")), "other", str("x")))
		out := must[*sdk.UpdateItemOutput](t)(f.UpdateItem(f.ctx, &sdk.UpdateItemInput{
			TableName: aws.String("notes"), Key: key("a", "1"), ReturnValues: want,
			UpdateExpression: aws.String("SET n = n + :n, fresh = :n"), ExpressionAttributeValues: item{":n": num("2")},
			ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
		}))
		if len(out.Attributes) != n {
			t.Errorf("%s: got %v, want %d attributes", want, out.Attributes, n)
		}
		if *out.ConsumedCapacity.CapacityUnits != 1 || *out.ConsumedCapacity.TableName != "notes" {
			t.Errorf("capacity: got %+v", out.ConsumedCapacity)
		}
	}
}

func TestBatches(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	var writes []types.WriteRequest
	for _, sk := range []string{"1", "2", "3"} {
		writes = append(writes, types.WriteRequest{PutRequest: &types.PutRequest{Item: key("a", sk)}})
	}
	write := func(w ...types.WriteRequest) error {
		_, err := f.BatchWriteItem(f.ctx, &sdk.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{"notes": w}})
		return err
	}
	if err := write(writes...); err != nil {
		t.Fatal(err)
	}
	wantError(t, write(writes[0], writes[0]), "ValidationException", "Provided list of item keys contains duplicates")
	if err := write(types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: key("a", "2")}}); err != nil {
		t.Fatal(err)
	}
	out := must[*sdk.BatchGetItemOutput](t)(f.BatchGetItem(f.ctx, &sdk.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
		"notes": {Keys: []map[string]types.AttributeValue{key("a", "1"), key("a", "2"), key("a", "3")}},
	}}))
	if len(out.Responses["notes"]) != 2 || len(out.UnprocessedKeys) != 0 {
		t.Errorf("got %v", out.Responses)
	}
}

func TestTransactions(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	f.put("notes", with(key("a", "1"), "n", num("1")))
	name := aws.String("notes")
	add := types.TransactWriteItem{Update: &types.Update{TableName: name, Key: key("a", "1"), UpdateExpression: aws.String("ADD n :one"), ExpressionAttributeValues: item{":one": num("1")}}}
	fresh := types.TransactWriteItem{Put: &types.Put{TableName: name, Item: key("a", "2"), ConditionExpression: aws.String("attribute_not_exists(pk)")}}
	write := func(token string, items ...types.TransactWriteItem) error {
		_, err := f.TransactWriteItems(f.ctx, &sdk.TransactWriteItemsInput{TransactItems: items, ClientRequestToken: &token})
		return err
	}
	number := func() string {
		t.Helper()
		out := must[*sdk.TransactGetItemsOutput](t)(f.TransactGetItems(f.ctx, &sdk.TransactGetItemsInput{TransactItems: []types.TransactGetItem{{Get: &types.Get{TableName: name, Key: key("a", "1")}}}}))
		return out.Responses[0].Item["n"].(*types.AttributeValueMemberN).Value
	}
	for range 2 { // the same token twice is one transaction
		if err := write("one", add, fresh); err != nil {
			t.Fatal(err)
		}
	}
	if got := number(); got != "2" {
		t.Fatalf("n: got %s, want 2", got)
	}
	wantError(t, write("one", add), "IdempotentParameterMismatchException", "The request contains a ClientRequestToken that was already used with other parameters")
	err := write("two", add, fresh)
	wantError(t, err, "TransactionCanceledException", "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]") //nolint:misspell // AWS's spelling
	var canceled *types.TransactionCanceledException
	if errors.As(err, &canceled); *canceled.CancellationReasons[1].Message != "The conditional request failed" {
		t.Errorf("reasons: got %v", canceled.CancellationReasons)
	}
	if got := number(); got != "2" {
		t.Errorf("n after a canceled transaction: got %s, want 2", got)
	}
	wantError(t, write("three", add, add), "ValidationException", "Transaction request cannot include multiple operations on one item")
}

// TestExpiry deletes what has expired, once the clock has moved on.
func TestExpiry(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	now := f.clock.Now().Unix()
	for sk, until := range map[string]int64{"past": now - 1, "soon": now + 90, "later": now + 3600, "ancient": now - 6*365*24*3600} {
		f.put("notes", with(key("a", sk), "until", num(strconv.FormatInt(until, 10))))
	}
	f.put("notes", key("a", "none"))
	must[*sdk.UpdateTimeToLiveOutput](t)(f.UpdateTimeToLive(f.ctx, &sdk.UpdateTimeToLiveInput{
		TableName: aws.String("notes"), TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String("until"), Enabled: aws.Bool(true)},
	}))
	for _, want := range []int32{5, 4, 3} {
		out := must[*sdk.ScanOutput](t)(f.Scan(f.ctx, &sdk.ScanInput{TableName: aws.String("notes")}))
		if out.Count != want {
			t.Fatalf("got %d items, want %d: %v", out.Count, want, out.Items)
		}
		f.clock.Advance(time.Minute)
	}
}
