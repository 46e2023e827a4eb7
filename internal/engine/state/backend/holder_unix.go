//go:build unix

package backend

import (
	"errors"
	"syscall"
)

// runs tells whether a process with that number is there, whoever's it is.
func runs(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}
