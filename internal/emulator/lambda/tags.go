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

// tagged finds what an ARN is the name of, within the transaction: its tags, and how
// to store others. AWS's pattern for the ARN has let nothing else in.
func (s *Service) tagged(ctx context.Context, tx *store.Tx, arn string) (tags map[string]string, put func(map[string]string), err error) {
	parts := strings.Split(arn, ":") // arn:aws:lambda:REGION:ACCOUNT:KIND:NAME
	if len(parts) < 7 {
		return nil, nil, notFound("Function not found: %s", arn)
	}
	switch kind, id := parts[5], parts[6]; kind {
	case "function":
		n, err := parse(ctx, &arn, nil)
		if err != nil {
			return nil, nil, err
		}
		if n.qualifier != "" {
			return nil, nil, invalid("Tags on function aliases and versions are not supported. Please specify a function ARN.")
		}
		f, err := s.get(tx, n)
		return f.Tags, func(tags map[string]string) { f.Tags = tags; s.functions.Put(tx, n.key(), f) }, err
	case "event-source-mapping":
		m, err := s.mapping(ctx, tx, &id)
		if err != nil {
			return nil, nil, notFound("Event source mapping not found: %s", arn)
		}
		return m.Tags, func(tags map[string]string) { m.Tags = tags; s.mappings.all.Put(tx, m.key(), m) }, nil
	case "code-signing-config":
		c, ok := s.signings.Get(tx, arn)
		if !ok {
			return nil, nil, notFound("Code signing config not found: %s", arn)
		}
		return c.Tags, func(tags map[string]string) { c.Tags = tags; s.signings.Put(tx, arn, c) }, nil
	case "capacity-provider":
		return nil, nil, notFound("Capacity provider not found: %s", arn)
	default:
		return nil, nil, notFound("Layer not found: %s", arn)
	}
}

// retag changes the tags of what an ARN is the name of.
func (s *Service) retag(ctx context.Context, arn *string, change func(map[string]string)) error {
	return s.env.Store.Update(func(tx *store.Tx) error {
		old, put, err := s.tagged(ctx, tx, aws.ToString(arn))
		if err != nil {
			return err
		}
		tags := maps.Clone(old)
		if tags == nil {
			tags = map[string]string{}
		}
		change(tags)
		if len(tags) > maxTags {
			return invalid("Number of tags exceeds resource tag limit.")
		}
		put(tags)
		return nil
	})
}

// TagResource sets tags.
func (s *Service) TagResource(ctx context.Context, in *lambda.TagResourceInput) (*lambda.TagResourceOutput, error) {
	if err := s.retag(ctx, in.Resource, func(tags map[string]string) { maps.Copy(tags, in.Tags) }); err != nil {
		return nil, err
	}
	return &lambda.TagResourceOutput{}, nil
}

// UntagResource removes tags.
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

// ListTags returns the tags of a function, an event source mapping or a code signing
// configuration.
func (s *Service) ListTags(ctx context.Context, in *lambda.ListTagsInput) (*lambda.ListTagsOutput, error) {
	out := &lambda.ListTagsOutput{Tags: map[string]string{}}
	err := s.env.Store.View(func(tx *store.Tx) error {
		tags, _, err := s.tagged(ctx, tx, aws.ToString(in.Resource))
		maps.Copy(out.Tags, tags)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
