package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

const oneTable = `
terraform {
  required_providers {
    serverless = { source = "tfserverless/serverless" }
  }
}

provider "serverless" {
  region  = "eu-north-1"
  backend = { emulator = {} }
}

resource "serverless_table" "notes" {
  name          = "notes"
  partition_key = { name = "id", type = "S" }
}
`

// terraform compares the same plan of one table and the same demo under
// terraform or tofu with our engine, pair by pair in this run.
func (b *bench) terraform(ctx context.Context) error {
	for _, program := range []string{"terraform", filepath.Join(b.root, "bin", "tools", "tofu")} {
		path, err := exec.LookPath(program)
		if err != nil {
			fmt.Fprintf(os.Stderr, "bench: %s is left out: it is not on PATH\n", program)
			continue
		}
		if err := b.compare(ctx, filepath.Base(program), path); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) compare(ctx context.Context, name, path string) error {
	dir, err := os.MkdirTemp("", "bench-peer")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(oneTable), 0o600); err != nil {
		return err
	}
	overrides := fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"tfserverless/serverless\" = %q\n  }\n  direct {}\n}\n", filepath.Join(b.root, "bin"))
	rc := filepath.Join(dir, "cli.tfrc")
	if err := os.WriteFile(rc, []byte(overrides), 0o600); err != nil {
		return err
	}
	env := []string{"TF_CLI_CONFIG_FILE=" + rc, "CHECKPOINT_DISABLE=1"}
	var theirs, ours, ratio []float64
	for range runs {
		t, err := spend(ctx, dir, env, path, "plan", "-input=false")
		if err != nil {
			return err
		}
		o, err := spend(ctx, dir, nil, b.bin, "plan", "-input=false")
		if err != nil {
			return err
		}
		theirs, ours = append(theirs, t.wall.Seconds()), append(ours, o.wall.Seconds())
		ratio = append(ratio, t.wall.Seconds()/o.wall.Seconds())
	}
	b.add(name+": plan of one table with our provider", median(theirs), "s", 0.5, "")
	b.add("our engine: the same", median(ours), "s", 0, "")
	b.add(name+" / our engine", median(ratio), "×", 0, "of the same plan")
	return nil
}
