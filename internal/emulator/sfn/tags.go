package sfn

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// maxTags is how many tags a resource has at most.
const maxTags = 50

func tagMap(tags []types.Tag) map[string]string {
	out := make(map[string]string, len(tags))
	for _, t := range tags {
		out[value(t.Key)] = value(t.Value)
	}
	return out
}

// retag changes the tags of a state machine or an activity; a nil f only reads.
func (s *Service) retag(tx *store.Tx, arn string, f func(map[string]string) error) (map[string]string, error) {
	scope, kind, rest, err := resource(arn, "stateMachine", "activity")
	if err != nil {
		return nil, err
	}
	missing := &types.ResourceNotFound{Message: ptr("Resource not found: '" + arn + "'"), ResourceName: &arn}
	if len(rest) != 1 {
		return nil, missing
	}
	key := scope.Key(rest[0])
	m, isMachine := s.machines.Get(tx, key)
	a, isActivity := s.activities.Get(tx, key)
	tags := m.Tags
	if kind == "activity" {
		isMachine, tags = false, a.Tags
	} else {
		isActivity = false
	}
	if !isMachine && !isActivity {
		return nil, missing
	}
	if f == nil {
		return tags, nil
	}
	if tags = maps.Clone(tags); tags == nil {
		tags = map[string]string{}
	}
	if err := f(tags); err != nil {
		return nil, err
	}
	if len(tags) > maxTags {
		return nil, &types.TooManyTags{Message: ptr("Too many tags: '" + arn + "'"), ResourceName: &arn}
	}
	if isMachine {
		m.Tags = tags
		s.machines.Put(tx, key, m)
	} else {
		a.Tags = tags
		s.activities.Put(tx, key, a)
	}
	return tags, nil
}

// TagResource adds tags.
func (s *Service) TagResource(_ context.Context, in *sfn.TagResourceInput) (*sfn.TagResourceOutput, error) {
	err := s.env.Store.Update(func(tx *store.Tx) error {
		_, err := s.retag(tx, *in.ResourceArn, func(tags map[string]string) error { maps.Copy(tags, tagMap(in.Tags)); return nil })
		return err
	})
	if err != nil {
		return nil, err
	}
	return &sfn.TagResourceOutput{}, nil
}

// UntagResource removes tags.
func (s *Service) UntagResource(_ context.Context, in *sfn.UntagResourceInput) (*sfn.UntagResourceOutput, error) {
	err := s.env.Store.Update(func(tx *store.Tx) error {
		_, err := s.retag(tx, *in.ResourceArn, func(tags map[string]string) error {
			for _, k := range in.TagKeys {
				delete(tags, k)
			}
			return nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return &sfn.UntagResourceOutput{}, nil
}

// ListTagsForResource lists the tags.
func (s *Service) ListTagsForResource(_ context.Context, in *sfn.ListTagsForResourceInput) (*sfn.ListTagsForResourceOutput, error) {
	out := &sfn.ListTagsForResourceOutput{Tags: []types.Tag{}}
	err := s.env.Store.View(func(tx *store.Tx) error {
		tags, err := s.retag(tx, *in.ResourceArn, nil)
		for _, k := range slices.Sorted(maps.Keys(tags)) {
			out.Tags = append(out.Tags, types.Tag{Key: &k, Value: ptr(tags[k])})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
