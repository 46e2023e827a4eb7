package parts

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// IAM is what roles are made with.
type IAM interface {
	AttachRolePolicy(context.Context, *iam.AttachRolePolicyInput, ...func(*iam.Options)) (*iam.AttachRolePolicyOutput, error)
	CreateRole(context.Context, *iam.CreateRoleInput, ...func(*iam.Options)) (*iam.CreateRoleOutput, error)
	DeleteRole(context.Context, *iam.DeleteRoleInput, ...func(*iam.Options)) (*iam.DeleteRoleOutput, error)
	DeleteRolePermissionsBoundary(context.Context, *iam.DeleteRolePermissionsBoundaryInput, ...func(*iam.Options)) (*iam.DeleteRolePermissionsBoundaryOutput, error)
	DeleteRolePolicy(context.Context, *iam.DeleteRolePolicyInput, ...func(*iam.Options)) (*iam.DeleteRolePolicyOutput, error)
	DetachRolePolicy(context.Context, *iam.DetachRolePolicyInput, ...func(*iam.Options)) (*iam.DetachRolePolicyOutput, error)
	GetRole(context.Context, *iam.GetRoleInput, ...func(*iam.Options)) (*iam.GetRoleOutput, error)
	GetRolePolicy(context.Context, *iam.GetRolePolicyInput, ...func(*iam.Options)) (*iam.GetRolePolicyOutput, error)
	ListAttachedRolePolicies(context.Context, *iam.ListAttachedRolePoliciesInput, ...func(*iam.Options)) (*iam.ListAttachedRolePoliciesOutput, error)
	ListRolePolicies(context.Context, *iam.ListRolePoliciesInput, ...func(*iam.Options)) (*iam.ListRolePoliciesOutput, error)
	PutRolePermissionsBoundary(context.Context, *iam.PutRolePermissionsBoundaryInput, ...func(*iam.Options)) (*iam.PutRolePermissionsBoundaryOutput, error)
	PutRolePolicy(context.Context, *iam.PutRolePolicyInput, ...func(*iam.Options)) (*iam.PutRolePolicyOutput, error)
	TagRole(context.Context, *iam.TagRoleInput, ...func(*iam.Options)) (*iam.TagRoleOutput, error)
	UntagRole(context.Context, *iam.UntagRoleInput, ...func(*iam.Options)) (*iam.UntagRoleOutput, error)
}

// RolePolicy is the name of the one inline policy of a role that is its owner's.
const RolePolicy = "serverless"

// GrantPath is the path of managed policies with grants that found no room in the
// role. They are none of those that a role's owner chooses.
const GrantPath = "/serverless/grants/"

// RoleName returns the name of the role that the resource with that physical name
// owns in a region. The hash keeps roles of one name in two regions apart, because
// IAM knows no regions; a long name is cut to IAM's 64 characters.
func RoleName(name, region string) string {
	sum := sha256.Sum256([]byte(region + "/" + name))
	if len(name) > 55 {
		name = name[:55]
	}
	return name + "-" + hex.EncodeToString(sum[:4])
}

// A Role is an execution role as it should be.
type Role struct {
	Name     string
	Path     string   // "" is "/"
	Boundary string   // ARN of the policy that limits it; "" for none
	Service  string   // who assumes it, such as "lambda.amazonaws.com"
	Policy   string   // the inline policy, JSON
	Managed  []string // ARNs of managed policies
	Tags     map[string]string
	Was      map[string]string // tags that it may have from before
}

