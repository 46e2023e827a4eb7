package plan

import (
	"github.com/hashicorp/hcl/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
)

// Step is one piece of work on an object that takes time.
type Step byte

// The steps, as progress shows them.
const (
	Refreshing Step = iota // reading a managed object
	Reading                // reading a data source
	Creating
	Updating
	Destroying
	Provisioning // running a command for an object that is created or destroyed
	Opening      // an ephemeral resource, and so the next two
	Renewing
	Closing
	Invoking // an action
)

// String is the word for the step, as in Terraform's JSON log: "refresh", "read",
// "create", "update", "delete", "provision", "open", "renew", "close" or "invoke".
func (s Step) String() string {
	return [...]string{"refresh", "read", "create", "update", "delete", "provision", "open", "renew", "close", "invoke"}[s]
}

// Event names a step on an object.
type Event struct {
	Addr    addr.Instance
	Deposed string // 8 hex digits, empty for the current object
	Step    Step

	// IDKey and IDValue show which remote object it is, by its attribute "id" or
	// "name", as far as that is known and not sensitive; else both are empty.
	IDKey, IDValue string

	Provisioner string // its type, if Step is Provisioning
	Trigger     string // what an action is invoked for: an instance, or empty
}

// Hook is told of progress, from many goroutines at once. Every Started is
// followed by one Finished with the same address, deposed key and step; its
// diagnostics have errors if the step failed.
type Hook interface {
	Started(Event)
	Finished(Event, hcl.Diagnostics)

	// Output is a line that a provisioner or an action gives out between Started
	// and Finished.
	Output(e Event, line string)
}

// Silent is the Hook that tells nobody.
type Silent struct{}

// Started does nothing.
func (Silent) Started(Event) {}

// Finished does nothing.
func (Silent) Finished(Event, hcl.Diagnostics) {}

// Output does nothing.
func (Silent) Output(Event, string) {}
