package sfn

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/run"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// TestState tries one state.
func (s *Service) TestState(ctx context.Context, in *sfn.TestStateInput) (*sfn.TestStateOutput, error) {
	tr, err := trialOf(in)
	if err != nil {
		return nil, err
	}
	m, err := s.trialMachine(in, tr.Mock != nil)
	if err != nil {
		return nil, err
	}
	_, st := m.Find(value(in.StateName))
	if st == nil {
		st = m.States[m.StartAt]
	}
	if err := checkContext(tr.Context, st); err != nil {
		return nil, err
	}
	if in.Mock != nil {
		if err := s.checkMock(in.Mock, st, tr.Mock.Result); err != nil {
			return nil, err
		}
	}
	scope := env.ScopeOf(ctx)
	e := execution{
		Scope: scope, Name: uuid.NewString(), MachineName: "TestState", Type: types.StateMachineTypeExpress, Input: "{}", Status: string(run.Running), Start: s.now(),
		Nested: map[int]string{}, Submitted: map[int]string{}, Frozen: settings{Role: value(in.RoleArn), Logging: logging(nil)},
	}
	if in.Input != nil {
		e.Input = *in.Input
	}
	if err := checkInput(e.Input); err != nil {
		return nil, err
	}
	e.ARN = scope.ARN("states", "express:TestState:"+e.Name)
	l := s.newLive(e)
	if in.InspectionLevel == types.InspectionLevelTrace {
		l.exchange = &exchange{reveal: in.RevealSecrets}
	}
	x, err := run.Try(m, run.Params{
		Workflow: asl.Express, ARN: e.ARN, Name: e.Name, MachineARN: scope.ARN("states", "stateMachine:TestState"), MachineName: "TestState",
		RoleARN: e.Frozen.Role, Region: scope.Region, Input: e.Input, Started: e.Start,
	}, tr, l, nil)
	var refusal *run.InvalidTrial
	switch {
	case errors.As(err, &refusal) && refusal.Definition:
		return nil, &types.InvalidDefinition{Message: ptr(refusal.Message)}
	case err != nil:
		return nil, invalid("%s", err.Error())
	}
	l.mu.Lock()
	l.x = x
	l.advance()
	l.mu.Unlock()
	select {
	case <-l.done:
	case <-ctx.Done():
		l.poke(func(x *run.Execution) { x.Stop(run.Failure{}) })
		return nil, ctx.Err()
	case <-s.alive.Done():
		return nil, errClosing
	}
	tried := x.Tried()
	out := &sfn.TestStateOutput{
		Status: types.TestExecutionStatus(tried.Status), Output: some(tried.Output), NextState: some(tried.Next),
		Error: tried.Failure.Error, Cause: tried.Failure.Cause,
	}
	if in.InspectionLevel == types.InspectionLevelDebug || in.InspectionLevel == types.InspectionLevelTrace {
		out.InspectionData = inspection(tried.Inspection)
		l.exchange.show(out.InspectionData)
	}
	return out, nil
}

// trialOf reads what a request says of the trial.
func trialOf(in *sfn.TestStateInput) (*run.Trial, error) {
	tr := &run.Trial{State: value(in.StateName)}
	for name, into := range map[string]**jsonvalue.Object{"context": &tr.Context, "variables": &tr.Variables} {
		text := in.Context
		if name == "variables" {
			text = in.Variables
		}
		if text == nil {
			continue
		}
		v, err := jsonvalue.Parse([]byte(*text))
		o, ok := v.(*jsonvalue.Object)
		if err != nil || !ok {
			return nil, invalid("The %s must be a valid JSON object", name)
		}
		*into = o
	}
	if mock := in.Mock; mock != nil {
		if in.RevealSecrets {
			return nil, invalid("TestState does not support RevealSecrets when a mock is specified.")
		}
		tr.Mock = &run.Mock{}
		if mock.Result != nil {
			v, err := jsonvalue.Parse([]byte(*mock.Result))
			if err != nil {
				return nil, invalid("Mocked result must be valid JSON")
			}
			tr.Mock.Result = v
		}
		if e := mock.ErrorOutput; e != nil {
			f := run.Fails(value(e.Error), value(e.Cause))
			tr.Mock.Failure = &f
		}
	}
	if c := in.StateConfiguration; c != nil {
		tr.RetryCount, tr.CausedBy = int(value(c.RetrierRetryCount)), value(c.ErrorCausedByState)
		if c.MapIterationFailureCount != nil {
			n := int(*c.MapIterationFailureCount)
			tr.FailedItems = &n
		}
		if c.MapItemReaderData != nil {
			v, err := jsonvalue.Parse([]byte(*c.MapItemReaderData))
			items, ok := v.([]any)
			if err != nil || !ok {
				return nil, invalid("The mapItemReaderData must be a valid JSON array")
			}
			tr.ReaderItems, tr.HasReadItems = items, true
		}
	}
	return tr, nil
}

