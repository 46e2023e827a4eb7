package runtime

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// rest is how long a program is frozen before the processes are frozen, too, that have
// left its group, as setsid lets them: to look for them costs more than a short
// invocation does.
const rest = 5 * time.Millisecond

// loose are the processes of an environment that are not of its program's group.
type loose struct {
	mu     sync.Mutex
	born   string // the start of the process that all of them come from
	frozen bool
	timer  *time.Timer
	pids   []int // that were stopped
}

// freeze stops the process and its children until thaw; kill ends them all the same.
func (p *process) freeze() {
	p.signal(freezeGroup)
	if p.cmd == nil {
		return
	}
	p.loose.mu.Lock()
	defer p.loose.mu.Unlock()
	p.loose.frozen = true
	if p.loose.timer == nil {
		p.loose.timer = time.AfterFunc(rest, p.freezeLoose)
	} else {
		p.loose.timer.Reset(rest)
	}
}

// freezeLoose stops what has left the group, until there is no more of it: what is
// stopped starts nothing.
func (p *process) freezeLoose() {
	l := &p.loose
	l.mu.Lock()
	defer l.mu.Unlock()
	root := p.cmd.Process.Pid
	for l.frozen {
		select {
		case <-p.done:
			return
		default:
		}
		found := slices.DeleteFunc(outside(root, p.program()), func(pid int) bool { return slices.Contains(l.pids, pid) })
		if len(found) == 0 || len(l.pids) > maxTasks || startTime(root) != l.born { // which may have ended
			return
		}
		for _, pid := range found {
			stopOne(pid)
		}
		l.pids = append(l.pids, found...)
	}
}

// thaw lets go on what freeze has stopped.
func (p *process) thaw() {
	p.loose.mu.Lock()
	p.loose.frozen = false
	if p.loose.timer != nil {
		p.loose.timer.Stop()
	}
	for _, pid := range p.loose.pids {
		continueOne(pid)
	}
	p.loose.pids = nil
	p.loose.mu.Unlock()
	p.signal(thawGroup)
}

// mark is the variable by whose value the processes of one environment are known, when
// they are not in a sandbox, which ends with all that is in it.
const mark = "AWS_LAMBDA_LOG_STREAM_NAME="

// killLoose ends what a plain program has left behind, in whatever group.
func (p *process) killLoose() {
	i := slices.IndexFunc(p.cmd.Env, func(v string) bool { return strings.HasPrefix(v, mark) })
	if i < 0 || p.cmd.Env[i] == mark {
		return
	}
	for range maxTasks { // what is killed may have started more just before
		found := having(p.cmd.Env[i])
		if len(found) == 0 {
			return
		}
		for _, pid := range found {
			killOne(pid)
		}
	}
}
