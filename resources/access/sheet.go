package access

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// Grants of one role share policies, because AWS limits what a role has room for: all
// of a configuration's are in one inline policy, and managed ones take what that has no
// room for. A statement tells by its Sid which grant it is of. A configuration with a
// stack has sheets of its own for each region of its providers, which nobody else writes:
// its state's lock is theirs.

// sheetName is what the names of sheets begin with.
const sheetName = "serverless-grants"

// A sheet is one policy of a role that has grants: an inline one by its name, or a
// managed one by its ARN.
type sheet string

func (s sheet) managed() bool { return strings.HasPrefix(string(s), "arn:") }

// lines are the statements of a sheet as they are written there.
type lines []json.RawMessage

// of are the statements of a grant.
func (l lines) of(grant string) []parts.Statement {
	var all []parts.Statement
	for _, raw := range l {
		var s struct {
			Sid              string
			Effect           string
			Action, Resource many
		}
		if json.Unmarshal(raw, &s) == nil && belongs(s.Sid, grant) {
			all = append(all, parts.Statement{Effect: s.Effect, Action: parts.Strings(s.Action), Resource: parts.Strings(s.Resource)})
		}
	}
	return all
}

// without are the statements of all but a grant.
func (l lines) without(grant string) lines {
	return slices.DeleteFunc(slices.Clone(l), func(raw json.RawMessage) bool {
		var s struct{ Sid string }
		return json.Unmarshal(raw, &s) == nil && belongs(s.Sid, grant)
	})
}

// with adds a grant's statements.
func (l lines) with(grant string, statements []parts.Statement) (lines, error) {
	all := l.without(grant)
	for i, s := range statements {
		s.Sid = grant + string(rune('A'+i))
		raw, err := json.Marshal(s)
		if err != nil {
			return nil, err
		}
		all = append(all, raw)
	}
	return all, nil
}

// and adds the statements of other grants. What is there already, because a run was cut
// off while it moved them, stays as it is: AWS wants each Sid once.
func (l lines) and(more lines) lines {
	sid := func(raw json.RawMessage) string {
		var s struct{ Sid string }
		if json.Unmarshal(raw, &s) != nil {
			return ""
		}
		return s.Sid
	}
	have := map[string]bool{}
	for _, raw := range l {
		if name := sid(raw); name != "" {
			have[name[:len(name)-1]] = true
		}
	}
	return slices.Concat(l, slices.DeleteFunc(slices.Clone(more), func(raw json.RawMessage) bool {
		name := sid(raw)
		return name != "" && have[name[:len(name)-1]]
	}))
}

// belongs reports whether a statement is of a grant: its Sid is the grant's name and a
// letter.
func belongs(sid, grant string) bool {
	return len(sid) == len(grant)+1 && strings.HasPrefix(sid, grant)
}

// document is the policy; empty without statements.
func (l lines) document() (string, error) {
	if len(l) == 0 {
		return "", nil
	}
	text, err := json.Marshal(struct {
		Version   string
		Statement lines
	}{"2012-10-17", l})
	return string(text), err
}

// many is one string or a list of them.
type many []string

func (m *many) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*m = many{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(m))
}

// A ledger is where the grants of one role are.
type ledger struct {
	c     *Clients
	role  string
	owner string // tells this configuration's sheets from those of others; empty without a stack
}

func ledgerOf(ctx context.Context, c *Clients, role string) ledger {
	l := ledger{c: c, role: role}
	if owner := tf.Owner(ctx, ""); owner != "" {
		l.owner = "-" + hash(owner, tf.Configured(ctx).Region.ValueString()) // roles know no regions, and each provider is alone
	}
	return l
}

// main is the sheet that a grant goes into as long as it has room.
func (l ledger) main() sheet { return sheet(sheetName + l.owner) }

// spilled is the name of the nth managed policy, from 1.
func (l ledger) spilled(n int) string {
	return fmt.Sprintf("%s%s-%s-%d", l.role, l.owner, "grants", n)
}

// read returns what is in a sheet; nothing for one that is not there.
func (l ledger) read(ctx context.Context, s sheet) (lines, error) {
	text, err := l.text(ctx, s)
	if err != nil || text == "" {
		return nil, err
	}
	all, err := statementsOf(text)
	if err != nil {
		return nil, fmt.Errorf("reading the policy %s of the role %s: %w", s, l.role, err)
	}
	return all, nil
}

func (l ledger) text(ctx context.Context, s sheet) (string, error) {
	if !s.managed() {
		return parts.Extra{Role: l.role, Name: string(s)}.Get(ctx, l.c.IAM)
	}
	var out *iam.GetPolicyVersionOutput
	err := soon(ctx, func(ctx context.Context) error {
		policy, err := l.c.IAM.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: aws.String(string(s))})
		if tf.Is[*types.NoSuchEntityException](err) {
			return nil
		}
		if err != nil {
			return err
		}
		// The version may be replaced and deleted in this moment.
		out, err = l.c.IAM.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: policy.Policy.Arn, VersionId: policy.Policy.DefaultVersionId})
		return err
	})
	if err != nil || out == nil {
		return "", err
	}
	return url.QueryUnescape(aws.ToString(out.PolicyVersion.Document))
}

// others are the sheets of the role but the main one, also those of other
// configurations. A role that is not there is an error of AWS.
func (l ledger) others(ctx context.Context) ([]sheet, error) {
	all, err := l.attached(ctx)
	if err != nil {
		return nil, err
	}
	inline := iam.NewListRolePoliciesPaginator(l.c.IAM, &iam.ListRolePoliciesInput{RoleName: &l.role})
	for inline.HasMorePages() {
		out, err := inline.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, name := range out.PolicyNames {
			if strings.HasPrefix(name, sheetName) && sheet(name) != l.main() {
				all = append(all, sheet(name))
			}
		}
	}
	return all, nil
}

// own are this configuration's sheets but the main one.
func (l ledger) own(ctx context.Context) ([]sheet, error) {
	all, err := l.attached(ctx)
	return slices.DeleteFunc(all, func(s sheet) bool { return !l.owns(s) }), err
}

// attached are the managed policies with grants that the role has.
func (l ledger) attached(ctx context.Context) ([]sheet, error) {
	var all []sheet
	pages := iam.NewListAttachedRolePoliciesPaginator(l.c.IAM, &iam.ListAttachedRolePoliciesInput{RoleName: &l.role, PathPrefix: aws.String(parts.GrantPath)})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, p := range out.AttachedPolicies {
			all = append(all, sheet(aws.ToString(p.PolicyArn)))
		}
	}
	slices.Sort(all)
	return all, nil
}

// owns reports whether a managed policy is one of this configuration's.
func (l ledger) owns(s sheet) bool {
	return strings.HasPrefix(lastPart(string(s)), l.role+l.owner+"-grants-")
}

// find looks for a grant in the main sheet, and then in those that more lists. What is
// not found is nil.
func (l ledger) find(ctx context.Context, grant string, more func(context.Context) ([]sheet, error)) ([]parts.Statement, error) {
	in, err := l.read(ctx, l.main())
	if err != nil {
		return nil, err
	}
	if found := in.of(grant); found != nil {
		return found, nil
	}
	sheets, err := more(ctx)
	if tf.Is[*types.NoSuchEntityException](err) {
		return nil, nil // gone with its role
	}
	if err != nil {
		return nil, err
	}
	for _, s := range sheets {
		in, err := l.read(ctx, s)
		if err != nil {
			return nil, err
		}
		if found := in.of(grant); found != nil {
			return found, nil
		}
	}
	return nil, nil
}
