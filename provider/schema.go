package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Schema describes the provider block.
func (p *Provider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Serverless applications on AWS: functions, APIs and routes, tables and what belongs to them. " +
			"With `backend = { emulator = {} }` or `SERVERLESS_BACKEND=emulator` the same configuration runs on the emulator in this binary, without an account.",
		Attributes: map[string]schema.Attribute{
			"region": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Region of all resources that do not name one, such as `eu-north-1`. Default: `AWS_REGION`, `AWS_DEFAULT_REGION`, or the region of the profile. Changing it replaces the resources that it applies to.",
			},
			"profile": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Profile of `~/.aws/config` and `~/.aws/credentials`. Default: `AWS_PROFILE`, or `default`. Not used with the emulator.",
			},
			"access_key": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Access key id; needs `secret_key`. Default: whatever the AWS SDK finds in the environment, the profile or the machine's role. Not used with the emulator.",
			},
			"secret_key": schema.StringAttribute{
				Optional: true, Sensitive: true,
				MarkdownDescription: "Secret of `access_key`.",
			},
			"token": schema.StringAttribute{
				Optional: true, Sensitive: true,
				MarkdownDescription: "Session token of a temporary `access_key`.",
			},
			"backend": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "What stands in for AWS. Default: AWS, unless `SERVERLESS_BACKEND=emulator`.",
				Attributes: map[string]schema.Attribute{
					"emulator": schema.SingleNestedAttribute{
						Optional:            true,
						MarkdownDescription: "The emulator in this binary. It is started by the first call to it, and outlives the command while anything is deployed on it.",
						Attributes: map[string]schema.Attribute{
							"data_dir": schema.StringAttribute{
								Optional:            true,
								MarkdownDescription: "Folder that keeps what is deployed, relative to the working directory. Default: `SERVERLESS_DATA_DIR`, or `.serverless`. Another folder is another, empty emulator.",
							},
						},
					},
				},
			},
			"endpoint": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "URL of a server that answers for all of AWS, such as another emulator's.",
			},
			"endpoints": schema.MapAttribute{
				Optional: true, ElementType: types.StringType,
				MarkdownDescription: "URLs for single services: `apigatewayv2`, `applicationautoscaling`, `cloudwatch`, `dynamodb`, `ecr`, `iam`, `lambda`, `logs`, `s3`, `sfn`, `sqs`, `sts`. They count over `endpoint`.",
			},
			"name_prefix": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Put before each `name` to make the name on AWS, such as `shop-dev-`. Default: nothing. Changing it replaces what is named by it.",
			},
			"stack": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Name of this configuration, the same in each run, such as `shop-dev`. An object whose creation was cut off, by a killed process say, is marked with it, and the next apply takes it over instead of meeting a conflict. Default: nothing is taken over by another run.",
			},
			"tags": schema.MapAttribute{
				Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Tags of everything that can have tags; those of a resource count over them.",
			},
			"artifacts": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "Where packages of functions and layers of more than 50 MB are put, from where Lambda takes them: each under its hash, so that the same one is sent once. They stay there.",
				Attributes: map[string]schema.Attribute{
					"bucket": schema.StringAttribute{Optional: true, MarkdownDescription: "Name of a bucket of this account in the functions' region. Default: `serverless-artifacts-<account>-<region>`, which is made when it is needed first, and stays."},
					"prefix": schema.StringAttribute{Optional: true, MarkdownDescription: "What the keys begin with. Default: `serverless/`."},
				},
			},
			"defaults": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "Values for attributes that resources leave open, by type. They show in the plan of each resource that they fill.",
				Attributes:          fillable(),
			},
		},
	}
}
