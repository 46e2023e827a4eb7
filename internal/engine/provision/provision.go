// Package provision runs the commands that a configuration asks for beside an
// object, on this machine, and hands on what they print.
//
// It must not know objects, plans or the state: when to run what, and what a
// failure means, is its caller's affair. It imports nothing of ours.
package provision

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Command is what to run.
type Command struct {
	Text        string            // what the interpreter gets as its last argument
	Interpreter []string          // empty for the system's shell
	Dir         string            // empty for the working directory
	Environment map[string]string // added to the environment of this process
}

// Args are the words that are run.
func (c Command) Args() []string {
	interpreter := c.Interpreter
	if len(interpreter) == 0 {
		interpreter = []string{"/bin/sh", "-c"}
		if runtime.GOOS == "windows" {
			interpreter = []string{"cmd", "/C"}
		}
	}
	return append(slices.Clone(interpreter), c.Text)
}

const (
	maxLine   = 64 << 10        // where a line without an end is broken, in bytes
	maxOutput = 8 << 10         // how much of the output Run returns, in bytes
	afterEnd  = 2 * time.Second // how long output is waited for after the command's end, while others hold it open
)

// ErrInterrupted says that the command was killed because the context was done.
var ErrInterrupted = errors.New("interrupted")

// ExitError is how a command ended that did not end well.
type ExitError string

func (e ExitError) Error() string { return string(e) }

// Run runs the command and gives each line that it prints to line, from one
// goroutine. When ctx is done, the command is killed together with everything
// that it has started. What it leaves running when it ends by itself goes on, but
// what that prints is not waited for. The result is the end of what it printed.
// The error says how the command failed and repeats nothing of it.
func (c Command) Run(ctx context.Context, line func(string)) (string, error) {
	args := c.Args()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...) //nolint:gosec // it runs what the configuration says
	cmd.Dir, cmd.WaitDelay = c.Dir, afterEnd
	cmd.Env = os.Environ()
	for name, value := range c.Environment {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if c.Dir != "" {
		if at, err := os.Stat(c.Dir); err != nil || !at.IsDir() {
			return "", fmt.Errorf("the working directory %s is not there", c.Dir)
		}
	}
	inOwnGroup(cmd)
	out := &lines{each: line}
	cmd.Stdout, cmd.Stderr = out, out // one writer for both: os/exec writes from one goroutine
	err := cmd.Run()
	out.flush()
	var exited *exec.ExitError
	switch {
	case errors.Is(err, exec.ErrWaitDelay) && ctx.Err() == nil:
		err = nil // it went well, and what it left running keeps its output open
	case err != nil && ctx.Err() != nil:
		err = ErrInterrupted
	case errors.As(err, &exited):
		err = ExitError(exited.String())
	case err != nil:
		err = fmt.Errorf("starting it: %w", err)
	}
	return string(out.last), err
}

// lines is a writer that splits what it gets.
type lines struct {
	each    func(string)
	partial []byte
	last    []byte // the end of all that was written
}

func (l *lines) Write(p []byte) (int, error) {
	l.last = append(l.last, p...)
	l.last = l.last[max(0, len(l.last)-maxOutput):]
	l.partial = append(l.partial, p...)
	for {
		i := bytes.IndexByte(l.partial, '\n')
		if i < 0 && len(l.partial) < maxLine {
			return len(p), nil
		}
		if i < 0 {
			i = maxLine
			l.each(text(l.partial[:i]))
			l.partial = l.partial[i:]
			continue
		}
		l.each(text(l.partial[:i]))
		l.partial = l.partial[i+1:]
	}
}

func (l *lines) flush() {
	if len(l.partial) > 0 {
		l.each(text(l.partial))
		l.partial = nil
	}
}

// text is a line without what would confuse a terminal or a log.
func text(b []byte) string {
	return strings.ToValidUTF8(strings.TrimRight(string(b), "\r"), "\uFFFD")
}
