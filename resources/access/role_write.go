package access

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"
	"golang.org/x/sync/errgroup"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

func findRole(ctx context.Context, c *Clients, m *role) (bool, map[string]string, error) {
	out, err := c.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: m.RoleName.ValueStringPointer()})
	if err != nil {
		return false, nil, err
	}
	return true, tagsOfRole(out.Role), nil
}

func createRole(ctx context.Context, c *Clients, m *role) error {
	if m.Trust.IsUnknown() { // the services were not known when it was planned
		m.Trust = tf.JSONValue(parts.Trust(texts(m.Services)...))
	}
	policy, err := m.policy()
	if err != nil {
		return err
	}
	_, err = c.IAM.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: m.RoleName.ValueStringPointer(), Path: m.Path.ValueStringPointer(), Description: m.Description.ValueStringPointer(),
		AssumeRolePolicyDocument: m.Trust.ValueStringPointer(), MaxSessionDuration: aws.Int32(int32(m.Session.ValueInt64())),
		PermissionsBoundary: m.Boundary.ValueStringPointer(), Tags: tagList(m.Marked(ctx)),
	})
	if err != nil {
		return err
	}
	m.ID = basetypes.StringValue(roleARN(ctx, m.Path.ValueString(), m.RoleName.ValueString()))
	if policy != "" {
		if err := soon(ctx, func(ctx context.Context) error { return m.inline().Put(ctx, c.IAM, policy) }); err != nil {
			return err
		}
	}
	if err := m.rememberAttached(ctx); err != nil {
		return err
	}
	return m.attach(ctx, c, texts(m.PolicyARNs), nil)
}

// roleARN is the ARN of a role, which no region is part of.
func roleARN(ctx context.Context, path, name string) string {
	s := tf.ScopeOf(ctx)
	return "arn:" + s.Partition + ":iam::" + s.Account + ":role" + path + name
}

// attach attaches managed policies and then detaches others; one by one before that,
// if the role has no room for both.
func (m *role) attach(ctx context.Context, c *Clients, add, remove []string) error {
	name := m.RoleName.ValueStringPointer()
	detach := func(arn string) error {
		_, err := c.IAM.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: &arn})
		if err != nil && !tf.Is[*types.NoSuchEntityException](err) {
			return fmt.Errorf("detaching %s: %w", arn, err)
		}
		return nil
	}
	for _, arn := range add {
		for {
			err := soon(ctx, func(ctx context.Context) error {
				_, err := c.IAM.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: &arn})
				return err
			})
			if err == nil {
				break
			}
			if !full(err) || len(remove) == 0 {
				return fmt.Errorf("attaching %s: %w", arn, err)
			}
			if err := detach(remove[0]); err != nil {
				return err
			}
			remove = remove[1:]
		}
	}
	for _, arn := range remove {
		if err := detach(arn); err != nil {
			return err
		}
	}
	return nil
}

// updateRole adds rights first and takes them away last.
func updateRole(ctx context.Context, c *Clients, prior, m *role) error {
	name := m.RoleName.ValueStringPointer()
	if m.Trust.IsUnknown() {
		m.Trust = tf.JSONValue(parts.Trust(texts(m.Services)...))
	}
	policy, err := m.policy()
	if err != nil {
		return err
	}
	if !tf.SameJSON(m.Trust.ValueString(), prior.Trust.ValueString()) {
		if _, err := c.IAM.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: name, PolicyDocument: m.Trust.ValueStringPointer()}); err != nil {
			return err
		}
	}
	if !m.Description.Equal(prior.Description) || !m.Session.Equal(prior.Session) {
		_, err := c.IAM.UpdateRole(ctx, &iam.UpdateRoleInput{
			RoleName: name, Description: aws.String(m.Description.ValueString()), MaxSessionDuration: aws.Int32(int32(m.Session.ValueInt64())),
		})
		if err != nil {
			return err
		}
	}
	if !m.Boundary.Equal(prior.Boundary) {
		if err := parts.Limit(ctx, c.IAM, *name, m.Boundary.ValueString()); err != nil {
			return err
		}
	}
	if policy != "" && !tf.SameJSON(policy, prior.Policy.ValueString()) {
		if err := m.inline().Put(ctx, c.IAM, policy); err != nil {
			return err
		}
	}
	is, was := texts(m.PolicyARNs), texts(prior.PolicyARNs)
	without := func(all, o []string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return slices.Contains(o, s) })
	}
	if err := m.rememberAttached(ctx); err != nil {
		return err
	}
	if err := m.attach(ctx, c, without(is, was), without(was, is)); err != nil {
		return err
	}
	if policy == "" && prior.Policy.ValueString() != "" {
		return m.inline().Remove(ctx, c.IAM)
	}
	return nil
}

