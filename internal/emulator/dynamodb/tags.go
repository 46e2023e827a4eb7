package dynamodb

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// maxTags is how many tags a table can have.
const maxTags = 50

// owned turns a table's ARN into its name; ok is false for anything else.
func owned(ctx context.Context, arn *string) (name *string, ok bool) {
	rest, ok := strings.CutPrefix(aws.ToString(arn), env.ScopeOf(ctx).ARN("dynamodb", "table/"))
	return &rest, ok && rest != "" && !strings.Contains(rest, "/")
}

// ListTagsOfResource implements the operation of that name, on one page.
func (s *Service) ListTagsOfResource(ctx context.Context, in *dynamodb.ListTagsOfResourceInput) (*dynamodb.ListTagsOfResourceOutput, error) {
	if in.NextToken != nil {
		return nil, invalid("The provided NextToken is invalid")
	}
	out := &dynamodb.ListTagsOfResourceOutput{}
	return out, s.env.Store.View(func(tx *store.Tx) error {
		t, err := s.tagged(ctx, tx, in.ResourceArn)
		out.Tags = slices.Clone(t.Tags)
		if out.Tags == nil {
			out.Tags = []types.Tag{}
		}
		return err
	})
}

// tagged returns the table of an ARN.
func (s *Service) tagged(ctx context.Context, tx *store.Tx, arn *string) (table, error) {
	if name, ok := owned(ctx, arn); ok {
		if t, ok := s.table(ctx, tx, name); ok {
			return t, nil
		}
	} else if !strings.HasPrefix(aws.ToString(arn), "arn:") {
		return table{}, invalid("Invalid TableArn: Invalid ResourceArn provided as input %s", aws.ToString(arn))
	}
	// The misspelling is AWS's.
	return table{}, &types.ResourceNotFoundException{Message: aws.String("Requested resource not found: ResourcArn: " + aws.ToString(arn) + " not found")}
}

// TagResource implements the operation of that name.
func (s *Service) TagResource(ctx context.Context, in *dynamodb.TagResourceInput) (*dynamodb.TagResourceOutput, error) {
	return &dynamodb.TagResourceOutput{}, s.retag(ctx, in.ResourceArn, func(tags []types.Tag) []types.Tag {
		for _, tag := range in.Tags {
			same := func(t types.Tag) bool { return aws.ToString(t.Key) == aws.ToString(tag.Key) }
			if i := slices.IndexFunc(tags, same); i >= 0 {
				tags[i] = tag
			} else {
				tags = append(tags, tag)
			}
		}
		return tags
	})
}

// UntagResource implements the operation of that name.
func (s *Service) UntagResource(ctx context.Context, in *dynamodb.UntagResourceInput) (*dynamodb.UntagResourceOutput, error) {
	return &dynamodb.UntagResourceOutput{}, s.retag(ctx, in.ResourceArn, func(tags []types.Tag) []types.Tag {
		return slices.DeleteFunc(tags, func(t types.Tag) bool { return slices.Contains(in.TagKeys, aws.ToString(t.Key)) })
	})
}

// retag replaces a table's tags by what f makes of a copy of them.
func (s *Service) retag(ctx context.Context, arn *string, f func([]types.Tag) []types.Tag) error {
	return s.update(func(tx *store.Tx) error {
		t, err := s.tagged(ctx, tx, arn)
		if err != nil {
			return err
		}
		t.Tags = f(slices.Clone(t.Tags))
		if len(t.Tags) > maxTags {
			return invalid("One or more parameter values were invalid: Too many tags: the limit is %d", maxTags)
		}
		s.put(ctx, tx, t)
		return nil
	})
}
