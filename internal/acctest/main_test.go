package acctest

import (
	"flag"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/seeds"
)

// TestMain runs more proofs at once than there are processors, because a proof waits
// for other processes some of its time, with more memory and less collecting. A
// -parallel on the command line counts.
func TestMain(m *testing.M) {
	seeds.Fix()
	if moody() {
		if err := os.Setenv("SERVERLESS_MOODS", "on"); err != nil {
			panic(err)
		}
	}
	debug.SetGCPercent(400)
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "test.parallel" })
	if !asked {
		if err := flag.Set("test.parallel", strconv.Itoa(4*runtime.GOMAXPROCS(0))); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
