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
)

// String is the word for the step: "refresh", "read", "create", "update" or
// "delete", as in Terraform's JSON log.
func (s Step) String() string {
	return [...]string{"refresh", "read", "create", "update", "delete"}[s]
}

// Event names a step on an object.
type Event struct {
	Addr    addr.Instance
	Deposed string // 8 hex digits, empty for the current object
	Step    Step

	// IDKey and IDValue show which remote object it is, by its attribute "id" or
	// "name", as far as that is known and not sensitive; else both are empty.
	IDKey, IDValue string
}

// Hook is told of progress, from many goroutines at once. Every Started is
// followed by one Finished with the same address, deposed key and step; its
// diagnostics have errors if the step failed.
type Hook interface {
	Started(Event)
	Finished(Event, hcl.Diagnostics)
}

// Silent is the Hook that tells nobody.
type Silent struct{}

// Started does nothing.
func (Silent) Started(Event) {}

// Finished does nothing.
func (Silent) Finished(Event, hcl.Diagnostics) {}
