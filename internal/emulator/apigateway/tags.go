package apigateway

import (
	"context"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// tags returns the tags of what an ARN names, such as
// arn:aws:apigateway:eu-north-1::/apikeys/a1b2c3d4e5, and how to replace them: of API keys
// and usage plans.
func (s *Service) tags(ctx context.Context, tx *store.Tx, arn *string) (tags map[string]string, put func(map[string]string), err error) {
	scope := env.ScopeOf(ctx)
	rest, ok := strings.CutPrefix(value(arn), "arn:"+env.Partition+":apigateway:"+scope.Region+"::/")
	kind, id, _ := strings.Cut(rest, "/")
	switch {
	case !ok:
	case kind == "apikeys":
		k, err := s.key(ctx, tx, &id)
		return k.Tags, func(tags map[string]string) {
			k.Tags = tags
			s.keys.Put(tx, scope.Key(id), k)
		}, err
	case kind == "usageplans":
		p, err := s.plan(ctx, tx, &id)
		return p.Tags, func(tags map[string]string) {
			p.Tags = tags
			s.plans.Put(tx, scope.Key(id), p)
		}, err
	}
	return nil, nil, badRequest("Invalid resource ARN specified: %s", value(arn))
}

// GetTags returns the tags of a key or a usage plan, all at once.
func (s *Service) GetTags(ctx context.Context, in *apigateway.GetTagsInput) (*apigateway.GetTagsOutput, error) {
	out := &apigateway.GetTagsOutput{Tags: map[string]string{}}
	err := s.env.Store.View(func(tx *store.Tx) error {
		tags, _, err := s.tags(ctx, tx, in.ResourceArn)
		maps.Copy(out.Tags, tags)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// retag replaces the tags of a thing by what f makes of a copy of them.
func (s *Service) retag(ctx context.Context, arn *string, f func(tags map[string]string)) error {
	return s.env.Store.Update(func(tx *store.Tx) error {
		old, put, err := s.tags(ctx, tx, arn)
		if err != nil {
			return err
		}
		tags := map[string]string{}
		maps.Copy(tags, old)
		f(tags)
		put(tags)
		return nil
	})
}

// TagResource adds tags to a key or a usage plan.
func (s *Service) TagResource(ctx context.Context, in *apigateway.TagResourceInput) (*apigateway.TagResourceOutput, error) {
	if err := s.retag(ctx, in.ResourceArn, func(tags map[string]string) { maps.Copy(tags, in.Tags) }); err != nil {
		return nil, err
	}
	return &apigateway.TagResourceOutput{}, nil
}

// UntagResource removes tags from a key or a usage plan.
func (s *Service) UntagResource(ctx context.Context, in *apigateway.UntagResourceInput) (*apigateway.UntagResourceOutput, error) {
	err := s.retag(ctx, in.ResourceArn, func(tags map[string]string) {
		for _, k := range in.TagKeys {
			delete(tags, k)
		}
	})
	if err != nil {
		return nil, err
	}
	return &apigateway.UntagResourceOutput{}, nil
}
