package iam

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// policy is a managed policy and its versions, the newest last. The versions'
// documents are as they were sent.
type policy struct {
	types.Policy
	Versions []types.PolicyVersion
	Last     int // number of the newest version ever
}

// Limits of a managed policy.
const (
	maxPolicy   = 6144 // characters that are not white space
	maxVersions = 5
)

// managedJSON holds the documents of the AWS-managed policies that serverless
// applications attach, as AWS publishes them.
//
//go:embed managed.json
var managedJSON []byte

// readManaged returns AWS's managed policies by ARN.
func readManaged() (map[string]policy, error) {
	var list []struct {
		Name, Path, Version string
		Created, Updated    time.Time
		Document            json.RawMessage
	}
	if err := json.Unmarshal(managedJSON, &list); err != nil {
		return nil, fmt.Errorf("reading the AWS-managed policies: %w", err)
	}
	managed := map[string]policy{}
	for _, p := range list {
		policyARN := "arn:" + env.Partition + ":iam::aws:policy" + p.Path + p.Name
		managed[policyARN] = policy{
			Policy: types.Policy{
				Arn: &policyARN, CreateDate: &p.Created, UpdateDate: &p.Updated, DefaultVersionId: &p.Version,
				IsAttachable: true, Path: &p.Path, PolicyId: managedID(policyARN), PolicyName: &p.Name,
			},
			Versions: []types.PolicyVersion{{
				CreateDate: &p.Updated, Document: ptr(string(p.Document)), IsDefaultVersion: true, VersionId: &p.Version,
			}},
		}
	}
	return managed, nil
}

// managedID is the same in every emulator; it is not the one that AWS uses.
func managedID(policyARN string) *string {
	sum := sha256.Sum256([]byte(policyARN))
	return ptr("ANPA" + base32.StdEncoding.EncodeToString(sum[:])[:17])
}

// findPolicy returns the policy of that ARN, of the account or of AWS.
func (s *Service) findPolicy(ctx context.Context, tx *store.Tx, policyARN string) (policy, error) {
	if p, ok := s.managed[policyARN]; ok {
		return p, nil
	}
	if p, ok := s.policies.Get(tx, key(ctx, policyARN)); ok {
		return p, nil
	}
	return policy{}, noSuchEntity("Policy %s was not found.", policyARN)
}

// updatePolicy changes a policy of the account within one commit. AWS's own
// policies cannot be changed.
func (s *Service) updatePolicy(ctx context.Context, policyARN *string, f func(tx *store.Tx, p *policy) error) error {
	if _, ok := s.managed[value(policyARN)]; ok {
		return &types.InvalidInputException{Message: ptr("Policies managed by AWS cannot be changed.")}
	}
	return s.env.Store.Update(func(tx *store.Tx) error {
		p, err := s.findPolicy(ctx, tx, value(policyARN))
		if err != nil {
			return err
		}
		if err := f(tx, &p); err != nil {
			return err
		}
		s.policies.Put(tx, key(ctx, *p.Arn), p)
		return nil
	})
}

