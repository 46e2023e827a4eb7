//go:build unix

package process_test

import (
	"context"
	"errors"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/process"
)

func tables(a *process.Address) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region:       "eu-north-1",
		BaseEndpoint: &a.URL,
		Credentials:  credentials.NewStaticCredentialsProvider(a.AccessKey, a.SecretKey, ""),
		Retryer:      aws.NopRetryer{},
	})
}

func createTable(t *testing.T, a *process.Address, name string) {
	t.Helper()
	_, err := tables(a).CreateTable(context.Background(), &dynamodb.CreateTableInput{
		TableName:            &name,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
		BillingMode:          types.BillingModePayPerRequest,
	})
	if err != nil {
		t.Fatal(err)
	}
}

// exists returns the error with which the table is described, if any.
func exists(a *process.Address, name string) error {
	_, err := tables(a).DescribeTable(context.Background(), &dynamodb.DescribeTableInput{TableName: &name})
	return err
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func TestWrongCredentials(t *testing.T) {
	t.Parallel()
	a := join(t, folder(t), self())
	for _, c := range []struct {
		name, id, secret, want string
	}{
		{"right", a.AccessKey, a.SecretKey, "ResourceNotFoundException"},
		{"wrong secret", a.AccessKey, "x" + a.SecretKey[1:], "InvalidSignatureException"},
		{"wrong key", "AKIAAAAAAAAAAAAAAAAA", a.SecretKey, "UnrecognizedClientException"},
		{"fixed test key", "test", "test", "UnrecognizedClientException"},
	} {
		b := *a
		b.AccessKey, b.SecretKey = c.id, c.secret
		if got := code(exists(&b, "none")); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestAnyCredentials(t *testing.T) {
	t.Parallel()
	a, _, _ := run(t, process.Config{Addr: "127.0.0.1:0", AnyCredentials: true})
	b := *a
	b.AccessKey, b.SecretKey = "test", "test"
	if got, want := code(exists(&b, "none")), "ResourceNotFoundException"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What was acknowledged is there after kill -9, and gone after a reset.
func TestAcknowledgedSurvives(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	a := join(t, dir, self())
	createTable(t, a, "kept")
	if err := syscall.Kill(a.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	gone(t, a.PID)
	a = join(t, dir, self())
	if err := exists(a, "kept"); err != nil {
		t.Errorf("after kill -9: %v", err)
	}
	if s, err := a.Status(context.Background()); err != nil || s.Deployed == 0 {
		t.Errorf("got %+v (%v), want something deployed", s, err)
	}
	if err := a.Reset(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got, want := code(exists(a, "kept")), "ResourceNotFoundException"; got != want {
		t.Errorf("after a reset: got %q, want %q", got, want)
	}
	if s, err := a.Status(context.Background()); err != nil || s.Deployed != 0 {
		t.Errorf("got %+v (%v), want nothing deployed", s, err)
	}
}
