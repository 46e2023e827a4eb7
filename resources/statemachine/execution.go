package statemachine

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

var (
	// Startable demands a state machine's name or ARN, maybe with an alias or a version.
	Startable = tf.Pattern(`^(arn:[^:]+:states:[^:]+:[0-9]{12}:stateMachine:)?[0-9A-Za-z_-]{1,80}(:[0-9A-Za-z_.-]{1,80})?$`,
		"write a state machine's name or ARN, with a colon and an alias or a version behind it if one is meant")
	// ExecutionARN demands the ARN of an execution of a STANDARD state machine.
	ExecutionARN = tf.Pattern(`^arn:[^:]+:states:[^:]+:[0-9]{12}:execution:[^:]+:[^:]+$`, "write the ARN of an execution, arn:aws:states:<region>:<account>:execution:<state machine>:<name>")
)

// StartableARN is the ARN of a state machine, alias or version that is named by its
// name or its ARN.
func StartableARN(ctx context.Context, named tftypes.String) string {
	if s := named.ValueString(); strings.HasPrefix(s, "arn:") {
		return s
	}
	return tf.ScopeOf(ctx).ARN("states", "stateMachine:"+named.ValueString())
}

// An Event is one event of an execution's history.
type Event struct {
	ID, Previous int64
	Time         time.Time
	Type         string
	State        string // of events about entering and leaving one
	Details      string // JSON, with AWS's names; {} where there are none
	Entered      bool
}

// History returns the events of an execution behind the one with the id after, the
// oldest first.
func History(ctx context.Context, c *Clients, arn string, after int64) ([]Event, error) {
	in := &sfn.GetExecutionHistoryInput{ExecutionArn: &arn, MaxResults: 1000, ReverseOrder: after > 0, IncludeExecutionData: aws.Bool(true)}
	var all []Event
	for {
		out, err := c.SFN.GetExecutionHistory(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, e := range out.Events {
			if e.Id <= after {
				out.NextToken = nil
				break
			}
			one, err := eventOf(e)
			if err != nil {
				return nil, err
			}
			all = append(all, one)
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
	}
	if in.ReverseOrder {
		slices.Reverse(all)
	}
	return all, nil
}

// eventOf reads an event, of which one field has what is particular to its type.
func eventOf(e types.HistoryEvent) (Event, error) {
	out := Event{ID: e.Id, Previous: e.PreviousEventId, Time: aws.ToTime(e.Timestamp), Type: string(e.Type), Details: "{}"}
	switch {
	case e.StateEnteredEventDetails != nil:
		out.Entered = true
		out.State = aws.ToString(e.StateEnteredEventDetails.Name)
	case e.StateExitedEventDetails != nil:
		out.State = aws.ToString(e.StateExitedEventDetails.Name)
	}
	v := reflect.ValueOf(e)
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !strings.HasSuffix(f.Name, "EventDetails") || v.Field(i).IsNil() {
			continue
		}
		details, err := json.Marshal(plain(v.Field(i)))
		if err != nil {
			return out, fmt.Errorf("reading the event %d: %w", e.Id, err)
		}
		out.Details = string(details)
	}
	return out, nil
}

// plain is a value of the SDK as AWS writes it in JSON: members begin in lower case,
// and those without a value are left out.
func plain(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer:
		return plain(v.Elem())
	case reflect.Struct:
		if t, ok := v.Interface().(time.Time); ok {
			return t
		}
		all := map[string]any{}
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.IsExported() && !v.Field(i).IsZero() {
				all[strings.ToLower(f.Name[:1])+f.Name[1:]] = plain(v.Field(i))
			}
		}
		return all
	}
	return v.Interface()
}

// finished waits for the end of an execution, telling of each state that it enters.
func finished(ctx context.Context, c *Clients, arn string, after int64, progress func(string, ...any)) (*sfn.DescribeExecutionOutput, error) {
	var out *sfn.DescribeExecutionOutput
	err := tf.Poll(ctx, "execution "+lastPart(arn)+" to end", func(ctx context.Context) (bool, error) {
		var err error
		// Looked at first, so that a history that is read behind it is complete.
		if out, err = c.SFN.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &arn}); err != nil {
			return false, err
		}
		events, err := History(ctx, c, arn, after)
		if err != nil {
			return false, err
		}
		for _, e := range events {
			after = e.ID
			if e.Entered {
				progress("%s entered %s.", lastPart(arn), e.State)
			}
		}
		return out.Status != types.ExecutionStatusRunning && out.Status != types.ExecutionStatusPendingRedrive, nil
	})
	return out, err
}

// ended tells how an execution ended, and returns an error if that was no success
// and counts as one.
func ended(arn string, status string, output, cause, failure *string, fail bool, progress func(string, ...any)) error {
	name := lastPart(arn)
	if status == string(types.ExecutionStatusSucceeded) {
		progress("%s succeeded with %s", name, aws.ToString(output))
		return nil
	}
	why := aws.ToString(failure)
	if c := aws.ToString(cause); c != "" {
		why = strings.TrimPrefix(why+": "+c, ": ")
	}
	if !fail {
		progress("%s ended as %s. %s", name, status, why)
		return nil
	}
	history := "Its history: tfserverless execution " + arn
	if strings.Contains(arn, ":express:") {
		history = "AWS keeps no history of an EXPRESS execution but in the state machine's log group."
	}
	return &tf.Problem{
		Summary: "The execution " + name + " did not succeed",
		Detail:  strings.TrimSpace(fmt.Sprintf("It ended as %s. %s", status, why)) + "\n\n" + history,
	}
}