// CreatePolicy makes a managed policy with its first version.
func (s *Service) CreatePolicy(ctx context.Context, in *iam.CreatePolicyInput) (*iam.CreatePolicyOutput, error) {
	name, path := value(in.PolicyName), value(in.Path)
	if path == "" {
		path = "/"
	}
	if err := checkManaged(value(in.PolicyDocument)); err != nil {
		return nil, err
	}
	tags, err := addTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	now := s.now()
	p := policy{
		Policy: types.Policy{
			Arn: arn(ctx, "policy", path, name), AttachmentCount: ptr(int32(0)), CreateDate: &now, UpdateDate: &now,
			DefaultVersionId: ptr("v1"), Description: in.Description, IsAttachable: true, Path: &path,
			PermissionsBoundaryUsageCount: ptr(int32(0)), PolicyId: newID("ANPA"), PolicyName: &name, Tags: tags,
		},
		Versions: []types.PolicyVersion{{CreateDate: &now, Document: in.PolicyDocument, IsDefaultVersion: true, VersionId: ptr("v1")}},
		Last:     1,
	}
	err = s.env.Store.Update(func(tx *store.Tx) error {
		for _, other := range s.policies.Prefix(tx, key(ctx, "")) {
			if strings.EqualFold(*other.PolicyName, name) {
				return &types.EntityAlreadyExistsException{Message: ptr("A policy called " + name + " already exists. Duplicate names are not allowed.")}
			}
		}
		s.policies.Put(tx, key(ctx, *p.Arn), p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	shown := p.Policy
	shown.Description = nil // AWS returns it from GetPolicy alone
	return &iam.CreatePolicyOutput{Policy: &shown}, nil
}

// checkManaged checks the document of a managed policy.
func checkManaged(document string) error {
	if err := checkPolicy(document); err != nil {
		return err
	}
	if size(document) > maxPolicy {
		return limitExceeded("Cannot exceed quota for PolicySize: %d", maxPolicy)
	}
	return nil
}

// usage counts the roles of the account to which a policy is attached, and those
// whose boundary it is.
func (s *Service) usage(ctx context.Context, tx *store.Tx, policyARN string) (attached, boundaries int32) {
	for _, r := range s.roles.Prefix(tx, key(ctx, "")) {
		if slices.Contains(r.Attached, policyARN) {
			attached++
		}
		if b := r.PermissionsBoundary; b != nil && *b.PermissionsBoundaryArn == policyARN {
			boundaries++
		}
	}
	return attached, boundaries
}

// GetPolicy returns a managed policy.
func (s *Service) GetPolicy(ctx context.Context, in *iam.GetPolicyInput) (*iam.GetPolicyOutput, error) {
	if err := checkARN(value(in.PolicyArn)); err != nil {
		return nil, err
	}
	var p policy
	err := s.env.Store.View(func(tx *store.Tx) (err error) {
		if p, err = s.findPolicy(ctx, tx, *in.PolicyArn); err != nil {
			return err
		}
		attached, boundaries := s.usage(ctx, tx, *in.PolicyArn)
		p.AttachmentCount, p.PermissionsBoundaryUsageCount = &attached, &boundaries
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.GetPolicyOutput{Policy: &p.Policy}, nil
}

// DeletePolicy removes a managed policy that nothing uses and that has only its
// default version left.
func (s *Service) DeletePolicy(ctx context.Context, in *iam.DeletePolicyInput) (*iam.DeletePolicyOutput, error) {
	err := s.env.Store.Update(func(tx *store.Tx) error {
		p, ok := s.policies.Get(tx, key(ctx, value(in.PolicyArn)))
		if !ok {
			return noSuchEntity("Policy %s was not found.", value(in.PolicyArn))
		}
		attached, boundaries := s.usage(ctx, tx, *p.Arn)
		switch {
		case attached+boundaries > 0:
			return deleteConflict("Cannot delete a policy attached to entities.")
		case len(p.Versions) > 1:
			return deleteConflict("This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
		}
		s.policies.Delete(tx, key(ctx, *p.Arn))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.DeletePolicyOutput{}, nil
}

// CreatePolicyVersion adds a version to a managed policy.
func (s *Service) CreatePolicyVersion(ctx context.Context, in *iam.CreatePolicyVersionInput) (*iam.CreatePolicyVersionOutput, error) {
	if err := checkManaged(value(in.PolicyDocument)); err != nil {
		return nil, err
	}
	var v types.PolicyVersion
	err := s.updatePolicy(ctx, in.PolicyArn, func(_ *store.Tx, p *policy) error {
		if len(p.Versions) == maxVersions {
			return limitExceeded("A managed policy can have up to %d versions. Before you create a new version, you must delete an existing version.", maxVersions)
		}
		now := s.now()
		p.Last++
		v = types.PolicyVersion{CreateDate: &now, Document: in.PolicyDocument, VersionId: ptr("v" + strconv.Itoa(p.Last))}
		p.Versions = append(slices.Clone(p.Versions), v)
		p.UpdateDate = &now
		if in.SetAsDefault {
			v.IsDefaultVersion = true
			p.setDefault(*v.VersionId)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	v.Document = nil // AWS returns it from GetPolicyVersion alone
	return &iam.CreatePolicyVersionOutput{PolicyVersion: &v}, nil
}

// setDefault makes a version the default; it reports whether there is one.
func (p *policy) setDefault(id string) bool {
	if p.version(id) < 0 {
		return false
	}
	p.Versions = slices.Clone(p.Versions)
	for i := range p.Versions {
		p.Versions[i].IsDefaultVersion = *p.Versions[i].VersionId == id
	}
	p.DefaultVersionId = &id
	return true
}

func (p *policy) version(id string) int {
	return slices.IndexFunc(p.Versions, func(v types.PolicyVersion) bool { return *v.VersionId == id })
}

func noVersion(policyARN, id string) error {
	return noSuchEntity("Policy %s version %s does not exist or is not attachable.", policyARN, id)
}

// GetPolicyVersion returns a version of a managed policy.
func (s *Service) GetPolicyVersion(ctx context.Context, in *iam.GetPolicyVersionInput) (*iam.GetPolicyVersionOutput, error) {
	var v types.PolicyVersion
	err := s.env.Store.View(func(tx *store.Tx) error {
		p, err := s.findPolicy(ctx, tx, value(in.PolicyArn))
		if err != nil {
			return err
		}
		i := p.version(value(in.VersionId))
		if i < 0 {
			return noVersion(*p.Arn, value(in.VersionId))
		}
		v = p.Versions[i]
		return nil
	})
	if err != nil {
		return nil, err
	}
	v.Document = encode(*v.Document)
	return &iam.GetPolicyVersionOutput{PolicyVersion: &v}, nil
}

// ListPolicyVersions lists a managed policy's versions, the newest first.
func (s *Service) ListPolicyVersions(ctx context.Context, in *iam.ListPolicyVersionsInput) (*iam.ListPolicyVersionsOutput, error) {
	var versions []types.PolicyVersion
	err := s.env.Store.View(func(tx *store.Tx) error {
		p, err := s.findPolicy(ctx, tx, value(in.PolicyArn))
		versions = slices.Clone(p.Versions)
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.Reverse(versions)
	for i := range versions {
		versions[i].Document = nil
	}
	out := &iam.ListPolicyVersionsOutput{}
	out.Versions, out.Marker, err = page(versions, func(v types.PolicyVersion) string { return *v.VersionId }, in.MaxItems, in.Marker)
	if err != nil {
		return nil, err
	}
	out.IsTruncated = out.Marker != nil
	return out, nil
}

// SetDefaultPolicyVersion makes a version the one that counts.
func (s *Service) SetDefaultPolicyVersion(ctx context.Context, in *iam.SetDefaultPolicyVersionInput) (*iam.SetDefaultPolicyVersionOutput, error) {
	err := s.updatePolicy(ctx, in.PolicyArn, func(_ *store.Tx, p *policy) error {
		if !p.setDefault(value(in.VersionId)) {
			return noVersion(*p.Arn, value(in.VersionId))
		}
		p.UpdateDate = ptr(s.now())
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.SetDefaultPolicyVersionOutput{}, nil
}

// DeletePolicyVersion removes a version that is not the default.
func (s *Service) DeletePolicyVersion(ctx context.Context, in *iam.DeletePolicyVersionInput) (*iam.DeletePolicyVersionOutput, error) {
	err := s.updatePolicy(ctx, in.PolicyArn, func(_ *store.Tx, p *policy) error {
		i := p.version(value(in.VersionId))
		switch {
		case i < 0:
			return noVersion(*p.Arn, value(in.VersionId))
		case p.Versions[i].IsDefaultVersion:
			return deleteConflict("Cannot delete the default version of a policy.")
		}
		p.Versions = slices.Delete(slices.Clone(p.Versions), i, i+1)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.DeletePolicyVersionOutput{}, nil
}

// TagPolicy adds tags to a managed policy.
func (s *Service) TagPolicy(ctx context.Context, in *iam.TagPolicyInput) (*iam.TagPolicyOutput, error) {
	err := s.updatePolicy(ctx, in.PolicyArn, func(_ *store.Tx, p *policy) (err error) {
		p.Tags, err = addTags(p.Tags, in.Tags)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &iam.TagPolicyOutput{}, nil
}

// UntagPolicy removes tags from a managed policy.
func (s *Service) UntagPolicy(ctx context.Context, in *iam.UntagPolicyInput) (*iam.UntagPolicyOutput, error) {
	err := s.updatePolicy(ctx, in.PolicyArn, func(_ *store.Tx, p *policy) error {
		p.Tags = dropTags(p.Tags, in.TagKeys)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.UntagPolicyOutput{}, nil
}
