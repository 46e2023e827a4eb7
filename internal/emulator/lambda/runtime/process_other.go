//go:build !linux

package runtime

import (
	"os"
	"os/exec"
)

// Elsewhere than on Linux a function is a plain process: its children are not
// killed with it, and its memory is not measured.

func group(*exec.Cmd) {}

func killGroup(pid int) {
	if p, err := os.FindProcess(pid); err == nil {
		_ = p.Kill()
	}
}

func freezeGroup(int)   {}
func thawGroup(int)     {}
func terminate(pid int) { killGroup(pid) }

func maxMemory(*os.ProcessState) int { return 0 }
func ownMemory(int) int              { return 0 }
func weigh(int) (mb, tasks int)      { return 0, 0 }
func firstChild(int) int             { return 0 }
func startTime(int) string           { return "" }

func outside(root, group int) []int { return nil }
func having(variable string) []int  { return nil }
func stopOne(int)                   {}
func continueOne(int)               {}
func killOne(int)                   {}

type gauge struct{}

func newGauge(int) gauge { return gauge{} }
func (gauge) read() int  { return 0 }
func (gauge) close()     {}
