package dynamodb_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire/wiretest"
)

func TestStreamsWire(t *testing.T) {
	t.Parallel()
	svc := start(t, "").Streams().Wire()
	wiretest.Fixtures(t, svc)
	wiretest.Inert(t, svc)
}

// stream makes the table "notes" with a stream and returns the stream's ARN.
func (f *fixture) stream(view types.StreamViewType) string {
	f.t.Helper()
	f.notes()
	return f.restream(&types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: view})
}

func (f *fixture) restream(spec *types.StreamSpecification) string {
	f.t.Helper()
	out := must[*sdk.UpdateTableOutput](f.t)(f.UpdateTable(f.ctx, &sdk.UpdateTableInput{TableName: aws.String("notes"), StreamSpecification: spec}))
	return aws.ToString(out.TableDescription.LatestStreamArn)
}

// iterator returns an iterator of the stream's shard.
func (f *fixture) iterator(arn string, kind streamtypes.ShardIteratorType, change ...func(*dynamodbstreams.GetShardIteratorInput)) (*string, error) {
	f.t.Helper()
	d := must[*dynamodbstreams.DescribeStreamOutput](f.t)(f.Streams().DescribeStream(f.ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: &arn}))
	in := &dynamodbstreams.GetShardIteratorInput{StreamArn: &arn, ShardId: d.StreamDescription.Shards[0].ShardId, ShardIteratorType: kind}
	for _, c := range change {
		c(in)
	}
	out, err := f.Streams().GetShardIterator(f.ctx, in)
	if err != nil {
		return nil, err
	}
	return out.ShardIterator, nil
}

// records returns what an iterator reads, and the next iterator.
func (f *fixture) records(iterator *string) ([]streamtypes.Record, *string) {
	f.t.Helper()
	out := must[*dynamodbstreams.GetRecordsOutput](f.t)(f.Streams().GetRecords(f.ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: iterator}))
	return out.Records, out.NextShardIterator
}

// changes are records in short: the event, the sort key, and v in the old and the
// new image.
func changes(records []streamtypes.Record) string {
	text := func(m map[string]streamtypes.AttributeValue, name string) string {
		if m == nil {
			return "-"
		}
		if s, ok := m[name].(*streamtypes.AttributeValueMemberS); ok {
			return s.Value
		}
		return "?"
	}
	var all []string
	for _, r := range records {
		all = append(all, fmt.Sprintf("%s(%s %s>%s)", r.EventName, text(r.Dynamodb.Keys, "sk"), text(r.Dynamodb.OldImage, "v"), text(r.Dynamodb.NewImage, "v")))
	}
	return strings.Join(all, " ")
}

func TestStreamViews(t *testing.T) {
	t.Parallel()
	for view, want := range map[types.StreamViewType]string{
		types.StreamViewTypeKeysOnly:        "INSERT(1 ->-) MODIFY(1 ->-) REMOVE(1 ->-)",
		types.StreamViewTypeNewImage:        "INSERT(1 ->a) MODIFY(1 ->b) REMOVE(1 ->-)",
		types.StreamViewTypeOldImage:        "INSERT(1 ->-) MODIFY(1 a>-) REMOVE(1 b>-)",
		types.StreamViewTypeNewAndOldImages: "INSERT(1 ->a) MODIFY(1 a>b) REMOVE(1 b>-)",
	} {
		f := start(t, "")
		arn := f.stream(view)
		for _, v := range []string{"a", "a", "b"} { // the second changes nothing
			f.put("notes", with(key("k", "1"), "v", str(v)))
		}
		for range 2 {
			must[*sdk.DeleteItemOutput](t)(f.DeleteItem(f.ctx, &sdk.DeleteItemInput{TableName: aws.String("notes"), Key: key("k", "1")}))
		}
		it, err := f.iterator(arn, "TRIM_HORIZON")
		if err != nil {
			t.Fatal(err)
		}
		got, next := f.records(it)
		if changes(got) != want || next == nil {
			t.Errorf("%s: got %s, want %s", view, changes(got), want)
		}
		for i, r := range got {
			if i > 0 && *got[i-1].Dynamodb.SequenceNumber >= *r.Dynamodb.SequenceNumber {
				t.Errorf("%s: numbers do not grow", view)
			}
			if r.UserIdentity != nil || *r.AwsRegion != "eu-north-1" || string(r.Dynamodb.StreamViewType) != string(view) {
				t.Errorf("%s: got %+v", view, r)
			}
		}
	}
}