// readRole asks for the role and its two kinds of policies at once.
func readRole(ctx context.Context, c *Clients, m *role) error {
	name := lastPart(m.RoleName.ValueString())
	m.RoleName = basetypes.StringValue(name)
	var out *iam.GetRoleOutput
	var policy string
	var managed []string
	g, sub := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		out, err = c.IAM.GetRole(sub, &iam.GetRoleInput{RoleName: &name})
		return err
	})
	g.Go(func() (err error) {
		policy, err = m.inline().Get(sub, c.IAM)
		return err
	})
	g.Go(func() (err error) {
		managed, err = parts.Managed(sub, c.IAM, name)
		return err
	})
	if err := g.Wait(); err != nil {
		return err
	}
	r := out.Role
	m.ID, m.ARN = basetypes.StringPointerValue(r.Arn), basetypes.StringPointerValue(r.Arn)
	m.UniqueID, m.Path, m.Description = basetypes.StringPointerValue(r.RoleId), basetypes.StringPointerValue(r.Path), tf.NonEmpty(r.Description)
	m.Session = basetypes.Int64Value(int64(aws.ToInt32(r.MaxSessionDuration)))
	m.Boundary = basetypes.StringNull()
	if r.PermissionsBoundary != nil {
		m.Boundary = tf.NonEmpty(r.PermissionsBoundary.PermissionsBoundaryArn)
	}
	trust, err := url.QueryUnescape(aws.ToString(r.AssumeRolePolicyDocument))
	if err != nil {
		return fmt.Errorf("reading who may take the role %s on: %w", name, err)
	}
	m.readTrust(trust)
	m.readPolicies(policy)
	if len(managed) > 0 || len(m.PolicyARNs) > 0 {
		m.PolicyARNs = nil
		if len(managed) > 0 {
			m.PolicyARNs = tf.Strings(managed)
		}
	}
	tf.SetTags(ctx, &m.Tagged, tagsOfRole(r))
	return m.found(ctx, managed)
}

// readTrust keeps what is written as long as it means what was found.
func (m *role) readTrust(found string) {
	if m.Services != nil && !tf.SameJSON(found, parts.Trust(texts(m.Services)...)) {
		m.Services = nil // the difference shows here, too
	}
	if !tf.SameJSON(found, m.Trust.ValueString()) {
		m.Trust = tf.JSONValue(found)
	}
}

// readPolicies keeps what is written as long as it makes what was found.
func (m *role) readPolicies(found string) {
	if want, err := m.policy(); err != nil || !tf.SameJSON(want, found) {
		m.Policies = nil
		if found != "" {
			m.Policies = []tf.JSON{tf.JSONValue(found)}
		}
	}
	switch {
	case found == "":
		m.Policy = tf.JSONNull()
	case !tf.SameJSON(found, m.Policy.ValueString()):
		m.Policy = tf.JSONValue(found)
	}
}

func listRoles(ctx context.Context, c *Clients, in *role, found func(*role) error) error {
	pages := iam.NewListRolesPaginator(c.IAM, &iam.ListRolesInput{})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, r := range out.Roles {
			m := *in
			m.RoleName, m.ARN, m.Path = basetypes.StringPointerValue(r.RoleName), basetypes.StringPointerValue(r.Arn), basetypes.StringPointerValue(r.Path)
			if err := found(&m); err != nil {
				return err
			}
		}
	}
	return nil
}

func tagsOfRole(r *types.Role) map[string]string {
	all := map[string]string{}
	for _, t := range r.Tags {
		all[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return all
}

func tagList(tags map[string]string) []types.Tag {
	var all []types.Tag
	for k, v := range tags {
		all = append(all, types.Tag{Key: aws.String(k), Value: aws.String(v)})
	}
	return all
}
