package runtime

import (
	"bytes"
	_ "embed" // the bootstraps
	"fmt"
	"os"
	"path/filepath"
)

var (
	//go:embed bootstrap/node.cjs
	nodeBootstrap []byte
	//go:embed bootstrap/python.py
	pythonBootstrap []byte
	//go:embed bootstrap/ruby.rb
	rubyBootstrap []byte
)

// writeBootstraps puts the bootstraps into dir, for the interpreters to read.
func writeBootstraps(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making a folder for the runtimes: %w", err)
	}
	for name, content := range map[string][]byte{"node.cjs": nodeBootstrap, "python.py": pythonBootstrap, "ruby.rb": rubyBootstrap} {
		path := filepath.Join(dir, name)
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, content) {
			continue
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return fmt.Errorf("writing a runtime: %w", err)
		}
	}
	return nil
}
