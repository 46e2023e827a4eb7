package sts

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

const (
	roleARN     = "arn:aws:iam::000000000000:role/r"
	trustLambda = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}}`
)

// trusts are roles' trust policies by ARN.
type trusts map[string]string

func (t trusts) Role(_ context.Context, arn string) (string, string, time.Duration, error) {
	if t[arn] == "" {
		return "", "", 0, errors.New("no such role")
	}
	return t[arn], "AROAEXAMPLE", 2 * time.Hour, nil
}

func newService(t *testing.T, roles trusts) (*Service, *clock.Fake, context.Context) {
	t.Helper()
	c := clock.NewFake(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	e := &env.Env{Clock: c, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	ctx := env.WithScope(context.Background(), env.Scope{Account: "000000000000", Region: "eu-north-1"})
	return New(e, roles, "AKIAROOT", "secret"), c, ctx
}

// errorOf is the code and the message of an AWS error, or "".
func errorOf(err error) string {
	api := smithy.APIError(nil)
	if !errors.As(err, &api) {
		return ""
	}
	return api.ErrorCode() + ": " + api.ErrorMessage()
}

func TestServiceCredentials(t *testing.T) {
	t.Parallel()
	s, c, ctx := newService(t, trusts{roleARN: trustLambda})
	if err := s.CanAssume(ctx, roleARN, "events.amazonaws.com"); err == nil {
		t.Error("a role that trusts Lambda can be assumed by EventBridge")
	}
	id, secret, token, expires, err := s.AssumeForService(ctx, roleARN, "lambda.amazonaws.com", "f")
	if err != nil {
		t.Fatal(err)
	}
	if want := c.Now().Add(time.Hour); !expires.Equal(want) {
		t.Errorf("got expiry %s, want %s", expires, want)
	}
	gotSecret, gotToken, caller, err := s.Lookup(ctx, id)
	if err != nil || gotSecret != secret || gotToken != token {
		t.Fatalf("Lookup: got %q, %q, %v", gotSecret, gotToken, err)
	}
	who, err := s.GetCallerIdentity(env.WithCaller(ctx, caller), &sts.GetCallerIdentityInput{})
	if err != nil || *who.Arn != "arn:aws:sts::000000000000:assumed-role/r/f" || *who.UserId != "AROAEXAMPLE:f" {
		t.Errorf("GetCallerIdentity: got %s, %s, %v", *who.Arn, *who.UserId, err)
	}
	c.Advance(time.Hour)
	if _, _, _, err := s.Lookup(ctx, id); !errors.Is(err, wire.ErrExpiredKey) {
		t.Errorf("after an hour: got %v", err)
	}
}

func TestTrust(t *testing.T) {
	t.Parallel()
	owner := env.Caller{ARN: "arn:aws:iam::000000000000:root"}
	session := env.Caller{ARN: "arn:aws:sts::000000000000:assumed-role/other/s"}
	for name, row := range map[string]struct {
		statement string
		caller    env.Caller
		want      bool
	}{
		"account":              {`"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"sts:AssumeRole"`, owner, true},
		"account's root":       {`"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::000000000000:root"]},"Action":"sts:*"`, session, true},
		"everybody":            {`"Effect":"Allow","Principal":"*","Action":"sts:Assume*"`, session, true},
		"another account":      {`"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"sts:AssumeRole"`, owner, false},
		"a service":            {`"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"`, owner, false},
		"the role":             {`"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:role/path/other"},"Action":"sts:AssumeRole"`, session, true},
		"another role":         {`"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:role/another"},"Action":"sts:AssumeRole"`, session, false},
		"another action":       {`"Effect":"Allow","Principal":"*","Action":"sts:TagSession"`, owner, false},
		"not that action":      {`"Effect":"Allow","Principal":"*","NotAction":"sts:AssumeRole"`, owner, false},
		"external id":          {`"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":["x","y"]}}`, owner, true},
		"wrong external id":    {`"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"z"}}`, owner, false},
		"absent key":           {`"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringLike":{"aws:SourceArn":"*"}}`, owner, false},
		"absent key, IfExists": {`"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringLikeIfExists":{"aws:SourceArn":"x"}}`, owner, true},
		"not another id":       {`"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringNotEquals":{"sts:ExternalId":"z"}}`, owner, true},
		"not this id":          {`"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringNotLike":{"sts:ExternalId":"?"}}`, owner, false},
		"denied":               {`"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"},{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole"`, owner, false},
		"unknown operator":     {`"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"IpAddress":{"aws:SourceIp":"127.0.0.1"}}`, owner, false},
		"everybody but":        {`"Effect":"Allow","NotPrincipal":{"AWS":"111111111111"},"Action":"sts:AssumeRole"`, owner, false},
	} {
		s, _, ctx := newService(t, trusts{roleARN: `{"Version":"2012-10-17","Statement":[{` + row.statement + `}]}`})
		_, err := s.AssumeRole(env.WithCaller(ctx, row.caller), &sts.AssumeRoleInput{RoleArn: new(roleARN), RoleSessionName: new("s"), ExternalId: new("x")})
		want := ""
		if !row.want {
			want = "AccessDenied: User: " + row.caller.ARN + " is not authorized to perform: sts:AssumeRole on resource: " + roleARN
		}
		if got := errorOf(err); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestSessionLength(t *testing.T) {
	t.Parallel()
	s, c, ctx := newService(t, trusts{roleARN: `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}`})
	assume := func(ctx context.Context, seconds int32) (*sts.AssumeRoleOutput, error) {
		return s.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: new(roleARN), RoleSessionName: new("s"), DurationSeconds: &seconds})
	}
	out, err := assume(ctx, 7200)
	if err != nil || !out.Credentials.Expiration.Equal(c.Now().Add(2*time.Hour)) {
		t.Fatalf("got %+v, %v", out, err)
	}
	if _, err := assume(ctx, 7201); errorOf(err) != "ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role." {
		t.Errorf("too long: got %v", err)
	}
	_, _, caller, err := s.Lookup(ctx, *out.Credentials.AccessKeyId)
	if err != nil {
		t.Fatal(err)
	}
	chained := env.WithCaller(ctx, caller)
	if _, err := assume(chained, 3601); errorOf(err) != "ValidationError: The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining." {
		t.Errorf("chained: got %v", err)
	}
	if _, err := s.GetSessionToken(chained, &sts.GetSessionTokenInput{}); errorOf(err) != "AccessDenied: Cannot call GetSessionToken with session credentials" {
		t.Errorf("GetSessionToken: got %v", err)
	}
}

