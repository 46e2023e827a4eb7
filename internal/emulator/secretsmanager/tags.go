package secretsmanager

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
)

// maxTags is how many tags a secret may have.
const maxTags = 50

// tagged are the old tags with the new ones.
func tagged(old []tag, more []types.Tag) ([]tag, error) {
	out := slices.Clone(old)
	for _, t := range more {
		i := slices.IndexFunc(out, func(o tag) bool { return o.Key == value(t.Key) })
		if i < 0 {
			out = append(out, tag{value(t.Key), value(t.Value)})
			continue
		}
		out[i].Value = value(t.Value)
	}
	if len(out) > maxTags {
		return nil, invalidParameter("You can't have more than %d tags on a secret.", maxTags)
	}
	return out, nil
}

// tags are a secret's, as they are returned.
func tags(all []tag) []types.Tag {
	var out []types.Tag
	for _, t := range all {
		out = append(out, types.Tag{Key: &t.Key, Value: &t.Value})
	}
	return out
}

// TagResource adds tags to a secret.
func (s *Service) TagResource(ctx context.Context, in *secretsmanager.TagResourceInput) (*secretsmanager.TagResourceOutput, error) {
	err := s.update(ctx, "TagResource", in.SecretId, func(x *secret) (err error) {
		x.Tags, err = tagged(x.Tags, in.Tags)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &secretsmanager.TagResourceOutput{}, nil
}

// UntagResource removes tags from a secret.
func (s *Service) UntagResource(ctx context.Context, in *secretsmanager.UntagResourceInput) (*secretsmanager.UntagResourceOutput, error) {
	err := s.update(ctx, "UntagResource", in.SecretId, func(x *secret) error {
		x.Tags = slices.DeleteFunc(slices.Clone(x.Tags), func(t tag) bool { return slices.Contains(in.TagKeys, t.Key) })
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &secretsmanager.UntagResourceOutput{}, nil
}
