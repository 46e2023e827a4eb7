// Package function has the data sources of functions: what there is, what it
// answers, what it logged, and what a package would hold. It must not know how the
// provider is configured.
package function

import (
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
	"github.com/tfserverless/terraform-provider-serverless/resources/function"
)

// Sources lists the family's data sources, alphabetically.
var Sources = []tf.SourceEntry[*function.Clients]{
	tf.Lookup(function.Function, "environment_wo_version", "links", "policies", "role", "source"),
	tf.Listing(function.Function, "functions", "function_names"),
	Invocation,
	tf.Lookup(function.Layer, "retain", "source"),
	Logs,
	Package,
}
