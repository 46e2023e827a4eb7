package sts

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/policy"
)

// trust is a role's trust policy as far as it decides here.
type trust struct {
	Statement oneOrMore[statement]
}

type statement struct {
	Effect       string
	Principal    principal
	NotPrincipal json.RawMessage
	Action       oneOrMore[string]
	NotAction    oneOrMore[string]
	Condition    policy.Conditions
}

// principal names callers by kind: AWS, Service, Federated; "*" is everybody.
type principal map[string]oneOrMore[string]

func (p *principal) UnmarshalJSON(b []byte) error {
	var all string
	if json.Unmarshal(b, &all) == nil {
		*p = principal{"AWS": {all}}
		return nil
	}
	return json.Unmarshal(b, (*map[string]oneOrMore[string])(p))
}

// oneOrMore values, which JSON policies write as one or as a list.
type oneOrMore[T any] []T

func (o *oneOrMore[T]) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		return json.Unmarshal(b, (*[]T)(o))
	}
	*o = make([]T, 1)
	return json.Unmarshal(b, &(*o)[0])
}

// ask is one question to a trust policy.
type ask struct {
	action  string // such as "sts:AssumeRole" or "sts:TagSession"
	caller  env.Caller
	account string // the caller's
	// federated is the ARN of the issuer that says who calls, in place of caller.
	federated string
	keys      map[string]string // condition keys, in lower case
}

// allows reports whether a trust policy answers yes. A condition that is not
// understood never allows: the error names it.
func allows(trustJSON string, a ask) (bool, error) {
	var t trust
	if err := json.Unmarshal([]byte(trustJSON), &t); err != nil {
		return false, fmt.Errorf("reading a trust policy: %w", err)
	}
	allowed := false
	for _, st := range t.Statement {
		if st.NotPrincipal != nil {
			return false, fmt.Errorf("NotPrincipal in a trust policy is not emulated")
		}
		if !st.names(a.action) || !st.Principal.has(a) {
			continue
		}
		holds, err := st.Condition.Hold(a.keys)
		if err != nil {
			return false, fmt.Errorf("reading a trust policy: %w", err)
		}
		if holds && st.Effect == "Deny" {
			return false, nil
		}
		allowed = allowed || holds
	}
	return allowed, nil
}

func (st statement) names(action string) bool {
	has := func(list []string) bool {
		return slices.ContainsFunc(list, func(pattern string) bool { return policy.Glob(strings.ToLower(pattern), strings.ToLower(action)) })
	}
	if st.Action != nil {
		return has(st.Action)
	}
	return !has(st.NotAction)
}

// has reports whether the caller is among the principals. An account stands for
// all of its users and roles: the emulator has only an owner, and roles.
func (p principal) has(a ask) bool {
	if a.federated != "" {
		return slices.Contains(p["Federated"], a.federated)
	}
	if a.caller.Service != "" {
		return slices.Contains(p["Service"], a.caller.Service)
	}
	return slices.ContainsFunc(p["AWS"], func(name string) bool {
		switch name {
		case "*", a.account, "arn:" + env.Partition + ":iam::" + a.account + ":root", a.caller.ARN:
			return true
		}
		// A session's ARN, arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION, lacks
		// the role's path; a role's name is unique without it.
		session, ok := strings.CutPrefix(a.caller.ARN, "arn:"+env.Partition+":sts::"+a.account+":assumed-role/")
		role, _, _ := strings.Cut(session, "/")
		rest, isRole := strings.CutPrefix(name, "arn:"+env.Partition+":iam::"+a.account+":role/")
		return ok && isRole && rest[strings.LastIndex(rest, "/")+1:] == role
	})
}
