package emulator_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
)

// Real clients against the emulator, each with one small scenario per protocol.
// Those that are not Go are looked for in bin/clients, which "make clients" fills,
// and on PATH.

// want is what every client must see, by what it calls it.
var want = map[string]any{
	"identity": "arn:aws:iam::000000000000:root",
	"trust":    true, "noRole": "NoSuchEntity",
	"empty": 0.0, "found": 1.0, "item": []any{"1.5", "00ff"}, "noTable": "ResourceNotFoundException",
	"groups": []any{"/clients/x"}, "noGroup": "ResourceNotFoundException",
	"functions": []any{}, "noFunction": "ResourceNotFoundException",
	"api": map[string]any{"a key": "å/b"}, "noApi": "NotFoundException",
}

const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

// config is the Go SDK's for the emulator, in process.
func config(e *emulator.Emulator) aws.Config {
	id, secret := e.Credentials()
	return aws.Config{
		Region:       "eu-north-1",
		Credentials:  credentials.NewStaticCredentialsProvider(id, secret, ""),
		HTTPClient:   e,
		BaseEndpoint: aws.String("http://127.0.0.1"),
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
	}
}

// code is the error code of a call that failed.
func code[T any](_ T, err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return "no AWS error: " + cmp.Diff(nil, err)
}

func decode(t *testing.T, from io.Reader, into any) {
	t.Helper()
	if err := json.NewDecoder(from).Decode(into); err != nil {
		t.Fatal(err)
	}
}

func TestGoSDK(t *testing.T) {
	t.Parallel()
	t.Run("in process", func(t *testing.T) {
		t.Parallel()
		goScenario(t, config(start(t, emulator.Config{})))
	})
	t.Run("over TCP", func(t *testing.T) {
		t.Parallel()
		e := start(t, emulator.Config{})
		c := config(e)
		c.HTTPClient, c.BaseEndpoint = nil, aws.String(urlOf(t, e))
		goScenario(t, c)
	})
	t.Run("with AWS's own hosts", func(t *testing.T) { // as an SDK without an endpoint signs them
		t.Parallel()
		c := config(start(t, emulator.Config{}))
		c.BaseEndpoint = nil
		goScenario(t, c)
	})
}

