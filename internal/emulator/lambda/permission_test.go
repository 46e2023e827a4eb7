package lambda

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
)

const (
	gateway = "apigateway.amazonaws.com"
	source  = "arn:aws:execute-api:eu-north-1:000000000000:abc/*/GET/notes"
	fARN    = "arn:aws:lambda:eu-north-1:000000000000:function:f"
)

func TestPermissions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		in      lambda.AddPermissionInput
		want    string // the statement
		allowed bool   // for the gateway's call
	}{
		{"source", lambda.AddPermissionInput{Principal: aws.String(gateway), SourceArn: aws.String(source)},
			`{"Sid":"s","Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"` + fARN + `","Condition":{"ArnLike":{"AWS:SourceArn":"` + source + `"}}}`, true},
		{"stars", lambda.AddPermissionInput{Principal: aws.String(gateway), SourceArn: aws.String("arn:aws:execute-api:eu-north-1:000000000000:abc/*")},
			`{"Sid":"s","Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"` + fARN + `","Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:execute-api:eu-north-1:000000000000:abc/*"}}}`, true},
		{"account", lambda.AddPermissionInput{Principal: aws.String(gateway), SourceAccount: aws.String("000000000000"), SourceArn: aws.String(source)},
			`{"Sid":"s","Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"` + fARN + `","Condition":{"StringEquals":{"AWS:SourceAccount":"000000000000"},"ArnLike":{"AWS:SourceArn":"` + source + `"}}}`, true},
		{"everyone", lambda.AddPermissionInput{Principal: aws.String("*")},
			`{"Sid":"s","Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunction","Resource":"` + fARN + `"}`, true},
		{"another source", lambda.AddPermissionInput{Principal: aws.String(gateway), SourceArn: aws.String("arn:aws:execute-api:eu-north-1:000000000000:xyz/*")},
			`{"Sid":"s","Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"` + fARN + `","Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:execute-api:eu-north-1:000000000000:xyz/*"}}}`, false},
		{"another account", lambda.AddPermissionInput{Principal: aws.String(gateway), SourceAccount: aws.String("111111111111")},
			`{"Sid":"s","Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"` + fARN + `","Condition":{"StringEquals":{"AWS:SourceAccount":"111111111111"}}}`, false},
		{"another service", lambda.AddPermissionInput{Principal: aws.String("events.amazonaws.com")},
			`{"Sid":"s","Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"` + fARN + `"}`, false},
		{"a user", lambda.AddPermissionInput{Principal: aws.String("000000000000")},
			`{"Sid":"s","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:root"},"Action":"lambda:InvokeFunction","Resource":"` + fARN + `"}`, false},
		{"function URL", lambda.AddPermissionInput{Principal: aws.String("*"), Action: aws.String("lambda:InvokeFunctionUrl"), FunctionUrlAuthType: "NONE"},
			`{"Sid":"s","Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunctionUrl","Resource":"` + fARN + `","Condition":{"StringEquals":{"lambda:FunctionUrlAuthType":"NONE"}}}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, clock.Real)
			w.create(t, node, "index.handler", map[string]string{"index.js": nodeEcho}, nil)
			ctx := env.WithCaller(w.ctx, env.Caller{Service: gateway, SourceARN: source, SourceAccount: "000000000000"})
			_, _, err := w.InvokeFor(ctx, fARN, []byte(`1`))
			checkError(t, err, "AccessDeniedException", "User: apigateway.amazonaws.com is not authorized to perform: lambda:InvokeFunction on resource: "+fARN+" because no resource-based policy allows the lambda:InvokeFunction action")

			tt.in.FunctionName, tt.in.StatementId = aws.String("f"), aws.String("s")
			if tt.in.Action == nil {
				tt.in.Action = aws.String("lambda:InvokeFunction")
			}
			out, err := w.AddPermission(w.ctx, &tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if got := aws.ToString(out.Statement); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			policy, err := w.GetPolicy(w.ctx, &lambda.GetPolicyInput{FunctionName: aws.String(fARN)})
			if err != nil {
				t.Fatal(err)
			}
			if got, want := aws.ToString(policy.Policy), `{"Version":"2012-10-17","Id":"default","Statement":[`+tt.want+`]}`; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			result, failed, err := w.InvokeFor(ctx, fARN, []byte(`1`))
			if tt.allowed != (err == nil) || tt.allowed && (string(result) != "1" || failed != "") {
				t.Errorf("got %s, %q, %v, want allowed: %v", result, failed, err, tt.allowed)
			}
		})
	}
}

// A policy can be put as a whole, and what the emulator cannot go by is refused.
func TestResourcePolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clock.Real)
	w.create(t, node, "index.handler", map[string]string{"index.js": nodeEcho}, nil)
	ctx := env.WithCaller(w.ctx, env.Caller{Service: gateway, SourceARN: source, SourceAccount: "000000000000"})
	put := func(policy string) error {
		_, err := w.PutResourcePolicy(w.ctx, &lambda.PutResourcePolicyInput{ResourceArn: aws.String(fARN), Policy: aws.String(policy)})
		return err
	}
	const allow = `{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Principal":{"Service":["events.amazonaws.com","apigateway.amazonaws.com"]},"Action":"lambda:Invoke*","Resource":"` + fARN + `"}`
	for _, tt := range []struct {
		name, policy string
		refused      string // part of the error
		allowed      bool
	}{
		{"lists", allow + `]}`, "", true},
		{"deny", allow + `,{"Effect":"Deny","Principal":"*","Action":"lambda:InvokeFunction","Resource":"` + fARN + `"}]}`, "", false},
		{"operator", `{"Statement":{"Effect":"Allow","Principal":"*","Action":"lambda:*","Condition":{"IpAddresses":{"aws:SourceIp":"1.2.3.4"}}}}`, "the condition operator IpAddresses is not emulated", false},
		{"every operator", allow[:len(allow)-1] + `,"Condition":{"StringLike":{"aws:SourceArn":"*:${aws:SourceAccount}:*"},"StringNotEqualsIfExists":{"aws:SourceAccount":"1"},"Null":{"aws:PrincipalArn":"true"},"DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"},"NumericGreaterThan":{"aws:EpochTime":1},"Bool":{"aws:PrincipalIsAWSService":true},"ForAnyValue:StringEquals":{"aws:PrincipalServiceName":["` + gateway + `"]}}}]}`, "", true},
		{"a literal star", allow[:len(allow)-1] + `,"Condition":{"StringLike":{"aws:SourceArn":"${*}"}}}]}`, "", false},
		{"a condition that fails", allow[:len(allow)-1] + `,"Condition":{"NotIpAddress":{"aws:SourceIp":"0.0.0.0/0"},"DateLessThan":{"aws:CurrentTime":"2020-01-01"}}}]}`, "", false},
		{"element", `{"Statement":{"Effect":"Allow","NotPrincipal":"*","Action":"lambda:*"}}`, `unknown field "NotPrincipal"`, false},
		{"resource", `{"Statement":{"Effect":"Allow","Principal":"*","Action":"lambda:*","Resource":"arn:x"}}`, "its resource arn:x is not " + fARN, false},
		{"keys in any case", allow[:len(allow)-1] + `,"Condition":{"ArnLike":{"aws:SourceArn":"` + source + `"},"StringEquals":{"aws:sourceaccount":"000000000000"}}}]}`, "", true},
		{"more than one", allow + `]}{}`, "The policy is not valid", false},
		{"text", `x`, "The policy is not valid", false},
	} {
		err := put(tt.policy)
		if tt.refused == "" && err != nil || tt.refused != "" && (err == nil || !strings.Contains(err.Error(), tt.refused)) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.refused)
		}
		if tt.refused != "" {
			continue
		}
		if _, _, err := w.InvokeFor(ctx, fARN, []byte(`1`)); tt.allowed != (err == nil) {
			t.Errorf("%s: got %v, want allowed: %v", tt.name, err, tt.allowed)
		}
	}
	// The session of a role is known by the role.
	session := env.WithCaller(w.ctx, env.Caller{ARN: "arn:aws:sts::111111111111:assumed-role/r/s"})
	for role, allowed := range map[string]bool{"r": false, "other": true} {
		if err := put(`{"Statement":{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"lambda:InvokeFunction","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/` + role + `"}}}}`); err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.InvokeFor(session, fARN, []byte(`1`)); allowed != (err == nil) {
			t.Errorf("%s: got %v, want allowed: %v", role, err, allowed)
		}
	}
	// A denial counts for users of the account, too, and for nobody else.
	if err := put(`{"Statement":{"Effect":"Deny","Principal":{"AWS":"000000000000"},"Action":"lambda:InvokeFunction"}}`); err != nil {
		t.Fatal(err)
	}
	user := env.Caller{ARN: "arn:aws:iam::000000000000:user/u"}
	_, _, err := w.InvokeFor(env.WithCaller(w.ctx, user), fARN, []byte(`1`))
	checkError(t, err, "AccessDeniedException", "User: arn:aws:iam::000000000000:user/u is not authorized to perform: lambda:InvokeFunction on resource: "+fARN+" with an explicit deny in a resource-based policy")
	if _, _, err := w.InvokeFor(w.ctx, fARN, []byte(`1`)); err != nil {
		t.Errorf("Lambda itself: got %v", err)
	}
	if _, err := w.DeleteResourcePolicy(w.ctx, &lambda.DeleteResourcePolicyInput{ResourceArn: aws.String(fARN)}); err != nil {
		t.Fatal(err)
	}
	_, err = w.GetResourcePolicy(w.ctx, &lambda.GetResourcePolicyInput{ResourceArn: aws.String(fARN)})
	checkError(t, err, "ResourceNotFoundException", "The resource you requested does not exist.")
}
