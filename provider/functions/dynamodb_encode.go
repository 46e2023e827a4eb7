package functions

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/dynamo"
)

// dynamoDBEncode is the function dynamodb_encode.
type dynamoDBEncode struct{}

func (dynamoDBEncode) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "dynamodb_encode"
}

func (dynamoDBEncode) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "An item in the form of DynamoDB's JSON",
		MarkdownDescription: "Gives each value of an object its type, as DynamoDB's JSON writes it: `{ id = \"a\", n = 1.5 }` becomes `{ id = { S = \"a\" }, n = { N = \"1.5\" } }`. " +
			"Text becomes `S`, a number `N` with all its digits, `true` and `false` `BOOL`, `null` `NULL`, a list `L`, an object or map `M`, a set of text `SS` and a set of numbers `NS`. " +
			"`jsonencode` makes it text, for example for `item_json` or a task of a state machine.",
		Parameters: []function.Parameter{function.DynamicParameter{
			Name: "item", MarkdownDescription: "The item, an object of plain values.",
		}},
		Return: function.DynamicReturn{},
	}
}

func (dynamoDBEncode) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var item types.Dynamic
	if resp.Error = req.Arguments.Get(ctx, &item); resp.Error != nil {
		return
	}
	encoded, err := dynamo.Item(item)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, types.DynamicValue(dynamo.Typed(encoded)))
}
