package function

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// async says what becomes of calls whose caller does not wait.
type async struct {
	MaxAge     tftypes.Int64  `tfsdk:"max_age"`
	MaxRetries tftypes.Int64  `tfsdk:"max_retries"`
	OnSuccess  tftypes.String `tfsdk:"on_success"`
	OnFailure  tftypes.String `tfsdk:"on_failure"`
}

var asyncAttributes = map[string]schema.Attribute{
	"max_age": schema.Int64Attribute{
		Optional: true, Computed: true, Default: int64default.StaticInt64(21600), Validators: []validator.Int64{int64validator.Between(60, 21600)},
		MarkdownDescription: "Seconds that a call may wait until it is given up, 60 to 21600. Default: 21600, six hours.",
	},
	"max_retries": schema.Int64Attribute{
		Optional: true, Computed: true, Default: int64default.StaticInt64(2), Validators: []validator.Int64{int64validator.Between(0, 2)},
		MarkdownDescription: "How often a call that failed is made again, 0 to 2. Default: 2.",
	},
	"on_success": schema.StringAttribute{
		Optional: true, Validators: []validator.String{arn},
		MarkdownDescription: "ARN of a queue, topic, event bus or function that is told of each call that succeeded.",
	},
	"on_failure": schema.StringAttribute{
		Optional: true, Validators: []validator.String{arn},
		MarkdownDescription: "ARN of a queue, topic, event bus, function or bucket that is told of each call that was given up.",
	},
}

// asyncFunction is the model of serverless_function_async_config.
type asyncFunction struct {
	tf.Base
	Function   tftypes.String `tfsdk:"function"`
	MaxAge     tftypes.Int64  `tfsdk:"max_age"`
	MaxRetries tftypes.Int64  `tfsdk:"max_retries"`
	OnSuccess  tftypes.String `tfsdk:"on_success"`
	OnFailure  tftypes.String `tfsdk:"on_failure"`
}

func (m *asyncFunction) config() *async {
	return &async{m.MaxAge, m.MaxRetries, m.OnSuccess, m.OnFailure}
}

// AsyncConfig is the type serverless_function_async_config.
var AsyncConfig = tf.Type[*Clients, asyncFunction]{
	Name:   "function_async_config",
	Import: []string{"function"},
	ARN:    "lambda:function:{function}",
	Gone:   tf.Gone[*types.ResourceNotFoundException]("GetFunctionEventInvokeConfig", "DeleteFunctionEventInvokeConfig"),
	Schema: schema.Schema{
		MarkdownDescription: "What becomes of calls of a function whose caller does not wait: how long they are tried, and who is told of them. " +
			"`serverless_function` has the same as its attribute `async`; this is for functions that something else makes. The function's role must be allowed to send to the destinations.",
		Attributes: with(asyncAttributes, "function", functionAttribute("the configuration")),
	},
	Replace: []string{"function"},
	Find: func(ctx context.Context, c *Clients, m *asyncFunction) (bool, map[string]string, error) {
		found, err := getAsync(ctx, c, refer(m.Function))
		return found != nil, nil, err
	},
	Create: func(ctx context.Context, c *Clients, m *asyncFunction) error {
		f := refer(m.Function)
		err := putAsync(ctx, c, f, m.config())
		if err == nil {
			m.ID = tftypes.StringValue(f.id())
		}
		return unanswered(err)
	},
	Read: func(ctx context.Context, c *Clients, m *asyncFunction) error {
		f := refer(m.Function)
		found, err := c.Lambda.GetFunctionEventInvokeConfig(ctx, f.asyncConfig())
		if err != nil {
			return err
		}
		a := asyncOf(found.MaximumEventAgeInSeconds, found.MaximumRetryAttempts, found.DestinationConfig)
		m.ID = tftypes.StringValue(f.id())
		m.MaxAge, m.MaxRetries, m.OnSuccess, m.OnFailure = a.MaxAge, a.MaxRetries, a.OnSuccess, a.OnFailure
		return nil
	},
	Update: func(ctx context.Context, c *Clients, _, m *asyncFunction) error {
		return putAsync(ctx, c, refer(m.Function), m.config())
	},
	Delete: func(ctx context.Context, c *Clients, m *asyncFunction) error {
		return deleteAsync(ctx, c, refer(m.Function))
	},
	Within: []string{"function"},
	List: func(ctx context.Context, c *Clients, in *asyncFunction, found func(*asyncFunction) error) error {
		pages := lambda.NewListFunctionEventInvokeConfigsPaginator(c.Lambda, &lambda.ListFunctionEventInvokeConfigsInput{FunctionName: refer(in.Function).name})
		for pages.HasMorePages() {
			out, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			for _, one := range out.FunctionEventInvokeConfigs {
				m := *in
				m.Function = tftypes.StringValue(refer(tftypes.StringPointerValue(one.FunctionArn)).plain().id())
				if err := found(&m); err != nil {
					return err
				}
			}
		}
		return nil
	},
	Moves: map[string]map[string]string{"aws_lambda_function_event_invoke_config": {"function": "function_name:qualifier?"}},
}

