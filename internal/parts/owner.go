package parts

import (
	"context"
	"strings"

	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// Own is the part of a model that says as which role something works: as one of its
// own, which it makes, or as one of the user's. Embed it, and make the
// schema's attributes by [WithOwn].
type Own struct {
	Policies     []tf.JSON          `tfsdk:"policies"`
	PolicyARNs   []basetypes.String `tfsdk:"policy_arns"`
	RoleARN      basetypes.String   `tfsdk:"role_arn"`
	RoleName     basetypes.String   `tfsdk:"role_name"`
	Role         *RoleSettings      `tfsdk:"role"`
	RolePolicy   tf.JSON            `tfsdk:"role_policy"`
	RoleBoundary basetypes.String   `tfsdk:"role_permissions_boundary"`

	made struct{ role, logs bool } `tfsdk:"-"` // by the create that is under way
}

// RoleSettings say how the own role is made.
type RoleSettings struct {
	Name     basetypes.String `tfsdk:"name"`
	Path     basetypes.String `tfsdk:"path"`
	Boundary basetypes.String `tfsdk:"permissions_boundary"`
}

// An Owner is what has a role and a log group of its own, or writes and works as
// others do.
type Owner struct {
	*Own
	Prefix  string           // of the name, in that of the role
	Name    basetypes.String // on AWS
	Region  basetypes.String
	Service string // that takes the role on, such as "lambda.amazonaws.com"
	Logs    *LogGroup
	Tags    *tf.Tagged
	// Policy returns what the own role may do.
	Policy func(context.Context) (string, error)
}

// roleName is the name of the own role in a region. At another path it has another
// one, because IAM has one role of a name and moves none.
func (o Owner) roleName(region string) string {
	if o.Role != nil && o.Role.Name.ValueString() != "" {
		return o.Role.Name.ValueString()
	}
	if path := o.rolePath(); path != "/" {
		region += path
	}
	return RoleName(o.Prefix+o.Name.ValueString(), region)
}

// rolePath is the path of the own role.
func (o *Own) rolePath() string {
	if o.Role == nil || o.Role.Path.ValueString() == "" {
		return "/"
	}
	return o.Role.Path.ValueString()
}

// boundary is what limits the own role: what it says, or what is for all roles.
func (o *Own) boundary(everywhere basetypes.String) basetypes.String {
	if o.Role == nil || o.Role.Boundary.IsNull() {
		return everywhere
	}
	return o.Role.Boundary
}

// owns tells the own role by its path and name.
func (o Owner) owns(ctx context.Context, arn string) bool {
	return strings.HasSuffix(arn, ":role"+o.rolePath()+o.roleName(tf.ScopeOf(ctx).Region))
}

// role is the own role as it should be; nil for one of the user's.
func (o Owner) role(ctx context.Context) (*Role, error) {
	if !o.RoleARN.IsUnknown() && !o.owns(ctx, o.RoleARN.ValueString()) {
		return nil, nil
	}
	r := &Role{
		Name: o.roleName(tf.ScopeOf(ctx).Region), Path: o.rolePath(), Service: o.Service,
		Managed: tf.Texts(o.PolicyARNs), Tags: o.Tags.All(), Boundary: o.boundary(tf.Boundary(ctx)).ValueString(),
	}
	if r.Policy = o.RolePolicy.ValueString(); !o.RolePolicy.IsUnknown() {
		return r, nil
	}
	var err error
	r.Policy, err = o.Policy(ctx)
	return r, err
}

// Make makes the role and the log group, in this order, and keeps in mind what was
// not there before, for Undo. What was there stays, a log group with its events above
// all.
func (o Owner) Make(ctx context.Context, i IAM, l Logs) error {
	role, err := o.role(ctx)
	if err != nil {
		return err
	}
	if role != nil {
		var arn string
		if arn, o.made.role, err = role.Create(ctx, i); err != nil {
			return err
		}
		o.RoleARN = basetypes.StringValue(arn)
	}
	if o.Logs != nil {
		o.made.logs, err = o.Logs.Create(ctx, l)
	}
	return err
}

// Undo removes what Make has made.
func (o Owner) Undo(ctx context.Context, i IAM, l Logs) error {
	if o.made.logs {
		if err := DeleteLogGroup(ctx, l, o.Logs.Name); err != nil {
			return err
		}
	}
	if o.made.role {
		return DeleteRole(ctx, i, o.roleName(tf.ScopeOf(ctx).Region))
	}
	return nil
}

// Change gives the role what it needs beyond what it has, makes it where there is
// none yet, and changes the log group. What is not needed any more is taken away by
// trim, which is called when nothing uses it any longer.
func (o Owner) Change(ctx context.Context, i IAM, l Logs, prior Owner) (trim func() error, err error) {
	role, more, err := o.changeRole(ctx, i, prior)
	if err != nil {
		return nil, err
	}
	if o.Logs != nil {
		set, remove := o.Tags.Changed(prior.Tags)
		if err := o.Logs.Change(ctx, l, prior.Logs, set, remove); err != nil {
			return nil, err
		}
	}
	return func() error {
		if more {
			if err := role.Trim(ctx, i); err != nil {
				return err
			}
		}
		was := prior.roleName(tf.ScopeOf(ctx).Region)
		if prior.owns(ctx, prior.RoleARN.ValueString()) && (role == nil || role.Name != was) {
			if err := DeleteRole(ctx, i, was); err != nil {
				return err
			}
		}
		if o.Logs == nil && prior.Logs != nil {
			return DeleteLogGroup(ctx, l, prior.Logs.Name)
		}
		return nil
	}, nil
}

// changeRole also says whether the role has more than it should then.
func (o Owner) changeRole(ctx context.Context, c IAM, prior Owner) (role *Role, more bool, err error) {
	if role, err = o.role(ctx); role == nil || err != nil {
		return nil, false, err
	}
	if prior.RolePolicy.IsNull() || role.Name != prior.roleName(tf.ScopeOf(ctx).Region) || o.RoleARN.IsUnknown() {
		role.Was = prior.Tags.All()
		arn, made, err := role.Create(ctx, c)
		o.RoleARN = basetypes.StringValue(arn)
		return role, !made, err
	}
	more, err = role.Change(ctx, c, Role{Policy: prior.RolePolicy.ValueString(), Managed: tf.Texts(prior.PolicyARNs), Boundary: prior.RoleBoundary.ValueString()})
	if err != nil {
		return nil, false, err
	}
	set, remove := o.Tags.Changed(prior.Tags)
	return role, more, TagRole(ctx, c, role.Name, set, remove)
}

// Read fills in what there is of the role with that ARN, which the owner works as.
func (o Owner) Read(ctx context.Context, c IAM, arn string) error {
	o.RoleARN, o.RoleName, o.RolePolicy = basetypes.StringValue(arn), basetypes.StringValue(roleNameOf(arn)), tf.JSONNull()
	if !o.owns(ctx, arn) {
		o.RoleBoundary = basetypes.StringNull()
		return nil
	}
	everywhere := tf.Boundary(ctx)
	is, err := ReadRole(ctx, c, o.RoleName.ValueString(), o.Role != nil || !o.RoleBoundary.IsNull() || !everywhere.IsNull())
	if err != nil {
		return err
	}
	if is.Policy != "" {
		o.RolePolicy = tf.JSONValue(is.Policy)
	}
	o.RoleBoundary = tf.NonEmpty(&is.Boundary)
	if o.Role != nil && (!o.Role.Boundary.IsNull() || !o.RoleBoundary.Equal(everywhere)) {
		now := *o.Role
		now.Boundary = o.RoleBoundary
		o.Role = &now
	}
	if len(is.Managed) > 0 || o.PolicyARNs != nil {
		o.PolicyARNs = append([]basetypes.String{}, tf.Strings(is.Managed)...)
	}
	return nil
}

// Remove deletes the own role and then the log group, because a role that may make log
// groups brings this one back with what is logged meanwhile.
func (o Owner) Remove(ctx context.Context, i IAM, l Logs) error {
	if arn := o.RoleARN.ValueString(); o.owns(ctx, arn) {
		if err := DeleteRole(ctx, i, roleNameOf(arn)); err != nil {
			return err
		}
	}
	if o.Logs == nil {
		return nil
	}
	return DeleteLogGroup(ctx, l, o.Logs.Name)
}

// RemoveLate deletes the log group again when nothing writes to it any more: a role of
// the user's, which stays, may have brought it back meanwhile.
func (o Owner) RemoveLate(ctx context.Context, l Logs) error {
	if o.Logs == nil || o.owns(ctx, o.RoleARN.ValueString()) {
		return nil
	}
	return DeleteLogGroup(ctx, l, o.Logs.Name)
}

// roleNameOf is the name of a role, without its path.
func roleNameOf(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }
