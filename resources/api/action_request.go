package api

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

type request struct {
	tf.ActionBase
	URL     tftypes.String            `tfsdk:"url"`
	Method  tftypes.String            `tfsdk:"method"`
	Headers map[string]tftypes.String `tfsdk:"headers"`
	Body    tftypes.String            `tfsdk:"body"`
	Sign    tftypes.Bool              `tfsdk:"sign"`
	Service tftypes.String            `tfsdk:"service"`
	Timeout tftypes.Int64             `tfsdk:"timeout"`
	Fail    tftypes.Bool              `tfsdk:"fail_on_error"`
}

// httpMethods are the methods that a request may have.
var httpMethods = []string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}

// Request is the action serverless_request.
var Request = tf.Action[*Clients, request]{
	Name: "request",
	Schema: schema.Schema{
		MarkdownDescription: "Sends an HTTP request: to an API that was just made, or to whoever must be told.",
		Attributes: map[string]schema.Attribute{
			"url":     schema.StringAttribute{Required: true, Validators: []validator.String{tf.Pattern(`^https?://`, "write a URL with http:// or https://")}, MarkdownDescription: "URL of the request."},
			"method":  schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.OneOf(httpMethods...)}, MarkdownDescription: "Its method. Default: `POST`."},
			"headers": schema.MapAttribute{ElementType: tftypes.StringType, Optional: true, MarkdownDescription: "Its headers."},
			"body":    schema.StringAttribute{Optional: true, MarkdownDescription: "Its body. Default: none."},
			"sign":    schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether it is signed with the provider's credentials, for routes with `auth = \"iam\"`. Default: false."},
			"service": schema.StringAttribute{Optional: true, MarkdownDescription: "Name of the service that it is signed for. Default: `execute-api`."},
			"timeout": schema.Int64Attribute{
				Optional: true, Validators: []validator.Int64{int64validator.Between(1, 900)},
				MarkdownDescription: "Seconds that it may take, 1 to 900. Default: 30.",
			},
			"fail_on_error": schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether a status of 400 or more is an error. Default: true."},
		},
	},
	Invoke: func(ctx context.Context, c *Clients, m *request, progress func(string, ...any)) error {
		method := Or(m.Method, "POST")
		a, err := Call{
			Method: method, URL: m.URL.ValueString(), Headers: textsOf(m.Headers), Body: m.Body.ValueString(),
			Sign: m.Sign.ValueBool(), Service: Or(m.Service, "execute-api"), Timeout: Seconds(m.Timeout),
		}.Do(ctx, c)
		if err != nil {
			return err
		}
		where := method + " " + bare(m.URL.ValueString())
		if a.Status >= 400 && (m.Fail.IsNull() || m.Fail.ValueBool()) {
			return &tf.Problem{
				Summary: fmt.Sprintf("The request was answered with %d", a.Status),
				Detail:  fmt.Sprintf("%s answered: %s", where, start(a.Body)),
			}
		}
		progress("%s answered with %d.", where, a.Status)
		return nil
	},
}

// Or is a text, or another one where it is null.
func Or(s tftypes.String, other string) string {
	if s.IsNull() {
		return other
	}
	return s.ValueString()
}

// Seconds is how long a request may take.
func Seconds(s tftypes.Int64) time.Duration {
	if s.IsNull() {
		return 30 * time.Second
	}
	return time.Duration(s.ValueInt64()) * time.Second
}

// start is the beginning of a body, for messages.
func start(body []byte) string {
	const most = 1000
	if len(body) > most {
		return string(body[:most]) + "…"
	}
	return string(body)
}
