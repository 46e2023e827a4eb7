package access

import (
	"context"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// Roles keeps those who write grants of the same role from losing each other's. The
// zero value is ready.
type Roles struct {
	mu    sync.Mutex
	turns map[string]*turn // by role
}

// A turn is that of writing the sheets of a role. Reads of IAM lag behind, so what this
// run has replaced is remembered: who reads that would write it again.
type turn struct {
	taken    chan struct{}
	replaced map[string]bool // sheet and document
	latest   map[sheet]lines
}

// take waits for the turn to write the grants of a role.
func (r *Roles) take(ctx context.Context, role string) (*turn, error) {
	r.mu.Lock()
	if r.turns == nil {
		r.turns = map[string]*turn{}
	}
	t := r.turns[role]
	if t == nil {
		t = &turn{taken: make(chan struct{}, 1), replaced: map[string]bool{}, latest: map[sheet]lines{}}
		r.turns[role] = t
	}
	r.mu.Unlock()
	select {
	case t.taken <- struct{}{}:
		return t, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (t *turn) end() { <-t.taken }

// A pen is a ledger whose turn it is.
type pen struct {
	ledger
	*turn
}

// write makes the turn for a ledger and ends it after f.
func (l ledger) write(ctx context.Context, f func(p pen) error) error {
	t, err := l.c.Roles.take(ctx, l.role)
	if err != nil {
		return err
	}
	defer t.end()
	return f(pen{l, t})
}

// now is what is in a sheet, also if a read shows what was there before.
func (p pen) now(ctx context.Context, s sheet) (lines, error) {
	in, err := p.read(ctx, s)
	if err != nil {
		return nil, err
	}
	text, err := in.document()
	if err == nil && p.replaced[string(s)+text] {
		return p.latest[s], nil
	}
	return in, err
}

// has is find of the ledger that also knows what this run has written and no read shows
// yet: two blocks of one run may ask for the same grant.
func (p pen) has(ctx context.Context, grant string) ([]parts.Statement, error) {
	return p.seek(ctx, grant, func(ctx context.Context) ([]sheet, error) {
		sheets, err := p.own(ctx)
		return p.unlisted(sheets), err
	}, p.now)
}

// unlisted adds the managed sheets that this run has written to those that a list shows.
func (p pen) unlisted(sheets []sheet) []sheet {
	for s := range p.latest {
		if p.owns(s) && p.wrote(s) && !slices.Contains(sheets, s) {
			sheets = append(sheets, s)
		}
	}
	slices.Sort(sheets)
	return sheets
}

// replace writes a sheet. An inline one goes with its last statement, and a managed
// one is deleted.
func (p pen) replace(ctx context.Context, s sheet, old, fresh lines) error {
	was, err := old.document()
	if err != nil {
		return err
	}
	is, err := fresh.document()
	if err != nil || is == was {
		return err
	}
	extra := parts.Extra{Role: p.role, Name: string(s)}
	switch {
	case s.managed() && is == "":
		err = p.discard(ctx, s)
	case s.managed():
		err = p.renew(ctx, s, is)
	case is == "":
		err = extra.Remove(ctx, p.c.IAM)
	default:
		err = soon(ctx, func(ctx context.Context) error { return extra.Put(ctx, p.c.IAM, is) })
	}
	if err != nil {
		return err
	}
	p.replaced[string(s)+was] = true
	delete(p.replaced, string(s)+is)
	p.latest[s] = fresh
	return nil
}

// full reports whether a policy has no room for more.
func full(err error) bool { return tf.Is[*types.LimitExceededException](err) && !versions(err) }

// put gives a grant these statements: where it is, or where there is room. One that is
// new is in no sheet; any other may be in two, if a run was cut off while it moved it.
func (p pen) put(ctx context.Context, grant string, statements []parts.Statement, isNew bool) error {
	in, err := p.now(ctx, p.home(grant))
	if err != nil {
		return err
	}
	var sheets []sheet
	if !isNew {
		if sheets, err = p.others(ctx, grant); err != nil {
			return err
		}
	}
	if in.of(grant) == nil {
		for _, s := range sheets {
			if !p.owns(s) {
				continue
			}
			was, err := p.now(ctx, s)
			if err != nil {
				return err
			}
			if was.of(grant) == nil {
				continue
			}
			fresh, err := was.with(grant, statements)
			if err != nil {
				return err
			}
			if err = p.replace(ctx, s, was, fresh); full(err) {
				break
			}
			if err != nil {
				return err
			}
			return p.strike(ctx, grant, slices.DeleteFunc(sheets, func(o sheet) bool { return o == s }))
		}
	}
	fresh, err := in.with(grant, statements)
	if err != nil {
		return err
	}
	err = p.replace(ctx, p.home(grant), in, fresh)
	switch {
	case full(err):
		return p.spill(ctx, grant, statements, in)
	case err != nil:
		return err
	}
	return p.strike(ctx, grant, sheets)
}

// renew gives a managed policy another document, and keeps no version but that: AWS
// has room for five.
func (p pen) renew(ctx context.Context, s sheet, text string) error {
	err := lagging(ctx, func(ctx context.Context) error {
		if err := p.prune(ctx, s); err != nil {
			return err
		}
		_, err := p.c.IAM.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: aws.String(string(s)), PolicyDocument: &text, SetAsDefault: true})
		return err
	})
	if err != nil {
		return err
	}
	return p.prune(ctx, s)
}

// versions reports whether a policy has versions that a list did not show yet.
func versions(err error) bool {
	return tf.Says(err, "LimitExceeded", "versions") || tf.Is[*types.DeleteConflictException](err)
}

// lagging makes a call again that versions stand in the way of, after they were pruned.
func lagging(ctx context.Context, call func(context.Context) error) error {
	tries := 0
	return tf.Retry(ctx, func(err error) bool {
		tries++
		return tries < patience && versions(err)
	}, call)
}

// prune deletes the versions of a managed policy but that which counts.
func (p pen) prune(ctx context.Context, s sheet) error {
	out, err := p.c.IAM.ListPolicyVersions(ctx, &iam.ListPolicyVersionsInput{PolicyArn: aws.String(string(s))})
	if err != nil {
		return err
	}
	for _, v := range out.Versions {
		if v.IsDefaultVersion {
			continue
		}
		_, err := p.c.IAM.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: aws.String(string(s)), VersionId: v.VersionId})
		if err != nil && !tf.Is[*types.NoSuchEntityException](err) && !tf.Is[*types.DeleteConflictException](err) { // a list that lags
			return err
		}
	}
	return nil
}

