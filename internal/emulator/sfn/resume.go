package sfn

import (
	"fmt"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/run"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// written are the records of the execution of a key.
func (s *Service) written(key string) map[string][]byte {
	records := map[string][]byte{}
	_ = s.env.Store.View(func(tx *store.Tx) error {
		for k, text := range s.records.Prefix(tx, key+"\x00") {
			records[strings.TrimPrefix(k, key+"\x00")] = text
		}
		return nil
	})
	return records
}

// restore makes an execution of what is written of it.
func (s *Service) restore(e execution) (*live, error) {
	m, found := asl.Parse(e.Frozen.Definition, asl.Workflow(e.Type))
	if m == nil {
		return nil, fmt.Errorf("reading the definition of %s back: %s", e.ARN, asl.Message(found))
	}
	l := s.newLive(e.clone())
	l.machine = m
	var err error
	l.x, err = run.Restore(m, s.written(l.key), l, l.storage())
	return l, err
}

// Resume goes on with the executions that ran when the emulator ended. It is called
// when the services are linked.
func (s *Service) Resume() error {
	var all, children []execution
	_ = s.env.Store.View(func(tx *store.Tx) error {
		for _, e := range s.executions.From(tx, "\x00") {
			switch {
			case e.Status != string(run.Running):
			case e.Origin == nil:
				all = append(all, e)
			default:
				children = append(children, e)
			}
		}
		return nil
	})
	restored := make([]*live, 0, len(all)+len(children)) // all before any goes on: one may wait for another
	take := func(l *live, err error) error {
		if err == nil {
			err = s.enter(l)
		}
		restored = append(restored, l)
		return err
	}
	for _, e := range all {
		if err := take(s.restore(e)); err != nil {
			return fmt.Errorf("going on with the execution %s: %w", e.ARN, err)
		}
	}
	for len(children) > 0 { // those whose parents are there: a child may be a parent, too
		var later []execution
		for _, e := range children {
			parent := s.running(executionKey(e.Origin.Parent))
			if parent == nil {
				later = append(later, e)
			} else if err := take(s.child(parent, e)); err != nil {
				return fmt.Errorf("going on with the execution %s: %w", e.ARN, err)
			}
		}
		if len(later) == len(children) {
			if err := s.orphaned(later); err != nil {
				return err
			}
			break
		}
		children = later
	}
	for _, l := range restored {
		l.mu.Lock()
		for _, task := range l.x.Tasks() {
			l.x.Begin(task)
		}
		l.mourn()
		l.advance()
		l.mu.Unlock()
	}
	return nil
}

// orphaned writes down that children were given up whose parents ended.
func (s *Service) orphaned(all []execution) error {
	return s.env.Store.Update(func(tx *store.Tx) error {
		for _, e := range all {
			e.Status, e.Stop = string(run.Aborted), s.now()
			s.executions.Put(tx, e.key(), e)
		}
		return nil
	})
}

// mourn tells an execution that is taken up again of the children that ended before
// it could be told.
func (l *live) mourn() {
	for _, c := range l.x.Children() {
		key := l.childKey(c)
		if l.service.running(key) != nil {
			continue
		}
		var e execution
		_ = l.service.env.Store.View(func(tx *store.Tx) error { e, _ = l.service.executions.Get(tx, key); return nil })
		l.x.ChildEnded(c.Thread, c.Index, e.end())
	}
}

// processor is the definition that a child of a distributed map runs by: a part of
// that of the execution at the root.
func (s *Service) processor(e *execution) (string, error) {
	root := *e
	for root.Origin != nil {
		var err error
		if root, err = s.execution(root.Origin.Parent); err != nil {
			return "", err
		}
	}
	at := asl.Locate(root.Frozen.Definition, e.Origin.Scope)
	return root.Frozen.Definition[at.Start:at.End], nil
}

// enter takes an execution among those that are carried out.
func (s *Service) enter(l *live) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.alive.Err() != nil {
		return errClosing
	}
	s.live[l.key] = l
	return nil
}

// abandon aborts the executions whose keys begin so.
func (s *Service) abandon(prefix string) {
	s.mu.Lock()
	var all []*live
	for key, l := range s.live {
		if strings.HasPrefix(key, prefix) {
			all = append(all, l)
		}
	}
	s.mu.Unlock()
	for _, l := range all {
		l.poke(func(x *run.Execution) { x.Stop(run.Failure{}) })
	}
}
