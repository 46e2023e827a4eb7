//go:build unix

package process

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// lockAlone takes the file's only lock; it reports false when another has one.
func lockAlone(f *os.File) (bool, error) { return flock(f, unix.LOCK_EX) }

// lockShared takes a lock that others may share; it reports false when one has
// the only lock.
func lockShared(f *os.File) (bool, error) { return flock(f, unix.LOCK_SH) }

func flock(f *os.File, how int) (bool, error) {
	err := unix.Flock(int(f.Fd()), how|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// apart lets a child live in a session of its own, out of the reach of the
// terminal's signals.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// inherited is the file that the parent gave as its i-th extra one; it goes no
// further than this process.
func inherited(i int, name string) *os.File {
	fd := 3 + i
	unix.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), name)
}
