package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// large has terraform and tofu do the largest configuration too, which takes
// them minutes for a plan and the better part of an hour for an apply.
const large = "BENCH_LARGE"

// A load is a configuration for the engine, with what its plan without changes
// and its apply may take: seconds of user CPU, 0 for no limit.
type load struct {
	name        string
	config      string
	plan, apply float64
	peers       bool // terraform and tofu do it too
	memory      bool // its peak is reported
}

func loads() []load {
	var blocks strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&blocks, "resource \"terraform_data\" \"d%d\" {\n  input = \"v%d\"\n}\n", i, i)
	}
	counted := func(n int) string {
		return fmt.Sprintf("resource \"terraform_data\" \"d\" {\n  count = %d\n  input = \"v${count.index}\"\n}\n", n)
	}
	return []load{
		{name: "1,000 terraform_data by count", config: counted(1000), plan: 0.3, apply: 0.5, peers: true},
		{name: "10,000 terraform_data by count", config: counted(10_000), plan: 3, apply: 6, memory: true},
		{name: "1,000 terraform_data, a block each", config: blocks.String(), peers: true},
		{name: "500 terraform_data that refer to 500 others", config: references, peers: true},
		{name: "1,000 tables on the emulator", config: tables, plan: 1},
	}
}

const references = `
resource "terraform_data" "a" {
  count = 500
  input = "v${count.index}"
}
resource "terraform_data" "b" {
  count = 500
  input = terraform_data.a[count.index].output
}
`

const tables = `
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
  count         = 1000
  name          = "notes-${count.index}"
  partition_key = { name = "id", type = "S" }
}
`

// engine measures the engine alone: its start, and user CPU and memory of whole
// processes over configurations of many instances.
func (b *bench) engine(ctx context.Context) error {
	var start []float64
	for range 2 * runs {
		u, err := spend(ctx, b.root, nil, b.bin, "version")
		if err != nil {
			return err
		}
		start = append(start, float64(u.wall.Microseconds())/1000)
	}
	b.add("version: from start to end", median(start), "ms", 30, "")
	for _, l := range loads() {
		if err := b.load(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) load(ctx context.Context, l load) error {
	apply, plan, memory, err := b.through(ctx, b.bin, l.config)
	if err != nil {
		return err
	}
	b.add("our engine: apply of "+l.name+", user CPU", apply, "s", l.apply, "")
	b.add("our engine: plan without changes of the same, user CPU", plan, "s", l.plan, "")
	if l.memory {
		b.add("our engine: memory at most for the same", memory, "MB", 500, "")
	}
	if !l.peers && (!l.memory || os.Getenv(large) == "") {
		return nil
	}
	for _, program := range []string{"terraform", filepath.Join(b.root, "bin", "tools", "tofu")} {
		path, err := exec.LookPath(program)
		if err != nil {
			fmt.Fprintf(os.Stderr, "bench: %s is left out: it is not on PATH\n", program)
			continue
		}
		theirApply, theirPlan, _, err := b.through(ctx, path, l.config)
		if err != nil {
			return err
		}
		name := filepath.Base(program)
		b.add(name+": apply of the same, user CPU", theirApply, "s", 0, fmt.Sprintf("%.0f × ours", theirApply/apply))
		b.add(name+": plan without changes of the same, user CPU", theirPlan, "s", 0, fmt.Sprintf("%.0f × ours", theirPlan/plan))
	}
	return nil
}

// through applies a configuration and plans it again; both in seconds of user
// CPU, with the most memory that either took.
func (b *bench) through(ctx context.Context, program, config string) (apply, plan, memory float64, err error) {
	dir, err := os.MkdirTemp("", "bench-engine")
	if err != nil {
		return 0, 0, 0, err
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(config), 0o600); err != nil {
		return 0, 0, 0, err
	}
	env := []string{"CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE=" + os.DevNull}
	if program != b.bin {
		if _, err := spend(ctx, dir, env, program, "init", "-input=false"); err != nil {
			return 0, 0, 0, err
		}
	}
	first, err := spend(ctx, dir, env, program, "apply", "-auto-approve", "-input=false")
	if err != nil {
		return 0, 0, 0, err
	}
	second, err := spend(ctx, dir, env, program, "plan", "-detailed-exitcode", "-input=false")
	if err != nil {
		return 0, 0, 0, err
	}
	if strings.Contains(config, "emulator") {
		if _, err := spend(ctx, dir, nil, b.bin, "emulator", "stop"); err != nil {
			return 0, 0, 0, err
		}
	}
	seconds := func(u usage) float64 { return u.user.Round(time.Millisecond).Seconds() }
	return seconds(first), seconds(second), max(first.memory, second.memory), nil
}
