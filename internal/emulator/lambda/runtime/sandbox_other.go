//go:build !linux

package runtime

import (
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

func limitData(int, int) {}
