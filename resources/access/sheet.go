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

// What grants give is in policies of their role, and a statement tells by its Sid which
// grant it is of. No policy is ever written by two runs at once, which would lose what
// one of them wrote: IAM has no call that fails if a policy was changed meanwhile. The
// grants of a configuration with a stack share one inline policy for each region of its
// providers, which the lock of its state guards. Without a stack nothing tells whose a
// policy is, so each grant has an inline policy of its own. Managed policies take what
// the role has no room for; one is written only by those who made it.

// sheetName is what the names of sheets begin with, and grantName those of grants.
const (
	sheetName = parts.GrantPolicy
	grantName = "Grant"
)

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

// raw are the statements of a grant as they are written.
func (l lines) raw(grant string) lines {
	return slices.DeleteFunc(slices.Clone(l), func(raw json.RawMessage) bool { return !belongs(sidOf(raw), grant) })
}

// grants are the names of all grants, sorted.
func (l lines) grants() []string {
	var all []string
	for _, raw := range l {
		if sid := sidOf(raw); strings.HasPrefix(sid, grantName) {
			all = append(all, sid[:len(sid)-1])
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func sidOf(raw json.RawMessage) string {
	var s struct{ Sid string }
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s.Sid
}

// without are the statements of all but a grant.
func (l lines) without(grant string) lines {
	return slices.DeleteFunc(slices.Clone(l), func(raw json.RawMessage) bool { return belongs(sidOf(raw), grant) })
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
	for _, grant := range l.grants() {
		more = more.without(grant)
	}
	return slices.Concat(l, more)
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

// home is the sheet that a grant goes into as long as the role has room.
func (l ledger) home(grant string) sheet {
	if l.owner == "" {
		return sheet(sheetName + "-" + grant)
	}
	return sheet(sheetName + l.owner)
}

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

// others are the sheets of the role that may have a grant, but its home; also those of
// other configurations.
func (l ledger) others(ctx context.Context, grant string) ([]sheet, error) {
	all, err := l.sheets(ctx)
	return slices.DeleteFunc(all, func(s sheet) bool {
		alone := strings.HasPrefix(string(s), sheetName+"-"+grantName) && string(s) != sheetName+"-"+grant // another grant's own
		return alone || s == l.home(grant)
	}), err
}

// sheets are all of the role's. A role that is not there is an error of AWS.
func (l ledger) sheets(ctx context.Context) ([]sheet, error) {
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
			if strings.HasPrefix(name, sheetName) {
				all = append(all, sheet(name))
			}
		}
	}
	return all, nil
}

// own are the managed sheets of this configuration; without a stack, those of all that
// have none.
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

// owns reports whether a sheet is a managed one by this configuration's names.
func (l ledger) owns(s sheet) bool {
	return s.managed() && strings.HasPrefix(lastPart(string(s)), l.role+l.owner+"-grants-")
}

// find looks for a grant at its home, and then in the sheets that more lists. What is
// not found is nil.
func (l ledger) find(ctx context.Context, grant string, more func(context.Context) ([]sheet, error)) ([]parts.Statement, error) {
	return l.seek(ctx, grant, more, l.read)
}

// seek is find with another way to read a sheet.
func (l ledger) seek(ctx context.Context, grant string, more func(context.Context) ([]sheet, error), read func(context.Context, sheet) (lines, error)) ([]parts.Statement, error) {
	in, err := read(ctx, l.home(grant))
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
		in, err := read(ctx, s)
		if err != nil {
			return nil, err
		}
		if found := in.of(grant); found != nil {
			return found, nil
		}
	}
	return nil, nil
}
