package parts

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// ARN accepts any ARN.
var ARN = tf.Pattern(`^arn:[^:]+:[^:]+:[^:]*:[^:]*:.+$`, "write an ARN, such as arn:aws:iam::123456789012:role/name")

// WithOwn are attributes and those of [Own] of a kind of thing, such as "function";
// may is what its own role may do by default.
func WithOwn(thing, may string, others map[string]schema.Attribute) map[string]schema.Attribute {
	own := map[string]schema.Attribute{
		"policies": schema.ListAttribute{
			ElementType: tf.JSONType{}, Optional: true, Validators: []validator.List{listvalidator.SizeAtLeast(1)},
			MarkdownDescription: "Further IAM policy documents, JSON, whose statements the " + thing + "'s role gets. Not together with `role_arn`.",
		},
		"policy_arns": schema.SetAttribute{
			ElementType: basetypes.StringType, Optional: true,
			MarkdownDescription: "ARNs of managed policies that the " + thing + "'s role gets. Not together with `role_arn`.",
		},
		"role_arn": schema.StringAttribute{
			Optional: true, Computed: true, Validators: []validator.String{ARN},
			MarkdownDescription: "ARN of the role that the " + thing + " works as. Default: a role of its own that may " + may + ".",
		},
		"role_name": tf.Computed("Name of the role that the " + thing + " works as: what resources of `hashicorp/aws` attach policies to. Other policies than `serverless` on the own role are left alone, and go with it."),
		"role": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "How the " + thing + "'s own role is made. Not together with `role_arn`. Changing its name or path makes another role.",
			Attributes: map[string]schema.Attribute{
				"name": schema.StringAttribute{
					Optional: true, Validators: []validator.String{tf.Pattern(`^[\w+=,.@-]{1,64}$`, "a role's name has 1 to 64 letters, digits and characters of +=,.@_-")},
					MarkdownDescription: "Its name. Default: the " + thing + "'s name and a hash, which keeps regions apart.",
				},
				"path": schema.StringAttribute{
					Optional: true, Validators: []validator.String{tf.Pattern(`^/([!-~]+/)?$`, "a path begins and ends with a slash")},
					MarkdownDescription: "Its path, such as `/shop/`. Default: `/`.",
				},
				"permissions_boundary": schema.StringAttribute{
					Optional: true, Validators: []validator.String{ARN},
					MarkdownDescription: "ARN of the policy that limits what the role may do whatever its own policies say.",
				},
			},
		},
		"role_permissions_boundary": tf.Computed("ARN of the policy that limits the own role: that of `role`, or else the provider's `permissions_boundary`; null without."),
		"role_policy": schema.StringAttribute{
			Computed: true, CustomType: tf.JSONType{},
			MarkdownDescription: "The policy, JSON, of the " + thing + "'s own role, called `serverless` there; null with a `role_arn` of yours.",
		},
	}
	maps.Copy(own, others)
	return own
}

// Check refuses what only an own role can have beside a role of the user's, and bad
// policies; others are further attributes that only an own role can have, with whether
// they are given.
func (o *Own) Check(v *tf.Check, thing string, others map[string]bool) {
	others["policies"], others["role"] = o.Policies != nil, o.Role != nil
	for name, given := range others {
		if given && !o.RoleARN.IsNull() {
			notWithRole(v.Error, thing, name)
		}
	}
	if _, err := Policy(nil, o.Documents()); err != nil {
		v.Error(path.Root("policies"), "Bad policy", Sentence(err))
	}
}

// notWithRole refuses an attribute of the own role beside role_arn. Of policy_arns that
// is only known in the plan, which knows whether role_arn is the own role.
func notWithRole(fail func(at path.Path, summary, detail string), thing, name string) {
	fail(path.Root(name), "Not with role_arn",
		"A "+thing+" with a role_arn has no role of its own that "+name+" could be given to. Give that role its rights where it is made, or leave role_arn out.")
}

// Documents are the known ones of Policies.
func (o *Own) Documents() []string {
	var all []string
	for _, p := range o.Policies {
		if !p.IsUnknown() && !p.IsNull() {
			all = append(all, p.ValueString())
		}
	}
	return all
}

// Sentence is an error as the detail of a diagnostic.
func Sentence(err error) string {
	s := err.Error()
	return fmt.Sprintf("%s%s.", strings.ToUpper(s[:1]), s[1:])
}

// KeepPolicies keeps the prior text of documents that only differ in layout.
func KeepPolicies[M any](p *tf.Plan[M], of func(*M) Owner) {
	if p.Prior == nil || !p.Known("policies") {
		return
	}
	is, was := of(p.Planned), of(p.Prior)
	if is.Policies == nil || !slices.EqualFunc(is.Policies, was.Policies, func(a, b tf.JSON) bool { return tf.SameJSON(a.ValueString(), b.ValueString()) }) {
		return
	}
	is.Policies = was.Policies
	elements := make([]attr.Value, len(was.Policies))
	for i, d := range was.Policies {
		elements[i] = d
	}
	p.Set("policies", basetypes.ListValueMust(tf.JSONType{}, elements))
}

// PlanRole plans which role a thing works as, and what the own one may do, which policy
// returns. known tells that all that the policy is made of is known, the account
// included, which planning must not ask AWS for.
func PlanRole[M any](p *tf.Plan[M], thing string, of func(*M) Owner, known bool, policy func() (string, error)) error {
	is, given := of(p.Planned), of(p.Config)
	var prior Owner
	if p.Prior != nil {
		prior = of(p.Prior)
	}
	own := p.Prior != nil && !prior.RolePolicy.IsNull()
	if !given.RoleARN.IsNull() {
		is.RoleName = basetypes.StringUnknown()
		if !given.RoleARN.IsUnknown() {
			is.RoleName = basetypes.StringValue(roleNameOf(given.RoleARN.ValueString()))
		}
		p.Set("role_name", is.RoleName)
		if own && is.RoleARN.Equal(prior.RoleARN) {
			// The own role, as the configuration of an imported object names it: it stays as it is.
			p.Set("role_policy", prior.RolePolicy)
			p.Set("role_permissions_boundary", prior.RoleBoundary)
			return nil
		}
		if given.PolicyARNs != nil {
			notWithRole(p.Error, thing, "policy_arns")
		}
		p.Set("role_policy", tf.JSONNull())
		p.Set("role_permissions_boundary", basetypes.StringNull())
		return nil
	}
	p.Set("role_permissions_boundary", is.boundary(p.Provider().Boundary))
	is.RoleARN, is.RoleName = basetypes.StringUnknown(), basetypes.StringUnknown()
	settled := is.Role == nil || !is.Role.Name.IsUnknown() && !is.Role.Path.IsUnknown()
	if settled && (is.Role != nil || p.Known("role")) && !is.Name.IsUnknown() && !is.Region.IsUnknown() {
		is.RoleName = basetypes.StringValue(is.roleName(is.Region.ValueString()))
	}
	if own && is.rolePath() == prior.rolePath() && is.RoleName.Equal(prior.RoleName) {
		is.RoleARN = prior.RoleARN
	}
	p.Set("role_arn", is.RoleARN)
	p.Set("role_name", is.RoleName)
	if p.Prior == nil || !known {
		p.Set("role_policy", tf.JSON{StringValue: basetypes.StringUnknown()})
		return nil
	}
	text, err := policy()
	if err != nil {
		return err
	}
	if was := prior.RolePolicy.ValueString(); tf.SameJSON(text, was) {
		text = was
	}
	p.Set("role_policy", tf.JSONValue(text))
	return nil
}
