package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
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
	var theirs, ours, ratio, memory []float64
	for range runs {
		watch := watchMemory("terraform-provider-serverless")
		t, err := spend(ctx, dir, env, path, "plan", "-input=false")
		memory = append(memory, watch())
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
	b.add(name+": memory of the provider's process at most", median(memory), "MB", 60, "")
	b.add("our engine: the same", median(ours), "s", 0, "")
	b.add(name+" / our engine", median(ratio), "×", 0, "of the same plan")
	return nil
}

// watchMemory looks at the processes of that program until it is told to stop,
// and returns the most memory that one of them had, in MB; 0 where there is no
// /proc.
func watchMemory(program string) (stop func() float64) {
	done, most := make(chan struct{}), make(chan float64)
	go func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		peak := 0.0
		for {
			select {
			case <-done:
				most <- peak
				return
			case <-tick.C:
				peak = max(peak, memoryOf(program))
			}
		}
	}()
	return func() float64 {
		close(done)
		return <-most
	}
}

// memoryOf returns the peak memory of the plugin processes of that program: those
// without arguments.
func memoryOf(program string) float64 {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0
	}
	peak := 0.0
	for _, dir := range dirs {
		exe, err := os.Readlink(filepath.Join(dir, "exe"))
		if err != nil || filepath.Base(exe) != program {
			continue
		}
		command, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		if err != nil || len(command) == 0 || bytes.Count(command, []byte{0}) != 1 {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		if mb, err := statusOf(pid, "VmHWM:"); err == nil {
			peak = max(peak, mb)
		}
	}
	return peak
}
