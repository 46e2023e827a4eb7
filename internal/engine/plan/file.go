package plan

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// A plan file is a zip archive: the plan itself, the state that it starts from,
// and the configuration, so that applying needs nothing else.
const (
	planEntry    = "plan.json"
	stateEntry   = "state.json"
	configFolder = "config/" // in it a folder per module, which is called by its place in planJSON.Dirs
)

// fileVersion is that of the form of plan.json. A file of another version is
// refused: plans are short-lived.
const fileVersion = 2

type planJSON struct {
	Version   int                  `json:"version"`
	Dirs      []string             `json:"dirs"`    // of the modules, the root first
	Modules   map[string]int       `json:"modules"` // places in Dirs, by the keys of modules.json
	Mode      Mode                 `json:"mode"`
	Base      Base                 `json:"base"`
	Workspace string               `json:"workspace"`
	Time      time.Time            `json:"time"`
	Refreshed bool                 `json:"refreshed"`
	Partial   bool                 `json:"partial,omitempty"`
	Errored   bool                 `json:"errored,omitempty"`
	Providers map[string]string    `json:"providers,omitempty"`
	Files     map[string]string    `json:"files"`
	Variables map[string]valueJSON `json:"variables"`
	Changes   []changeJSON         `json:"changes"`
	Drift     []changeJSON         `json:"drift"`
	Invoked   []invocationJSON     `json:"invoked,omitempty"`
	Outputs   []outputJSON         `json:"outputs"`
	Graph     []Op                 `json:"graph"`
	Checks    []checkedJSON        `json:"checks,omitempty"`
}

type changeJSON struct {
	Addr         string     `json:"addr"`
	Deposed      string     `json:"deposed,omitempty"`
	Previous     string     `json:"previous,omitempty"`
	ImportID     string     `json:"import_id,omitempty"`
	ImportedBy   *valueJSON `json:"imported_by,omitempty"` // an identity
	Imported     bool       `json:"imported,omitempty"`
	Provider     string     `json:"provider"`
	Action       Action     `json:"action"`
	Reason       Reason     `json:"reason,omitempty"`
	Before       valueJSON  `json:"before"`
	After        valueJSON  `json:"after"`
	Requires     []pathJSON `json:"requires,omitempty"`
	Private      []byte     `json:"private,omitempty"`
	Identity     *valueJSON `json:"identity,omitempty"`
	Known        bool       `json:"known,omitempty"`
	CreateFirst  bool       `json:"create_first,omitempty"`
	Dependencies []string   `json:"dependencies,omitempty"`
}

type invocationJSON struct {
	Addr     string       `json:"addr"`
	Provider string       `json:"provider"`
	Config   valueJSON    `json:"config"`
	Trigger  *triggerJSON `json:"trigger,omitempty"`
}

type triggerJSON struct {
	Addr  string `json:"addr"`
	Event string `json:"event"`
	Block int    `json:"block"`
	Index int    `json:"index"`
}

type outputJSON struct {
	Name      string    `json:"name"`
	Action    Action    `json:"action"`
	Before    valueJSON `json:"before"`
	After     valueJSON `json:"after"`
	Sensitive bool      `json:"sensitive,omitempty"`
}

// IsPlanFile tells by the first bytes of a file that it may be a plan.
func IsPlanFile(head []byte) bool { return bytes.HasPrefix(head, []byte("PK\x03\x04")) }

// Save writes p, which was made from prog, as a plan file. It holds sensitive
// values in clear, as the state does.
func Save(w io.Writer, prog *Program, p *Plan) error {
	snapshot := prog.Module.Snapshot()
	doc, err := encodePlan(prog.Module, snapshot, p)
	if err != nil {
		return fmt.Errorf("encoding the plan: %w", err)
	}
	raw, err := (&state.File{Lineage: p.Base.Lineage, Serial: p.Base.Serial, State: p.Prior}).Encode()
	if err != nil {
		return fmt.Errorf("encoding the plan's state: %w", err)
	}
	z := zip.NewWriter(w)
	write := func(name string, content []byte) error {
		f, err := z.Create(name)
		if err == nil {
			_, err = f.Write(content)
		}
		return err
	}
	text, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("encoding the plan: %w", err)
	}
	if err := write(planEntry, text); err != nil {
		return fmt.Errorf("writing the plan: %w", err)
	}
	if err := write(stateEntry, raw); err != nil {
		return fmt.Errorf("writing the plan's state: %w", err)
	}
	for i, dir := range doc.Dirs {
		sources := snapshot.Sources[dir]
		for _, name := range slices.Sorted(maps.Keys(sources)) {
			if err := write(fmt.Sprintf("%s%d/%s", configFolder, i, name), sources[name]); err != nil {
				return fmt.Errorf("writing the plan's configuration: %w", err)
			}
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("writing the plan: %w", err)
	}
	return nil
}