// trialMachine reads the definition of a state, or of a machine with it.
func (s *Service) trialMachine(in *sfn.TestStateInput, mocked bool) (*asl.Machine, error) {
	whole := false
	if v, err := jsonvalue.Parse([]byte(*in.Definition)); err == nil {
		o, ok := v.(*jsonvalue.Object)
		whole = ok && o.Has("States") && o.Has("StartAt")
	}
	var m *asl.Machine
	var found []asl.Diagnostic
	if whole {
		m, found = asl.Parse(*in.Definition, asl.Standard)
	} else {
		m, found = asl.ParseState("StateName", *in.Definition, asl.Standard)
	}
	if m == nil {
		return nil, &types.InvalidDefinition{Message: ptr(asl.Message(found))}
	}
	if mocked {
		return m, nil
	}
	_, st := m.Find(value(in.StateName))
	if st == nil {
		st = m.States[m.StartAt]
	}
	if st.Type == asl.Map || st.Type == asl.Parallel {
		return m, nil // refused by Try
	}
	if in.RoleArn == nil && st.Type == asl.Task {
		return nil, invalid("A role is required to test a Task state without a mock")
	}
	if why := s.unsupportedState(st); why != "" {
		return nil, &types.InvalidDefinition{Message: ptr("Invalid State Machine Definition: '" + why + "'")}
	}
	if st.Task != nil && (st.Task.Resource.Kind == asl.Activity || st.Task.Resource.Pattern != asl.RequestResponse) {
		return nil, invalid("TestState tries the resource %s with a mock only", strings.TrimSpace(st.Task.Resource.ARN))
	}
	return m, nil
}

// inspection is what a trial showed, by the names of the SDK.
func inspection(o *jsonvalue.Object) *types.InspectionData {
	d := &types.InspectionData{}
	texts := map[string]**string{
		"afterArguments": &d.AfterArguments, "afterInputPath": &d.AfterInputPath, "afterItemBatcher": &d.AfterItemBatcher,
		"afterItemSelector": &d.AfterItemSelector, "afterItemsPath": &d.AfterItemsPath, "afterItemsPointer": &d.AfterItemsPointer,
		"afterParameters": &d.AfterParameters, "afterResultPath": &d.AfterResultPath, "afterResultSelector": &d.AfterResultSelector,
		"input": &d.Input, "result": &d.Result, "variables": &d.Variables,
	}
	number := func(v any) *int32 {
		f, ok := jsonvalue.Float(v)
		if n, is := v.(int); is {
			f, ok = float64(n), true
		}
		if !ok {
			return nil
		}
		return ptr(int32(f))
	}
	for k, v := range o.All() {
		if into := texts[k]; into != nil {
			*into = ptr(textOf(v))
		}
	}
	d.MaxConcurrency, d.ToleratedFailureCount = number(o.Get("maxConcurrency")), number(o.Get("toleratedFailureCount"))
	if f, ok := jsonvalue.Float(o.Get("toleratedFailurePercentage")); ok {
		d.ToleratedFailurePercentage = ptr(float32(f))
	}
	if e, ok := o.Get("errorDetails").(*jsonvalue.Object); ok {
		d.ErrorDetails = &types.InspectionErrorDetails{
			CatchIndex: number(e.Get("catchIndex")), RetryIndex: number(e.Get("retryIndex")), RetryBackoffIntervalSeconds: number(e.Get("retryBackoffIntervalSeconds")),
		}
	}
	return d
}
