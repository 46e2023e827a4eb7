package sfn

import (
	"fmt"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/run"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// restore makes an execution of what is written of it.
func (s *Service) restore(e execution) (*live, error) {
	records := map[string][]byte{}
	_ = s.env.Store.View(func(tx *store.Tx) error {
		for key, text := range s.records.Prefix(tx, e.key()+"\x00") {
			records[strings.TrimPrefix(key, e.key()+"\x00")] = text
		}
		return nil
	})
	m, found := asl.Parse(e.Frozen.Definition, asl.Workflow(e.Type))
	if m == nil {
		return nil, fmt.Errorf("reading the definition of %s back: %s", e.ARN, asl.Message(found))
	}
	l := s.newLive(e.clone())
	var err error
	l.x, err = run.Restore(m, records, l, nil)
	return l, err
}

// Resume goes on with the executions that ran when the emulator ended. It is called
// when the services are linked.
func (s *Service) Resume() error {
	var all []execution
	_ = s.env.Store.View(func(tx *store.Tx) error {
		for _, e := range s.executions.From(tx, "\x00") {
			if e.Status == string(run.Running) {
				all = append(all, e)
			}
		}
		return nil
	})
	restored := make([]*live, len(all))
	for i, e := range all { // all before any goes on: one may wait for another
		l, err := s.restore(e)
		if err != nil {
			return fmt.Errorf("going on with the execution %s: %w", e.ARN, err)
		}
		if err := s.enter(l); err != nil {
			return err
		}
		restored[i] = l
	}
	for _, l := range restored {
		l.mu.Lock()
		for _, task := range l.x.Tasks() {
			l.x.Begin(task)
		}
		l.advance()
		l.mu.Unlock()
	}
	return nil
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
