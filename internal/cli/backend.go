package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend/http"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend/local"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend/s3"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/encryption"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/syntax"
)

// A backendKind is a kind of place for states.
type backendKind struct {
	arguments map[string]cty.Type
	open      func(ctx context.Context, values map[string]cty.Value, codec backend.Codec) (backend.Backend, error)
}

// backendKinds are the backends by the label of their blocks.
var backendKinds = map[string]backendKind{
	"http": {http.Arguments, func(_ context.Context, values map[string]cty.Value, codec backend.Codec) (backend.Backend, error) {
		b, err := http.New(values)
		if err != nil {
			return nil, err
		}
		b.Journals, b.Codec = journals(), codec
		return b, nil
	}},
	"local": {map[string]cty.Type{"path": cty.String, "workspace_dir": cty.String}, func(_ context.Context, values map[string]cty.Value, codec backend.Codec) (backend.Backend, error) {
		b := local.Backend{Codec: codec}
		if v := values["path"]; v != cty.NilVal && !v.IsNull() {
			b.Path = v.AsString()
		}
		if v := values["workspace_dir"]; v != cty.NilVal && !v.IsNull() {
			b.Dir = v.AsString()
		}
		return b, nil
	}},
	"s3": {s3.Arguments, func(ctx context.Context, values map[string]cty.Value, codec backend.Codec) (backend.Backend, error) {
		b, err := s3.New(ctx, values)
		if err != nil {
			return nil, err
		}
		b.Journals, b.Codec = journals(), codec
		return b, nil
	}},
}

// journals is the folder of the journals of states that are kept elsewhere.
func journals() string { return filepath.Join(dataDir(), "journals") }

// A setting is a backend as a block, the flags of init, or the memory say it.
type setting struct {
	kind   string
	values map[string]cty.Value // those that are given
	at     string               // where the block is; "" without one
}

// staticsOf evaluates what must be known before anything is planned.
func staticsOf(m *config.Module, given []config.Assignment) *lang.Static {
	inputs, _ := m.Inputs(os.Environ(), given) // a plan reports what is wrong with them
	values, _ := lang.Variables(m, inputs)     // and what is missing has no value here
	return &lang.Static{Module: m, Variables: values, Workspace: workspace()}
}

// configured is what the configuration says of the backend; m is nil without a
// readable one.
func configured(m *config.Module, given []config.Assignment) (setting, error) {
	s := setting{kind: "local", values: map[string]cty.Value{}}
	if m == nil || m.Backend == nil {
		return s, nil
	}
	s.kind, s.at = m.Backend.Type, m.Backend.Range.String()
	kind, ok := backendKinds[s.kind]
	if !ok {
		return s, hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: fmt.Sprintf("The backend %q is not supported", s.kind), Subject: &m.Backend.Range,
			Detail: fmt.Sprintf("State can be kept by these backends: %s.", strings.Join(slices.Sorted(maps.Keys(backendKinds)), ", ")),
		}}
	}
	values, diags := blockValues(m.Backend, kind, staticsOf(m, given))
	if diags.HasErrors() {
		return s, diags
	}
	s.values = values
	return s, nil
}

// blockValues evaluates the arguments of a backend block.
func blockValues(b *config.Backend, kind backendKind, static *lang.Static) (map[string]cty.Value, hcl.Diagnostics) {
	attributes, diags := b.Body.JustAttributes()
	if diags.HasErrors() {
		return nil, diags
	}
	out := map[string]cty.Value{}
	for name, a := range attributes {
		ty, ok := kind.arguments[name]
		if !ok {
			diags = append(diags, &hcl.Diagnostic{
				Severity: hcl.DiagError, Summary: "Unsupported argument", Subject: &a.NameRange,
				Detail: fmt.Sprintf("The backend %q has no argument %q. It has %s.", b.Type, name, strings.Join(slices.Sorted(maps.Keys(kind.arguments)), ", ")),
			})
			continue
		}
		v, more := static.Expr(a.Expr, ty)
		diags = append(diags, more...)
		if !more.HasErrors() {
			v, _ = v.UnmarkDeep()
			out[name] = v
		}
	}
	return out, diags
}

// override adds what -backend-config says: NAME=VALUE, or a file of such lines.
func (s setting) override(settings []string) error {
	kind := backendKinds[s.kind]
	for _, text := range settings {
		values := map[string]cty.Value{}
		if argument, value, ok := strings.Cut(text, "="); ok {
			values[strings.TrimSpace(argument)] = cty.StringVal(value)
		} else {
			var err error
			if values, err = valuesIn(text); err != nil {
				return fmt.Errorf("-backend-config: %w", err)
			}
		}
		for argument, v := range values {
			ty, ok := kind.arguments[argument]
			if !ok {
				return fmt.Errorf("-backend-config: the backend %q has no argument %q", s.kind, argument)
			}
			v, err := convert.Convert(v, ty)
			if err != nil {
				return fmt.Errorf("-backend-config: the argument %q: %w", argument, err)
			}
			s.values[argument] = v
		}
	}
	return nil
}

