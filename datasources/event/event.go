// Package event has the data sources of what brings events to functions. It must
// not know how the provider is configured.
package event

import (
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
	"github.com/tfserverless/terraform-provider-serverless/resources/event"
)

// Sources lists the family's data sources, alphabetically.
var Sources = []tf.SourceEntry[*event.Clients]{
	tf.Lookup(event.Source),
}
