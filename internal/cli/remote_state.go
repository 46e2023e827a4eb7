package cli

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin/builtin"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend/local"
)

// remoteStates reads the states of other configurations for the data source
// terraform_remote_state (builtin.States).
type remoteStates struct{}

func (remoteStates) Check(backend string, config cty.Value) error {
	if backend != "local" {
		return builtin.ErrNoBackend
	}
	_, err := localPath(defaultWorkspace, config)
	return err
}

func (remoteStates) Outputs(_ context.Context, backend, workspace string, config cty.Value) (map[string]cty.Value, error) {
	if backend != "local" {
		return nil, builtin.ErrNoBackend
	}
	path, err := localPath(workspace, config)
	if err != nil {
		return nil, err
	}
	f, err := local.Read(path)
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

// localPath is the state file that the arguments of a local backend lead to.
func localPath(workspace string, config cty.Value) (string, error) {
	path, folder := "terraform.tfstate", "terraform.tfstate.d"
	if !config.IsNull() {
		for name, v := range config.AsValueMap() {
			text, err := convert.Convert(v, cty.String)
			switch {
			case err != nil:
				return "", fmt.Errorf("the attribute %q: %w", name, err)
			case name != "path" && name != "workspace_dir":
				return "", fmt.Errorf("unexpected attribute %q", name)
			case text.IsNull():
			case text.AsString() == "":
				return "", fmt.Errorf("the attribute %q is empty", name)
			case name == "path":
				path = text.AsString()
			default:
				folder = text.AsString()
			}
		}
	}
	if workspace == defaultWorkspace {
		return path, nil
	}
	if err := checkWorkspace(workspace); err != nil {
		return "", err
	}
	return filepath.Join(folder, workspace, "terraform.tfstate"), nil
}
