package process

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

const (
	// roomAtLeast is how much a small heap may grow between two collections, so
	// that requests are not spent on them.
	roomAtLeast = 32 << 20
	// The bounds of the growth, in percent of what is alive. Large heaps are
	// tables, whose items live long: they grow by less, to keep memory low.
	leastGrowth, mostGrowth = 40, 800
)

// tuneHeap sets, behind each garbage collection of this process, how far the heap
// may grow until the next one.
var tuneHeap = sync.OnceFunc(func() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	type mark struct{ self *mark }
	var collected func(*mark)
	collected = func(m *mark) {
		metrics.Read(live)
		if live[0].Value.Kind() == metrics.KindUint64 {
			percent := roomAtLeast * 100 / max(1, live[0].Value.Uint64())
			debug.SetGCPercent(int(min(max(percent, leastGrowth), mostGrowth)))
		}
		runtime.SetFinalizer(m, collected)
	}
	m := &mark{}
	runtime.SetFinalizer(m, collected)
})