// Load reads a plan file of the given size. The configuration is the one that
// the plan was made from, whatever has become of it since.
func Load(ctx context.Context, r io.ReaderAt, size int64, servers Servers) (*Program, *Plan, hcl.Diagnostics) {
	bad := func(err error) hcl.Diagnostics {
		return hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: "Plan file cannot be read",
			Detail: fmt.Sprintf("%v. Make a new plan with the -out option.", err),
		}}
	}
	doc, file, snapshot, err := unpack(r, size)
	if err != nil {
		return nil, nil, bad(err)
	}
	m, diags := snapshot.Load()
	if diags.HasErrors() {
		return nil, nil, diags
	}
	prog, diags := Compile(ctx, m, servers)
	if diags.HasErrors() {
		return nil, nil, diags
	}
	p, err := decodePlan(ctx, prog, doc)
	if err != nil {
		return nil, nil, bad(err)
	}
	p.Prior = file.State
	return prog, p, diags
}

// Stale tells that the state is not the one that p was made from, with the
// diagnostic that says so.
func (p *Plan) Stale(now Base) hcl.Diagnostics {
	if p.Base == now {
		return nil
	}
	detail := "The state was changed since the plan was made. Make a new plan."
	if p.Base.Lineage != now.Lineage && p.Base.Lineage != "" {
		detail = "The plan was made from another state, not an earlier version of this one. Make a new plan here."
	}
	return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Saved plan is stale", Detail: detail}}
}

// maxEntry guards against an archive that unpacks without end, in bytes.
const maxEntry = 1 << 30

func unpack(r io.ReaderAt, size int64) (*planJSON, *state.File, *config.Snapshot, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("opening it as a plan: %w", err)
	}
	entries := map[string][]byte{}
	for _, f := range z.File {
		content, err := entry(f)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("reading %s in it: %w", f.Name, err)
		}
		entries[f.Name] = content
	}
	if entries[planEntry] == nil || entries[stateEntry] == nil {
		return nil, nil, nil, errors.New("it is an archive, but not one of a plan")
	}
	var doc planJSON
	if err := json.Unmarshal(entries[planEntry], &doc); err != nil {
		return nil, nil, nil, fmt.Errorf("reading %s in it: %w", planEntry, err)
	}
	if doc.Version != fileVersion {
		return nil, nil, nil, fmt.Errorf("it was written by another version of this program")
	}
	file, err := state.Decode(entries[stateEntry])
	if err != nil {
		return nil, nil, nil, fmt.Errorf("reading %s in it: %w", stateEntry, err)
	}
	snapshot, err := doc.snapshot(entries)
	return &doc, file, snapshot, err
}

// snapshot is the configuration that is packed with the plan.
func (doc *planJSON) snapshot(entries map[string][]byte) (*config.Snapshot, error) {
	if len(doc.Dirs) == 0 {
		return nil, errors.New("it has no configuration")
	}
	s := &config.Snapshot{Root: doc.Dirs[0], Calls: map[string]string{}, Sources: map[string]map[string][]byte{}}
	for _, dir := range doc.Dirs {
		s.Sources[dir] = map[string][]byte{}
	}
	for key, i := range doc.Modules {
		if i < 0 || i >= len(doc.Dirs) {
			return nil, errors.New("a module of it has no files")
		}
		s.Calls[key] = doc.Dirs[i]
	}
	for name, content := range entries {
		place, base, ok := strings.Cut(strings.TrimPrefix(name, configFolder), "/")
		i, err := strconv.Atoi(place)
		if ok && err == nil && i >= 0 && i < len(doc.Dirs) && base == path.Base(base) {
			s.Sources[doc.Dirs[i]][base] = content
		}
	}
	return s, nil
}

func entry(f *zip.File) (content []byte, err error) {
	in, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	content, err = io.ReadAll(io.LimitReader(in, maxEntry+1))
	if err == nil && len(content) > maxEntry {
		err = errors.New("it is too large")
	}
	return content, err
}

