package sfn

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/run"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// mapRun is what is told of a map run.
type mapRun struct {
	Scope                 env.Scope
	ARN, Machine          string // of the state machine its children run by
	Execution             string // ARN
	Express               bool
	Run                   run.Run // as it ended
	Start, Stop, Redriven time.Time
	Redrives              int
}

func mapRunKey(arn string) string {
	scope, _, rest, _ := resource(arn, "mapRun")
	return scope.Key(rest...)
}

// MapRun implements [run.Host].
func (l *live) MapRun(st *asl.State, label string) string {
	if label == "" {
		label = uuid.NewString()
	}
	scope, name := l.record.Scope, l.record.MachineName+"/"+label
	m := mapRun{
		Scope: scope, ARN: scope.ARN("states", "mapRun:"+name+":"+uuid.NewString()), Machine: scope.ARN("states", "stateMachine:"+name),
		Execution: l.record.ARN, Express: st.Map.Express, Run: run.Run{Status: run.Running}, Start: l.service.now(),
	}
	l.edits = append(l.edits, func(tx *store.Tx) { l.service.mapRuns.Put(tx, mapRunKey(m.ARN), m) })
	return m.ARN
}

// MapRunEnded implements [run.Host].
func (l *live) MapRunEnded(r run.Run) {
	l.changeMapRun(r.ARN, func(m *mapRun) { m.Run, m.Stop = r, l.service.now() })
	if r.Status != run.Succeeded {
		return
	}
	l.edits = append(l.edits, func(tx *store.Tx) { // EXPRESS children that failed are not redriven any more
		s := l.service
		scope, _, rest, _ := resource(r.ARN, "mapRun")
		for key, e := range s.executions.Prefix(tx, scope.Key(rest[0], "")) {
			if e.Origin.MapRun == r.ARN && !e.durable() {
				s.executions.Delete(tx, key)
			}
		}
	})
}

func (l *live) changeMapRun(arn string, f func(m *mapRun)) {
	key := mapRunKey(arn)
	l.edits = append(l.edits, func(tx *store.Tx) {
		if m, ok := l.service.mapRuns.Get(tx, key); ok {
			f(&m)
			l.service.mapRuns.Put(tx, key, m)
		}
	})
}

// mapRun is that of an ARN, as it stands.
func (s *Service) mapRun(arn string) (m mapRun, err error) {
	if _, _, rest, err := resource(arn, "mapRun"); err != nil || len(rest) != 2 {
		return m, invalidARN(arn)
	}
	err = s.env.Store.View(func(tx *store.Tx) error {
		ok := false
		if m, ok = s.mapRuns.Get(tx, mapRunKey(arn)); !ok {
			return &types.ResourceNotFound{Message: ptr(fmt.Sprintf("Resource not found: '%s'", arn)), ResourceName: &arn}
		}
		return nil
	})
	if l := s.running(executionKey(m.Execution)); err == nil && l != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, r := range l.x.Runs() {
			if r.ARN == arn {
				m.Run = r
			}
		}
	}
	return m, err
}

// DescribeMapRun tells of a map run.
func (s *Service) DescribeMapRun(_ context.Context, in *sfn.DescribeMapRunInput) (*sfn.DescribeMapRunOutput, error) {
	m, err := s.mapRun(*in.MapRunArn)
	if err != nil {
		return nil, err
	}
	r := &m.Run
	out := &sfn.DescribeMapRunOutput{
		MapRunArn: &m.ARN, ExecutionArn: &m.Execution, Status: types.MapRunStatus(r.Status), StartDate: &m.Start, StopDate: date(m.Stop),
		MaxConcurrency: int32(r.Concurrency), ToleratedFailureCount: int64(max(r.Tolerated, 0)), ToleratedFailurePercentage: float32(max(r.ToleratedPercentage, 0)), //nolint:gosec // AWS's bounds
		ItemCounts: &types.MapRunItemCounts{
			Total: int64(r.Total.Items), Running: int64(r.Running.Items), Succeeded: int64(r.Succeeded.Items), ResultsWritten: int64(r.Succeeded.Items),
			Failed: int64(r.Failed.Items), TimedOut: int64(r.TimedOut.Items), Aborted: int64(r.Aborted.Items),
		},
		ExecutionCounts: &types.MapRunExecutionCounts{
			Total: int64(r.Total.Children), Running: int64(r.Running.Children), Succeeded: int64(r.Succeeded.Children), ResultsWritten: int64(r.Succeeded.Children),
			Failed: int64(r.Failed.Children), TimedOut: int64(r.TimedOut.Children), Aborted: int64(r.Aborted.Children),
		},
	}
	if m.Redrives > 0 {
		out.RedriveCount, out.RedriveDate = ptr(int32(m.Redrives)), &m.Redriven //nolint:gosec // redrives are few
	}
	return out, nil
}

