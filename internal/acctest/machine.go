// Package acctest proves resource types: from a table of a type's attributes it
// creates, changes, imports, breaks, lags and destroys real objects on an emulator
// and checks what the provider makes of it, alone and under engines.
//
// It must not know any resource type: what is particular is in the tables.
package acctest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	"github.com/zclconf/go-cty/cty/msgpack"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
)

// A Machine drives a provider through Terraform's protocol with nothing between:
// blocks in the order of the file, each planned and applied at once, references
// to blocks above them only. It shows what the provider itself does; what an
// engine makes of it is shown by running the same on engines.
type Machine struct {
	// Serve returns the provider; each operation has an instance of its own, as
	// with terraform.
	Serve func() tfprotov6.ProviderServer

	objects map[string]plugin.Object // what the state holds, by address
	tainted map[string]bool
	order   []string // addresses in the order of creation
	schemas *plugin.Schemas
}

// A Change is what a plan does to one resource.
type Change struct {
	Address string
	Action  string // "no-op", "create", "update", "replace" or "delete"
	// Changed are the top-level attributes whose values differ or are unknown.
	Changed []string
	Replace []string // those that demand the replacement
}

// block is one resource or data block with its value.
type block struct {
	address, kind, typeName string
	body                    hcl.Body
}

// session is a configured provider and the blocks of a configuration.
type session struct {
	*Machine
	server tfprotov6.ProviderServer
	p      *plugin.Provider
	blocks []block
	scope  *hcl.EvalContext
}

func (m *Machine) open(ctx context.Context, config string) (*session, error) {
	if m.objects == nil {
		m.objects, m.tainted = map[string]plugin.Object{}, map[string]bool{}
	}
	file, ds := hclsyntax.ParseConfig([]byte(config), "main.tf", hcl.InitialPos)
	if ds.HasErrors() {
		return nil, ds
	}
	server := m.Serve()
	s := &session{Machine: m, server: server, p: plugin.New("serverless", server), scope: &hcl.EvalContext{
		Variables: map[string]cty.Value{"unknown": cty.DynamicVal},
		Functions: map[string]function.Function{"jsonencode": stdlib.JSONEncodeFunc, "toset": stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType))},
	}}
	if m.schemas != nil {
		s.p.Adopt(m.schemas)
	}
	if m.schemas, ds = s.p.Schemas(ctx); ds.HasErrors() {
		return nil, ds
	}
	settings := hcl.EmptyBody()
	for _, b := range file.Body.(*hclsyntax.Body).Blocks {
		switch b.Type {
		case "provider":
			settings = b.Body
		case "resource":
			s.blocks = append(s.blocks, block{strings.Join(b.Labels, "."), b.Type, b.Labels[0], b.Body})
		case "data":
			s.blocks = append(s.blocks, block{"data." + strings.Join(b.Labels, "."), b.Type, b.Labels[0], b.Body})
		default:
			return nil, fmt.Errorf("a block of type %s is nothing for this machine", b.Type)
		}
	}
	value, ds := hcldec.Decode(settings, m.schemas.Provider.Spec, s.scope)
	if ds.HasErrors() {
		return nil, ds
	}
	if ds = s.p.Validate(ctx, value); !ds.HasErrors() {
		ds = s.p.Configure(ctx, value, "1.15.0")
	}
	return s, failure(ds)
}

// failure is the errors among ds.
func failure(ds hcl.Diagnostics) error {
	var errs []error
	for _, d := range ds {
		if d.Severity == hcl.DiagError {
			errs = append(errs, errors.New(d.Summary+": "+d.Detail))
		}
	}
	return errors.Join(errs...)
}

// decode evaluates and validates a block.
func (s *session) decode(ctx context.Context, b block) (cty.Value, error) {
	schema := s.schemas.Resources[b.typeName]
	if b.kind == "data" {
		schema = s.schemas.Data[b.typeName]
	}
	if schema == nil {
		return cty.NilVal, fmt.Errorf("the provider has no %s %s", b.kind, b.typeName)
	}
	value, ds := hcldec.Decode(b.body, schema.Spec, s.scope)
	if ds.HasErrors() {
		return cty.NilVal, ds
	}
	if b.kind == "data" {
		ds = s.p.ValidateData(ctx, b.typeName, value)
	} else {
		ds = s.p.ValidateResource(ctx, b.typeName, value)
	}
	return value, failure(ds)
}

