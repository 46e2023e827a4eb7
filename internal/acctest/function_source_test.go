package acctest

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/artifact"
)

// TestCodeInS3: another object under the key is found by a refresh and deployed,
// with and without versions, and the same one is no change.
func TestCodeInS3(t *testing.T) {
	t.Parallel()
	for _, versioned := range []bool{false, true} {
		s := onStage(t)
		id, secret := s.wire.Credentials()
		url, err := s.wire.URL()
		if err != nil {
			t.Fatal(err)
		}
		files := s3.New(s3.Options{Region: "eu-north-1", BaseEndpoint: &url, UsePathStyle: true, Credentials: credentials.NewStaticCredentialsProvider(id, secret, "")})
		if _, err := files.CreateBucket(t.Context(), &s3.CreateBucketInput{
			Bucket: aws.String("code"), CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: "eu-north-1"},
		}); err != nil {
			t.Fatal(err)
		}
		if versioned {
			if _, err := files.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
				Bucket: aws.String("code"), VersioningConfiguration: &s3types.VersioningConfiguration{Status: s3types.BucketVersioningStatusEnabled},
			}); err != nil {
				t.Fatal(err)
			}
		}
		upload := func(word string) {
			t.Helper()
			var zip bytes.Buffer
			if _, err := artifact.Write(&zip, artifact.Source{Inline: map[string]string{"index.mjs": "export const handler = async () => '" + word + "'"}}); err != nil {
				t.Fatal(err)
			}
			if _, err := files.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("code"), Key: aws.String("f.zip"), Body: bytes.NewReader(zip.Bytes())}); err != nil {
				t.Fatal(err)
			}
		}
		answers := func(want string) {
			t.Helper()
			out, err := functions(t, s.wire).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("hello")})
			if err != nil || string(out.Payload) != want {
				t.Errorf("versioned %t: the function answers %s, %v, want %s", versioned, out.Payload, err, want)
			}
		}
		config := aFunction(`source = { s3 = { bucket = "code", key = "f.zip" } }`)
		if _, err := s.Apply(t.Context(), settings+config); err == nil || !strings.Contains(err.Error(), "no object f.zip") {
			t.Errorf("without the object: %v", err)
		}
		upload("one")
		s.apply(config)
		answers(`"one"`)
		if c := s.planned(config, "serverless_function.f"); c.Action != "no-op" {
			t.Errorf("versioned %t: the plan of the same object: %s of %v", versioned, c.Action, c.Changed)
		}
		upload("two")
		if c := s.planned(config, "serverless_function.f"); c.Action != "update" || !slices.Contains(c.Changed, "code_sha256") {
			t.Errorf("versioned %t: the plan of another object: %s of %v", versioned, c.Action, c.Changed)
		}
		s.apply(config)
		answers(`"two"`)
		if c := s.planned(config, "serverless_function.f"); c.Action != "no-op" {
			t.Errorf("versioned %t: the last plan: %s of %v", versioned, c.Action, c.Changed)
		}
	}
}

// TestAnswersKeptNowhere: an ephemeral invocation gives a function its password,
// which is in no state.
func TestAnswersKeptNowhere(t *testing.T) {
	t.Parallel()
	s := onStage(t)
	vault := `
resource "serverless_function" "vault" {
  name    = "vault"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async (e) => 'hunter' + (e?.n ?? '')" } }
}
`
	s.apply(vault)
	s.apply(vault + `
ephemeral "serverless_invocation" "password" {
  function = "vault"
  payload  = jsonencode({ n = 2 })
}
` + aFunction(`source = { inline = { "index.mjs" = "export const handler = async () => process.env.PASSWORD" } }
  environment_wo         = { PASSWORD = jsondecode(ephemeral.serverless_invocation.password.result) }
  environment_wo_version = 1`))
	out, err := functions(t, s.wire).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("hello")})
	if err != nil || string(out.Payload) != `"hunter2"` {
		t.Errorf("the function answers %s, %v", out.Payload, err)
	}
	if strings.Contains(s.Value("serverless_function.f").GoString(), "hunter2") {
		t.Error("the password is in the state")
	}
}
