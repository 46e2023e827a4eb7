// Package heap sets how far the heap may grow between two garbage collections. It
// must not know what is in the heap.
package heap

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
)

// Growth is how far a heap may grow until the next collection.
type Growth struct {
	// Room is how much a small heap may grow at least, in bytes, so that work is
	// not spent on collections.
	Room uint64
	// Least and Most bound the growth, in percent of what is alive.
	Least, Most uint64
}

var (
	growth  atomic.Pointer[Growth]
	started atomic.Bool
)

// mark is what the collector meets at each collection. It has a field, because
// the collector does not meet things without size.
type mark struct{ _ *mark }

// Tune sets the growth, anew behind each garbage collection of this process,
// until another Tune. The environment variable GOGC wins.
func Tune(g Growth) {
	if os.Getenv("GOGC") != "" {
		return
	}
	growth.Store(&g)
	debug.SetGCPercent(int(min(g.Most, math.MaxInt32)))
	if started.Swap(true) {
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	var collected func(*mark)
	collected = func(m *mark) {
		metrics.Read(live)
		if g := growth.Load(); live[0].Value.Kind() == metrics.KindUint64 {
			percent := g.Room * 100 / max(1, live[0].Value.Uint64())
			debug.SetGCPercent(int(min(max(percent, g.Least), g.Most, math.MaxInt32)))
		}
		runtime.SetFinalizer(m, collected)
	}
	runtime.SetFinalizer(&mark{}, collected)
}
