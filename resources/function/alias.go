package function

import (
	"context"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/float64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// aliasModel is the model of serverless_function_alias.
type aliasModel struct {
	tf.Base
	Function    tftypes.String             `tfsdk:"function"`
	Name        tftypes.String             `tfsdk:"name"`
	Version     tftypes.String             `tfsdk:"version"`
	Description tftypes.String             `tfsdk:"description"`
	Weights     map[string]tftypes.Float64 `tfsdk:"weights"`
	ARN         tftypes.String             `tfsdk:"arn"`
	InvokeARN   tftypes.String             `tfsdk:"invoke_arn"`
}

var (
	aliasName     = tf.Pattern(`^[0-9A-Za-z_-]*[A-Za-z_-][0-9A-Za-z_-]*$`, "an alias's name has 1 to 128 letters, digits, hyphens and underscores, and not only digits")
	versionNumber = tf.Pattern(`^(\$LATEST|[0-9]+)$`, "a version is a number, or $LATEST for what is not published")
	published     = tf.Pattern(`^[0-9]+$`, "write the number of a version that is published")
)

var weightsAttribute = schema.MapAttribute{
	Optional: true, ElementType: tftypes.Float64Type,
	Validators: []validator.Map{
		mapvalidator.SizeBetween(1, 1), mapvalidator.KeysAre(published), mapvalidator.ValueFloat64sAre(float64validator.Between(0, 1)),
	},
	MarkdownDescription: "Another version that gets a part of the calls, by its number: `{ \"3\" = 0.1 }` sends it a tenth of them.",
}

// Alias is the type serverless_function_alias: a name for one published version of
// a function.
var Alias = tf.Type[*Clients, aliasModel]{
	Name:   "function_alias",
	Import: []string{"function", "name"},
	ARN:    "lambda:function:{function}:{name}",
	Gone:   tf.Gone[*types.ResourceNotFoundException]("GetAlias", "DeleteAlias"),
	Schema: schema.Schema{
		MarkdownDescription: "A name for a published version of a function, which leads to another version without those who call it knowing. " +
			"`serverless_function` has one as its attribute `publish`, which follows every change; this is for more of them, or for functions that something else makes.",
		Attributes: map[string]schema.Attribute{
			"function": functionAttribute("the alias"),
			"name": schema.StringAttribute{
				Required: true, Validators: []validator.String{aliasName, stringvalidator.LengthBetween(1, 128)},
				MarkdownDescription: "The name: 1 to 128 letters, digits, hyphens and underscores, and not only digits. Changing it replaces the alias.",
			},
			"version":     schema.StringAttribute{Required: true, Validators: []validator.String{versionNumber}, MarkdownDescription: "The version that is called: a number, or `$LATEST`."},
			"description": schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 256)}, MarkdownDescription: "What the alias is for, at most 256 characters."},
			"weights":     weightsAttribute,
			"arn":         tf.Computed("ARN of the alias: give this to routes, event sources and schedules."),
			"invoke_arn":  tf.Computed("ARN in the form that API Gateway's own resources take."),
		},
	},
	Replace: []string{"function", "name"},
	Find: func(ctx context.Context, c *Clients, m *aliasModel) (bool, map[string]string, error) {
		out, err := getAlias(ctx, c, refer(m.Function), m.Name.ValueString())
		return out != nil, nil, err
	},
	Create: func(ctx context.Context, c *Clients, m *aliasModel) error {
		in := &lambda.CreateAliasInput{
			FunctionName: refer(m.Function).name, Name: m.Name.ValueStringPointer(), FunctionVersion: m.Version.ValueStringPointer(), Description: m.Description.ValueStringPointer(),
		}
		if len(m.Weights) > 0 {
			in.RoutingConfig = &types.AliasRoutingConfiguration{AdditionalVersionWeights: weightsOf(m.Weights)}
		}
		return unanswered(tf.Retry(ctx, parts.InProgress, func(ctx context.Context) error {
			out, err := c.Lambda.CreateAlias(ctx, in)
			if err == nil {
				m.ID = tftypes.StringPointerValue(out.AliasArn)
			}
			return err
		}))
	},
	Read: func(ctx context.Context, c *Clients, m *aliasModel) error {
		r := refer(m.Function)
		out, err := c.Lambda.GetAlias(ctx, &lambda.GetAliasInput{FunctionName: r.name, Name: m.Name.ValueStringPointer()})
		if err != nil {
			return err
		}
		m.ID = tftypes.StringPointerValue(out.AliasArn)
		m.ARN, m.InvokeARN = m.ID, tftypes.StringValue(invokeARN(ctx, *out.AliasArn))
		m.Version, m.Description = tftypes.StringPointerValue(out.FunctionVersion), tf.NonEmpty(out.Description)
		m.Weights = readWeights(out.RoutingConfig)
		return nil
	},
	Update: func(ctx context.Context, c *Clients, _, m *aliasModel) error {
		r := refer(m.Function)
		return tf.Retry(ctx, parts.InProgress, func(ctx context.Context) error {
			_, err := c.Lambda.UpdateAlias(ctx, &lambda.UpdateAliasInput{
				FunctionName: r.name, Name: m.Name.ValueStringPointer(), FunctionVersion: m.Version.ValueStringPointer(),
				Description:   aws.String(m.Description.ValueString()),
				RoutingConfig: &types.AliasRoutingConfiguration{AdditionalVersionWeights: weightsOf(m.Weights)},
			})
			return err
		})
	},
	Delete: func(ctx context.Context, c *Clients, m *aliasModel) error {
		return deleteAlias(ctx, c, refer(m.Function), m.Name.ValueString())
	},
	Within: []string{"function"},
	List: func(ctx context.Context, c *Clients, in *aliasModel, found func(*aliasModel) error) error {
		r := refer(in.Function)
		pages := lambda.NewListAliasesPaginator(c.Lambda, &lambda.ListAliasesInput{FunctionName: r.name})
		for pages.HasMorePages() {
			out, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			for _, a := range out.Aliases {
				m := *in
				m.Name, m.Version, m.ARN = tftypes.StringPointerValue(a.Name), tftypes.StringPointerValue(a.FunctionVersion), tftypes.StringPointerValue(a.AliasArn)
				if err := found(&m); err != nil {
					return err
				}
			}
		}
		return nil
	},
	Moves: map[string]map[string]string{"aws_lambda_alias": {"function": "function_name", "name": "name"}},
}