// define makes a block's value known to the blocks below it.
func (s *session) define(address string, value cty.Value) {
	path := strings.Split(address, ".")
	vars := s.scope.Variables
	inner := map[string]cty.Value{}
	at := path[0]
	if at == "data" {
		in := map[string]cty.Value{}
		if have, ok := vars["data"]; ok {
			in = have.AsValueMap()
		}
		in[path[1]] = cty.ObjectVal(map[string]cty.Value{path[2]: value})
		vars["data"] = cty.ObjectVal(in)
		return
	}
	if have, ok := vars[at]; ok {
		inner = have.AsValueMap()
	}
	inner[path[1]] = value
	vars[at] = cty.ObjectVal(inner)
}

// Refresh reads every object of the state again.
func (m *Machine) Refresh(ctx context.Context, config string) error {
	s, err := m.open(ctx, config)
	if err != nil {
		return err
	}
	return s.refresh(ctx)
}

func (s *session) refresh(ctx context.Context) error {
	for _, address := range slices.Clone(s.order) {
		out, ds := s.p.Read(ctx, typeOf(address), s.objects[address])
		if err := failure(ds); err != nil {
			return fmt.Errorf("%s: %w", address, err)
		}
		s.keep(address, out)
	}
	return nil
}

// keep stores an object, or forgets it if it is null.
func (m *Machine) keep(address string, o plugin.Object) {
	if o.Value == cty.NilVal || o.Value.IsNull() {
		delete(m.objects, address)
		delete(m.tainted, address)
		m.order = slices.DeleteFunc(m.order, func(a string) bool { return a == address })
		return
	}
	if _, ok := m.objects[address]; !ok {
		m.order = append(m.order, address)
	}
	m.objects[address] = o
}

func typeOf(address string) string { return strings.Split(address, ".")[0] }

// Plan refreshes and returns what an apply would do.
func (m *Machine) Plan(ctx context.Context, config string) ([]Change, error) {
	s, err := m.open(ctx, config)
	if err != nil {
		return nil, err
	}
	if err := s.refresh(ctx); err != nil {
		return nil, err
	}
	return s.each(ctx, false)
}

// Apply plans and makes the changes.
func (m *Machine) Apply(ctx context.Context, config string) ([]Change, error) {
	s, err := m.open(ctx, config)
	if err != nil {
		return nil, err
	}
	if err := s.refresh(ctx); err != nil {
		return nil, err
	}
	return s.each(ctx, true)
}

func (s *session) each(ctx context.Context, apply bool) ([]Change, error) {
	var changes []Change
	wanted := map[string]bool{}
	for _, b := range s.blocks {
		wanted[b.address] = true
		config, err := s.decode(ctx, b)
		if err != nil {
			return changes, err
		}
		if b.kind == "data" {
			value, ds := s.p.ReadData(ctx, b.typeName, config)
			if err := failure(ds); err != nil {
				return changes, err
			}
			s.define(b.address, value)
			continue
		}
		c, value, err := s.one(ctx, b, config, apply)
		changes = append(changes, c)
		if err != nil {
			return changes, fmt.Errorf("%s: %w", b.address, err)
		}
		s.define(b.address, value)
	}
	for _, address := range slices.Backward(slices.Clone(s.order)) {
		if wanted[address] {
			continue
		}
		changes = append(changes, Change{Address: address, Action: "delete"})
		if apply {
			if err := s.remove(ctx, address); err != nil {
				return changes, fmt.Errorf("%s: %w", address, err)
			}
		}
	}
	return changes, nil
}

// one plans a resource and, if asked to, applies the plan.
func (s *session) one(ctx context.Context, b block, config cty.Value, apply bool) (Change, cty.Value, error) {
	schema := s.schemas.Resources[b.typeName]
	prior, exists := s.objects[b.address]
	if !exists {
		prior = plugin.Object{Value: cty.NullVal(schema.Type)}
	}
	c := Change{Address: b.address, Action: "create"}
	var planned plugin.Planned
	var ds hcl.Diagnostics
	if exists && !s.tainted[b.address] {
		planned, ds = s.p.Plan(ctx, b.typeName, prior, proposed(&schema.Block, prior.Value, config), config)
		if err := failure(ds); err != nil {
			return c, cty.NilVal, err
		}
		c.Action = "update"
		c.Changed = changed(prior.Value, planned.Value)
		for _, p := range planned.Requires {
			if step, ok := p[0].(cty.GetAttrStep); ok && slices.Contains(c.Changed, step.Name) {
				c.Action, c.Replace = "replace", append(c.Replace, step.Name)
			}
		}
		if len(c.Changed) == 0 {
			c.Action = "no-op"
			return c, prior.Value, nil
		}
	} else if exists {
		c.Action = "replace"
	}
	if c.Action == "update" {
		if !apply {
			return c, planned.Value, nil
		}
		value, err := s.finish(ctx, b, prior.Value, planned.Object, config)
		return c, value, err
	}
	if c.Action == "replace" && apply {
		if err := s.remove(ctx, b.address); err != nil {
			return c, cty.NilVal, err
		}
	}
	null := plugin.Object{Value: cty.NullVal(schema.Type)}
	planned, ds = s.p.Plan(ctx, b.typeName, null, proposed(&schema.Block, null.Value, config), config)
	if err := failure(ds); err != nil || !apply {
		return c, planned.Value, err
	}
	value, err := s.finish(ctx, b, null.Value, planned.Object, config)
	return c, value, err
}

