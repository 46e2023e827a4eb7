package runtime

import "path/filepath"

func (h *Host) java() (string, error) { return filepath.Join(h.bootstraps()), nil }

func javaCommand(memory int, t task, p program) []string {
	return []string{p.path, "-cp", filepath.Join(t.bootstraps, "java.jar"), "Bootstrap"}
}
