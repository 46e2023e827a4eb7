// Package access has the data sources about who calls which AWS. It must not know
// what is deployed there.
package access

import (
	"context"

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
}

type contextModel struct {
	tf.SourceBase
	AccountID types.String      `tfsdk:"account_id"`
	Partition types.String      `tfsdk:"partition"`
	Emulator  types.Bool        `tfsdk:"emulator"`
	Endpoints map[string]string `tfsdk:"endpoints"`
}

// Context is the data source serverless_context: where resources go.
var Context = tf.Source[Backend, contextModel]{
	Name: "context",
	Schema: schema.Schema{
		MarkdownDescription: "Where the provider's resources go: account, region, and whether that is AWS or the emulator.",
		Attributes: map[string]schema.Attribute{
			"account_id": schema.StringAttribute{Computed: true, MarkdownDescription: "Account of the provider's credentials, 12 digits; `000000000000` on the emulator."},
			"partition":  schema.StringAttribute{Computed: true, MarkdownDescription: "First part of ARNs: `aws`, `aws-cn`, `aws-us-gov`."},
			"emulator":   schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the emulator stands in for AWS."},
			"endpoints":  schema.MapAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "URLs of servers other than AWS's own, by service; empty on AWS."},
		},
	},
	Read: func(ctx context.Context, b Backend, m *contextModel) error {
		var err error
		if m.Endpoints, err = b.Endpoints(ctx); err != nil {
			return err
		}
		s := tf.ScopeOf(ctx)
		m.AccountID, m.Partition = types.StringValue(s.Account), types.StringValue(s.Partition)
		m.Emulator = types.BoolValue(b.Emulated())
		return nil
	},
}
