// Package iam keeps roles, their policies and managed policies. It must not know
// who assumes a role (that is sts) nor decide what a policy allows: identity
// policies are stored and given back, and not enforced. Users, groups, access
// keys, identity providers and service-linked roles are not emulated, nor the machines
// that instance profiles are for.
//
// Policy documents are kept as they were sent and leave the service URL-encoded
// (RFC 3986), as IAM returns them; the wire layer passes them on untouched.
package iam

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// A Service is IAM. It is global: one for all regions of an account.
type Service struct {
	env      *env.Env
	roles    *store.Set[role]    // by account and lower-case name
	policies *store.Set[policy]  // by account and ARN
	profiles *store.Set[profile] // by account and lower-case name
	managed  map[string]policy   // AWS's own, by ARN
}

// New returns the service over the environment's store.
func New(e *env.Env) (*Service, error) {
	s := &Service{env: e}
	var errs [4]error
	s.roles, errs[0] = store.NewSet[role](e.Store, "iam.role")
	s.policies, errs[1] = store.NewSet[policy](e.Store, "iam.policy")
	s.profiles, errs[2] = store.NewSet[profile](e.Store, "iam.instanceprofile")
	s.managed, errs[3] = readManaged()
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("opening IAM's sets: %w", err)
	}
	return s, nil
}

// Wire lists what the service serves.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name:     "iam",
		Protocol: wire.Query,
		Version:  "2010-05-08",
		Operations: []wire.Operation{
			wire.QueryOp(s.AddRoleToInstanceProfile),
			wire.QueryOp(s.AttachRolePolicy),
			wire.QueryOp(s.CreateInstanceProfile),
			wire.QueryOp(s.CreatePolicy),
			wire.QueryOp(s.CreatePolicyVersion),
			wire.QueryOp(s.CreateRole),
			wire.QueryOp(s.DeleteInstanceProfile),
			wire.QueryOp(s.DeletePolicy),
			wire.QueryOp(s.DeletePolicyVersion),
			wire.QueryOp(s.DeleteRole),
			wire.QueryOp(s.DeleteRolePermissionsBoundary),
			wire.QueryOp(s.DeleteRolePolicy),
			wire.QueryOp(s.DetachRolePolicy),
			wire.QueryOp(s.GetInstanceProfile),
			wire.QueryOp(s.GetPolicy),
			wire.QueryOp(s.GetPolicyVersion),
			wire.QueryOp(s.GetRole),
			wire.QueryOp(s.GetRolePolicy),
			wire.QueryOp(s.ListAttachedRolePolicies),
			wire.QueryOp(s.ListInstanceProfilesForRole),
			wire.QueryOp(s.ListPolicyVersions),
			wire.QueryOp(s.ListRolePolicies),
			wire.QueryOp(s.ListRoleTags),
			wire.QueryOp(s.ListRoles),
			wire.QueryOp(s.PutRolePermissionsBoundary),
			wire.QueryOp(s.PutRolePolicy),
			wire.QueryOp(s.RemoveRoleFromInstanceProfile),
			wire.QueryOp(s.SetDefaultPolicyVersion),
			wire.QueryOp(s.TagPolicy),
			wire.QueryOp(s.TagRole),
			wire.QueryOp(s.UntagPolicy),
			wire.QueryOp(s.UntagRole),
			wire.QueryOp(s.UpdateAssumeRolePolicy),
			wire.QueryOp(s.UpdateRole),
		},
	}
}

// key is the store's key of a thing of an account; with an empty name, the
// prefix of all.
func key(ctx context.Context, name string) string {
	return env.ScopeOf(ctx).Account + "\x00" + name
}

// now is the time as IAM keeps it: in whole seconds.
func (s *Service) now() time.Time { return s.env.Clock.Now().UTC().Truncate(time.Second) }

// newID returns a unique id of AWS's form, such as AROA and 17 letters and digits.
func newID(prefix string) *string {
	var b [11]byte
	_, _ = rand.Read(b[:]) // crypto/rand never fails
	id := prefix + base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:])[:17]
	return &id
}

// arn returns the ARN of a role or policy, which has no region.
func arn(ctx context.Context, kind, path, name string) *string {
	a := "arn:" + env.Partition + ":iam::" + env.ScopeOf(ctx).Account + ":" + kind + path + name
	return &a
}

// encode writes a document as IAM returns it.
func encode(document string) *string {
	e := strings.ReplaceAll(url.QueryEscape(document), "+", "%20")
	return &e
}

// defaultPage is how many items IAM returns when the caller does not say.
const defaultPage = 100

// page returns the items behind the marker, at most maxItems of them, and the
// marker of the rest, which names the last item returned. An empty page is a list
// too: boto3 wants the element.
func page[T any](items []T, nameOf func(T) string, maxItems *int32, marker *string) (out []T, next *string, err error) {
	limit := defaultPage
	if maxItems != nil {
		limit = int(*maxItems)
	}
	if marker != nil {
		name, err := base64.StdEncoding.DecodeString(*marker)
		i := slices.IndexFunc(items, func(item T) bool { return nameOf(item) == string(name) })
		if err != nil || i < 0 {
			return nil, nil, validation("Invalid Marker: %s", *marker)
		}
		items = items[i+1:]
	}
	if len(items) > limit {
		m := base64.StdEncoding.EncodeToString([]byte(nameOf(items[limit-1])))
		return items[:limit], &m, nil
	}
	return append([]T{}, items...), nil, nil
}

// maxTags is how many tags a role or policy may have.
const maxTags = 50

// addTags returns old with the tags added or replaced. Keys are compared without
// regard to case.
func addTags(old, added []types.Tag) ([]types.Tag, error) {
	tags := slices.Clone(old)
	for i, t := range added {
		same := func(o types.Tag) bool { return strings.EqualFold(value(o.Key), value(t.Key)) }
		if slices.ContainsFunc(added[:i], same) {
			return nil, &types.InvalidInputException{Message: ptr("Duplicate tag keys found. Please note that Tag keys are case insensitive.")}
		}
		tags = append(slices.DeleteFunc(tags, same), t)
	}
	if len(tags) > maxTags {
		return nil, &types.LimitExceededException{Message: ptr("The number of tags has reached the maximum limit.")}
	}
	return tags, nil
}

// dropTags returns old without the tags of these keys.
func dropTags(old []types.Tag, keys []string) []types.Tag {
	return slices.DeleteFunc(slices.Clone(old), func(t types.Tag) bool { return slices.Contains(keys, value(t.Key)) })
}

// value is *p, or the zero value where p is nil.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func ptr[T any](v T) *T { return &v }

func noSuchEntity(format string, args ...any) error {
	return &types.NoSuchEntityException{Message: ptr(fmt.Sprintf(format, args...))}
}

func deleteConflict(message string) error { return &types.DeleteConflictException{Message: &message} }

func limitExceeded(format string, args ...any) error {
	return &types.LimitExceededException{Message: ptr(fmt.Sprintf(format, args...))}
}

// validation is an error that the SDK has no type for.
func validation(format string, args ...any) error {
	return &smithy.GenericAPIError{Code: "ValidationError", Message: fmt.Sprintf(format, args...), Fault: smithy.FaultClient}
}