// valuesIn reads a file of arguments, NAME = VALUE or JSON.
func valuesIn(path string) (map[string]cty.Value, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("-backend-config: reading the arguments: %w", err)
	}
	f, diags := syntax.File(src, path)
	if diags.HasErrors() {
		return nil, diags
	}
	attributes, diags := f.Body.JustAttributes()
	if diags.HasErrors() {
		return nil, diags
	}
	out := map[string]cty.Value{}
	for argument, a := range attributes {
		v, diags := a.Expr.Value(nil)
		if diags.HasErrors() {
			return nil, diags
		}
		out[argument] = v
	}
	return out, nil
}

// open makes the backend.
func (s setting) open(ctx context.Context, codec backend.Codec) (backend.Backend, error) {
	return backendKinds[s.kind].open(ctx, s.values, codec)
}

// equal tells whether both are the same place.
func (s setting) equal(o setting) bool {
	if s.kind != o.kind {
		return false
	}
	for argument := range backendKinds[s.kind].arguments {
		a, b := s.values[argument], o.values[argument]
		none := func(v cty.Value) bool { return v == cty.NilVal || v.IsNull() }
		if none(a) != none(b) || !none(a) && !a.RawEquals(b) {
			return false
		}
	}
	return true
}

// backendOf is where the state is kept: as init has found, if it had to.
func backendOf(ctx context.Context, m *config.Module, given []config.Assignment) (backend.Backend, error) {
	now, err := configured(m, given)
	if err != nil {
		return nil, err
	}
	codec, err := codecOf(m, given)
	if err != nil {
		return nil, err
	}
	kept, err := remembered()
	if err != nil {
		return nil, err
	}
	switch {
	case kept == nil && now.kind == "local":
		return now.open(ctx, codec)
	case kept == nil:
		return nil, advise(fmt.Errorf("the backend %q is not initialized", now.kind), fmt.Sprintf("The block at %s names a place for the state that was not prepared yet. Run: %s init", now.at, name))
	case m == nil:
		return kept.open(ctx, codec)
	case kept.kind != now.kind:
		return nil, errBackendChanged(fmt.Sprintf("It was %q when init ran, and is %q now.", kept.kind, now.kind))
	}
	for argument, v := range now.values {
		if was := kept.values[argument]; !v.IsNull() && (was == cty.NilVal || was.IsNull() || !was.RawEquals(v)) {
			return nil, errBackendChanged(fmt.Sprintf("Its argument %q is not what it was when init ran.", argument))
		}
	}
	return kept.open(ctx, codec)
}

func errBackendChanged(how string) error {
	return advise(errors.New("the backend has changed"), fmt.Sprintf("%s To move the state to the new place: %s init -migrate-state. To use what is there already: %s init -reconfigure", how, name, name))
}

// encryptionOf is how the configuration, or the environment, encrypts.
func encryptionOf(m *config.Module, given []config.Assignment) (encryption.Setup, error) {
	var bodies []hcl.Body
	eval := func(x hcl.Expression, ty cty.Type) (cty.Value, hcl.Diagnostics) {
		v, diags := x.Value(nil)
		if diags.HasErrors() {
			return v, diags
		}
		out, err := convert.Convert(v, ty)
		if err != nil {
			at := x.Range()
			return v, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Wrong type of value", Detail: err.Error(), Subject: &at}}
		}
		return out, nil
	}
	if m != nil {
		bodies = append(bodies, m.Encryption...)
		if len(bodies) > 0 {
			eval = staticsOf(m, given).Expr
		}
	}
	if text := os.Getenv(encryption.Variable); strings.TrimSpace(text) != "" {
		body, diags := encryption.Parse(text)
		if diags.HasErrors() {
			return encryption.Setup{}, diags
		}
		bodies = append(bodies, body)
	}
	if len(bodies) == 0 {
		return encryption.Setup{}, nil
	}
	setup, diags := encryption.Read(bodies, eval)
	if diags.HasErrors() {
		return setup, diags
	}
	return setup, nil
}

// codecOf is the form in which the state is stored.
func codecOf(m *config.Module, given []config.Assignment) (backend.Codec, error) {
	setup, err := encryptionOf(m, given)
	if err != nil {
		return nil, err
	}
	if setup.State == nil {
		return plain{}, nil
	}
	return setup.State, nil
}

// plain is the form without encryption, which says of an encrypted state that it
// is one.
type plain struct{ backend.Plain }

// Decode implements [backend.Codec].
func (p plain) Decode(raw []byte) (*state.File, error) {
	if encryption.Is(raw) {
		return nil, fmt.Errorf("the state cannot be read: %w", encryption.ErrEncrypted)
	}
	return p.Plain.Decode(raw)
}
