package policy_test

import (
	"strings"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/policy"
)

func TestDecide(t *testing.T) {
	t.Parallel()
	service := policy.Request{
		Service: "sns.amazonaws.com", Action: "sqs:SendMessage", Resource: "arn:aws:sqs:eu-north-1:000000000000:q",
		Keys: map[string]string{"aws:sourcearn": "arn:aws:sns:eu-north-1:000000000000:t", "aws:sourceaccount": "000000000000"},
	}
	user := policy.Request{ARN: "arn:aws:iam::111111111111:user/u", Account: "111111111111", Action: "sqs:SendMessage", Resource: service.Resource}
	session := policy.Request{ARN: "arn:aws:sts::111111111111:assumed-role/r/s", Account: "111111111111", Action: "sqs:SendMessage", Resource: service.Resource}
	statement := func(s string) string { return `{"Version":"2012-10-17","Statement":[` + s + `]}` }
	for _, c := range []struct {
		document string
		who      policy.Request
		want     policy.Decision
	}{
		{"", service, policy.Silent},
		{"{", service, policy.Silent},
		{`{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}`, service, policy.Allowed},
		{statement(`{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"SQS:Send*","Resource":"arn:aws:sqs:*:*:q"}`), service, policy.Allowed},
		{statement(`{"Effect":"Allow","Principal":{"Service":["events.amazonaws.com"]},"Action":"sqs:SendMessage","Resource":"*"}`), service, policy.Silent},
		{statement(`{"Effect":"Allow","Principal":{"AWS":"*"},"Action":["sqs:SendMessage"],"Condition":{"ArnEquals":{"aws:SourceArn":"arn:aws:sns:*:*:t"}}}`), service, policy.Allowed},
		{statement(`{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Condition":{"StringEquals":{"aws:SourceAccount":["1","000000000000"]}}}`), service, policy.Allowed},
		{statement(`{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Condition":{"StringNotEquals":{"aws:SourceAccount":"000000000000"}}}`), service, policy.Silent},
		{statement(`{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Condition":{"StringLike":{"aws:PrincipalOrgID":"*"}}}`), service, policy.Silent},
		{statement(`{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Condition":{"StringLikeIfExists":{"aws:PrincipalOrgID":"*"}}}`), service, policy.Allowed},
		{statement(`{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Condition":{"Unheard":{"a":"*"}}}`), service, policy.Silent},
		{statement(`{"Effect":"Allow","Principal":"*","Action":"*"},{"Effect":"Deny","Principal":"*","Action":"*","Condition":{"Unheard":{"a":"*"}}}`), service, policy.Denied},
		{statement(`{"Effect":"Allow","Principal":"*","Action":"*"},{"Effect":"Deny","Principal":"*","Action":"sqs:SendMessage","Condition":{"Null":{"aws:SourceArn":"true"}}}`), service, policy.Allowed},
		{statement(`{"Effect":"Allow","Principal":"*","Action":"*"},{"Effect":"Deny","Principal":"*","NotAction":"sqs:Receive*"}`), service, policy.Denied},
		{statement(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"*"}`), user, policy.Allowed},
		{statement(`{"Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":"*"}`), user, policy.Silent},
		{statement(`{"Effect":"Allow","Principal":{"AWS":["111111111111"]},"Action":"sqs:SendMessage","Resource":"arn:aws:sqs:*:*:other"}`), user, policy.Silent},
		{statement(`{"Effect":"Allow","Principal":"*","Action":"*","Resource":"arn:aws:sqs:*:${aws:SourceAccount}:q"}`), service, policy.Allowed},
		{statement(`{"Effect":"Allow","Principal":"*","Action":"*","Resource":"arn:aws:sqs:*:${aws:PrincipalAccount}:q"}`), service, policy.Silent},
		// Variables are of the newer version alone.
		{`{"Version":"2008-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"arn:aws:sqs:*:${aws:SourceAccount}:q"}}`, service, policy.Silent},
		{`{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Condition":{"StringEquals":{"aws:SourceAccount":"${aws:SourceAccount}"}}}}`, service, policy.Silent},
		// What grants nothing on AWS grants nothing here.
		{statement(`{"Effect":"allow","Principal":"*","Action":"*"}`), service, policy.Silent},
		{statement(`{"Principal":"*","Action":"*"}`), service, policy.Silent},
		{statement(`{"Effect":"Allow","Principal":"*"}`), service, policy.Silent},
		{statement(`{"Effect":"Allow","Principal":"*","Action":[]}`), service, policy.Silent},
		{statement(`{"Effect":"Allow","Principal":"*","Action":"*","Resource":[]}`), service, policy.Silent},
		{statement(`{"Effect":"Allow","Principal":{"AWS":""},"Action":"*"}`), policy.Request{Action: "sqs:SendMessage", Resource: service.Resource}, policy.Silent},
		// A role stands for its sessions, whatever its path.
		{statement(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:role/r"},"Action":"*"}`), session, policy.Allowed},
		{statement(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:role/team/r"},"Action":"*"}`), session, policy.Allowed},
		{statement(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:sts::111111111111:assumed-role/r/s"},"Action":"*"}`), session, policy.Allowed},
		{statement(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:role/other"},"Action":"*"}`), session, policy.Silent},
		{statement(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:role/r"},"Action":"*"}`), session, policy.Silent},
		{statement(`{"Effect":"Allow","Principal":"*","Action":"*"},{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111111111111:role/r"},"Action":"*"}`), session, policy.Denied},
		{statement(`{"Effect":"Allow","Principal":"*","Action":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":"a"}}}`), service, policy.Allowed},
		{statement(`{"Effect":"Allow","Principal":"*","Action":"*","Condition":{"ForAnyValue:StringEquals":{"aws:TagKeys":"a"}}}`), service, policy.Silent},
	} {
		if got := policy.Decide(c.document, c.who); got != c.want {
			t.Errorf("%s: got %d, want %d", c.document, got, c.want)
		}
	}
}

func TestARNLike(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern, arn string
		want         bool
	}{
		{"arn:aws:s3:::b", "arn:aws:s3:::b", true},
		{"arn:aws:s3:::b*", "arn:aws:s3:::bucket", true},
		{"arn:aws:s3:::*k?t", "arn:aws:s3:::bucket", true},
		{"arn:*:s3:::b", "arn:aws:s3:::b", true},
		{"arn:aws:sns:*:*:t", "arn:aws:sns:eu-north-1:000000000000:t", true},
		{"arn:*", "arn:aws:s3:::b", false}, // a star does not cross a colon
		{"*", "arn:aws:s3:::b", false},
		{"arn:aws:s3:::b", "arn:aws:s3:::bb", false},
		{"arn:aws:sns:*:t", "arn:aws:sns:eu-north-1:000000000000:t", false},
	}
	for _, tt := range tests {
		if got := policy.ARNLike(tt.pattern, tt.arn); got != tt.want {
			t.Errorf("ARNLike(%q, %q) is %v", tt.pattern, tt.arn, got)
		}
	}
}

func FuzzDecide(f *testing.F) {
	f.Add(`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":["a*?"],"Condition":{"ArnLike":{"aws:SourceArn":["x"]}}}]}`)
	f.Fuzz(func(_ *testing.T, document string) {
		policy.Decide(document, policy.Request{Action: "a:b", Resource: "r", Keys: map[string]string{"aws:sourcearn": "x"}})
	})
}

func TestGlob(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		pattern, text string
		want          bool
	}{
		{"*", "", true}, {"", "", true}, {"", "a", false}, {"?", "", false}, {"a*c", "abc", true}, {"a*c", "abcd", false},
		{"*a*b", "aab", true}, {"a?c", "abc", true}, {"**", "x", true}, {strings.Repeat("*a", 500) + "b", strings.Repeat("a", 5000), false},
	} {
		if got := policy.Glob(row.pattern, row.text); got != row.want {
			t.Errorf("%.20s on %.20s: got %v, want %v", row.pattern, row.text, got, row.want)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	const good = `{"Version":"2012-10-17","Id":"i","Statement":[{"Sid":"s","Effect":"Allow","Principal":{"AWS":["1"]},"Action":"a:b","Resource":"*","Condition":{"StringLike":{"k":"v"}}}]}`
	for document, want := range map[string]string{
		good: "", good + "x": "more than one JSON value", `[]`: "JSON of the kind array stands where it cannot", `{"Statement":[]}`: "no Statement", `{}`: "no Statement",
		strings.Replace(good, "2012", "2013", 1):                   "the version 2013-10-17, where 2012-10-17 and 2008-10-17 are known",
		strings.Replace(good, "Allow", "Permit", 1):                "statement 1: its Effect is neither Allow nor Deny",
		strings.Replace(good, `"Principal":{"AWS":["1"]},`, "", 1): "statement 1 needs Principal, or NotPrincipal",
		strings.Replace(good, `{"AWS":["1"]}`, `"1"`, 1):           "statement 1: its principal is neither * nor lists by AWS, Service, Federated or CanonicalUser",
		strings.Replace(good, `"AWS":["1"]`, `"Aws":["1"]`, 1):     "statement 1: its principal is neither * nor lists by AWS, Service, Federated or CanonicalUser",
		strings.Replace(good, `"AWS":["1"]`, "", 1):                "statement 1: its principal is neither * nor lists by AWS, Service, Federated or CanonicalUser",
		strings.Replace(good, `{"AWS":["1"]}`, `"*"`, 1):           "",
		strings.Replace(good, `"Action":"a:b",`, "", 1):            "statement 1 needs Action, or NotAction",
		strings.Replace(good, `"Action":"a:b"`, `"Action":{}`, 1):  "what is neither a text, a number nor a boolean stands in a list",
		strings.Replace(good, "StringLike", "StringAlike", 1):      "statement 1: the condition operator StringAlike is not emulated",
		strings.Replace(good, `"Sid"`, `"Cid"`, 1):                 `unknown field "Cid"`,
	} {
		got := ""
		if err := policy.Check(document); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", document, got, want)
		}
	}
}
