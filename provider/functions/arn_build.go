package functions

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/function"
)

// arnBuild is the function arn_build.
type arnBuild struct{}

func (arnBuild) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "arn_build"
}

func (arnBuild) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary:             "An ARN made of its parts",
		MarkdownDescription: "Puts an ARN together: `arn_build(\"aws\", \"iam\", \"\", \"123456789012\", \"role/reader\")` gives `arn:aws:iam::123456789012:role/reader`. It is an error if a part but the last has a colon, or if the partition, the service or the resource is empty.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "partition", MarkdownDescription: "`aws`, `aws-cn` or `aws-us-gov`; `data.serverless_context.here.partition`."},
			function.StringParameter{Name: "service", MarkdownDescription: "The service's name in ARNs, such as `lambda`."},
			function.StringParameter{Name: "region", MarkdownDescription: "The region, empty for what has none."},
			function.StringParameter{Name: "account_id", MarkdownDescription: "The account, empty for what has none."},
			function.StringParameter{Name: "resource", MarkdownDescription: "The rest, such as `function:orders`."},
		},
		Return: function.StringReturn{},
	}
}

func (arnBuild) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var parts [5]string
	if resp.Error = req.Arguments.Get(ctx, &parts[0], &parts[1], &parts[2], &parts[3], &parts[4]); resp.Error != nil {
		return
	}
	for i, p := range parts {
		switch {
		case p == "" && i != 2 && i != 3:
			resp.Error = function.NewArgumentFuncError(int64(i), "an ARN has a partition, a service and a resource; this one is empty")
			return
		case i < 4 && strings.Contains(p, ":"):
			resp.Error = function.NewArgumentFuncError(int64(i), "colons are between the parts; only the resource may have some")
			return
		}
	}
	resp.Error = resp.Result.Set(ctx, "arn:"+strings.Join(parts[:], ":"))
}
