//go:build !linux

package runtime

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// There are sandboxes on Linux only.

func isolate(*exec.Cmd) {}

func sandboxUser() int { return -1 }

// SandboxMain is what [SandboxArg] starts; elsewhere than on Linux it refuses.
func SandboxMain([]string) int {
	fmt.Fprintln(os.Stderr, "Error: there are sandboxes for functions on Linux only")
	return 125
}

var errNoCrew = errors.New("there are sandboxes on Linux only")

func socketPair() (ours, theirs *os.File, err error) { return nil, nil, errNoCrew }

func (e *environment) unprivileged(*exec.Cmd, task) error { return nil }

func limit(int, *Function) {}
