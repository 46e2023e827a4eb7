package parts

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// Make makes the role and the log group that something owns, either of which may be
// nil, and returns the role's ARN and how to undo them when something goes wrong
// after. What was there before stays, a log group with its events above all. What it
// made is undone when it fails itself.
func Make(ctx context.Context, i IAM, l Logs, role *Role, group *LogGroup) (arn string, undo func(error) error, err error) {
	var madeRole, madeGroup bool
	undo = func(err error) error {
		return tf.Undo(ctx, err, func(ctx context.Context) error {
			if madeGroup {
				if err := DeleteLogGroup(ctx, l, group.Name); err != nil {
					return err
				}
			}
			if madeRole {
				return DeleteRole(ctx, i, role.Name)
			}
			return nil
		})
	}
	if role != nil {
		if arn, madeRole, err = role.Create(ctx, i); err != nil {
			return "", nil, undo(err)
		}
	}
	if group != nil {
		if madeGroup, err = group.Create(ctx, l); err != nil {
			return "", nil, undo(err)
		}
	}
	return arn, undo, nil
}

// ReadRole returns the policies of a role, and its boundary where that is asked for.
func ReadRole(ctx context.Context, c IAM, name string, boundary bool) (Role, error) {
	r := Role{Name: name}
	var err error
	if r.Policy, err = InlinePolicy(ctx, c, name); err != nil {
		return r, err
	}
	if r.Managed, err = Managed(ctx, c, name); err != nil || !boundary {
		return r, err
	}
	r.Boundary, err = Boundary(ctx, c, name)
	return r, err
}

// Change gives the role what it should have and had not, and says whether it has more
// than that, for Trim. prior are its policies and its boundary as they were.
func (r Role) Change(ctx context.Context, c IAM, prior Role) (more bool, err error) {
	same := func(a, b []string) bool {
		return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
	}
	if more = !tf.SameJSON(r.Policy, prior.Policy) || !same(r.Managed, prior.Managed); more {
		err := r.Add(ctx, c, prior.Policy)
		if tf.Is[*types.LimitExceededException](err) { // the role has room for the new or the old, and not for both
			if err = r.Trim(ctx, c); err == nil {
				err = r.Add(ctx, c, "")
			}
		}
		if err != nil {
			return false, err
		}
	}
	if r.Boundary == prior.Boundary {
		return more, nil
	}
	return more, Limit(ctx, c, r.Name, r.Boundary)
}
