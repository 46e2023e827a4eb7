package functions

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/cron"
)

// cronNext is the function cron_next.
type cronNext struct{}

func (cronNext) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "cron_next"
}

func (cronNext) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "When a schedule comes next",
		MarkdownDescription: "Gives the times at which a schedule of EventBridge comes: `cron_next(\"cron(0 2 * * ? *)\", \"Europe/Stockholm\", \"2026-01-31T00:00:00Z\", 2)` gives `[\"2026-01-31T02:00:00+01:00\", \"2026-02-01T02:00:00+01:00\"]`. " +
			"It knows `cron(…)` with `L`, `W` and `#`, `rate(…)`, counted from the time that is given, and `at(…)`. What falls into the hour that clocks leave out in spring is left out, and what falls into the one that they repeat in autumn comes once. The list is shorter if the schedule ends before.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "expression", MarkdownDescription: "The schedule."},
			function.StringParameter{Name: "timezone", MarkdownDescription: "Where its clock is, such as `Europe/Stockholm` or `UTC`."},
			function.StringParameter{Name: "from", MarkdownDescription: "The time after which they come, such as `2026-01-31T00:00:00Z`; `plantimestamp()` for now."},
			function.Int64Parameter{Name: "n", MarkdownDescription: "How many, 1 to 1000."},
		},
		Return: function.ListReturn{ElementType: types.StringType},
	}
}

func (cronNext) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var expression, zone, after string
	var n int64
	if resp.Error = req.Arguments.Get(ctx, &expression, &zone, &after, &n); resp.Error != nil {
		return
	}
	schedule, err := cron.Parse(expression)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	in, err := time.LoadLocation(zone)
	if err != nil || zone == "" || zone == "Local" {
		resp.Error = function.NewArgumentFuncError(1, fmt.Sprintf("%q is no time zone that this machine knows; write one such as \"Europe/Stockholm\" or \"UTC\"", zone))
		return
	}
	from, err := time.Parse(time.RFC3339, after)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(2, fmt.Sprintf("%q is no time; write one such as \"2026-01-31T00:00:00Z\"", after))
		return
	}
	if n < 1 || n > 1000 {
		resp.Error = function.NewArgumentFuncError(3, fmt.Sprintf("%d times cannot be given; ask for 1 to 1000", n))
		return
	}
	times := []string{}
	for int64(len(times)) < n {
		next, ok := schedule.Next(from, in)
		if !ok {
			break
		}
		times, from = append(times, next.Format(time.RFC3339)), next
	}
	resp.Error = resp.Result.Set(ctx, times)
}
