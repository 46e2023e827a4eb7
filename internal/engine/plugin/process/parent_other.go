//go:build !linux

package process

import "os/exec"

// dieWithParent does nothing: other systems have no such thing. A provider
// outlives this process there if that is killed by force.
func dieWithParent(*exec.Cmd) {}
