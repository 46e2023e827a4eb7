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

func (t trusts) Role(_ context.Context, arn string) (string, string, error) {
	if t[arn] == "" {
		return "", "", errors.New("no such role")
	}
	return t[arn], "AROAEXAMPLE", nil
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
