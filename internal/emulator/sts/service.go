// Package sts says who a caller is and gives out temporary credentials. It must
// not know where roles are kept, only their trust policies, nor what a caller may
// do.
package sts

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"sync"
	"time"

	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// Roles returns the trust policy and the unique id of a role, and how long its
// sessions may last.
type Roles interface {
	Role(ctx context.Context, arn string) (trustPolicyJSON, roleID string, maxSession time.Duration, err error)
}

// A Service is STS. Temporary credentials live as long as the process: those who
// got them, functions and clients, ask again when they fail.
type Service struct {
	env   *env.Env
	roles Roles
	root  key

	mu   sync.Mutex
	keys map[string]key // temporary ones, by access key id
}

// key is an access key and who uses it.
type key struct {
	id, secret, token string
	expires           time.Time // zero: never
	account           string
	arn, userID       string
}

// New returns the service. The root key pair is the one that the emulator's owner
// signs with.
func New(e *env.Env, roles Roles, rootAccessKeyID, rootSecret string) *Service {
	return &Service{
		env: e, roles: roles,
		root: key{id: rootAccessKeyID, secret: rootSecret},
		keys: map[string]key{},
	}
}

// Wire lists what the service serves.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name:     "sts",
		Protocol: wire.Query,
		Version:  "2011-06-15",
		Operations: []wire.Operation{
			wire.QueryOp(s.AssumeRole, wire.Refuse("MinimumSessionTokenSize", "Policy", "PolicyArns", "ProvidedContexts", "SerialNumber", "TokenCode")),
			wire.QueryOp(s.AssumeRoleWithWebIdentity, wire.Unsigned(), wire.Refuse("MinimumSessionTokenSize", "Policy", "PolicyArns", "ProviderId")),
			wire.QueryOp(s.GetAccessKeyInfo),
			wire.QueryOp(s.GetCallerIdentity),
			wire.QueryOp(s.GetSessionToken, wire.Refuse("MinimumSessionTokenSize", "SerialNumber", "TokenCode")),
		},
	}
}

// Lookup returns what belongs to an access key id: the secret, the session token
// that must come with it (empty for the root key), and who the caller is.
func (s *Service) Lookup(ctx context.Context, accessKeyID string) (secret, sessionToken string, caller env.Caller, err error) {
	k, ok := s.find(accessKeyID)
	if !ok {
		return "", "", env.Caller{}, apiError("InvalidClientTokenId", "The security token included in the request is invalid.")
	}
	if !k.expires.IsZero() && !s.env.Clock.Now().Before(k.expires) {
		return "", "", env.Caller{}, wire.ErrExpiredKey // which wire puts in AWS's words
	}
	caller = env.Caller{ARN: k.arn, UserID: k.userID, AccessKey: k.id}
	if k.id == s.root.id {
		caller.UserID = env.ScopeOf(ctx).Account
		caller.ARN = "arn:" + env.Partition + ":iam::" + caller.UserID + ":root"
	}
	return k.secret, k.token, caller, nil
}

func (s *Service) find(accessKeyID string) (key, bool) {
	if accessKeyID == s.root.id {
		return s.root, true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.keys[accessKeyID]
	return k, ok
}

// mint makes temporary credentials and forgets those that have expired.
func (s *Service) mint(k key) key {
	now := s.env.Clock.Now()
	k.id, k.secret, k.token = "ASIA"+random32(16), random64(30), random64(120)
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, old := range s.keys {
		// An hour longer, so that its user hears that it has expired.
		if now.Sub(old.expires) > time.Hour {
			delete(s.keys, id)
		}
	}
	s.keys[k.id] = k
	return k
}

func random32(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // crypto/rand never fails
	return base32.StdEncoding.EncodeToString(b)[:n]
}

func random64(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // crypto/rand never fails
	return base64.StdEncoding.EncodeToString(b)
}

// apiError is an error that the SDK has no type for.
func apiError(code, format string, args ...any) error {
	return &smithy.GenericAPIError{Code: code, Message: fmt.Sprintf(format, args...), Fault: smithy.FaultClient}
}

// value is *p, or the zero value where p is nil.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
