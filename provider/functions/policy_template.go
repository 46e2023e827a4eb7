package functions

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/policytemplate"
)

// policyTemplate is the function policy_template.
type policyTemplate struct{}

func (policyTemplate) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "policy_template"
}

func (policyTemplate) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "A policy from a template of AWS SAM",
		MarkdownDescription: "Makes the JSON of a policy from one of the 81 policy templates of AWS SAM: `policy_template(\"SQSSendMessagePolicy\", { QueueName = \"mail\" }, data.serverless_context.here)`. " +
			"Templates name things by their names alone, so that they need the account and the region that these are in; the data source `serverless_policy_template` takes them from the provider.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "name", MarkdownDescription: "The template's name, such as `DynamoDBCrudPolicy`."},
			function.MapParameter{Name: "args", ElementType: types.StringType, MarkdownDescription: "Values of its parameters, such as `{ TableName = \"orders\" }`."},
		},
		VariadicParameter: function.DynamicParameter{
			Name: "scope", MarkdownDescription: "One at most: an object with `account_id`, `region` and, if it is not `aws`, `partition`, such as the data source `serverless_context`. Templates that name nothing of an account need none.",
		},
		Return: function.StringReturn{},
	}
}

func (policyTemplate) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var name string
	var given map[string]types.String
	var scopes []types.Dynamic
	if resp.Error = req.Arguments.Get(ctx, &name, &given, &scopes); resp.Error != nil {
		return
	}
	values := map[string]string{}
	for parameter, v := range given {
		values[parameter] = v.ValueString() // null is empty, which no parameter may be
	}
	t, err := policytemplate.Find(name)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	in := policytemplate.Scope{Partition: "aws"}
	if len(scopes) > 1 {
		resp.Error = function.NewArgumentFuncError(3, "one scope is enough")
		return
	}
	if len(scopes) == 1 {
		o, ok := scopes[0].UnderlyingValue().(types.Object)
		if !ok {
			resp.Error = function.NewArgumentFuncError(2, "the scope is an object such as data.serverless_context.here")
			return
		}
		for name, to := range map[string]*string{"account_id": &in.Account, "region": &in.Region, "partition": &in.Partition} {
			if s, ok := o.Attributes()[name].(types.String); ok && s.ValueString() != "" {
				*to = s.ValueString()
			}
		}
	}
	if t.Places() && (in.Account == "" || in.Region == "") {
		resp.Error = function.NewArgumentFuncError(min(2, int64(1+len(scopes))), name+" names things of an account and a region; give an object with account_id and region as the third argument, such as data.serverless_context.here")
		return
	}
	statements, err := t.Statements(values, in)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(1, err.Error())
		return
	}
	policy, err := policytemplate.Policy(statements)
	if err != nil {
		resp.Error = function.NewFuncError(err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, policy)
}
