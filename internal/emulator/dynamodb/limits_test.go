package dynamodb_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// TestTransactionSize writes and reads 4 MB in one transaction, and no more.
func TestTransactionSize(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	const message = "The aggregate size of the items in the transaction cannot exceed 4 MB"
	write := func(n int) error {
		var steps []types.TransactWriteItem
		for i := range n {
			steps = append(steps, types.TransactWriteItem{Put: &types.Put{
				TableName: aws.String("notes"), Item: with(key("a", fmt.Sprint(i)), "v", str(strings.Repeat("x", 380<<10)))}})
		}
		_, err := f.TransactWriteItems(f.ctx, &sdk.TransactWriteItemsInput{TransactItems: steps})
		return err
	}
	wantError(t, write(11), "ValidationException", message)
	if err := write(10); err != nil {
		t.Fatal(err)
	}
	f.put("notes", with(key("a", "10"), "v", str(strings.Repeat("x", 380<<10))))
	var gets []types.TransactGetItem
	for i := range 11 {
		gets = append(gets, types.TransactGetItem{Get: &types.Get{TableName: aws.String("notes"), Key: key("a", fmt.Sprint(i))}})
	}
	if _, err := f.TransactGetItems(f.ctx, &sdk.TransactGetItemsInput{TransactItems: gets[:10]}); err != nil {
		t.Fatal(err)
	}
	_, err := f.TransactGetItems(f.ctx, &sdk.TransactGetItemsInput{TransactItems: gets})
	wantError(t, err, "ValidationException", message)
}

// TestLimits sends what the bounds of AWS's model forbid, by HTTP.
func TestLimits(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	h, err := wire.New(wire.Config{Services: []wire.Service{f.Wire()}, AnyCredentials: true, Clock: f.clock})
	if err != nil {
		t.Fatal(err)
	}
	get := map[string]any{"Get": map[string]any{"TableName": "notes", "Key": map[string]any{}}}
	for _, row := range []struct {
		op, want string
		in       map[string]any
	}{
		{"TransactGetItems", "Member must have length less than or equal to 100", map[string]any{"TransactItems": repeat(get, 101)}},
		{"TransactGetItems", "Member must have length greater than or equal to 1", map[string]any{"TransactItems": []any{}}},
		{"CreateTable", "Value '0' at 'provisionedThroughput.readCapacityUnits' failed to satisfy constraint: Member must have value greater than or equal to 1", table(map[string]any{"ReadCapacityUnits": 0, "WriteCapacityUnits": 1})},
		{"CreateTable", "Value null at 'provisionedThroughput.writeCapacityUnits' failed to satisfy constraint: Member must not be null", table(map[string]any{"ReadCapacityUnits": 1})},
		{"CreateTable", "Given value 1000000000001 for WriteCapacityUnits is out of bounds", table(map[string]any{"ReadCapacityUnits": 1, "WriteCapacityUnits": 1000000000001})},
	} {
		status, out := send(t, h, row.op, row.in)
		if got := fmt.Sprint(out); status != http.StatusBadRequest || !strings.Contains(got, row.want) {
			t.Errorf("%s: got %d %.300s, want %s", row.op, status, got, row.want)
		}
	}
}

func repeat(v any, n int) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = v
	}
	return list
}

// table is a CreateTable request with that throughput.
func table(throughput map[string]any) map[string]any {
	return map[string]any{
		"TableName": "t1", "ProvisionedThroughput": throughput,
		"AttributeDefinitions": []any{map[string]any{"AttributeName": "a", "AttributeType": "S"}},
		"KeySchema":            []any{map[string]any{"AttributeName": "a", "KeyType": "HASH"}},
	}
}

// TestExpiryRest changes the time to live once an hour.
func TestExpiryRest(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.ExpiryRest = time.Hour
	f.notes()
	change := func(enabled bool) error {
		_, err := f.UpdateTimeToLive(f.ctx, &sdk.UpdateTimeToLiveInput{TableName: aws.String("notes"),
			TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String("until"), Enabled: &enabled}})
		return err
	}
	if err := change(true); err != nil {
		t.Fatal(err)
	}
	wantError(t, change(true), "ValidationException", "TimeToLive is already enabled")
	wantError(t, change(false), "ValidationException", "Time to live has been modified multiple times within a fixed interval")
	f.clock.Advance(time.Hour)
	if err := change(false); err != nil {
		t.Fatal(err)
	}
}

// TestNullFalse refuses a NULL that is false, at any depth.
func TestNullFalse(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	null := &types.AttributeValueMemberNULL{}
	for _, v := range []types.AttributeValue{null, &types.AttributeValueMemberL{Value: []types.AttributeValue{null}}} {
		_, err := f.PutItem(f.ctx, &sdk.PutItemInput{TableName: aws.String("notes"), Item: with(key("a", "1"), "v", v)})
		wantError(t, err, "ValidationException", "1 validation error detected: One or more parameter values were invalid: Null attribute value types must have the value of true")
	}
}
