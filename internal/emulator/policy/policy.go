// Package policy decides what the policy of a resource, such as a queue or a topic,
// lets somebody do.
//
// It must not know what the resources are, nor any AWS service; policies of users
// and roles are not its affair.
package policy

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// A Request is what somebody wants to do.
type Request struct {
	// ARN and Account are who asks, where it is a user or a role.
	ARN, Account string
	// Service is the service principal that asks; empty where no service does.
	Service  string
	Action   string // such as "sqs:SendMessage"
	Resource string // ARN
	// Keys are the values of the condition keys that are known, by their names in
	// lower case, such as "aws:sourcearn".
	Keys map[string]string
}

// A Decision is what a policy says.
type Decision int

// The decisions. Where a policy says nothing, others may allow the request.
const (
	Silent Decision = iota
	Allowed
	Denied
)

// Decide reads a policy document; an empty or unreadable one says nothing.
func Decide(document string, r Request) Decision {
	var p struct {
		Version   string
		Statement statements
	}
	if document == "" || json.Unmarshal([]byte(document), &p) != nil {
		return Silent
	}
	d := Silent
	for _, s := range p.Statement {
		if !s.covers(&r, p.Version == withVariables) {
			continue
		}
		switch s.Effect {
		case "Deny":
			return Denied
		case "Allow":
			d = Allowed
		}
	}
	return d
}

// withVariables is the version of policies in which ${…} is a variable; in older ones,
// and in those that do not say their version, it is a text as any other.
const withVariables = "2012-10-17"

// statements are a policy's; one may stand by itself.
type statements []statement

// UnmarshalJSON implements [json.Unmarshaler].
func (all *statements) UnmarshalJSON(b []byte) error {
	var one statement
	if json.Unmarshal(b, &one) == nil {
		*all = statements{one}
		return nil
	}
	return json.Unmarshal(b, (*[]statement)(all))
}

type statement struct {
	Effect       string
	Principal    *principals
	NotPrincipal *principals
	Action       List
	NotAction    List
	Resource     List
	NotResource  List
	Condition    Conditions
}

// List is one text or several; numbers and booleans are texts, too.
type List []string

// MarshalJSON writes one text without a list around it.
func (l List) MarshalJSON() ([]byte, error) {
	if len(l) == 1 {
		return json.Marshal(l[0])
	}
	return json.Marshal([]string(l))
}

// UnmarshalJSON implements [json.Unmarshaler].
func (l *List) UnmarshalJSON(b []byte) error {
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	all, several := v.([]any)
	if !several {
		all = []any{v}
	}
	*l = List{} // an empty list is not a missing one: it has nothing in it
	for _, e := range all {
		switch e := e.(type) {
		case string:
			*l = append(*l, e)
		case bool:
			*l = append(*l, strconv.FormatBool(e))
		case float64:
			*l = append(*l, strconv.FormatFloat(e, 'f', -1, 64))
		default:
			return errors.New("json: what is neither a text, a number nor a boolean stands in a list")
		}
	}
	return nil
}

// principals are "*", or lists by their kind.
type principals struct {
	everybody bool
	by        map[string]List
}

// UnmarshalJSON implements [json.Unmarshaler].
func (p *principals) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		p.everybody = one == "*"
		return nil
	}
	return json.Unmarshal(b, &p.by)
}

func (p *principals) includes(r *Request) bool {
	if p.everybody {
		return true
	}
	if r.Service != "" {
		return slices.Contains(p.by["Service"], r.Service) || slices.Contains(p.by["AWS"], "*")
	}
	return slices.ContainsFunc(p.by["AWS"], func(who string) bool { return Stands(who, r.ARN, r.Account) })
}

// Stands tells whether a principal of a policy, one of its kind AWS, stands for the
// user or the session with that ARN: it is everybody, the account or the caller, or
// the role of the session.
func Stands(principal, arn, account string) bool {
	switch {
	case principal == "*":
		return true
	case account != "" && (principal == account || strings.HasSuffix(principal, ":iam::"+account+":root")), arn != "" && principal == arn:
		return true
	}
	head, rest, ok := strings.Cut(arn, ":assumed-role/")
	role, named := strings.CutPrefix(principal, strings.Replace(head, ":sts:", ":iam:", 1)+":role/")
	name, _, _ := strings.Cut(rest, "/")
	return ok && named && role[strings.LastIndexByte(role, '/')+1:] == name // sessions do not tell the path
}

func (s *statement) covers(r *Request, variables bool) bool {
	switch {
	case s.Principal != nil && !s.Principal.includes(r), s.NotPrincipal != nil && s.NotPrincipal.includes(r),
		s.Principal == nil && s.NotPrincipal == nil, s.Action == nil && s.NotAction == nil:
		return false
	}
	action := strings.ToLower(r.Action)
	named := func(pattern string) bool { return Glob(strings.ToLower(pattern), action) }
	there := func(pattern string) bool {
		if !variables {
			return Glob(pattern, r.Resource)
		}
		pattern, ok := ExpandPattern(pattern, r.Keys)
		return ok && Glob(pattern, r.Resource)
	}
	if s.Action != nil && !slices.ContainsFunc(s.Action, named) || slices.ContainsFunc(s.NotAction, named) ||
		s.Resource != nil && !slices.ContainsFunc(s.Resource, there) || slices.ContainsFunc(s.NotResource, there) {
		return false
	}
	ok, err := s.Condition.hold(r.Keys, variables)
	if err != nil { // what is not known allows nothing, and denies
		return s.Effect == "Deny"
	}
	return ok
}

// ARNLike compares ARNs as IAM does: part by part, with * and ? within a part; the
// sixth part is the rest.
func ARNLike(pattern, arn string) bool {
	p, a := strings.SplitN(pattern, ":", 6), strings.SplitN(arn, ":", 6)
	if len(p) != 6 || len(a) != 6 {
		return false
	}
	for i := range p {
		if !Glob(p[i], a[i]) {
			return false
		}
	}
	return true
}

// literal stands in patterns before a byte that stands for itself. It is in no UTF-8, so
// that no policy can have it.
const literal = '\xff'

// Glob matches text against a pattern with * and ?, in linear time per star.
func Glob(pattern, text string) bool {
	star, mark := -1, 0
	i, j := 0, 0
	for j < len(text) {
		switch {
		case i < len(pattern) && pattern[i] == '*':
			star, mark = i, j
			i++
		case i+1 < len(pattern) && pattern[i] == literal && pattern[i+1] == text[j]:
			i, j = i+2, j+1
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