// discard detaches a managed policy and deletes it.
func (p pen) discard(ctx context.Context, s sheet) error {
	arn := aws.String(string(s))
	_, err := p.c.IAM.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &p.role, PolicyArn: arn})
	if err != nil && !tf.Is[*types.NoSuchEntityException](err) {
		return err
	}
	err = lagging(ctx, func(ctx context.Context) error {
		if err := p.prune(ctx, s); err != nil {
			return err
		}
		_, err := p.c.IAM.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: arn})
		return err
	})
	if tf.Is[*types.NoSuchEntityException](err) {
		return nil
	}
	return err
}

// strike takes a grant out of sheets.
func (p pen) strike(ctx context.Context, grant string, sheets []sheet) error {
	for _, s := range sheets {
		in, err := p.now(ctx, s)
		if err != nil {
			return err
		}
		if err := p.replace(ctx, s, in, in.without(grant)); err != nil {
			return err
		}
	}
	return nil
}

// remove takes a grant away, and brings what was spilled back where there is room now.
func (p pen) remove(ctx context.Context, grant string) error {
	in, err := p.now(ctx, p.home(grant))
	if err != nil {
		return err
	}
	if err := p.replace(ctx, p.home(grant), in, in.without(grant)); err != nil {
		return err
	}
	sheets, err := p.others(ctx, grant)
	if tf.Is[*types.NoSuchEntityException](err) { // the role is gone, and its managed policies are left
		return p.abandoned(ctx)
	}
	if err != nil {
		return err
	}
	if err := p.strike(ctx, grant, sheets); err != nil {
		return err
	}
	return p.gather(ctx, sheets)
}

// mostPolicies is how many managed policies AWS lets a role have at the highest quota.
const mostPolicies = 20

// abandoned deletes the managed policies of a role that is gone. One in between may be
// missing: each goes with its last grant.
func (p pen) abandoned(ctx context.Context) error {
	for n := 1; n <= mostPolicies; n++ {
		s := p.arn(ctx, n)
		in, err := p.read(ctx, s)
		if err != nil {
			return err
		}
		if in == nil {
			continue
		}
		if err := p.discard(ctx, s); err != nil {
			return err
		}
	}
	return nil
}