func TestAccessKeys(t *testing.T) {
	t.Parallel()
	s, c, ctx := newService(t, nil)
	secret, token, caller, err := s.Lookup(ctx, "AKIAROOT")
	if err != nil || secret != "secret" || token != "" || caller.ARN != "arn:aws:iam::000000000000:root" || caller.UserID != "000000000000" {
		t.Errorf("the root key: got %q, %q, %+v, %v", secret, token, caller, err)
	}
	if _, _, _, err := s.Lookup(ctx, "AKIANONE"); errorOf(err) != "InvalidClientTokenId: The security token included in the request is invalid." {
		t.Errorf("an unknown key: got %v", err)
	}
	out, err := s.GetSessionToken(ctx, &sts.GetSessionTokenInput{})
	if err != nil || !out.Credentials.Expiration.Equal(c.Now().Add(12*time.Hour)) {
		t.Fatalf("got %+v, %v", out, err)
	}
	for id, want := range map[string]string{
		*out.Credentials.AccessKeyId: "000000000000",
		"AKIAROOT":                   "000000000000",
		"ASIAY34FZKBOKMUTVV7A":       "609629065308", // the published example of the encoding
	} {
		info, err := s.GetAccessKeyInfo(ctx, &sts.GetAccessKeyInfoInput{AccessKeyId: &id})
		if err != nil || *info.Account != want {
			t.Errorf("%s: got %v, %v, want %s", id, info, err, want)
		}
	}
	if _, err := s.GetAccessKeyInfo(ctx, &sts.GetAccessKeyInfoInput{AccessKeyId: new("nonsense")}); err == nil {
		t.Error("a nonsense id has an account")
	}
	// What expired long ago is forgotten at the next minting.
	c.Advance(14 * time.Hour)
	if _, err := s.GetSessionToken(ctx, &sts.GetSessionTokenInput{}); err != nil {
		t.Fatal(err)
	}
	if n := len(s.keys); n != 1 {
		t.Errorf("got %d keys, want 1", n)
	}
}

func FuzzTrust(f *testing.F) {
	f.Add(trustLambda)
	f.Add(`{"Statement":[{"Principal":"*","Condition":{"StringLike":{"a":["*?*"]}}}]}`)
	f.Fuzz(func(t *testing.T, document string) {
		// Whatever the document, the answer is yes, no or an error.
		if ok, err := allows(document, ask{action: "sts:AssumeRole", keys: map[string]string{"a": "b"}}); ok && err != nil {
			t.Error("both allowed and an error")
		}
	})
}