// weightsOf are weights as AWS is told them; none ends what there was.
func weightsOf(weights map[string]tftypes.Float64) map[string]float64 {
	all := map[string]float64{}
	for version, w := range weights {
		all[version] = w.ValueFloat64()
	}
	return all
}

func readWeights(r *types.AliasRoutingConfiguration) map[string]tftypes.Float64 {
	if r == nil || len(r.AdditionalVersionWeights) == 0 {
		return nil
	}
	all := map[string]tftypes.Float64{}
	for version, w := range maps.All(r.AdditionalVersionWeights) {
		all[version] = tftypes.Float64Value(w)
	}
	return all
}

// getAlias returns an alias; nil if there is none.
func getAlias(ctx context.Context, c *Clients, r reference, name string) (*lambda.GetAliasOutput, error) {
	out, err := c.Lambda.GetAlias(ctx, &lambda.GetAliasInput{FunctionName: r.name, Name: &name})
	if tf.Is[*types.ResourceNotFoundException](err) {
		return nil, nil
	}
	return out, err
}

func deleteAlias(ctx context.Context, c *Clients, r reference, name string) error {
	return tf.Retry(ctx, parts.InProgress, func(ctx context.Context) error {
		_, err := c.Lambda.DeleteAlias(ctx, &lambda.DeleteAliasInput{FunctionName: r.name, Name: &name})
		return err
	})
}
