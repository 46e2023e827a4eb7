package functions

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/dynamo"
)

// dynamoDBDecode is the function dynamodb_decode.
type dynamoDBDecode struct{}

func (dynamoDBDecode) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "dynamodb_decode"
}

func (dynamoDBDecode) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "The plain values of an item in DynamoDB's JSON",
		MarkdownDescription: "Takes the types off an item in DynamoDB's JSON: `{ id = { S = \"a\" }, n = { N = \"1.5\" } }` becomes `{ id = \"a\", n = 1.5 }`. " +
			"It undoes `dynamodb_encode`; bytes (`B`, `BS`) stay text in base64.",
		Parameters: []function.Parameter{function.DynamicParameter{
			Name: "item", MarkdownDescription: "The item, as an object or as the text of the JSON document.",
		}},
		Return: function.DynamicReturn{},
	}
}

func (dynamoDBDecode) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var item types.Dynamic
	if resp.Error = req.Arguments.Get(ctx, &item); resp.Error != nil {
		return
	}
	decoded, err := dynamo.TypedItem(item)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, types.DynamicValue(dynamo.Plain(decoded)))
}
