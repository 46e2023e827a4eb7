package tf

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// A memory is what is remembered of an object, for operations that do not go
// through the framework.
type memory struct{ was, is map[string][]byte }

// recollect reads what the framework stored. It reports false for what only the
// framework may touch: keys of its own, and text that it would write otherwise.
func recollect(stored []byte) (*memory, bool) {
	m := &memory{}
	if len(stored) == 0 {
		return m, true
	}
	if json.Unmarshal(stored, &m.was) != nil || len(m.was) == 0 {
		return nil, false
	}
	for key, value := range m.was {
		if strings.HasPrefix(key, ".") || len(value) == 0 || !json.Valid(value) {
			return nil, false
		}
	}
	again, err := json.Marshal(m.was)
	m.is = maps.Clone(m.was)
	return m, err == nil && bytes.Equal(again, stored)
}

func (m *memory) GetKey(_ context.Context, key string) ([]byte, diag.Diagnostics) {
	return m.is[key], nil
}

func (m *memory) SetKey(_ context.Context, key string, value []byte) diag.Diagnostics {
	if m.is == nil {
		m.is = map[string][]byte{}
	}
	m.is[key] = value
	return nil
}

// changed reports whether something else is remembered now.
func (m *memory) changed() bool { return !maps.EqualFunc(m.was, m.is, bytes.Equal) }

// replay tells the framework what was remembered.
func (m *memory) replay(ctx context.Context, to private) (ds diag.Diagnostics) {
	for key, value := range m.is {
		if !bytes.Equal(m.was[key], value) {
			ds.Append(to.SetKey(ctx, key, value)...)
		}
	}
	return ds
}
