package sfn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/run"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// expressTime is how long an EXPRESS execution can take.
const expressTime = 5 * time.Minute

// execution is what is told of an execution.
type execution struct {
	Scope          env.Scope
	ARN, Name      string
	Machine        string // ARN
	MachineName    string
	Version, Alias string // ARNs, or ""
	Type           types.StateMachineType
	Frozen         settings // what it runs by
	Trace          string
	Input, Output  string
	Status         string
	Error, Cause   *string
	Start, Stop    time.Time
	Redrives       int
	Redriven       time.Time
	Token          string         // of the client that redrove it last
	Stream         string         // of the log
	Nested         map[int]string // names of executions that tasks start, by task
	Submitted      map[int]string // tasks that were handed over: their tokens, or what answered them
	Origin         *origin        // of a child of a distributed map; else nil
}

func executionKey(arn string) string {
	scope, _, rest, _ := resource(arn, "execution", "express")
	return scope.Key(rest...)
}

// key is the execution's place among all. A child stays where it is when a redrive
// gives it another ARN.
func (e *execution) key() string {
	if e.Origin != nil {
		return e.Scope.Key(e.MachineName, e.Name)
	}
	return executionKey(e.ARN)
}

func (e *execution) durable() bool { return e.Type == types.StateMachineTypeStandard }

// clone is a copy for the store.
func (e *execution) clone() execution {
	out := *e
	out.Nested, out.Submitted = maps.Clone(e.Nested), maps.Clone(e.Submitted)
	return out
}

// take notes how an execution stands.
func (e *execution) take(x *run.Execution, now time.Time) {
	status := string(x.Status())
	if status != string(run.Running) && e.Status == string(run.Running) {
		e.Stop = now.Truncate(time.Millisecond)
	}
	e.Status, e.Output = status, x.Output()
	f := x.Failure()
	e.Error, e.Cause = f.Error, f.Cause
}

// onceMore is the context key of calls that are made again after a restart, which
// may have been made before it: what they started is given back, also when it has
// ended.
type onceMore struct{}

// begin makes an execution of a state machine, and returns it when it has gone as
// far as it can for now. A STANDARD one of the same name and input that runs is
// given back.
func (s *Service) begin(ctx context.Context, arn string, name, input, trace *string) (*live, execution, error) {
	var f found
	err := s.env.Store.View(func(tx *store.Tx) (err error) { f, err = s.find(tx, arn); return err })
	if err != nil {
		return nil, execution{}, err
	}
	e := execution{
		Scope: f.Scope, Name: value(name), Machine: f.arn(), MachineName: f.Name, Version: f.version, Alias: f.alias, Type: f.Type,
		Frozen: f.settings, Trace: value(trace), Input: "{}", Status: string(run.Running), Start: s.now(),
		Nested: map[int]string{}, Submitted: map[int]string{},
	}
	if e.Trace == "" {
		e.Trace = env.TraceOf(ctx)
	}
	if input != nil {
		e.Input = *input
	}
	if name == nil {
		e.Name = uuid.NewString()
	} else if err := checkName(e.Name); err != nil {
		return nil, e, err
	}
	if err := checkInput(e.Input); err != nil {
		return nil, e, err
	}
	e.ARN = f.Scope.ARN("states", "execution:"+f.Name+":"+e.Name)
	if !e.durable() {
		e.ARN = f.Scope.ARN("states", "express:"+f.Name+":"+e.Name+":"+uuid.NewString())
	}
	e.Stream = fmt.Sprintf("states/%s/%s/%s", f.Name, e.Start.Format("2006-01-02-15-04"), uuid.NewString()[:8])
	m, err := s.parse(f.Definition, f.Type)
	if err != nil {
		return nil, e, err
	}
	l := s.newLive(e)
	l.mu.Lock()
	defer l.mu.Unlock()
	p := run.Params{
		Workflow: asl.Workflow(f.Type), ARN: e.ARN, Name: e.Name, MachineARN: e.Machine, MachineName: f.Name, RoleARN: f.Role, Region: f.Scope.Region,
		Input: e.Input, Started: e.Start, Durable: e.durable(),
	}
	if !p.Durable {
		p.Deadline = e.Start.Add(expressTime)
	}
	l.machine = m
	if l.x, err = run.New(m, p, l, l.storage()); err != nil {
		return nil, e, &types.InvalidExecutionInput{Message: ptr("Invalid State Machine Execution Input: '" + err.Error() + "'")}
	}
	s.mu.Lock()
	running, ok := s.live[l.key]
	known, before := false, execution{}
	if !ok && e.durable() {
		_ = s.env.Store.View(func(tx *store.Tx) error { before, known = s.executions.Get(tx, l.key); return nil })
		if known && s.over(&before) {
			known, err = false, s.forget(&before)
		}
	}
	closing := s.alive.Err() != nil
	var crowd error
	if !ok && !known && e.durable() {
		crowd = s.roomToRun(e.Scope)
	}
	if !ok && !known && !closing && crowd == nil && err == nil {
		s.live[l.key] = l
	}
	s.mu.Unlock()
	switch {
	case closing:
		return nil, e, errClosing
	case crowd != nil || err != nil:
		return nil, e, errors.Join(crowd, err)
	case ok && running.record.Input == e.Input && running.record.Machine == e.Machine:
		return running, execution{ARN: e.ARN, Start: running.record.Start}, nil
	case known && ctx.Value(onceMore{}) != nil && before.Input == e.Input && before.Machine == e.Machine:
		return nil, execution{ARN: e.ARN, Start: before.Start}, nil
	case ok || known:
		return nil, e, &types.ExecutionAlreadyExists{Message: ptr(fmt.Sprintf("Execution Already Exists: '%s'", e.ARN))}
	}
	s.work.Go(func() { s.announce(e) })
	l.advance()
	return l, e, nil
}

