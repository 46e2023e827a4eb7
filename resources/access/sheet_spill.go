package access

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// spill puts a grant into a managed policy, because the role has no room for it; in is
// what is at its home.
func (p pen) spill(ctx context.Context, grant string, statements []parts.Statement, in lines) error {
	var sheets []sheet
	if p.owner != "" {
		var err error
		if sheets, err = p.own(ctx); err != nil {
			return err
		}
	}
	sheets = p.unlisted(sheets)
	for _, s := range sheets {
		was, err := p.now(ctx, s)
		if err != nil {
			return err
		}
		fresh, err := was.with(grant, statements)
		if err != nil {
			return err
		}
		if err = p.replace(ctx, s, was, fresh); !full(err) {
			return p.moved(ctx, grant, s, in, err)
		}
	}
	s, err := p.open(ctx, sheets, grant, statements)
	return p.moved(ctx, grant, s, in, err)
}

// moved takes a grant out of where it was before it was put into s.
func (p pen) moved(ctx context.Context, grant string, s sheet, in lines, err error) error {
	if err != nil {
		return err
	}
	if err := p.replace(ctx, p.home(grant), in, in.without(grant)); err != nil {
		return err
	}
	sheets, err := p.others(ctx, grant)
	if err != nil {
		return err
	}
	return p.strike(ctx, grant, slices.DeleteFunc(sheets, func(o sheet) bool { return o == s }))
}

// wrote reports whether this run has written a sheet that is there still: it is its
// configuration's then, whoever else has grants of the role.
func (p pen) wrote(s sheet) bool { return len(p.latest[s]) > 0 }

// open makes one managed policy more, attached to the role.
func (p pen) open(ctx context.Context, have []sheet, grant string, statements []parts.Statement) (sheet, error) {
	fresh, err := lines(nil).with(grant, statements)
	if err != nil {
		return "", err
	}
	text, err := fresh.document()
	if err != nil {
		return "", err
	}
	var s sheet
	err = &types.LimitExceededException{Message: aws.String("all of them are full")} // if no name is left
	for n := 1; n <= mostPolicies; n++ {
		if s = p.arn(ctx, n); slices.Contains(have, s) {
			continue
		}
		_, err = p.c.IAM.CreatePolicy(ctx, &iam.CreatePolicyInput{
			PolicyName: aws.String(p.spilled(n)), Path: aws.String(parts.GrantPath), PolicyDocument: &text,
			Description: aws.String("Grants of the role " + p.role + " that it has no room for."),
		})
		if !tf.Is[*types.EntityAlreadyExistsException](err) {
			break
		}
		var others bool
		if fresh, others, err = p.reopen(ctx, s, grant, statements); !others {
			break
		}
	}
	if err == nil {
		err = soon(ctx, func(ctx context.Context) error {
			_, err := p.c.IAM.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &p.role, PolicyArn: aws.String(string(s))})
			return err
		})
		if err != nil && len(fresh.without(grant)) == 0 { // else others' would go with it
			err = tf.Undo(ctx, err, func(ctx context.Context) error { return p.discard(ctx, s) })
		}
	}
	if full(err) || tf.Is[*types.EntityAlreadyExistsException](err) {
		return "", noRoom(p.role, len(have), err)
	}
	if err != nil {
		return "", err
	}
	p.replaced[string(s)] = true // a read may not show it yet
	p.latest[s] = fresh
	return s, nil
}

// reopen writes a grant into a managed policy that no list showed. One that is attached
// was just made, and keeps its grants; any other was left by a run that was cut off.
// Without a stack it may be that of others, who are about to attach it: it is left to
// them unless it has that grant alone.
func (p pen) reopen(ctx context.Context, s sheet, grant string, statements []parts.Statement) (fresh lines, others bool, err error) {
	out, err := p.c.IAM.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: aws.String(string(s))})
	if err != nil {
		return nil, false, err
	}
	attached := aws.ToInt32(out.Policy.AttachmentCount) > 0
	var was lines
	if attached || p.owner == "" {
		if was, err = p.read(ctx, s); err != nil {
			return nil, false, err
		}
	}
	if p.owner == "" && (attached || len(was.without(grant)) > 0) {
		return nil, true, &types.EntityAlreadyExistsException{Message: aws.String("The policy " + p.role + "-grants has that name.")}
	}
	if fresh, err = was.with(grant, statements); err != nil {
		return nil, false, err
	}
	text, err := fresh.document()
	if err != nil {
		return nil, false, err
	}
	return fresh, false, p.renew(ctx, s, text)
}

func noRoom(role string, policies int, err error) error {
	return &tf.Problem{
		Summary: "The role " + role + " has no room for the grant",
		Detail: fmt.Sprintf("AWS gives a role room for 10,240 characters of inline policies and for 10 managed policies of 6,144 characters each, %d of which have its grants already. It said: %v. "+
			"Use fewer grants by naming several things in one, detach managed policies, ask AWS for a higher quota, or give the things to several roles.", policies, err),
	}
}

func (p pen) arn(ctx context.Context, n int) sheet {
	s := tf.ScopeOf(ctx)
	return sheet("arn:" + s.Partition + ":iam::" + s.Account + ":policy" + parts.GrantPath + p.spilled(n))
}

// gather moves the last managed policy's grants home, as far as there is room.
func (p pen) gather(ctx context.Context, sheets []sheet) error {
	sheets = slices.DeleteFunc(sheets, func(s sheet) bool { return !p.owns(s) || p.owner == "" && !p.wrote(s) })
	if len(sheets) == 0 {
		return nil
	}
	last := sheets[len(sheets)-1]
	all, err := p.now(ctx, last)
	if err != nil || all == nil {
		return err
	}
	rest := all
	for _, some := range p.byHome(all) {
		in, err := p.now(ctx, some.home)
		if err != nil {
			return err
		}
		err = p.replace(ctx, some.home, in, in.and(some.lines))
		if full(err) {
			break // the rest stays where it is
		}
		if err != nil {
			return err
		}
		for _, grant := range some.lines.grants() {
			rest = rest.without(grant)
		}
	}
	return p.replace(ctx, last, all, rest)
}

// A share is what of a sheet has one home.
type share struct {
	home  sheet
	lines lines
}

// byHome are the statements of a sheet by where they would be if there were room.
func (p pen) byHome(all lines) []share {
	var shares []share
	for _, grant := range all.grants() {
		i := slices.IndexFunc(shares, func(s share) bool { return s.home == p.home(grant) })
		if i < 0 {
			i, shares = len(shares), append(shares, share{home: p.home(grant)})
		}
		shares[i].lines = append(shares[i].lines, all.raw(grant)...)
	}
	return shares
}
