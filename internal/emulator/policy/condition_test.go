package policy_test

import (
	"encoding/json"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/policy"
)

func TestConditions(t *testing.T) {
	t.Parallel()
	keys := map[string]string{"n": "10", "at": "2026-01-02T03:04:05Z", "ip": "10.1.2.3", "who": "Ann", "star": "a*b", "wild": "A*", "money": "$12", "bin": "AQI=", "yes": "true", "arn": "arn:aws:s3:::Ann/x", "ip6": "2001:db8::1"}
	for _, tt := range []struct {
		condition string
		want      bool
	}{
		{`{}`, true},
		{`{"NumericLessThan":{"n":11}}`, true},
		{`{"NumericLessThan":{"n":"10.0"}}`, false},
		{`{"NumericLessThanEquals":{"n":"10.0"}}`, true},
		{`{"NumericGreaterThan":{"n":"9"}}`, true},
		{`{"NumericGreaterThanEquals":{"n":"text"}}`, false},
		{`{"NumericNotEquals":{"n":["1","10"]}}`, false},
		{`{"DateLessThan":{"at":"2026-01-03"},"DateGreaterThanEquals":{"at":"1767323045"}}`, true},
		{`{"DateNotEquals":{"at":"2026-01-02T03:04:05+00:00"}}`, false},
		{`{"IpAddress":{"IP":"10.0.0.0/8"}}`, true},
		{`{"NotIpAddress":{"IP":["10.0.0.0/8","::/0"]}}`, false},
		{`{"StringEquals":{"who":"${WHO}"}}`, true},
		{`{"StringEquals":{"who":"${nobody}"}}`, false},
		{`{"StringEquals":{"who":"${nobody, 'Ann'}"}}`, true},
		{`{"StringEqualsIgnoreCase":{"who":"aNN"},"StringNotEqualsIgnoreCase":{"who":"bob"}}`, true},
		{`{"Null":{"who":"false","nobody":true}}`, true},
		{`{"ForAnyValue:StringNotEquals":{"nobody":"Ann"}}`, false},
		{`{"ForAllValues:StringNotEquals":{"nobody":"Ann"}}`, true},
		{`{"StringNotEquals":{"nobody":"Ann"}}`, true},
		{`{"ForAnyValue:StringNotLike":{"who":"B*"}}`, true},
		{`{"StringLike":{"star":"a${*}b"}}`, true},
		{`{"StringLike":{"who":"${*}"}}`, false},
		{`{"StringLike":{"who":"A*${?}"}}`, false},
		{`{"StringLike":{"money":"${$}1?"}}`, true},
		{`{"StringEquals":{"star":"a${*}b"}}`, true},
		{`{"StringLike":{"who":"${wild}"}}`, false},
		{`{"StringLike":{"wild":"${wild}"}}`, true},
		{`{"ArnLike":{"arn":"arn:aws:s3:::${who}/*"}}`, true},
		{`{"ArnEquals":{"arn":"arn:aws:s3:::${wild}/*"}}`, false},
		{`{"BinaryEquals":{"bin":"AQI="}}`, true},
		{`{"BinaryEquals":{"bin":"AQM="}}`, false},
		{`{"BinaryEquals":{"who":"Ann"}}`, false},
		{`{"Bool":{"yes":"TRUE"},"BoolIfExists":{"nobody":"true"}}`, true},
		{`{"Bool":{"nobody":"false"}}`, false},
		{`{"Null":{"nobody":"TRUE"}}`, true},
		{`{"IpAddress":{"ip":"10.1.2.3"},"NotIpAddress":{"ip":"10.1.2.4"}}`, true},
		{`{"IpAddress":{"ip6":"2001:DB8::/32"}}`, true},
		{`{"IpAddress":{"ip6":"2001:db8:0::1"}}`, true},
		{`{"IpAddress":{"who":"Ann"}}`, false},
		{`{"NumericEqualsIfExists":{"nobody":1},"DateEqualsIfExists":{"nobody":"2020-01-01"},"IpAddressIfExists":{"nobody":"::/0"},"ArnLikeIfExists":{"nobody":"x"},"BinaryEqualsIfExists":{"nobody":"AQI="}}`, true},
		{`{"ForAllValues:StringLike":{"who":["B*","A*"]},"ForAnyValue:StringLikeIfExists":{"nobody":"x"}}`, true},
		{`{"ArnNotLike":{"who":"arn:aws:s3:::b"},"ArnNotEquals":{"who":"Ann"}}`, true},
	} {
		var c policy.Conditions
		if err := json.Unmarshal([]byte(tt.condition), &c); err != nil {
			t.Fatal(err)
		}
		if got, err := c.Hold(keys); got != tt.want || err != nil {
			t.Errorf("%s: got %v, %v, want %v", tt.condition, got, err, tt.want)
		}
	}
	for _, operator := range []string{"StringAlike", "NotStringEquals", "BoolNot", "NumericNotLessThan", "NullIfExists", "ForAnyValue:Null", "ForAnyValue:ForAllValues:StringEquals", "Not"} {
		unknown := policy.Conditions{operator: {"who": {"Ann"}}}
		if got, err := unknown.Hold(keys); got || err == nil || err.Error() != "the condition operator "+operator+" is not emulated" {
			t.Errorf("%s: got %v, %v", operator, got, err)
		}
	}
}
