package function

import (
	"context"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/float64validator"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

type trafficModel struct {
	tf.ActionBase
	Function tftypes.String  `tfsdk:"function"`
	Version  tftypes.String  `tfsdk:"version"`
	Weight   tftypes.Float64 `tfsdk:"weight"`
}

type rollbackModel struct {
	tf.ActionBase
	Function tftypes.String `tfsdk:"function"`
	Version  tftypes.String `tfsdk:"version"`
}

const ofAlias = "ARN of the alias, such as the `target_arn` of a `serverless_function` with `publish`, or the function's name, a colon and the alias."

// ShiftTraffic is the action serverless_shift_traffic.
var ShiftTraffic = tf.Action[*Clients, trafficModel]{
	Name: "shift_traffic",
	Schema: schema.Schema{
		MarkdownDescription: "Sends a part of an alias's calls to another version, or all of them: one step of a careful roll-out. The next apply of a `serverless_function` with `publish` brings its alias back to what the configuration says.",
		Attributes: map[string]schema.Attribute{
			"function": schema.StringAttribute{Required: true, Validators: []validator.String{functionRef}, MarkdownDescription: ofAlias},
			"version":  schema.StringAttribute{Required: true, Validators: []validator.String{published}, MarkdownDescription: "Number of the version that gets the part."},
			"weight":   schema.Float64Attribute{Required: true, Validators: []validator.Float64{float64validator.Between(0, 1)}, MarkdownDescription: "How much it gets, 0 to 1. With 1 the alias leads to it alone, with 0 to its old version alone."},
		},
	},
	Invoke: func(ctx context.Context, c *Clients, m *trafficModel, progress func(string, ...any)) error {
		r, alias, err := aliasOf(ctx, c, m.Function)
		if err != nil {
			return err
		}
		version, weights := aws.ToString(alias.FunctionVersion), map[string]float64{}
		switch w := m.Weight.ValueFloat64(); {
		case w == 1:
			version = m.Version.ValueString()
		case w > 0 && m.Version.ValueString() != version:
			weights[m.Version.ValueString()] = w
		}
		if err := moveAlias(ctx, c, r, version, weights); err != nil {
			return err
		}
		if len(weights) == 0 {
			progress("%s leads to version %s alone.", r.id(), version)
		} else {
			progress("%s sends %g of its calls to version %s, and the others to %s.", r.id(), m.Weight.ValueFloat64(), m.Version.ValueString(), version)
		}
		return nil
	},
}

// Rollback is the action serverless_rollback.
var Rollback = tf.Action[*Clients, rollbackModel]{
	Name: "rollback",
	Schema: schema.Schema{
		MarkdownDescription: "Lets an alias lead to the version before the one that it leads to, at once. The next apply of a `serverless_function` with `publish` brings its alias forward again: correct the function first.",
		Attributes: map[string]schema.Attribute{
			"function": schema.StringAttribute{Required: true, Validators: []validator.String{functionRef}, MarkdownDescription: ofAlias},
			"version":  schema.StringAttribute{Optional: true, Validators: []validator.String{published}, MarkdownDescription: "Number of the version to go back to. Default: the newest one before the alias's."},
		},
	},
	Invoke: func(ctx context.Context, c *Clients, m *rollbackModel, progress func(string, ...any)) error {
		r, alias, err := aliasOf(ctx, c, m.Function)
		if err != nil {
			return err
		}
		to := m.Version.ValueString()
		if to == "" {
			if to, err = before(ctx, c, r, aws.ToString(alias.FunctionVersion)); err != nil {
				return err
			}
		}
		if err := moveAlias(ctx, c, r, to, nil); err != nil {
			return err
		}
		progress("%s leads to version %s again; it led to %s.", r.id(), to, aws.ToString(alias.FunctionVersion))
		return nil
	},
}

// aliasOf finds the alias that a reference names.
func aliasOf(ctx context.Context, c *Clients, function tftypes.String) (reference, *lambda.GetAliasOutput, error) {
	r := refer(function)
	if r.qualifier == nil {
		return r, nil, &tf.Problem{Summary: "Which alias?", Detail: "The function " + r.id() + " is named without an alias. Write a colon and the alias behind it, or give the target_arn of a function with publish."}
	}
	out, err := c.Lambda.GetAlias(ctx, &lambda.GetAliasInput{FunctionName: r.name, Name: r.qualifier})
	return r, out, err
}

func moveAlias(ctx context.Context, c *Clients, r reference, version string, weights map[string]float64) error {
	if weights == nil {
		weights = map[string]float64{}
	}
	return tf.Retry(ctx, allocating, func(ctx context.Context) error {
		_, err := c.Lambda.UpdateAlias(ctx, &lambda.UpdateAliasInput{
			FunctionName: r.name, Name: r.qualifier, FunctionVersion: &version, RoutingConfig: &types.AliasRoutingConfiguration{AdditionalVersionWeights: weights},
		})
		return err
	})
}

// before is the newest version older than one.
func before(ctx context.Context, c *Clients, r reference, version string) (string, error) {
	now, err := strconv.Atoi(version)
	if err != nil {
		return "", &tf.Problem{Summary: "Nothing to go back from", Detail: r.id() + " leads to " + version + ", which is no published version. Name the version to go to."}
	}
	var older []int
	err = eachVersion(ctx, c, r, func(v types.FunctionConfiguration) error {
		if n, err := strconv.Atoi(aws.ToString(v.Version)); err == nil && n < now {
			older = append(older, n)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	if len(older) == 0 {
		return "", &tf.Problem{Summary: "There is no version to go back to", Detail: "The function has no version before " + version + ". publish.keep_versions says how many are kept."}
	}
	return strconv.Itoa(slices.Max(older)), nil
}
