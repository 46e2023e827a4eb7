package ssm

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// maxTags is how many tags a parameter may have.
const maxTags = 50

// tagged are the old tags with the new ones.
func tagged(old map[string]string, tags []types.Tag) (map[string]string, error) {
	out := map[string]string{}
	maps.Copy(out, old)
	for _, t := range tags {
		out[value(t.Key)] = value(t.Value)
	}
	if len(out) > maxTags {
		return nil, &types.TooManyTagsError{}
	}
	return out, nil
}

// checkKind refuses resources that are not parameters.
func checkKind(kind types.ResourceTypeForTagging) error {
	if kind != types.ResourceTypeForTaggingParameter {
		return invalid("ResourceType %s is not emulated; Parameter is", kind)
	}
	return nil
}

// noResource is how AWS says that there is no parameter to tag.
func noResource() error {
	return &types.InvalidResourceId{}
}

// AddTagsToResource adds tags to a parameter.
func (s *Service) AddTagsToResource(ctx context.Context, in *ssm.AddTagsToResourceInput) (*ssm.AddTagsToResourceOutput, error) {
	if err := checkKind(in.ResourceType); err != nil {
		return nil, err
	}
	err := s.update(ctx, value(in.ResourceId), noResource(), func(p *parameter) (err error) {
		p.Tags, err = tagged(p.Tags, in.Tags)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &ssm.AddTagsToResourceOutput{}, nil
}

// RemoveTagsFromResource removes tags from a parameter.
func (s *Service) RemoveTagsFromResource(ctx context.Context, in *ssm.RemoveTagsFromResourceInput) (*ssm.RemoveTagsFromResourceOutput, error) {
	if err := checkKind(in.ResourceType); err != nil {
		return nil, err
	}
	err := s.update(ctx, value(in.ResourceId), noResource(), func(p *parameter) error {
		p.Tags = maps.Clone(p.Tags)
		for _, k := range in.TagKeys {
			delete(p.Tags, k)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &ssm.RemoveTagsFromResourceOutput{}, nil
}

// ListTagsForResource returns the tags of a parameter, by their keys.
func (s *Service) ListTagsForResource(ctx context.Context, in *ssm.ListTagsForResourceInput) (*ssm.ListTagsForResourceOutput, error) {
	if err := checkKind(in.ResourceType); err != nil {
		return nil, err
	}
	out := &ssm.ListTagsForResourceOutput{TagList: []types.Tag{}}
	err := s.env.Store.View(func(tx *store.Tx) error {
		p, ok := s.named(ctx, tx, value(in.ResourceId))
		if !ok {
			return noResource()
		}
		for _, k := range slices.Sorted(maps.Keys(p.Tags)) {
			out.TagList = append(out.TagList, types.Tag{Key: &k, Value: ptr(p.Tags[k])})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteParameter deletes a parameter with its history.
func (s *Service) DeleteParameter(ctx context.Context, in *ssm.DeleteParameterInput) (*ssm.DeleteParameterOutput, error) {
	err := s.env.Store.Update(func(tx *store.Tx) error {
		if !s.remove(ctx, tx, value(in.Name)) {
			return notFound()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &ssm.DeleteParameterOutput{}, nil
}

// DeleteParameters deletes parameters, and returns the names of those that are not
// there.
func (s *Service) DeleteParameters(ctx context.Context, in *ssm.DeleteParametersInput) (*ssm.DeleteParametersOutput, error) {
	out := &ssm.DeleteParametersOutput{DeletedParameters: []string{}, InvalidParameters: []string{}}
	err := s.env.Store.Update(func(tx *store.Tx) error {
		for _, name := range in.Names {
			if s.remove(ctx, tx, name) {
				out.DeletedParameters = append(out.DeletedParameters, name)
			} else {
				out.InvalidParameters = append(out.InvalidParameters, name)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// remove deletes a parameter, and reports whether it was there.
func (s *Service) remove(ctx context.Context, tx *store.Tx, name string) bool {
	p, ok := s.named(ctx, tx, name)
	return ok && s.parameters.Delete(tx, env.ScopeOf(ctx).Key(p.Name))
}
