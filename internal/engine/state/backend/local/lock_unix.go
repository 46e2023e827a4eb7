//go:build unix

package local

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend"
)

// lockFile takes the lock that Terraform takes: a POSIX record lock for writing
// on the whole file. Closing the file gives it back.
func lockFile(f *os.File) error {
	err := unix.FcntlFlock(f.Fd(), unix.F_SETLK, &unix.Flock_t{Type: unix.F_WRLCK})
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		return backend.ErrHeld
	}
	return err
}
