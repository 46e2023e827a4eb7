package runtime

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

// A function that writes faster than its log is kept does not fill the memory, and
// loses nothing.
func TestJournalHolds(t *testing.T) {
	t.Parallel()
	const count = 100
	synctest.Test(t, func(t *testing.T) {
		open := make(chan struct{})
		delivered := 0
		var work sync.WaitGroup
		j := &journal{now: time.Now, spawn: work.Go, telemetry: newTelemetry(clock.Real), deliver: func(_ time.Time, lines []string) {
			<-open
			delivered += len(lines)
		}}
		go func() {
			for range count {
				j.add(fromFunction, strings.Repeat("x", 1<<20))
			}
			j.add(fromFunction, "end")
		}()
		synctest.Wait()
		j.mu.Lock()
		if j.held > maxHeld+1<<20 {
			t.Errorf("%d bytes are held, want at most %d and a line", j.held, maxHeld)
		}
		j.mu.Unlock()
		j.platform(Logging{}, event{text: "REPORT"}) // which never waits
		close(open)
		synctest.Wait()
		work.Wait()
		if delivered != count+2 {
			t.Errorf("%d lines were delivered, want %d", delivered, count+2)
		}
	})
}
