//go:build unix

package provision

import (
	"os/exec"
	"syscall"
)

// inOwnGroup gives the command a process group of its own, which is killed as a
// whole. An interrupt at the terminal then reaches this process alone, which
// decides what it means for the command.
func inOwnGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
