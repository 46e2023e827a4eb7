package s3

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

const classic = "us-east-1" // the region whose buckets have no location constraint

var bucketNames = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]+[a-z0-9]$`)

// validBucket reports whether a bucket can be called that.
func validBucket(name string) bool {
	_, err := netip.ParseAddr(name)
	return err != nil && len(name) <= 63 && bucketNames.MatchString(name) && !strings.Contains(name, "..") && !strings.HasPrefix(name, "xn--") &&
		!strings.HasPrefix(name, "sthree-") && !strings.HasSuffix(name, "-s3alias") && !strings.HasSuffix(name, "--ol-s3") && !strings.HasSuffix(name, "--x-s3")
}

// CreateBucket makes a bucket in the request's region.
func (s *Service) CreateBucket(ctx context.Context, in *s3.CreateBucketInput) (*s3.CreateBucketOutput, error) {
	name, scope := value(in.Bucket), env.ScopeOf(ctx)
	if !validBucket(name) {
		return nil, failure(http.StatusBadRequest, "InvalidBucketName", "The specified bucket is not valid.", "BucketName", name)
	}
	if in.ACL != "" && in.ACL != types.BucketCannedACLPrivate {
		return nil, failure(http.StatusBadRequest, "InvalidBucketAclWithObjectOwnership", "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting")
	}
	if in.ObjectOwnership != "" && in.ObjectOwnership != types.ObjectOwnershipBucketOwnerEnforced {
		return nil, failure(http.StatusNotImplemented, "NotImplemented", "CreateBucket: the emulator does not implement the ObjectOwnership "+string(in.ObjectOwnership))
	}
	var constraint string
	var tags []types.Tag
	if c := in.CreateBucketConfiguration; c != nil {
		constraint, tags = string(c.LocationConstraint), c.Tags
	}
	switch {
	case constraint == classic || constraint == "" && scope.Region != classic || constraint != "" && constraint != scope.Region:
		if constraint == classic {
			return nil, failure(http.StatusBadRequest, "InvalidLocationConstraint", "The specified location-constraint is not valid", "LocationConstraint", constraint)
		}
		if constraint == "" {
			constraint = "unspecified"
		}
		return nil, failure(http.StatusBadRequest, "IllegalLocationConstraintException",
			"The "+constraint+" location constraint is incompatible for the region specific endpoint this request was sent to.")
	}
	if err := checkTags(tags, maxBucketTags); err != nil {
		return nil, err
	}
	err := s.env.Store.Update(func(tx *store.Tx) error {
		if old, ok := s.buckets.Get(tx, name); ok {
			if old.Region == classic && scope.Region == classic {
				return nil // as it was twenty years ago, there alone
			}
			return failure(http.StatusConflict, "BucketAlreadyOwnedByYou",
				"Your previous request to create the named bucket succeeded and you already own it.", "BucketName", name)
		}
		s.buckets.Put(tx, name, bucket{Name: name, Region: scope.Region, Created: s.now(), Tags: tags})
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &s3.CreateBucketOutput{Location: ptr("/" + name), BucketArn: ptr(bucketARN(name))}
	if scope.Region != classic {
		out.Location = ptr("http://" + name + ".s3.amazonaws.com/")
	}
	return out, nil
}

func bucketARN(name string) string { return "arn:" + env.Partition + ":s3:::" + name }

// DeleteBucket removes an empty bucket.
func (s *Service) DeleteBucket(ctx context.Context, in *s3.DeleteBucketInput) (*s3.DeleteBucketOutput, error) {
	err := s.env.Store.Update(func(tx *store.Tx) error {
		b, err := s.find(ctx, tx, in.Bucket, in.ExpectedBucketOwner)
		if err != nil {
			return err
		}
		for range s.objects.Prefix(tx, b.Name+"/") {
			message := "The bucket you tried to delete is not empty"
			if b.Versioning != "" {
				message += ". You must delete all versions in the bucket."
			}
			return failure(http.StatusConflict, "BucketNotEmpty", message, "BucketName", b.Name)
		}
		for k, u := range s.uploads.Prefix(tx, b.Name+"/") {
			s.uploads.Delete(tx, k)
			for k := range s.parts.Prefix(tx, u.ID+"/") {
				s.parts.Delete(tx, k) // the next start removes the bodies
			}
		}
		s.buckets.Delete(tx, b.Name)
		return nil
	})
	return nil, err
}

// HeadBucket tells whether a bucket exists, and where.
func (s *Service) HeadBucket(ctx context.Context, in *s3.HeadBucketInput) (*s3.HeadBucketOutput, error) {
	out := &s3.HeadBucketOutput{AccessPointAlias: ptr(false)}
	return out, s.viewBucket(ctx, in.Bucket, in.ExpectedBucketOwner, func(_ *store.Tx, b bucket) error {
		out.BucketRegion, out.BucketArn = &b.Region, ptr(bucketARN(b.Name))
		return nil
	})
}

// GetBucketLocation tells where a bucket is.
func (s *Service) GetBucketLocation(ctx context.Context, in *s3.GetBucketLocationInput) (*s3.GetBucketLocationOutput, error) {
	out := &s3.GetBucketLocationOutput{}
	return out, s.viewBucket(ctx, in.Bucket, in.ExpectedBucketOwner, func(_ *store.Tx, b bucket) error {
		if b.Region != classic {
			out.LocationConstraint = types.BucketLocationConstraint(b.Region)
		}
		return nil
	})
}

// ListBuckets lists the account's buckets of all regions.
func (s *Service) ListBuckets(ctx context.Context, in *s3.ListBucketsInput) (*s3.ListBucketsOutput, error) {
	limit := or(in.MaxBuckets, 10000)
	if limit < 1 || limit > 10000 {
		return nil, invalidArgument("Argument max-buckets must be an integer between 1 and 10000", "max-buckets", "")
	}
	after, err := token(in.ContinuationToken)
	if err != nil {
		return nil, err
	}
	out := &s3.ListBucketsOutput{Buckets: []types.Bucket{}, Owner: owner(ctx), Prefix: in.Prefix}
	return out, s.env.Store.View(func(tx *store.Tx) error {
		for name, b := range s.buckets.Prefix(tx, value(in.Prefix)) {
			if after != "" && name <= after || in.BucketRegion != nil && *in.BucketRegion != b.Region {
				continue
			}
			if len(out.Buckets) == int(limit) {
				out.ContinuationToken = nextToken(*out.Buckets[limit-1].Name)
				return nil
			}
			found := types.Bucket{Name: &b.Name, CreationDate: &b.Created, BucketArn: ptr(bucketARN(b.Name))}
			if in.BucketRegion != nil || in.MaxBuckets != nil {
				found.BucketRegion = &b.Region // only paginated answers have it
			}
			out.Buckets = append(out.Buckets, found)
		}
		return nil
	})
}

// owner is the canonical user of the account: 64 hex digits.
func owner(ctx context.Context) *types.Owner {
	return &types.Owner{ID: ptr(strings.Repeat("0", 52) + env.ScopeOf(ctx).Account)}
}

// Continuation tokens are what was listed last.
func nextToken(last string) *string {
	return ptr(base64.URLEncoding.EncodeToString([]byte(last)))
}

func token(t *string) (string, error) {
	if t == nil {
		return "", nil
	}
	raw, err := base64.URLEncoding.DecodeString(*t)
	if err != nil {
		return "", invalidArgument("The continuation token provided is incorrect", "continuation-token", *t)
	}
	return string(raw), nil
}

// PutBucketVersioning turns versioning on or suspends it.
func (s *Service) PutBucketVersioning(ctx context.Context, in *s3.PutBucketVersioningInput) (*s3.PutBucketVersioningOutput, error) {
	if in.VersioningConfiguration == nil || !slices.Contains(types.BucketVersioningStatus("").Values(), in.VersioningConfiguration.Status) {
		return nil, failure(http.StatusBadRequest, "IllegalVersioningConfigurationException", "The Versioning element must be specified")
	}
	if in.ChecksumAlgorithm != "" && !slices.Contains(in.ChecksumAlgorithm.Values(), in.ChecksumAlgorithm) {
		return nil, badAlgorithm(string(in.ChecksumAlgorithm))
	}
	return nil, s.updateBucket(ctx, in.Bucket, in.ExpectedBucketOwner, func(_ *store.Tx, b *bucket) error {
		b.Versioning = in.VersioningConfiguration.Status
		return nil
	})
}

// GetBucketVersioning tells what [Service.PutBucketVersioning] was told.
func (s *Service) GetBucketVersioning(ctx context.Context, in *s3.GetBucketVersioningInput) (*s3.GetBucketVersioningOutput, error) {
	out := &s3.GetBucketVersioningOutput{}
	return out, s.viewBucket(ctx, in.Bucket, in.ExpectedBucketOwner, func(_ *store.Tx, b bucket) error {
		out.Status = b.Versioning
		return nil
	})
}
