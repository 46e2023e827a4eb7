package iam

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
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
