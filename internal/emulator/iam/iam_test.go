package iam

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

const trustLambda = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}`

func newService(t *testing.T) (*Service, context.Context) {
	t.Helper()
	st, err := store.Open("")
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(&env.Env{Clock: clock.NewFake(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)), Store: st})
	if err != nil {
		t.Fatal(err)
	}
	return s, env.WithScope(context.Background(), env.Scope{Account: "000000000000", Region: "eu-north-1"})
}

// errorOf is the code and the message of an AWS error, or "".
func errorOf(err error) string {
	api := smithy.APIError(nil)
	if !errors.As(err, &api) {
		return ""
	}
	return api.ErrorCode() + ": " + api.ErrorMessage()
}

func TestRole(t *testing.T) {
	t.Parallel()
	s, ctx := newService(t)
	created, err := s.CreateRole(ctx, &iam.CreateRoleInput{RoleName: ptr("r"), AssumeRolePolicyDocument: ptr(trustLambda)})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := *created.Role.Arn, "arn:aws:iam::000000000000:role/r"; got != want {
		t.Errorf("got ARN %s, want %s", got, want)
	}
	if id := *created.Role.RoleId; !strings.HasPrefix(id, "AROA") || len(id) != 21 {
		t.Errorf("got role id %s, want AROA and 17 more", id)
	}
	if created.Role.MaxSessionDuration != nil {
		t.Errorf("CreateRole returned MaxSessionDuration; AWS does not")
	}
	if _, err := s.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: ptr("r"), PolicyName: ptr("p"), PolicyDocument: ptr(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:*","Resource":"*"}]}`)}); err != nil {
		t.Fatal(err)
	}
	got, err := s.GetRole(ctx, &iam.GetRoleInput{RoleName: ptr("r")})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(*got.Role.AssumeRolePolicyDocument, "%7B%22Version%22%3A%20%222012-10-17%22") || *got.Role.MaxSessionDuration != 3600 {
		t.Errorf("got %s, %d", *got.Role.AssumeRolePolicyDocument, *got.Role.MaxSessionDuration)
	}
	if _, err := s.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: ptr("r")}); errorOf(err) != "DeleteConflict: Cannot delete entity, must delete policies first." {
		t.Errorf("got %v", err)
	}
	trust, id, longest, err := s.Role(ctx, *created.Role.Arn)
	if err != nil || trust != trustLambda || id != *created.Role.RoleId || longest != time.Hour {
		t.Errorf("Role: got %s, %s, %s, %v", trust, id, longest, err)
	}
}

func policyOf(statement string) *string {
	return ptr(`{"Version":"2012-10-17","Statement":[` + statement + `]}`)
}

const allowAll = `{"Effect":"Allow","Action":"logs:*","Resource":"*"}`

