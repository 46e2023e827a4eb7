// Package acctest proves resource types: from a table of a type's attributes it
// creates, changes, imports, breaks, lags and destroys real objects on an emulator
// and checks what the provider makes of it, under our engine and under others.
//
// It must not know any resource type: what is particular is in the tables.
package acctest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/apply"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
	"github.com/tfserverless/terraform-provider-serverless/provider"
)

// A Machine is our engine with a state in memory and the provider in this
// process. A configuration is the text of one file; var.unknown in it is a value
// that is not known while planning.
type Machine struct {
	// Serve returns the provider; each operation has instances of its own, as
	// with other engines.
	Serve func() tfprotov6.ProviderServer
	// Dead reports whether the process has been killed: what it does afterwards
	// reaches no state. Nil is never.
	Dead func() bool

	// Remembers says that a killed process leaves what it intended, too, as our
	// engine does; terraform leaves what it completed.
	Remembers bool

	state      *state.State   // nil is empty
	unfinished []state.Intent // of the process that was killed

	warnings []string // of the last apply
}

// journal is what a killed process leaves: the steps that it completed, and those
// that it intended.
type journal struct {
	*state.State
	dead func() bool

	mu         sync.Mutex
	unfinished []state.Intent
}

func (j *journal) Intend(i state.Intent) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.dead() {
		j.end(i.Addr)
		j.unfinished = append(j.unfinished, i)
	}
	return nil
}

func (j *journal) Commit(steps ...state.Entry) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range steps {
		if !j.dead() {
			j.Put(e)
			j.end(e.Addr)
		}
	}
	return nil
}

func (j *journal) end(i addr.Instance) {
	j.unfinished = slices.DeleteFunc(j.unfinished, func(was state.Intent) bool { return was.Addr == i })
}

// A Change is what a plan does to one resource.
type Change struct {
	Address string
	Action  string // "no-op", "create", "update", "replace" or "delete"
	// Changed are the top-level attributes whose values differ or are unknown.
	Changed []string
	Replace []string // those that demand the replacement
}

// preamble is a file that is part of every configuration.
const preamble = `
terraform {
  required_providers {
    serverless = { source = "` + provider.Address + `" }
  }
}

variable "unknown" { default = null }
`

var source = addr.Provider{Host: addr.DefaultHost, Namespace: "tfserverless", Type: "serverless"}

// unknown are the values of the preamble's variables.
var unknown = map[string]cty.Value{"unknown": cty.DynamicVal}

// none are the objects that provider blocks may refer to while importing.
type none struct{}

func (none) Instance(context.Context, addr.Instance) (cty.Value, hcl.Diagnostics) {
	return cty.DynamicVal, nil
}

func (none) Whole(context.Context, addr.ModuleResource) (cty.Value, hcl.Diagnostics) {
	return cty.DynamicVal, nil
}

// modules are the configurations that were read, by their text: proofs share most of
// them, and what is read is never changed.
var modules sync.Map

// load writes a configuration into a folder and reads it.
func load(text string) (*config.Module, error) {
	if m, ok := modules.Load(text); ok {
		return m.(*config.Module), nil
	}
	dir, err := os.MkdirTemp("", "acctest")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	for name, content := range map[string]string{"main.tf": text, "preamble.tf": preamble} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			return nil, err
		}
	}
	m, ds := config.Load(dir, nil)
	if ds.HasErrors() {
		return nil, failure(ds)
	}
	modules.Store(text, m)
	return m, nil
}

