package process

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

// An emulator that holds something waits for ever; one that does not ends when
// nobody has called it for long enough.
func TestIdleStopOnlyWhenEmpty(t *testing.T) {
	t.Parallel()
	now := clock.NewFake(time.Now())
	e, err := emulator.New(emulator.Config{Clock: now, AnyCredentials: true})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	p := &owner{emulator: e, idleStop: time.Hour}
	const idle = "it was idle and holds nothing"
	check := func(when, want string) {
		t.Helper()
		if got := p.reason(); got != want {
			t.Errorf("%s: got %q, want %q", when, got, want)
		}
	}
	check("at first", "")
	now.Advance(time.Hour - 1)
	check("just before an hour", "")
	now.Advance(1)
	check("after an hour", idle)

	id, secret := e.Credentials()
	tables := dynamodb.New(dynamodb.Options{
		Region: "eu-north-1", HTTPClient: e, BaseEndpoint: aws.String("http://127.0.0.1"), Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider(id, secret, ""),
	})
	_, err = tables.CreateTable(context.Background(), &dynamodb.CreateTableInput{
		TableName:            aws.String("x12"),
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
		BillingMode:          types.BillingModePayPerRequest,
	})
	if err != nil {
		t.Fatal(err)
	}
	check("after a call", "")
	now.Advance(24 * time.Hour)
	check("with a table, after a day", "")
	if err := e.Reset(context.Background()); err != nil {
		t.Fatal(err)
	}
	check("after a reset", idle)
	p.idleStop = 0
	check("without an idle stop", "")
}
