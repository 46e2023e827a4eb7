// Package tf is the layer between the plugin framework and this project's
// resource types. A type is a [Type]: data about its attributes and a function
// each for create, read, update and delete. Everything that is the same for all
// types is here, once: defaults, physical names, tags, stability of computed
// values, import, identity, waiting, and turning errors into diagnostics.
//
// It must not know AWS beyond ARNs and the shape of the SDK's errors, nor any
// resource type, nor the emulator.
package tf

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// A Type is one resource type. C is the set of AWS operations that its family
// calls; M is its model, a struct that embeds [Base] (and [Tagged], if Schema has
// "tags") and has a field with a tfsdk tag for each further attribute.
//
// Models hold no unknown collections: an unknown list, map or object is null in
// them, an unknown primitive is an unknown types.String and so on, so Go maps,
// slices and struct pointers may be used for whatever is configured.
type Type[C, M any] struct {
	// Name is the type's name without "serverless_", such as "table".
	Name string

	// Schema has the type's own attributes. Added to it are id, region and
	// timeouts, and, if it has an attribute "tags", tags_all.
	Schema schema.Schema

	// Import lists the attributes that name an object within its account and
	// region, such as "table_name". They make the identity and the import id:
	// their values joined by "/" (the last may hold slashes). Read must work with
	// nothing but these and Region set.
	Import []string

	// ARN is the pattern of ARNs accepted for import, from the service on, with
	// the attributes of Import in braces: "dynamodb:table/{table_name}". Empty
	// for types without an ARN.
	ARN string

	// Physical is the attribute that holds the name on AWS, if it is made from
	// the provider's name_prefix and the attribute "name"; it is Optional and
	// Computed and bypasses the prefix when it is given. Its validators also
	// check the name that was made.
	Physical string

	// Label is the attribute that people know an object by, for lists: their
	// name_prefix is about it, and List must set it. Empty is Physical or, without
	// that, the last of Import.
	Label string

	// Replace lists the attributes whose change replaces the object. Physical
	// and region are always among them.
	Replace []string

	// Filled are computed attributes that Create and Update set to what AWS will show
	// of their change: reads that show something else lag behind it.
	Filled []string
	// Changes says what changes a computed attribute: the attributes, given by
	// name, whose change may give it another value. An attribute that is not
	// listed keeps its value for the object's life. "*" stands for any attribute
	// that is not computed. Keys of nested attributes are dotted, without the
	// keys of maps: "global_indexes.arn".
	Changes map[string][]string

	// Defaults lists attributes that the provider's defaults block may fill. Each
	// is Optional and Computed; without a value from there it has the schema's
	// Default, or else none.
	Defaults []string

	// Merged lists maps of strings that the defaults block has too, and to whose
	// elements there those of the resource are added: the attribute itself stays
	// as it is written, and the type merges by [DefaultMap].
	Merged []string

	// Gone tells whether an error says that the object itself does not exist:
	// see [Gone].
	Gone func(error) bool

	// Timeouts are the limits for each operation unless the resource sets
	// others; zero means 20 minutes.
	Timeouts Limits

	// Validate checks what attribute validators cannot; nil if there is nothing.
	Validate func(ctx context.Context, v *Check, m *M)

	// Plan refines a planned create or update; nil if there is nothing to do. It
	// runs after defaults, names and tags are filled in and before computed
	// values are settled by Changes.
	Plan func(ctx context.Context, p *Plan[M]) error

	// Create makes the object. It must set the model's ID as soon as the object
	// exists: from then on the state is saved, even if a later step fails or the
	// run is canceled. If it undoes what it made it sets ID back to null.
	Create func(ctx context.Context, c C, m *M) error

	// Find looks for an object that stands where Create would make m's. It gives m
	// what Read needs and is not planned, and returns the object's tags; nil for a
	// type without. False, or an error of Gone, says that there is none. With Find
	// a create takes over what an earlier one left unfinished, refuses what is
	// somebody else's, and looks what became of a call whose answer was lost;
	// Create must then mark what it makes by [Tagged.Marked], if it has tags, and
	// Update must bring an unfinished object to m. Nil for types that see to all
	// this in Create.
	Find func(ctx context.Context, c C, m *M) (there bool, tags map[string]string, err error)

	// Undo removes what a Create that failed has made, in a context of its own. If
	// the object is gone it sets ID back to null. Nil if nothing is undone, or
	// Create does that.
	Undo func(ctx context.Context, c C, m *M) error

	// Tag changes the object's tags: after an update by what differs, and the mark
	// at the end of a create. The keys to remove are in order. Nil if the object has
	// no tags, or Update changes them.
	Tag func(ctx context.Context, c C, m *M, set map[string]string, remove []string) error

	// Finish is the last step of a create without Find, after the complete object was read: it
	// removes what marks the object as unfinished. It must leave the rest as it
	// is. Nil if there is nothing; an error is only a warning.
	Finish func(ctx context.Context, c C, m *M) error

	// Read fills the model from AWS. It is the only place that does so, and runs
	// after each create and update. Attributes that AWS does not return stay as
	// they are. It replaces maps and what pointers point to instead of changing
	// them, because it may run again from the same model.
	Read func(ctx context.Context, c C, m *M) error

	// Update changes the object from prior to m. Nil for types that can only be
	// replaced.
	Update func(ctx context.Context, c C, prior, m *M) error

	// Delete removes the object; an error of Gone counts as success.
	Delete func(ctx context.Context, c C, m *M) error

	// List calls found for each object: a copy of in, which has the region, with
	// the attributes of Import and whatever else the call that lists them tells
	// (TagsAll stays null unless it tells the tags). An error of found ends it and
	// is returned. With List a type can be queried, and be a data source by [Listing]; nil for types
	// that AWS does not list.
	List func(ctx context.Context, c C, in *M, found func(*M) error) error

	// Alone are attributes and, behind each, those that the configuration of an object
	// that exists goes without where it has that one, because they are not taken
	// together. Earlier ones come first.
	Alone [][]string

	// Within lists those attributes of Import that say what to list in, such as
	// the table of items. They are required for a list, and set in its model in.
	Within []string

	// Moves lists other providers' types whose state a moved block can turn into
	// this type's: for each the attributes that Read needs, as the other type
	// calls them, such as "aws_dynamodb_table": {"table_name": "name"}.
	Moves map[string]map[string]string
}

