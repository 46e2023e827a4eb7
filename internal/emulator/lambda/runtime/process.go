package runtime

import (
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"
)

// process is the running program of an environment and all its children.
type process struct {
	cmd    *exec.Cmd
	output *output
	exited chan struct{} // closed when the program has ended
	done   chan struct{} // closed when its children are killed and its output is read
	status string        // valid after exited: "exit status 1", "signal: killed", or empty for 0

	mu   sync.Mutex
	most int // MB of memory at once, as far as seen
}

// starter starts processes. On Linux a child can ask to be killed when the thread
// that started it ends, so they are all started by one thread that lives as long
// as the host: any other thread may end at any time.
type starter struct {
	requests chan func()
	ended    chan struct{}
}

func newStarter() *starter {
	s := &starter{requests: make(chan func()), ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		runtime.LockOSThread() // and never unlocked: the thread ends with this function
		for f := range s.requests {
			f()
		}
	}()
	return s
}

func (s *starter) close() {
	close(s.requests)
	<-s.ended
}

// start starts the command as the leader of a process group of its own.
func (s *starter) start(c *exec.Cmd, j *journal, r *records) (*process, error) {
	p := &process{cmd: c, exited: make(chan struct{}), done: make(chan struct{})}
	if c == nil {
		close(p.exited)
		close(p.done)
		return p, nil
	}
	var err error
	if p.output, err = newOutput(j); err != nil {
		return nil, err
	}
	c.Stdout, c.Stderr = p.output.w, p.output.w
	group(c)
	started := make(chan error)
	s.requests <- func() { started <- c.Start() }
	err = <-started
	for _, f := range c.ExtraFiles {
		_ = f.Close() // the process has its own
	}
	if err != nil {
		p.output.close()
		return nil, err
	}
	r.add(c.Process.Pid)
	go p.wait(r)
	return p, nil
}

func (p *process) wait(r *records) {
	err := p.cmd.Wait()
	killGroup(p.cmd.Process.Pid) // children that outlived it
	if err != nil {
		p.status = strings.TrimSuffix(p.cmd.ProcessState.String(), " (core dumped)")
	}
	p.note(maxMemory(p.cmd.ProcessState))
	close(p.exited)
	p.output.close()
	r.remove(p.cmd.Process.Pid)
	close(p.done)
}

// kill ends the process and its children at once.
func (p *process) kill() {
	select {
	case <-p.exited:
	default:
		killGroup(p.cmd.Process.Pid)
	}
}

func (p *process) note(mb int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.most = max(p.most, mb)
	return p.most
}

// peak returns the most memory, in MB, that the process was seen to hold: at the
// ends of invocations and, with its children, by watch. Looking for the children
// costs more than a short invocation.
func (p *process) peak() int {
	select {
	case <-p.exited:
		return p.note(0)
	default:
		return p.note(ownMemory(p.cmd.Process.Pid))
	}
}

// sample is how often the memory of a busy process is measured.
const sample = 50 * time.Millisecond

// watch kills the process when it holds more than limit MB, until stop is called.
func (p *process) watch(limit int) (stop func()) {
	var mu sync.Mutex
	var t *time.Timer
	stopped := false
	check := func() {
		mu.Lock()
		defer mu.Unlock()
		if stopped {
			return
		}
		now := treeMemory(p.cmd.Process.Pid)
		if p.note(now); now > limit {
			p.kill()
			return
		}
		t.Reset(sample)
	}
	mu.Lock()
	defer mu.Unlock()
	t = time.AfterFunc(sample, check)
	return func() {
		mu.Lock()
		defer mu.Unlock()
		stopped = true
		t.Stop()
	}
}
