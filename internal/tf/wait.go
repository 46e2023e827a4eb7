package tf

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"
)

const (
	firstPause = 50 * time.Millisecond
	lastPause  = 2 * time.Second
	// undoLimit is how long cleaning up may take after the run was canceled.
	undoLimit = 2 * time.Minute
)

// Poll calls ready until it returns true or an error, at once and then after
// pauses that grow from 50 ms to 2 s. When ctx ends first the error says what was
// waited for, such as "table notes to be ACTIVE".
func Poll(ctx context.Context, what string, ready func(context.Context) (bool, error)) error {
	for pause := firstPause; ; pause = min(pause*3/2, lastPause) {
		done, err := ready(ctx)
		if err != nil || done {
			return err
		}
		if err := sleep(ctx, pause); err != nil {
			return fmt.Errorf("waiting for %s: %w", what, err)
		}
	}
}

// Retry calls call until it succeeds or returns an error that again does not
// accept, with the pauses of [Poll]. When ctx ends first the error is call's last
// one, because it says what stood in the way.
func Retry(ctx context.Context, again func(error) bool, call func(context.Context) error) error {
	for pause := firstPause; ; pause = min(pause*3/2, lastPause) {
		err := call(ctx)
		if err == nil || !again(err) {
			return err
		}
		if end := sleep(ctx, pause); end != nil {
			return fmt.Errorf("%w (gave up: %w)", err, end)
		}
	}
}

// Look calls look until it sees what a call may have made in spite of its answer: up
// to eight times in about two seconds, because reads may lag behind writes.
func Look(ctx context.Context, look func(context.Context) (seen bool, err error)) error {
	left := 8
	return Poll(ctx, "AWS to show what was made", func(ctx context.Context) (bool, error) {
		seen, err := look(ctx)
		left--
		return seen || left == 0, err
	})
}

// Seek is Look for a data source: only what this run has written may be seen late.
func Seek(ctx context.Context, look func(context.Context) (seen bool, err error)) error {
	if Wrote(ctx) {
		return Look(ctx, look)
	}
	_, err := look(ctx)
	return err
}

// Wrote reports whether this run has begun to write anything: only what it has written
// may be unknown to AWS still.
func Wrote(ctx context.Context) bool { return operationOf(ctx).provider.writes.Load() > 0 }

// Undo cleans up after err with a context of its own, because the operation's may
// be at its end, and returns err, joined by the cleaning's own error if it has one.
func Undo(ctx context.Context, err error, clean func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoLimit)
	defer cancel()
	if undo := clean(ctx); undo != nil {
		return errors.Join(err, fmt.Errorf("undoing what was made: %w", undo))
	}
	return err
}

// sleep waits for about d, a fifth more or less so that many waiters do not call
// in step.
func sleep(ctx context.Context, d time.Duration) error {
	d += time.Duration((rand.Float64() - 0.5) * 0.4 * float64(d))
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// Progress tells how far a long operation is, to whoever reads Terraform's log at
// the level info. The format is that of a sentence without its full stop.
func Progress(ctx context.Context, format string, args ...any) {
	tflog.Info(ctx, fmt.Sprintf(format, args...))
}
