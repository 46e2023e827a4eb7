package acctest

import (
	"flag"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"
)

// TestMain runs more proofs at once than there are processors, because a proof waits
// for other processes some of its time, with more memory and less collecting; and
// draws the same things at random each time unless all is to be proved. A -parallel or
// a -rapid.seed on the command line counts.
func TestMain(m *testing.M) {
	flag.Parse()
	debug.SetGCPercent(400)
	set := map[string]string{"test.parallel": strconv.Itoa(4 * runtime.GOMAXPROCS(0))}
	if !whole() {
		set["rapid.seed"] = "1"
	}
	flag.Visit(func(f *flag.Flag) { delete(set, f.Name) })
	for name, value := range set {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
