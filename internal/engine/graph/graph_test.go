package graph_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/hcl/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/graph"
)

func place(k string) (string, *hcl.Range) {
	return k, &hcl.Range{Filename: "main.tf", Start: hcl.Pos{Line: int(k[0]-'a') + 1}}
}

// memoOf computes a value as one plus the sum of those that it needs.
func memoOf(g *graph.Graph, needs map[string][]string, count *atomic.Int64) *graph.Memo[string, int] {
	var m *graph.Memo[string, int]
	m = graph.NewMemo(g, place, func(ctx context.Context, k string) (int, hcl.Diagnostics) {
		count.Add(1)
		var diags hcl.Diagnostics
		sum := 1
		for _, n := range needs[k] {
			v, d := m.Get(ctx, n)
			diags = append(diags, d...)
			sum += v
		}
		return sum, diags
	})
	return m
}

func TestMemoComputesOnce(t *testing.T) {
	t.Parallel()
	var g graph.Graph
	var count atomic.Int64
	m := memoOf(&g, map[string][]string{"a": {"b", "c"}, "b": {"d", "d"}, "c": {"d"}}, &count)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if got, diags := m.Get(context.Background(), "a"); got != 6 || diags != nil {
				t.Errorf("got %d, %v, want 6", got, diags)
			}
		})
	}
	wg.Wait()
	if got := count.Load(); got != 4 {
		t.Errorf("got %d computations, want 4", got)
	}
	var deps []string
	for _, n := range m.Node("b").Deps() {
		deps = append(deps, n.ID.(string))
	}
	if !slices.Equal(deps, []string{"d"}) {
		t.Errorf("got dependencies %v of b, want d once", deps)
	}
}

func TestMemoNamesTheWholeCycle(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		needs map[string][]string
		want  []string
	}{
		{map[string][]string{"a": {"a"}}, []string{"a (main.tf:1) refers to its own value"}},
		{map[string][]string{"a": {"b"}, "b": {"c"}, "c": {"a"}},
			[]string{"a (main.tf:1) needs b", "b (main.tf:2) needs c", "c (main.tf:3) needs a"}},
	} {
		for range 50 { // goroutines enter the circle at every point
			var g graph.Graph
			m := memoOf(&g, c.needs, new(atomic.Int64))
			var wg sync.WaitGroup
			for k := range c.needs {
				wg.Go(func() {
					if _, diags := m.Get(context.Background(), k); !diags.HasErrors() || len(graph.Reportable(diags)) != 0 {
						t.Errorf("got %v, want a failure reported elsewhere", diags)
					}
				})
			}
			wg.Wait()
			diags := g.Diagnostics()
			if len(diags) != 1 {
				t.Fatalf("got %d diagnostics, want 1: %v", len(diags), diags)
			}
			for _, w := range c.want {
				if !strings.Contains(diags[0].Detail, w) {
					t.Fatalf("got %q, want %q in it", diags[0].Detail, w)
				}
			}
		}
	}
}

func TestRunOrder(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var order []int
	step := func(i int, ok bool, after ...int) graph.Step {
		return graph.Step{After: after, Do: func(context.Context) bool {
			mu.Lock()
			defer mu.Unlock()
			order = append(order, i)
			return ok
		}}
	}
	steps := []graph.Step{
		step(0, true, 3), step(1, false), step(2, true, 1), step(3, true), {After: []int{0}}, step(5, true, 4), step(6, true, 2),
	}
	got, err := graph.Run(context.Background(), steps, 2)
	if err != nil {
		t.Fatal(err)
	}
	s, f, x := graph.Succeeded, graph.Failed, graph.Skipped
	if want := []graph.Outcome{s, f, x, s, s, s, x}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if slices.Index(order, 3) > slices.Index(order, 0) || slices.Index(order, 0) > slices.Index(order, 5) {
		t.Errorf("got order %v", order)
	}
}

func TestRunLimitAndInterrupt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	const limit = 3
	var now, most, did atomic.Int64
	release := make(chan struct{})
	steps := make([]graph.Step, 20)
	for i := range steps {
		steps[i].Do = func(work context.Context) bool {
			did.Add(1)
			if n := now.Add(1); n > most.Load() {
				most.Store(n)
				if n == limit {
					cancel() // the three that run finish, no other starts
					close(release)
				}
			}
			<-release
			now.Add(-1)
			return work.Err() == nil
		}
	}
	got, err := graph.Run(ctx, steps, limit)
	if err != nil {
		t.Fatal(err)
	}
	var ok int
	for _, o := range got {
		if o == graph.Succeeded {
			ok++
		}
	}
	if most.Load() != limit || did.Load() != limit || ok != limit {
		t.Errorf("got %d at once, %d started, %d succeeded, want %d", most.Load(), did.Load(), ok, limit)
	}
}

func TestRunRefusesBadEdges(t *testing.T) {
	t.Parallel()
	for _, steps := range [][]graph.Step{
		{{After: []int{1}}, {After: []int{0}}},
		{{After: []int{7}}},
		{{After: []int{-1}}},
		{{After: []int{0}}},
	} {
		if _, err := graph.Run(context.Background(), steps, 1); err == nil {
			t.Errorf("%v: want an error", fmt.Sprint(steps))
		}
	}
}