// Limits are how long operations may take.
type Limits struct{ Create, Update, Delete time.Duration }

// Base has the attributes of every resource type. Embed it in a model.
type Base struct {
	ID       types.String `tfsdk:"id"`
	Region   types.String `tfsdk:"region"`
	Timeouts *Timeouts    `tfsdk:"timeouts"`
}

func (b *Base) base() *Base { return b }

// Timeouts is the value of the attribute of that name: durations such as "30m".
type Timeouts struct {
	Create types.String `tfsdk:"create"`
	Update types.String `tfsdk:"update"`
	Delete types.String `tfsdk:"delete"`
}

// A Provider is what the provider's configuration gives to all types. Its values
// may be unknown while planning.
type Provider struct {
	Region     types.String // where resources are that do not say otherwise
	NamePrefix types.String // of physical names; may be null
	Tags       types.Map    // of everything that can have tags; may be null
	// Ignored tells which tags on AWS are others', by their keys; nil for none.
	Ignored func(key string) bool
	// Boundary is the ARN of the policy that limits the roles that are made; may be
	// null.
	Boundary types.String
	// Stack marks objects whose creation was cut off as this configuration's;
	// null for none.
	Stack types.String
	// Run is a random name of this configured provider, for Marker without a stack.
	Run string
	// Defaults are values by type name and attribute; missing or null for none.
	Defaults map[string]map[string]tftypes.Value
	// Identity returns the partition and account that calls are made for.
	Identity func(ctx context.Context, region string) (partition, account string, err error)
	// Where names the backend in messages: "AWS" or "the emulator in .serverless".
	Where string

	claims  sync.Map // see Claim
	answers sync.Map // see Shared
	writes  atomic.Int64
}

