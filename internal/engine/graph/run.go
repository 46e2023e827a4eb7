package graph

import (
	"container/heap"
	"context"
	"fmt"
)

// Step is one step of a fixed plan of work.
type Step struct {
	After []int // indexes of the steps that must succeed first
	Free  bool  // does not count towards the limit of parallel steps
	Do    func(context.Context) bool
}

// Outcome is what became of a step.
type Outcome byte

// The outcomes.
const (
	Skipped Outcome = iota // never started: an earlier step failed, or the run was interrupted
	Succeeded
	Failed
)

// Run does the steps as soon as those they come after have succeeded, at most
// limit at once, the ones with the longest way to go first. When ctx is done no
// further step starts, and those running finish: they get a context of their
// own, without cancellation. A nil Do succeeds at once. Edges out of range or in
// a circle are an error, and then nothing is run.
func Run(ctx context.Context, steps []Step, limit int) ([]Outcome, error) {
	r, err := newRun(steps)
	if err != nil {
		return nil, err
	}
	limit = max(limit, 1)
	type result struct {
		step int
		ok   bool
	}
	results := make(chan result)
	running, slots := 0, limit
	finish := func(x result) {
		if !x.ok {
			r.outcomes[x.step] = Failed
			return
		}
		r.outcomes[x.step] = Succeeded
		for _, next := range r.next[x.step] {
			if r.missing[next]--; r.missing[next] == 0 {
				r.ready(next)
			}
		}
	}
	work := context.WithoutCancel(ctx)
	for {
		for ctx.Err() == nil {
			i, ok := r.take(slots > 0)
			if !ok {
				break
			}
			if steps[i].Do == nil {
				finish(result{i, true})
				continue
			}
			if !steps[i].Free {
				slots--
			}
			running++
			go func() { results <- result{i, steps[i].Do(work)} }()
		}
		if running == 0 {
			return r.outcomes, nil
		}
		x := <-results
		running--
		if !steps[x.step].Free {
			slots++
		}
		finish(x)
	}
}

type run struct {
	steps    []Step
	next     [][]int
	missing  []int
	left     []int // length of the longest path from here
	outcomes []Outcome
	free     []int
	queue    queue
}

func newRun(steps []Step) (*run, error) {
	r := &run{steps: steps, next: make([][]int, len(steps)), missing: make([]int, len(steps)), outcomes: make([]Outcome, len(steps))}
	for i, s := range steps {
		for _, a := range s.After {
			if a < 0 || a >= len(steps) {
				return nil, fmt.Errorf("step %d comes after step %d, which does not exist", i, a)
			}
			r.next[a] = append(r.next[a], i)
			r.missing[i]++
		}
	}
	order, err := topological(r.next, r.missing)
	if err != nil {
		return nil, err
	}
	r.left = make([]int, len(steps))
	for k := len(order) - 1; k >= 0; k-- {
		i := order[k]
		cost := 1
		if steps[i].Do == nil {
			cost = 0
		}
		for _, n := range r.next[i] {
			r.left[i] = max(r.left[i], r.left[n])
		}
		r.left[i] += cost
	}
	r.queue.left = r.left
	for i := range steps {
		if r.missing[i] == 0 {
			r.ready(i)
		}
	}
	return r, nil
}

// topological orders the steps so that edges only lead forward. With an error
// the order has only the steps that no circle holds back.
func topological(next [][]int, missing []int) ([]int, error) {
	left := append([]int(nil), missing...)
	order := make([]int, 0, len(next))
	for i, n := range left {
		if n == 0 {
			order = append(order, i)
		}
	}
	for k := 0; k < len(order); k++ {
		for _, n := range next[order[k]] {
			if left[n]--; left[n] == 0 {
				order = append(order, n)
			}
		}
	}
	if len(order) < len(next) {
		for i, n := range left {
			if n > 0 {
				return order, fmt.Errorf("step %d is part of a circle of edges", i)
			}
		}
	}
	return order, nil
}

func (r *run) ready(i int) {
	if r.steps[i].Free || r.steps[i].Do == nil {
		r.free = append(r.free, i)
		return
	}
	heap.Push(&r.queue, i)
}

// take gives a step that can start now.
func (r *run) take(slot bool) (int, bool) {
	if n := len(r.free); n > 0 {
		i := r.free[n-1]
		r.free = r.free[:n-1]
		return i, true
	}
	if !slot || len(r.queue.steps) == 0 {
		return 0, false
	}
	return heap.Pop(&r.queue).(int), true
}

type queue struct {
	steps []int
	left  []int
}

func (q *queue) Len() int { return len(q.steps) }
func (q *queue) Less(a, b int) bool {
	x, y := q.steps[a], q.steps[b]
	if q.left[x] != q.left[y] {
		return q.left[x] > q.left[y]
	}
	return x < y
}
func (q *queue) Swap(a, b int) { q.steps[a], q.steps[b] = q.steps[b], q.steps[a] }
func (q *queue) Push(x any)    { q.steps = append(q.steps, x.(int)) }
func (q *queue) Pop() any {
	i := q.steps[len(q.steps)-1]
	q.steps = q.steps[:len(q.steps)-1]
	return i
}

// Circular tells for each step whether it can never start because of a circle of
// edges; nil if there is none. after[i] lists the steps that come before i.
func Circular(after [][]int) []bool {
	next, missing := make([][]int, len(after)), make([]int, len(after))
	for i, earlier := range after {
		for _, a := range earlier {
			next[a] = append(next[a], i)
			missing[i]++
		}
	}
	order, err := topological(next, missing)
	if err == nil {
		return nil
	}
	stuck := make([]bool, len(after))
	for i := range stuck {
		stuck[i] = true
	}
	for _, i := range order {
		stuck[i] = false
	}
	return stuck
}
