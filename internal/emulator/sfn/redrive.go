package sfn

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/run"
)

// redriveTime is how long after its end an execution can be redriven.
const redriveTime = 14 * 24 * time.Hour

// redrivable tells whether an execution can be redriven, and why not.
func (s *Service) redrivable(e *execution) (types.ExecutionRedriveStatus, string) {
	switch {
	case e.Status == string(run.Running):
		return types.ExecutionRedriveStatusNotRedrivable, "Execution is RUNNING and cannot be redriven"
	case e.Status == string(run.Succeeded):
		return types.ExecutionRedriveStatusNotRedrivable, "Execution is SUCCEEDED and cannot be redriven"
	case s.env.Clock.Now().After(e.Stop.Add(redriveTime)):
		return types.ExecutionRedriveStatusNotRedrivable, "Execution has exceeded the redrivable period and cannot be redriven"
	case e.Origin != nil:
		return types.ExecutionRedriveStatusRedrivableByMapRun, ""
	}
	return types.ExecutionRedriveStatusRedrivable, ""
}

// RedriveExecution takes up an execution that did not succeed.
func (s *Service) RedriveExecution(_ context.Context, in *sfn.RedriveExecutionInput) (*sfn.RedriveExecutionOutput, error) {
	s.redriving.Lock()
	defer s.redriving.Unlock()
	e, err := s.execution(*in.ExecutionArn)
	if err != nil {
		return nil, err
	}
	if l := s.running(e.key()); l != nil { // its end may be written but not over
		l.mu.Lock()
		l.mu.Unlock() //nolint:staticcheck // waited for
		if e, err = s.execution(*in.ExecutionArn); err != nil {
			return nil, err
		}
	}
	if token := value(in.ClientToken); token != "" && token == e.Token {
		return &sfn.RedriveExecutionOutput{RedriveDate: date(e.Redriven)}, nil
	}
	if status, why := s.redrivable(&e); status != types.ExecutionRedriveStatusRedrivable {
		if e.Origin != nil && why == "" {
			why = "Execution is a child of a Map Run and can only be redriven with it"
		}
		return nil, &types.ExecutionNotRedrivable{Message: ptr(why)}
	}
	s.mu.Lock()
	err = s.roomToRun(e.Scope)
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	l, err := s.restore(e)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.running(l.key) != nil {
		return nil, &types.ExecutionNotRedrivable{Message: ptr("Execution is RUNNING and cannot be redriven")}
	}
	if !l.x.Redrive() {
		return nil, &types.ExecutionNotRedrivable{Message: ptr("Execution is " + e.Status + " and cannot be redriven")}
	}
	if err := s.enter(l); err != nil {
		return nil, err
	}
	for _, r := range l.x.Runs() {
		l.changeMapRun(r.ARN, func(m *mapRun) {
			m.Redrives, m.Redriven, m.Stop, m.Run.Status = m.Redrives+1, l.record.Redriven, time.Time{}, run.Running
		})
	}
	l.record.Redrives++
	l.record.Redriven, l.record.Stop, l.record.Token = s.now(), time.Time{}, value(in.ClientToken)
	again := l.record.clone()
	again.Status, again.Output, again.Error, again.Cause = string(run.Running), "", nil, nil
	s.work.Go(func() { s.announce(again) })
	l.advance()
	return &sfn.RedriveExecutionOutput{RedriveDate: date(l.record.Redriven)}, nil
}
