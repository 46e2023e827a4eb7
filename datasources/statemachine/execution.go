package statemachine

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	aws "github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
	"github.com/tfserverless/terraform-provider-serverless/resources/statemachine"
)

type (
	executionModel struct {
		tf.SourceBase
		ARN         types.String `tfsdk:"arn"`
		Wait        types.Bool   `tfsdk:"wait"`
		WithHistory types.Bool   `tfsdk:"include_history"`
		Name        types.String `tfsdk:"name"`
		Machine     types.String `tfsdk:"state_machine_arn"`
		Version     types.String `tfsdk:"version_arn"`
		Alias       types.String `tfsdk:"alias_arn"`
		Status      types.String `tfsdk:"status"`
		Input       types.String `tfsdk:"input"`
		Output      types.String `tfsdk:"output"`
		Error       types.String `tfsdk:"error"`
		Cause       types.String `tfsdk:"cause"`
		Start       types.String `tfsdk:"start_date"`
		Stop        types.String `tfsdk:"stop_date"`
		Redrives    types.Int64  `tfsdk:"redrive_count"`
		History     []event      `tfsdk:"history"`
	}
	event struct {
		ID       types.Int64  `tfsdk:"id"`
		Previous types.Int64  `tfsdk:"previous_id"`
		Time     types.String `tfsdk:"timestamp"`
		Type     types.String `tfsdk:"type"`
		State    types.String `tfsdk:"state"`
		Details  types.String `tfsdk:"details"`
	}
)

// Execution is the data source serverless_execution: what became of an execution.
var Execution = tf.Source[*statemachine.Clients, executionModel]{
	Name: "execution",
	Schema: schema.Schema{
		MarkdownDescription: "Reads an execution of a `STANDARD` state machine: how it stands, what came out, and what happened on the way.",
		Attributes: map[string]schema.Attribute{
			"arn":               schema.StringAttribute{Required: true, Validators: []validator.String{statemachine.ExecutionARN}, MarkdownDescription: "ARN of the execution."},
			"wait":              schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether to wait until it has ended. Default: false."},
			"include_history":   schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether to read its history, which may have 25,000 events. Default: false."},
			"name":              schema.StringAttribute{Computed: true, MarkdownDescription: "Its name."},
			"state_machine_arn": schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of the state machine."},
			"version_arn":       schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of the version that it runs by; null for what is not published."},
			"alias_arn":         schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of the alias that it was started by; null for none."},
			"status":            schema.StringAttribute{Computed: true, MarkdownDescription: "`RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT`, `ABORTED` or `PENDING_REDRIVE`."},
			"input":             schema.StringAttribute{Computed: true, MarkdownDescription: "Its input, JSON."},
			"output":            schema.StringAttribute{Computed: true, MarkdownDescription: "Its output, JSON: `jsondecode` reads it; null unless it succeeded."},
			"error":             schema.StringAttribute{Computed: true, MarkdownDescription: "Name of the error that it ended with; null for none."},
			"cause":             schema.StringAttribute{Computed: true, MarkdownDescription: "What is said of that error; null for nothing."},
			"start_date":        schema.StringAttribute{Computed: true, MarkdownDescription: "When it was started, such as `2026-07-01T12:00:00.123Z`."},
			"stop_date":         schema.StringAttribute{Computed: true, MarkdownDescription: "When it ended; null while it runs."},
			"redrive_count":     schema.Int64Attribute{Computed: true, MarkdownDescription: "How often it was redriven."},
			"history": schema.ListNestedAttribute{
				Computed: true, MarkdownDescription: "Its events, the oldest first; null without `include_history`.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"id":          schema.Int64Attribute{Computed: true, MarkdownDescription: "Number of the event, from 1."},
					"previous_id": schema.Int64Attribute{Computed: true, MarkdownDescription: "Number of the event that led to it; 0 for none."},
					"timestamp":   schema.StringAttribute{Computed: true, MarkdownDescription: "When it happened."},
					"type":        schema.StringAttribute{Computed: true, MarkdownDescription: "What happened, such as `TaskStateEntered`."},
					"state":       schema.StringAttribute{Computed: true, MarkdownDescription: "Name of the state that was entered or left; null for other events."},
					"details":     schema.StringAttribute{Computed: true, MarkdownDescription: "What else AWS tells of it, JSON."},
				}},
			},
		},
	},
	Read: func(ctx context.Context, c *statemachine.Clients, m *executionModel) error {
		arn := m.ARN.ValueString()
		var out *sfn.DescribeExecutionOutput
		err := tf.Poll(ctx, "execution "+arn+" to end", func(ctx context.Context) (bool, error) {
			var err error
			out, err = c.SFN.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &arn})
			return err != nil || !m.Wait.ValueBool() || out.Status != aws.ExecutionStatusRunning && out.Status != aws.ExecutionStatusPendingRedrive, err
		})
		if err != nil {
			return err
		}
		m.Name, m.Machine = types.StringPointerValue(out.Name), types.StringPointerValue(out.StateMachineArn)
		m.Version, m.Alias = types.StringPointerValue(out.StateMachineVersionArn), types.StringPointerValue(out.StateMachineAliasArn)
		m.Status, m.Input, m.Output = types.StringValue(string(out.Status)), types.StringPointerValue(out.Input), types.StringPointerValue(out.Output)
		m.Error, m.Cause = types.StringPointerValue(out.Error), types.StringPointerValue(out.Cause)
		m.Start, m.Stop, m.Redrives = stamp(out.StartDate), stamp(out.StopDate), types.Int64Value(0)
		if out.RedriveCount != nil {
			m.Redrives = types.Int64Value(int64(*out.RedriveCount))
		}
		if !m.WithHistory.ValueBool() {
			return nil
		}
		all, err := statemachine.History(ctx, c, arn, 0)
		m.History = make([]event, len(all))
		for i, e := range all {
			m.History[i] = event{
				ID: types.Int64Value(e.ID), Previous: types.Int64Value(e.Previous), Time: stamp(&e.Time), Type: types.StringValue(e.Type),
				State: tf.NonEmpty(&e.State), Details: types.StringValue(e.Details),
			}
		}
		return err
	},
}
