package sts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/go-jose/go-jose/v4"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
)

// AssumeRoleWithWebIdentity gives whoever has a token of an OpenID Connect issuer the
// credentials of a role that trusts the issuer. The token must be signed with one of
// the keys that the issuer publishes. A provider need not be registered with IAM: the
// role's trust policy names it. Anyone may call: an issuer that the role does not trust
// is never asked for its keys.
func (s *Service) AssumeRoleWithWebIdentity(ctx context.Context, in *sts.AssumeRoleWithWebIdentityInput) (*sts.AssumeRoleWithWebIdentityOutput, error) {
	signed, claims, err := parse(value(in.WebIdentityToken))
	if err != nil {
		return nil, err
	}
	_, provider, _ := strings.Cut(claims.Issuer, "://")
	audience := ""
	if len(claims.Audience) > 0 {
		audience = claims.Audience[0]
	}
	keys := map[string]string{
		strings.ToLower(provider) + ":aud": audience,
		strings.ToLower(provider) + ":sub": claims.Subject,
		"sts:rolesessionname":              value(in.RoleSessionName),
	}
	arn := value(in.RoleArn)
	federated := "arn:" + env.Partition + ":iam::" + env.ScopeOf(ctx).Account + ":oidc-provider/" + provider
	document, roleID, longest, err := s.roles.Role(ctx, arn)
	ok := false
	if err == nil {
		ok, err = allows(document, ask{action: "sts:AssumeRoleWithWebIdentity", federated: federated, keys: keys})
	}
	if !ok {
		s.env.Log.Info("a role was not assumed", "role", arn, "issuer", claims.Issuer, "reason", err)
		return nil, apiError("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
	}
	if err := s.verify(ctx, signed, claims); err != nil {
		return nil, err
	}
	length := roleSession
	if in.DurationSeconds != nil {
		length = time.Duration(*in.DurationSeconds) * time.Second
	}
	if length > longest {
		return nil, apiError("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	k := s.mintRole(ctx, arn, roleID, value(in.RoleSessionName), length)
	return &sts.AssumeRoleWithWebIdentityOutput{
		AssumedRoleUser:             &types.AssumedRoleUser{Arn: &k.arn, AssumedRoleId: &k.userID},
		Audience:                    &audience,
		Credentials:                 k.credentials(),
		Provider:                    &federated,
		SubjectFromWebIdentityToken: &claims.Subject,
	}, nil
}

// claims are those of a token that matter here.
type claims struct {
	Issuer   string            `json:"iss"`
	Subject  string            `json:"sub"`
	Audience oneOrMore[string] `json:"aud"`
	Expires  float64           `json:"exp"` // seconds since 1970
}

// Which algorithms AWS takes, how long an issuer may take to answer, and how much it
// may say.
var algorithms = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384, jose.ES512}

const (
	fetchLimit = 5 * time.Second
	maxKeys    = 1 << 20
)

// parse returns what a token says, which nobody has verified.
func parse(token string) (*jose.JSONWebSignature, claims, error) {
	var c claims
	signed, err := jose.ParseSignedCompact(token, algorithms)
	if err != nil || json.Unmarshal(signed.UnsafePayloadWithoutVerification(), &c) != nil || c.Issuer == "" {
		return nil, c, invalidToken("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	}
	return signed, c, nil
}

// verify demands that a token was signed by its issuer, and holds.
func (s *Service) verify(ctx context.Context, signed *jose.JSONWebSignature, c claims) error {
	keys, err := issuerKeys(ctx, c.Issuer)
	if err != nil {
		s.env.Log.Info("the keys of a token's issuer are not known", "issuer", c.Issuer, "reason", err)
		return invalidToken("Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements")
	}
	key := keys.Key(signed.Signatures[0].Header.KeyID)
	if len(key) != 1 || !key[0].IsPublic() {
		return invalidToken("Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements")
	}
	if _, err := signed.Verify(key[0]); err != nil {
		return invalidToken("The ID Token's signature is not valid")
	}
	now := s.env.Clock.Now()
	if end := time.UnixMilli(int64(c.Expires * 1000)); !now.Before(end) {
		text := fmt.Sprintf("Token expired: current date/time %d must be before the expiration date/time %d", now.Unix(), end.Unix())
		return &types.ExpiredTokenException{Message: &text}
	}
	return nil
}

func invalidToken(message string) error {
	return &types.InvalidIdentityTokenException{Message: &message}
}

// issuerKeys asks an issuer where its keys are, and for them. One that does not
// encrypt what it says must be on this machine, and none can send the question on.
func issuerKeys(ctx context.Context, issuer string) (*jose.JSONWebKeySet, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	var about struct {
		Keys string `json:"jwks_uri"`
	}
	if err := fetch(ctx, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration", &about); err != nil {
		return nil, err
	}
	keys := &jose.JSONWebKeySet{}
	return keys, fetch(ctx, about.Keys, keys)
}

func fetch(ctx context.Context, address string, into any) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(u.Hostname()); u.Scheme != "https" && (u.Scheme != "http" || ip == nil || !ip.IsLoopback()) {
		return errors.New(address + " is not encrypted")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r) //nolint:gosec // the issuer's address, of this machine or encrypted
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %d", address, answer.StatusCode)
	}
	return json.NewDecoder(io.LimitReader(answer.Body, maxKeys)).Decode(into)
}
