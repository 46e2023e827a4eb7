package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin/builtin"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend"
)

// remoteStates reads the states of other configurations, in any backend, for the
// data source terraform_remote_state (builtin.States).
type remoteStates struct{}

func (remoteStates) Check(kind string, config cty.Value) error {
	_, err := argumentsOf(kind, config)
	return err
}

func (remoteStates) Outputs(ctx context.Context, kind, workspace string, config cty.Value) (map[string]cty.Value, error) {
	values, err := argumentsOf(kind, config)
	if err != nil {
		return nil, err
	}
	if workspace != backend.DefaultWorkspace {
		if err := checkWorkspace(workspace); err != nil {
			return nil, err
		}
	}
	b, err := backendKinds[kind].open(ctx, values, plain{})
	if err != nil {
		return nil, err
	}
	f, err := b.Read(ctx, workspace)
	if err != nil {
		return nil, err
	}
	if f == nil {
		return nil, builtin.ErrNoState
	}
	out := map[string]cty.Value{}
	for name, o := range f.State.Outputs() {
		out[name] = o.Value
	}
	return out, nil
}

// argumentsOf reads the arguments of a backend from an object, or null.
func argumentsOf(kind string, config cty.Value) (map[string]cty.Value, error) {
	known, ok := backendKinds[kind]
	if !ok {
		return nil, builtin.ErrNoBackend
	}
	out := map[string]cty.Value{}
	if config.IsNull() {
		return out, nil
	}
	given := config.AsValueMap()
	for _, argument := range slices.Sorted(maps.Keys(given)) {
		ty, ok := known.arguments[argument]
		if !ok {
			return nil, fmt.Errorf("unexpected attribute %q; it has %s", argument, strings.Join(slices.Sorted(maps.Keys(known.arguments)), ", "))
		}
		v, err := convert.Convert(given[argument], ty)
		if err != nil {
			return nil, fmt.Errorf("the attribute %q: %w", argument, err)
		}
		out[argument] = v
	}
	return out, nil
}