func TestPolicyDocuments(t *testing.T) {
	t.Parallel()
	s, ctx := newService(t)
	const malformed = "MalformedPolicyDocument: "
	for document, want := range map[string]string{
		`{`:                        malformed + "This policy contains invalid Json",
		`{} {}`:                    malformed + "This policy contains invalid Json",
		`[]`:                       malformed + "Syntax errors in policy.",
		`null`:                     malformed + "Syntax errors in policy.",
		`{"Version":"2012-10-17"}`: malformed + "Syntax errors in policy.",
		`{"Version":"2012-10-17","Statement":[],"Extra":1}`:                                                                                      malformed + "Syntax errors in policy.",
		`{"Version":"2012-10-18","Statement":[` + allowAll + `]}`:                                                                                malformed + "The policy failed legacy parsing",
		`{"Statement":[` + allowAll + `]}`:                                                                                                       malformed + "Policy document must be version 2012-10-17 or greater.",
		*policyOf(`{"Effect":"allow","Action":"logs:*","Resource":"*"}`):                                                                         malformed + "Syntax errors in policy.",
		*policyOf(`{"Effect":"Allow","Resource":"*"}`):                                                                                           malformed + "Policy statement must contain actions.",
		*policyOf(`{"Effect":"Allow","Action":"logs:*"}`):                                                                                        malformed + "Policy statement must contain resources.",
		*policyOf(`{"Effect":"Allow","Action":"logs","Resource":"*"}`):                                                                           malformed + "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
		*policyOf(`{"Effect":"Allow","Action":"logs:*","Resource":"mine"}`):                                                                      malformed + `Resource mine must be in ARN format or "*".`,
		*policyOf(`{"Effect":"Allow","Action":"logs:*","Resource":"*","Principal":"*"}`):                                                         malformed + "Policy document should not specify a principal.",
		*policyOf(`{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"a","Effect":"Deny","Action":"*","Resource":"*"}`):            malformed + "Statement IDs (SID) in a single policy must be unique.",
		*policyOf(`{"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"}`):                                                              malformed + "Syntax errors in policy.",
		`{"Version":"2012-10-17","Statement":` + allowAll + `}`:                                                                                  "",
		*policyOf(`{"Effect":"Deny","NotAction":["s3:*"],"NotResource":["arn:aws:s3:::b"],"Condition":{"Bool":{"aws:SecureTransport":"true"}}}`): "",
	} {
		_, err := s.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: newID("p"), PolicyDocument: &document})
		if got := errorOf(err); got != want {
			t.Errorf("%s\n got %s\nwant %s", document, got, want)
		}
	}
	for document, want := range map[string]string{
		*policyOf(`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject"}`):                                             malformed + "AssumeRole policy may only specify STS AssumeRole actions.",
		*policyOf(`{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}`):                            malformed + "Has prohibited field Resource",
		*policyOf(`{"Effect":"Allow","Action":"sts:AssumeRole"}`):                                                           malformed + "Missing required field Principal",
		*policyOf(`{"Effect":"Allow","Principal":"*","Action":["sts:AssumeRole","sts:TagSession"]}`):                        "",
		trustLambda + strings.Repeat(" ", 3000):                                                                             "", // white space does not count
		*policyOf(`{"Sid":"` + strings.Repeat("x", 2048) + `","Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}`): "LimitExceeded: Cannot exceed quota for ACLSizePerRole: 2048",
	} {
		_, err := s.CreateRole(ctx, &iam.CreateRoleInput{RoleName: newID("r"), AssumeRolePolicyDocument: &document})
		if got := errorOf(err); got != want {
			t.Errorf("%.100s\n got %s\nwant %s", document, got, want)
		}
	}
}

// second is the error of a call.
func second[T any](_ T, err error) error { return err }