func encodePlan(m *config.Module, snapshot *config.Snapshot, p *Plan) (*planJSON, error) {
	doc := &planJSON{
		Version: fileVersion, Dirs: []string{snapshot.Root}, Modules: map[string]int{}, Mode: p.Mode, Base: p.Base, Workspace: p.Workspace, Time: p.Time,
		Refreshed: p.refreshed, Partial: p.Partial, Errored: p.Errored, Providers: p.Selected, Files: p.Files, Graph: p.Graph, Variables: map[string]valueJSON{},
	}
	places := map[string]int{snapshot.Root: 0}
	for _, key := range slices.Sorted(maps.Keys(snapshot.Calls)) {
		dir := snapshot.Calls[key]
		if _, ok := places[dir]; !ok {
			places[dir] = len(doc.Dirs)
			doc.Dirs = append(doc.Dirs, dir)
		}
		doc.Modules[key] = places[dir]
	}
	var err error
	for name, v := range p.Variables {
		if v := m.Variables[name]; v != nil && v.Ephemeral {
			continue // given anew when the plan is applied
		}
		if doc.Variables[name], err = encodeValue(v, cty.DynamicPseudoType); err != nil {
			return nil, fmt.Errorf("var.%s: %w", name, err)
		}
	}
	if doc.Changes, err = encodeChanges(p.Changes); err != nil {
		return nil, err
	}
	if doc.Drift, err = encodeChanges(p.Drift); err != nil {
		return nil, err
	}
	for _, i := range p.Invocations {
		e := invocationJSON{Addr: i.Addr.String(), Provider: i.Provider.String()}
		if e.Config, err = encodeValue(i.Config, cty.DynamicPseudoType); err != nil {
			return nil, fmt.Errorf("%s: %w", i.Addr, err)
		}
		if t := i.Trigger; t != nil {
			e.Trigger = &triggerJSON{t.Addr.String(), t.Event, t.Block, t.Index}
		}
		doc.Invoked = append(doc.Invoked, e)
	}
	for _, o := range p.Outputs {
		out := outputJSON{Name: o.Name, Action: o.Action, Sensitive: o.Sensitive}
		if out.Before, err = encodeValue(o.Before, cty.DynamicPseudoType); err != nil {
			return nil, fmt.Errorf("output.%s: %w", o.Name, err)
		}
		if out.After, err = encodeValue(o.After, cty.DynamicPseudoType); err != nil {
			return nil, fmt.Errorf("output.%s: %w", o.Name, err)
		}
		doc.Outputs = append(doc.Outputs, out)
	}
	doc.Checks = encodeChecks(p.Checks)
	return doc, nil
}

func encodeChanges(changes []Change) ([]changeJSON, error) {
	out := make([]changeJSON, len(changes))
	for i, c := range changes {
		e := changeJSON{
			Addr: c.Addr.String(), Deposed: c.Deposed, Provider: c.Provider.String(), Action: c.Action, Reason: c.Reason,
			Private: c.Private, Known: c.Known, CreateFirst: c.CreateFirst,
		}
		if c.Moved() {
			e.Previous = c.Previous.String()
		}
		var err error
		if c.Importing != nil {
			e.Imported, e.ImportID = true, c.Importing.ID
			if e.ImportedBy, err = encodeIdentity(c.Importing.Identity); err != nil {
				return nil, fmt.Errorf("%s: %w", c.Addr, err)
			}
		}
		if e.Before, err = encodeValue(c.Before, cty.DynamicPseudoType); err != nil {
			return nil, fmt.Errorf("%s: %w", c.Addr, err)
		}
		if e.After, err = encodeValue(c.After, cty.DynamicPseudoType); err != nil {
			return nil, fmt.Errorf("%s: %w", c.Addr, err)
		}
		for _, path := range c.Requires {
			encoded, err := encodePath(path)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.Addr, err)
			}
			e.Requires = append(e.Requires, encoded)
		}
		if e.Identity, err = encodeIdentity(c.Identity); err != nil {
			return nil, fmt.Errorf("%s: %w", c.Addr, err)
		}
		for _, d := range c.Dependencies {
			e.Dependencies = append(e.Dependencies, d.String())
		}
		out[i] = e
	}
	return out, nil
}

func encodeIdentity(v cty.Value) (*valueJSON, error) {
	if v == cty.NilVal || v.IsNull() {
		return nil, nil
	}
	out, err := encodeValue(v, v.Type())
	return &out, err
}

