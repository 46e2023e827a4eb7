package event

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"
)

// TestReads: a mapping of another topic of the cluster is not in the way.
func TestReads(t *testing.T) {
	t.Parallel()
	m := &model{MSK: &cluster{Topic: tftypes.StringValue("orders")}}
	for topic, want := range map[string]bool{"orders": true, "returns": false} {
		if got := m.reads(types.EventSourceMappingConfiguration{Topics: []string{topic}}); got != want {
			t.Errorf("%s: got %t, want %t", topic, got, want)
		}
	}
}
