package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// BackgroundArgs are the arguments with which Join starts the program; the path
// of the data_dir follows. The program must then call [Background].
var BackgroundArgs = []string{"emulator", "background"}

// idleStop is how long an emulator in the background stays without requests when
// it holds nothing.
const idleStop = 10 * time.Minute

// What the parent reads from the pipe once the emulator answers; anything else
// is the text of the error that ended the start.
const ready = "ready"

// leftOut are the beginnings of the names of environment variables that an
// emulator in the background does not get: those that would make it a Terraform
// plugin, and those with keys of real accounts.
var leftOut = []string{"TF_PLUGIN_", "TF_REATTACH_PROVIDERS=", "PLUGIN_", "AWS_"}

// logLimit is the size in bytes from which a log is set aside at the next start.
const logLimit = 8 << 20

// start runs main in the background as the owner of the lock, and waits until it
// answers.
func (d folder) start(ctx context.Context, lock *os.File, main string) (*Address, error) {
	log, err := d.openLog()
	if err != nil {
		return nil, err
	}
	defer log.Close()
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("starting the emulator: %w", err)
	}
	defer r.Close()

	//nolint:noctx // it outlives who starts it
	cmd := exec.Command(main, append(BackgroundArgs[:len(BackgroundArgs):len(BackgroundArgs)], d.path)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = d.path, log, log
	cmd.Env = environment(os.Environ())
	cmd.ExtraFiles = []*os.File{lock, w}
	cmd.SysProcAttr = apart()
	err = cmd.Start()
	w.Close()
	if err != nil {
		return nil, fmt.Errorf("starting the emulator: %w", err)
	}
	go func() { _ = cmd.Wait() }() // so that it leaves no zombie; how it ends is in its log

	defer context.AfterFunc(ctx, func() { r.Close() })()
	said, err := io.ReadAll(io.LimitReader(r, 64<<10))
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, d.stuck(context.Cause(ctx))
	case err != nil:
		return nil, fmt.Errorf("starting the emulator: %w", err)
	case string(said) == ready:
		return d.readAddress()
	case len(said) == 0:
		return nil, fmt.Errorf("starting the emulator: %s ended without a word; its log is %s", main, d.file(logFile))
	}
	return nil, errors.New(string(said))
}

// openLog opens the log to append to it, and sets a long one aside.
func (d folder) openLog() (*os.File, error) {
	if info, err := os.Stat(d.file(logFile)); err == nil && info.Size() > logLimit {
		if err := os.Rename(d.file(logFile), d.file(logFile+".1")); err != nil {
			return nil, fmt.Errorf("setting the emulator's log aside: %w", err)
		}
	}
	f, err := os.OpenFile(d.file(logFile), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the emulator's log: %w", err)
	}
	return f, nil
}

func environment(all []string) []string {
	var kept []string
next:
	for _, v := range all {
		for _, p := range leftOut {
			if strings.HasPrefix(v, p) {
				continue next
			}
		}
		kept = append(kept, v)
	}
	return kept
}

// Background is Run in the process that Join starts: the lock and the pipe to
// the parent are its first two extra files.
func Background(ctx context.Context, c Config) error {
	lock, parent := inherited(0, lockFile), inherited(1, "parent")
	if d, err := at(c.DataDir); err != nil || !d.has(lock) {
		return errors.New("this command is how a program starts the emulator of its data_dir; to start one by hand: tfserverless emulator start")
	}
	c.lock, c.IdleStop = lock, idleStop
	say := func(word string) {
		_, _ = io.WriteString(parent, word) // a parent that went away needs no answer
		parent.Close()
	}
	answering := false
	c.Ready = func(*Address) { answering = true; say(ready) }
	err := Run(ctx, c)
	if err != nil && !answering {
		say(err.Error())
	}
	return err
}
