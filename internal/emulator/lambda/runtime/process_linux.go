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

// freezeGroup stops the processes of the group until they are killed or thawed.
func freezeGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGSTOP) }
func thawGroup(pid int)   { _ = syscall.Kill(-pid, syscall.SIGCONT) }
func terminate(pid int)   { _ = syscall.Kill(pid, syscall.SIGTERM) }

// maxMemory returns the MB that a process which has ended held at most.
func maxMemory(s *os.ProcessState) int {
	if u, ok := s.SysUsage().(*syscall.Rusage); ok {
		return int(u.Maxrss / 1024)
	}
	return 0
}

// page is what the kernel counts memory in, in kB.
var page = os.Getpagesize() / 1024

// ownMemory returns the MB that the process without its children holds now.
func ownMemory(pid int) int { return resident("/proc/"+strconv.Itoa(pid)) / 1024 }

// resident reads a process's memory in kB; 0 when it has ended.
func resident(dir string) int {
	b, err := os.ReadFile(dir + "/statm")
	if err != nil {
		return 0
	}
	return residentIn(b)
}

func residentIn(statm []byte) int {
	f := bytes.Fields(statm)
	if len(f) < 2 {
		return 0
	}
	pages, _ := strconv.Atoi(string(f[1]))
	return pages * page
}

// gauge reads the memory of one process again and again.
type gauge struct{ statm *os.File } // nil when it has ended

func newGauge(pid int) gauge {
	f, err := os.Open("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return gauge{}
	}
	return gauge{f}
}

// read returns the MB that the process without its children holds now.
func (g gauge) read() int {
	if g.statm == nil {
		return 0
	}
	var b [128]byte
	n, _ := g.statm.ReadAt(b[:], 0) // which ends before b does
	return residentIn(b[:n]) / 1024
}

func (g gauge) close() {
	if g.statm != nil {
		_ = g.statm.Close()
	}
}

// weigh returns the MB that the process and its children hold now, and how many
// processes and threads they are.
func weigh(pid int) (mb, tasks int) {
	kb, tasks := tree(pid)
	return kb / 1024, tasks
}

func tree(pid int) (kb, tasks int) {
	dir := "/proc/" + strconv.Itoa(pid)
	kb = resident(dir)
	threads, err := os.ReadDir(dir + "/task")
	if err != nil {
		return kb, 0
	}
	tasks = len(threads)
	for _, t := range threads {
		children, err := os.ReadFile(dir + "/task/" + t.Name() + "/children")
		if err != nil {
			continue
		}
		for _, c := range strings.Fields(string(children)) {
			if child, err := strconv.Atoi(c); err == nil {
				k, n := tree(child)
				kb, tasks = kb+k, tasks+n
			}
		}
	}
	return kb, tasks
}

// outside returns the processes below root that are not of the group.
func outside(root, group int) (pids []int) {
	dir := "/proc/" + strconv.Itoa(root) + "/task/"
	threads, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, t := range threads {
		children, err := os.ReadFile(dir + t.Name() + "/children")
		if err != nil {
			continue
		}
		for _, c := range strings.Fields(string(children)) {
			child, err := strconv.Atoi(c)
			if err != nil {
				continue
			}
			if of, err := syscall.Getpgid(child); err == nil && of != group {
				pids = append(pids, child)
			}
			pids = append(pids, outside(child, group)...)
		}
	}
	return pids
}

// having returns the processes that were started with a variable.
func having(variable string) (pids []int) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		env, err := os.ReadFile("/proc/" + e.Name() + "/environ")
		if err != nil {
			continue // it has ended, or is another user's
		}
		if bytes.Contains(append([]byte{0}, env...), []byte("\x00"+variable+"\x00")) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// stopOne, continueOne and killOne are for one process alone.
func stopOne(pid int)     { _ = syscall.Kill(pid, syscall.SIGSTOP) }
func continueOne(pid int) { _ = syscall.Kill(pid, syscall.SIGCONT) }
func killOne(pid int)     { _ = syscall.Kill(pid, syscall.SIGKILL) }

// firstChild returns the oldest child of the process; 0 for none.
func firstChild(pid int) int {
	id := strconv.Itoa(pid)
	b, err := os.ReadFile("/proc/" + id + "/task/" + id + "/children")
	f := strings.Fields(string(b))
	if err != nil || len(f) == 0 {
		return 0
	}
	child, _ := strconv.Atoi(f[0])
	return child
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
