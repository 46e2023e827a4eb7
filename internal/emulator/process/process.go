// Package process is how programs that name the same data_dir come to share one
// emulator: it finds the one that lives there, starts it in the background where
// none does, runs it, and stops it. Files of the data_dir are the meeting point;
// see [folder] for what each is for.
//
// It must not know any AWS service, nor what the emulator is used for.
package process

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"
)

// An Address is where an emulator answers and what it takes to call it.
type Address struct {
	URL       string // such as "http://127.0.0.1:28014", without a trailing slash
	AccessKey string
	SecretKey string
	Build     string // names the program that runs it; see [BuildOf]
	Token     string // proves that a caller may read the data_dir; new for each process
	PID       int
}

// String names the address without its secrets.
func (a *Address) String() string {
	return fmt.Sprintf("%s (process %d)", a.URL, a.PID)
}

// GoString is [Address.String]: %#v must not print secrets either.
func (a *Address) GoString() string { return a.String() }

// LogValue implements [slog.LogValuer] without the secrets.
func (a *Address) LogValue() slog.Value {
	return slog.GroupValue(slog.String("url", a.URL), slog.Int("pid", a.PID), slog.String("build", a.Build))
}

// ErrNotRunning is the error of a data_dir without a living emulator.
var ErrNotRunning = errors.New("no emulator is running")

const (
	// pollEvery is how often a waiting caller looks at the lock and the address.
	pollEvery = 5 * time.Millisecond
	// patience is how long an owner of the lock may take until it answers, or has
	// stopped; a start takes about a tenth of a second.
	patience = 30 * time.Second
)

// Find returns the address of the emulator that lives in dataDir, or an error
// that wraps [ErrNotRunning]. It starts and changes nothing.
func Find(ctx context.Context, dataDir string) (*Address, error) {
	d, err := at(dataDir)
	if err != nil {
		return nil, err
	}
	if held, err := d.locked(); err != nil {
		return nil, err
	} else if held {
		if a, err := d.readAddress(); err == nil && a.answers(ctx, http.MethodGet, "status") {
			return a, nil
		}
	}
	return nil, fmt.Errorf("%w in %s", ErrNotRunning, d.path)
}

// Join returns the address of the emulator of dataDir, and starts one in the
// background when there is none. main is the path of the program to start, which
// must serve [Background] on the arguments of [BackgroundArgs]; when it is empty,
// Join can only join. An emulator that another build runs is told to finish, and
// one of this build takes over its data. Of several callers at once, one starts.
func Join(ctx context.Context, dataDir, main string) (*Address, error) {
	d, err := open(dataDir)
	if err != nil {
		return nil, err
	}
	build := ""
	if main != "" {
		if build, err = BuildOf(main); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("it took too long"))
	defer cancel()
	told := "" // the token of the emulator that was told to stop
	for {
		lock, err := d.lock()
		if err != nil {
			return nil, err
		}
		if lock != nil {
			defer lock.Close()
			if main == "" {
				return nil, fmt.Errorf("%w in %s, and there is no program here to start one; start it with: tfserverless emulator start -data-dir %s", ErrNotRunning, d.path, d.path)
			}
			return d.start(ctx, lock, main)
		}
		if a, err := d.readAddress(); err == nil && a.Token != told && a.answers(ctx, http.MethodPost, "join") { // which puts off its idle stop
			if main == "" || a.Build == build {
				return a, nil
			}
			if err := a.call(ctx, http.MethodPost, "stop", nil); err != nil {
				return nil, fmt.Errorf("stopping the emulator of another build in %s: %w", d.path, err)
			}
			told = a.Token
		}
		if err := pause(ctx); err != nil {
			return nil, d.stuck(err)
		}
	}
}

// Stop ends the emulator of dataDir, lets requests that are running finish
// within [drainTime], and returns once its process has let go of the data_dir.
func Stop(ctx context.Context, dataDir string) error {
	a, err := Find(ctx, dataDir)
	if err != nil {
		return err
	}
	if err := a.call(ctx, http.MethodPost, "stop", nil); err != nil {
		return fmt.Errorf("stopping the emulator at %v: %w", a, err)
	}
	d, err := at(dataDir)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("it took too long"))
	defer cancel()
	for {
		held, err := d.locked()
		if err != nil || !held {
			return err
		}
		if now, err := d.readAddress(); err == nil && now.Token != a.Token {
			return nil // the next one has taken over already
		}
		if err := pause(ctx); err != nil {
			return d.stuck(err)
		}
	}
}

// stuck is the error for an owner of the lock that neither answers nor ends.
func (d folder) stuck(cause error) error {
	process := "the process that holds " + d.file(lockFile)
	if a, err := d.readAddress(); err == nil {
		process = fmt.Sprintf("process %d", a.PID)
	}
	return fmt.Errorf("waiting for the emulator in %s, which starts or stops: %w; if it hangs, end %s; its log is %s", d.path, cause, process, d.file(logFile))
}

// pause waits for one look's interval, or for the end of ctx.
func pause(ctx context.Context) error {
	t := time.NewTimer(pollEvery)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
