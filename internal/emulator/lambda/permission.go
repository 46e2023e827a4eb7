package lambda

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/uuid"

	decide "github.com/tfserverless/terraform-provider-serverless/internal/emulator/policy"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// maxPolicy is the size of a function's policy, in bytes.
const maxPolicy = 20480

// statement is one permission, in the order in which AWS writes it.
type statement struct {
	Sid       string `json:",omitempty"`
	Effect    string
	Principal principal
	Action    texts
	Resource  texts
	Condition condition `json:",omitempty"`
}

// principal is whom a statement is for; "*" is everyone.
type principal struct {
	Service texts `json:",omitempty"`
	AWS     texts `json:",omitempty"`
}

// everyone is the principal "*".
var everyone = principal{Service: texts{"*"}, AWS: texts{"*"}}

// MarshalJSON writes everyone as "*".
func (p principal) MarshalJSON() ([]byte, error) {
	if slices.Equal(p.Service, everyone.Service) && slices.Equal(p.AWS, everyone.AWS) {
		return []byte(`"*"`), nil
	}
	type plain principal
	return json.Marshal(plain(p))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (p *principal) UnmarshalJSON(b []byte) error {
	if string(b) == `"*"` {
		*p = everyone
		return nil
	}
	type plain principal
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode((*plain)(p))
}

// texts may be written as one text or as a list of them.
type texts = decide.List

// condition is what IAM's conditions are, by operator and key.
type condition decide.Conditions

// MarshalJSON writes the operators that AddPermission uses in the order in which AWS
// does, and then the others.
func (c condition) MarshalJSON() ([]byte, error) {
	first := []string{"Bool", "StringEquals", "ArnLike"}
	operators := slices.SortedFunc(maps.Keys(c), func(a, b string) int {
		i, j := slices.Index(first, a), slices.Index(first, b)
		if i < 0 || j < 0 {
			i, j = -i, -j // those of the list come before
		}
		return cmp.Or(cmp.Compare(i, j), strings.Compare(a, b))
	})
	var b bytes.Buffer
	b.WriteByte('{')
	for i, operator := range operators {
		if i > 0 {
			b.WriteByte(',')
		}
		keys, err := text(c[operator])
		if err != nil {
			return nil, err
		}
		name, err := text(operator)
		if err != nil {
			return nil, err
		}
		b.WriteString(name + ":" + keys)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// text returns v as JSON as AWS writes it, with <, > and & as they are.
func text(v any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return strings.TrimSuffix(b.String(), "\n"), err
}

type policy struct {
	Version   string
	ID        string `json:"Id"`
	Statement []statement
}

func policyOf(statements []statement) (string, error) {
	return text(policy{Version: "2012-10-17", ID: "default", Statement: statements})
}

// AddPermission adds a statement to the policy of a function, a version or an alias.
func (s *Service) AddPermission(ctx context.Context, in *lambda.AddPermissionInput) (*lambda.AddPermissionOutput, error) {
	n, err := parse(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if n.qualifier == latest {
		return nil, invalid("We currently do not support adding policies for $LATEST.")
	}
	who, err := principalOf(aws.ToString(in.Principal))
	if err != nil {
		return nil, err
	}
	st := statement{
		Sid: aws.ToString(in.StatementId), Effect: "Allow", Principal: who,
		Action: texts{aws.ToString(in.Action)}, Resource: texts{n.qualified()}, Condition: conditionOf(in),
	}
	err = s.editPolicy(n, func(policy []statement, revision string) ([]statement, error) {
		if in.RevisionId != nil && *in.RevisionId != revision {
			return nil, stale("GetPolicy")
		}
		return add(policy, st)
	})
	if err != nil {
		return nil, policyMissing(n, err, "Cannot find alias arn: %s")
	}
	written, err := text(st)
	return &lambda.AddPermissionOutput{Statement: aws.String(written)}, err
}

// policy returns the statements of what a name stands for, and its RevisionId.
func (t *target) policy() ([]statement, string) {
	if t.alias != nil {
		return t.alias.Policy, t.alias.Revision
	}
	return t.version.Policy, t.version.Revision
}

// editPolicy changes the policy of what a name stands for, which then has another
// RevisionId.
func (s *Service) editPolicy(n name, change func(policy []statement, revision string) ([]statement, error)) error {
	return s.env.Store.Update(func(tx *store.Tx) error {
		t, err := s.target(tx, n)
		if err != nil {
			return err
		}
		policy, err := change(t.policy())
		if err != nil {
			return err
		}
		switch {
		case t.alias != nil:
			t.alias.Policy, t.alias.Revision = policy, uuid.NewString()
			s.aliases.Put(tx, n.aliasKey(t.alias.Name), *t.alias)
		case t.version.Number > 0:
			t.version.Policy = policy
			t.version.revise()
			s.versions.Put(tx, n.versionKey(t.version.Number), t.version)
		default:
			t.function.Policy = policy
			t.function.revise()
			s.functions.Put(tx, n.key(), t.function)
		}
		return nil
	})
}

// policyMissing rewrites the error for an alias that does not exist: whatever is
// neither a number nor has a $ in it is the name of an alias.
func policyMissing(n name, err error, format string) error {
	alias := n.qualifier != "" && !n.numbered() && !strings.Contains(n.qualifier, "$")
	var missing *types.ResourceNotFoundException
	if errors.As(err, &missing) && alias && strings.HasPrefix(*missing.Message, "Function not found") {
		return notFound(format, n.qualified())
	}
	return err
}

var account = regexp.MustCompile(`^\d{12}$`)

// principalOf is how a policy writes who may call.
func principalOf(text string) (principal, error) {
	switch {
	case text == "*":
		return everyone, nil
	case account.MatchString(text):
		return principal{AWS: texts{"arn:aws:iam::" + text + ":root"}}, nil
	case strings.HasPrefix(text, "arn:aws:iam::"), strings.HasPrefix(text, "arn:aws:sts::"):
		return principal{AWS: texts{text}}, nil
	case strings.HasSuffix(text, ".amazonaws.com"):
		return principal{Service: texts{text}}, nil
	}
	return principal{}, invalid("The provided principal was invalid. Please check the principal and try again.")
}

func conditionOf(in *lambda.AddPermissionInput) condition {
	c := condition{}
	equal := map[string]texts{}
	for key, value := range map[string]*string{
		"AWS:SourceAccount":          in.SourceAccount,
		"aws:PrincipalOrgID":         in.PrincipalOrgID,
		"lambda:EventSourceToken":    in.EventSourceToken,
		"lambda:FunctionUrlAuthType": aws.String(string(in.FunctionUrlAuthType)),
	} {
		if aws.ToString(value) != "" {
			equal[key] = texts{*value}
		}
	}
	if len(equal) > 0 {
		c["StringEquals"] = equal
	}
	if aws.ToString(in.SourceArn) != "" {
		c["ArnLike"] = map[string]texts{"AWS:SourceArn": {*in.SourceArn}}
	}
	if aws.ToBool(in.InvokedViaFunctionUrl) {
		c["Bool"] = map[string]texts{"lambda:InvokedViaFunctionUrl": {"true"}}
	}
	return c
}

// GetPolicy returns the policy of a function, a version or an alias.
func (s *Service) GetPolicy(ctx context.Context, in *lambda.GetPolicyInput) (*lambda.GetPolicyOutput, error) {
	n, err := parse(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	t, err := s.find(n)
	policy, revision := t.policy()
	if err != nil || len(policy) == 0 || n.qualifier == latest {
		return nil, errNoResource
	}
	whole, err := policyOf(policy)
	return &lambda.GetPolicyOutput{Policy: aws.String(whole), RevisionId: aws.String(revision)}, err
}

// RemovePermission removes a statement from the policy of a function, a version or
// an alias.
func (s *Service) RemovePermission(ctx context.Context, in *lambda.RemovePermissionInput) (*lambda.RemovePermissionOutput, error) {
	n, err := parse(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if _, err := s.find(name{Scope: n.Scope, function: n.function}); err != nil {
		return nil, notFound("No policy found for: %s", n.arn())
	}
	err = s.editPolicy(n, func(policy []statement, revision string) ([]statement, error) {
		if len(policy) == 0 || n.qualifier == latest {
			return nil, errNoPolicy
		}
		rest, err := remove(policy, aws.ToString(in.StatementId))
		if err == nil && in.RevisionId != nil && *in.RevisionId != revision {
			err = stale("GetPolicy")
		}
		return rest, err
	})
	if err != nil {
		return nil, policyMissing(n, err, "Cannot find alias arn: %s")
	}
	return &lambda.RemovePermissionOutput{}, nil
}
