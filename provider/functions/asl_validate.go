package functions

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
)

// aslValidate is the function asl_validate.
type aslValidate struct{}

func (aslValidate) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "asl_validate"
}

// diagnostic is the type of what asl_validate finds.
var diagnostic = map[string]attr.Type{
	"severity": types.StringType, "code": types.StringType, "message": types.StringType, "location": types.StringType,
	"line": types.Int64Type, "column": types.Int64Type,
}

func (aslValidate) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "What is wrong with a definition of a state machine",
		MarkdownDescription: "Checks a definition in the Amazon States Language and gives all that AWS would say of it, in its order: a list of objects with `severity` (`ERROR` or `WARNING`), `code`, `message`, " +
			"`location` (such as `/States/Charge/Next`; empty where AWS gives none), `line` and `column`, both from 1. A definition without faults gives an empty list. " +
			"`serverless_state_machine` does this by itself; the function is for definitions that something else deploys, and for checks in modules.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "definition", MarkdownDescription: "The definition, JSON: `file(\"order.asl.json\")` or `jsonencode({ … })`."},
		},
		VariadicParameter: function.StringParameter{Name: "type", MarkdownDescription: "`STANDARD` or `EXPRESS`, one at most: what the definition is for. Default: `STANDARD`."},
		Return:            function.ListReturn{ElementType: types.ObjectType{AttrTypes: diagnostic}},
	}
}

func (aslValidate) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var definition string
	var kinds []string
	if resp.Error = req.Arguments.Get(ctx, &definition, &kinds); resp.Error != nil {
		return
	}
	workflow := asl.Standard
	if len(kinds) > 0 {
		workflow = asl.Workflow(kinds[0])
	}
	if len(kinds) > 1 || workflow != asl.Standard && workflow != asl.Express {
		resp.Error = function.NewArgumentFuncError(1, "the type of a state machine is STANDARD or EXPRESS")
		return
	}
	_, found := asl.Parse(definition, workflow)
	all := make([]attr.Value, len(found))
	for i, d := range found {
		at := asl.Locate(definition, d.Location)
		all[i] = types.ObjectValueMust(diagnostic, map[string]attr.Value{
			"severity": types.StringValue(string(d.Severity)), "code": types.StringValue(d.Code), "message": types.StringValue(d.Message),
			"location": types.StringValue(d.Location), "line": types.Int64Value(int64(at.Line)), "column": types.Int64Value(int64(at.Column)),
		})
	}
	resp.Error = resp.Result.Set(ctx, types.ListValueMust(types.ObjectType{AttrTypes: diagnostic}, all))
}
