package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend/local"
)

// defaultWorkspace is the workspace that always exists.
const defaultWorkspace = "default"

// workspaceVariable selects a workspace for one command.
const workspaceVariable = "TF_WORKSPACE"

// dataDir is where Terraform keeps what belongs to a working directory.
func dataDir() string {
	if dir := os.Getenv("TF_DATA_DIR"); dir != "" {
		return dir
	}
	return ".terraform"
}

// selection is the file that holds the name of the selected workspace, where
// Terraform looks for it too.
func selection() string { return filepath.Join(dataDir(), "environment") }

// workspace is the one that was selected, with TF_WORKSPACE or before.
func workspace() string {
	if name := os.Getenv(workspaceVariable); name != "" {
		return name
	}
	raw, err := os.ReadFile(selection())
	if err != nil {
		return defaultWorkspace
	}
	if name := strings.TrimSpace(string(raw)); name != "" {
		return name
	}
	return defaultWorkspace
}

// checkWorkspace refuses names that cannot be those of a folder or in a URL.
func checkWorkspace(name string) error {
	if name == "" || name == "." || name == ".." || url.PathEscape(name) != name {
		return advise(fmt.Errorf("%q is no name for a workspace", name), "A name has letters, digits, dashes, dots and underscores.")
	}
	return nil
}

// selectWorkspace makes it the one that further commands use.
func selectWorkspace(name string) error {
	if os.Getenv(workspaceVariable) != "" {
		return advise(fmt.Errorf("the environment variable %s selects a workspace", workspaceVariable), "Unset it to select another one.")
	}
	if err := os.MkdirAll(dataDir(), 0o755); err != nil {
		return fmt.Errorf("selecting the workspace: %w", err)
	}
	if err := os.WriteFile(selection(), []byte(name), 0o644); err != nil {
		return fmt.Errorf("selecting the workspace: %w", err)
	}
	return nil
}

// workspaces are the names of all workspaces, the default one first, and the
// folder of the others.
func workspaces() (names []string, folder string, err error) {
	m, diags := config.LoadRoot(".")
	if diags.HasErrors() {
		m = nil // workspaces can be chosen whatever the configuration is like
	}
	if _, folder, err = places(m); err != nil {
		return nil, "", err
	}
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, "", fmt.Errorf("listing the workspaces: %w", err)
	}
	for _, e := range entries {
		if e.IsDir() && e.Name() != defaultWorkspace {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return slices.Insert(names, 0, defaultWorkspace), folder, nil
}

// oneWorkspace reads the one argument of a command.
func oneWorkspace(command string, args []string) (string, error) {
	if len(args) != 1 {
		return "", advise(fmt.Errorf("%s takes one NAME", command), "Flags come before it.")
	}
	return args[0], checkWorkspace(args[0])
}

// errNoWorkspace is what commands say of a name that is none.
func errNoWorkspace(workspace string) error {
	return advise(fmt.Errorf("there is no workspace %q", workspace), fmt.Sprintf("To make it: %s workspace new %s", name, workspace))
}

// statePath is the state file of the selected workspace; m is as for places.
func statePath(m *config.Module) (string, error) {
	path, folder, err := places(m)
	if err != nil {
		return "", err
	}
	w := workspace()
	if err := checkWorkspace(w); err != nil {
		return "", err
	}
	if w != defaultWorkspace {
		return filepath.Join(folder, w, local.FileName), nil
	}
	return path, nil
}

// places are the state file of the default workspace, and the folder of the
// others. A backend block may give them; m is nil without a readable
// configuration.
func places(m *config.Module) (path, folder string, err error) {
	path, folder = local.FileName, "terraform.tfstate.d"
	if m != nil && m.Backend != nil {
		if m.Backend.Type != "local" {
			return "", "", advise(fmt.Errorf("the backend %q is not supported yet", m.Backend.Type), fmt.Sprintf("The block at %s asks for it. The state can be kept in a local file: use backend \"local\", or remove the block.", m.Backend.Range))
		}
		attributes, diags := m.Backend.Body.JustAttributes()
		if diags.HasErrors() {
			return "", "", diags
		}
		for name, a := range attributes {
			v, diags := a.Expr.Value(nil)
			if diags.HasErrors() {
				return "", "", diags
			}
			if v.IsNull() || v.Type().FriendlyName() != "string" {
				return "", "", fmt.Errorf("the argument %q of the backend must be a string (%s)", name, a.Range)
			}
			switch name {
			case "path":
				path = v.AsString()
			case "workspace_dir":
				folder = v.AsString()
			default:
				return "", "", fmt.Errorf("the backend \"local\" has no argument %q; it has path and workspace_dir (%s)", name, a.Range)
			}
		}
	}
	return path, folder, nil
}
