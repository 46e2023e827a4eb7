package runtime

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPowertools runs a handler that is written against Powertools for AWS Lambda
// (Python), the library itself, which "make clients" installs: its logger, its metrics
// and its router of HTTP API events.
func TestPowertools(t *testing.T) {
	t.Parallel()
	library, err := filepath.Abs("../../../../bin/clients/powertools")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(library); err != nil {
		t.Skip("bin/clients/powertools is missing: make clients")
	}
	f := function(t, python, "app.lambda_handler", map[string]string{"app.py": `
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.metrics import MetricUnit

logger = Logger()
metrics = Metrics(namespace="shop")
app = APIGatewayHttpResolver()

@app.get("/orders/<order>")
def get_order(order):
    if order == "0":
        raise NotFoundError("no such order")
    logger.info("found", order=order)
    metrics.add_metric(name="found", unit=MetricUnit.Count, value=1)
    return {"order": order, "by": app.current_event.get_query_string_value("by", "nobody")}

@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def lambda_handler(event, context):
    return app.resolve(event, context)
`})
	opt := t.TempDir()
	if err := os.CopyFS(filepath.Join(opt, "python"), os.DirFS(library)); err != nil {
		t.Fatal(err)
	}
	f.Layers = []string{opt}
	f.Variables = map[string]string{"POWERTOOLS_SERVICE_NAME": "payment"}
	b := newBench(t)
	event := func(path string) string {
		return `{"version":"2.0","routeKey":"$default","rawPath":"` + path + `","rawQueryString":"by=me","headers":{"accept":"*/*"},"queryStringParameters":{"by":"me"},` +
			`"requestContext":{"accountId":"000000000000","apiId":"a","domainName":"a.localhost","domainPrefix":"a","http":{"method":"GET","path":"` + path +
			`","protocol":"HTTP/1.1","sourceIp":"127.0.0.1","userAgent":"test"},"requestId":"r","routeKey":"$default","stage":"$default","time":"12/Mar/2026:19:03:58 +0000","timeEpoch":1773342238000},"isBase64Encoded":false}`
	}
	for _, c := range []struct {
		path, body string
		status     int
		cold       bool
	}{
		{"/orders/7", `{"order":"7","by":"me"}`, 200, true},
		{"/orders/8", `{"order":"8","by":"me"}`, 200, false},
		{"/orders/0", `{"statusCode":404,"message":"no such order"}`, 404, false},
		{"/other", `{"statusCode":404,"message":"Not found"}`, 404, false},
	} {
		r := b.call(t, f, event(c.path))
		var answer struct {
			StatusCode int
			Body       string
		}
		if err := json.Unmarshal(r.Payload, &answer); err != nil {
			t.Fatalf("%s: %s: %v", c.path, r.Payload, err)
		}
		if answer.StatusCode != c.status || answer.Body != c.body {
			t.Errorf("%s: got %d %s, want %d %s", c.path, answer.StatusCode, answer.Body, c.status, c.body)
		}
		var found, counted bool
		for _, line := range lines(r) {
			var l map[string]any
			if !strings.HasPrefix(line, "{") {
				continue
			}
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				t.Fatalf("%s: the line %s: %v", c.path, line, err)
			}
			if l["message"] == "found" {
				found = l["cold_start"] == c.cold && l["service"] == "payment" && l["function_request_id"] == "11111111-2222-3333-4444-555555555555" &&
					l["function_name"] == "f" && l["function_arn"] == f.ARN && l["xray_trace_id"] == "1-5-6"
				if !found {
					t.Errorf("%s: the logger wrote %s", c.path, line)
				}
			}
			if l["service"] == "payment" && l["found"] != nil && l["_aws"] != nil {
				counted = true
			}
		}
		if want := c.status == 200; found != want || counted != want {
			t.Errorf("%s: a line was written: %t, a metric was: %t; want %t", c.path, found, counted, want)
		}
	}
}
