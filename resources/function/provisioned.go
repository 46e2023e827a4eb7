package function

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// provisioned is the model of serverless_provisioned_concurrency.
type provisioned struct {
	tf.Base
	Function   tftypes.String `tfsdk:"function"`
	Executions tftypes.Int64  `tfsdk:"executions"`
}

// Provisioned is the type serverless_provisioned_concurrency.
var Provisioned = tf.Type[*Clients, provisioned]{
	Name:   "provisioned_concurrency",
	Import: []string{"function"},
	ARN:    "lambda:function:{function}",
	Gone:   unprovisioned,
	Schema: schema.Schema{
		MarkdownDescription: "Keeps copies of an alias or a version of a function started, so that calls find them warm. They cost money while they wait. " +
			"`serverless_function` has the same as `publish.provisioned_concurrency`; this is for more aliases, or for functions that something else makes.",
		Attributes: map[string]schema.Attribute{
			"function": functionAttribute("what is kept started"),
			"executions": schema.Int64Attribute{
				Required: true, Validators: []validator.Int64{int64validator.AtLeast(1)},
				MarkdownDescription: "How many are kept started, at least 1.",
			},
		},
	},
	Replace: []string{"function"},
	Validate: func(_ context.Context, v *tf.Check, m *provisioned) {
		if m.Function.IsNull() || m.Function.IsUnknown() {
			return
		}
		if q := refer(m.Function).qualifier; q == nil || *q == "$LATEST" {
			v.Error(path.Root("function"), "Neither an alias nor a version", "Only what is published can be kept started. Write a colon and an alias or a version behind the function, or give the target_arn of one that publishes.")
		}
	},
	Find: func(ctx context.Context, c *Clients, m *provisioned) (bool, map[string]string, error) {
		n, err := getProvisioned(ctx, c, refer(m.Function))
		return n > 0, nil, err
	},
	Create: func(ctx context.Context, c *Clients, m *provisioned) error {
		r := refer(m.Function)
		if err := putProvisioned(ctx, c, r, m.Executions); err != nil {
			return unanswered(err)
		}
		m.ID = tftypes.StringValue(r.id())
		return ready(ctx, c, r, true)
	},
	Read: func(ctx context.Context, c *Clients, m *provisioned) error {
		r := refer(m.Function)
		out, err := c.Lambda.GetProvisionedConcurrencyConfig(ctx, &lambda.GetProvisionedConcurrencyConfigInput{FunctionName: r.name, Qualifier: r.qualifier})
		if err != nil {
			return err
		}
		m.ID, m.Executions = tftypes.StringValue(r.id()), integer(out.RequestedProvisionedConcurrentExecutions)
		return nil
	},
	Update: func(ctx context.Context, c *Clients, _, m *provisioned) error {
		r := refer(m.Function)
		if err := putProvisioned(ctx, c, r, m.Executions); err != nil {
			return err
		}
		return ready(ctx, c, r, true)
	},
	Delete: func(ctx context.Context, c *Clients, m *provisioned) error {
		return deleteProvisioned(ctx, c, refer(m.Function))
	},
	Within: []string{"function"},
	List: func(ctx context.Context, c *Clients, in *provisioned, found func(*provisioned) error) error {
		pages := lambda.NewListProvisionedConcurrencyConfigsPaginator(c.Lambda, &lambda.ListProvisionedConcurrencyConfigsInput{FunctionName: refer(in.Function).name})
		for pages.HasMorePages() {
			out, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			for _, one := range out.ProvisionedConcurrencyConfigs {
				m := *in
				m.Function = tftypes.StringValue(refer(tftypes.StringPointerValue(one.FunctionArn)).plain().id())
				if err := found(&m); err != nil {
					return err
				}
			}
		}
		return nil
	},
	Moves: map[string]map[string]string{"aws_lambda_provisioned_concurrency_config": {"function": "function_name:qualifier"}},
}

// unprovisioned says that there is no configuration, or nothing that could have one.
func unprovisioned(err error) bool {
	const get, remove = "GetProvisionedConcurrencyConfig", "DeleteProvisionedConcurrencyConfig"
	return tf.Gone[*types.ProvisionedConcurrencyConfigNotFoundException](get, remove)(err) || tf.Gone[*types.ResourceNotFoundException](get, remove)(err)
}

// getProvisioned returns how many are asked for; 0 for none.
func getProvisioned(ctx context.Context, c *Clients, r reference) (int32, error) {
	out, err := c.Lambda.GetProvisionedConcurrencyConfig(ctx, &lambda.GetProvisionedConcurrencyConfigInput{FunctionName: r.name, Qualifier: r.qualifier})
	switch {
	case unprovisioned(err):
		return 0, nil
	case err != nil:
		return 0, err
	}
	return aws.ToInt32(out.RequestedProvisionedConcurrentExecutions), nil
}

func putProvisioned(ctx context.Context, c *Clients, r reference, n tftypes.Int64) error {
	return tf.Retry(ctx, allocating, func(ctx context.Context) error {
		_, err := c.Lambda.PutProvisionedConcurrencyConfig(ctx, &lambda.PutProvisionedConcurrencyConfigInput{
			FunctionName: r.name, Qualifier: r.qualifier, ProvisionedConcurrentExecutions: number(n),
		})
		return err
	})
}

// allocating reports whether AWS is still at work on an earlier change.
func allocating(err error) bool {
	return parts.InProgress(err) || tf.Says(err, "ResourceConflictException", "Alias")
}

// ready waits until all are started; of what was just asked for, also until AWS
// shows it.
func ready(ctx context.Context, c *Clients, r reference, fresh bool) error {
	return tf.Poll(ctx, "the provisioned concurrency of "+r.id()+" to be ready", func(ctx context.Context) (bool, error) {
		out, err := c.Lambda.GetProvisionedConcurrencyConfig(ctx, &lambda.GetProvisionedConcurrencyConfigInput{FunctionName: r.name, Qualifier: r.qualifier})
		switch {
		case fresh && tf.Is[*types.ProvisionedConcurrencyConfigNotFoundException](err):
			return false, nil
		case err != nil:
			return false, err
		case out.Status == types.ProvisionedConcurrencyStatusEnumFailed:
			return false, &tf.Problem{Summary: "The concurrency of " + r.id() + " cannot be provisioned", Detail: "AWS says: " + aws.ToString(out.StatusReason)}
		}
		return out.Status == types.ProvisionedConcurrencyStatusEnumReady, nil
	})
}

func deleteProvisioned(ctx context.Context, c *Clients, r reference) error {
	err := tf.Retry(ctx, allocating, func(ctx context.Context) error {
		_, err := c.Lambda.DeleteProvisionedConcurrencyConfig(ctx, &lambda.DeleteProvisionedConcurrencyConfigInput{FunctionName: r.name, Qualifier: r.qualifier})
		return err
	})
	if tf.Is[*types.ProvisionedConcurrencyConfigNotFoundException](err) {
		return nil
	}
	return err
}