// TestStreamTransaction has the records of a transaction, and none of one that is
// refused.
func TestStreamTransaction(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	arn := f.stream(types.StreamViewTypeNewImage)
	put := func(sk, condition string) types.TransactWriteItem {
		p := &types.Put{TableName: aws.String("notes"), Item: with(key("k", sk), "v", str(sk))}
		if condition != "" {
			p.ConditionExpression = &condition
		}
		return types.TransactWriteItem{Put: p}
	}
	_, err := f.TransactWriteItems(f.ctx, &sdk.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{put("1", ""), put("2", "attribute_exists(pk)")}})
	if err == nil {
		t.Fatal("the transaction is carried out")
	}
	must[*sdk.TransactWriteItemsOutput](t)(f.TransactWriteItems(f.ctx, &sdk.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{put("3", ""), put("4", "")}}))
	it, _ := f.iterator(arn, "TRIM_HORIZON")
	if got, _ := f.records(it); changes(got) != "INSERT(3 ->3) INSERT(4 ->4)" {
		t.Errorf("got %s", changes(got))
	}
}

func TestIterators(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	arn := f.stream(types.StreamViewTypeNewImage)
	f.put("notes", with(key("k", "1"), "v", str("1")))
	f.clock.Advance(time.Minute)
	f.put("notes", with(key("k", "2"), "v", str("2")))
	all, _ := f.iterator(arn, "TRIM_HORIZON")
	records, _ := f.records(all)
	second := records[1].Dynamodb.SequenceNumber
	at := func(in *dynamodbstreams.GetShardIteratorInput) { in.SequenceNumber = second }
	when := func(in *dynamodbstreams.GetShardIteratorInput) { in.Timestamp = aws.Time(f.clock.Now()) }
	for _, row := range []struct {
		kind   streamtypes.ShardIteratorType
		change func(*dynamodbstreams.GetShardIteratorInput)
		want   string
	}{
		{"TRIM_HORIZON", nil, "INSERT(1 ->1) INSERT(2 ->2) INSERT(3 ->3)"},
		{"LATEST", nil, "INSERT(3 ->3)"},
		{"AT_SEQUENCE_NUMBER", at, "INSERT(2 ->2) INSERT(3 ->3)"},
		{"AFTER_SEQUENCE_NUMBER", at, "INSERT(3 ->3)"},
		{"AT_TIMESTAMP", when, "INSERT(2 ->2) INSERT(3 ->3)"},
	} {
		must[*sdk.DeleteItemOutput](t)(f.DeleteItem(f.ctx, &sdk.DeleteItemInput{TableName: aws.String("notes"), Key: key("k", "3")}))
		var change []func(*dynamodbstreams.GetShardIteratorInput)
		if row.change != nil {
			change = append(change, row.change)
		}
		it, err := f.iterator(arn, row.kind, change...)
		if err != nil {
			t.Fatal(err)
		}
		f.put("notes", with(key("k", "3"), "v", str("3")))
		got, next := f.records(it)
		if changes(got) == "" || !strings.HasPrefix(changes(got), row.want) {
			t.Errorf("%s: got %s, want %s", row.kind, changes(got), row.want)
		}
		if more, _ := f.records(next); len(more) != 0 {
			t.Errorf("%s: the next iterator reads %s", row.kind, changes(more))
		}
	}
	out := must[*dynamodbstreams.GetRecordsOutput](t)(f.Streams().GetRecords(f.ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: all, Limit: aws.Int32(1)}))
	if changes(out.Records) != "INSERT(1 ->1)" {
		t.Errorf("one record: got %s", changes(out.Records))
	}
	f.clock.Advance(15 * time.Minute)
	_, err := f.Streams().GetRecords(f.ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: all})
	wantError(t, err, "ExpiredIteratorException", "The shard iterator has expired. Shard iterators are valid for 15 minutes")
	_, err = f.Streams().GetRecords(f.ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: aws.String("x")})
	wantError(t, err, "ValidationException", "Invalid ShardIterator")
	_, err = f.iterator(arn, "LATEST", at)
	wantError(t, err, "ValidationException", "SequenceNumber must be given with AT_SEQUENCE_NUMBER and AFTER_SEQUENCE_NUMBER, and not with LATEST")
	_, err = f.iterator(arn, "LATEST", func(in *dynamodbstreams.GetShardIteratorInput) { in.ShardId = aws.String("shardId-0") })
	wantError(t, err, "ResourceNotFoundException", "Requested resource not found: Shard: shardId-0 in Stream: "+arn+" not found")
}

