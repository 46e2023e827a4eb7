package api

import (
	"context"
	"encoding/base64"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
	"github.com/tfserverless/terraform-provider-serverless/resources/api"
)

type requestModel struct {
	tf.SourceBase
	URL             basetypes.String            `tfsdk:"url"`
	Method          basetypes.String            `tfsdk:"method"`
	Headers         map[string]basetypes.String `tfsdk:"headers"`
	Body            basetypes.String            `tfsdk:"body"`
	Sign            basetypes.Bool              `tfsdk:"sign"`
	Service         basetypes.String            `tfsdk:"service"`
	Timeout         basetypes.Int64             `tfsdk:"timeout"`
	Status          basetypes.Int64             `tfsdk:"status"`
	ResponseHeaders map[string]basetypes.String `tfsdk:"response_headers"`
	Response        basetypes.String            `tfsdk:"response"`
	ResponseBase64  basetypes.String            `tfsdk:"response_base64"`
}

// Request is the data source serverless_request: what a server answers.
var Request = tf.Source[*api.Clients, requestModel]{
	Name: "request",
	Schema: schema.Schema{
		MarkdownDescription: "Sends an HTTP request and gives the answer, whatever its status: for tests of APIs. It is sent in every plan, so that it should change nothing; to send one once there is the action `serverless_request`.",
		Attributes: map[string]schema.Attribute{
			"url":     schema.StringAttribute{Required: true, Validators: []validator.String{tf.Pattern(`^https?://`, "write a URL with http:// or https://")}, MarkdownDescription: "URL of the request."},
			"method":  schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.OneOf("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")}, MarkdownDescription: "Its method. Default: `GET`."},
			"headers": schema.MapAttribute{ElementType: basetypes.StringType, Optional: true, MarkdownDescription: "Its headers."},
			"body":    schema.StringAttribute{Optional: true, MarkdownDescription: "Its body. Default: none."},
			"sign":    schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether it is signed with the provider's credentials, for routes with `auth = \"iam\"`. Default: false."},
			"service": schema.StringAttribute{Optional: true, MarkdownDescription: "Name of the service that it is signed for. Default: `execute-api`."},
			"timeout": schema.Int64Attribute{
				Optional: true, Validators: []validator.Int64{int64validator.Between(1, 900)},
				MarkdownDescription: "Seconds that it may take, 1 to 900. Default: 30.",
			},
			"status":           schema.Int64Attribute{Computed: true, MarkdownDescription: "Status of the answer, such as 200; a redirect is not followed."},
			"response_headers": schema.MapAttribute{ElementType: basetypes.StringType, Computed: true, MarkdownDescription: "Headers of the answer by their names in small letters; several values of one are joined by a comma."},
			"response":         schema.StringAttribute{Computed: true, MarkdownDescription: "The answer's body; null if it is no text."},
			"response_base64":  schema.StringAttribute{Computed: true, MarkdownDescription: "The answer's body in Base64."},
		},
	},
	Read: func(ctx context.Context, c *api.Clients, m *requestModel) error {
		q := api.Call{
			Method: api.Or(m.Method, "GET"), URL: m.URL.ValueString(), Headers: map[string]string{}, Body: m.Body.ValueString(),
			Sign: m.Sign.ValueBool(), Service: api.Or(m.Service, "execute-api"), Timeout: api.Seconds(m.Timeout),
		}
		for name, value := range m.Headers {
			q.Headers[name] = value.ValueString()
		}
		a, err := q.Do(ctx, c)
		if err != nil {
			return err
		}
		m.Status, m.ResponseHeaders = basetypes.Int64Value(int64(a.Status)), map[string]basetypes.String{}
		for name, value := range a.Headers {
			m.ResponseHeaders[name] = basetypes.StringValue(value)
		}
		m.Response, m.ResponseBase64 = basetypes.StringNull(), basetypes.StringValue(base64.StdEncoding.EncodeToString(a.Body))
		if utf8.Valid(a.Body) {
			m.Response = basetypes.StringValue(string(a.Body))
		}
		return nil
	},
}