// Create makes the role and returns its ARN, and whether it was not there before.
// A role of that name that the same resource made in a run that was cut off is
// taken over and limited as a new one would be. Its trust and its path are those that
// a new one would have, and its tags tell of no other owner, or it is a conflict.
func (r Role) Create(ctx context.Context, c IAM) (arn string, made bool, err error) {
	out, err := c.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName:                 &r.Name,
		AssumeRolePolicyDocument: aws.String(Trust(r.Service)),
		Path:                     nonEmpty(r.Path),
		PermissionsBoundary:      nonEmpty(r.Boundary),
		Tags:                     iamTags(r.Tags),
	})
	switch {
	case err == nil:
		return aws.ToString(out.Role.Arn), true, r.Add(ctx, c, "")
	case !tf.Is[*types.EntityAlreadyExistsException](err):
		return "", false, fmt.Errorf("creating the role %s: %w", r.Name, err)
	}
	old, err := c.GetRole(ctx, &iam.GetRoleInput{RoleName: &r.Name})
	if err != nil {
		return "", false, fmt.Errorf("looking at the existing role %s: %w", r.Name, err)
	}
	trust, err := url.QueryUnescape(aws.ToString(old.Role.AssumeRolePolicyDocument))
	if err != nil || !tf.SameJSON(trust, Trust(r.Service)) {
		return "", false, &tf.Problem{
			Summary: "The role " + r.Name + " exists and is not ours",
			Detail:  "Its trust policy is not the one that this resource gives to its role. Delete that role, or name it in role_arn to use it as it is.",
		}
	}
	if is, want := aws.ToString(old.Role.Path), cmp.Or(r.Path, "/"); is != "" && is != want {
		return "", false, &tf.Problem{
			Summary: "The role " + r.Name + " exists at the path " + is,
			Detail:  "IAM moves no role to another path, and has one role of a name. Give the role another name together with its path " + want + ", or delete that one.",
		}
	}
	if err := r.free(ctx, old.Role.Tags); err != nil {
		return "", false, err
	}
	limit := ""
	if b := old.Role.PermissionsBoundary; b != nil {
		limit = aws.ToString(b.PermissionsBoundaryArn)
	}
	if limit != r.Boundary { // before it gets any rights
		if err := Limit(ctx, c, r.Name, r.Boundary); err != nil {
			return "", false, err
		}
	}
	if err := TagRole(ctx, c, r.Name, r.Tags, nil); err != nil {
		return "", false, err
	}
	return aws.ToString(old.Role.Arn), false, r.Add(ctx, c, "")
}

// free refuses to take over a role with another owner's tags.
func (r Role) free(ctx context.Context, tags []types.Tag) error {
	actual := map[string]string{}
	for _, t := range tags {
		k, v := aws.ToString(t.Key), aws.ToString(t.Value)
		if was, ok := r.Was[k]; !ok || was != v {
			actual[k] = v
		}
	}
	foreign := tf.Foreign(ctx, actual, r.Tags)
	if len(foreign) == 0 {
		return nil
	}
	return &tf.Problem{
		Summary: "The role " + r.Name + " exists and has another owner",
		Detail: "Its tags say so, which this resource would not have given it: " + strings.Join(foreign, ", ") + ". Nothing of it was changed. " +
			"Give the own role another name (name in role), name that one in role_arn to use it as it is, or delete it.",
	}
}

// Add gives the role what it should have and leaves it what it has beyond that;
// old is the policy it has now, if any. Trim takes the rest away later.
func (r Role) Add(ctx context.Context, c IAM, old string) error {
	policy := r.Policy
	if old != "" {
		both, err := Both(old, r.Policy)
		if err != nil {
			return fmt.Errorf("merging the policies of the role %s: %w", r.Name, err)
		}
		policy = both
	}
	if policy != old {
		if err := r.put(ctx, c, policy); err != nil {
			return err
		}
	}
	attached, err := Managed(ctx, c, r.Name)
	if err != nil {
		return err
	}
	for _, arn := range r.Managed {
		if slices.Contains(attached, arn) {
			continue
		}
		if _, err := c.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &r.Name, PolicyArn: &arn}); err != nil {
			return fmt.Errorf("attaching %s to the role %s: %w", arn, r.Name, err)
		}
	}
	return nil
}

// Trim takes away what the role has beyond what it should have.
func (r Role) Trim(ctx context.Context, c IAM) error {
	now, err := InlinePolicy(ctx, c, r.Name)
	if err != nil {
		return err
	}
	if !tf.SameJSON(now, r.Policy) {
		if err := r.put(ctx, c, r.Policy); err != nil {
			return err
		}
	}
	attached, err := Managed(ctx, c, r.Name)
	if err != nil {
		return err
	}
	for _, arn := range attached {
		if slices.Contains(r.Managed, arn) {
			continue
		}
		if err := detach(ctx, c, r.Name, arn); err != nil {
			return err
		}
	}
	return nil
}

func (r Role) put(ctx context.Context, c IAM, policy string) error {
	_, err := c.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &r.Name, PolicyName: aws.String(RolePolicy), PolicyDocument: &policy})
	if err != nil {
		return fmt.Errorf("writing the policy of the role %s: %w", r.Name, err)
	}
	return nil
}

