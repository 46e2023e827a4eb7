package sfn

import (
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/run"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// starters is how many children of one map run are started at the same time: those
// that are written down wait for the disk together.
const starters = 32

// origin is where a child of a distributed map comes from.
type origin struct {
	Parent string // ARN of the execution
	MapRun string // ARN
	Thread int    // of the parent
	Index  int    // among the map run's children
	Scope  string // the states that it goes through
	Item   run.Item
	Items  int // how many it works on
}

// children is what an execution has to do for the children of its distributed maps.
type children struct {
	born []execution // to be started when the execution is written down
	gone []string    // keys of those to be given up then

	mu       sync.Mutex
	unwanted map[string]bool // keys of those to be given up, also before they are started
	ended    []execution     // which it has not been told of
	telling  bool
}

// spaceOf names the children of each map run: the name of a child comes from its
// index, so that it is the same one after a restart.
var spaceOf = uuid.MustParse("6f1c8a52-0f4e-4f57-9d2b-94ad3c3d5a10")

// childARN is the ARN of a child, and its name. EXPRESS children are other executions
// after a redrive.
func childARN(scope env.Scope, c run.Child, redrives int) (arn, machine, name string) {
	_, _, rest, _ := resource(c.MapRun, "mapRun")
	machine, name = rest[0], uuid.NewSHA1(spaceOf, fmt.Appendf(nil, "%s %d", c.MapRun, c.Index)).String()
	if c.Workflow == asl.Express {
		return scope.ARN("states", "express:"+machine+":"+name+":"+uuid.NewSHA1(spaceOf, fmt.Appendf(nil, "%s %d", name, redrives)).String()), machine, name
	}
	return scope.ARN("states", "execution:"+machine+":"+name), machine, name
}

func (l *live) childKey(c run.Child) string {
	_, machine, name := childARN(l.record.Scope, c, 0)
	return l.record.Scope.Key(machine, name)
}

// Child implements [run.Host].
func (l *live) Child(c run.Child) {
	from := &l.record
	arn, machine, name := childARN(from.Scope, c, 0)
	l.bear(execution{
		Scope: from.Scope, ARN: arn, Name: name, MachineName: machine, Machine: from.Scope.ARN("states", "stateMachine:"+machine), Type: types.StateMachineType(c.Workflow),
		Frozen: settings{Role: from.Frozen.Role, Logging: from.Frozen.Logging, Tracing: from.Frozen.Tracing, Updated: from.Frozen.Updated},
		Trace:  from.Trace, Input: c.Input, Status: string(run.Running), Start: l.service.now(), Stream: from.Stream,
		Origin: &origin{Parent: from.ARN, MapRun: c.MapRun, Thread: c.Thread, Index: c.Index, Scope: c.Scope, Item: c.Item, Items: c.Items},
	})
}

// RedriveChild implements [run.Host].
func (l *live) RedriveChild(c run.Child) {
	var e execution
	_ = l.service.env.Store.View(func(tx *store.Tx) error { e, _ = l.service.executions.Get(tx, l.childKey(c)); return nil })
	e.Redrives++
	e.Redriven, e.Stop, e.Status = l.service.now(), time.Time{}, string(run.Running)
	if !e.durable() {
		e.Start = e.Redriven // it begins anew
		e.ARN, _, _ = childARN(e.Scope, c, e.Redrives)
	}
	l.bear(e)
}

// bear has a child written down with the execution, and started then.
func (l *live) bear(e execution) {
	l.edits = append(l.edits, func(tx *store.Tx) { l.service.executions.Put(tx, e.key(), e) })
	l.children.born = append(l.children.born, e)
}

// CancelChild implements [run.Host].
func (l *live) CancelChild(c run.Child) {
	key := l.childKey(c)
	l.children.mu.Lock()
	defer l.children.mu.Unlock()
	if l.children.unwanted == nil {
		l.children.unwanted = map[string]bool{}
	}
	l.children.unwanted[key] = true
	l.children.gone = append(l.children.gone, key)
}

// bring starts the children that the execution wants and gives up those that it
// does not want any more. The caller holds the lock, and has written them down.
func (l *live) bring() {
	s, born, gone := l.service, l.children.born, l.children.gone
	l.children.born, l.children.gone = nil, nil
	next := make(chan execution, len(born))
	for _, e := range born {
		next <- e
	}
	close(next)
	for range min(starters, len(born)) {
		s.work.Go(func() {
			for e := range next {
				s.startChild(l, e)
			}
		})
	}
	if len(gone) > 0 {
		s.work.Go(func() {
			for _, key := range gone {
				if child := s.running(key); child != nil {
					child.poke(func(x *run.Execution) { x.Stop(run.Failure{}) })
				}
			}
		})
	}
}

// startChild begins a child, or takes it up again where it was redriven.
func (s *Service) startChild(parent *live, e execution) {
	child, err := s.child(parent, e)
	if err == nil {
		child.mu.Lock()
		defer child.mu.Unlock()
		err = s.enter(child)
	}
	switch {
	case err == nil:
	case s.alive.Err() != nil: // it is begun when the emulator starts again
		return
	default:
		e.Status, e.Error, e.Cause = string(run.Failed), ptr("States.Runtime"), ptr(err.Error())
		parent.tell(e)
		return
	}
	parent.children.mu.Lock()
	unwanted := parent.children.unwanted[child.key]
	parent.children.mu.Unlock()
	if unwanted {
		child.x.Stop(run.Failure{})
	}
	child.advance()
}

// child makes a child of what is written of it: a new one when it has done nothing
// yet, one that goes on, or one that is redriven.
func (s *Service) child(parent *live, e execution) (*live, error) {
	l := s.newLive(e.clone())
	l.parent, l.machine = parent, parent.machine
	if records := s.written(l.key); len(records) > 0 {
		var err error
		if l.x, err = run.Restore(l.machine, records, l, l.storage()); err == nil && l.x.Status() != run.Running {
			l.x.Redrive()
		}
		return l, err
	}
	p := run.Params{
		Workflow: asl.Workflow(e.Type), ARN: e.ARN, Name: e.Name, MachineARN: e.Machine, MachineName: e.MachineName, RoleARN: e.Frozen.Role, Region: e.Scope.Region,
		Input: e.Input, Scope: e.Origin.Scope, Item: &e.Origin.Item, Started: e.Start, Durable: e.durable(),
	}
	if !p.Durable {
		p.Deadline = s.now().Add(expressTime)
	}
	var err error
	l.x, err = run.New(l.machine, p, l, l.storage())
	return l, err
}

// tell lets the execution know that a child has ended. What ends while it is busy
// it is told of together.
func (l *live) tell(child execution) {
	c := &l.children
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = append(c.ended, child)
	if c.telling {
		return
	}
	c.telling = true
	l.service.work.Go(func() {
		for all := c.take(); len(all) > 0; all = c.take() {
			l.poke(func(x *run.Execution) {
				for i := range all {
					l.bury(&all[i])
					x.ChildEnded(all[i].Origin.Thread, all[i].Origin.Index, all[i].end())
				}
			})
		}
	})
}

// take are the children that have ended since the last time.
func (c *children) take() []execution {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.ended
	c.ended, c.telling = nil, len(c.ended) > 0
	return all
}

// bury notes what is kept of a child that ended: of EXPRESS ones nothing when they
// succeeded, and what a redrive needs when they did not.
func (l *live) bury(e *execution) {
	l.children.mu.Lock()
	delete(l.children.unwanted, e.key())
	l.children.mu.Unlock()
	if e.durable() {
		return
	}
	l.edits = append(l.edits, func(tx *store.Tx) {
		if e.Status == string(run.Succeeded) {
			l.service.executions.Delete(tx, e.key())
		} else {
			l.service.executions.Put(tx, e.key(), *e)
		}
	})
}

// end is how a child ended, for its parent.
func (e *execution) end() run.Ended {
	return run.Ended{
		ARN: e.ARN, Name: e.Name, MachineARN: e.Machine, Status: run.Status(e.Status), Input: e.Input, Output: e.Output,
		Failure: run.Failure{Error: e.Error, Cause: e.Cause}, Start: e.Start, Stop: e.Stop,
	}
}
