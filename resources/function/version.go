package function

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// versionModel is the model of serverless_function_version.
type versionModel struct {
	tf.Base
	Function    tftypes.String `tfsdk:"function"`
	Version     tftypes.String `tfsdk:"version"`
	Description tftypes.String `tfsdk:"description"`
	CodeSHA256  tftypes.String `tfsdk:"code_sha256"`
	Triggers    variables      `tfsdk:"triggers"`
	Retain      tftypes.Bool   `tfsdk:"retain"`
	ARN         tftypes.String `tfsdk:"arn"`
	InvokeARN   tftypes.String `tfsdk:"invoke_arn"`
}

// Version is the type serverless_function_version.
var Version = tf.Type[*Clients, versionModel]{
	Name:   "function_version",
	Import: []string{"function", "version"},
	ARN:    "lambda:function:{function}:{version}",
	Gone:   tf.Gone[*types.ResourceNotFoundException]("GetFunctionConfiguration", "DeleteFunction"),
	Schema: schema.Schema{
		MarkdownDescription: "A published version of a function: what it is now, which never changes again. A change of `code_sha256` or `triggers` publishes another one. " +
			"Where the function did not change since its last version, AWS publishes nothing, and that version is the one of this resource too: leave `retain` as it is where another block may have it. " +
			"`serverless_function` publishes by itself with its attribute `publish`; this is for functions that something else makes.",
		Attributes: map[string]schema.Attribute{
			"function":    functionAttribute("the version"),
			"version":     tf.Computed("The version's number."),
			"description": schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 256)}, MarkdownDescription: "What the version is, at most 256 characters. Default: the function's description. Changing it publishes another version."},
			"code_sha256": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "The function's `code_sha256`: publishing is refused if the function has other code by then. Changing it publishes another version.",
			},
			"triggers": schema.MapAttribute{
				Optional: true, ElementType: tftypes.StringType,
				MarkdownDescription: "Anything whose change shall publish another version, such as `{ changed = serverless_function.f.last_modified }`.",
			},
			"retain": schema.BoolAttribute{
				Optional: true, Computed: true, Default: booldefault.StaticBool(true),
				MarkdownDescription: "Whether the version stays on AWS when this resource is destroyed or replaced, since aliases may still lead to it. It goes with its function. Default: true.",
			},
			"arn":        tf.Computed("ARN of the version."),
			"invoke_arn": tf.Computed("ARN in the form that API Gateway's own resources take."),
		},
	},
	Replace: []string{"function", "description"},
	Plan: func(_ context.Context, p *tf.Plan[versionModel]) error {
		if p.Prior == nil {
			return nil
		}
		for name, had := range map[string]bool{"code_sha256": !p.Prior.CodeSHA256.IsNull(), "triggers": p.Prior.Triggers != nil} {
			if had && p.Changed(name) { // a version that was imported has neither
				p.Replace(name)
			}
		}
		return nil
	},
	Create: func(ctx context.Context, c *Clients, m *versionModel) error {
		r := refer(m.Function)
		found, err := release(ctx, c, r, lambda.PublishVersionInput{Description: m.Description.ValueStringPointer(), CodeSha256: m.CodeSHA256.ValueStringPointer()})
		if err != nil {
			return err
		}
		if want := m.Description.ValueString(); want != "" && want != aws.ToString(found.Description) {
			return &tf.Problem{
				Summary: "The function did not change since its version " + aws.ToString(found.Version),
				Detail:  "AWS publishes nothing then, so that there is no version with this description. Change the function, or leave description as it was.",
			}
		}
		m.Version, m.ID = tftypes.StringPointerValue(found.Version), tftypes.StringPointerValue(found.FunctionArn)
		return nil
	},
	Read: func(ctx context.Context, c *Clients, m *versionModel) error {
		r := refer(m.Function)
		out, err := c.Lambda.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: r.name, Qualifier: m.Version.ValueStringPointer()})
		if err != nil {
			return err
		}
		m.ID = tftypes.StringPointerValue(out.FunctionArn)
		m.ARN, m.InvokeARN = m.ID, tftypes.StringValue(invokeARN(ctx, *out.FunctionArn))
		if m.Retain.IsNull() {
			m.Retain = tftypes.BoolValue(true)
		}
		if !m.Description.IsNull() {
			m.Description = tf.NonEmpty(out.Description)
		}
		return nil
	},
	Update: func(context.Context, *Clients, *versionModel, *versionModel) error { return nil }, // nothing that AWS is told
	Delete: func(ctx context.Context, c *Clients, m *versionModel) error {
		if m.Retain.ValueBool() {
			return nil
		}
		r := refer(m.Function)
		err := tf.Retry(ctx, parts.InProgress, func(ctx context.Context) error {
			_, err := c.Lambda.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: r.name, Qualifier: m.Version.ValueStringPointer()})
			return err
		})
		if tf.Says(err, "ResourceConflictException", "alias") {
			return errors.Join(&tf.Problem{
				Summary: "An alias leads to the version " + m.Version.ValueString(),
				Detail:  "AWS deletes no version that an alias leads to. Let the alias lead to another one first, give this resource create_before_destroy, or set retain = true and apply before.",
			}, err)
		}
		return err
	},
	Within: []string{"function"},
	List: func(ctx context.Context, c *Clients, in *versionModel, found func(*versionModel) error) error {
		return eachVersion(ctx, c, refer(in.Function), func(v types.FunctionConfiguration) error {
			m := *in
			m.Version, m.ARN = tftypes.StringPointerValue(v.Version), tftypes.StringPointerValue(v.FunctionArn)
			return found(&m)
		})
	},
}

