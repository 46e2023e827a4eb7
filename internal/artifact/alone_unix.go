//go:build unix

package artifact

import (
	"os/exec"
	"syscall"
)

// alone gives a program a process group of its own, which ends with it when the
// build is canceled: tools start others, and those must not go on by themselves.
func alone(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
}
