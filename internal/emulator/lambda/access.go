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

// allows reports whether the policy of what a name stands for allows the access: one
// statement does, and none denies it.
func (t *target) allows(a access) bool {
	policy, _ := t.policy()
	allowed := false
	for _, s := range policy {
		switch {
		case !s.covers(a):
		case s.Effect == "Deny":
			return false
		default:
			allowed = true
		}
	}
	return allowed
}

// covers reports whether the statement is about the access.
func (s statement) covers(a access) bool {
	if !slices.ContainsFunc(s.Action, func(p string) bool { return glob(strings.ToLower(p), strings.ToLower(a.action)) }) || !s.Principal.is(a.caller) {
		return false
	}
	if s.Condition == nil {
		return true
	}
	for _, equal := range []map[string]texts{s.Condition.StringEquals, s.Condition.Bool} {
		for key, values := range equal {
			if got, ok := a.keys[key]; !ok || !slices.Contains(values, got) {
				return false
			}
		}
	}
	for key, patterns := range s.Condition.ArnLike {
		if !slices.ContainsFunc(patterns, func(p string) bool { return arnLike(p, a.keys[key]) }) {
			return false
		}
	}
	return true
}

// is reports whether the caller is the principal: a service, the session of a role,
// or whoever has the ARN. Only "*" is anonymous, too.
func (p principal) is(c env.Caller) bool {
	if c.Service != "" {
		return slices.Contains(p.Service, "*") || slices.Contains(p.Service, c.Service)
	}
	if slices.Contains(p.AWS, "*") || c.ARN != "" && slices.Contains(p.AWS, c.ARN) {
		return true
	}
	account, session, ok := strings.Cut(strings.TrimPrefix(c.ARN, "arn:"+env.Partition+":sts::"), ":assumed-role/")
	role, _, _ := strings.Cut(session, "/")
	return ok && slices.Contains(p.AWS, "arn:"+env.Partition+":iam::"+account+":role/"+role)
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
