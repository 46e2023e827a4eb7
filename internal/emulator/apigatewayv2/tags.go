package apigatewayv2

import (
	"context"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// tags returns the tags of what an ARN names, such as
// arn:aws:apigateway:eu-north-1::/apis/a1b2c3d4e5/stages/dev, and how to replace
// them: of APIs, stages, domain names and VPC links.
func (s *Service) tags(ctx context.Context, tx *store.Tx, arn *string) (tags map[string]string, put func(map[string]string), err error) {
	rest, ok := strings.CutPrefix(value(arn), "arn:"+env.Partition+":apigateway:"+env.ScopeOf(ctx).Region+"::/")
	kind, rest, _ := strings.Cut(rest, "/")
	id, name, isStage := strings.Cut(rest, "/stages/")
	switch {
	case !ok || isStage && kind != "apis":
	case kind == "apis":
		a, err := s.find(ctx, tx, &id)
		if err != nil {
			return nil, nil, err
		}
		if !isStage {
			return a.Tags, func(tags map[string]string) {
				a.Tags = tags
				s.apis.Put(tx, id, a)
			}, nil
		}
		st, err := s.stage(tx, id, &name)
		return st.Tags, func(tags map[string]string) {
			st.Tags = tags
			s.stages.Put(tx, key(id, name), st)
		}, err
	case kind == "domainnames":
		d, err := s.domain(ctx, tx, &id)
		return d.Tags, func(tags map[string]string) {
			d.Tags = tags
			s.domains.Put(tx, id, d)
		}, err
	case kind == "vpclinks":
		l, err := s.link(ctx, tx, &id)
		return l.Tags, func(tags map[string]string) {
			l.Tags = tags
			s.links.Put(tx, env.ScopeOf(ctx).Key(id), l)
		}, err
	}
	return nil, nil, badRequest("Invalid resource ARN specified: %s", value(arn))
}

// GetTags returns the tags of a thing.
func (s *Service) GetTags(ctx context.Context, in *apigatewayv2.GetTagsInput) (*apigatewayv2.GetTagsOutput, error) {
	out := &apigatewayv2.GetTagsOutput{}
	err := s.env.Store.View(func(tx *store.Tx) (err error) {
		out.Tags, _, err = s.tags(ctx, tx, in.ResourceArn)
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
		tags, put, err := s.tags(ctx, tx, arn)
		if err != nil {
			return err
		}
		tags = nonNil(maps.Clone(tags))
		f(tags)
		put(tags)
		return nil
	})
}

// TagResource adds tags to a thing.
func (s *Service) TagResource(ctx context.Context, in *apigatewayv2.TagResourceInput) (*apigatewayv2.TagResourceOutput, error) {
	err := s.retag(ctx, in.ResourceArn, func(tags map[string]string) { maps.Copy(tags, in.Tags) })
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.TagResourceOutput{}, nil
}

// UntagResource removes tags from a thing.
func (s *Service) UntagResource(ctx context.Context, in *apigatewayv2.UntagResourceInput) (*apigatewayv2.UntagResourceOutput, error) {
	err := s.retag(ctx, in.ResourceArn, func(tags map[string]string) {
		for _, k := range in.TagKeys {
			delete(tags, k)
		}
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.UntagResourceOutput{}, nil
}
