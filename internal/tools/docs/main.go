// Command docs makes docs/ anew: the pages of the resource types and data sources
// from their schemas and examples, the guides from templates/, and the table of
// what the emulator serves from the lists of its services. It runs the built
// binary and the pinned tfplugindocs, and needs no terraform and no network.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	guide, err := fidelity()
	if err != nil {
		return err
	}
	if err := os.WriteFile("templates/guides/emulator.md", guide, 0o644); err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "docs")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	schemas, err := schemas(ctx, scratch)
	if err != nil {
		return err
	}
	file := filepath.Join(scratch, "schemas.json")
	if err := os.WriteFile(file, schemas, 0o600); err != nil {
		return err
	}
	c := exec.CommandContext(ctx, "bin/tools/tfplugindocs", "generate",
		"--provider-name", "serverless", "--rendered-provider-name", "Serverless", "--providers-schema", file)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Run(); err != nil {
		return fmt.Errorf("tfplugindocs: %w\n%s", err, out.String())
	}
	return nil
}

// schemas asks the built binary for its schemas and names the provider as the
// generator looks for it.
func schemas(ctx context.Context, dir string) ([]byte, error) {
	bin, err := filepath.Abs("bin/tfserverless")
	if err != nil {
		return nil, err
	}
	config := "terraform {\n  required_providers {\n    serverless = { source = \"tfserverless/serverless\" }\n  }\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(config), 0o600); err != nil {
		return nil, err
	}
	c := exec.CommandContext(ctx, bin, "providers", "schema", "-json")
	c.Dir, c.Stderr = dir, os.Stderr
	raw, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("reading the schemas: %w", err)
	}
	var all struct {
		FormatVersion string                     `json:"format_version"`
		Schemas       map[string]json.RawMessage `json:"provider_schemas"`
	}
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, fmt.Errorf("reading the schemas: %w", err)
	}
	const address = "registry.terraform.io/tfserverless/serverless"
	ours, ok := all.Schemas[address]
	if !ok {
		return nil, fmt.Errorf("the binary has no schema of %s", address)
	}
	all.Schemas = map[string]json.RawMessage{"serverless": ours}
	return json.Marshal(all)
}