// InlinePolicy returns the role's inline policy; empty if the role or the policy is
// not there.
func InlinePolicy(ctx context.Context, c IAM, name string) (string, error) {
	out, err := c.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &name, PolicyName: aws.String(RolePolicy)})
	switch {
	case tf.Is[*types.NoSuchEntityException](err):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("reading the policy of the role %s: %w", name, err)
	}
	policy, err := url.QueryUnescape(aws.ToString(out.PolicyDocument))
	if err != nil {
		return "", fmt.Errorf("reading the policy of the role %s: %w", name, err)
	}
	return policy, nil
}

// Managed returns the ARNs of the role's managed policies, sorted and without those of
// grants; none if the role is not there.
func Managed(ctx context.Context, c IAM, name string) ([]string, error) {
	all, err := Attached(ctx, c, name)
	return slices.DeleteFunc(all, func(arn string) bool { return strings.Contains(arn, ":policy"+GrantPath) }), err
}

// Attached returns the ARNs of all of the role's managed policies, sorted.
func Attached(ctx context.Context, c IAM, name string) ([]string, error) {
	var arns []string
	pages := iam.NewListAttachedRolePoliciesPaginator(c, &iam.ListAttachedRolePoliciesInput{RoleName: &name})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if tf.Is[*types.NoSuchEntityException](err) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("listing the managed policies of the role %s: %w", name, err)
		}
		for _, p := range out.AttachedPolicies {
			arns = append(arns, aws.ToString(p.PolicyArn))
		}
	}
	slices.Sort(arns)
	return arns, nil
}

// DeleteRole removes the role with all that it has. A role that is not there is
// no error.
func DeleteRole(ctx context.Context, c IAM, name string) error {
	all, err := Attached(ctx, c, name)
	if err != nil {
		return err
	}
	for _, arn := range all {
		if err := detach(ctx, c, name, arn); err != nil {
			return err
		}
	}
	pages := iam.NewListRolePoliciesPaginator(c, &iam.ListRolePoliciesInput{RoleName: &name})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if tf.Is[*types.NoSuchEntityException](err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("listing the policies of the role %s: %w", name, err)
		}
		for _, p := range out.PolicyNames {
			_, err := c.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &name, PolicyName: &p})
			if err != nil && !tf.Is[*types.NoSuchEntityException](err) {
				return fmt.Errorf("deleting the policy %s of the role %s: %w", p, name, err)
			}
		}
	}
	_, err = c.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &name})
	if err != nil && !tf.Is[*types.NoSuchEntityException](err) {
		return fmt.Errorf("deleting the role %s: %w", name, err)
	}
	return nil
}

// Boundary returns the ARN of the policy that limits the role; empty if none does,
// or the role is not there.
func Boundary(ctx context.Context, c IAM, name string) (string, error) {
	out, err := c.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	switch {
	case tf.Is[*types.NoSuchEntityException](err):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("reading the role %s: %w", name, err)
	case out.Role.PermissionsBoundary == nil:
		return "", nil
	}
	return aws.ToString(out.Role.PermissionsBoundary.PermissionsBoundaryArn), nil
}

// Limit sets the policy that limits the role; an empty one ends that.
func Limit(ctx context.Context, c IAM, name, boundary string) error {
	var err error
	if boundary == "" {
		_, err = c.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: &name})
	} else {
		_, err = c.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: &name, PermissionsBoundary: &boundary})
	}
	if err != nil {
		return fmt.Errorf("limiting the role %s: %w", name, err)
	}
	return nil
}

func nonEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// TagRole sets and removes tags of the role.
func TagRole(ctx context.Context, c IAM, name string, set map[string]string, remove []string) error {
	if len(remove) > 0 {
		if _, err := c.UntagRole(ctx, &iam.UntagRoleInput{RoleName: &name, TagKeys: remove}); err != nil {
			return fmt.Errorf("untagging the role %s: %w", name, err)
		}
	}
	if len(set) > 0 {
		if _, err := c.TagRole(ctx, &iam.TagRoleInput{RoleName: &name, Tags: iamTags(set)}); err != nil {
			return fmt.Errorf("tagging the role %s: %w", name, err)
		}
	}
	return nil
}

func detach(ctx context.Context, c IAM, name, arn string) error {
	_, err := c.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &name, PolicyArn: &arn})
	if err != nil && !tf.Is[*types.NoSuchEntityException](err) {
		return fmt.Errorf("detaching %s from the role %s: %w", arn, name, err)
	}
	return nil
}

func iamTags(tags map[string]string) []types.Tag {
	var out []types.Tag
	for k, v := range tags {
		out = append(out, types.Tag{Key: aws.String(k), Value: aws.String(v)})
	}
	return out
}
