package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/uuid"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend"
)

// memoryFile is where init keeps which backend it has prepared: Terraform's own
// file, so that either tool can go on.
func memoryFile() string { return filepath.Join(dataDir(), "terraform.tfstate") }

// memory is the form of that file, the third version of the format of states.
type memory struct {
	Version          int            `json:"version"`
	TerraformVersion string         `json:"terraform_version"`
	Serial           int            `json:"serial,omitempty"`
	Lineage          string         `json:"lineage,omitempty"`
	Backend          *memoryBackend `json:"backend"`
}

type memoryBackend struct {
	Type   string                     `json:"type"`
	Config map[string]json.RawMessage `json:"config"`
	Hash   uint64                     `json:"hash"` // each tool has its own; nobody relies on it
}

// remembered is the backend that init has prepared; nil if there is none.
func remembered() (*setting, error) {
	raw, err := os.ReadFile(memoryFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var m memory
	if err == nil {
		err = json.Unmarshal(raw, &m)
	}
	if err != nil {
		return nil, fmt.Errorf("reading which backend was initialized, in %s: %w; remove the file and run init again", memoryFile(), err)
	}
	if m.Backend == nil {
		return nil, nil
	}
	s := &setting{kind: m.Backend.Type, values: map[string]cty.Value{}}
	kind, ok := backendKinds[s.kind]
	if !ok {
		return nil, fmt.Errorf("%s says that the state is kept by the backend %q, which is not supported", memoryFile(), s.kind)
	}
	for argument, raw := range m.Backend.Config {
		if string(raw) == "null" {
			continue
		}
		ty, ok := kind.arguments[argument]
		if !ok {
			return nil, fmt.Errorf("%s gives the backend %q an argument %q that it does not have; run init -reconfigure", memoryFile(), s.kind, argument)
		}
		if s.values[argument], err = valueOf(raw, ty); err != nil {
			return nil, fmt.Errorf("%s: the argument %q of the backend %q: %w", memoryFile(), argument, s.kind, err)
		}
	}
	return s, nil
}

func valueOf(raw json.RawMessage, ty cty.Type) (cty.Value, error) {
	is, err := ctyjson.ImpliedType(raw)
	if err != nil {
		return cty.NilVal, err
	}
	v, err := ctyjson.Unmarshal(raw, is)
	if err != nil {
		return cty.NilVal, err
	}
	return convert.Convert(v, ty)
}

// foreign are arguments that Terraform does not have: a file that names one would
// be none of its own.
var foreign = map[string]bool{"lock_tags": true, "state_tags": true}

// remember keeps which backend was prepared. Without one, or with a local one that
// says nothing of its own, there is nothing to remember.
func remember(s setting) error {
	if s.kind == "local" && len(s.values) == 0 {
		if err := os.Remove(memoryFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("forgetting the backend: %w", err)
		}
		return nil
	}
	config := map[string]json.RawMessage{}
	for argument, ty := range backendKinds[s.kind].arguments {
		v := s.values[argument]
		if v == cty.NilVal || v.IsNull() {
			if foreign[argument] {
				continue
			}
			v = cty.NullVal(ty)
		}
		raw, err := json.Marshal(ctyjson.SimpleJSONValue{Value: v})
		if err != nil {
			return fmt.Errorf("remembering the backend: %w", err)
		}
		config[argument] = raw
	}
	m := memory{Version: 3, TerraformVersion: terraformVersion, Serial: 1, Lineage: uuid.NewString()}
	sum := fnv.New32a()
	raw, err := json.Marshal(config)
	if err != nil {
		return fmt.Errorf("remembering the backend: %w", err)
	}
	_, _ = sum.Write(raw)
	m.Backend = &memoryBackend{s.kind, config, uint64(sum.Sum32())}
	if raw, err = json.MarshalIndent(m, "", "    "); err != nil {
		return fmt.Errorf("remembering the backend: %w", err)
	}
	if err := os.MkdirAll(dataDir(), 0o755); err != nil {
		return fmt.Errorf("remembering the backend: %w", err)
	}
	if err := backend.WriteSynced(memoryFile(), raw); err != nil {
		return fmt.Errorf("remembering the backend: %w", err)
	}
	return nil
}
