package access

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

type rolePolicy struct {
	tf.Base
	RoleName basetypes.String `tfsdk:"role_name"`
	Name     basetypes.String `tfsdk:"name"`
	Policy   tf.JSON          `tfsdk:"policy"`
}

func (m *rolePolicy) extra() parts.Extra {
	return parts.Extra{Role: lastPart(m.RoleName.ValueString()), Name: m.Name.ValueString()}
}

func (m *rolePolicy) id() string { return m.extra().Role + "/" + m.extra().Name }

// RolePolicy is the type serverless_role_policy: one inline policy of a role.
var RolePolicy = tf.Type[*Clients, rolePolicy]{
	Name:    "role_policy",
	Import:  []string{"role_name", "name"},
	Replace: []string{"role_name", "name"},
	Gone:    tf.Gone[*types.NoSuchEntityException]("GetRolePolicy", "DeleteRolePolicy"),
	Validate: func(_ context.Context, v *tf.Check, m *rolePolicy) {
		checkPolicy(v, path.Root("policy"), m.Policy)
		if name := m.Name.ValueString(); name == parts.RolePolicy || strings.HasPrefix(name, sheetName) {
			v.Error(path.Root("name"), "A name of other resources", fmt.Sprintf("Policies called %q are those that a role's own resource and its grants write. Choose another name.", name))
		}
	},
	Find: func(ctx context.Context, c *Clients, m *rolePolicy) (bool, map[string]string, error) {
		policy, err := m.extra().Get(ctx, c.IAM)
		m.RoleName = basetypes.StringValue(m.extra().Role) // which it is imported by
		return policy != "", nil, err
	},
	Create: func(ctx context.Context, c *Clients, m *rolePolicy) error {
		err := soon(ctx, func(ctx context.Context) error { return m.extra().Put(ctx, c.IAM, m.Policy.ValueString()) })
		if err != nil {
			return unmarked(err)
		}
		m.ID = basetypes.StringValue(m.id())
		return nil
	},
	Read: func(ctx context.Context, c *Clients, m *rolePolicy) error {
		found, err := m.extra().Get(ctx, c.IAM)
		if err != nil {
			return err
		}
		if found == "" {
			return tf.ErrGone
		}
		m.ID = basetypes.StringValue(m.id())
		if !tf.SameJSON(found, m.Policy.ValueString()) {
			m.Policy = tf.JSONValue(found)
		}
		return nil
	},
	Update: func(ctx context.Context, c *Clients, _, m *rolePolicy) error {
		return m.extra().Put(ctx, c.IAM, m.Policy.ValueString())
	},
	Delete: func(ctx context.Context, c *Clients, m *rolePolicy) error { return m.extra().Remove(ctx, c.IAM) },
	Within: []string{"role_name"},
	List: func(ctx context.Context, c *Clients, in *rolePolicy, found func(*rolePolicy) error) error {
		name := lastPart(in.RoleName.ValueString())
		pages := iam.NewListRolePoliciesPaginator(c.IAM, &iam.ListRolePoliciesInput{RoleName: &name})
		for pages.HasMorePages() {
			out, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			for _, policy := range out.PolicyNames {
				m := *in
				m.RoleName, m.Name = basetypes.StringValue(name), basetypes.StringValue(policy)
				if err := found(&m); err != nil {
					return err
				}
			}
		}
		return nil
	},
	Moves: map[string]map[string]string{"aws_iam_role_policy": {"role_name": "role", "name": "name"}},
	Schema: schema.Schema{
		MarkdownDescription: "One inline policy of a role, beside what the role's own resource gives it: for a role that something else makes. All inline policies of a role have room for 10,240 characters together. " +
			"For access to tables, queues and the like `serverless_grant` says the same with less.",
		Attributes: map[string]schema.Attribute{
			"role_name": schema.StringAttribute{
				Required: true, Validators: []validator.String{roleRef}, PlanModifiers: sameRole,
				MarkdownDescription: "The role: its name or ARN. Changing it takes the policy from that role and gives it to the other.",
			},
			"name": schema.StringAttribute{
				Required: true, Validators: []validator.String{policyName},
				MarkdownDescription: "Name of the policy within the role: 1 to 128 letters, digits and `+=,.@_-`. Changing it replaces the policy.",
			},
			"policy": schema.StringAttribute{
				Required: true, CustomType: tf.JSONType{}, PlanModifiers: tf.KeepJSON,
				MarkdownDescription: "The policy, a JSON document; the data source `serverless_policy` builds one.",
			},
		},
	},
}
