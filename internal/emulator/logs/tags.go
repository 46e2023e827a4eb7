package logs

import (
	"context"
	"maps"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// maxTags is how many tags a log group may have.
const maxTags = 50

func (s *Service) tag(ctx context.Context, name string, tags map[string]string) error {
	return s.update(ctx, name, func(_ *store.Tx, g *group) error {
		old := g.Tags
		g.Tags = map[string]string{}
		maps.Copy(g.Tags, old)
		maps.Copy(g.Tags, tags)
		if len(g.Tags) > maxTags {
			return &types.TooManyTagsException{Message: ptr("The maximum number of tags for the specified resource is exceeded."), ResourceName: &name}
		}
		return nil
	})
}

func (s *Service) untag(ctx context.Context, name string, keys []string) error {
	return s.update(ctx, name, func(_ *store.Tx, g *group) error {
		g.Tags = maps.Clone(g.Tags)
		for _, k := range keys {
			delete(g.Tags, k)
		}
		return nil
	})
}

func (s *Service) tags(ctx context.Context, name string) (tags map[string]string, err error) {
	err = s.view(ctx, name, func(_ *store.Tx, g group) error {
		tags = map[string]string{}
		maps.Copy(tags, g.Tags)
		return nil
	})
	return tags, err
}

// TagResource adds tags to the log group of an ARN, with or without :* at its end.
func (s *Service) TagResource(ctx context.Context, in *cloudwatchlogs.TagResourceInput) (*cloudwatchlogs.TagResourceOutput, error) {
	return &cloudwatchlogs.TagResourceOutput{}, s.tag(ctx, nameIn(value(in.ResourceArn)), in.Tags)
}

// UntagResource removes tags from the log group of an ARN.
func (s *Service) UntagResource(ctx context.Context, in *cloudwatchlogs.UntagResourceInput) (*cloudwatchlogs.UntagResourceOutput, error) {
	return &cloudwatchlogs.UntagResourceOutput{}, s.untag(ctx, nameIn(value(in.ResourceArn)), in.TagKeys)
}

// ListTagsForResource returns the tags of the log group of an ARN.
func (s *Service) ListTagsForResource(ctx context.Context, in *cloudwatchlogs.ListTagsForResourceInput) (*cloudwatchlogs.ListTagsForResourceOutput, error) {
	tags, err := s.tags(ctx, nameIn(value(in.ResourceArn)))
	return &cloudwatchlogs.ListTagsForResourceOutput{Tags: tags}, err
}

// TagLogGroup is TagResource by name.
func (s *Service) TagLogGroup(ctx context.Context, in *cloudwatchlogs.TagLogGroupInput) (*cloudwatchlogs.TagLogGroupOutput, error) {
	return &cloudwatchlogs.TagLogGroupOutput{}, s.tag(ctx, value(in.LogGroupName), in.Tags)
}

// UntagLogGroup is UntagResource by name.
func (s *Service) UntagLogGroup(ctx context.Context, in *cloudwatchlogs.UntagLogGroupInput) (*cloudwatchlogs.UntagLogGroupOutput, error) {
	return &cloudwatchlogs.UntagLogGroupOutput{}, s.untag(ctx, value(in.LogGroupName), in.Tags)
}

// ListTagsLogGroup is ListTagsForResource by name.
func (s *Service) ListTagsLogGroup(ctx context.Context, in *cloudwatchlogs.ListTagsLogGroupInput) (*cloudwatchlogs.ListTagsLogGroupOutput, error) {
	tags, err := s.tags(ctx, value(in.LogGroupName))
	return &cloudwatchlogs.ListTagsLogGroupOutput{Tags: tags}, err
}