func goScenario(t *testing.T, c aws.Config) {
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]any{}

	// awsQuery
	who, err := sts.NewFromConfig(c).GetCallerIdentity(ctx, nil)
	must(err)
	seen["identity"] = *who.Arn
	roles := iam.NewFromConfig(c)
	_, err = roles.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("x"), AssumeRolePolicyDocument: aws.String(trust)})
	must(err)
	role, err := roles.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("x")})
	must(err)
	seen["trust"] = strings.HasPrefix(*role.Role.AssumeRolePolicyDocument, "%7B%22Version%22%3A%222012-10-17%22")
	_, err = roles.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String("x")})
	must(err)
	seen["noRole"] = code(roles.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("x")}))

	// awsJson 1.0
	tables := dynamodb.NewFromConfig(c)
	_, err = tables.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:            aws.String("x12"),
		AttributeDefinitions: []ddb.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: ddb.ScalarAttributeTypeS}},
		KeySchema:            []ddb.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: ddb.KeyTypeHash}},
		BillingMode:          ddb.BillingModePayPerRequest,
	})
	must(err)
	query := &dynamodb.QueryInput{
		TableName: aws.String("x12"), KeyConditionExpression: aws.String("id = :id"),
		ExpressionAttributeValues: map[string]ddb.AttributeValue{":id": &ddb.AttributeValueMemberS{Value: "å"}},
	}
	found, err := tables.Query(ctx, query)
	must(err)
	seen["empty"] = float64(found.Count)
	_, err = tables.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("x12"), Item: map[string]ddb.AttributeValue{
		"id": &ddb.AttributeValueMemberS{Value: "å"}, "n": &ddb.AttributeValueMemberN{Value: "1.50"}, "b": &ddb.AttributeValueMemberB{Value: []byte{0, 255}},
	}})
	must(err)
	found, err = tables.Query(ctx, query)
	must(err)
	seen["found"] = float64(found.Count)
	if len(found.Items) == 1 && cmp.Equal(found.Items[0]["b"].(*ddb.AttributeValueMemberB).Value, []byte{0, 255}) {
		seen["item"] = []any{found.Items[0]["n"].(*ddb.AttributeValueMemberN).Value, "00ff"}
	}
	_, err = tables.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: aws.String("x12")})
	must(err)
	seen["noTable"] = code(tables.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String("none")}))

	// awsJson 1.1
	logs := cloudwatchlogs.NewFromConfig(c)
	_, err = logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/clients/x")})
	must(err)
	groups, err := logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("/clients/x")})
	must(err)
	names := []any{}
	for _, g := range groups.LogGroups {
		names = append(names, *g.LogGroupName)
	}
	seen["groups"] = names
	_, err = logs.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String("/clients/x")})
	must(err)
	seen["noGroup"] = code(logs.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String("/clients/x")}))

	// restJson1
	functions := lambda.NewFromConfig(c)
	list, err := functions.ListFunctions(ctx, nil)
	must(err)
	if list.Functions != nil && len(list.Functions) == 0 {
		seen["functions"] = []any{}
	}
	seen["noFunction"] = code(functions.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: aws.String("none")}))
	apis := apigatewayv2.NewFromConfig(c)
	api, err := apis.CreateApi(ctx, &apigatewayv2.CreateApiInput{
		Name: aws.String("x"), ProtocolType: apitypes.ProtocolTypeHttp, Tags: map[string]string{"a key": "å/b"},
	})
	must(err)
	got, err := apis.GetApi(ctx, &apigatewayv2.GetApiInput{ApiId: api.ApiId})
	must(err)
	seen["api"] = map[string]any{"a key": got.Tags["a key"]}
	_, err = apis.DeleteApi(ctx, &apigatewayv2.DeleteApiInput{ApiId: api.ApiId})
	must(err)
	seen["noApi"] = code(apis.GetApi(ctx, &apigatewayv2.GetApiInput{ApiId: api.ApiId}))

	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("what the client saw (-want +got):\n%s", diff)
	}
}

// clients is the absolute path of a folder in bin/clients; the test is skipped
// when it or the program is not there.
func clients(t *testing.T, folder, program string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "bin", "clients", folder))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("bin/clients/%s is missing: make clients", folder)
	}
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("%s is missing", program)
	}
	return path
}

// environment points a program at the emulator, and at no real account.
func environment(t *testing.T, e *emulator.Emulator, more ...string) []string {
	t.Helper()
	var clean []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "AWS_") {
			clean = append(clean, v)
		}
	}
	id, secret := e.Credentials()
	none := filepath.Join(t.TempDir(), "none")
	return append(append(clean,
		"AWS_ENDPOINT_URL="+urlOf(t, e), "AWS_ACCESS_KEY_ID="+id, "AWS_SECRET_ACCESS_KEY="+secret,
		"AWS_REGION=eu-north-1", "AWS_DEFAULT_REGION=eu-north-1", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE="+none, "AWS_SHARED_CREDENTIALS_FILE="+none, "AWS_PAGER="), more...)
}

// scenario runs a program that prints what it has seen.
func scenario(t *testing.T, cmd *exec.Cmd, want map[string]any) {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, &stderr)
	}
	var seen map[string]any
	if err := json.Unmarshal(out, &seen); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if v, ok := seen["boto3"]; ok {
		t.Logf("boto3 %v", v)
		delete(seen, "boto3")
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("what the client saw (-want +got):\n%s", diff)
	}
}

