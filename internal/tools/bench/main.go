// Command bench measures what docs/benchmarks.md reports: it runs the built
// binary, and terraform where one is on PATH, as whole processes, and prints one
// table with the numbers, their limits and the ratios between programs of one run.
// It must not know the packages of the project.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
)

// A result is one row of the table.
type result struct {
	name  string
	got   float64
	unit  string
	limit float64 // 0: none
	least bool    // the limit is the least that it may be
	note  string
}

// A bench is what the measurements share.
type bench struct {
	bin, root string
	results   []result
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	b := &bench{bin: filepath.Join(root, "bin", "tfserverless"), root: root}
	for _, m := range []struct {
		name    string
		measure func(context.Context) error
	}{
		{"binary", b.binary}, {"emulator", b.emulator}, {"tables", b.tables}, {"million", b.million}, {"durable", b.durable},
		{"demo", b.demo}, {"orders", b.orders}, {"schema", b.schema}, {"warm", b.warm}, {"functions", b.functions}, {"packages", b.packages}, {"queues", b.queues}, {"routes", b.routes}, {"mappings", b.mappings}, {"states", b.states}, {"machines", b.machines}, {"quotas", b.quotas}, {"terraform", b.terraform}, {"engine", b.engine},
	} {
		if len(os.Args) > 1 && !slices.Contains(os.Args[1:], m.name) {
			continue // only what the arguments name
		}
		if err := m.measure(ctx); err != nil {
			return errors.Join(err, b.print())
		}
	}
	return b.print()
}

func (b *bench) add(name string, got float64, unit string, limit float64, note string) {
	b.results = append(b.results, result{name: name, got: got, unit: unit, limit: limit, note: note})
	fmt.Fprintf(os.Stderr, "%s: %.4g %s\n", name, got, unit)
}

// addRatio adds how many times better than something else we are, which must be
// least or more.
func (b *bench) addRatio(name string, got, least float64) {
	b.add(name, got, "×", least, "")
	b.results[len(b.results)-1].least = true
}

// print writes the table as Markdown, so that it can stand in docs as it is.
func (b *bench) print() error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 1, ' ', 0)
	fmt.Fprintln(w, "| what\t| measured\t| limit\t| \t|")
	fmt.Fprintln(w, "|---\t|---\t|---\t|---\t|")
	for _, r := range b.results {
		limit, note := "", r.note
		if r.limit > 0 {
			sign := "≤"
			if r.least {
				sign = "≥"
			}
			limit = fmt.Sprintf("%s %s %s", sign, number(r.limit), r.unit)
			if r.got > r.limit != r.least {
				note = strings.TrimSpace("**missed** " + note)
			}
		}
		fmt.Fprintf(w, "| %s\t| %s %s\t| %s\t| %s\t|\n", r.name, number(r.got), r.unit, limit, note)
	}
	return w.Flush()
}

func number(f float64) string {
	if f >= 100 {
		return fmt.Sprintf("%.0f", f)
	}
	return fmt.Sprintf("%.3g", f)
}
