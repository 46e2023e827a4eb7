package function

import (
	"context"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

type (
	// url is how a function is called over HTTPS.
	url struct {
		Auth   tftypes.String `tfsdk:"auth"`
		Stream tftypes.Bool   `tfsdk:"stream"`
		CORS   *cors          `tfsdk:"cors"`
		URL    tftypes.String `tfsdk:"url"`
	}
	// cors is which pages of other origins may call.
	cors struct {
		Credentials tftypes.Bool     `tfsdk:"allow_credentials"`
		Headers     []tftypes.String `tfsdk:"allow_headers"`
		Methods     []tftypes.String `tfsdk:"allow_methods"`
		Origins     []tftypes.String `tfsdk:"allow_origins"`
		Expose      []tftypes.String `tfsdk:"expose_headers"`
		MaxAge      tftypes.Int64    `tfsdk:"max_age"`
	}
	// urlModel is the model of serverless_function_url.
	urlModel struct {
		tf.Base
		Function tftypes.String `tfsdk:"function"`
		Auth     tftypes.String `tfsdk:"auth"`
		Stream   tftypes.Bool   `tfsdk:"stream"`
		CORS     *cors          `tfsdk:"cors"`
		URL      tftypes.String `tfsdk:"url"`
		URLID    tftypes.String `tfsdk:"url_id"`
		ARN      tftypes.String `tfsdk:"function_arn"`
		Public   tftypes.Bool   `tfsdk:"public"`
	}
)

var urlAttributes = map[string]schema.Attribute{
	"auth": schema.StringAttribute{
		Optional: true, Computed: true, Default: stringdefault.StaticString("AWS_IAM"), Validators: []validator.String{stringvalidator.OneOf("AWS_IAM", "NONE")},
		MarkdownDescription: "Who may call: `AWS_IAM`, whose requests are signed by somebody who is allowed to, or `NONE`, everybody; the permissions that the latter takes come with it. Default: `AWS_IAM`.",
	},
	"stream": schema.BoolAttribute{
		Optional: true, Computed: true, Default: booldefault.StaticBool(false),
		MarkdownDescription: "Whether the answer is sent while the function writes it, and not when it is complete. Default: false.",
	},
	"cors": schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "Which pages of other origins may call the URL. Default: none.",
		Attributes: map[string]schema.Attribute{
			"allow_credentials": schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether cookies and the like may be sent along. Default: false."},
			"allow_headers":     schema.SetAttribute{Optional: true, ElementType: tftypes.StringType, MarkdownDescription: "Headers that requests may have."},
			"allow_methods":     schema.SetAttribute{Optional: true, ElementType: tftypes.StringType, MarkdownDescription: "Methods of requests, such as `GET`, or `*`."},
			"allow_origins":     schema.SetAttribute{Optional: true, ElementType: tftypes.StringType, MarkdownDescription: "Origins of the pages, such as `https://example.com`, or `*`."},
			"expose_headers":    schema.SetAttribute{Optional: true, ElementType: tftypes.StringType, MarkdownDescription: "Headers of the answer that pages may read."},
			"max_age": schema.Int64Attribute{
				Optional: true, Validators: []validator.Int64{int64validator.Between(0, 86400)},
				MarkdownDescription: "Seconds that browsers may keep what they are allowed, 0 to 86400.",
			},
		},
	},
	"url": tf.Computed("The URL."),
}

