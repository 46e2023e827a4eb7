package s3

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

const (
	maxBucketTags = 50
	maxObjectTags = 10
)

// checkTags refuses tags that S3 does not take, and sorts the others by key.
func checkTags(tags []types.Tag, limit int) error {
	if len(tags) > limit {
		if limit == maxObjectTags {
			return failure(http.StatusBadRequest, "BadRequest", "Object tags cannot be greater than 10")
		}
		return failure(http.StatusBadRequest, "BadRequest", "Bucket tag count cannot be greater than 50")
	}
	slices.SortFunc(tags, func(a, b types.Tag) int { return strings.Compare(value(a.Key), value(b.Key)) })
	for i, t := range tags {
		k, v := value(t.Key), value(t.Value)
		switch {
		case t.Key == nil || t.Value == nil:
			return malformed()
		case i > 0 && *tags[i-1].Key == k:
			return failure(http.StatusBadRequest, "InvalidTag", "Cannot provide multiple Tags with the same key", "TagKey", k)
		case k == "" || utf8.RuneCountInString(k) > 128:
			return failure(http.StatusBadRequest, "InvalidTag", "The TagKey you have provided is invalid", "TagKey", k)
		case utf8.RuneCountInString(v) > 256:
			return failure(http.StatusBadRequest, "InvalidTag", "The TagValue you have provided is invalid", "TagKey", k, "TagValue", v)
		case strings.HasPrefix(k, "aws:"):
			return failure(http.StatusBadRequest, "InvalidTag", "System tags cannot be added/updated by requester")
		}
	}
	return nil
}

// PutBucketTagging replaces the tags of a bucket.
func (s *Service) PutBucketTagging(ctx context.Context, in *s3.PutBucketTaggingInput) (*s3.PutBucketTaggingOutput, error) {
	if err := checkTagging(in.Tagging, in.ChecksumAlgorithm, maxBucketTags); err != nil {
		return nil, err
	}
	return nil, s.updateBucket(ctx, in.Bucket, in.ExpectedBucketOwner, func(_ *store.Tx, b *bucket) error {
		b.Tags = in.Tagging.TagSet
		return nil
	})
}

func checkTagging(t *types.Tagging, algorithm types.ChecksumAlgorithm, limit int) error {
	switch {
	case t == nil:
		return malformed()
	case algorithm != "" && wire.NewChecksum(string(algorithm)) == nil:
		return badAlgorithm(string(algorithm))
	}
	return checkTags(t.TagSet, limit)
}

// GetBucketTagging lists the tags of a bucket.
func (s *Service) GetBucketTagging(ctx context.Context, in *s3.GetBucketTaggingInput) (*s3.GetBucketTaggingOutput, error) {
	out := &s3.GetBucketTaggingOutput{}
	return out, s.viewBucket(ctx, in.Bucket, in.ExpectedBucketOwner, func(_ *store.Tx, b bucket) error {
		if len(b.Tags) == 0 {
			return failure(http.StatusNotFound, "NoSuchTagSet", "The TagSet does not exist", "BucketName", b.Name)
		}
		out.TagSet = b.Tags
		return nil
	})
}

// DeleteBucketTagging removes the tags of a bucket.
func (s *Service) DeleteBucketTagging(ctx context.Context, in *s3.DeleteBucketTaggingInput) (*s3.DeleteBucketTaggingOutput, error) {
	return nil, s.updateBucket(ctx, in.Bucket, in.ExpectedBucketOwner, func(_ *store.Tx, b *bucket) error {
		b.Tags = nil
		return nil
	})
}

// retag replaces the tags of one version of an object.
func (s *Service) retag(ctx context.Context, bucketName, key, id, owner *string, tags []types.Tag) (v version, err error) {
	err = s.env.Store.Update(func(tx *store.Tx) error {
		b, err := s.find(ctx, tx, bucketName, owner)
		if err != nil {
			return err
		}
		if v, err = s.lookup(tx, b.Name, value(key), id); err != nil {
			return err
		}
		v.Tags = tags
		s.objects.Put(tx, versionKey(b.Name, v.Key, v.Number), v)
		return nil
	})
	return v, err
}

// PutObjectTagging replaces the tags of an object.
func (s *Service) PutObjectTagging(ctx context.Context, in *s3.PutObjectTaggingInput) (*s3.PutObjectTaggingOutput, error) {
	if err := checkTagging(in.Tagging, in.ChecksumAlgorithm, maxObjectTags); err != nil {
		return nil, err
	}
	v, err := s.retag(ctx, in.Bucket, in.Key, in.VersionId, in.ExpectedBucketOwner, in.Tagging.TagSet)
	return &s3.PutObjectTaggingOutput{VersionId: v.shown()}, err
}

// DeleteObjectTagging removes the tags of an object.
func (s *Service) DeleteObjectTagging(ctx context.Context, in *s3.DeleteObjectTaggingInput) (*s3.DeleteObjectTaggingOutput, error) {
	v, err := s.retag(ctx, in.Bucket, in.Key, in.VersionId, in.ExpectedBucketOwner, nil)
	return &s3.DeleteObjectTaggingOutput{VersionId: v.shown()}, err
}

// GetObjectTagging lists the tags of an object.
func (s *Service) GetObjectTagging(ctx context.Context, in *s3.GetObjectTaggingInput) (*s3.GetObjectTaggingOutput, error) {
	out := &s3.GetObjectTaggingOutput{TagSet: []types.Tag{}}
	return out, s.viewBucket(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx *store.Tx, b bucket) error {
		v, err := s.lookup(tx, b.Name, value(in.Key), in.VersionId)
		if err != nil {
			return err
		}
		out.VersionId = v.shown()
		out.TagSet = append(out.TagSet, v.Tags...)
		return nil
	})
}
