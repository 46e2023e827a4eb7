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
	for _, e := range all {
		l, err := s.restore(e)
		if err != nil {
			return fmt.Errorf("going on with the execution %s: %w", e.ARN, err)
		}
		s.mu.Lock()
		s.live[l.key] = l
		s.mu.Unlock()
		l.mu.Lock()
		l.resuming = true
		for _, task := range l.x.Tasks() {
			l.x.Begin(task)
		}
		l.advance()
		l.resuming = false
		l.mu.Unlock()
	}
	return nil
}

// abandon aborts the executions whose keys begin so.
func (s *Service) abandon(prefix string) error {
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
	return nil
}
