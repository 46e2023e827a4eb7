package function

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
	"github.com/tfserverless/terraform-provider-serverless/resources/function"
)

type logsModel struct {
	tf.SourceBase
	Group  types.String `tfsdk:"group"`
	Filter types.String `tfsdk:"filter"`
	Since  types.Int64  `tfsdk:"since"`
	Limit  types.Int64  `tfsdk:"limit"`
	Lines  []string     `tfsdk:"lines"`
}

// Logs is the data source serverless_logs: the last lines of a log group.
var Logs = tf.Source[*function.Clients, logsModel]{
	Name: "logs",
	Schema: schema.Schema{
		MarkdownDescription: "Reads the last lines of a log group, such as a function's.",
		Attributes: map[string]schema.Attribute{
			"group":  schema.StringAttribute{Required: true, MarkdownDescription: "Name of the log group, such as the `log_group_name` of a `serverless_function`."},
			"filter": schema.StringAttribute{Optional: true, MarkdownDescription: "A filter pattern of CloudWatch Logs, such as `ERROR`. Default: all lines."},
			"since":  schema.Int64Attribute{Optional: true, MarkdownDescription: "Milliseconds since 1970 of the oldest line. Default: any."},
			"limit":  schema.Int64Attribute{Optional: true, Validators: []validator.Int64{int64validator.Between(1, 10000)}, MarkdownDescription: "Most lines, 1 to 10000: the last ones. Default: 100."},
			"lines":  schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "The lines, the oldest first."},
		},
	},
	Read: func(ctx context.Context, c *function.Clients, m *logsModel) error {
		limit := 100
		if !m.Limit.IsNull() {
			limit = int(m.Limit.ValueInt64())
		}
		m.Lines = []string{}
		pages := cloudwatchlogs.NewFilterLogEventsPaginator(c.Events, &cloudwatchlogs.FilterLogEventsInput{
			LogGroupName: m.Group.ValueStringPointer(), FilterPattern: m.Filter.ValueStringPointer(), StartTime: m.Since.ValueInt64Pointer(),
		})
		for pages.HasMorePages() {
			out, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			for _, e := range out.Events {
				m.Lines = append(m.Lines, aws.ToString(e.Message))
			}
			if over := len(m.Lines) - limit; over > 0 {
				m.Lines = m.Lines[over:]
			}
		}
		return nil
	},
}
