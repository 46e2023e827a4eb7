package heap

import (
	"os"
	"runtime"
	"runtime/metrics"
	"testing"
)

// TestTune watches the percentage that the runtime works with, over collections
// of a small heap and of a larger one.
func TestTune(t *testing.T) {
	if os.Getenv("GOGC") != "" {
		t.Skip("GOGC is set")
	}
	percent := func() uint64 {
		sample := []metrics.Sample{{Name: "/gc/gogc:percent"}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	settled := func(want func(uint64) bool) uint64 {
		got := uint64(0)
		for range 100 { // finalizers run behind the collection
			runtime.GC()
			runtime.Gosched()
			if got = percent(); want(got) {
				break
			}
		}
		return got
	}
	Tune(Growth{Room: 64 << 20, Least: 50, Most: 300})
	if got := settled(func(p uint64) bool { return p == 300 }); got != 300 {
		t.Errorf("a small heap grows by %d percent, want 300", got)
	}
	large := make([]byte, 256<<20)
	if got := settled(func(p uint64) bool { return p == 50 }); got != 50 {
		t.Errorf("a large heap grows by %d percent, want 50", got)
	}
	runtime.KeepAlive(large)
}
