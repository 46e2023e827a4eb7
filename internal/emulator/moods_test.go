package emulator_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

// moody returns what clients of an emulator with moods need; they try each call once.
func moody(t *testing.T, c emulator.Config) aws.Config {
	t.Helper()
	e, err := emulator.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return config(e)
}

// TestQuotas: what comes faster than AWS allows is refused in each service's words,
// and is let through again in time.
func TestQuotas(t *testing.T) {
	t.Parallel()
	now := clock.NewFake(time.Now())
	c := moody(t, emulator.Config{Quotas: true, Clock: now})
	gateway, functions, groups, machines := apigatewayv2.NewFromConfig(c), lambda.NewFromConfig(c), cloudwatchlogs.NewFromConfig(c), sfn.NewFromConfig(c)
	for _, q := range []struct {
		name   string
		call   func() error
		burst  int
		second int // calls that a second brings back
		code   string
		status int
	}{
		{"apigateway", func() error { _, err := gateway.GetApis(t.Context(), nil); return err }, 40, 10, "TooManyRequestsException", 429},
		{"lambda", func() error { _, err := functions.ListFunctions(t.Context(), nil); return err }, 15, 15, "TooManyRequestsException", 429},
		{"logs", func() error { _, err := groups.DescribeLogGroups(t.Context(), nil); return err }, 10, 10, "ThrottlingException", 400},
		{"states", func() error { _, err := machines.ListStateMachines(t.Context(), nil); return err }, 100, 5, "ThrottlingException", 400},
	} {
		until := func() (n int, err error) {
			for ; n < 1000; n++ {
				if err = q.call(); err != nil {
					return n, err
				}
			}
			return n, nil
		}
		n, err := until()
		var answered smithy.APIError
		var response *awshttp.ResponseError
		if n != q.burst || !errors.As(err, &answered) || answered.ErrorCode() != q.code || !errors.As(err, &response) || response.HTTPStatusCode() != q.status {
			t.Errorf("%s: %d calls, and then %v; want %d, and then %s with status %d", q.name, n, err, q.burst, q.code, q.status)
		}
		now.Advance(time.Second)
		if n, _ := until(); n != q.second {
			t.Errorf("%s: %d calls after a second, want %d", q.name, n, q.second)
		}
	}
}

// TestLag: reads show the past until they have been asked often enough, but not those
// that ask for the present.
func TestLag(t *testing.T) {
	t.Parallel()
	c := moody(t, emulator.Config{Lag: 2})
	tables := dynamodb.NewFromConfig(c)
	count := func() int {
		out, err := tables.ListTables(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return len(out.TableNames)
	}
	if n := count(); n != 0 {
		t.Fatalf("%d tables", n)
	}
	notes := &dynamodb.CreateTableInput{
		TableName: aws.String("notes"), BillingMode: ddb.BillingModePayPerRequest,
		AttributeDefinitions: []ddb.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: ddb.ScalarAttributeTypeS}},
		KeySchema:            []ddb.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: ddb.KeyTypeHash}},
	}
	if _, err := tables.CreateTable(t.Context(), notes); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{0, 0, 1, 1} {
		if n := count(); n != want {
			t.Errorf("read %d after the write shows %d tables, want %d", i, n, want)
		}
	}
	if _, err := tables.CreateTable(t.Context(), notes); err == nil {
		t.Error("two tables of one name")
	}
	if n := count(); n != 1 {
		t.Errorf("after a write that was refused: %d tables", n)
	}
}

// TestMoods: the environment gives moods to an emulator, and nothing but "on" does.
func TestMoods(t *testing.T) {
	for _, row := range []struct {
		value string
		lag   int
		says  string
	}{{"", 0, ""}, {"off", 0, ""}, {"on", 2, ""}, {"yes", 0, `SERVERLESS_MOODS is "yes"`}} {
		t.Setenv("SERVERLESS_MOODS", row.value)
		c, err := emulator.Moods(emulator.Config{})
		if row.says != "" {
			if err == nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("%s: got %v, want an error that says %s", row.value, err, row.says)
			}
			continue
		}
		if err != nil || c.Lag != row.lag || c.Quotas != (row.lag > 0) {
			t.Errorf("%q: got %+v and %v, want a lag of %d", row.value, c, err, row.lag)
		}
	}
}

// TestMoodyNames: with reads that lag, a table is made and the name of a queue rests
// for a moment, and then no longer.
func TestMoodyNames(t *testing.T) {
	t.Parallel()
	now := clock.NewFake(time.Now())
	c := moody(t, emulator.Config{Lag: 2, Clock: now})
	tables, queues := dynamodb.NewFromConfig(c), sqs.NewFromConfig(c)
	notes := &dynamodb.CreateTableInput{
		TableName: aws.String("notes"), BillingMode: ddb.BillingModePayPerRequest,
		AttributeDefinitions: []ddb.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: ddb.ScalarAttributeTypeS}},
		KeySchema:            []ddb.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: ddb.KeyTypeHash}},
	}
	if _, err := tables.CreateTable(t.Context(), notes); err != nil {
		t.Fatal(err)
	}
	remove := func() error {
		_, err := tables.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: notes.TableName})
		return err
	}
	if err, busy := remove(), (*ddb.ResourceInUseException)(nil); !errors.As(err, &busy) {
		t.Errorf("deleting a table that is being made: %v", err)
	}
	create := func() (*sqs.CreateQueueOutput, error) {
		return queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("mail")})
	}
	q, err := create()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := queues.DeleteQueue(t.Context(), &sqs.DeleteQueueInput{QueueUrl: q.QueueUrl}); err != nil {
		t.Fatal(err)
	}
	_, err = create()
	if deleted := (*sqstypes.QueueDeletedRecently)(nil); !errors.As(err, &deleted) {
		t.Errorf("the name of a queue that was just deleted: %v", err)
	}
	now.Advance(time.Second)
	if _, err := create(); err != nil {
		t.Errorf("the name of a queue that was deleted a while ago: %v", err)
	}
	if err := remove(); err != nil {
		t.Errorf("deleting a table that is there: %v", err)
	}
}

// TestNewRoles: nobody can assume a new role at once.
func TestNewRoles(t *testing.T) {
	t.Parallel()
	c := moody(t, emulator.Config{Lag: 2})
	var code bytes.Buffer
	z := zip.NewWriter(&code)
	if _, err := z.Create("index.mjs"); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	role, err := iam.NewFromConfig(c).CreateRole(t.Context(), &iam.CreateRoleInput{
		RoleName:                 aws.String("r"),
		AssumeRolePolicyDocument: aws.String(trust),
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{false, false, true} {
		_, err := lambda.NewFromConfig(c).CreateFunction(t.Context(), &lambda.CreateFunctionInput{
			FunctionName: aws.String("f"), Role: role.Role.Arn, Runtime: lambdatypes.RuntimeNodejs22x, Handler: aws.String("index.handler"),
			Code: &lambdatypes.FunctionCode{ZipFile: code.Bytes()},
		})
		if got := err == nil; got != want {
			t.Errorf("attempt %d: %v", i, err)
		}
		if bad := (*lambdatypes.InvalidParameterValueException)(nil); err != nil && !errors.As(err, &bad) {
			t.Errorf("attempt %d: %v", i, err)
		}
	}
}
