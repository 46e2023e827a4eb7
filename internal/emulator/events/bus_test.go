package events

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
)

// TestPolicy refuses policies that are none, and adds to those with one statement by
// itself.
func TestPolicy(t *testing.T) {
	t.Parallel()
	s, err := New(newEnv(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx := env.WithScope(t.Context(), env.Scope{Region: "eu-north-1", Account: "000000000000"})
	for _, policy := range []string{`"x"`, `[]`, `{"Statement":1}`, `{`} {
		if _, err := s.PutPermission(ctx, &eventbridge.PutPermissionInput{Policy: &policy}); err == nil {
			t.Errorf("%s was taken", policy)
		}
	}
	for _, in := range []*eventbridge.PutPermissionInput{
		{Policy: aws.String(`{"Version":"2012-10-17","Statement":{"Sid":"a","Effect":"Allow","Principal":"*","Action":"events:PutEvents","Resource":"*"}}`)},
		{StatementId: aws.String("b"), Action: aws.String("events:PutEvents"), Principal: aws.String("111111111111")},
	} {
		if _, err := s.PutPermission(ctx, in); err != nil {
			t.Fatal(err)
		}
	}
	out, err := s.DescribeEventBus(ctx, &eventbridge.DescribeEventBusInput{})
	if err != nil || !strings.Contains(aws.ToString(out.Policy), `"Sid":"a"`) || !strings.Contains(aws.ToString(out.Policy), `"Sid":"b"`) {
		t.Errorf("got %v, %v", out, err)
	}
}
