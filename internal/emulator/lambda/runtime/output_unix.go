//go:build unix

package runtime

import (
	"errors"

	"golang.org/x/sys/unix"
)

// read moves what the process writes to the journal, until nobody can write any more
// or the output is closed.
func (o *output) read() {
	pipe, err := o.r.SyscallConn()
	if err != nil {
		return
	}
	for more := true; more; {
		err := pipe.Read(func(fd uintptr) (done bool) {
			o.mu.Lock()
			defer o.mu.Unlock()
			n, wait := readNow(fd, o.buf)
			more = n > 0
			if more && !o.closed {
				o.take(o.buf[:n])
			}
			return !wait
		})
		if err != nil {
			return
		}
	}
}

// pipeful is as much as a pipe can hold.
const pipeful = 1 << 20

// drain waits until everything written so far is in the journal: it takes it out of
// the pipe itself, for waking the reader takes longer than a short invocation.
func (o *output) drain() {
	if o == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || o.journal == nil {
		return
	}
	pipe, err := o.r.SyscallConn()
	if err != nil {
		return
	}
	_ = pipe.Control(func(fd uintptr) {
		for total := 0; total < pipeful; { // what is written meanwhile may be without end
			n, _ := readNow(fd, o.buf)
			if n == 0 {
				return
			}
			o.take(o.buf[:n])
			total += n
		}
	})
}

// readNow reads what there is; wait is whether there may be something later.
func readNow(fd uintptr, b []byte) (n int, wait bool) {
	for {
		n, err := unix.Read(int(fd), b)
		if !errors.Is(err, unix.EINTR) {
			return max(0, n), errors.Is(err, unix.EAGAIN)
		}
	}
}
