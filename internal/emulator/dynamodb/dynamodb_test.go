package dynamodb_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// A fixture is one service, its time, and the context of its requests.
type fixture struct {
	*dynamodb.Service
	t     testing.TB
	ctx   context.Context
	clock *clock.Fake
	env   *env.Env
}

// start returns a service over the file at path, or in memory when it is empty.
func start(t testing.TB, path string) *fixture {
	t.Helper()
	st, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	f := &fixture{t: t, clock: clock.NewFake(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))}
	f.env = &env.Env{Clock: f.clock, Store: st, Log: slog.New(slog.DiscardHandler)}
	f.ctx = env.WithScope(t.Context(), env.Scope{Account: "000000000000", Region: "eu-north-1"})
	if f.Service, err = dynamodb.New(f.env); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// must returns a call's output and ends the test on its error.
func must[Out any](t testing.TB) func(Out, error) Out {
	return func(out Out, err error) Out {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// wantError checks an error's code and text.
func wantError(t testing.TB, err error, code, message string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) {
		t.Fatalf("got %v, want %s: %s", err, code, message)
	}
	if api.ErrorCode() != code || api.ErrorMessage() != message {
		t.Fatalf("got  %s: %s\nwant %s: %s", api.ErrorCode(), api.ErrorMessage(), code, message)
	}
}

type item = map[string]types.AttributeValue

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
func num(n string) types.AttributeValue { return &types.AttributeValueMemberN{Value: n} }

// notes makes the table "notes" with the key pk and sk, both strings.
func (f *fixture) notes() {
	f.t.Helper()
	must[*sdk.CreateTableOutput](f.t)(f.CreateTable(f.ctx, &sdk.CreateTableInput{
		TableName:   aws.String("notes"),
		BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("pk"), AttributeType: "S"}, {AttributeName: aws.String("sk"), AttributeType: "S"},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("pk"), KeyType: "HASH"}, {AttributeName: aws.String("sk"), KeyType: "RANGE"},
		},
	}))
}

func TestPutGet(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	f.notes()
	must[*sdk.PutItemOutput](t)(f.PutItem(f.ctx, &sdk.PutItemInput{
		TableName: aws.String("notes"), Item: item{"pk": str("a"), "sk": str("1"), "n": num("1.50")},
	}))
	out := must[*sdk.GetItemOutput](t)(f.GetItem(f.ctx, &sdk.GetItemInput{
		TableName: aws.String("notes"), Key: item{"pk": str("a"), "sk": str("1")},
	}))
	if got, ok := out.Item["n"].(*types.AttributeValueMemberN); !ok || got.Value != "1.5" {
		t.Fatalf("n: got %v, want 1.5", out.Item["n"])
	}
}

// put puts an item.
func (f *fixture) put(table string, attributes item) {
	f.t.Helper()
	must[*sdk.PutItemOutput](f.t)(f.PutItem(f.ctx, &sdk.PutItemInput{TableName: &table, Item: attributes}))
}