// finish applies a plan and checks the result as engines do.
func (s *session) finish(ctx context.Context, b block, prior cty.Value, planned plugin.Object, config cty.Value) (cty.Value, error) {
	out, _, lost, ds := s.p.Apply(ctx, b.typeName, prior, planned, config)
	err := failure(ds)
	if lost {
		return cty.NilVal, errors.Join(err, errors.New("the provider lost the object"))
	}
	if !out.Value.IsNull() && !out.Value.IsWhollyKnown() {
		return cty.NilVal, errors.Join(err, errors.New("the provider left values unknown"))
	}
	s.keep(b.address, out)
	if err != nil {
		s.tainted[b.address] = prior.IsNull() && !out.Value.IsNull()
		return cty.NilVal, err
	}
	delete(s.tainted, b.address)
	if at := inconsistent(planned.Value, out.Value); at != "" {
		return out.Value, fmt.Errorf("the provider planned another value for %s than it made", at)
	}
	return out.Value, nil
}

func (s *session) remove(ctx context.Context, address string) error {
	o := s.objects[address]
	null := cty.NullVal(o.Value.Type())
	planned, ds := s.p.Plan(ctx, typeOf(address), o, null, null)
	if err := failure(ds); err != nil {
		return err
	}
	planned.Value = null
	out, _, _, ds := s.p.Apply(ctx, typeOf(address), o.Value, planned.Object, null)
	s.keep(address, out)
	return failure(ds)
}

// Destroy deletes everything in the state, last made first.
func (m *Machine) Destroy(ctx context.Context, config string) error {
	s, err := m.open(ctx, config)
	if err != nil {
		return err
	}
	var errs []error
	for _, address := range slices.Backward(slices.Clone(s.order)) {
		if err := s.remove(ctx, address); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", address, err))
		}
	}
	return errors.Join(errs...)
}

// Import adds an object to the state by an import id.
func (m *Machine) Import(ctx context.Context, config, address, id string) error {
	s, err := m.open(ctx, config)
	if err != nil {
		return err
	}
	resp, err := s.server.ImportResourceState(ctx, &tfprotov6.ImportResourceStateRequest{
		TypeName: typeOf(address), ID: id, ClientCapabilities: &tfprotov6.ImportResourceStateClientCapabilities{},
	})
	if err != nil {
		return err
	}
	for _, d := range resp.Diagnostics {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			return errors.New(d.Summary + ": " + d.Detail)
		}
	}
	found := plugin.Object{Private: resp.ImportedResources[0].Private}
	found.Value, err = msgpack.Unmarshal(resp.ImportedResources[0].State.MsgPack, s.schemas.Resources[typeOf(address)].Type)
	if err != nil {
		return err
	}
	out, ds := s.p.Read(ctx, typeOf(address), found)
	if err := failure(ds); err != nil {
		return err
	}
	if out.Value.IsNull() {
		return errors.New("there is nothing to import")
	}
	s.keep(address, out)
	return nil
}

// Forget drops an object from the state without deleting it.
func (m *Machine) Forget(address string) { m.keep(address, plugin.Object{}) }

// Value is an object's state; null if there is none.
func (m *Machine) Value(address string) cty.Value {
	if o, ok := m.objects[address]; ok {
		return o.Value
	}
	return cty.NullVal(cty.DynamicPseudoType)
}

// Identity is an object's identity; cty.NilVal if there is none.
func (m *Machine) Identity(address string) cty.Value { return m.objects[address].Identity }

// Addresses are those of all objects in the state.
func (m *Machine) Addresses() []string { return slices.Sorted(maps.Keys(m.objects)) }
