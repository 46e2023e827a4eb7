package api

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/float64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"
)

var throttleSchema = map[string]schema.Attribute{
	"rate": schema.Float64Attribute{
		Required: true, Validators: []validator.Float64{float64validator.AtLeast(0)},
		MarkdownDescription: "Requests per second, in the long run.",
	},
	"burst": schema.Int64Attribute{
		Required: true, Validators: []validator.Int64{int64validator.Between(0, 1<<31-1)},
		MarkdownDescription: "Requests that may come at once.",
	},
}

// A throttle is how many requests are let through.
type throttle struct {
	Rate  tftypes.Float64 `tfsdk:"rate"`
	Burst tftypes.Int64   `tfsdk:"burst"`
}

// settings are those of a route, or of all routes; an empty one for none.
func (t *throttle) settings() types.RouteSettings {
	if t == nil {
		return types.RouteSettings{}
	}
	return types.RouteSettings{
		ThrottlingRateLimit:  t.Rate.ValueFloat64Pointer(),
		ThrottlingBurstLimit: aws.Int32(int32(t.Burst.ValueInt64())),
	}
}

// throttleOf is what settings say of limits; nil for nothing. A rate that is as it
// was keeps the precision in which it was written.
func throttleOf(s *types.RouteSettings, was *throttle) *throttle {
	if s == nil || s.ThrottlingBurstLimit == nil && s.ThrottlingRateLimit == nil {
		return nil
	}
	t := &throttle{
		Rate:  tftypes.Float64PointerValue(s.ThrottlingRateLimit),
		Burst: tftypes.Int64Value(int64(aws.ToInt32(s.ThrottlingBurstLimit))),
	}
	if was != nil && was.Rate.ValueFloat64() == t.Rate.ValueFloat64() {
		t.Rate = was.Rate
	}
	return t
}

// same reports whether two limits are equal.
func (t *throttle) same(o *throttle) bool {
	if t == nil || o == nil {
		return t == o
	}
	return t.Rate.ValueFloat64() == o.Rate.ValueFloat64() && t.Burst.Equal(o.Burst)
}
