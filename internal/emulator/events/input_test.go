package events

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
)

func TestTransform(t *testing.T) {
	t.Parallel()
	r := &rule{Scope: env.Scope{Region: "eu-north-1", Account: "000000000000"}, Bus: defaultBus, Name: "r"}
	event := []byte(`{"id":"1","source":"s","detail":{"a":"x \"y\"","n":[1,2]}}`)
	for _, c := range []struct{ name, template, want string }{
		{"a text in quotes", `{"v":"<a>"}`, `{"v":"x \"y\""}`},
		{"JSON outside of quotes", `{"v":<a>,"n":<n>}`, `{"v":"x \"y\"","n":[1,2]}`},
		{"a name within a text", `"it is <n>"`, `"it is [1,2]"`},
		{"what is not there", `{"v":<none>}`, `{"v":""}`},
		{"the rule", `{"v":<aws.events.rule-arn>}`, `{"v":"arn:aws:events:eu-north-1:000000000000:rule/r"}`},
		{"the time", `"<aws.events.event.ingestion-time>"`, `"1970-01-01T00:00:00Z"`},
		{"the event without its detail", `{"v":<aws.events.event>}`, `{"v":{"id":"1","source":"s"}}`},
		{"the whole event", `{"v":<aws.events.event.json>}`, `{"v":` + string(event) + `}`},
		{"what is no variable", `{"v":"1 < 2 <> 1"}`, `{"v":"1 < 2 <> 1"}`},
	} {
		x := &types.InputTransformer{InputTemplate: &c.template, InputPathsMap: map[string]string{"a": "$.detail.a", "n": "$.detail.n", "none": "$.detail.none"}}
		got, err := transform(r, x, event, time.Unix(0, 0))
		if err != nil || string(got) != c.want {
			t.Errorf("%s: got %s, %v, want %s", c.name, got, err, c.want)
		}
	}
}

// BenchmarkTransform fills the longest template, which takes time in proportion to
// its length.
func BenchmarkTransform(b *testing.B) {
	template := `{"v":"` + strings.Repeat("<", 8000) + `"}`
	r := &rule{Bus: defaultBus, Name: "r"}
	for b.Loop() {
		if _, err := transform(r, &types.InputTransformer{InputTemplate: &template}, []byte(`{}`), time.Unix(0, 0)); err != nil {
			b.Fatal(err)
		}
	}
}