// URL is the type serverless_function_url.
var URL = tf.Type[*Clients, urlModel]{
	Name:   "function_url",
	Import: []string{"function"},
	ARN:    "lambda:function:{function}",
	Gone:   tf.Gone[*types.ResourceNotFoundException]("GetFunctionUrlConfig", "DeleteFunctionUrlConfig"),
	Schema: schema.Schema{
		MarkdownDescription: "An HTTPS URL that calls a function, or one of its aliases. `serverless_function` has the same as its attribute `url`; this is for functions that something else makes.",
		Attributes: with(with(with(with(urlAttributes, "function", functionAttribute("the URL")),
			"url_id", tf.Computed("The id in the URL's host.")),
			"function_arn", tf.Computed("ARN of the function or alias that is called.")),
			"public", schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the function's policy lets everybody call the URL."}),
	},
	Replace: []string{"function"},
	Changes: map[string][]string{"public": {"auth"}},
	Plan: func(_ context.Context, p *tf.Plan[urlModel]) error {
		if !p.Planned.Auth.IsUnknown() {
			p.Set("public", tftypes.BoolValue(p.Planned.Auth.ValueString() == "NONE"))
		}
		return nil
	},
	Find: func(ctx context.Context, c *Clients, m *urlModel) (bool, map[string]string, error) {
		found, err := getURL(ctx, c, refer(m.Function))
		return found != nil, nil, err
	},
	Create: func(ctx context.Context, c *Clients, m *urlModel) error {
		f := refer(m.Function)
		if err := createURL(ctx, c, f, m.config()); err != nil {
			return unanswered(err)
		}
		m.ID = tftypes.StringValue(f.id())
		return admit(ctx, c, f, m.Auth.ValueString() == "NONE")
	},
	Read: func(ctx context.Context, c *Clients, m *urlModel) error {
		f := refer(m.Function)
		out, err := c.Lambda.GetFunctionUrlConfig(ctx, &lambda.GetFunctionUrlConfigInput{FunctionName: f.name, Qualifier: f.qualifier})
		if err != nil {
			return err
		}
		u := urlOf(out, m.CORS)
		m.ID, m.ARN = tftypes.StringValue(f.id()), tftypes.StringPointerValue(out.FunctionArn)
		m.Auth, m.Stream, m.CORS, m.URL = u.Auth, u.Stream, u.CORS, u.URL
		m.URLID = tftypes.StringValue(urlID(aws.ToString(out.FunctionUrl)))
		public, err := admitted(ctx, c, f)
		m.Public = tftypes.BoolValue(public)
		return err
	},
	Update: func(ctx context.Context, c *Clients, prior, m *urlModel) error {
		return updateURL(ctx, c, refer(m.Function), &url{Auth: prior.Auth, Stream: prior.Stream, CORS: prior.CORS}, m.config(), prior.Public.ValueBool())
	},
	Delete: func(ctx context.Context, c *Clients, m *urlModel) error {
		return deleteURL(ctx, c, refer(m.Function), m.Public.ValueBool())
	},
	Within: []string{"function"},
	List: func(ctx context.Context, c *Clients, in *urlModel, found func(*urlModel) error) error {
		pages := lambda.NewListFunctionUrlConfigsPaginator(c.Lambda, &lambda.ListFunctionUrlConfigsInput{FunctionName: refer(in.Function).name})
		for pages.HasMorePages() {
			out, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			for _, one := range out.FunctionUrlConfigs {
				m := *in
				m.Function = tftypes.StringValue(refer(tftypes.StringPointerValue(one.FunctionArn)).plain().id())
				if err := found(&m); err != nil {
					return err
				}
			}
		}
		return nil
	},
	Moves: map[string]map[string]string{"aws_lambda_function_url": {"function": "function_name:qualifier?"}},
}

func (m *urlModel) config() *url { return &url{Auth: m.Auth, Stream: m.Stream, CORS: m.CORS} }

// urlID is the first label of a URL's host. The emulator's addresses, which need no
// DNS, have it in the path.
func urlID(u string) string {
	if _, path, ok := strings.Cut(u, "/_aws/lambda-url/"); ok {
		id, _, _ := strings.Cut(path, "/")
		return id
	}
	_, host, _ := strings.Cut(u, "://")
	id, _, _ := strings.Cut(host, ".")
	return id
}

// getURL returns the URL that there is; nil for none.
func getURL(ctx context.Context, c *Clients, r reference) (*lambda.GetFunctionUrlConfigOutput, error) {
	out, err := c.Lambda.GetFunctionUrlConfig(ctx, &lambda.GetFunctionUrlConfigInput{FunctionName: r.name, Qualifier: r.qualifier})
	if tf.Is[*types.ResourceNotFoundException](err) {
		return nil, nil
	}
	return out, err
}

// urlOf is a URL as AWS has it; written is how its origins were written.
func urlOf(out *lambda.GetFunctionUrlConfigOutput, written *cors) *url {
	u := &url{
		Auth: tftypes.StringValue(string(out.AuthType)), URL: tftypes.StringPointerValue(out.FunctionUrl),
		Stream: tftypes.BoolValue(out.InvokeMode == types.InvokeModeResponseStream),
	}
	f := out.Cors
	if f == nil || len(f.AllowHeaders)+len(f.AllowMethods)+len(f.AllowOrigins)+len(f.ExposeHeaders) == 0 && !aws.ToBool(f.AllowCredentials) && aws.ToInt32(f.MaxAge) == 0 {
		if written != nil && written.empty() {
			u.CORS = written
		}
		return u
	}
	u.CORS = &cors{Headers: tf.Strings(f.AllowHeaders), Methods: tf.Strings(f.AllowMethods), Origins: tf.Strings(f.AllowOrigins), Expose: tf.Strings(f.ExposeHeaders)}
	if aws.ToBool(f.AllowCredentials) || written != nil && !written.Credentials.IsNull() {
		u.CORS.Credentials = tftypes.BoolValue(aws.ToBool(f.AllowCredentials))
	}
	if aws.ToInt32(f.MaxAge) != 0 || written != nil && !written.MaxAge.IsNull() {
		u.CORS.MaxAge = tftypes.Int64Value(int64(aws.ToInt32(f.MaxAge)))
	}
	return u
}

// empty reports whether nothing is allowed beyond what no CORS allows.
func (c *cors) empty() bool {
	return len(c.Headers)+len(c.Methods)+len(c.Origins)+len(c.Expose) == 0 && !c.Credentials.ValueBool() && c.MaxAge.ValueInt64() == 0
}

// sent is what AWS is told; everything is named, so that what is left out ends.
func (c *cors) sent() *types.Cors {
	if c == nil {
		return &types.Cors{}
	}
	return &types.Cors{
		AllowCredentials: aws.Bool(c.Credentials.ValueBool()), AllowHeaders: sorted(c.Headers), AllowMethods: sorted(c.Methods),
		AllowOrigins: sorted(c.Origins), ExposeHeaders: sorted(c.Expose), MaxAge: aws.Int32(int32(c.MaxAge.ValueInt64())),
	}
}

func (u *url) mode() types.InvokeMode {
	if u.Stream.ValueBool() {
		return types.InvokeModeResponseStream
	}
	return types.InvokeModeBuffered
}

func createURL(ctx context.Context, c *Clients, r reference, u *url) error {
	in := &lambda.CreateFunctionUrlConfigInput{
		FunctionName: r.name, Qualifier: r.qualifier, AuthType: types.FunctionUrlAuthType(u.Auth.ValueString()), InvokeMode: u.mode(),
	}
	if u.CORS != nil {
		in.Cors = u.CORS.sent()
	}
	return tf.Retry(ctx, parts.InProgress, func(ctx context.Context) error {
		_, err := c.Lambda.CreateFunctionUrlConfig(ctx, in)
		return err
	})
}

// updateURL lets people in before the URL stops to ask who they are, and shuts
// them out after it has begun to.
func updateURL(ctx context.Context, c *Clients, r reference, was, is *url, public bool) error {
	open := is.Auth.ValueString() == "NONE"
	if open && !public {
		if err := admit(ctx, c, r, true); err != nil {
			return err
		}
	}
	in := &lambda.UpdateFunctionUrlConfigInput{FunctionName: r.name, Qualifier: r.qualifier}
	changed := false
	if !is.Auth.Equal(was.Auth) {
		in.AuthType, changed = types.FunctionUrlAuthType(is.Auth.ValueString()), true
	}
	if !is.Stream.Equal(was.Stream) {
		in.InvokeMode, changed = is.mode(), true
	}
	if !is.CORS.same(was.CORS) {
		in.Cors, changed = is.CORS.sent(), true
	}
	if changed {
		err := tf.Retry(ctx, parts.InProgress, func(ctx context.Context) error {
			_, err := c.Lambda.UpdateFunctionUrlConfig(ctx, in)
			return err
		})
		if err != nil {
			return err
		}
	}
	if !open && public {
		return admit(ctx, c, r, false)
	}
	return nil
}

func (c *cors) same(o *cors) bool {
	if c == nil || o == nil {
		return c == o
	}
	return reflect.DeepEqual(c.sent(), o.sent())
}

func deleteURL(ctx context.Context, c *Clients, r reference, public bool) error {
	if public {
		if err := admit(ctx, c, r, false); err != nil {
			return err
		}
	}
	return tf.Retry(ctx, parts.InProgress, func(ctx context.Context) error {
		_, err := c.Lambda.DeleteFunctionUrlConfig(ctx, &lambda.DeleteFunctionUrlConfigInput{FunctionName: r.name, Qualifier: r.qualifier})
		return err
	})
}

// public are the statements that let everybody call a URL, by their ids. AWS's own
// console makes them by these ids.
var public = []statement{
	{ID: "FunctionURLAllowPublicAccess", Action: "lambda:InvokeFunctionUrl", Principal: "*", URLAuth: "NONE"},
	{ID: "FunctionURLInvokeAllowPublicAccess", Action: "lambda:InvokeFunction", Principal: "*", ViaURL: true},
}

// admit lets everybody call a function's URL, or no longer.
func admit(ctx context.Context, c *Clients, r reference, all bool) error {
	for _, s := range public {
		var err error
		if all {
			err = s.add(ctx, c, r)
		} else {
			err = removeStatement(ctx, c, r, s.ID)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// admitted reports whether everybody may call a function's URL.
func admitted(ctx context.Context, c *Clients, r reference) (bool, error) {
	have, err := statements(ctx, c, r)
	if err != nil {
		return false, err
	}
	for _, s := range public {
		if found, ok := have[s.ID]; !ok || found != s {
			return false, nil
		}
	}
	return true, nil
}
