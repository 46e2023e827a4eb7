// Package statemachine has the data sources of state machines: what there is, and
// what became of executions. It must not know how the provider is configured.
package statemachine

import (
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
	"github.com/tfserverless/terraform-provider-serverless/resources/statemachine"
)

// Sources lists the family's data sources, alphabetically.
var Sources = []tf.SourceEntry[*statemachine.Clients]{
	tf.Lookup(statemachine.Activity),
	Execution,
	Executions,
	tf.Lookup(statemachine.Machine, "definition_file", "links", "policies", "role", "substitutions"),
	tf.Listing(statemachine.Machine, "state_machines", "state_machine_names"),
}
