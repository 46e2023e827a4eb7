package acctest

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// TestImages: a tag that is given to another image is found by a refresh, and a
// digest is planned as the hash that AWS will have.
func TestImages(t *testing.T) {
	t.Parallel()
	e := pretend(providertest.Emulator(t))
	s := &stage{&Machine{Serve: func() tfprotov6.ProviderServer { return providertest.Server(e) }}, t, &Wire{Emulator: e}}
	const repository = "123456789012.dkr.ecr.eu-north-1.amazonaws.com/shop"
	function := func(image, arguments string) string {
		return "resource \"serverless_function\" \"f\" {\n  name = \"hello\"\n  source = { image = \"" + repository + image + "\" }\n" + arguments + "\n}\n"
	}
	if _, err := s.Apply(t.Context(), settings+function(":live", "")); err == nil || !strings.Contains(err.Error(), "There is no image shop:live") {
		t.Errorf("without the image: %v", err)
	}
	first := e.push(t, "shop:live", "one")
	s.apply(function(":live", `image = { command = ["a"] }`))
	if got := s.text("serverless_function.f", "code_sha256"); "sha256:"+got != first {
		t.Errorf("the function is of the image %s, want %s", got, first)
	}
	if c := s.planned(function(":live", `image = { command = ["a"] }`), "serverless_function.f"); c.Action != "no-op" {
		t.Errorf("the plan of the same image: %s of %v", c.Action, c.Changed)
	}
	second := e.push(t, "shop:live", "two")
	if c := s.planned(function(":live", ""), "serverless_function.f"); !slices.Contains(c.Changed, "code_sha256") || !slices.Contains(c.Changed, "image") {
		t.Errorf("the plan of another image: %s of %v", c.Action, c.Changed)
	}
	s.apply(function(":live", ""))
	if got := s.text("serverless_function.f", "code_sha256"); "sha256:"+got != second {
		t.Errorf("the function is of the image %s, want %s", got, second)
	}
	for _, config := range []string{function("@"+second, ""), function("@"+first, ""), function(":live", "publish = { alias = \"live\" }"), aFunction("source = " + hello("hi"))} {
		s.apply(config)
		if c := s.planned(config, "serverless_function.f"); c.Action != "no-op" {
			t.Errorf("the plan after\n%s\n%s of %v", config, c.Action, c.Changed)
		}
	}
}

// TestLargePackages: what is too large for a call goes through a bucket, once.
func TestLargePackages(t *testing.T) {
	t.Parallel()
	s, dir := onStage(t), t.TempDir()
	large := make([]byte, 51<<20)
	_, _ = rand.Read(large) // never fails
	for name, data := range map[string][]byte{"data.bin": large, "index.mjs": []byte("export const handler = async () => 'large'")} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	config := aFunction("source = { dir = \"" + dir + "\" }")
	s.apply(config)
	out, err := functions(t, s.wire).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("hello")})
	if err != nil || string(out.Payload) != `"large"` {
		t.Errorf("the function answers %s, %v", out.Payload, err)
	}
	if c := s.planned(config, "serverless_function.f"); c.Action != "no-op" {
		t.Errorf("the next plan: %s of %v", c.Action, c.Changed)
	}
	id, secret := s.wire.Credentials()
	url, err := s.wire.URL()
	if err != nil {
		t.Fatal(err)
	}
	files := s3.New(s3.Options{Region: "eu-north-1", BaseEndpoint: &url, UsePathStyle: true, Credentials: credentials.NewStaticCredentialsProvider(id, secret, "")})
	list, err := files.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("serverless-artifacts-000000000000-eu-north-1"), Prefix: aws.String("serverless/")})
	if err != nil || len(list.Contents) != 1 {
		t.Errorf("the bucket has %v, %v, want one object", list, err)
	}
	s.wire.Calls()
	s.apply(config + strings.ReplaceAll(strings.Replace(config, `"f"`, `"g"`, 1), `"hello"`, `"again"`))
	if calls := s.wire.Calls(); slices.Contains(calls, "PutObject") {
		t.Error("the same package was sent twice")
	}
	_, err = s.Apply(t.Context(), strings.Replace(settings, "}", "artifacts = { bucket = \"nowhere\" }\n}", 1)+strings.ReplaceAll(strings.Replace(config, `"f"`, `"h"`, 1), `"hello"`, `"third"`))
	if err == nil || !strings.Contains(err.Error(), "bucket nowhere") {
		t.Errorf("with a bucket that is not there: %v", err)
	}
	if got := s.Value("serverless_function.h"); !got.IsNull() {
		t.Errorf("a function without code is in the state: %#v", got)
	}
	if data, err := files.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("serverless-artifacts-000000000000-eu-north-1"), Key: list.Contents[0].Key}); err == nil {
		var b bytes.Buffer
		_, _ = b.ReadFrom(data.Body)
		_ = data.Body.Close()
		if b.Len() < len(large) {
			t.Errorf("the object has %d bytes", b.Len())
		}
	}
}