// A Scope is the account and the region that an operation is for.
type Scope struct{ Partition, Account, Region string }

// ARN returns the name of a resource of this scope, such as
// arn:aws:lambda:eu-north-1:123456789012:function:f.
func (s Scope) ARN(service, resource string) string {
	return "arn:" + s.Partition + ":" + service + ":" + s.Region + ":" + s.Account + ":" + resource
}

// ScopeOf returns the scope of the operation that ctx belongs to: Create, Read,
// Update and Delete of a type, and Read of a data source. It panics elsewhere.
func ScopeOf(ctx context.Context) Scope { return operationOf(ctx).scope }

// A Connector returns a family's operations for one region. It may have to start
// an emulator, so it is called only when an operation is about to call AWS.
type Connector[C any] func(ctx context.Context, region string) (C, error)

// An Entry is a [Type] as its family's list holds it: its model is hidden.
type Entry[C any] interface {
	resource(Connector[C]) func() resource.Resource
	lister(Connector[C]) func() list.ListResource
	defaults() (name string, attributes map[string]schema.Attribute)
	flaws() []string
}

// Flaws lists what is wrong with a family's types themselves, such as a name in
// Changes that no attribute has, for a test.
func Flaws[C any](family []Entry[C]) []string {
	var all []string
	for i, e := range family {
		all = append(all, e.flaws()...)
		name, _ := e.defaults()
		if i > 0 {
			if before, _ := family[i-1].defaults(); before >= name {
				all = append(all, "serverless_"+name+" is not in the order of the alphabet")
			}
		}
	}
	return all
}

// Resources makes a family's types into the framework's.
func Resources[C any](connect Connector[C], family []Entry[C]) []func() resource.Resource {
	var all []func() resource.Resource
	for _, e := range family {
		all = append(all, e.resource(connect))
	}
	return all
}

// An operation is what the context of one call of a type carries.
type operation struct {
	scope    Scope
	provider *Provider
	private  private
	refresh  bool              // it reads an object that nobody has just changed
	said     *diag.Diagnostics // where warnings go; nil for nowhere
}

type operationKey struct{}

func operationOf(ctx context.Context) *operation {
	return ctx.Value(operationKey{}).(*operation)
}

// Warn tells the user something that is no error, from Create, Update or Delete of a
// type; elsewhere nobody hears it. It is not for several goroutines at once.
func Warn(ctx context.Context, summary, detail string) {
	if said := operationOf(ctx).said; said != nil {
		said.AddWarning(summary, detail)
	}
}

// writing says that the operation changes something, until the end is called, and
// where its warnings go.
func writing(ctx context.Context, said *diag.Diagnostics) (end func()) {
	op := operationOf(ctx)
	op.said = said
	op.provider.writes.Add(1)
	return func() { op.provider.writes.Add(1) }
}

// enter prepares an operation: it settles the region and the account, and
// connects.
func enter[C any](ctx context.Context, p *Provider, connect Connector[C], typeName string, region types.String, kept private) (context.Context, C, error) {
	var none C
	if p == nil {
		return ctx, none, &Problem{"The provider is not configured", "An operation on " + typeName + " was asked for before the provider block was read."}
	}
	if region.IsNull() || region.IsUnknown() {
		region = p.Region
	}
	if region.ValueString() == "" {
		return ctx, none, noRegion(region.IsUnknown())
	}
	partition, account, err := p.Identity(ctx, region.ValueString())
	if err != nil {
		return ctx, none, fmt.Errorf("finding out the account: %w", err)
	}
	ctx = context.WithValue(ctx, operationKey{}, &operation{
		scope:    Scope{Partition: partition, Account: account, Region: region.ValueString()},
		provider: p, private: kept,
	})
	c, err := connect(ctx, region.ValueString())
	if err != nil {
		return ctx, none, fmt.Errorf("connecting to %s: %w", p.Where, err)
	}
	return ctx, c, nil
}
