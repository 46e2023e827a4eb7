package statemachine

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	aws "github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
	"github.com/tfserverless/terraform-provider-serverless/resources/statemachine"
)

type (
	executionsModel struct {
		tf.SourceBase
		Machine    types.String `tfsdk:"state_machine"`
		Status     types.String `tfsdk:"status"`
		Limit      types.Int64  `tfsdk:"limit"`
		Executions []listed     `tfsdk:"executions"`
	}
	listed struct {
		ARN    types.String `tfsdk:"arn"`
		Name   types.String `tfsdk:"name"`
		Status types.String `tfsdk:"status"`
		Start  types.String `tfsdk:"start_date"`
		Stop   types.String `tfsdk:"stop_date"`
	}
)

// Executions is the data source serverless_executions: what was started of a state
// machine.
var Executions = tf.Source[*statemachine.Clients, executionsModel]{
	Name: "executions",
	Schema: schema.Schema{
		MarkdownDescription: "Lists the executions of a `STANDARD` state machine, the newest first. AWS forgets them 90 days after their end.",
		Attributes: map[string]schema.Attribute{
			"state_machine": schema.StringAttribute{Required: true, Validators: []validator.String{statemachine.Startable}, MarkdownDescription: "The state machine: its name or ARN, with a colon and an alias or a version behind it for only those that were started by it."},
			"status": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.OneOf("RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE")},
				MarkdownDescription: "Only those that are `RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT`, `ABORTED` or `PENDING_REDRIVE`. Default: all.",
			},
			"limit": schema.Int64Attribute{Optional: true, Validators: []validator.Int64{int64validator.AtLeast(1)}, MarkdownDescription: "Most executions, at least 1. Default: 100."},
			"executions": schema.ListNestedAttribute{
				Computed: true, MarkdownDescription: "The executions.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"arn":        schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of the execution."},
					"name":       schema.StringAttribute{Computed: true, MarkdownDescription: "Its name."},
					"status":     schema.StringAttribute{Computed: true, MarkdownDescription: "How it stands, such as `SUCCEEDED`."},
					"start_date": schema.StringAttribute{Computed: true, MarkdownDescription: "When it was started, such as `2026-07-01T12:00:00.123Z`."},
					"stop_date":  schema.StringAttribute{Computed: true, MarkdownDescription: "When it ended; null while it runs."},
				}},
			},
		},
	},
	Read: func(ctx context.Context, c *statemachine.Clients, m *executionsModel) error {
		limit := 100
		if !m.Limit.IsNull() {
			limit = int(m.Limit.ValueInt64())
		}
		arn := statemachine.StartableARN(ctx, m.Machine)
		pages := sfn.NewListExecutionsPaginator(c.SFN, &sfn.ListExecutionsInput{StateMachineArn: &arn, StatusFilter: aws.ExecutionStatus(m.Status.ValueString()), MaxResults: int32(min(limit, 1000))})
		m.Executions = []listed{}
		for pages.HasMorePages() && len(m.Executions) < limit {
			out, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			for _, e := range out.Executions[:min(len(out.Executions), limit-len(m.Executions))] {
				m.Executions = append(m.Executions, listed{
					ARN: types.StringPointerValue(e.ExecutionArn), Name: types.StringPointerValue(e.Name), Status: types.StringValue(string(e.Status)),
					Start: stamp(e.StartDate), Stop: stamp(e.StopDate),
				})
			}
		}
		return nil
	},
}

// stamp is a time as text; null for none.
func stamp(t *time.Time) types.String {
	if t == nil || t.IsZero() {
		return types.StringNull()
	}
	return types.StringValue(t.UTC().Format("2006-01-02T15:04:05.000Z"))
}
