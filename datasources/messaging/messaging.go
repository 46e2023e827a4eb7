// Package messaging has the data sources of messages: queues. It must not know how
// the provider is configured.
package messaging

import (
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
	"github.com/tfserverless/terraform-provider-serverless/resources/messaging"
)

// Sources lists the family's data sources, alphabetically.
var Sources = []tf.SourceEntry[*messaging.Clients]{
	tf.Lookup(messaging.Queue),
	tf.Listing(messaging.Queue, "queues", "queue_names"),
}
