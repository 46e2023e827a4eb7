package function

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// rollout says how the calls of an alias go over to a new version.
type rollout struct {
	Kind     tftypes.String   `tfsdk:"kind"`
	Percent  tftypes.Int64    `tfsdk:"percent"`
	Interval tftypes.Int64    `tfsdk:"interval_minutes"`
	Alarms   []tftypes.String `tfsdk:"alarms"`
	PreHook  tftypes.String   `tfsdk:"pre_hook"`
	PostHook tftypes.String   `tfsdk:"post_hook"`
}

var rolloutSchema = schema.SingleNestedAttribute{
	Optional: true,
	MarkdownDescription: "How the alias's calls go over to a new version, while the apply waits. If an alarm goes off, a hook fails or the run is canceled meanwhile, all calls go to the old version again and the apply fails; " +
		"the next one begins anew. The first version gets all calls at once.",
	Attributes: map[string]schema.Attribute{
		"kind": schema.StringAttribute{
			Required: true, Validators: []validator.String{stringvalidator.OneOf("all_at_once", "canary", "linear")},
			MarkdownDescription: "`all_at_once`; `canary`, which sends `percent` of the calls to the new version for `interval_minutes` and then all; or `linear`, which sends it `percent` more after every `interval_minutes`.",
		},
		"percent": schema.Int64Attribute{
			Optional: true, Validators: []validator.Int64{int64validator.Between(1, 99)},
			MarkdownDescription: "Percentage of the calls, 1 to 99. Needed but for `all_at_once`.",
		},
		"interval_minutes": schema.Int64Attribute{
			Optional: true, Validators: []validator.Int64{int64validator.Between(1, 2100)},
			MarkdownDescription: "Minutes between steps, 1 to 2100. Needed but for `all_at_once`. All of them must fit into `timeouts.update`, 20 minutes by default.",
		},
		"alarms": schema.SetAttribute{
			Optional: true, ElementType: tftypes.StringType, Validators: []validator.Set{setvalidator.SizeBetween(1, 100)},
			MarkdownDescription: "Names of CloudWatch alarms, at most 100. One that is in alarm before or between the steps ends the rollout.",
		},
		"pre_hook": schema.StringAttribute{
			Optional: true, Validators: []validator.String{functionRef},
			MarkdownDescription: "ARN of a function that is called before the new version gets any calls, with `{\"function\", \"alias\", \"from\", \"to\"}`. If it fails, the alias stays as it is.",
		},
		"post_hook": schema.StringAttribute{
			Optional: true, Validators: []validator.String{functionRef},
			MarkdownDescription: "ARN of a function that is called so when the new version has all calls. If it fails, they go to the old one again.",
		},
	},
}

func (o *rollout) check(v *tf.Check, at path.Path) {
	if o.Kind.IsUnknown() || o.Kind.IsNull() {
		return
	}
	stepwise := o.Kind.ValueString() != "all_at_once"
	for name, n := range map[string]tftypes.Int64{"percent": o.Percent, "interval_minutes": o.Interval} {
		switch {
		case stepwise && n.IsNull():
			v.Error(at.AtName(name), "No "+name, "A rollout of the kind "+o.Kind.ValueString()+" goes by steps. Give percent and interval_minutes.")
		case !stepwise && !n.IsNull():
			v.Error(at.AtName(name), "Only with canary and linear", "A rollout all_at_once has no steps. Leave "+name+" out, or choose another kind.")
		}
	}
}

// steps are the parts of the calls, 0 to 1, that the new version gets one after the
// other before it gets all.
func (o *rollout) steps() []float64 {
	percent := o.Percent.ValueInt64()
	switch o.Kind.ValueString() {
	case "canary":
		return []float64{float64(percent) / 100}
	case "linear":
		var all []float64
		for part := percent; part < 100; part += percent {
			all = append(all, float64(part)/100)
		}
		return all
	}
	return nil
}

func (o *rollout) interval() time.Duration {
	return time.Duration(o.Interval.ValueInt64()) * time.Minute
}

