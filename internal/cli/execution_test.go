package cli

import (
	"strings"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/executions"
)

// TestDrawn: the picture of what executions run by, also of items of distributed
// maps.
func TestDrawn(t *testing.T) {
	t.Parallel()
	const distributed = `{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"Map","States":`
	for name, definition := range map[string]string{
		"a machine":           `{"StartAt":"Map","States":{"Map":{"Type":"Pass","End":true}}}`,
		"an item":             distributed + `{"Map":{"Type":"Pass","OutputPath":"$.a","End":true}}}`,
		"an item and JSONata": distributed + `{"Map":{"Type":"Pass","Output":"{% 1 %}","End":true}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			events := []executions.Event{{ID: 1, Type: "ExecutionStarted"}, {ID: 2, Type: "PassStateEntered", State: "Map"}, {ID: 3, Previous: 2, Type: "PassStateExited", State: "Map"}}
			if err := draw(&b, definition, events, true, ""); err != nil || !strings.Contains(b.String(), "│ ✓ Map │") {
				t.Errorf("got %v\n%s", err, b.String())
			}
		})
	}
	if err := draw(&strings.Builder{}, `{"ProcessorConfig":{},"States":{}}`, nil, true, ""); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("got %v, want that the definition cannot be read", err)
	}
}
