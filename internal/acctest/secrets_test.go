package acctest

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// keep puts a parameter and secrets into an emulator.
func keep(t *testing.T, e *emulator.Emulator) {
	t.Helper()
	key, secret := e.Credentials()
	c := aws.Config{Region: "eu-north-1", BaseEndpoint: aws.String("http://127.0.0.1"), HTTPClient: e, Credentials: credentials.NewStaticCredentialsProvider(key, secret, "")}
	parameters, secrets := ssm.NewFromConfig(c), secretsmanager.NewFromConfig(c)
	for _, value := range []string{"first", "second"} {
		if _, err := parameters.PutParameter(t.Context(), &ssm.PutParameterInput{Name: aws.String("/shop/smtp"), Value: &value, Type: types.ParameterTypeSecureString, Overwrite: aws.Bool(true)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := secrets.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("database"), SecretString: aws.String(`{"password":"hunter2","port":5432,"socket":null}`)}); err != nil {
		t.Fatal(err)
	}
	if _, err := secrets.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("seed"), SecretBinary: []byte{1, 2}}); err != nil {
		t.Fatal(err)
	}
}

// TestSecretsKeptNowhere reads parameters, secrets and credentials into write-only
// variables of a function: they are on AWS, and not in the state.
func TestSecretsKeptNowhere(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	keep(t, e)
	m := deploy(t, e, `
ephemeral "serverless_secret" "parameter" {
  ssm_parameter = "/shop/smtp"
}
ephemeral "serverless_secret" "first" {
  ssm_parameter = "/shop/smtp"
  version       = "1"
}
ephemeral "serverless_secret" "password" {
  secret = "database"
  key    = "password"
}
ephemeral "serverless_secret" "port" {
  secret        = "database"
  key           = "port"
  version_stage = "AWSCURRENT"
}
ephemeral "serverless_secret" "socket" {
  secret = "database"
  key    = "socket"
}
ephemeral "serverless_secret" "seed" {
  secret = "seed"
}
ephemeral "serverless_credentials" "c" {
  role_arn     = serverless_role.r.arn
  session_name = "shop"
  duration     = 900
}
resource "serverless_role" "r" {
  name               = "deploy"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = "000000000000" } }] })
}
`+aFunction(`
  source = { inline = { "index.mjs" = "export const handler = async () => 1" } }
  environment_wo_version = 1
  environment_wo = {
    PARAMETER = "${ephemeral.serverless_secret.parameter.value} ${ephemeral.serverless_secret.parameter.found_version}"
    FIRST     = ephemeral.serverless_secret.first.value
    PASSWORD  = ephemeral.serverless_secret.password.value
    PORT      = ephemeral.serverless_secret.port.value
    SOCKET    = ephemeral.serverless_secret.socket.value
    SEED      = ephemeral.serverless_secret.seed.value
    SESSION   = "${length(ephemeral.serverless_credentials.c.token) > 20} ${startswith(ephemeral.serverless_credentials.c.access_key, "ASIA")} ${timecmp(ephemeral.serverless_credentials.c.expires_at, plantimestamp())}"
  }
`))
	out, err := functions(t, e).GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("hello")})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"PARAMETER": "second 2", "FIRST": "first", "PASSWORD": "hunter2", "PORT": "5432", "SOCKET": "null", "SEED": "AQI=", "SESSION": "true true 1"} {
		if got := out.Environment.Variables[name]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, name := range m.Addresses() {
		if text := m.Value(name).GoString(); strings.Contains(text, "hunter2") || strings.Contains(text, "second") {
			t.Errorf("the state has a secret: %s", text)
		}
	}
	for block, says := range map[string]string{
		`ephemeral "serverless_secret" "s" { ssm_parameter = "/none" }`:                               "There is no parameter /none",
		`ephemeral "serverless_secret" "s" { ssm_parameter = "/shop/smtp:9" }`:                        "There is no parameter",
		`ephemeral "serverless_secret" "s" { secret = "none" }`:                                       "There is no secret none",
		"ephemeral \"serverless_secret\" \"s\" {\n  secret = \"database\"\n  key = \"user\"\n}":       "no member \"user\"",
		"ephemeral \"serverless_secret\" \"s\" {\n  ssm_parameter = \"/shop/smtp\"\n  key = \"a\"\n}": "no JSON object",
		`ephemeral "serverless_secret" "s" {}`:                                                        "one (and only one) of",
		`ephemeral "serverless_credentials" "s" { role_arn = "arn:aws:iam::000000000000:role/no" }`:   "AssumeRole answered AccessDenied",
	} {
		_, err := m.Plan(t.Context(), atHome+block)
		if err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(says)) {
			t.Errorf("%s: got %v, want %q", block, err, says)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the message tells the secret", block)
		}
	}
}
