package state

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
)

// formatVersion is the one version of the file format that is read and written.
const formatVersion = 4

// File is a snapshot of a state as it is stored.
type File struct {
	// TerraformVersion is the version of the tool that wrote the file. Terraform
	// refuses a file of a newer Terraform than itself.
	TerraformVersion string

	// Serial grows by one with each changed snapshot of a lineage.
	Serial uint64

	// Lineage tells apart states that were created independently: a UUID.
	Lineage string

	State *State
}

// NewFile is the file of a state that was never stored before.
func NewFile(terraformVersion string) *File {
	id, err := uuid.NewRandomFromReader(rand.Reader)
	if err != nil {
		panic(err) // the system's random source never fails
	}
	return &File{TerraformVersion: terraformVersion, Lineage: id.String(), State: New()}
}

// Encode writes the file in format version 4, indented and with a newline at
// the end, members and entries in Terraform's order.
func (f *File) Encode() ([]byte, error) {
	s := f.State.Clone()
	resources, err := encodeResources(s)
	if err != nil {
		return nil, err
	}
	outputs, err := encodeOutputs(s.outputs)
	if err != nil {
		return nil, err
	}
	checks := s.checks
	if checks == nil {
		checks = json.RawMessage("null")
	}
	var o object
	err = o.putAll(
		member{"version", formatVersion},
		member{"terraform_version", f.TerraformVersion},
		member{"serial", f.Serial},
		member{"lineage", f.Lineage},
		member{"outputs", outputs},
		member{"resources", resources},
		member{"check_results", checks},
	)
	if err != nil {
		return nil, err
	}
	raw, err := o.end(s.extra)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, raw, "", "  "); err != nil {
		return nil, fmt.Errorf("indenting the state: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

func encodeResources(s *State) ([]json.RawMessage, error) {
	ids := make([]addr.Instance, 0, len(s.resources))
	for id := range s.resources {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, addr.Instance.Compare)
	out := make([]json.RawMessage, 0, len(ids))
	for _, id := range ids {
		r := s.resources[id]
		entries := r.entries(id)
		slices.SortFunc(entries, compareEntries)
		instances := make([]json.RawMessage, 0, len(entries))
		for _, e := range entries {
			raw, err := encodeInstance(e)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", e.Addr, err)
			}
			instances = append(instances, raw)
		}
		var o object
		if id.Module != "" {
			if err := o.put("module", id.Module); err != nil {
				return nil, err
			}
		}
		members := []member{{"mode", id.Resource.Mode.String()}, {"type", id.Resource.Type}, {"name", id.Resource.Name}}
		if len(r.keyed) == 0 || len(r.keyed) < len(r.objects) { // else each instance has its own
			members = append(members, member{"provider", r.provider.String()})
		}
		if err := o.putAll(append(members, member{"instances", instances})...); err != nil {
			return nil, err
		}
		raw, err := o.end(r.extra)
		if err != nil {
			return nil, err
		}
		out = append(out, raw)
	}
	return out, nil
}

// Decode reads a state file. An error is a *ReadError, which says where in the
// document the trouble is and what to do about it.
func Decode(data []byte) (*File, error) {
	var top fields
	if err := json.Unmarshal(data, &top); err != nil {
		return nil, syntaxError(data, err)
	}
	if err := checkVersion(top, data); err != nil {
		return nil, err
	}
	f, err := decodeFile(top)
	if err != nil {
		return nil, shapeError(data, err)
	}
	return f, nil
}

func decodeFile(top fields) (*File, error) {
	f := &File{State: New()}
	var outputs map[string]fields
	var resources []fields
	for _, m := range []member{
		{"terraform_version", &f.TerraformVersion},
		{"serial", &f.Serial},
		{"lineage", &f.Lineage},
		{"outputs", &outputs},
		{"resources", &resources},
		{"check_results", &f.State.checks},
	} {
		if err := top.take(m.name, m.value); err != nil {
			return nil, err
		}
	}
	if string(f.State.checks) == "null" {
		f.State.checks = nil
	}
	f.State.extra = top.rest()
	for name, o := range outputs {
		out, err := decodeOutput(o)
		if err != nil {
			return nil, within(".outputs."+name, err)
		}
		f.State.outputs[name] = out
	}
	for i, r := range resources {
		if err := decodeResource(f.State, r); err != nil {
			return nil, within(fmt.Sprintf(".resources[%d]", i), err)
		}
	}
	return f, nil
}

func decodeResource(s *State, in fields) error {
	var module, mode, typ, name, provider string
	var instances []fields
	for _, m := range []member{
		{"module", &module}, {"mode", &mode}, {"type", &typ}, {"name", &name},
		{"provider", &provider}, {"instances", &instances},
	} {
		if err := in.take(m.name, m.value); err != nil {
			return err
		}
	}
	id := addr.Instance{Resource: addr.Resource{Type: typ, Name: name}}
	switch mode {
	case "managed":
		id.Resource.Mode = addr.Managed
	case "data":
		id.Resource.Mode = addr.Data
	default:
		return within(".mode", fmt.Errorf("%q is neither \"managed\" nor \"data\"", mode))
	}
	if typ == "" || name == "" {
		return fmt.Errorf("the resource has no type or no name")
	}
	var err error
	if id.Module, err = addr.ParseModuleInstance(module); err != nil {
		return within(".module", err)
	}
	if s.resources[id] != nil {
		return fmt.Errorf("%s occurs twice", id)
	}
	r := &resource{objects: map[slot]*Object{}}
	if provider == "" && len(instances) == 0 {
		return within(".provider", errors.New("the resource names no provider"))
	}
	if provider != "" {
		if r.provider, err = addr.ParseProviderConfig(provider); err != nil {
			return within(".provider", err)
		}
	}
	for i, raw := range instances {
		step := fmt.Sprintf(".instances[%d]", i)
		at, own, o, err := decodeInstance(raw)
		if err == nil && provider == "" && own == (addr.ProviderConfig{}) {
			err = errors.New("neither the resource nor the instance names a provider")
		}
		if err != nil {
			return within(step, err)
		}
		if own != (addr.ProviderConfig{}) {
			r.place(at, own)
		}
		if r.objects[at] != nil {
			id.Key = at.key
			return within(step, fmt.Errorf("%s occurs twice", id))
		}
		r.objects[at] = o
	}
	r.extra = in.rest()
	s.resources[id] = r
	return nil
}

func checkVersion(top fields, data []byte) error {
	var version float64
	err := top.take("version", &version)
	at := position(data, ".version")
	switch {
	case err != nil || version != float64(int(version)):
		return &ReadError{Line: at.line, Column: at.column, Summary: "the state's version is not a whole number", Remedy: damaged}
	case version == 0:
		return &ReadError{Summary: "this is not a state file: it has no version", Remedy: damaged}
	case version < formatVersion:
		return &ReadError{
			Line: at.line, Column: at.column,
			Summary: fmt.Sprintf("the state has format version %d, which only Terraform before 0.12 wrote", int(version)),
			Remedy:  "Upgrade it first: run `terraform apply` on it with Terraform 0.12, then with 0.13, and try again.",
		}
	case version > formatVersion:
		var by string
		_ = top.take("terraform_version", &by) // only to say more
		if by != "" {
			by = " (written by version " + by + ")"
		}
		return &ReadError{
			Line: at.line, Column: at.column,
			Summary: fmt.Sprintf("the state has format version %d%s, and this program knows no version after %d", int(version), by, formatVersion),
			Remedy:  "Use the program that wrote it, or a newer version of this one.",
		}
	}
	return nil
}

// Same tells whether both files hold the same content, whoever wrote them and
// whatever their serials are.
func Same(a, b *File) (bool, error) {
	x, y := *a, *b
	x.Serial, y.Serial = 0, 0
	x.TerraformVersion, y.TerraformVersion = "", ""
	ax, err := x.Encode()
	if err != nil {
		return false, err
	}
	by, err := y.Encode()
	if err != nil {
		return false, err
	}
	return bytes.Equal(ax, by), nil
}

// member is one name and value of a JSON object, for tables.
type member struct {
	name  string
	value any
}

func (o *object) putAll(members ...member) error {
	for _, m := range members {
		if err := o.put(m.name, m.value); err != nil {
			return err
		}
	}
	return nil
}

// validDeposed tells whether key is what both tools use: 8 hex digits.
func validDeposed(key string) bool {
	return len(key) == 8 && strings.Trim(key, "0123456789abcdef") == ""
}
