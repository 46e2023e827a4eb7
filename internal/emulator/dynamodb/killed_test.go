package dynamodb_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

const killed = "DYNAMODB_TEST_WRITES"

// writeForever puts items from many goroutines at once, each of which says on
// standard output what has been acknowledged.
func writeForever(t *testing.T, path string) {
	f := start(t, path)
	f.notes()
	must[*sdk.UpdateTableOutput](t)(f.UpdateTable(f.ctx, &sdk.UpdateTableInput{
		TableName: aws.String("notes"), StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeKeysOnly},
	}))
	must[*sdk.UpdateTableOutput](t)(f.UpdateTable(f.ctx, &sdk.UpdateTableInput{
		TableName: aws.String("notes"), AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("sk"), AttributeType: "S"}},
		GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{Create: &types.CreateGlobalSecondaryIndexAction{
			IndexName: aws.String("bySk"), KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("sk"), KeyType: "HASH"}}, Projection: &types.Projection{ProjectionType: "ALL"},
		}}},
	}))
	var all sync.WaitGroup
	var says sync.Mutex
	for w := range 8 {
		all.Go(func() {
			for i := 0; ; i++ {
				f.put("notes", key(fmt.Sprint(w), fmt.Sprint(i)))
				says.Lock()
				fmt.Printf("done %d/%d\n", w, i)
				says.Unlock()
			}
		})
	}
	all.Wait()
}

// TestKilled kills a process that writes without pause: what it acknowledged is
// there, and each item with its index entry and its stream record.
func TestKilled(t *testing.T) {
	t.Parallel()
	if path := os.Getenv(killed); path != "" {
		writeForever(t, path)
	}
	path := filepath.Join(t.TempDir(), "state.db")
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilled$")
	child.Env = append(os.Environ(), killed+"="+path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged := map[string]bool{}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if at, ok := strings.CutPrefix(lines.Text(), "done "); ok {
			acknowledged[at] = true
		}
		if len(acknowledged) == 300 { // what it says before it dies counts, too
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = child.Wait()
	if len(acknowledged) < 300 {
		t.Fatalf("the child wrote only %d items", len(acknowledged))
	}

	f := start(t, path)
	items := must[*sdk.ScanOutput](t)(f.Scan(f.ctx, &sdk.ScanInput{TableName: aws.String("notes")})).Items
	for _, i := range items {
		delete(acknowledged, i["pk"].(*types.AttributeValueMemberS).Value+"/"+i["sk"].(*types.AttributeValueMemberS).Value)
	}
	if len(acknowledged) > 0 {
		t.Errorf("lost: %v", acknowledged)
	}
	entries := must[*sdk.ScanOutput](t)(f.Scan(f.ctx, &sdk.ScanInput{TableName: aws.String("notes"), IndexName: aws.String("bySk")})).Count
	d := must[*sdk.DescribeTableOutput](t)(f.DescribeTable(f.ctx, &sdk.DescribeTableInput{TableName: aws.String("notes")})).Table
	if records := f.streamed(*d.LatestStreamArn); int(entries) != len(items) || records != len(items) {
		t.Errorf("got %d items, %d index entries and %d stream records", len(items), entries, records)
	}
}

// streamed counts what a stream's only shard has.
func (f *fixture) streamed(arn string) (n int) {
	f.t.Helper()
	x := f.Streams()
	d := must[*dynamodbstreams.DescribeStreamOutput](f.t)(x.DescribeStream(f.ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: &arn})).StreamDescription
	at := must[*dynamodbstreams.GetShardIteratorOutput](f.t)(x.GetShardIterator(f.ctx, &dynamodbstreams.GetShardIteratorInput{
		StreamArn: &arn, ShardId: d.Shards[0].ShardId, ShardIteratorType: streamtypes.ShardIteratorTypeTrimHorizon,
	})).ShardIterator
	for {
		out := must[*dynamodbstreams.GetRecordsOutput](f.t)(x.GetRecords(f.ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: at}))
		if len(out.Records) == 0 {
			return n
		}
		n, at = n+len(out.Records), out.NextShardIterator
	}
}
