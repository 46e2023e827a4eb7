package access

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

type role struct {
	tf.Base
	tf.Tagged
	Name        basetypes.String   `tfsdk:"name"`
	RoleName    basetypes.String   `tfsdk:"role_name"`
	Path        basetypes.String   `tfsdk:"path"`
	Description basetypes.String   `tfsdk:"description"`
	Services    []basetypes.String `tfsdk:"services"`
	Trust       tf.JSON            `tfsdk:"assume_role_policy"`
	Session     basetypes.Int64    `tfsdk:"max_session_duration"`
	Boundary    basetypes.String   `tfsdk:"permissions_boundary"`
	Policies    []tf.JSON          `tfsdk:"policies"`
	PolicyARNs  []basetypes.String `tfsdk:"policy_arns"`
	ForceDetach basetypes.Bool     `tfsdk:"force_detach"`
	Policy      tf.JSON            `tfsdk:"policy"`
	ARN         basetypes.String   `tfsdk:"arn"`
	UniqueID    basetypes.String   `tfsdk:"unique_id"`
}

// Role is the type serverless_role: what functions and state machines run as.
var Role = tf.Type[*Clients, role]{
	Name:     "role",
	Import:   []string{"role_name"},
	ARN:      "iam:role/{role_name}",
	Physical: "role_name",
	Replace:  []string{"path"},
	Defaults: []string{"permissions_boundary"},
	Changes:  map[string][]string{"assume_role_policy": {"services"}, "policy": {"policies"}},
	Gone:     tf.Gone[*types.NoSuchEntityException]("GetRole", "DeleteRole"),
	Validate: validateRole,
	Plan:     planRole,
	Find:     findRole,
	Create:   createRole,
	Undo: func(ctx context.Context, c *Clients, m *role) error {
		if m.ID.ValueString() == "" {
			return nil
		}
		if err := parts.DeleteRole(ctx, c.IAM, m.RoleName.ValueString()); err != nil {
			return err
		}
		m.ID = basetypes.StringNull()
		return nil
	},
	Tag: func(ctx context.Context, c *Clients, m *role, set map[string]string, remove []string) error {
		return parts.TagRole(ctx, c.IAM, m.RoleName.ValueString(), set, remove)
	},
	Read:   readRole,
	Update: updateRole,
	Delete: deleteRole,
	List:   listRoles,
	Moves:  map[string]map[string]string{"aws_iam_role": {"role_name": "name"}},
	Schema: schema.Schema{
		MarkdownDescription: "A role of IAM. `serverless_function` and `serverless_state_machine` make their own; this is for one that several share, or that something else takes on: give its `arn` to their `role_arn`. What it may do is in `policies` and `policy_arns`, and in each `serverless_grant` from it.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				Optional: true, Computed: true, Validators: []validator.String{roleName},
				MarkdownDescription: "What the role is called in this configuration. On AWS it is called so with the provider's `name_prefix` before it. Give this or `role_name`.",
			},
			"role_name": schema.StringAttribute{
				Optional: true, Computed: true, Validators: []validator.String{roleName},
				MarkdownDescription: "The name on AWS, without any prefix: 1 to 64 letters, digits and `+=,.@_-`. Default: `name_prefix` and `name`. Changing it replaces the role.",
			},
			"path": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString("/"),
				Validators:          []validator.String{tf.Pattern(`^/([!-~]+/)?$`, "a path begins and ends with a slash")},
				MarkdownDescription: "Path before the name in the role's ARN. Changing it replaces the role. Default: `/`.",
			},
			"description": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 1000)},
				MarkdownDescription: "What the role is for, at most 1000 characters.",
			},
			"services": schema.SetAttribute{
				Optional: true, ElementType: basetypes.StringType,
				Validators:          []validator.Set{setvalidator.SizeAtLeast(1), setvalidator.ValueStringsAre(tf.Pattern(`^[a-z0-9.-]+\.amazonaws\.com(\.cn)?$`, "write a service's principal, such as lambda.amazonaws.com"))},
				MarkdownDescription: "AWS's services that may take the role on, such as `lambda.amazonaws.com` or `states.amazonaws.com`. Give this or `assume_role_policy`.",
			},
			"assume_role_policy": schema.StringAttribute{
				Optional: true, Computed: true, CustomType: tf.JSONType{}, PlanModifiers: tf.KeepJSON,
				MarkdownDescription: "Who may take the role on: a JSON document of at most 2,048 characters. Default: what `services` says.",
			},
			"max_session_duration": schema.Int64Attribute{
				Optional: true, Computed: true, Default: int64default.StaticInt64(3600), Validators: []validator.Int64{int64validator.Between(3600, 43200)},
				MarkdownDescription: "Longest time in seconds that somebody may have the role for, 3600 to 43200. Default: 3600.",
			},
			"permissions_boundary": schema.StringAttribute{
				Optional: true, Computed: true, Validators: []validator.String{policyARN},
				MarkdownDescription: "ARN of the policy that limits what the role's policies can allow. Default: the provider's `permissions_boundary`.",
			},
			"policies": schema.ListAttribute{
				Optional: true, ElementType: tf.JSONType{}, Validators: []validator.List{listvalidator.SizeAtLeast(1)},
				MarkdownDescription: "What the role may do: policy documents, JSON, which become one inline policy called `serverless`. Other inline policies are left alone.",
			},
			"policy_arns": schema.SetAttribute{
				Optional: true, ElementType: basetypes.StringType, Validators: []validator.Set{setvalidator.SizeBetween(1, 20), setvalidator.ValueStringsAre(policyARN)},
				MarkdownDescription: "ARNs of the managed policies that are attached to the role: these and no others, but for what grants need.",
			},
			"force_detach": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "Whether the role is deleted together with what others gave it: inline policies, attached managed policies, its place in instance profiles. False refuses to delete it while it has such things, and names them. Default: false.",
			},
			"tags":      tf.TagsAttribute(),
			"policy":    schema.StringAttribute{Computed: true, CustomType: tf.JSONType{}, MarkdownDescription: "The inline policy that `policies` make; null for none."},
			"arn":       tf.Computed("ARN of the role."),
			"unique_id": tf.Computed("Id that tells the role from others that had its name, such as `AROA…`."),
		},
	},
}

