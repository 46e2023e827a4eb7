package provider_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// TestEndpoint provisions on a server that stands in for AWS at an address, as a
// role that the key of the provider block may assume.
func TestEndpoint(t *testing.T) {
	alone(t)
	e := providertest.Emulator(t)
	id, secret := e.Credentials()
	var own atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Header.Get("Authorization"), "Credential="+id+"/") {
			own.Add(1)
		}
		e.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	out, err := iam.New(iam.Options{
		Region: "us-east-1", BaseEndpoint: &s.URL, Credentials: credentials.NewStaticCredentialsProvider(id, secret, ""),
	}).CreateRole(t.Context(), &iam.CreateRoleInput{
		RoleName:                 aws.String("deploy"),
		AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":["sts:AssumeRole","sts:TagSession"]}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	own.Store(0)
	config := fmt.Sprintf(`provider "serverless" {
  region     = "eu-north-1"
  endpoint   = %q
  access_key = %q
  secret_key = %q
  retry      = { max = 3, mode = "standard" }
  assume_role = [{
    role_arn     = %q
    session_name = "ci"
    duration     = "15m"
    tags         = { run = "1" }
  }]
}`, s.URL, id, secret, aws.ToString(out.Role.Arn))
	m := free()
	if _, err := m.Apply(t.Context(), config+aTable); err != nil {
		t.Fatal(err)
	}
	if got := m.Value("serverless_table.t").GetAttr("table_name").AsString(); got != "notes" {
		t.Errorf("got %s", got)
	}
	// Each of the two operations of an apply, planning and applying, has a provider
	// of its own, which assumes the role once at most.
	if n := own.Load(); n == 0 || n > 2 {
		t.Errorf("%d calls were made by the key itself, want one for each provider", n)
	}
	if err := m.Destroy(t.Context(), config); err != nil {
		t.Fatal(err)
	}
}

// TestTwoRegions: one provider serves resources of several regions, which may have
// one name.
func TestTwoRegions(t *testing.T) {
	alone(t)
	e := providertest.Emulator(t)
	m := on(e)
	config := `provider "serverless" { region = "eu-north-1" }
resource "serverless_table" "t" {
  for_each      = toset(["eu-north-1", "eu-west-1"])
  name          = "notes"
  region        = each.key
  partition_key = { name = "id", type = "S" }
}`
	if _, err := m.Apply(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	for _, region := range []string{"eu-north-1", "eu-west-1"} {
		v := m.Value(fmt.Sprintf("serverless_table.t[%q]", region))
		if got, want := v.GetAttr("arn").AsString(), "arn:aws:dynamodb:"+region+":000000000000:table/notes"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if regions, err := e.Regions(); err != nil || len(regions) != 2 {
		t.Errorf("the emulator has things in %v, %v", regions, err)
	}
	changes, err := m.Plan(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		if c.Action != "no-op" {
			t.Errorf("the second plan: %s of %s", c.Action, c.Address)
		}
	}
	if err := m.Destroy(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	if n, err := e.Deployed(); err != nil || n != 0 {
		t.Errorf("the emulator holds %d things, %v", n, err)
	}
}

// TestIgnoredTags: tags that others put on an object are neither shown nor removed,
// and one that is written is managed.
func TestIgnoredTags(t *testing.T) {
	alone(t)
	e := providertest.Emulator(t)
	m := on(e)
	config := func(tags string) string {
		return `provider "serverless" {
  region      = "eu-north-1"
  ignore_tags = { keys = ["owner"], key_prefixes = ["cost:"] }
}` + strings.Replace(aTable, "name  ", "tags = "+tags+"\n  name  ", 1)
	}
	apply := func(tags string) {
		t.Helper()
		if _, err := m.Apply(t.Context(), config(tags)); err != nil {
			t.Fatal(err)
		}
	}
	apply(`{ app = "shop", "cost:center" = "1" }`)
	id, secret := e.Credentials()
	client := dynamodb.New(dynamodb.Options{
		Region: "eu-north-1", BaseEndpoint: aws.String("http://127.0.0.1"), HTTPClient: e, Credentials: credentials.NewStaticCredentialsProvider(id, secret, ""),
	})
	arn := m.Value("serverless_table.t").GetAttr("arn").AsString()
	_, err := client.TagResource(t.Context(), &dynamodb.TagResourceInput{ResourceArn: &arn, Tags: []types.Tag{
		{Key: aws.String("owner"), Value: aws.String("ann")}, {Key: aws.String("cost:unit"), Value: aws.String("2")}, {Key: aws.String("drift"), Value: aws.String("x")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	changes, err := m.Plan(t.Context(), config(`{ app = "shop", "cost:center" = "1" }`))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(changes[0].Changed, " "); got != "tags tags_all" {
		t.Errorf("the plan changes %q, want the tag drift to go", got)
	}
	apply(`{ app = "store" }`)
	out, err := client.ListTagsOfResource(t.Context(), &dynamodb.ListTagsOfResourceInput{ResourceArn: &arn})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, tag := range out.Tags {
		got[*tag.Key] = *tag.Value
	}
	if want := map[string]string{"app": "store", "owner": "ann", "cost:unit": "2"}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the table has the tags %v, want %v", got, want)
	}
	if all := m.Value("serverless_table.t").GetAttr("tags_all"); all.LengthInt() != 1 {
		t.Errorf("tags_all is %#v", all)
	}
}