// TestTrim reads a stream whose records grow too old, before and after they are
// deleted.
func TestTrim(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	arn := f.stream(types.StreamViewTypeNewImage)
	f.put("notes", with(key("k", "1"), "v", str("1")))
	it, _ := f.iterator(arn, "TRIM_HORIZON")
	records, _ := f.records(it)
	first := func(in *dynamodbstreams.GetShardIteratorInput) {
		in.SequenceNumber = records[0].Dynamodb.SequenceNumber
	}
	const message = "The operation attempted to read past the oldest stream record in a shard."
	f.clock.Advance(24*time.Hour - time.Minute)
	old, err := f.iterator(arn, "AT_SEQUENCE_NUMBER", first)
	if err != nil {
		t.Fatal(err)
	}
	f.clock.Advance(time.Minute)
	for _, want := range []string{"", "INSERT(2 ->2)"} {
		it, _ := f.iterator(arn, "TRIM_HORIZON")
		if got, _ := f.records(it); changes(got) != want {
			t.Errorf("got %s, want %s", changes(got), want)
		}
		_, err := f.iterator(arn, "AT_SEQUENCE_NUMBER", first)
		wantError(t, err, "TrimmedDataAccessException", message)
		_, err = f.Streams().GetRecords(f.ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: old})
		wantError(t, err, "TrimmedDataAccessException", message)
		f.put("notes", with(key("k", "2"), "v", str("2"))) // deletes the first record
	}
}

// TestStreamLife closes a stream, opens another, and deletes the table.
func TestStreamLife(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	arn := f.stream(types.StreamViewTypeNewImage)
	f.put("notes", with(key("k", "1"), "v", str("1")))
	f.clock.Advance(time.Second)
	f.restream(&types.StreamSpecification{StreamEnabled: aws.Bool(false)})
	f.put("notes", with(key("k", "2"), "v", str("2")))
	it, _ := f.iterator(arn, "TRIM_HORIZON")
	got, next := f.records(it)
	if changes(got) != "INSERT(1 ->1)" || next != nil {
		t.Errorf("a closed stream: got %s, next %v", changes(got), next)
	}
	d := must[*dynamodbstreams.DescribeStreamOutput](t)(f.Streams().DescribeStream(f.ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: &arn})).StreamDescription
	if d.StreamStatus != "DISABLED" || d.Shards[0].SequenceNumberRange.EndingSequenceNumber == nil {
		t.Errorf("a closed stream: got %+v", d)
	}
	second := f.restream(&types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: "KEYS_ONLY"})
	f.put("notes", key("k", "3"))
	must[*sdk.DeleteTableOutput](t)(f.DeleteTable(f.ctx, &sdk.DeleteTableInput{TableName: aws.String("notes")}))
	list := func(in *dynamodbstreams.ListStreamsInput) string {
		out := must[*dynamodbstreams.ListStreamsOutput](t)(f.Streams().ListStreams(f.ctx, in))
		var arns []string
		for _, s := range out.Streams {
			arns = append(arns, *s.StreamArn)
		}
		return strings.Join(arns, " ")
	}
	for i, row := range []struct {
		want string
		in   dynamodbstreams.ListStreamsInput
	}{
		{arn + " " + second, dynamodbstreams.ListStreamsInput{}},
		{arn + " " + second, dynamodbstreams.ListStreamsInput{TableName: aws.String("notes")}},
		{"", dynamodbstreams.ListStreamsInput{TableName: aws.String("note")}},
		{arn, dynamodbstreams.ListStreamsInput{Limit: aws.Int32(1)}},
		{second, dynamodbstreams.ListStreamsInput{ExclusiveStartStreamArn: &arn}},
	} {
		if got := list(&row.in); got != row.want {
			t.Errorf("%d: got %s, want %s", i, got, row.want)
		}
	}
	f.clock.Advance(24 * time.Hour)
	if got := list(&dynamodbstreams.ListStreamsInput{}); got != "" {
		t.Errorf("a day later: got %s", got)
	}
	_, err := f.Streams().DescribeStream(f.ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: &arn})
	wantError(t, err, "ResourceNotFoundException", "Requested resource not found: Stream: "+arn+" not found")
	f.stream(types.StreamViewTypeKeysOnly)
	if streams, records := f.Traces(); streams != 1 || records != 0 { // those of the new table
		t.Errorf("%d streams and %d records are kept, want 1 and none", streams, records)
	}
	if got, want := f.env.Store.Len(), 1; got != want { // the table: streams do not count
		t.Errorf("the store holds %d values, want %d", got, want)
	}
}

