package api

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

var corsSchema = schema.SingleNestedAttribute{
	Optional: true, Computed: true,
	MarkdownDescription: "Which pages of other origins may call the API from a browser. The API answers their preflight requests itself. Default: none.",
	Attributes: map[string]schema.Attribute{
		"allow_origins":     corsList("Origins, such as `https://shop.example.com`; `*` for all."),
		"allow_methods":     corsList("Methods, such as `GET`; `*` for all."),
		"allow_headers":     corsList("Request headers; `*` for all."),
		"expose_headers":    corsList("Response headers that pages may read; `*` for all."),
		"allow_credentials": schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether pages may send cookies. Default: false."},
		"max_age": schema.Int64Attribute{
			Optional: true, Validators: []validator.Int64{int64validator.Between(-1, 86400)},
			MarkdownDescription: "Seconds that browsers may remember the answer to a preflight request, 0 to 86400; -1 forbids it.",
		},
	},
}

func corsList(description string) schema.ListAttribute {
	return schema.ListAttribute{ElementType: tftypes.StringType, Optional: true, MarkdownDescription: description}
}

// A cors is the value of the attribute of that name.
type cors struct {
	AllowOrigins     []tftypes.String `tfsdk:"allow_origins"`
	AllowMethods     []tftypes.String `tfsdk:"allow_methods"`
	AllowHeaders     []tftypes.String `tfsdk:"allow_headers"`
	ExposeHeaders    []tftypes.String `tfsdk:"expose_headers"`
	AllowCredentials tftypes.Bool     `tfsdk:"allow_credentials"`
	MaxAge           tftypes.Int64    `tfsdk:"max_age"`
}

func (c *cors) aws() *types.Cors {
	if c == nil {
		return nil
	}
	out := &types.Cors{
		AllowOrigins: tf.Texts(c.AllowOrigins), AllowMethods: tf.Texts(c.AllowMethods),
		AllowHeaders: tf.Texts(c.AllowHeaders), ExposeHeaders: tf.Texts(c.ExposeHeaders),
		AllowCredentials: c.AllowCredentials.ValueBoolPointer(),
	}
	if !c.MaxAge.IsNull() {
		out.MaxAge = aws.Int32(int32(c.MaxAge.ValueInt64()))
	}
	return out
}

func corsOf(in *types.Cors) *cors {
	if in == nil {
		return nil
	}
	out := &cors{
		AllowOrigins: tf.Strings(in.AllowOrigins), AllowMethods: tf.Strings(in.AllowMethods),
		AllowHeaders: tf.Strings(in.AllowHeaders), ExposeHeaders: tf.Strings(in.ExposeHeaders),
		AllowCredentials: tftypes.BoolPointerValue(in.AllowCredentials),
	}
	if in.MaxAge != nil {
		out.MaxAge = tftypes.Int64Value(int64(*in.MaxAge))
	}
	return out
}