// compile prepares a configuration.
func (m *Machine) compile(ctx context.Context, text string) (*plan.Program, error) {
	module, err := load(text)
	if err != nil {
		return nil, err
	}
	p, ds := plan.Compile(ctx, module, plan.Servers{source: func() (tfprotov6.ProviderServer, error) { return m.Serve(), nil }})
	return p, failure(ds)
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

func (m *Machine) plan(ctx context.Context, text string, mode plan.Mode) (*plan.Program, *plan.Plan, error) {
	program, err := m.compile(ctx, text)
	if err != nil {
		return nil, nil, err
	}
	p, ds := program.Plan(ctx, plan.Options{Mode: mode, Prior: m.state, Variables: unknown, Unfinished: m.unfinished})
	return program, p, failure(ds)
}

// Plan refreshes and returns what an apply would do.
func (m *Machine) Plan(ctx context.Context, text string) ([]Change, error) {
	_, p, err := m.plan(ctx, text, plan.Normal)
	if err != nil {
		return nil, err
	}
	return changes(p), nil
}

// Apply plans and makes the changes.
func (m *Machine) Apply(ctx context.Context, text string) ([]Change, error) {
	return m.apply(ctx, text, plan.Normal)
}

// Destroy deletes everything in the state.
func (m *Machine) Destroy(ctx context.Context, text string) error {
	_, err := m.apply(ctx, text, plan.Destroy)
	return err
}

// Refresh reads every object of the state again.
func (m *Machine) Refresh(ctx context.Context, text string) error {
	_, err := m.apply(ctx, text, plan.RefreshOnly)
	return err
}

func (m *Machine) apply(ctx context.Context, text string, mode plan.Mode) ([]Change, error) {
	program, p, err := m.plan(ctx, text, mode)
	if err != nil {
		return nil, err
	}
	left := &journal{State: p.Prior.Clone(), dead: m.Dead, unfinished: slices.Clone(m.unfinished)}
	if left.dead == nil {
		left.dead = func() bool { return false }
	}
	result, ds := apply.Run(ctx, program, p, apply.Options{Log: left, Unfinished: m.unfinished})
	// A run that comes to its end leaves what was noted of objects that are not there.
	m.state, m.unfinished = result.State, slices.DeleteFunc(slices.Clone(left.unfinished), func(i state.Intent) bool {
		return i.Action != "create" || i.Note == nil || result.State.Get(i.Addr) != nil
	})
	if left.dead() {
		m.state, m.unfinished = left.State, left.unfinished
	}
	if !m.Remembers {
		m.unfinished = nil
	}
	m.warnings = nil
	for _, d := range ds {
		if d.Severity == hcl.DiagWarning {
			m.warnings = append(m.warnings, d.Summary+": "+d.Detail)
		}
	}
	return changes(p), failure(ds)
}

// changes are those of the managed resources in a plan.
func changes(p *plan.Plan) []Change {
	var all []Change
	for _, c := range p.Changes {
		if c.Addr.Resource.Mode != addr.Managed {
			continue
		}
		before, _ := c.Before.UnmarkDeep()
		after, _ := c.After.UnmarkDeep()
		out := Change{Address: c.Addr.String(), Action: c.Action.String()}
		if c.Action.Replaces() {
			out.Action = "replace"
		}
		if !after.IsNull() {
			out.Changed = changed(before, after)
		}
		for _, path := range c.Requires {
			if step, ok := path[0].(cty.GetAttrStep); ok {
				out.Replace = append(out.Replace, step.Name)
			}
		}
		all = append(all, out)
	}
	return all
}

// changed lists the top-level attributes that differ.
func changed(before, after cty.Value) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(after.Type().AttributeTypes())) {
		if before.IsNull() || !before.GetAttr(name).RawEquals(after.GetAttr(name)) {
			names = append(names, name)
		}
	}
	return names
}

// Import adds an object to the state by an import id.
func (m *Machine) Import(ctx context.Context, text, address, id string) error {
	program, err := m.compile(ctx, text)
	if err != nil {
		return err
	}
	at, err := addr.ParseInstance(address)
	if err != nil {
		return err
	}
	s := program.NewSession(plan.SessionOptions{Objects: none{}, Variables: unknown, Workspace: "default"})
	c := addr.ProviderConfig{Provider: source}
	p, ds := s.Provider(ctx, c)
	if ds.HasErrors() {
		return failure(ds)
	}
	schema, ds := s.SchemaOf(ctx, source, at.Resource)
	if ds.HasErrors() {
		return failure(ds)
	}
	found, ds := p.Import(ctx, at.Resource.Type, id)
	if ds.HasErrors() {
		return failure(ds)
	}
	read, ds := p.Read(ctx, at.Resource.Type, found)
	if ds.HasErrors() {
		return failure(ds)
	}
	if read.Value.IsNull() {
		return fmt.Errorf("there is no %s with the import id %s", at.Resource.Type, id)
	}
	o, err := plan.Record(schema, read, nil)
	if err != nil {
		return err
	}
	if m.state == nil {
		m.state = state.New()
	}
	m.state.Put(state.Entry{Addr: at, Provider: c, Object: o})
	return nil
}

// object is what the state has of an address; nil if it has nothing.
func (m *Machine) object(address string) (addr.Instance, *state.Object) {
	at, err := addr.ParseInstance(address)
	if err != nil || m.state == nil {
		return at, nil
	}
	return at, m.state.Get(at)
}

// Forget drops an object from the state without deleting it.
func (m *Machine) Forget(address string) {
	if at, o := m.object(address); o != nil {
		m.state.Put(state.Entry{Addr: at})
	}
}

// Value is an object's state; null if there is none.
func (m *Machine) Value(address string) cty.Value {
	at, o := m.object(address)
	null := cty.NullVal(cty.DynamicPseudoType)
	if o == nil {
		return null
	}
	schemas, ds := plugin.New("serverless", m.Serve()).Schemas(context.Background())
	if ds.HasErrors() {
		return null
	}
	v, err := o.Value(schemas.Resources[at.Resource.Type].Type)
	if err != nil {
		return null
	}
	return v
}

// Identity is an object's identity as JSON; "" if there is none.
func (m *Machine) Identity(address string) string {
	_, o := m.object(address)
	if o == nil {
		return ""
	}
	return string(o.Identity)
}

// Addresses are those of all objects in the state.
func (m *Machine) Addresses() []string {
	var all []string
	if m.state != nil {
		for _, e := range m.state.Entries() {
			if e.Addr.Resource.Mode == addr.Managed {
				all = append(all, strings.TrimSpace(e.Addr.String()+" "+e.Deposed))
			}
		}
	}
	return all
}
