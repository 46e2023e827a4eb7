package emulator_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	sfntypes "github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
)

// rotator rotates secrets as AWS's templates do, without a library.
const rotator = `
import json, os, urllib.request
def call(op, **params):
    r = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"], json.dumps(params).encode(), {
        "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "secretsmanager." + op, "X-Amz-Security-Token": os.environ["AWS_SESSION_TOKEN"],
        "Authorization": "AWS4-HMAC-SHA256 Credential=" + os.environ["AWS_ACCESS_KEY_ID"] + "/20260101/" + os.environ["AWS_REGION"] + "/secretsmanager/aws4_request, SignedHeaders=host, Signature=0"})
    return json.load(urllib.request.urlopen(r))
def handler(event, context):
    secret, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    stages = call("DescribeSecret", SecretId=secret)["VersionIdsToStages"]
    assert "AWSPENDING" in stages[token]
    if step == "createSecret":
        call("PutSecretValue", SecretId=secret, ClientRequestToken=token, SecretString="rotated", VersionStages=["AWSPENDING"])
    if step == "finishSecret":
        current = [v for v in stages if "AWSCURRENT" in stages[v]][0]
        call("UpdateSecretVersionStage", SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current)
`

// TestSecretsAndParameters reads a secret as AWS lets it be read: by itself, by a
// parameter's name and from a state machine; and has a function rotate it.
func TestSecretsAndParameters(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := config(start(t, emulator.Config{AnyCredentials: true, DataDir: dir}))
	secrets, parameters := secretsmanager.NewFromConfig(c), ssm.NewFromConfig(c)
	made, err := secrets.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("app/db"), SecretString: aws.String("first")})
	must(t, err)
	_, err = parameters.PutParameter(t.Context(), &ssm.PutParameterInput{Name: aws.String("/app/key"), Value: aws.String("sealed"), Type: ssmtypes.ParameterTypeSecureString})
	must(t, err)
	refer := func() string {
		out, err := parameters.GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String("/aws/reference/secretsmanager/app/db"), WithDecryption: aws.Bool(true)})
		must(t, err)
		if got := *out.Parameter.ARN; got != *made.ARN || !strings.Contains(*out.Parameter.SourceResult, *made.ARN) {
			t.Errorf("got %s, %s, want %s", got, *out.Parameter.SourceResult, *made.ARN)
		}
		return *out.Parameter.Value
	}
	if got := refer(); got != "first" {
		t.Errorf("got %q by the parameter's name, want first", got)
	}
	_, err = parameters.GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String("/aws/reference/secretsmanager/none"), WithDecryption: aws.Bool(true)})
	if err == nil || code(0, err) != "ParameterNotFound" {
		t.Errorf("got %v, want ParameterNotFound", err)
	}

	machines := states(t, c)
	m, err := machines.CreateStateMachine(t.Context(), &sfn.CreateStateMachineInput{
		Name: aws.String("reader"), RoleArn: aws.String(machineRole), Type: sfntypes.StateMachineTypeExpress,
		Definition: aws.String(`{"StartAt":"New","States":{
			"New":{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:secretsmanager:createSecret","Parameters":{"Name":"made","SecretString":"by a task"},"ResultPath":null,"Next":"Secret"},
			"Secret":{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:secretsmanager:getSecretValue","Parameters":{"SecretId":"made"},"ResultPath":"$.secret","Next":"Parameter"},
			"Parameter":{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:ssm:getParameter","Parameters":{"Name":"/app/key","WithDecryption":true},"ResultPath":"$.parameter","Next":"None"},
			"None":{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:secretsmanager:getSecretValue","Parameters":{"SecretId":"none"},"Catch":[{"ErrorEquals":["SecretsManager.ResourceNotFoundException"],"ResultPath":"$.error","Next":"End"}],"Next":"End"},
			"End":{"Type":"Pass","Parameters":{"secret.$":"$.secret.SecretString","parameter.$":"$.parameter.Parameter.Value","error.$":"$.error.Error"},"End":true}}}`),
	})
	must(t, err)
	ran, err := machines.StartSyncExecution(t.Context(), &sfn.StartSyncExecutionInput{StateMachineArn: m.StateMachineArn, Input: aws.String("{}")})
	must(t, err)
	if got, want := aws.ToString(ran.Output), `{"secret":"by a task","parameter":"sealed","error":"SecretsManager.ResourceNotFoundException"}`; got != want {
		t.Errorf("got %s %s, want %s", got, aws.ToString(ran.Cause), want)
	}

	f := deployCode(t, c, "rotator", rotator)
	rotate := func() error {
		_, err := secrets.RotateSecret(t.Context(), &secretsmanager.RotateSecretInput{SecretId: made.ARN, RotationLambdaARN: &f.arn})
		return err
	}
	if err := rotate(); err == nil || code(0, err) != "AccessDeniedException" {
		t.Errorf("got %v, want that the function's policy does not allow it", err)
	}
	_, err = lambda.NewFromConfig(c).AddPermission(t.Context(), &lambda.AddPermissionInput{
		FunctionName: &f.arn, StatementId: aws.String("s"), Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("secretsmanager.amazonaws.com"), SourceAccount: aws.String("000000000000"),
	})
	must(t, err)
	must(t, rotate())
	until(t, "the secret is rotated", func() bool { return refer() == "rotated" })

	stores := 0
	for _, pattern := range []string{"*", "*/*"} { // what is at rest is the owner's alone
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		must(t, err)
		for _, file := range files {
			about, err := os.Stat(file)
			must(t, err)
			if !strings.HasSuffix(file, ".db") {
				continue
			}
			if stores++; about.Mode().Perm() != 0o600 {
				t.Errorf("%s has the mode %s", file, about.Mode())
			}
		}
	}
	if stores != 1 {
		t.Errorf("there are %d files of stores, want 1", stores)
	}
}
