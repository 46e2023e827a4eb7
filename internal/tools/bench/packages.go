package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// packaged is a function whose code is a folder.
const packaged = `
terraform {
  required_providers {
    serverless = { source = "tfserverless/serverless" }
  }
}

provider "serverless" {
  region  = "eu-north-1"
  backend = { emulator = {} }
}

resource "serverless_function" "f" {
  name    = "hello"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { dir = %q }
}
`

// packages measures what a plan takes longer for a function whose code is 5,000
// files than for one of a single file: the first time, when the package is made to
// be hashed, and when nothing has changed since the apply.
func (b *bench) packages(ctx context.Context) error {
	const files = 5000
	dir, err := os.MkdirTemp("", "bench-packages")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	defer func() { _, _ = spend(ctx, dir, nil, b.bin, "emulator", "stop") }()
	for _, at := range []string{"one", "many"} {
		if err := modules(filepath.Join(dir, at), map[string]int{"one": 1, "many": files}[at]); err != nil {
			return err
		}
	}
	took := map[string][]float64{}
	plan := func(at, when string) error {
		if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(fmt.Sprintf(packaged, at)), 0o600); err != nil {
			return err
		}
		for range runs {
			u, err := spend(ctx, dir, nil, b.bin, "plan")
			if err != nil {
				return err
			}
			took[at+when] = append(took[at+when], u.wall.Seconds()*1000)
		}
		return nil
	}
	for _, at := range []string{"one", "many"} {
		if err := plan(at, "first"); err != nil {
			return err
		}
		if _, err := spend(ctx, dir, nil, b.bin, "apply", "-auto-approve"); err != nil {
			return err
		}
		if err := plan(at, "again"); err != nil {
			return err
		}
		if _, err := spend(ctx, dir, nil, b.bin, "destroy", "-auto-approve"); err != nil {
			return err
		}
	}
	b.add("package of 5,000 files: packed and hashed at plan", median(took["manyfirst"])-median(took["onefirst"]), "ms", 500, "")
	b.add("package of 5,000 files: found unchanged at plan", median(took["manyagain"])-median(took["oneagain"]), "ms", 500, "")
	return nil
}

// modules writes that many modules into a folder, a hundred into each below it.
func modules(dir string, n int) error {
	for i := range n {
		name := filepath.Join(dir, fmt.Sprint(i/100), fmt.Sprintf("part%d.mjs", i))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, []byte(strings.Repeat(fmt.Sprintf("export const a%d = %d\n", i, i), 20)), 0o600); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "index.mjs"), []byte("export const handler = async () => ({ statusCode: 204 })\n"), 0o600)
}
