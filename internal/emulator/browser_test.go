package emulator_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
)

// chromium is the path of a browser that can be run without a screen.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome-headless-shell"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("chromium is missing")
	return ""
}

// A page of another origin may read what CORS allows it to, and nothing else; the control
// plane it may not even reach.
func TestBrowserAcrossOrigins(t *testing.T) {
	t.Parallel()
	path := chromium(t)
	behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "behind") }))
	t.Cleanup(behind.Close)
	e := start(t, emulator.Config{AnyCredentials: true})
	c := config(e)
	var script string
	pages := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<body><script>"+script+"</script></body>")
	}))
	t.Cleanup(pages.Close)
	serve := func(cors *apitypes.Cors) string {
		r := newRouted(t, c, apigatewayv2.CreateApiInput{ProtocolType: apitypes.ProtocolTypeHttp, CorsConfiguration: cors})
		r.route("ANY /a", apigatewayv2.CreateIntegrationInput{IntegrationType: apitypes.IntegrationTypeHttpProxy, IntegrationMethod: aws.String("ANY"), IntegrationUri: &behind.URL}, nil)
		r.stage("$default", nil)
		return urlOf(t, e) + "/_aws/execute-api/" + *r.id + "/a"
	}
	open := serve(&apitypes.Cors{AllowOrigins: []string{pages.URL}, AllowMethods: []string{"PUT"}, AllowHeaders: []string{"x-a"}})
	shut := serve(nil)
	script = `
const ask = async (name, url, init) => {
  try { const r = await fetch(url, init); return name + "=" + await r.text() } catch { return name + "=refused" }
}
(async () => {
  const put = { method: "PUT", headers: { "x-a": "1" } }
  const got = [
    await ask("simple", "` + open + `"), await ask("put", "` + open + `", put),
    await ask("header", "` + open + `", { method: "PUT", headers: { "x-b": "1" } }), await ask("closed", "` + shut + `"),
    await ask("control", "` + urlOf(t, e) + `/v2/apis", { headers: { authorization: "AWS4-HMAC-SHA256 Credential=a/20260101/eu-north-1/apigateway/aws4_request" } }),
  ]
  document.body.innerText = "[" + got.join(" ") + "]"
})()`
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=10000", "--dump-dom", pages.URL).Output()
	if err != nil {
		t.Fatal(err)
	}
	if want := "[simple=behind put=behind header=refused closed=refused control=refused]"; !strings.Contains(string(out), want) {
		t.Errorf("got %s, want %s", out, want)
	}
}
