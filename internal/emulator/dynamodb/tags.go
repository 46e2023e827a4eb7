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

// resource takes the ARN of a table or of a stream apart, with AWS's checks of it.
func (s *Service) resource(ctx context.Context, arn *string) (name *string, label string, err error) {
	text, scope := aws.ToString(arn), env.ScopeOf(ctx)
	parts := strings.SplitN(text, ":", 6)
	switch {
	case parts[0] != "arn" || len(parts) < 6:
		return nil, "", parameter("ARNs must start with 'arn:': %s", text)
	case parts[2] != "dynamodb":
		return nil, "", parameter("Provided Arn is not a DynamoDB resource arn: %s", text)
	case parts[1] != env.Partition || parts[3] != scope.Region:
		return nil, "", parameter("Invalid resource Arn: %s", text)
	case parts[4] != scope.Account:
		return nil, "", invalid("This action is only supported by accounts that match the resource owner’s account.")
	}
	rest, ok := strings.CutPrefix(parts[5], "table/")
	table, label, isStream := strings.Cut(rest, "/stream/")
	if !ok || table == "" || strings.Contains(table, "/") || isStream && label == "" {
		return nil, "", parameter("Invalid resource arn provided, only table or stream is accepted. Provided resource arn: %s", text)
	}
	return &table, label, nil
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
	name, label, err := s.resource(ctx, arn)
	if err != nil {
		return table{}, err
	}
	if t, ok := s.table(ctx, tx, name); ok && label == "" {
		return t, nil
	}
	return table{}, &types.ResourceNotFoundException{Message: aws.String("Requested resource not found: ResourceArn: " + aws.ToString(arn) + " not found")}
}

// checkTags checks the tags of a request.
func checkTags(tags []types.Tag) error {
	seen := map[string]bool{}
	for _, tag := range tags {
		key := aws.ToString(tag.Key)
		switch {
		case key == "":
			return invalid("The Tag Key provided is invalid, Key: %s", key)
		case tag.Value == nil:
			return invalid("The Tag Value provided is invalid, Value: null")
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return invalid("Tag Key cannot be prefixed with aws:, Key: %s", key)
		case seen[key]:
			return invalid("Duplicate Tag Keys provided as input: Duplicate Tag Key found %s", key)
		}
		seen[key] = true
	}
	if len(tags) > maxTags {
		return invalid("Number of Tags exceed the current limit for the provided ResourceArn")
	}
	return nil
}

// TagResource implements the operation of that name.
func (s *Service) TagResource(ctx context.Context, in *dynamodb.TagResourceInput) (*dynamodb.TagResourceOutput, error) {
	if len(in.Tags) == 0 {
		return nil, invalid("Atleast one Tag needs to be provided as Input.")
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
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
	if len(in.TagKeys) == 0 {
		return nil, invalid("Atleast one Tag Key needs to be provided as Input.")
	}
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
			return invalid("Number of Tags exceed the current limit for the provided ResourceArn")
		}
		s.put(ctx, tx, t)
		return nil
	})
}
