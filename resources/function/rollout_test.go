package function

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	alarms "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"
)

// road notes when an alias is moved and hooks are called, and has an alarm that
// goes off after a while.
type road struct {
	Lambda
	begin time.Time
	notes []string
	fails string        // the hook that fails
	alarm time.Duration // when it goes off; 0 for never
}

func (r *road) note(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf("%s: ", time.Since(r.begin))+fmt.Sprintf(format, args...))
}

func (r *road) UpdateAlias(_ context.Context, in *lambda.UpdateAliasInput, _ ...func(*lambda.Options)) (*lambda.UpdateAliasOutput, error) {
	weights, err := json.Marshal(in.RoutingConfig.AdditionalVersionWeights)
	r.note("%s %s", *in.FunctionVersion, weights)
	return &lambda.UpdateAliasOutput{}, err
}

func (r *road) Invoke(_ context.Context, in *lambda.InvokeInput, _ ...func(*lambda.Options)) (*lambda.InvokeOutput, error) {
	r.note("%s %s", *in.FunctionName, in.Payload)
	if *in.FunctionName == r.fails {
		return &lambda.InvokeOutput{FunctionError: aws.String("Unhandled"), Payload: []byte(`{"errorMessage":"no"}`)}, nil
	}
	return &lambda.InvokeOutput{}, nil
}

func (r *road) DescribeAlarms(_ context.Context, in *cloudwatch.DescribeAlarmsInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error) {
	if slices.Contains(in.AlarmNames, "none") {
		return &cloudwatch.DescribeAlarmsOutput{}, nil
	}
	state := alarms.StateValueOk
	if r.alarm > 0 && time.Since(r.begin) >= r.alarm {
		state = alarms.StateValueAlarm
	}
	return &cloudwatch.DescribeAlarmsOutput{MetricAlarms: []alarms.MetricAlarm{{AlarmName: aws.String("errors"), StateValue: state}}}, nil
}

// TestRollout: who gets the calls at which time, and that what goes wrong gives
// them all to the old version.
func TestRollout(t *testing.T) {
	text, number := tftypes.StringValue, tftypes.Int64Value
	steps := func(kind string, percent int64) rollout {
		return rollout{Kind: text(kind), Percent: number(percent), Interval: number(5)}
	}
	watched := func(o rollout, name string) rollout {
		o.Alarms = []tftypes.String{text(name)}
		return o
	}
	hooked := rollout{Kind: text("all_at_once"), PreHook: text("before"), PostHook: text("after")}
	hook := ` {"alias":"live","from":"3","function":"f","to":"4"}`
	for name, row := range map[string]struct {
		rollout rollout
		fails   string
		alarm   time.Duration
		cancel  time.Duration
		divided bool
		want    []string
		err     string
	}{
		"all at once":       {rollout: rollout{Kind: text("all_at_once")}, want: []string{"0s: 4 {}"}},
		"canary":            {rollout: steps("canary", 10), want: []string{`0s: 3 {"4":0.1}`, "5m0s: 4 {}"}},
		"linear":            {rollout: steps("linear", 40), want: []string{`0s: 3 {"4":0.4}`, `5m0s: 3 {"4":0.8}`, "10m0s: 4 {}"}},
		"hooks":             {rollout: hooked, want: []string{"0s: before" + hook, "0s: 4 {}", "0s: after" + hook}},
		"first hook fails":  {rollout: hooked, fails: "before", want: []string{"0s: before" + hook}, err: "before failed"},
		"last hook fails":   {rollout: hooked, fails: "after", want: []string{"0s: before" + hook, "0s: 4 {}", "0s: after" + hook, "0s: 3 {}"}, err: "after failed"},
		"quiet alarm":       {rollout: watched(steps("canary", 10), "errors"), want: []string{`0s: 3 {"4":0.1}`, "5m0s: 4 {}"}},
		"alarm":             {rollout: watched(steps("linear", 40), "errors"), alarm: 6 * time.Minute, want: []string{`0s: 3 {"4":0.4}`, `5m0s: 3 {"4":0.8}`, "6m0s: 3 {}"}, err: "alarm errors is on"},
		"alarm from before": {rollout: watched(steps("linear", 40), "errors"), alarm: time.Nanosecond, err: "alarm errors is on"},
		"cut off before":    {rollout: steps("canary", 10), divided: true, want: []string{"0s: 3 {}", `0s: 3 {"4":0.1}`, "5m0s: 4 {}"}},
		"alarm after a cut": {rollout: watched(steps("linear", 40), "errors"), alarm: time.Nanosecond, divided: true, want: []string{"1h0m0s: 3 {}"}, err: "alarm errors is on"},
		"no alarm":          {rollout: watched(steps("canary", 10), "none"), err: "There is no alarm none"},
		"canceled":          {rollout: steps("canary", 10), cancel: time.Minute, want: []string{`0s: 3 {"4":0.1}`, "1m0s: 3 {}"}, err: "canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &road{begin: time.Now(), fails: row.fails, alarm: row.alarm}
				if row.alarm == time.Nanosecond {
					r.begin = r.begin.Add(-time.Hour)
				}
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				if row.cancel > 0 {
					time.AfterFunc(row.cancel, func() { cancel(errors.New("the run was canceled")) })
				}
				alias := refer(text("f:live"))
				err := row.rollout.shift(ctx, &Clients{Lambda: r, Alarms: r}, alias, "3", "4", row.divided)
				if (err == nil) != (row.err == "") || err != nil && !strings.Contains(err.Error(), row.err) {
					t.Errorf("got the error %v, want %q", err, row.err)
				}
				if !slices.Equal(r.notes, row.want) {
					t.Errorf("got  %q\nwant %q", r.notes, row.want)
				}
			})
		})
	}
}
