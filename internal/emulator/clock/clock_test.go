package clock_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// TestAdvance runs calls in the order of their times, each at its time.
func TestAdvance(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(noon)
	var got []string
	say := func(what string) func() {
		return func() { got = append(got, what+"@"+c.Now().Sub(noon).String()) }
	}
	c.AfterFunc(3*time.Second, say("c"))
	c.AfterFunc(time.Second, func() {
		say("a")()
		c.AfterFunc(time.Second, say("b"))    // falls due on the way
		c.AfterFunc(10*time.Second, say("z")) // and this one not
	})
	stopped := c.AfterFunc(2*time.Second, say("stopped"))
	if !stopped.Stop() || stopped.Stop() {
		t.Error("a pending call is stopped once")
	}
	c.Advance(0)
	if len(got) != 0 {
		t.Errorf("before its time: %v", got)
	}
	c.Advance(5 * time.Second)
	if want := "a@1s b@2s c@3s"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
	if got, want := c.Now(), noon.Add(5*time.Second); !got.Equal(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestSameTime runs calls of one moment in the order in which they were asked for.
func TestSameTime(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(noon)
	var got []int
	for i := range 50 {
		c.AfterFunc(time.Second, func() { got = append(got, i) })
	}
	c.Advance(time.Second)
	if len(got) != 50 || !slices.IsSorted(got) {
		t.Errorf("got %v", got)
	}
}

// TestDue has calls whose time has come run at once, in a goroutine of their own.
func TestDue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := clock.NewFake(noon)
		ran := make(chan struct{}, 2)
		now := c.AfterFunc(0, func() { ran <- struct{}{} })
		c.AfterFunc(-time.Hour, func() { ran <- struct{}{} })
		synctest.Wait()
		if len(ran) != 2 {
			t.Errorf("%d calls ran", len(ran))
		}
		if now.Stop() {
			t.Error("a call that has run was stopped")
		}
	})
}

func TestWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := clock.NewFake(noon)
		for _, c := range []clock.Clock{fake, clock.Real} {
			done := make(chan error, 1)
			go func() { done <- clock.Wait(t.Context(), c, time.Hour) }()
			synctest.Wait()
			if len(done) != 0 {
				t.Errorf("%T: woken early", c)
			}
			fake.Advance(time.Hour)
			time.Sleep(time.Hour) // of the bubble's own time, for the real clock
			synctest.Wait()
			if len(done) != 1 {
				t.Fatalf("%T: not woken", c)
			}
			if err := <-done; err != nil {
				t.Errorf("%T: %v", c, err)
			}
			why := errors.New("why")
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(why)
			if err := clock.Wait(ctx, c, time.Hour); !errors.Is(err, context.Canceled) {
				t.Errorf("%T: got %v", c, err)
			}
		}
	})
}

// TestConcurrent has calls made, stopped and run from many goroutines.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(noon)
	var mu sync.Mutex
	ran := map[string]int{}
	var wg sync.WaitGroup
	stopped := make([]int, 4)
	for w := range 4 {
		wg.Go(func() {
			for i := range 200 {
				name := fmt.Sprint(w, "/", i)
				timer := c.AfterFunc(time.Duration(i%7+1)*time.Second, func() {
					mu.Lock()
					defer mu.Unlock()
					ran[name]++
				})
				if i%3 == 0 && timer.Stop() {
					stopped[w]++
				}
				if i%10 == 0 {
					c.Advance(time.Second)
				}
			}
		})
	}
	wg.Wait()
	c.Advance(time.Minute)
	total := len(ran)
	for name, n := range ran {
		if n != 1 {
			t.Errorf("%s ran %d times", name, n)
		}
	}
	for _, n := range stopped {
		total += n
	}
	if total != 800 {
		t.Errorf("%d calls ran or were stopped", total)
	}
}