// eachVersion calls found for each published version, the oldest first.
func eachVersion(ctx context.Context, c *Clients, r reference, found func(types.FunctionConfiguration) error) error {
	pages := lambda.NewListVersionsByFunctionPaginator(c.Lambda, &lambda.ListVersionsByFunctionInput{FunctionName: r.name})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, v := range out.Versions {
			if strings.HasPrefix(aws.ToString(v.Version), "$") {
				continue
			}
			if err := found(v); err != nil {
				return err
			}
		}
	}
	return nil
}

// release publishes what the function is now and waits until that can be called.
// AWS answers with the last version if nothing changed since. A version that
// cannot be started is an error, with AWS's reason; so is another revision than
// the one that was asked for.
func release(ctx context.Context, c *Clients, r reference, in lambda.PublishVersionInput) (*lambda.GetFunctionConfigurationOutput, error) {
	var version *string
	in.FunctionName = r.name
	again := func(err error) bool {
		return parts.InProgress(err) && (in.RevisionId == nil || !tf.Is[*types.PreconditionFailedException](err))
	}
	err := tf.Retry(ctx, again, func(ctx context.Context) error {
		out, err := c.Lambda.PublishVersion(ctx, &in)
		if err == nil {
			version = out.Version
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return settled(ctx, c, reference{r.name, version})
}

// settled waits until a function or a version of it can be called and changed, and
// returns it. A failed state is an error at once, with AWS's reason.
func settled(ctx context.Context, c *Clients, r reference) (*lambda.GetFunctionConfigurationOutput, error) {
	var found *lambda.GetFunctionConfigurationOutput
	err := tf.Poll(ctx, "function "+r.id()+" to be active", func(ctx context.Context) (bool, error) {
		out, err := c.Lambda.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: r.name, Qualifier: r.qualifier})
		switch {
		case err != nil:
			return false, err
		case out.State == types.StateFailed:
			return false, failure("The function "+r.id()+" cannot be started", aws.ToString(out.StateReason), string(out.StateReasonCode))
		case out.LastUpdateStatus == types.LastUpdateStatusFailed:
			return false, failure("The function "+r.id()+" could not be changed", aws.ToString(out.LastUpdateStatusReason), string(out.LastUpdateStatusReasonCode))
		}
		found = out
		return out.State != types.StatePending && out.LastUpdateStatus != types.LastUpdateStatusInProgress, nil
	})
	return found, err
}

func failure(summary, why, code string) error {
	return &tf.Problem{Summary: summary, Detail: "AWS says: " + why + " (" + code + "). The next apply tries again."}
}