// TestExpiredRecord names the service as the one who deletes expired items.
func TestExpiredRecord(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	arn := f.stream(types.StreamViewTypeOldImage)
	must[*sdk.UpdateTimeToLiveOutput](t)(f.UpdateTimeToLive(f.ctx, &sdk.UpdateTimeToLiveInput{TableName: aws.String("notes"),
		TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String("until"), Enabled: aws.Bool(true)}}))
	f.put("notes", with(with(key("k", "1"), "v", str("1")), "until", num(fmt.Sprint(f.clock.Now().Unix()+30))))
	f.clock.Advance(time.Minute)
	it, _ := f.iterator(arn, "TRIM_HORIZON")
	got, _ := f.records(it)
	if changes(got) != "INSERT(1 ->-) REMOVE(1 1>-)" {
		t.Fatalf("got %s", changes(got))
	}
	who := got[1].UserIdentity
	if got[0].UserIdentity != nil || who == nil || *who.PrincipalId != "dynamodb.amazonaws.com" || *who.Type != "Service" {
		t.Errorf("got %+v", who)
	}
}

// TestFeed has a reader wait for records without looking for them, through the end
// of the stream.
func TestFeed(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	arn := f.stream(types.StreamViewTypeNewImage)
	f.put("notes", with(key("k", "0"), "v", str("0")))
	feed, err := f.Streams().Subscribe(arn, "")
	if err != nil {
		t.Fatal(err)
	}
	defer feed.Close()
	seen := make(chan string)
	go func() {
		defer close(seen)
		for {
			records, err := feed.Next(f.ctx, 1)
			if err != nil {
				seen <- err.Error()
				return
			}
			seen <- changes(records)
		}
	}()
	want := func(want string) {
		t.Helper()
		if got := <-seen; got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	}
	want("INSERT(0 ->0)")
	f.put("notes", with(key("k", "1"), "v", str("1")))
	want("INSERT(1 ->1)")
	f.put("notes", with(key("k", "2"), "v", str("2")))
	f.put("notes", with(key("k", "3"), "v", str("3")))
	want("INSERT(2 ->2)")
	want("INSERT(3 ->3)")
	f.restream(&types.StreamSpecification{StreamEnabled: aws.Bool(false)})
	want(io.EOF.Error())

	it, _ := f.iterator(arn, "TRIM_HORIZON")
	records, _ := f.records(it)
	again, err := f.Streams().Subscribe(arn, *records[2].Dynamodb.SequenceNumber)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if got, err := again.Next(f.ctx, 10); err != nil || changes(got) != "INSERT(3 ->3)" {
		t.Errorf("from a number on: got %s %v", changes(got), err)
	}
	if _, err := f.Streams().Subscribe(strings.Replace(arn, "notes", "none", 1), ""); err == nil {
		t.Error("an unknown stream has a feed")
	}
	if _, err := f.Streams().Subscribe(arn, "x"); err == nil {
		t.Error("an unknown number has a feed")
	}
}

// TestFeedCanceled has a reader give up.
func TestFeedCanceled(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	feed, err := f.Streams().Subscribe(f.stream(types.StreamViewTypeNewImage), "")
	if err != nil {
		t.Fatal(err)
	}
	defer feed.Close()
	ctx, cancel := context.WithCancel(f.ctx)
	cancel()
	if _, err := feed.Next(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestStreamRestart reads records from the file, and numbers go on behind them.
func TestStreamRestart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "store.db")
	f := start(t, file)
	arn := f.stream(types.StreamViewTypeNewImage)
	f.put("notes", with(key("k", "1"), "v", str("1")))
	if err := errors.Join(f.Close(), f.env.Store.Close()); err != nil {
		t.Fatal(err)
	}
	f = start(t, file)
	f.put("notes", with(key("k", "2"), "v", str("2")))
	it, _ := f.iterator(arn, "TRIM_HORIZON")
	if got, _ := f.records(it); changes(got) != "INSERT(1 ->1) INSERT(2 ->2)" {
		t.Errorf("got %s", changes(got))
	}
}