// ListMapRuns lists the map runs of an execution, the newest first.
func (s *Service) ListMapRuns(_ context.Context, in *sfn.ListMapRunsInput) (*sfn.ListMapRunsOutput, error) {
	e, err := s.execution(*in.ExecutionArn)
	if err != nil {
		return nil, err
	}
	all := []types.MapRunListItem{}
	_ = s.env.Store.View(func(tx *store.Tx) error {
		for _, m := range s.mapRuns.Prefix(tx, e.Scope.Key(e.MachineName+"/")) {
			if m.Execution == e.ARN {
				all = append(all, types.MapRunListItem{ExecutionArn: &m.Execution, MapRunArn: &m.ARN, StateMachineArn: &m.Machine, StartDate: &m.Start, StopDate: date(m.Stop)})
			}
		}
		return nil
	})
	slices.SortStableFunc(all, func(a, b types.MapRunListItem) int { return b.StartDate.Compare(*a.StartDate) })
	out := &sfn.ListMapRunsOutput{}
	out.MapRuns, out.NextToken, err = page(all, in.MaxResults, in.NextToken)
	return out, err
}

// UpdateMapRun changes the limits of a map run that is under way.
func (s *Service) UpdateMapRun(_ context.Context, in *sfn.UpdateMapRunInput) (*sfn.UpdateMapRunOutput, error) {
	m, err := s.mapRun(*in.MapRunArn)
	if err != nil {
		return nil, err
	}
	concurrency, tolerated, percentage := -1, -1, -1.0
	if in.MaxConcurrency != nil {
		concurrency = int(*in.MaxConcurrency)
	}
	if in.ToleratedFailureCount != nil {
		tolerated = int(*in.ToleratedFailureCount)
	}
	if in.ToleratedFailurePercentage != nil {
		percentage = float64(*in.ToleratedFailurePercentage)
	}
	changed := false
	if l := s.running(executionKey(m.Execution)); l != nil {
		l.poke(func(x *run.Execution) { changed = x.UpdateRun(m.ARN, concurrency, tolerated, percentage) })
	}
	if !changed {
		return nil, invalid("Map Run is not running and cannot be updated: '%s'", m.ARN)
	}
	return &sfn.UpdateMapRunOutput{}, nil
}

// listChildren lists the children of a map run, the newest first.
func (s *Service) listChildren(in *sfn.ListExecutionsInput) ([]types.ExecutionListItem, error) {
	m, err := s.mapRun(*in.MapRunArn)
	if err != nil {
		return nil, err
	}
	if m.Express {
		return nil, &types.StateMachineTypeNotSupported{Message: ptr("This operation is not supported by this type of state machine")}
	}
	all := []types.ExecutionListItem{}
	scope, _, rest, _ := resource(m.ARN, "mapRun")
	err = s.env.Store.View(func(tx *store.Tx) error {
		for _, e := range s.executions.Prefix(tx, scope.Key(rest[0], "")) {
			if e.Origin.MapRun == m.ARN && e.wanted(in) {
				all = append(all, e.listed())
			}
		}
		return nil
	})
	return all, err
}