func checkInput(input string) error {
	refuse := func(why string) error {
		return &types.InvalidExecutionInput{Message: ptr("Invalid State Machine Execution Input: '" + why + "'")}
	}
	if strings.TrimSpace(input) == "" {
		return refuse("Invalid execution input.")
	}
	if why, _ := asl.JSONError(input); why != "" {
		return refuse(why)
	}
	if len(input) > run.MaxPayload {
		return invalid("1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have length less than or equal to %d", run.MaxPayload)
	}
	return nil
}

// StartExecution starts an execution.
func (s *Service) StartExecution(ctx context.Context, in *sfn.StartExecutionInput) (*sfn.StartExecutionOutput, error) {
	_, e, err := s.begin(ctx, *in.StateMachineArn, in.Name, in.Input, in.TraceHeader)
	if err != nil {
		return nil, err
	}
	return &sfn.StartExecutionOutput{ExecutionArn: &e.ARN, StartDate: &e.Start}, nil
}

// Start starts an execution for another service.
func (s *Service) Start(ctx context.Context, machineARN, _ string, input []byte) error {
	_, _, err := s.begin(ctx, machineARN, nil, ptr(string(input)), nil)
	return err
}

// StartSyncExecution runs an EXPRESS execution to its end.
func (s *Service) StartSyncExecution(ctx context.Context, in *sfn.StartSyncExecutionInput) (*sfn.StartSyncExecutionOutput, error) {
	_ = in.IncludedData // without keys of KMS everything can be read
	err := s.env.Store.View(func(tx *store.Tx) error {
		f, err := s.find(tx, *in.StateMachineArn)
		if err == nil && f.Type != types.StateMachineTypeExpress {
			return &types.StateMachineTypeNotSupported{Message: ptr("This operation is not supported by this type of state machine")}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	l, _, err := s.begin(ctx, *in.StateMachineArn, in.Name, in.Input, in.TraceHeader)
	if err != nil {
		return nil, err
	}
	select {
	case <-l.done:
	case <-ctx.Done():
		l.poke(func(x *run.Execution) { x.Stop(run.Failure{}) })
		return nil, ctx.Err()
	case <-s.alive.Done():
		return nil, errClosing
	}
	e := l.record
	took := e.Stop.Sub(e.Start).Milliseconds()
	return &sfn.StartSyncExecutionOutput{
		ExecutionArn: &e.ARN, Name: &e.Name, StateMachineArn: in.StateMachineArn, StartDate: &e.Start, StopDate: &e.Stop,
		Status: types.SyncExecutionStatus(e.Status), Input: &e.Input, InputDetails: whole(), Output: some(e.Output), OutputDetails: whole(),
		Error: e.Error, Cause: e.Cause, TraceHeader: some(e.Trace),
		BillingDetails: &types.BillingDetails{BilledMemoryUsedInMB: 64, BilledDurationInMilliseconds: max((took+99)/100, 1) * 100},
	}, nil
}

func whole() *types.CloudWatchEventsExecutionDataDetails {
	return &types.CloudWatchEventsExecutionDataDetails{Included: true}
}

// execution is that of an ARN, as it stands.
func (s *Service) execution(arn string) (e execution, err error) {
	scope, kind, rest, err := resource(arn, "execution", "express")
	if err != nil {
		return e, err
	}
	if kind == "express" {
		return e, &types.InvalidArn{Message: ptr("Invalid Arn: 'Resource type not valid in this context: express'")}
	}
	err = s.env.Store.View(func(tx *store.Tx) error {
		ok := false
		if e, ok = s.executions.Get(tx, scope.Key(rest...)); !ok || s.over(&e) {
			return &types.ExecutionDoesNotExist{Message: ptr(fmt.Sprintf("Execution Does Not Exist: '%s'", arn))}
		}
		return nil
	})
	return e, err
}

func date(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// DescribeExecution tells of a STANDARD execution.
func (s *Service) DescribeExecution(_ context.Context, in *sfn.DescribeExecutionInput) (*sfn.DescribeExecutionOutput, error) {
	_ = in.IncludedData // without keys of KMS everything can be read
	e, err := s.execution(*in.ExecutionArn)
	if err != nil {
		return nil, err
	}
	out := &sfn.DescribeExecutionOutput{
		ExecutionArn: &e.ARN, Name: &e.Name, StateMachineArn: &e.Machine, StateMachineVersionArn: some(e.Version), StateMachineAliasArn: some(e.Alias),
		Status: types.ExecutionStatus(e.Status), Input: &e.Input, InputDetails: whole(), StartDate: &e.Start, StopDate: date(e.Stop),
		Error: e.Error, Cause: e.Cause, RedriveCount: ptr(int32(min(e.Redrives, 1000))), RedriveDate: date(e.Redriven), TraceHeader: some(e.Trace),
	}
	status, why := s.redrivable(&e)
	out.RedriveStatus, out.RedriveStatusReason = status, some(why)
	if e.Status == string(run.Succeeded) {
		out.Output, out.OutputDetails = &e.Output, whole()
	}
	if e.Origin != nil {
		out.MapRunArn = &e.Origin.MapRun
	}
	return out, nil
}

// DescribeStateMachineForExecution tells what an execution runs by.
func (s *Service) DescribeStateMachineForExecution(_ context.Context, in *sfn.DescribeStateMachineForExecutionInput) (*sfn.DescribeStateMachineForExecutionOutput, error) {
	_ = in.IncludedData // without keys of KMS everything can be read
	e, err := s.execution(*in.ExecutionArn)
	if err != nil {
		return nil, err
	}
	out := &sfn.DescribeStateMachineForExecutionOutput{
		Definition: &e.Frozen.Definition, Name: &e.MachineName, RoleArn: &e.Frozen.Role, StateMachineArn: &e.Machine, UpdateDate: &e.Frozen.Updated,
		LoggingConfiguration: &e.Frozen.Logging, RevisionId: some(e.Frozen.Revision), TracingConfiguration: &types.TracingConfiguration{Enabled: e.Frozen.Tracing},
		EncryptionConfiguration: &types.EncryptionConfiguration{Type: types.EncryptionTypeAwsOwnedKey},
	}
	if e.Origin == nil {
		return out, nil
	}
	name, label, _ := strings.Cut(e.MachineName, "/")
	definition, err := s.processor(&e)
	out.Definition, out.Name, out.Label, out.MapRunArn = &definition, &name, &label, &e.Origin.MapRun
	return out, err
}

// listed is an execution in a list.
func (e *execution) listed() types.ExecutionListItem {
	item := types.ExecutionListItem{
		ExecutionArn: &e.ARN, Name: &e.Name, StartDate: &e.Start, StopDate: date(e.Stop), StateMachineArn: &e.Machine, Status: types.ExecutionStatus(e.Status),
		RedriveCount: ptr(int32(min(e.Redrives, 1000))), RedriveDate: date(e.Redriven), StateMachineVersionArn: some(e.Version), StateMachineAliasArn: some(e.Alias),
	}
	if e.Origin != nil {
		item.MapRunArn, item.ItemCount = &e.Origin.MapRun, ptr(int32(e.Origin.Items)) //nolint:gosec // a batch fits into a payload
	}
	return item
}

// wanted tells whether a request for a list filters an execution out.
func (e *execution) wanted(in *sfn.ListExecutionsInput) bool {
	redriven := in.RedriveFilter == "" || (in.RedriveFilter == types.ExecutionRedriveFilterRedriven) == (e.Redrives > 0)
	return redriven && (in.StatusFilter == "" || string(in.StatusFilter) == e.Status)
}

// ListExecutions lists the executions of a state machine, version, alias or map run,
// the newest first.
func (s *Service) ListExecutions(_ context.Context, in *sfn.ListExecutionsInput) (*sfn.ListExecutionsOutput, error) {
	var all []types.ExecutionListItem
	var err error
	switch {
	case in.MapRunArn != nil && in.StateMachineArn != nil || in.MapRunArn == nil && in.StateMachineArn == nil:
		return nil, invalid("Exactly one of stateMachineArn and mapRunArn must be specified")
	case in.MapRunArn != nil:
		all, err = s.listChildren(in)
	default:
		all, err = s.listOwn(in)
	}
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b types.ExecutionListItem) int { return b.StartDate.Compare(*a.StartDate) })
	out := &sfn.ListExecutionsOutput{}
	out.Executions, out.NextToken, err = page(all, in.MaxResults, in.NextToken)
	return out, err
}

// listOwn lists the executions of a state machine, version or alias.
func (s *Service) listOwn(in *sfn.ListExecutionsInput) ([]types.ExecutionListItem, error) {
	arn := *in.StateMachineArn
	all := []types.ExecutionListItem{}
	err := s.env.Store.View(func(tx *store.Tx) error {
		f, err := s.find(tx, arn)
		if err != nil {
			return err
		}
		if f.Type != types.StateMachineTypeStandard {
			return &types.StateMachineTypeNotSupported{Message: ptr("This operation is not supported by this type of state machine")}
		}
		for _, e := range s.executions.Prefix(tx, f.Scope.Key(f.Name, "")) {
			if (arn == e.Machine || arn == e.Version || arn == e.Alias) && e.wanted(in) && !s.over(&e) {
				all = append(all, e.listed())
			}
		}
		return nil
	})
	return all, err
}

// running is the execution of a key that is carried out, or nil.
func (s *Service) running(key string) *live {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.live[key]
}

// StopExecution aborts an execution. One that has ended stays as it is.
func (s *Service) StopExecution(_ context.Context, in *sfn.StopExecutionInput) (*sfn.StopExecutionOutput, error) {
	e, err := s.execution(*in.ExecutionArn)
	if err != nil {
		return nil, err
	}
	if l := s.running(e.key()); l != nil {
		l.poke(func(x *run.Execution) { x.Stop(run.Failure{Error: in.Error, Cause: in.Cause}) })
	}
	if e, err = s.execution(*in.ExecutionArn); err != nil {
		return nil, err
	}
	return &sfn.StopExecutionOutput{StopDate: date(e.Stop)}, nil
}

// GetExecutionHistory gives the events of a STANDARD execution.
func (s *Service) GetExecutionHistory(_ context.Context, in *sfn.GetExecutionHistoryInput) (*sfn.GetExecutionHistoryOutput, error) {
	e, err := s.execution(*in.ExecutionArn)
	if err != nil {
		return nil, err
	}
	var all []run.Event
	_ = s.env.Store.View(func(tx *store.Tx) error {
		for _, event := range s.events.Prefix(tx, e.key()+"\x00") {
			all = append(all, event)
		}
		return nil
	})
	if in.ReverseOrder {
		slices.Reverse(all)
	}
	part, next, err := page(all, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &sfn.GetExecutionHistoryOutput{NextToken: next, Events: make([]types.HistoryEvent, len(part))}
	for i, event := range part {
		at := event.Time.Truncate(time.Millisecond)
		text := []byte(textOf(event.JSON()))
		if in.IncludeExecutionData != nil && !*in.IncludeExecutionData {
			text = []byte(textOf(withoutData(event)))
		}
		if err := json.Unmarshal(text, &out.Events[i]); err != nil {
			return nil, fmt.Errorf("reading an event of type %s: %w", event.Type, err)
		}
		out.Events[i].Timestamp = &at
	}
	return out, nil
}
