package provider

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// Schema describes the provider block.
func (p *Provider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Serverless applications on AWS: functions, APIs and routes, tables and what belongs to them. " +
			"With `backend = { emulator = {} }` or `SERVERLESS_BACKEND=emulator` the same configuration runs on the emulator in this binary, without an account.",
		Attributes: map[string]schema.Attribute{
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
			"ignore_tags": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "Tags that others put on what is managed here: they are neither shown nor removed. A tag that is written in the configuration is managed nevertheless.",
				Attributes: map[string]schema.Attribute{
					"keys":         schema.SetAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Keys of such tags."},
					"key_prefixes": schema.SetAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "What keys of such tags begin with, such as `cost:`."},
				},
			},
			"permissions_boundary": schema.StringAttribute{
				Optional: true, Validators: []validator.String{tf.Pattern(`^arn:[\w-]+:iam::(\d{12}|aws):policy/.+$`, "a policy's ARN is arn:aws:iam::123456789012:policy/NAME")},
				MarkdownDescription: "ARN of the policy that limits what each role that is made may do at most, whatever its own policies say; a `permissions_boundary` of the resource counts over it. Default: none.",
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
	maps.Copy(resp.Schema.Attributes, Session{}.attributes())
}
