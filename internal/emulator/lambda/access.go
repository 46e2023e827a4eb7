package lambda

import (
	"context"
	"slices"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
)

// Identities knows what the policies of principals let them do.
type Identities interface {
	// Allows reports whether the identity policies of a principal, an ARN of IAM or
	// of STS, allow the action on the resource.
	Allows(ctx context.Context, principal, action, resource string) (bool, error)
}

// access is what a caller wants, in the words of policies.
type access struct {
	action string
	caller env.Caller
	// keys are the condition keys of the request, as AddPermission writes them.
	keys map[string]string
}

// authorize returns AWS's error unless the caller in ctx may invoke t. A call of this
// account by its own key is not asked for policies, but through a function URL.
func (s *Service) authorize(ctx context.Context, t *target, in invocation) error {
	if in.url != nil {
		return s.authorizeURL(ctx, t, in)
	}
	c := env.CallerOf(ctx)
	if c.Service == "" || t.allows(access{
		"lambda:InvokeFunction", c, map[string]string{"AWS:SourceAccount": c.SourceAccount, "AWS:SourceArn": c.SourceARN},
	}) {
		return nil
	}
	return denied("User: %s is not authorized to perform: lambda:InvokeFunction on resource: %s because no resource-based policy allows the lambda:InvokeFunction action", c.Service, in.qualified())
}

// authorizeURL demands what AWS has demanded of function URLs since October 2025: the
// permission to call the URL, and the one to invoke the function through it.
func (s *Service) authorizeURL(ctx context.Context, t *target, in invocation) error {
	auth := "NONE"
	if in.url.IAM {
		auth = "AWS_IAM"
	}
	c := in.url.Caller
	for _, a := range []access{
		{"lambda:InvokeFunctionUrl", c, map[string]string{"lambda:FunctionUrlAuthType": auth}},
		{"lambda:InvokeFunction", c, map[string]string{"lambda:FunctionUrlAuthType": auth, "lambda:InvokedViaFunctionUrl": "true"}},
	} {
		if t.allows(a) || strings.HasSuffix(c.ARN, ":root") {
			continue
		}
		if in.url.IAM && s.Identities != nil {
			ok, err := s.Identities.Allows(ctx, c.ARN, a.action, in.qualified())
			if err != nil {
				return err
			}
			if ok {
				continue
			}
		}
		return denied("User: %s is not authorized to perform: %s on resource: %s", c.ARN, a.action, in.qualified())
	}
	return nil
}

// allows reports whether the policy of what a name stands for allows the access.
func (t *target) allows(a access) bool {
	policy, _ := t.policy()
	return slices.ContainsFunc(policy, func(s statement) bool { return s.allows(a) })
}

func (s statement) allows(a access) bool {
	if s.Action != a.action && s.Action != "lambda:*" && s.Action != "*" || !s.principal().is(a.caller) {
		return false
	}
	if s.Condition == nil {
		return true
	}
	for _, equal := range []map[string]string{s.Condition.StringEquals, s.Condition.Bool} {
		for key, want := range equal {
			if got, ok := a.keys[key]; !ok || want != got {
				return false
			}
		}
	}
	for key, pattern := range s.Condition.ArnLike {
		if !arnLike(pattern, a.keys[key]) {
			return false
		}
	}
	return true
}

// principal returns whom the statement is for. Statements come from the store as
// generic JSON.
func (s statement) principal() principal {
	switch p := s.Principal.(type) {
	case string:
		return principal{AWS: p, Service: p}
	case principal:
		return p
	case map[string]any:
		service, _ := p["Service"].(string)
		arn, _ := p["AWS"].(string)
		return principal{Service: service, AWS: arn}
	}
	return principal{}
}

// is reports whether the caller is the principal: a service, the session of a role,
// or whoever has the ARN. Only "*" is anonymous, too.
func (p principal) is(c env.Caller) bool {
	if c.Service != "" {
		return p.Service == "*" || p.Service == c.Service
	}
	if p.AWS == "*" || p.AWS != "" && p.AWS == c.ARN {
		return true
	}
	account, session, ok := strings.Cut(strings.TrimPrefix(c.ARN, "arn:"+env.Partition+":sts::"), ":assumed-role/")
	role, _, _ := strings.Cut(session, "/")
	return ok && p.AWS == "arn:"+env.Partition+":iam::"+account+":role/"+role
}

// arnLike compares ARNs as IAM does: part by part, with * and ? within a part; the
// sixth part is the rest.
func arnLike(pattern, arn string) bool {
	p, a := strings.SplitN(pattern, ":", 6), strings.SplitN(arn, ":", 6)
	if len(p) != 6 || len(a) != 6 {
		return false
	}
	for i := range p {
		if !glob(p[i], a[i]) {
			return false
		}
	}
	return true
}

// glob matches text against a pattern with * and ?, in linear time per star.
func glob(pattern, text string) bool {
	star, mark := -1, 0
	i, j := 0, 0
	for j < len(text) {
		switch {
		case i < len(pattern) && pattern[i] == '*':
			star, mark = i, j
			i++
		case i < len(pattern) && (pattern[i] == '?' || pattern[i] == text[j]):
			i, j = i+1, j+1
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[i:], "*") == ""
}
