package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// A gauge is a number that a benchmark of the Go tests reports.
type gauge struct {
	benchmark, unit string
	name            string
	limit           float64
	least           bool
}

// states measures the interpreter of state machines and its query language, by
// the benchmarks beside them.
func (b *bench) states(ctx context.Context) error {
	if err := b.gauges(ctx, "./internal/jsonata", []gauge{
		{"BenchmarkStepFunctions", "µs-median", "JSONata, an expression with its parsing, median", 20, false},
		{"BenchmarkStepFunctions", "µs-p95", "JSONata, the same, 95th percentile", 100, false},
	}); err != nil {
		return err
	}
	return b.gauges(ctx, "./internal/emulator/sfn/asl/run", []gauge{
		{"BenchmarkTransitions", "transitions/s", "states of an EXPRESS execution", 20_000, true},
		{"BenchmarkDurable", "transitions/s", "the same, with what changed given out at every one", 1_000, true},
		{"BenchmarkInlineMap", "items/s", "an inline map over 10,000 items", 0, false},
		{"BenchmarkDistributedMap", "items/s", "a distributed map over 100,000 items", 0, false},
	})
}

// gauges runs the benchmarks of a package and adds what they report.
func (b *bench) gauges(ctx context.Context, pkg string, gauges []gauge) error {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", ".", pkg)
	cmd.Dir = b.root
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("running the benchmarks of %s: %w\n%s", pkg, err, errs.String())
	}
	reported := map[string]float64{}
	for lines := bufio.NewScanner(&out); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || !strings.HasPrefix(words[0], "Benchmark") {
			continue
		}
		name, _, _ := strings.Cut(words[0], "-")
		for i := 1; i < len(words); i++ {
			if n, err := strconv.ParseFloat(words[i-1], 64); err == nil {
				reported[name+" "+words[i]] = n
			}
		}
	}
	for _, g := range gauges {
		got, ok := reported[g.benchmark+" "+g.unit]
		if !ok { // its recordings are not there
			continue
		}
		unit := strings.TrimSuffix(strings.TrimSuffix(g.unit, "-median"), "-p95")
		b.add(g.name, got, unit, g.limit, "")
		b.results[len(b.results)-1].least = g.least
	}
	return nil
}
