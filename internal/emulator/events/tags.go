package events

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// maxTags is how many tags a bus or a rule has at most.
const maxTags = 50

// retag changes the tags of the bus or the rule of an ARN by f, and returns them.
func (s *Service) retag(ctx context.Context, action string, arn *string, f func(tags map[string]string) map[string]string) (tags map[string]string, err error) {
	p := strings.SplitN(value(arn), ":", 6)
	if len(p) != 6 || p[2] != "events" {
		return nil, invalid("Parameter %s is not valid. Reason: Provided Arn is not in correct format.", value(arn))
	}
	scope := env.Scope{Region: p[3], Account: p[4]}
	if scope.Account != env.ScopeOf(ctx).Account {
		return nil, denied(env.CallerOf(ctx), action, *arn)
	}
	change := func(have map[string]string) (map[string]string, error) {
		if f == nil {
			return have, nil
		}
		after := f(maps.Clone(have))
		if len(after) > maxTags {
			return nil, &types.LimitExceededException{Message: ptr("The requested resource exceeds the maximum number allowed.")}
		}
		return after, nil
	}
	err = s.env.Store.Update(func(tx *store.Tx) error {
		if name, ok := strings.CutPrefix(p[5], "event-bus/"); ok {
			b, err := s.bus(tx, scope, name)
			if err != nil {
				return err
			}
			if tags, err = change(b.Tags); err != nil || f == nil {
				return err
			}
			b.Tags = tags
			s.buses.Put(tx, b.key(), b)
			return nil
		}
		path, ok := strings.CutPrefix(p[5], "rule/")
		if !ok {
			return invalid("Parameter %s is not valid. Reason: Provided Arn is not in correct format.", *arn)
		}
		bus, name, named := strings.Cut(path, "/")
		if !named {
			bus, name = defaultBus, path
		}
		r, err := s.rule(tx, scope, bus, name)
		if err != nil {
			return err
		}
		if tags, err = change(r.Tags); err != nil || f == nil {
			return err
		}
		r.Tags = tags
		s.rules.Put(tx, r.key(), r)
		return nil
	})
	return tags, err
}

// TagResource adds tags to a bus or a rule.
func (s *Service) TagResource(ctx context.Context, in *eventbridge.TagResourceInput) (*eventbridge.TagResourceOutput, error) {
	_, err := s.retag(ctx, "TagResource", in.ResourceARN, func(tags map[string]string) map[string]string { return addTags(tags, in.Tags) })
	return &eventbridge.TagResourceOutput{}, err
}

// UntagResource removes tags from a bus or a rule.
func (s *Service) UntagResource(ctx context.Context, in *eventbridge.UntagResourceInput) (*eventbridge.UntagResourceOutput, error) {
	_, err := s.retag(ctx, "UntagResource", in.ResourceARN, func(tags map[string]string) map[string]string {
		maps.DeleteFunc(tags, func(k, _ string) bool { return slices.Contains(in.TagKeys, k) })
		return tags
	})
	return &eventbridge.UntagResourceOutput{}, err
}

// ListTagsForResource returns the tags of a bus or a rule.
func (s *Service) ListTagsForResource(ctx context.Context, in *eventbridge.ListTagsForResourceInput) (*eventbridge.ListTagsForResourceOutput, error) {
	tags, err := s.retag(ctx, "ListTagsForResource", in.ResourceARN, nil)
	if err != nil {
		return nil, err
	}
	out := &eventbridge.ListTagsForResourceOutput{Tags: []types.Tag{}}
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		out.Tags = append(out.Tags, types.Tag{Key: &k, Value: ptr(tags[k])})
	}
	return out, nil
}