func TestErrors(t *testing.T) {
	t.Parallel()
	s, ctx := newService(t)
	r, none, p := ptr("r"), ptr("none"), ptr("p")
	const basic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
	noPolicy := ptr("arn:aws:iam::000000000000:policy/none")
	if _, err := s.CreateRole(ctx, &iam.CreateRoleInput{RoleName: r, AssumeRolePolicyDocument: ptr(trustLambda)}); err != nil {
		t.Fatal(err)
	}
	created, err := s.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: p, PolicyDocument: policyOf(allowAll)})
	if err != nil {
		t.Fatal(err)
	}
	own := created.Policy.Arn
	if _, err := s.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: r, PolicyArn: own}); err != nil {
		t.Fatal(err)
	}
	const noRole = "NoSuchEntity: The role with name none cannot be found."
	for name, row := range map[string]struct {
		err  error
		want string
	}{
		"no role":          {second(s.GetRole(ctx, &iam.GetRoleInput{RoleName: none})), noRole},
		"no name":          {second(s.GetRole(ctx, &iam.GetRoleInput{})), "NoSuchEntity: The role with name  cannot be found."},
		"delete none":      {second(s.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: none})), noRole},
		"update none":      {second(s.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: none})), noRole},
		"profiles of none": {second(s.ListInstanceProfilesForRole(ctx, &iam.ListInstanceProfilesForRoleInput{RoleName: none})), noRole},
		"another case":     {second(s.CreateRole(ctx, &iam.CreateRoleInput{RoleName: ptr("R"), AssumeRolePolicyDocument: ptr(trustLambda)})), "EntityAlreadyExists: Role with name R already exists."},
		"no inline":        {second(s.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: r, PolicyName: none})), "NoSuchEntity: The role policy with name none cannot be found."},
		"delete no inline": {second(s.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: r, PolicyName: none})), "NoSuchEntity: The role policy with name none cannot be found."},
		"large inline":     {second(s.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: r, PolicyName: p, PolicyDocument: policyOf(`{"Effect":"Allow","Action":"logs:*","Resource":"arn:` + strings.Repeat("x", maxInline) + `"}`)})), "LimitExceeded: Maximum policy size of 10240 bytes exceeded for role r"},
		"attached":         {second(s.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: r})), "DeleteConflict: Cannot delete entity, must detach all policies first."},
		"no ARN":           {second(s.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: r, PolicyArn: none})), "ValidationError: Invalid ARN:  Could not be parsed!"},
		"attach none":      {second(s.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: r, PolicyArn: noPolicy})), "NoSuchEntity: Policy " + *noPolicy + " does not exist or is not attachable."},
		"detach none":      {second(s.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: r, PolicyArn: ptr(basic)})), "NoSuchEntity: Policy " + basic + " was not found."},
		"boundary":         {second(s.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: r, PermissionsBoundary: noPolicy})), "NoSuchEntity: Scope ARN: " + *noPolicy + " does not exist or is not attachable."},
		"no boundary":      {second(s.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: r})), "NoSuchEntity: The role with name r does not have a permissions boundary."},
		"no policy":        {second(s.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: noPolicy})), "NoSuchEntity: Policy " + *noPolicy + " was not found."},
		"no version":       {second(s.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: own, VersionId: ptr("v2")})), "NoSuchEntity: Policy " + *own + " version v2 does not exist or is not attachable."},
		"default version":  {second(s.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: own, VersionId: ptr("v1")})), "DeleteConflict: Cannot delete the default version of a policy."},
		"same policy":      {second(s.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: p, PolicyDocument: policyOf(allowAll)})), "EntityAlreadyExists: A policy called p already exists. Duplicate names are not allowed."},
		"used policy":      {second(s.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: own})), "DeleteConflict: Cannot delete a policy attached to entities."},
		"large policy":     {second(s.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: none, PolicyDocument: policyOf(`{"Effect":"Allow","Action":"logs:*","Resource":"arn:` + strings.Repeat("x", maxPolicy) + `"}`)})), "LimitExceeded: Cannot exceed quota for PolicySize: 6144"},
		"AWS's own":        {second(s.TagPolicy(ctx, &iam.TagPolicyInput{PolicyArn: ptr(basic)})), "InvalidInput: Policies managed by AWS cannot be changed."},
		"tags twice":       {second(s.TagRole(ctx, &iam.TagRoleInput{RoleName: r, Tags: []types.Tag{{Key: ptr("a"), Value: ptr("1")}, {Key: ptr("A"), Value: ptr("2")}}})), "InvalidInput: Duplicate tag keys found. Please note that Tag keys are case insensitive."},
		"marker":           {second(s.ListRoles(ctx, &iam.ListRolesInput{Marker: ptr("?")})), "ValidationError: Invalid Marker: ?"},
	} {
		if got := errorOf(row.err); got != row.want {
			t.Errorf("%s: got  %s\nwant %s", name, got, row.want)
		}
	}
	for i := range maxAttached - 1 {
		p, err := s.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: ptr("p" + strconv.Itoa(i)), PolicyDocument: policyOf(allowAll)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: r, PolicyArn: p.Policy.Arn}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: r, PolicyArn: ptr(basic)}); errorOf(err) != "LimitExceeded: Cannot exceed quota for PoliciesPerRole: 10" {
		t.Errorf("the eleventh policy: got %v", err)
	}
}

