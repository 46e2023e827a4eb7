package functions

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// arnParse is the function arn_parse.
type arnParse struct{}

// partsOfARN is the type of what it returns.
var partsOfARN = map[string]attr.Type{
	"partition": types.StringType, "service": types.StringType, "region": types.StringType, "account_id": types.StringType, "resource": types.StringType,
}

func (arnParse) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "arn_parse"
}

func (arnParse) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary:             "The parts of an ARN",
		MarkdownDescription: "Takes an ARN apart: `arn_parse(\"arn:aws:lambda:eu-north-1:123456789012:function:orders\")` gives `{ partition = \"aws\", service = \"lambda\", region = \"eu-north-1\", account_id = \"123456789012\", resource = \"function:orders\" }`. A region or an account that is not there is empty.",
		Parameters:          []function.Parameter{function.StringParameter{Name: "arn", MarkdownDescription: "The ARN."}},
		Return:              function.ObjectReturn{AttributeTypes: partsOfARN},
	}
}

func (arnParse) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var arn string
	if resp.Error = req.Arguments.Get(ctx, &arn); resp.Error != nil {
		return
	}
	p := strings.SplitN(arn, ":", 6)
	if len(p) != 6 || p[0] != "arn" || p[1] == "" || p[2] == "" || p[5] == "" {
		resp.Error = function.NewArgumentFuncError(0, fmt.Sprintf("%q is no ARN, which has the form arn:partition:service:region:account:resource", arn))
		return
	}
	resp.Error = resp.Result.Set(ctx, types.ObjectValueMust(partsOfARN, map[string]attr.Value{
		"partition": types.StringValue(p[1]), "service": types.StringValue(p[2]), "region": types.StringValue(p[3]),
		"account_id": types.StringValue(p[4]), "resource": types.StringValue(p[5]),
	}))
}
