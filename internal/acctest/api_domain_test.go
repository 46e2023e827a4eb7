package acctest

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

func ownDomain(name, more string) string {
	return `{ name = "` + name + `", certificate_arn = "` + certificate + `a"` + more + ` }`
}

var (
	onceMapped = ownDomain("api.example.com", `, mapping = "v1"`)
	ofDomain   = []string{"domain_url", "target_domain", "hosted_zone_id", "domain_mapping_id"}
)

// ownDomainSubject is an API with a domain of its own.
var ownDomainSubject = Subject{
	Type: "serverless_http_api",
	Base: Arguments{
		"name":   `"shop"`,
		"domain": onceMapped,
		"tags":   `{ team = "a" }`,
	},
	Import: []string{"{id}"},
	Edits: []Edit{
		{Argument: "domain", From: Arguments{"domain": ``}, To: onceMapped, With: ofDomain, Writes: []string{"CreateDomainName", "CreateApiMapping"}, Unasked: true},
		{Argument: "domain", To: ownDomain("api.example.com", ``), With: []string{"domain_url"}, Writes: []string{"UpdateApiMapping"}},
		{Argument: "domain", To: strings.Replace(onceMapped, "/a", "/b", 1), Writes: []string{"UpdateDomainName"}},
		{
			Argument: "domain", To: ownDomain("shop.example.com", ``), With: ofDomain,
			Writes: []string{"CreateDomainName", "CreateApiMapping", "DeleteApiMapping", "DeleteDomainName"},
		},
		{Argument: "domain", To: ``, With: ofDomain, Writes: []string{"DeleteApiMapping", "DeleteDomainName"}},
		{Argument: "stage", To: `"live"`, With: []string{"url"}, Writes: []string{"CreateStage", "UpdateApiMapping", "DeleteStage"}},
		{Argument: "tags", To: `{ team = "b" }`, With: []string{"tags_all"}, Writes: []string{"TagResource", "TagResource", "TagResource"}},
	},
	Together: Arguments{"domain": ownDomain("shop.example.com", ``), "stage": `"live"`, "tags": ``},
	Invalid: []Invalid{
		{"domain", ownDomain("API", ``), []string{"domain.name", "small letters"}},
		{"domain", `{ name = "api.example.com", certificate_arn = "a" }`, []string{"domain.certificate_arn", "ACM"}},
		{"domain", ownDomain("api.example.com", `, mapping = "/v1"`), []string{"domain.mapping", "without a slash"}},
	},
	Missing: map[string]string{"GetApi": "NotFoundException"},
}

func TestOwnDomain(t *testing.T) { Prove(t, ownDomainSubject) }

// TestOwnDomainAnswers asks an API at the URL of its domain.
func TestOwnDomainAnswers(t *testing.T) {
	t.Parallel()
	m := deploy(t, providertest.Emulator(t), `
resource "serverless_websocket_api" "chat" {
  name   = "chat"
  domain = `+ownDomain("chat.example.com", "")+`
}
resource "serverless_http_api" "shop" {
  name   = "shop"
  domain = `+onceMapped+`
}
`)
	url := m.Value("serverless_http_api.shop").GetAttr("domain_url").AsString()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/hello", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if got, want := resp.StatusCode, http.StatusNotFound; got != want || resp.Header.Get("apigw-requestid") == "" { // the API answers, and has no routes
		t.Errorf("%s answered %d with the headers %v, want %d of the API", url, got, resp.Header, want)
	}
	if got := m.Value("serverless_websocket_api.chat").GetAttr("domain_url").AsString(); !strings.HasPrefix(got, "ws") || !strings.HasSuffix(got, "/chat.example.com") {
		t.Errorf("the URL at the domain is %s, want ws://…/chat.example.com", got)
	}
}