func TestRoleSettings(t *testing.T) {
	t.Parallel()
	s, ctx := newService(t)
	r := ptr("r")
	const basic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(second(s.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: r, Path: ptr("/team/"), Description: ptr("d"), MaxSessionDuration: ptr(int32(7200)), PermissionsBoundary: ptr(basic),
		AssumeRolePolicyDocument: ptr(trustLambda), Tags: []types.Tag{{Key: ptr("b"), Value: ptr("1")}},
	})))
	do(second(s.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: r, Description: ptr("e")})))
	do(second(s.TagRole(ctx, &iam.TagRoleInput{RoleName: r, Tags: []types.Tag{{Key: ptr("a"), Value: ptr("2")}, {Key: ptr("B"), Value: ptr("3")}}})))
	do(second(s.UntagRole(ctx, &iam.UntagRoleInput{RoleName: r, TagKeys: []string{"none"}})))
	do(second(s.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: r, PolicyArn: ptr(basic)})))
	do(second(s.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: r, PolicyArn: ptr(basic)})))
	do(second(s.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: r, PolicyDocument: policyOf(`{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}`)})))

	got, err := s.GetRole(ctx, &iam.GetRoleInput{RoleName: r})
	do(err)
	role := got.Role
	if *role.Arn != "arn:aws:iam::000000000000:role/team/r" || *role.Description != "e" || *role.MaxSessionDuration != 7200 || *role.PermissionsBoundary.PermissionsBoundaryArn != basic {
		t.Errorf("got %s, %s, %d, %v", *role.Arn, *role.Description, *role.MaxSessionDuration, role.PermissionsBoundary)
	}
	tags, err := s.ListRoleTags(ctx, &iam.ListRoleTagsInput{RoleName: r, MaxItems: ptr(int32(1))})
	do(err)
	if len(tags.Tags) != 1 || !tags.IsTruncated {
		t.Fatalf("got %d tags, truncated %v; want one of two", len(tags.Tags), tags.IsTruncated)
	}
	rest, err := s.ListRoleTags(ctx, &iam.ListRoleTagsInput{RoleName: r, Marker: tags.Marker})
	do(err)
	if len(rest.Tags) != 1 || rest.IsTruncated || *tags.Tags[0].Key+*rest.Tags[0].Key != "Ba" {
		t.Errorf("got %v and %v, want B (in place of b) and a", *tags.Tags[0].Key, rest.Tags)
	}
	attached, err := s.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: r, PathPrefix: ptr("/service-role/")})
	do(err)
	if len(attached.AttachedPolicies) != 1 || *attached.AttachedPolicies[0].PolicyName != "AWSLambdaBasicExecutionRole" {
		t.Errorf("got %v attached", attached.AttachedPolicies)
	}
	p, err := s.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: ptr(basic)})
	do(err)
	if *p.Policy.AttachmentCount != 1 || *p.Policy.PermissionsBoundaryUsageCount != 1 {
		t.Errorf("got %d attachments and %d boundaries, want one each", *p.Policy.AttachmentCount, *p.Policy.PermissionsBoundaryUsageCount)
	}
	listed, err := s.ListRoles(ctx, &iam.ListRolesInput{PathPrefix: ptr("/team/")})
	do(err)
	if len(listed.Roles) != 1 || listed.Roles[0].Tags != nil {
		t.Errorf("got %v; ListRoles returns no tags", listed.Roles)
	}
	do(second(s.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: r, PolicyArn: ptr(basic)})))
	do(second(s.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: r})))
	do(second(s.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: r})))
}

func TestEmptyLists(t *testing.T) {
	t.Parallel()
	s, ctx := newService(t)
	r := ptr("r")
	roles, err := s.ListRoles(ctx, &iam.ListRolesInput{})
	if err != nil || roles.Roles == nil {
		t.Errorf("ListRoles: got %v, %v", roles, err)
	}
	if _, err := s.CreateRole(ctx, &iam.CreateRoleInput{RoleName: r, AssumeRolePolicyDocument: ptr(trustLambda)}); err != nil {
		t.Fatal(err)
	}
	inline, err := s.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: r})
	if err != nil || inline.PolicyNames == nil {
		t.Errorf("ListRolePolicies: got %v, %v", inline, err)
	}
	attached, err := s.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: r})
	if err != nil || attached.AttachedPolicies == nil {
		t.Errorf("ListAttachedRolePolicies: got %v, %v", attached, err)
	}
	tags, err := s.ListRoleTags(ctx, &iam.ListRoleTagsInput{RoleName: r})
	if err != nil || tags.Tags == nil {
		t.Errorf("ListRoleTags: got %v, %v", tags, err)
	}
}

func TestPolicyVersions(t *testing.T) {
	t.Parallel()
	s, ctx := newService(t)
	created, err := s.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: ptr("p"), Description: ptr("d"), PolicyDocument: policyOf(allowAll)})
	if err != nil {
		t.Fatal(err)
	}
	p := created.Policy.Arn
	for range 4 {
		if _, err := s.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: p, PolicyDocument: policyOf(allowAll), SetAsDefault: true}); err != nil {
			t.Fatal(err)
		}
	}
	_, err = s.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: p, PolicyDocument: policyOf(allowAll)})
	if got, want := errorOf(err), "LimitExceeded: A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version."; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if _, err := s.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: p, VersionId: ptr("v3")}); err != nil {
		t.Fatal(err)
	}
	v6, err := s.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: p, PolicyDocument: policyOf(allowAll)})
	if err != nil || *v6.PolicyVersion.VersionId != "v6" || v6.PolicyVersion.IsDefaultVersion {
		t.Fatalf("got %+v, %v; want v6, not the default", v6, err)
	}
	if _, err := s.SetDefaultPolicyVersion(ctx, &iam.SetDefaultPolicyVersionInput{PolicyArn: p, VersionId: ptr("v1")}); err != nil {
		t.Fatal(err)
	}
	list, err := s.ListPolicyVersions(ctx, &iam.ListPolicyVersionsInput{PolicyArn: p})
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, v := range list.Versions {
		got += *v.VersionId
		if v.IsDefaultVersion {
			got += "*"
		}
	}
	if want := "v6v5v4v2v1*"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if _, err := s.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: p}); !strings.HasPrefix(errorOf(err), "DeleteConflict: This policy has more than one version.") {
		t.Errorf("got %v", err)
	}
}

