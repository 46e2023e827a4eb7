package runtime

import (
	"bytes"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// group makes the command the leader of a process group that dies with this program.
func group(c *exec.Cmd) {
	if c.SysProcAttr == nil {
		c.SysProcAttr = &syscall.SysProcAttr{}
	}
	c.SysProcAttr.Setpgid = true
	c.SysProcAttr.Pdeathsig = syscall.SIGKILL
}

func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }

// maxMemory returns the MB that a process which has ended held at most.
func maxMemory(s *os.ProcessState) int {
	if u, ok := s.SysUsage().(*syscall.Rusage); ok {
		return int(u.Maxrss / 1024)
	}
	return 0
}

// residentMemory returns the MB that the process and its children hold now.
func residentMemory(pid int) int { return tree(pid, "VmRSS:") / 1024 }

// peakMemory returns the sum of the most MB that each of them has held.
func peakMemory(pid int) int { return tree(pid, "VmHWM:") / 1024 }

// tree sums a field of /proc/PID/status, in kB, over a process and its descendants.
func tree(pid int, field string) int {
	dir := "/proc/" + strconv.Itoa(pid)
	b, err := os.ReadFile(dir + "/status")
	if err != nil {
		return 0 // it has ended
	}
	sum := 0
	if _, after, ok := bytes.Cut(b, []byte(field)); ok {
		line, _, _ := bytes.Cut(after, []byte("kB"))
		sum, _ = strconv.Atoi(strings.TrimSpace(string(line)))
	}
	tasks, err := os.ReadDir(dir + "/task")
	if err != nil {
		return sum
	}
	for _, t := range tasks {
		children, err := os.ReadFile(dir + "/task/" + t.Name() + "/children")
		if err != nil {
			continue
		}
		for _, c := range strings.Fields(string(children)) {
			if child, err := strconv.Atoi(c); err == nil {
				sum += tree(child, field)
			}
		}
	}
	return sum
}

// startTime identifies a process beyond its number, which is used again: the time
// of its start since the machine's, and the machine's start.
func startTime(pid int) string {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return ""
	}
	i := bytes.LastIndexByte(b, ')') // the program's name may hold anything
	f := strings.Fields(string(b[i+1:]))
	if len(f) < 20 {
		return ""
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return f[19] + " " + strings.TrimSpace(string(boot))
}
