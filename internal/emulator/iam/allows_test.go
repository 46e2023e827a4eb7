package iam

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// TestAllows asks what a role's session may do, by policies with conditions.
func TestAllows(t *testing.T) {
	t.Parallel()
	s, ctx := newService(t)
	_, err := s.CreateRole(ctx, &iam.CreateRoleInput{RoleName: ptr("r"), Path: ptr("/team/"), AssumeRolePolicyDocument: ptr(trustLambda), Tags: []types.Tag{{Key: ptr("stage"), Value: ptr("dev")}}})
	if err != nil {
		t.Fatal(err)
	}
	const (
		session = "arn:aws:sts::000000000000:assumed-role/r/s"
		action  = "lambda:InvokeFunctionUrl"
		on      = "arn:aws:lambda:eu-north-1:000000000000:function:dev-f"
		allow   = `{"Effect":"Allow","Action":"lambda:*","Resource":"*"}`
	)
	given := map[string]string{"lambda:functionurlauthtype": "AWS_IAM"}
	where := func(effect, condition string) string {
		return `{"Effect":"` + effect + `","Action":"lambda:InvokeFunctionUrl","Resource":"*","Condition":` + condition + `}`
	}
	for _, tt := range []struct {
		statements string
		want       bool
	}{
		{allow, true},
		{`{"Effect":"Allow","Action":"lambda:*","Resource":"arn:aws:lambda:*:*:function:${aws:PrincipalTag/stage}-*"}`, true},
		{`{"Effect":"Allow","Action":"lambda:*","Resource":"arn:aws:lambda:*:*:function:${aws:PrincipalTag/other}*"}`, false},
		{where("Allow", `{"StringEquals":{"lambda:FunctionUrlAuthType":"AWS_IAM"}}`), true},
		{where("Allow", `{"StringEquals":{"lambda:FunctionUrlAuthType":"NONE"}}`), false},
		{where("Allow", `{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}`), false},
		{where("Allow", `{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/team/*"},"Bool":{"aws:SecureTransport":"true"}}`), true},
		{where("Allow", `{"StringEquals":{"aws:RequestedRegion":["us-east-1","eu-north-1"]},"DateLessThan":{"aws:CurrentTime":"2026-02-01T00:00:00Z"}}`), true},
		{where("Allow", `{"DateGreaterThan":{"aws:CurrentTime":"2026-02-01T00:00:00Z"}}`), false},
		{where("Allow", `{"StringLike":{"aws:userid":"*:s"}}`), true},
		{allow + "," + where("Deny", `{"StringEquals":{"aws:PrincipalTag/stage":"dev"}}`), false},
		{allow + "," + where("Deny", `{"StringEquals":{"aws:PrincipalTag/stage":"prod"}}`), true},
		{allow + "," + where("Deny", `{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}}`), false},
		{allow + "," + where("Deny", `{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-1"}}`), false},
		{allow + "," + where("Deny", `{"Bool":{"aws:SecureTransport":"false"}}`), true},
	} {
		_, err := s.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: ptr("r"), PolicyName: ptr("p"), PolicyDocument: ptr(`{"Version":"2012-10-17","Statement":[` + tt.statements + `]}`)})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.AllowsWith(ctx, session, action, on, given); got != tt.want || err != nil {
			t.Errorf("%s: got %v, %v, want %v", tt.statements, got, err, tt.want)
		}
	}
	_, err = s.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: ptr("r"), PolicyName: ptr("p"), PolicyDocument: ptr(`{"Version":"2012-10-17","Statement":[` + where("Allow", `{"StringAlike":{"aws:userid":"a"}}`) + `]}`)})
	if got, want := errorOf(err), "MalformedPolicyDocument: Syntax errors in policy."; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