func validateRole(_ context.Context, v *tf.Check, m *role) {
	if v.Decided("services") && v.Decided("assume_role_policy") && (m.Services == nil) == m.Trust.IsNull() {
		v.Error(path.Root("services"), "Who may take the role on?", "A role needs services or assume_role_policy, and not both. Give the principal of a service, such as services = [\"lambda.amazonaws.com\"].")
	}
	checkPolicy(v, path.Root("assume_role_policy"), m.Trust)
	for i, p := range m.Policies {
		checkPolicy(v, path.Root("policies").AtListIndex(i), p)
	}
}

// planRole plans the documents that other arguments make.
func planRole(_ context.Context, p *tf.Plan[role]) error {
	if p.Config.Trust.IsNull() {
		trust := tf.JSON{StringValue: basetypes.StringUnknown()}
		if p.Known("services") {
			trust = tf.JSONValue(parts.Trust(texts(p.Planned.Services)...))
			if p.Prior != nil && tf.SameJSON(p.Prior.Trust.ValueString(), trust.ValueString()) {
				trust = p.Prior.Trust
			}
		}
		p.Set("assume_role_policy", trust)
	}
	keepPolicies(p)
	policy := tf.JSON{StringValue: basetypes.StringUnknown()}
	if p.Known("policies") {
		text, err := p.Planned.policy()
		if err != nil {
			return err
		}
		if policy = tf.JSONNull(); text != "" {
			policy = tf.JSONValue(text)
		}
		if p.Prior != nil && text != "" && tf.SameJSON(p.Prior.Policy.ValueString(), text) {
			policy = p.Prior.Policy
		}
	}
	p.Set("policy", policy)
	return nil
}

// keepPolicies keeps the prior text of documents that only differ in layout.
func keepPolicies(p *tf.Plan[role]) {
	if p.Prior == nil || !p.Known("policies") || p.Planned.Policies == nil {
		return
	}
	if !slices.EqualFunc(p.Planned.Policies, p.Prior.Policies, func(a, b tf.JSON) bool { return tf.SameJSON(a.ValueString(), b.ValueString()) }) {
		return
	}
	p.Planned.Policies = p.Prior.Policies
	var all []attr.Value
	for _, policy := range p.Prior.Policies {
		all = append(all, policy)
	}
	p.Set("policies", basetypes.ListValueMust(tf.JSONType{}, all))
}

// policy is the inline policy; empty for none.
func (m *role) policy() (string, error) {
	if len(m.Policies) == 0 {
		return "", nil
	}
	var documents []string
	for _, p := range m.Policies {
		documents = append(documents, p.ValueString())
	}
	policy, err := parts.Policy(nil, documents)
	if err != nil {
		return "", tf.At(path.Root("policies"), fmt.Errorf("making one policy of them: %w", err))
	}
	return policy, nil
}

func (m *role) inline() parts.Extra {
	return parts.Extra{Role: m.RoleName.ValueString(), Name: parts.RolePolicy}
}

// texts are the strings of a set, sorted.
func texts(all []basetypes.String) []string {
	return slices.Sorted(slices.Values(tf.Texts(all)))
}