func (r reference) asyncConfig() *lambda.GetFunctionEventInvokeConfigInput {
	return &lambda.GetFunctionEventInvokeConfigInput{FunctionName: r.name, Qualifier: r.qualifier}
}

// getAsync returns what there is; nil for nothing.
func getAsync(ctx context.Context, c *Clients, r reference) (*async, error) {
	out, err := c.Lambda.GetFunctionEventInvokeConfig(ctx, r.asyncConfig())
	switch {
	case tf.Is[*types.ResourceNotFoundException](err):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return asyncOf(out.MaximumEventAgeInSeconds, out.MaximumRetryAttempts, out.DestinationConfig), nil
}

func asyncOf(age, retries *int32, to *types.DestinationConfig) *async {
	a := &async{MaxAge: tftypes.Int64Value(21600), MaxRetries: tftypes.Int64Value(2)}
	if age != nil {
		a.MaxAge = integer(age)
	}
	if retries != nil {
		a.MaxRetries = integer(retries)
	}
	if to != nil && to.OnSuccess != nil {
		a.OnSuccess = tf.NonEmpty(to.OnSuccess.Destination)
	}
	if to != nil && to.OnFailure != nil {
		a.OnFailure = tf.NonEmpty(to.OnFailure.Destination)
	}
	return a
}

// putAsync writes the whole configuration. The role's right to send may be too new
// for AWS to know it.
func putAsync(ctx context.Context, c *Clients, r reference, a *async) error {
	to := &types.DestinationConfig{}
	if v := a.OnSuccess.ValueStringPointer(); v != nil {
		to.OnSuccess = &types.OnSuccess{Destination: v}
	}
	if v := a.OnFailure.ValueStringPointer(); v != nil {
		to.OnFailure = &types.OnFailure{Destination: v}
	}
	return tf.Retry(ctx, notSettled, func(ctx context.Context) error {
		_, err := c.Lambda.PutFunctionEventInvokeConfig(ctx, &lambda.PutFunctionEventInvokeConfigInput{
			FunctionName: r.name, Qualifier: r.qualifier,
			MaximumEventAgeInSeconds: number(a.MaxAge), MaximumRetryAttempts: number(a.MaxRetries), DestinationConfig: to,
		})
		return err
	})
}

func deleteAsync(ctx context.Context, c *Clients, r reference) error {
	return tf.Retry(ctx, notSettled, func(ctx context.Context) error {
		_, err := c.Lambda.DeleteFunctionEventInvokeConfig(ctx, &lambda.DeleteFunctionEventInvokeConfigInput{FunctionName: r.name, Qualifier: r.qualifier})
		return err
	})
}
