package cli

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend"
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

// selectable refuses to select a workspace where the environment does that.
func selectable() error {
	if os.Getenv(workspaceVariable) != "" {
		return advise(fmt.Errorf("the environment variable %s selects a workspace", workspaceVariable), "Unset it to select another one.")
	}
	return nil
}

// selectWorkspace makes it the one that further commands use.
func selectWorkspace(name string) error {
	if err := selectable(); err != nil {
		return err
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
// backend that keeps their states.
func workspaces(ctx context.Context) (names []string, b backend.Backend, err error) {
	m, diags := config.LoadRoot(".")
	if diags.HasErrors() {
		m = nil // workspaces can be chosen whatever the configuration is like
	}
	if b, err = backendOf(ctx, m, nil); err != nil {
		return nil, nil, err
	}
	names, err = b.Workspaces(ctx)
	return names, b, err
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

// chosen is the selected workspace, whose name is a proper one.
func chosen() (string, error) {
	w := workspace()
	return w, checkWorkspace(w)
}
