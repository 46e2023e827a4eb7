//go:build !unix

package backend

import "os"

// runs tells whether a process with that number is there.
func runs(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	_ = p.Release()
	return true
}
