package dynamodb_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// filled is a service with the table "notes", which holds a hundred partitions of a
// hundred items of 1 KB.
func filled(b *testing.B) *fixture {
	f := start(b, "")
	f.notes()
	for i := range 10_000 {
		f.put("notes", with(key(fmt.Sprint(i/100), fmt.Sprintf("%02d", i%100)), "v", str(strings.Repeat("x", 1000))))
	}
	b.ReportAllocs()
	b.ResetTimer()
	return f
}

func BenchmarkPutItem(b *testing.B) {
	f := filled(b)
	in := &sdk.PutItemInput{TableName: aws.String("notes"), Item: with(key("1", "01"), "v", str(strings.Repeat("y", 1000)))}
	for b.Loop() {
		must[*sdk.PutItemOutput](b)(f.PutItem(f.ctx, in))
	}
}

func BenchmarkPutItemDurable(b *testing.B) {
	f := start(b, filepath.Join(b.TempDir(), "state.db"))
	f.notes()
	in := &sdk.PutItemInput{TableName: aws.String("notes"), Item: with(key("1", "01"), "v", str(strings.Repeat("y", 1000)))}
	for b.Loop() {
		must[*sdk.PutItemOutput](b)(f.PutItem(f.ctx, in))
	}
}

func BenchmarkGetItem(b *testing.B) {
	f := filled(b)
	in := &sdk.GetItemInput{TableName: aws.String("notes"), Key: key("1", "01")}
	for b.Loop() {
		must[*sdk.GetItemOutput](b)(f.GetItem(f.ctx, in))
	}
}

func BenchmarkQuery100(b *testing.B) {
	f := filled(b)
	in := &sdk.QueryInput{
		TableName: aws.String("notes"), KeyConditionExpression: aws.String("pk = :p AND sk >= :s"),
		ExpressionAttributeValues: item{":p": str("42"), ":s": str("00")},
	}
	for b.Loop() {
		if out := must[*sdk.QueryOutput](b)(f.Query(f.ctx, in)); out.Count != 100 {
			b.Fatalf("got %d items", out.Count)
		}
	}
}
