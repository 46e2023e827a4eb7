package sts

import (
	"context"
	"encoding/base32"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
)

// How long temporary credentials last when the caller does not say.
const (
	roleSession    = time.Hour
	sessionSession = 12 * time.Hour
)

// GetCallerIdentity says who calls.
func (s *Service) GetCallerIdentity(ctx context.Context, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
	account, caller := env.ScopeOf(ctx).Account, env.CallerOf(ctx)
	if caller.ARN == "" {
		caller.ARN, caller.UserID = "arn:"+env.Partition+":iam::"+account+":root", account
	}
	return &sts.GetCallerIdentityOutput{Account: &account, Arn: &caller.ARN, UserId: &caller.UserID}, nil
}

// AssumeRole gives the caller the credentials of a role that trusts it.
func (s *Service) AssumeRole(ctx context.Context, in *sts.AssumeRoleInput) (*sts.AssumeRoleOutput, error) {
	keys := map[string]string{"sts:rolesessionname": value(in.RoleSessionName)}
	if in.ExternalId != nil {
		keys["sts:externalid"] = *in.ExternalId
	}
	if in.SourceIdentity != nil {
		keys["sts:sourceidentity"] = *in.SourceIdentity
	}
	if err := checkTags(in.Tags, in.TransitiveTagKeys); err != nil {
		return nil, err
	}
	for _, t := range in.Tags {
		keys["aws:requesttag/"+strings.ToLower(value(t.Key))] = value(t.Value)
	}
	actions := []string{"sts:AssumeRole"}
	if in.Tags != nil {
		actions = append(actions, "sts:TagSession")
	}
	if in.SourceIdentity != nil {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	arn := value(in.RoleArn)
	roleID, longest, err := s.check(ctx, arn, actions, keys)
	if err != nil {
		caller, _ := s.GetCallerIdentity(ctx, nil)
		s.env.Log.Info("a role was not assumed", "role", arn, "caller", *caller.Arn, "reason", err)
		return nil, apiError("AccessDenied", "User: %s is not authorized to perform: sts:AssumeRole on resource: %s", *caller.Arn, arn)
	}
	length := roleSession
	if in.DurationSeconds != nil {
		length = time.Duration(*in.DurationSeconds) * time.Second
	}
	switch {
	case length > longest:
		return nil, apiError("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	case length > roleSession && strings.Contains(env.CallerOf(ctx).ARN, ":assumed-role/"):
		return nil, apiError("ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	}
	k := s.mintRole(ctx, arn, roleID, value(in.RoleSessionName), length)
	return &sts.AssumeRoleOutput{
		AssumedRoleUser: &types.AssumedRoleUser{Arn: &k.arn, AssumedRoleId: &k.userID},
		Credentials:     k.credentials(),
		SourceIdentity:  in.SourceIdentity,
	}, nil
}

// checkTags refuses session tags that differ only in case, and transitive keys
// that are not among them.
func checkTags(tags []types.Tag, transitive []string) error {
	for i, t := range tags {
		if slices.ContainsFunc(tags[:i], func(o types.Tag) bool { return strings.EqualFold(value(o.Key), value(t.Key)) }) {
			return apiError("InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
	}
	for _, name := range transitive {
		if !slices.ContainsFunc(tags, func(t types.Tag) bool { return strings.EqualFold(value(t.Key), name) }) {
			return apiError("InvalidParameterValue", "The specified transitive tag key must be included in the requested tags.")
		}
	}
	return nil
}

// check asks the role's trust policy for all actions, and returns the role's id
// and how long its sessions may last.
func (s *Service) check(ctx context.Context, roleARN string, actions []string, keys map[string]string) (roleID string, longest time.Duration, err error) {
	document, roleID, longest, err := s.roles.Role(ctx, roleARN)
	if err != nil {
		return "", 0, err
	}
	for _, action := range actions {
		ok, err := allows(document, ask{action: action, caller: s.callerOf(ctx), account: env.ScopeOf(ctx).Account, keys: keys})
		if err != nil {
			return "", 0, err
		}
		if !ok {
			return "", 0, apiError("AccessDenied", "the trust policy of %s does not allow %s", roleARN, action)
		}
	}
	return roleID, longest, nil
}

// callerOf is the caller; calls that nobody signed are the owner's.
func (s *Service) callerOf(ctx context.Context) env.Caller {
	c := env.CallerOf(ctx)
	if c.ARN == "" && c.Service == "" {
		c.ARN = "arn:" + env.Partition + ":iam::" + env.ScopeOf(ctx).Account + ":root"
	}
	return c
}

// mintRole makes credentials of a session of a role.
func (s *Service) mintRole(ctx context.Context, roleARN, roleID, session string, length time.Duration) key {
	name := roleARN[strings.LastIndex(roleARN, "/")+1:]
	account := env.ScopeOf(ctx).Account
	return s.mint(key{
		account: account,
		expires: s.env.Clock.Now().Add(length).UTC().Truncate(time.Second),
		arn:     "arn:" + env.Partition + ":sts::" + account + ":assumed-role/" + name + "/" + session,
		userID:  roleID + ":" + session,
	})
}

func (k key) credentials() *types.Credentials {
	return &types.Credentials{AccessKeyId: &k.id, SecretAccessKey: &k.secret, SessionToken: &k.token, Expiration: &k.expires}
}

// CanAssume returns an error when the role does not exist or does not trust the
// service, such as "lambda.amazonaws.com".
func (s *Service) CanAssume(ctx context.Context, roleARN, service string) error {
	_, _, err := s.check(asService(ctx, service), roleARN, []string{"sts:AssumeRole"}, serviceKeys(ctx))
	return err
}

// AssumeForService gives an emulated service the credentials of a role that trusts
// it, for one hour.
func (s *Service) AssumeForService(ctx context.Context, roleARN, service, session string) (accessKey, secretKey, sessionToken string, expires time.Time, err error) {
	roleID, _, err := s.check(asService(ctx, service), roleARN, []string{"sts:AssumeRole"}, serviceKeys(ctx))
	if err != nil {
		return "", "", "", time.Time{}, err
	}
	k := s.mintRole(ctx, roleARN, roleID, session, roleSession)
	return k.id, k.secret, k.token, k.expires, nil
}

func asService(ctx context.Context, service string) context.Context {
	c := env.CallerOf(ctx)
	return env.WithCaller(ctx, env.Caller{Service: service, SourceARN: c.SourceARN, SourceAccount: c.SourceAccount})
}

// serviceKeys are the condition keys of a call by a service.
func serviceKeys(ctx context.Context) map[string]string {
	keys := map[string]string{}
	c := env.CallerOf(ctx)
	if c.SourceARN != "" {
		keys["aws:sourcearn"] = c.SourceARN
	}
	if c.SourceAccount != "" {
		keys["aws:sourceaccount"] = c.SourceAccount
	}
	return keys
}

// GetSessionToken gives the caller temporary credentials of its own.
func (s *Service) GetSessionToken(ctx context.Context, in *sts.GetSessionTokenInput) (*sts.GetSessionTokenOutput, error) {
	caller, err := s.GetCallerIdentity(ctx, nil)
	if err != nil {
		return nil, err
	}
	if strings.Contains(*caller.Arn, ":assumed-role/") {
		return nil, apiError("AccessDenied", "Cannot call GetSessionToken with session credentials")
	}
	length := sessionSession
	if in.DurationSeconds != nil {
		length = time.Duration(*in.DurationSeconds) * time.Second
	}
	k := s.mint(key{
		account: *caller.Account, arn: *caller.Arn, userID: *caller.UserId,
		expires: s.env.Clock.Now().Add(length).UTC().Truncate(time.Second),
	})
	return &sts.GetSessionTokenOutput{Credentials: k.credentials()}, nil
}

// GetAccessKeyInfo returns the account of an access key id: of the emulator's own
// keys as it knows it, else as AWS encodes it in the id itself.
func (s *Service) GetAccessKeyInfo(ctx context.Context, in *sts.GetAccessKeyInfoInput) (*sts.GetAccessKeyInfoOutput, error) {
	id := value(in.AccessKeyId)
	if k, ok := s.find(id); ok {
		account := k.account
		if account == "" {
			account = env.ScopeOf(ctx).Account
		}
		return &sts.GetAccessKeyInfoOutput{Account: &account}, nil
	}
	account, ok := accountOf(id)
	if !ok {
		return nil, apiError("ValidationError", "The access key id %s is not of a known form", id)
	}
	return &sts.GetAccessKeyInfoOutput{Account: &account}, nil
}

// accountOf decodes the account of AKIA… and ASIA… ids: 40 bits, one bit into the
// base32 text behind the prefix.
func accountOf(id string) (string, bool) {
	if len(id) != 20 || id[:4] != "AKIA" && id[:4] != "ASIA" {
		return "", false
	}
	b, err := base32.StdEncoding.DecodeString(id[4:])
	if err != nil {
		return "", false
	}
	n := binary.BigEndian.Uint64(append([]byte{0, 0}, b[:6]...)) >> 7 & (1<<40 - 1)
	digits := []byte("000000000000")
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = byte('0' + n%10)
		n /= 10
	}
	return string(digits), true
}
