// Package access has the data sources about who calls which AWS, and policies for it.
// It must not know what is deployed there.
package access

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// A Backend is what the data sources ask about the provider's choice of AWS.
type Backend interface {
	Emulated() bool
	// Endpoints returns the addresses of servers other than AWS's own.
	Endpoints(ctx context.Context) (map[string]string, error)
}

// Sources lists the family's data sources, alphabetically.
var Sources = []tf.SourceEntry[Backend]{
	Context,
	Policy,
	PolicyTemplate,
}

type contextModel struct {
	tf.SourceBase
	AccountID  types.String      `tfsdk:"account_id"`
	Partition  types.String      `tfsdk:"partition"`
	DNSSuffix  types.String      `tfsdk:"dns_suffix"`
	Emulator   types.Bool        `tfsdk:"emulator"`
	Endpoints  map[string]string `tfsdk:"endpoints"`
	NamePrefix types.String      `tfsdk:"name_prefix"`
	Stack      types.String      `tfsdk:"stack"`
	Tags       types.Map         `tfsdk:"tags"`
}

// suffixes are those of the partitions that have others than AWS's first.
var suffixes = map[string]string{
	"aws-cn": "amazonaws.com.cn", "aws-iso": "c2s.ic.gov", "aws-iso-b": "sc2s.sgov.gov", "aws-iso-e": "cloud.adc-e.uk", "aws-iso-f": "csp.hci.ic.gov",
	"aws-eusc": "amazonaws.eu",
}

// Context is the data source serverless_context: where resources go.
var Context = tf.Source[Backend, contextModel]{
	Name: "context",
	Schema: schema.Schema{
		MarkdownDescription: "Where the provider's resources go: account, region, and whether that is AWS or the emulator; and what the provider gives all of them.",
		Attributes: map[string]schema.Attribute{
			"account_id":  schema.StringAttribute{Computed: true, MarkdownDescription: "Account of the provider's credentials, 12 digits; `000000000000` on the emulator."},
			"partition":   schema.StringAttribute{Computed: true, MarkdownDescription: "First part of ARNs: `aws`, `aws-cn`, `aws-us-gov`."},
			"emulator":    schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the emulator stands in for AWS."},
			"endpoints":   schema.MapAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "URLs of servers other than AWS's own, by service; empty on AWS."},
			"dns_suffix":  schema.StringAttribute{Computed: true, MarkdownDescription: "What the host names of AWS's services end with there, such as `amazonaws.com`; that of services' principals is always `amazonaws.com`."},
			"name_prefix": schema.StringAttribute{Computed: true, MarkdownDescription: "The provider's `name_prefix`; null for none."},
			"stack":       schema.StringAttribute{Computed: true, MarkdownDescription: "The provider's `stack`; null for none."},
			"tags":        schema.MapAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "The provider's `tags`; empty for none."},
		},
	},
	Read: func(ctx context.Context, b Backend, m *contextModel) error {
		var err error
		if m.Endpoints, err = b.Endpoints(ctx); err != nil {
			return err
		}
		s := tf.ScopeOf(ctx)
		m.AccountID, m.Partition = types.StringValue(s.Account), types.StringValue(s.Partition)
		m.Emulator, m.DNSSuffix = types.BoolValue(b.Emulated()), types.StringValue(suffixes[s.Partition])
		if m.DNSSuffix.ValueString() == "" {
			m.DNSSuffix = types.StringValue("amazonaws.com")
		}
		p := tf.Configured(ctx)
		m.NamePrefix, m.Stack, m.Tags = p.NamePrefix, p.Stack, p.Tags
		if m.Tags.IsNull() {
			m.Tags = types.MapValueMust(types.StringType, map[string]attr.Value{})
		}
		return nil
	},
}
