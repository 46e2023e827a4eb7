package lambda

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	decide "github.com/tfserverless/terraform-provider-serverless/internal/emulator/policy"
)

// Identities knows what the policies of principals let them do.
type Identities interface {
	// AllowsWith reports whether the identity policies of a principal, an ARN of IAM
	// or of STS, allow the action on the resource in a request with these condition
	// keys, by their names in lower case.
	AllowsWith(ctx context.Context, principal, action, resource string, keys map[string]string) (bool, error)
}

// access is what a caller wants, in the words of policies.
type access struct {
	action string
	caller env.Caller
	// keys are the condition keys of the request, by their names in lower case.
	keys map[string]string
}

// authorize returns AWS's error unless the caller in ctx may invoke t. Of a call of
// this account by its own key, policies are asked only whether they deny it, but
// through a function URL. Lambda itself, who has no name, is not asked anything.
func (s *Service) authorize(ctx context.Context, t *target, in invocation) error {
	if in.url != nil {
		return s.authorizeURL(ctx, t, in)
	}
	c := env.CallerOf(ctx)
	who := c.Service
	if who == "" {
		who = c.ARN
	}
	if who == "" {
		return nil
	}
	d := t.decide(access{"lambda:InvokeFunction", c, s.keys(c, nil)})
	switch {
	case d == decide.Denied:
		return denied("User: %s is not authorized to perform: lambda:InvokeFunction on resource: %s with an explicit deny in a resource-based policy", who, in.qualified())
	case d == decide.Allowed, c.Service == "":
		return nil
	}
	return denied("User: %s is not authorized to perform: lambda:InvokeFunction on resource: %s because no resource-based policy allows the lambda:InvokeFunction action", who, in.qualified())
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
		{"lambda:InvokeFunctionUrl", c, s.keys(c, map[string]string{"lambda:functionurlauthtype": auth})},
		{"lambda:InvokeFunction", c, s.keys(c, map[string]string{"lambda:functionurlauthtype": auth, "lambda:invokedviafunctionurl": "true"})},
	} {
		d := t.decide(a)
		if d == decide.Allowed || d == decide.Silent && strings.HasSuffix(c.ARN, ":root") {
			continue
		}
		if d == decide.Silent && in.url.IAM && s.Identities != nil {
			ok, err := s.Identities.AllowsWith(ctx, c.ARN, a.action, in.qualified(), a.keys)
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

// keys are the condition keys of a caller's request, and more.
func (s *Service) keys(c env.Caller, more map[string]string) map[string]string {
	now := s.env.Clock.Now()
	out := map[string]string{
		"aws:currenttime": now.UTC().Format(time.RFC3339), "aws:epochtime": strconv.FormatInt(now.Unix(), 10),
		"aws:principalisawsservice": strconv.FormatBool(c.Service != ""), "aws:securetransport": "true",
	}
	for key, value := range map[string]string{
		"aws:principalarn": roleOf(c.ARN), "aws:principalservicename": c.Service, "aws:sourceaccount": c.SourceAccount, "aws:sourcearn": c.SourceARN,
	} {
		if value != "" {
			out[key] = value
		}
	}
	if parts := strings.Split(c.ARN, ":"); len(parts) > 4 {
		out["aws:principalaccount"] = parts[4]
	}
	if c.Service == "" {
		out["aws:sourceip"] = "127.0.0.1" // there are no others
	}
	maps.Copy(out, more)
	return out
}

// roleOf is the ARN of the role of a session, which does not tell the role's path; other
// ARNs are what they are.
func roleOf(arn string) string {
	head, session, ok := strings.Cut(arn, ":assumed-role/")
	if !ok {
		return arn
	}
	name, _, _ := strings.Cut(session, "/")
	return strings.Replace(head, ":sts:", ":iam:", 1) + ":role/" + name
}

// decide returns what the policy of what a name stands for says of the access.
func (t *target) decide(a access) decide.Decision {
	policy, _ := t.policy()
	d := decide.Silent
	for _, s := range policy {
		switch {
		case !s.covers(a):
		case s.Effect == "Deny":
			return decide.Denied
		default:
			d = decide.Allowed
		}
	}
	return d
}

// covers reports whether the statement is about the access.
func (s statement) covers(a access) bool {
	named := func(p string) bool { return decide.Glob(strings.ToLower(p), strings.ToLower(a.action)) }
	if !slices.ContainsFunc(s.Action, named) || !s.Principal.is(a.caller, s.Effect == "Deny") {
		return false
	}
	holds, err := decide.Conditions(s.Condition).Hold(a.keys)
	return holds && err == nil
}

// is reports whether the caller is the principal: a service, the session of a role,
// or whoever has the ARN. Only "*" is anonymous, too. An account as a principal denies
// something to all of its users and roles, but leaves it to their policies to allow it.
func (p principal) is(c env.Caller, denies bool) bool {
	if c.Service != "" {
		return slices.Contains(p.Service, "*") || slices.Contains(p.Service, c.Service)
	}
	account := ""
	if parts := strings.Split(c.ARN, ":"); denies && len(parts) > 4 {
		account = parts[4]
	}
	return slices.ContainsFunc(p.AWS, func(who string) bool { return decide.Stands(who, c.ARN, account) })
}
