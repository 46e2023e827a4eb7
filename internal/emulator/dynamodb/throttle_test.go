package dynamodb_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// provisioned makes the table "notes" with two units of each capacity.
func (f *fixture) provisioned() {
	f.t.Helper()
	f.notes()
	must[*sdk.UpdateTableOutput](f.t)(f.UpdateTable(f.ctx, &sdk.UpdateTableInput{
		TableName: aws.String("notes"), BillingMode: types.BillingModeProvisioned,
		ProvisionedThroughput: &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(2), WriteCapacityUnits: aws.Int64(2)},
	}))
}

// writes puts items until one is refused, and returns how many were not.
func (f *fixture) writes() int {
	f.t.Helper()
	for n := 0; ; n++ {
		_, err := f.PutItem(f.ctx, &sdk.PutItemInput{TableName: aws.String("notes"), Item: key("a", "1")})
		if err != nil {
			wantError(f.t, err, "ProvisionedThroughputExceededException", "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.")
			return n
		}
		if n == 10_000 {
			f.t.Fatal("nothing is refused")
		}
	}
}

func TestThrottle(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.Throttle = true
	f.provisioned()
	for _, tt := range []struct {
		rest time.Duration
		want int
	}{
		{0, 2},
		{0, 0},
		{time.Second, 2},
		{10 * time.Second, 20},
		{time.Hour, 600}, // five minutes of it are kept
	} {
		f.clock.Advance(tt.rest)
		if got := f.writes(); got != tt.want {
			t.Errorf("after %s: got %d writes, want %d", tt.rest, got, tt.want)
		}
	}

	// Reads have their own. A batch does what it can, and says what it could not.
	get := &sdk.GetItemInput{TableName: aws.String("notes"), Key: key("a", "1"), ConsistentRead: aws.Bool(true)}
	f.clock.Advance(time.Second)
	must[*sdk.GetItemOutput](t)(f.GetItem(f.ctx, get))
	var requests []types.WriteRequest
	for _, sk := range []string{"1", "2", "3", "4"} {
		requests = append(requests, types.WriteRequest{PutRequest: &types.PutRequest{Item: key("b", sk)}})
	}
	out := must[*sdk.BatchWriteItemOutput](t)(f.BatchWriteItem(f.ctx, &sdk.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{"notes": requests}}))
	if got := len(out.UnprocessedItems["notes"]); got != 2 {
		t.Errorf("got %d unprocessed writes, want 2", got)
	}
	_, err := f.TransactWriteItems(f.ctx, &sdk.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{{Put: &types.Put{TableName: aws.String("notes"), Item: key("c", "1")}}}})
	wantError(t, err, "TransactionCanceledException", "Transaction cancelled, please refer cancellation reasons for specific reasons [ProvisionedThroughputExceeded]") //nolint:misspell // AWS's spelling
	if got := must[*sdk.ScanOutput](t)(f.Scan(f.ctx, &sdk.ScanInput{TableName: aws.String("notes")})).Count; got != 3 {
		t.Errorf("got %d items, want those that were let through", got)
	}
}

// Without the option nothing is refused.
func TestNoThrottle(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.provisioned()
	for range 1000 {
		f.put("notes", key("a", "1"))
	}
}

// An index that is short of capacity refuses the writes of the table.
func TestThrottleIndex(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.Throttle = true
	capacity := func(n int64) *types.ProvisionedThroughput {
		return &types.ProvisionedThroughput{ReadCapacityUnits: &n, WriteCapacityUnits: &n}
	}
	must[*sdk.CreateTableOutput](t)(f.CreateTable(f.ctx, &sdk.CreateTableInput{
		TableName: aws.String("notes"), ProvisionedThroughput: capacity(100),
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("pk"), AttributeType: "S"}, {AttributeName: aws.String("g"), AttributeType: "S"}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: "HASH"}},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName: aws.String("byG"), KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("g"), KeyType: "HASH"}},
			Projection: &types.Projection{ProjectionType: "KEYS_ONLY"}, ProvisionedThroughput: capacity(1),
		}},
	}))
	f.put("notes", item{"pk": str("1"), "g": str("x")})
	_, err := f.PutItem(f.ctx, &sdk.PutItemInput{TableName: aws.String("notes"), Item: item{"pk": str("2"), "g": str("x")}})
	wantError(t, err, "ProvisionedThroughputExceededException", "The level of configured provisioned throughput for one or more global secondary indexes of the table was exceeded. Consider increasing your provisioning level for the under-provisioned global secondary indexes with the UpdateTable API")
	f.put("notes", item{"pk": str("3")}) // which the index does not list
	if got := f.count(f.ctx, "notes"); got != 2 {
		t.Errorf("got %d items, want 2: what is refused is not written", got)
	}
}
