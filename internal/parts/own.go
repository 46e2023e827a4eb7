package parts

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

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
