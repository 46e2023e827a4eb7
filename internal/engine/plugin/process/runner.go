package process

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin/runner"
)

// runner starts and ends one program for go-plugin. On Linux the program dies
// with this process, however that ends.
type runner struct {
	cmd            *exec.Cmd
	stdout, stderr io.ReadCloser
	sockets        string // the folder where it listens

	started chan struct{} // closed once the program runs
	ended   chan struct{} // closed once it has ended

	mu  sync.Mutex
	pid int
	err error // how it ended
}

func newRunner(cmd *exec.Cmd) *runner {
	return &runner{cmd: cmd, started: make(chan struct{}), ended: make(chan struct{})}
}

// of takes on what go-plugin adds to the command.
func (r *runner) of(_ hclog.Logger, spec *exec.Cmd, sockets string) (goplugin.Runner, error) {
	r.cmd.Env, r.cmd.Stdin, r.sockets = spec.Env, spec.Stdin, sockets
	dieWithParent(r.cmd)
	var err error
	if r.stdout, err = r.cmd.StdoutPipe(); err != nil {
		return nil, err
	}
	if r.stderr, err = r.cmd.StderrPipe(); err != nil {
		return nil, err
	}
	return r, nil
}

// Start runs the program. The thread that does it stays until the program ends:
// the kernel takes the end of that thread for the parent's.
func (r *runner) Start(context.Context) error {
	failed := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := r.cmd.Start()
		if err != nil {
			failed <- err
			return
		}
		r.mu.Lock()
		r.pid = r.cmd.Process.Pid
		r.mu.Unlock()
		close(r.started)
		<-r.ended
	}()
	select {
	case err := <-failed:
		close(r.ended)
		return err
	case <-r.started:
		return nil
	}
}

// Wait waits for the end. go-plugin calls it once, after the pipes are read.
func (r *runner) Wait(context.Context) error {
	err := r.cmd.Wait()
	r.mu.Lock()
	r.err = err
	r.mu.Unlock()
	close(r.ended)
	return err
}

// Kill ends the program at once. Children of its own may keep its output open, for
// whose end go-plugin waits: they do so only for a moment.
func (r *runner) Kill(context.Context) error {
	select {
	case <-r.started:
	default:
		return nil
	}
	if err := r.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	time.AfterFunc(exitTimeout, func() {
		_, _ = r.stdout.Close(), r.stderr.Close() // closed already but for such children
	})
	return nil
}

// status is how the program ended, such as "exit status 2"; empty if it runs.
func (r *runner) status() string {
	select {
	case <-r.ended:
	default:
		return ""
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		return "exit status 0"
	}
	return r.err.Error()
}

func (r *runner) Stdout() io.ReadCloser { return r.stdout }
func (r *runner) Stderr() io.ReadCloser { return r.stderr }
func (r *runner) Name() string          { return r.cmd.Path }

// ID is the process id, empty before the start.
func (r *runner) ID() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pid == 0 {
		return ""
	}
	return strconv.Itoa(r.pid)
}

// Diagnose has nothing to add: the program's own words are reported.
func (r *runner) Diagnose(context.Context) string { return "" }

// PluginToHost is the address as it is: both sides share files and network.
func (r *runner) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

// HostToPlugin is the address as it is.
func (r *runner) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