// boto3 1.26 does not read AWS_ENDPOINT_URL; sitecustomize gives it the endpoint,
// as its users do in each call.
const endpointForOldBoto3 = `
import os, boto3
boto3.setup_default_session()
make = boto3.DEFAULT_SESSION.client
boto3.DEFAULT_SESSION.client = lambda *a, **k: make(*a, **{**k, "endpoint_url": os.environ["AWS_ENDPOINT_URL"]})
`

// boto3 is a script of testdata/clients, run with that version of boto3.
func boto3(t *testing.T, version string, script ...string) *exec.Cmd {
	path := clients(t, version, "python3")
	site := t.TempDir()
	if version == "boto3-old" {
		if err := os.WriteFile(filepath.Join(site, "sitecustomize.py"), []byte(endpointForOldBoto3), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("python3", append([]string{filepath.Join("testdata", "clients", script[0])}, script[1:]...)...)
	cmd.Env = environment(t, start(t, emulator.Config{}), "PYTHONPATH="+site+string(os.PathListSeparator)+path)
	return cmd
}

func TestBoto3(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"boto3-old", "boto3-new"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			scenario(t, boto3(t, version, "scenario.py", "x"), want)
		})
	}
}

// TestQueuesByBoto3 has both protocols of SQS: query by the older, JSON by the newer.
func TestQueuesByBoto3(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"boto3-old", "boto3-new"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			scenario(t, boto3(t, version, "queues.py"), map[string]any{
				"url": []any{"000000000000", "q"}, "sent": []any{"1"}, "notSent": []any{[]any{"2", "InvalidMessageContents", true}},
				"bodies": []any{"hé<llo", "one"}, "attributes": map[string]any{"n": "1", "b": "xyz"}, "count": "1",
				"deleted": []any{"0", "1"}, "timeout": "5", "left": "0", "queues": []any{"q"}, "tags": map[string]any{"a": "b"},
				"noQueue": "AWS.SimpleQueueService.NonExistentQueue", "tooMany": "InvalidParameterValue",
			})
		})
	}
}

func TestJavaScript(t *testing.T) {
	t.Parallel()
	path := clients(t, "js", "node")
	cmd := exec.Command("node", filepath.Join("testdata", "clients", "scenario.mjs"), "x")
	cmd.Env = environment(t, start(t, emulator.Config{}), "CLIENTS="+path)
	expect := maps.Clone(want)
	delete(expect, "api")
	delete(expect, "noApi")
	expect["noRole"] = "NoSuchEntityException" // this SDK names errors by their shapes
	scenario(t, cmd, expect)
}

func TestAWSCLI(t *testing.T) {
	t.Parallel()
	if out, err := exec.Command("aws", "--version").CombinedOutput(); err != nil {
		t.Skipf("aws is missing: %v %s", err, out)
	}
	env := environment(t, start(t, emulator.Config{}))
	for _, c := range []struct {
		args string
		want string // a part of what is printed
	}{
		{"sts get-caller-identity --query Arn", "arn:aws:iam::000000000000:root"},
		{"iam create-role --role-name x --assume-role-policy-document " + trust, `"RoleName": "x"`},
		{"dynamodb create-table --table-name x12 --billing-mode PAY_PER_REQUEST --attribute-definitions AttributeName=id,AttributeType=S --key-schema AttributeName=id,KeyType=HASH", `"TableName": "x12"`},
		{"dynamodb scan --table-name x12 --query Count", "0"},
		{"logs describe-log-groups", `"logGroups": []`},
		{"lambda list-functions", `"Functions": []`},
		{"dynamodb describe-table --table-name none", "ResourceNotFoundException"},
	} {
		cmd := exec.Command("aws", strings.Fields(c.args)...)
		cmd.Env = env
		out, err := cmd.CombinedOutput()
		if failed := strings.HasSuffix(c.want, "Exception"); (err != nil) != failed || !strings.Contains(string(out), c.want) {
			t.Errorf("aws %s: got %v: %s, want %s", c.args, err, out, c.want)
		}
	}
}
