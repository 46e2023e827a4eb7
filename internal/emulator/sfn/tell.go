package sfn

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/run"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// levelOf tells how bad an event is: what the level ERROR logs, and FATAL.
func levelOf(event string) types.LogLevel {
	switch event {
	case "ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted":
		return types.LogLevelFatal
	}
	for _, bad := range []string{"Failed", "TimedOut", "Aborted"} {
		if strings.HasSuffix(event, bad) {
			return types.LogLevelError
		}
	}
	return types.LogLevelAll
}

// logged tells whether a level takes an event of another one.
func logged(level, event types.LogLevel) bool {
	switch level {
	case types.LogLevelAll:
		return true
	case types.LogLevelError:
		return event != types.LogLevelAll
	case types.LogLevelFatal:
		return event == types.LogLevelFatal
	}
	return false
}

// withoutData is an event without what went in and out.
func withoutData(e run.Event) *jsonvalue.Object {
	if e.Details != nil {
		e.Details = e.Details.Clone()
		for _, name := range []string{"input", "inputDetails", "output", "outputDetails", "parameters", "assignedVariables", "assignedVariablesDetails", "cause", "error"} {
			e.Details.Delete(name)
		}
	}
	return e.JSON()
}

// as returns a context in which Step Functions itself calls for an execution.
func (s *Service) as(e *execution) context.Context {
	ctx := env.WithScope(context.Background(), e.Scope)
	return env.WithCaller(ctx, env.Caller{Service: Principal, SourceARN: e.Machine, SourceAccount: e.Scope.Account})
}

// log writes events to the log group of the state machine, as its level wants.
func (s *Service) log(l *live, events []run.Event) {
	c := l.record.Frozen.Logging
	name := group(c)
	if name == "" || s.Calls == nil || c.Level == types.LogLevelOff {
		return
	}
	name = name[strings.Index(name, ":log-group:")+len(":log-group:"):]
	lines := []any{}
	for _, e := range events {
		if !logged(c.Level, levelOf(e.Type)) {
			continue
		}
		o := e.JSON()
		if !c.IncludeExecutionData {
			o = withoutData(e)
		}
		details := o.Get(run.DetailsName(e.Type))
		if details == nil {
			details = jsonvalue.NewObject(0)
		}
		at := e.Time.UnixMilli()
		line := jsonvalue.ObjectOf(
			"id", strconv.FormatInt(e.ID, 10), "type", e.Type, "details", details, "redrive_count", strconv.Itoa(l.record.Redrives),
			"previous_event_id", strconv.FormatInt(e.Previous, 10), "event_timestamp", strconv.FormatInt(at, 10), "execution_arn", l.record.ARN,
		)
		lines = append(lines, jsonvalue.ObjectOf("Timestamp", float64(at), "Message", textOf(line)))
	}
	if len(lines) == 0 {
		return
	}
	ctx := s.as(&l.record)
	at := jsonvalue.ObjectOf("LogGroupName", name, "LogStreamName", l.record.Stream)
	_, _ = s.Calls.Call(ctx, "cloudwatchlogs", "CreateLogStream", jsonvalue.Marshal(at)) // it may be there
	at.Set("LogEvents", lines)
	if _, err := s.Calls.Call(ctx, "cloudwatchlogs", "PutLogEvents", jsonvalue.Marshal(at)); err != nil {
		s.env.Log.Warn("the events of an execution could not be logged", "execution", l.record.ARN, "error", err)
	}
}

// announce puts the status of a STANDARD execution on the default event bus.
func (s *Service) announce(e execution) {
	if s.Calls == nil || !s.Calls.Has("eventbridge", "PutEvents") || !e.durable() {
		return
	}
	detail := map[string]any{
		"executionArn": e.ARN, "stateMachineArn": e.Machine, "name": e.Name, "status": e.Status, "startDate": e.Start.UnixMilli(), "stopDate": nil,
		"input": e.Input, "output": nil, "stateMachineVersionArn": some(e.Version), "stateMachineAliasArn": some(e.Alias),
		"redriveCount": e.Redrives, "redriveDate": nil, "redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": nil,
		"inputDetails": map[string]any{"included": true}, "outputDetails": nil, "error": e.Error, "cause": e.Cause,
	}
	status, why := s.redrivable(&e)
	detail["redriveStatus"], detail["redriveStatusReason"] = status, some(why)
	if !e.Stop.IsZero() {
		detail["stopDate"] = e.Stop.UnixMilli()
	}
	if !e.Redriven.IsZero() {
		detail["redriveDate"] = e.Redriven.UnixMilli()
	}
	if e.Status == string(run.Succeeded) {
		detail["output"], detail["outputDetails"] = e.Output, map[string]any{"included": true}
	}
	text, err := json.Marshal(detail)
	if err != nil {
		s.env.Log.Warn("the status of an execution could not be written", "execution", e.ARN, "error", err)
		return
	}
	entry := jsonvalue.ObjectOf("Source", "aws.states", "DetailType", "Step Functions Execution Status Change", "Detail", string(text), "Resources", []any{e.ARN})
	if _, err := s.Calls.Call(s.as(&e), "eventbridge", "PutEvents", jsonvalue.Marshal(jsonvalue.ObjectOf("Entries", []any{entry}))); err != nil {
		s.env.Log.Warn("the status of an execution could not be announced", "execution", e.ARN, "error", err)
	}
}
