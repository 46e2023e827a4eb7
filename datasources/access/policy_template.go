package access

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/policytemplate"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

type templateModel struct {
	tf.SourceBase
	Name       types.String            `tfsdk:"name"`
	Parameters map[string]types.String `tfsdk:"parameters"`
	JSON       types.String            `tfsdk:"json"`
}

// PolicyTemplate is the data source serverless_policy_template: one of SAM's policies.
var PolicyTemplate = tf.Source[Backend, templateModel]{
	Name: "policy_template",
	Schema: schema.Schema{
		MarkdownDescription: "Makes a policy from one of the 81 policy templates of AWS SAM, for things of the provider's account. A `serverless_function` takes them as its `policy_templates`; this is for other roles.",
		Attributes: map[string]schema.Attribute{
			"name":       schema.StringAttribute{Required: true, MarkdownDescription: "The template's name, such as `DynamoDBCrudPolicy`."},
			"parameters": schema.MapAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Values of its parameters, such as `{ TableName = \"orders\" }`."},
			"json":       schema.StringAttribute{Computed: true, MarkdownDescription: "The policy."},
		},
	},
	Validate: func(_ context.Context, v *tf.Check, m *templateModel) {
		if m.Name.IsUnknown() || m.Name.IsNull() {
			return
		}
		t, err := policytemplate.Find(m.Name.ValueString())
		if err != nil {
			v.Error(path.Root("name"), "Not a policy template", err.Error()+".")
			return
		}
		var given []string
		for name := range m.Parameters {
			given = append(given, name)
		}
		if !v.Known("parameters") {
			return
		}
		if err := t.Check(given); err != nil {
			v.Error(path.Root("parameters"), "Not the template's parameters", err.Error()+".")
		}
	},
	Read: func(ctx context.Context, _ Backend, m *templateModel) error {
		t, err := policytemplate.Find(m.Name.ValueString())
		if err != nil {
			return tf.At(path.Root("name"), err)
		}
		s := tf.ScopeOf(ctx)
		values := map[string]string{}
		for name, v := range m.Parameters {
			values[name] = v.ValueString()
		}
		statements, err := t.Statements(values, policytemplate.Scope{Partition: s.Partition, Region: s.Region, Account: s.Account})
		if err != nil {
			return tf.At(path.Root("parameters"), err)
		}
		text, err := policytemplate.Policy(statements)
		m.JSON = types.StringValue(text)
		return err
	},
}
