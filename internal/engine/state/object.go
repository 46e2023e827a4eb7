package state

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
)

// Object is one remote object as it was last seen. It must not be changed after
// it was put into a State.
type Object struct {
	// Attributes is the value as cty JSON; what a provider's
	// UpgradeResourceState takes.
	Attributes    json.RawMessage
	SchemaVersion uint64

	// Sensitive holds the paths that the configuration, not the schema, marked.
	Sensitive []cty.Path

	// Private is the provider's own bytes, never looked into.
	Private []byte

	// Tainted means that the object is to be replaced: its creation did not
	// finish, or somebody asked for it.
	Tainted bool

	// CreateBeforeDestroy is the order that a later replacement or removal
	// must keep, when the configuration is gone.
	CreateBeforeDestroy bool

	// SkipDestroy means that the object is forgotten where it would be destroyed.
	SkipDestroy bool

	// Dependencies are the resources, without instance keys, that this one was
	// built on.
	Dependencies []addr.ConfigResource

	// Identity is the provider's identity value as cty JSON, or nil.
	Identity        json.RawMessage
	IdentityVersion uint64

	extra extra
}

// NewObject makes the object for v, which must be unmarked, wholly known and of
// type ty.
func NewObject(v cty.Value, ty cty.Type) (*Object, error) {
	raw, err := ctyjson.Marshal(v, ty)
	if err != nil {
		return nil, fmt.Errorf("encoding the attributes for the state: %w", err)
	}
	return &Object{Attributes: raw}, nil
}

// Value decodes the attributes as ty.
func (o *Object) Value(ty cty.Type) (cty.Value, error) {
	v, err := decode(o.Attributes, ty)
	if err != nil {
		return cty.DynamicVal, fmt.Errorf("decoding the attributes from the state: %w", err)
	}
	return v, nil
}

// With is a copy of the object that change was made to: an edit that keeps what
// this package does not know of newer formats.
func (o *Object) With(change func(*Object)) *Object {
	out := *o
	out.Sensitive = slices.Clone(o.Sensitive)
	out.Dependencies = slices.Clone(o.Dependencies)
	change(&out)
	return &out
}
