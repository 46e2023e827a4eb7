package run

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
)

// loop is a machine that counts down: two transitions per turn.
const loop = `{"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[{"Variable":"$.n","NumericEquals":0,"Next":"Z"}],"Default":"P"},
	"P":{"Type":"Pass","Parameters":{"n.$":"States.MathAdd($.n, -1)","name":"value"},"Next":"C"},"Z":{"Type":"Succeed"}}}`

// BenchmarkTransitions runs an EXPRESS execution of Pass and Choice states.
func BenchmarkTransitions(b *testing.B) {
	m := machine(b, loop, asl.Express)
	const turns = 1000
	for b.Loop() {
		w := newWorld(b, m)
		w.silent = true
		x := w.start(asl.Express, fmt.Sprintf(`{"n":%d,"name":"value"}`, turns))
		w.drive(x)
		if x.Status() != Succeeded {
			b.Fatal(x.Failure().text())
		}
	}
	b.ReportMetric(float64(b.N*(2*turns+2))/b.Elapsed().Seconds(), "transitions/s")
}

// BenchmarkDurable is the same with what changed written out at every transition.
func BenchmarkDurable(b *testing.B) {
	m := machine(b, loop, asl.Express)
	const turns = 1000
	for b.Loop() {
		w := newWorld(b, m)
		w.silent = true
		p := params(m, asl.Express, fmt.Sprintf(`{"n":%d,"name":"value"}`, turns))
		p.Durable = true
		x, err := New(m, p, w, nil)
		if err != nil {
			b.Fatal(err)
		}
		for x.Advance(1) {
			if len(x.Changes()) == 0 {
				b.Fatal("a transition changed nothing")
			}
		}
	}
	b.ReportMetric(float64(b.N*(2*turns+2))/b.Elapsed().Seconds(), "transitions/s")
}

// numbers is a list of n numbers as JSON.
func numbers(n int) string {
	var s strings.Builder
	for i := range n {
		if i > 0 {
			s.WriteByte(',')
		}
		fmt.Fprint(&s, i%10)
	}
	return "[" + s.String() + "]"
}

// BenchmarkInlineMap goes through 10,000 items.
func BenchmarkInlineMap(b *testing.B) {
	m := machine(b, `{"StartAt":"M","States":{"M":{"Type":"Map","ItemProcessor":{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}},"End":true}}}`, asl.Express)
	input := numbers(10_000)
	for b.Loop() {
		w := newWorld(b, m)
		w.silent = true
		x := w.start(asl.Express, input)
		w.drive(x)
		if x.Status() != Succeeded || x.Output() != input {
			b.Fatal(x.Status(), x.Failure().text())
		}
	}
	b.ReportMetric(float64(b.N*10_000)/b.Elapsed().Seconds(), "items/s")
}

const distributed = `{"StartAt":"M","States":{"M":{"Type":"Map","MaxConcurrency":100,"ItemReader":{"Resource":"arn:aws:states:::s3:getObject","ReaderConfig":{"InputType":"JSONL"},"Parameters":{"Bucket":"b","Key":"in"}},
	"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"EXPRESS"},"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}},
	"ResultWriter":{"Resource":"arn:aws:states:::s3:putObject","Parameters":{"Bucket":"b","Prefix":"out"}},"End":true}}}`

// sink is a storage of one input, which forgets what is written.
type sink struct {
	files
	written int
}

func (s *sink) Put(_, _ string, body []byte) error {
	s.written += len(body)
	return nil
}

// BenchmarkDistributedMap goes through 100,000 items and writes the results.
func BenchmarkDistributedMap(b *testing.B) {
	m := machine(b, distributed, asl.Standard)
	input := strings.Repeat("{\"n\":1}\n", 100_000)
	for b.Loop() {
		w := newWorld(b, m)
		w.silent = true
		w.objects = &sink{files: files{"b/in": input}}
		x := w.start(asl.Standard, "{}")
		w.drive(x)
		if x.Status() != Succeeded {
			b.Fatal(x.Status(), x.Failure().text())
		}
	}
	b.ReportMetric(float64(b.N*100_000)/b.Elapsed().Seconds(), "items/s")
}

// TestMapsAreFlat demands that the memory of a distributed map does not grow with
// the items that are done.
func TestMapsAreFlat(t *testing.T) {
	heap := func(n int) uint64 {
		w := newWorld(t, machine(t, distributed, asl.Standard))
		w.silent = true
		w.objects = &sink{files: files{"b/in": strings.Repeat("{\"n\":1}\n", 20_000)}}
		x := w.start(asl.Standard, "{}")
		for x.Runs() == nil || x.Runs()[0].Succeeded.Items < n {
			if !x.Advance(100) && !w.happens(x) {
				t.Fatal(x.Status(), x.Failure().text())
			}
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		runtime.KeepAlive(x)
		if len(w.children) > 100 || len(x.threads) > 1 {
			t.Errorf("%d children wait and there are %d threads after %d items", len(w.children), len(x.threads), n)
		}
		return m.HeapAlloc
	}
	early, lately := heap(1000), heap(19_000)
	if most := early + 2*chunk; lately > most {
		t.Errorf("%d bytes after 1,000 items and %d after 19,000, want at most %d", early, lately, most)
	}
}
