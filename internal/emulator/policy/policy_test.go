package policy_test

import (
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
		{statement(`{"Effect":"Allow","Principal":"*","Action":"*"},{"Effect":"Deny","Principal":"*","Action":"sqs:SendMessage","Condition":{"Null":{"aws:SourceArn":"true"}}}`), service, policy.Allowed},
		{statement(`{"Effect":"Allow","Principal":"*","Action":"*"},{"Effect":"Deny","Principal":"*","NotAction":"sqs:Receive*"}`), service, policy.Denied},
		{statement(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"*"}`), user, policy.Allowed},
		{statement(`{"Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":"*"}`), user, policy.Silent},
		{statement(`{"Effect":"Allow","Principal":{"AWS":["111111111111"]},"Action":"sqs:SendMessage","Resource":"arn:aws:sqs:*:*:other"}`), user, policy.Silent},
	} {
		if got := policy.Decide(c.document, c.who); got != c.want {
			t.Errorf("%s: got %d, want %d", c.document, got, c.want)
		}
	}
}

func FuzzDecide(f *testing.F) {
	f.Add(`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":["a*?"],"Condition":{"ArnLike":{"aws:SourceArn":["x"]}}}]}`)
	f.Fuzz(func(_ *testing.T, document string) {
		policy.Decide(document, policy.Request{Action: "a:b", Resource: "r", Keys: map[string]string{"aws:sourcearn": "x"}})
	})
}