// planRollout refuses a rollout that would be cut off by the limit of the update.
func planRollout(p *tf.Plan[function]) error {
	if p.Prior == nil || p.Planned.Publish == nil || p.Planned.Publish.Rollout == nil || p.Pending("publish") || p.Known("version") {
		return nil
	}
	o, limit := p.Planned.Publish.Rollout, 20*time.Minute
	if t := p.Planned.Timeouts; t != nil {
		if d, err := time.ParseDuration(t.Update.ValueString()); err == nil {
			limit = d
		}
	}
	if takes := time.Duration(len(o.steps())) * o.interval(); takes >= limit {
		return tf.At(path.Root("publish").AtName("rollout"), &tf.Problem{
			Summary: "The rollout takes longer than an update may",
			Detail: fmt.Sprintf("Its %d steps take %s, and an update is given up after %s. Set timeouts = { update = %q } or more, or take fewer or shorter steps.",
				len(o.steps()), takes, limit, (takes + 10*time.Minute).String()),
		})
	}
	return nil
}

// shift lets the alias go over from one version to another. If it is divided, by a
// rollout that was cut off, it first goes back to the old one.
func (o *rollout) shift(ctx context.Context, c *Clients, alias reference, from, to string, divided bool) error {
	if divided {
		if err := moveAlias(ctx, c, alias, from, nil); err != nil {
			return err
		}
	}
	if err := o.calm(ctx, c); err != nil {
		return err
	}
	if err := o.call(ctx, c, o.PreHook, alias, from, to); err != nil {
		return err
	}
	err := o.walk(ctx, c, alias, from, to)
	if err == nil {
		if err = moveAlias(ctx, c, alias, to, nil); err == nil {
			err = o.call(ctx, c, o.PostHook, alias, from, to)
		}
	}
	if err == nil {
		return nil
	}
	tf.Progress(ctx, "%s goes back to version %s", alias.id(), from)
	return tf.Undo(ctx, err, func(ctx context.Context) error { return moveAlias(ctx, c, alias, from, nil) })
}

// walk makes the steps before the last one.
func (o *rollout) walk(ctx context.Context, c *Clients, alias reference, from, to string) error {
	for _, part := range o.steps() {
		if err := moveAlias(ctx, c, alias, from, map[string]float64{to: part}); err != nil {
			return err
		}
		tf.Progress(ctx, "%s sends %g of its calls to version %s", alias.id(), part, to)
		if err := o.watch(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// watch waits for the next step, and looks at the alarms meanwhile.
func (o *rollout) watch(ctx context.Context, c *Clients) error {
	const look = 15 * time.Second // alarms change once in ten seconds at most
	next := time.NewTimer(o.interval())
	defer next.Stop()
	glance := time.NewTicker(look)
	defer glance.Stop()
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the next step of the rollout: %w", context.Cause(ctx))
		case <-glance.C:
			if err := o.calm(ctx, c); err != nil {
				return err
			}
		case <-next.C:
			return o.calm(ctx, c)
		}
	}
}

// calm returns an error if an alarm has gone off, or is not there.
func (o *rollout) calm(ctx context.Context, c *Clients) error {
	names := sorted(o.Alarms)
	if len(names) == 0 {
		return nil
	}
	out, err := c.Alarms.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{
		AlarmNames: names, AlarmTypes: []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm}, MaxRecords: aws.Int32(100),
	})
	if err != nil {
		return err
	}
	states := map[string]types.StateValue{}
	for _, a := range out.MetricAlarms {
		states[aws.ToString(a.AlarmName)] = a.StateValue
	}
	for _, a := range out.CompositeAlarms {
		states[aws.ToString(a.AlarmName)] = a.StateValue
	}
	gone := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return states[name] != "" })
	if len(gone) > 0 {
		return tf.At(path.Root("publish").AtName("rollout").AtName("alarms"), &tf.Problem{
			Summary: "There is no alarm " + strings.Join(gone, ", "),
			Detail:  "The rollout cannot be watched by it. Make the alarm in the function's region, or correct its name.",
		})
	}
	loud := slices.DeleteFunc(names, func(name string) bool { return states[name] != types.StateValueAlarm })
	if len(loud) > 0 {
		return &tf.Problem{
			Summary: "The alarm " + strings.Join(loud, ", ") + " is on",
			Detail:  "All calls of the alias go to the version from before the rollout. Correct the function and apply again; the rollout begins anew.",
		}
	}
	return nil
}

// call calls a hook, if there is one.
func (o *rollout) call(ctx context.Context, c *Clients, hook tftypes.String, alias reference, from, to string) error {
	if hook.IsNull() {
		return nil
	}
	payload, err := json.Marshal(map[string]string{"function": alias.function(), "alias": aws.ToString(alias.qualifier), "from": from, "to": to})
	if err != nil {
		return err
	}
	_, err = Call{Function: hook, Payload: string(payload), Fail: true}.Do(ctx, c)
	return err
}