func TestManagedPolicies(t *testing.T) {
	t.Parallel()
	s, ctx := newService(t)
	for policyARN := range s.managed {
		p, err := s.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &policyARN})
		if err != nil {
			t.Fatal(err)
		}
		v, err := s.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: &policyARN, VersionId: p.Policy.DefaultVersionId})
		if err != nil {
			t.Fatal(err)
		}
		document, err := url.QueryUnescape(*v.PolicyVersion.Document)
		if err != nil || checkPolicy(document) != nil {
			t.Errorf("%s: %v, %v", policyARN, err, checkPolicy(document))
		}
	}
}

func FuzzDocument(f *testing.F) {
	f.Add(trustLambda)
	f.Add(`{"Statement":{"Action":null,"Resource":[]}}`)
	f.Fuzz(func(_ *testing.T, document string) {
		_, _ = checkPolicy(document), checkTrust(document)
	})
}

// TestInstanceProfile: a profile holds on to its role, and neither is deleted before
// they are parted.
func TestInstanceProfile(t *testing.T) {
	t.Parallel()
	s, ctx := newService(t)
	name, r := ptr("machines"), ptr("worker")
	for _, step := range []struct {
		name string
		do   func() error
		want string
	}{
		{"a role", func() error {
			_, err := s.CreateRole(ctx, &iam.CreateRoleInput{RoleName: r, AssumeRolePolicyDocument: ptr(trustLambda)})
			return err
		}, ""},
		{"of no profile", func() error {
			_, err := s.AddRoleToInstanceProfile(ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: name, RoleName: r})
			return err
		}, "NoSuchEntity: Instance Profile machines cannot be found."},
		{"a profile", func() error {
			_, err := s.CreateInstanceProfile(ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: name})
			return err
		}, ""},
		{"one more of its name", func() error {
			_, err := s.CreateInstanceProfile(ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: name})
			return err
		}, "EntityAlreadyExists: Instance Profile machines already exists."},
		{"no role", func() error {
			_, err := s.AddRoleToInstanceProfile(ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: name, RoleName: ptr("none")})
			return err
		}, "NoSuchEntity: The role with name none cannot be found."},
		{"its role", func() error {
			_, err := s.AddRoleToInstanceProfile(ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: name, RoleName: r})
			return err
		}, ""},
		{"two roles", func() error {
			_, err := s.AddRoleToInstanceProfile(ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: name, RoleName: r})
			return err
		}, "LimitExceeded: Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1"},
		{"the role of a profile", func() error {
			_, err := s.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: r})
			return err
		}, "DeleteConflict: Cannot delete entity, must remove roles from instance profile first."},
		{"the profile of a role", func() error {
			_, err := s.DeleteInstanceProfile(ctx, &iam.DeleteInstanceProfileInput{InstanceProfileName: name})
			return err
		}, "DeleteConflict: Cannot delete entity, must remove roles from instance profile first."},
		{"what has the role", func() error {
			all, err := s.ListInstanceProfilesForRole(ctx, &iam.ListInstanceProfilesForRoleInput{RoleName: r})
			if err == nil && (len(all.InstanceProfiles) != 1 || *all.InstanceProfiles[0].Arn != "arn:aws:iam::000000000000:instance-profile/machines") {
				t.Errorf("got %v", all.InstanceProfiles)
			}
			return err
		}, ""},
		{"parted", func() error {
			_, err := s.RemoveRoleFromInstanceProfile(ctx, &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: name, RoleName: r})
			return err
		}, ""},
		{"without a role", func() error {
			one, err := s.GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: name})
			if err == nil && len(one.InstanceProfile.Roles) != 0 {
				t.Errorf("got %v", one.InstanceProfile.Roles)
			}
			return err
		}, ""},
		{"the end of both", func() error {
			_, err := s.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: r})
			_, again := s.DeleteInstanceProfile(ctx, &iam.DeleteInstanceProfileInput{InstanceProfileName: name})
			return errors.Join(err, again)
		}, ""},
	} {
		if got := errorOf(step.do()); got != step.want {
			t.Errorf("%s: got %q, want %q", step.name, got, step.want)
		}
	}
}
