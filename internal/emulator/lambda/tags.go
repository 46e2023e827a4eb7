package lambda

import (
	"context"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

const maxTags = 50

// tagged reads the ARN of something that can have tags. Functions are the only
// such things here; AWS's answer for the others is that there is none.
func tagged(ctx context.Context, arn *string) (name, error) {
	n, err := parse(ctx, arn, nil)
	if err != nil {
		return n, err
	}
	for kind, what := range map[string]string{
		":event-source-mapping:": "Event source mapping", ":capacity-provider:": "Capacity provider",
		":code-signing-config:": "Code signing config", ":layer:": "Layer",
	} {
		if strings.Contains(aws.ToString(arn), kind) {
			return n, notFound("%s not found: %s", what, aws.ToString(arn))
		}
	}
	if n.qualifier != "" {
		return n, invalid("Tags on function aliases and versions are not supported. Please specify a function ARN.")
	}
	return n, nil
}

// TagResource sets tags of a function.
func (s *Service) TagResource(ctx context.Context, in *lambda.TagResourceInput) (*lambda.TagResourceOutput, error) {
	err := s.retag(ctx, in.Resource, func(tags map[string]string) { maps.Copy(tags, in.Tags) })
	if err != nil {
		return nil, err
	}
	return &lambda.TagResourceOutput{}, nil
}

// UntagResource removes tags of a function.
func (s *Service) UntagResource(ctx context.Context, in *lambda.UntagResourceInput) (*lambda.UntagResourceOutput, error) {
	err := s.retag(ctx, in.Resource, func(tags map[string]string) {
		for _, k := range in.TagKeys {
			delete(tags, k)
		}
	})
	if err != nil {
		return nil, err
	}
	return &lambda.UntagResourceOutput{}, nil
}

func (s *Service) retag(ctx context.Context, arn *string, change func(map[string]string)) error {
	n, err := tagged(ctx, arn)
	if err != nil {
		return err
	}
	_, err = s.edit(n, func(_ *store.Tx, f *function) error {
		tags := maps.Clone(f.Tags)
		if tags == nil {
			tags = map[string]string{}
		}
		change(tags)
		if len(tags) > maxTags {
			return invalid("Number of tags exceeds resource tag limit.")
		}
		f.Tags = tags
		return nil
	})
	return err
}

// ListTags returns the tags of a function.
func (s *Service) ListTags(ctx context.Context, in *lambda.ListTagsInput) (*lambda.ListTagsOutput, error) {
	n, err := tagged(ctx, in.Resource)
	if err != nil {
		return nil, err
	}
	f, err := s.view(n)
	if err != nil {
		return nil, err
	}
	tags := maps.Clone(f.Tags)
	if tags == nil {
		tags = map[string]string{}
	}
	return &lambda.ListTagsOutput{Tags: tags}, nil
}
