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
	crew   *crew         // in a sandbox that holds several programs; else nil
	exited chan struct{} // closed when the program has ended
	done   chan struct{} // closed when its children are killed and its output is read
	status string        // valid after exited: "exit status 1", "signal: killed", or empty for 0

	mu   sync.Mutex
	most int // MB of memory at once, as far as seen

	// Of the program; it is looked up at the first use, when it runs for certain.
	find  sync.Once
	pid   int // of its process group, too; 0 if it has ended
	gauge gauge

	loose loose
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

// ended is the process of a function that has no program.
func ended() *process {
	p := &process{exited: make(chan struct{}), done: make(chan struct{})}
	close(p.exited)
	close(p.done)
	return p
}

// start starts the command as the leader of a process group of its own, and takes
// over the crew, if any. What it writes goes nowhere until bind.
func (s *starter) start(c *exec.Cmd, r *records, w *crew) (*process, error) {
	p := &process{cmd: c, crew: w, exited: make(chan struct{}), done: make(chan struct{})}
	var err error
	if p.output, err = newOutput(); err != nil {
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
		if w != nil {
			w.close()
		}
		return nil, err
	}
	p.output.started()
	p.loose.born = startTime(c.Process.Pid)
	r.add(c.Process.Pid)
	go p.wait(r)
	return p, nil
}

// bind gives the process to an environment, whose journal gets what it writes.
func (p *process) bind(j *journal, from source) {
	p.output.bind(j, from)
	if p.crew != nil {
		p.crew.out.bind(j, fromExtension)
		go p.crew.listen(p)
	}
}

func (p *process) wait(r *records) {
	err := p.cmd.Wait()
	killGroup(p.cmd.Process.Pid) // children that outlived it
	p.killLoose()
	p.note(maxMemory(p.cmd.ProcessState))
	p.find.Do(func() {}) // it is not looked up any more
	p.gauge.close()
	p.end(statusOf(p.cmd, err)) // unless a sandbox has told of its program's end before
	if p.crew != nil {
		p.crew.close()
	}
	p.output.close()
	r.remove(p.cmd.Process.Pid)
	close(p.done)
}

func statusOf(c *exec.Cmd, err error) string {
	if err == nil {
		return ""
	}
	return strings.TrimSuffix(c.ProcessState.String(), " (core dumped)")
}

// end notes that the program has ended.
func (p *process) end(status string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.exited:
	default:
		p.status = status
		close(p.exited)
	}
}

// kill ends the process and its children at once.
func (p *process) kill() {
	select {
	case <-p.done:
	default:
		killGroup(p.cmd.Process.Pid)
	}
}

// stop ends the program alone, and leaves others of its sandbox; it is asked to end
// if kindly is set, and killed otherwise.
func (p *process) stop(kindly bool) {
	select {
	case <-p.exited:
		return
	default:
	}
	switch {
	case p.cmd == nil: // not yet
	case p.crew != nil:
		p.crew.stop(kindly)
	case kindly:
		terminate(p.cmd.Process.Pid)
	default:
		p.kill()
	}
}

// program returns the function's process; 0 if it has ended. What holds it in a
// sandbox has many threads, and need neither be frozen nor measured; extensions are
// of that one's group.
func (p *process) program() int {
	p.find.Do(func() {
		select {
		case <-p.exited:
			return
		default:
		}
		if p.pid = p.cmd.Process.Pid; p.crew != nil && !p.crew.several {
			p.pid = firstChild(p.pid)
		}
		p.gauge = newGauge(p.pid)
	})
	return p.pid
}

func (p *process) signal(send func(group int)) {
	over := p.done
	if p.crew != nil && !p.crew.several {
		over = p.exited
	}
	select {
	case <-over:
	default:
		if group := p.program(); group > 0 {
			send(group)
		}
	}
}

func (p *process) note(mb int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.most = max(p.most, mb)
	return p.most
}

// weigh returns what the program holds with its children; the program that holds
// others in a sandbox does not count.
func (p *process) weigh() (mb, tasks int) {
	mb, tasks = weigh(p.cmd.Process.Pid)
	if p.crew != nil {
		mb -= ownMemory(p.cmd.Process.Pid)
	}
	return mb, tasks
}

// peak returns the most memory, in MB, that the process was seen to hold: at the
// ends of invocations and, with its children, by watch. Looking for the children
// costs more than a short invocation.
func (p *process) peak() int {
	select {
	case <-p.exited:
		return p.note(0)
	default:
	}
	if p.crew != nil && p.crew.several {
		mb, _ := p.weigh()
		return p.note(mb)
	}
	p.program()
	return p.note(p.gauge.read())
}

const (
	// sample is how often the memory of a busy process is measured.
	sample = 50 * time.Millisecond
	// maxTasks is how many processes and threads an environment may have, as in AWS. In
	// a sandbox the kernel sees to it, too.
	maxTasks = 1024
)

// watch kills the process when it holds more than limit MB or too many tasks, until
// stop is called.
func (p *process) watch(limit int) (stop func()) {
	if p.cmd == nil {
		return func() {}
	}
	var mu sync.Mutex
	var t *time.Timer
	stopped := false
	check := func() {
		mu.Lock()
		defer mu.Unlock()
		if stopped {
			return
		}
		now, tasks := p.weigh()
		if p.note(now); now > limit || tasks > maxTasks {
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