func decodePlan(ctx context.Context, prog *Program, doc *planJSON) (*Plan, error) {
	p := &Plan{
		Mode: doc.Mode, Base: doc.Base, Workspace: doc.Workspace, Time: doc.Time, Files: doc.Files,
		Graph: doc.Graph, Variables: map[string]cty.Value{}, refreshed: doc.Refreshed, Partial: doc.Partial, Errored: doc.Errored, Selected: doc.Providers,
	}
	var err error
	for name, v := range doc.Variables {
		if p.Variables[name], err = v.decode(cty.DynamicPseudoType); err != nil {
			return nil, fmt.Errorf("var.%s: %w", name, err)
		}
	}
	s := &Session{Program: prog}
	if p.Changes, err = decodeChanges(ctx, s, doc.Changes); err != nil {
		return nil, err
	}
	if p.Drift, err = decodeChanges(ctx, s, doc.Drift); err != nil {
		return nil, err
	}
	for _, e := range doc.Invoked {
		i, err := e.decode()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Addr, err)
		}
		p.Invocations = append(p.Invocations, i)
	}
	for _, o := range doc.Outputs {
		out := OutputChange{Name: o.Name, Action: o.Action, Sensitive: o.Sensitive}
		if out.Before, err = o.Before.decode(cty.DynamicPseudoType); err != nil {
			return nil, fmt.Errorf("output.%s: %w", o.Name, err)
		}
		if out.After, err = o.After.decode(cty.DynamicPseudoType); err != nil {
			return nil, fmt.Errorf("output.%s: %w", o.Name, err)
		}
		p.Outputs = append(p.Outputs, out)
	}
	if p.Checks, err = decodeChecks(doc.Checks); err != nil {
		return nil, err
	}
	return p, p.sound()
}

func (e invocationJSON) decode() (i Invocation, err error) {
	if i.Addr, err = addr.ParseInstance(e.Addr); err != nil {
		return i, err
	}
	if i.Provider, err = addr.ParseProviderConfig(e.Provider); err != nil {
		return i, err
	}
	if i.Config, err = e.Config.decode(cty.DynamicPseudoType); err != nil || e.Trigger == nil {
		return i, err
	}
	i.Trigger = &Trigger{Event: e.Trigger.Event, Block: e.Trigger.Block, Index: e.Trigger.Index}
	i.Trigger.Addr, err = addr.ParseInstance(e.Trigger.Addr)
	return i, err
}

func decodeChanges(ctx context.Context, s *Session, in []changeJSON) ([]Change, error) {
	var out []Change
	for _, e := range in {
		c, err := e.decode(ctx, s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Addr, err)
		}
		out = append(out, c)
	}
	return out, nil
}

func (e changeJSON) decode(ctx context.Context, s *Session) (c Change, err error) {
	c = Change{
		Deposed: e.Deposed, Action: e.Action, Reason: e.Reason, Private: e.Private, Known: e.Known, CreateFirst: e.CreateFirst,
	}
	if c.Addr, err = addr.ParseInstance(e.Addr); err != nil {
		return c, err
	}
	if c.Provider, err = addr.ParseProviderConfig(e.Provider); err != nil {
		return c, err
	}
	if e.Previous != "" {
		if c.Previous, err = addr.ParseInstance(e.Previous); err != nil {
			return c, err
		}
	}
	schema, diags := s.SchemaOf(ctx, c.Provider.Provider, c.Addr.Resource)
	if diags.HasErrors() {
		return c, diags
	}
	if c.Before, err = e.Before.object(schema.Type); err != nil {
		return c, err
	}
	if c.After, err = e.After.object(schema.Type); err != nil {
		return c, err
	}
	for _, path := range e.Requires {
		decoded, err := path.decode()
		if err != nil {
			return c, err
		}
		c.Requires = append(c.Requires, decoded)
	}
	if e.Identity != nil && schema.Identity != cty.NilType {
		if c.Identity, err = e.Identity.decode(schema.Identity); err != nil {
			return c, err
		}
	}
	if e.Imported {
		c.Importing = &Importing{ID: e.ImportID, Identity: cty.NullVal(cty.DynamicPseudoType)}
		if e.ImportedBy != nil {
			if c.Importing.Identity, err = e.ImportedBy.decode(schema.Identity); err != nil {
				return c, err
			}
		}
	}
	for _, d := range e.Dependencies {
		need, err := addr.ParseConfigResource(d)
		if err != nil {
			return c, err
		}
		c.Dependencies = append(c.Dependencies, need)
	}
	return c, nil
}
