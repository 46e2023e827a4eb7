package ssm

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// rule is one policy of a parameter.
type rule struct {
	Text    string // as it was given
	Type    string
	Expires time.Time
}

// notices are the types of policies that send events, which is not emulated.
var notices = []string{"ExpirationNotification", "NoChangeNotification"}

// rules reads the policies of a request: a list, in JSON. An empty one takes those that
// a parameter has away.
func rules(text string) ([]rule, error) {
	var all []json.RawMessage
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return nil, invalid("The policies are not a list in JSON.")
	}
	var out []rule
	for _, raw := range all {
		var p struct {
			Type, Version string
			Attributes    map[string]string
		}
		if err := json.Unmarshal(raw, &p); err != nil {
			return nil, &types.InvalidPolicyAttributeException{Message: ptr("A policy has the members Type, Version and Attributes, which are texts.")}
		}
		switch {
		case p.Type == "" && p.Version == "" && p.Attributes == nil:
			continue
		case slices.Contains(notices, p.Type):
			return nil, &types.InvalidPolicyTypeException{Message: ptr(fmt.Sprintf("The policy type %s is not emulated; Expiration is", p.Type))}
		case p.Type != "Expiration":
			return nil, &types.InvalidPolicyTypeException{Message: ptr("The policy type isn't supported. Parameter Store supports the following policy types: Expiration, ExpirationNotification, and NoChangeNotification.")}
		case p.Version != "1.0":
			return nil, &types.InvalidPolicyAttributeException{Message: ptr("The version of a policy is 1.0.")}
		case len(out) > 0:
			return nil, &types.IncompatiblePolicyException{Message: ptr("There is a conflict in the policies specified for this parameter. You can't, for example, specify two Expiration policies for a parameter. Review your policies, and try again.")}
		}
		at, err := time.Parse(time.RFC3339, p.Attributes["Timestamp"])
		if err != nil || len(p.Attributes) != 1 {
			return nil, &types.InvalidPolicyAttributeException{Message: ptr("The attributes of an Expiration policy are its Timestamp, such as 2030-12-02T21:34:33.000Z.")}
		}
		out = append(out, rule{Text: string(raw), Type: p.Type, Expires: at})
	}
	return out, nil
}

// expired tells whether a policy has ended the parameter.
func (s *Service) expired(p *parameter) bool {
	return slices.ContainsFunc(p.latest().Policies, func(r rule) bool { return !s.env.Clock.Now().Before(r.Expires) })
}

// inline are the policies as they are returned.
func inline(all []rule) []types.ParameterInlinePolicy {
	var out []types.ParameterInlinePolicy
	for _, r := range all {
		out = append(out, types.ParameterInlinePolicy{PolicyText: &r.Text, PolicyType: &r.Type, PolicyStatus: ptr("Pending")})
	}
	return out
}
