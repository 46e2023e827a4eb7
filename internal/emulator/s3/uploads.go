package s3

import (
	"context"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// ListParts lists the parts of a multipart upload.
func (s *Service) ListParts(ctx context.Context, in *s3.ListPartsInput) (*s3.ListPartsOutput, error) {
	after, err := strconv.Atoi(or(in.PartNumberMarker, "0"))
	if err != nil {
		return nil, invalidArgument("Provided part-number-marker not an integer or within integer range", "part-number-marker", *in.PartNumberMarker)
	}
	limit := min(or(in.MaxParts, maxListed), maxListed)
	out := &s3.ListPartsOutput{
		Bucket: in.Bucket, Key: in.Key, UploadId: in.UploadId, MaxParts: &limit, PartNumberMarker: ptr(strconv.Itoa(after)), IsTruncated: ptr(false), Owner: owner(ctx),
	}
	return out, s.env.Store.View(func(tx *store.Tx) error {
		u, err := s.upload(ctx, tx, in.Bucket, in.Key, in.UploadId, in.ExpectedBucketOwner)
		if err != nil {
			return err
		}
		out.StorageClass, out.ChecksumAlgorithm, out.ChecksumType = u.Class, u.Algorithm, u.SumType
		out.Initiator = &types.Initiator{ID: out.Owner.ID}
		for _, p := range s.parts.Prefix(tx, u.ID+"/") {
			if int(p.Number) <= after {
				continue
			}
			if len(out.Parts) == int(limit) {
				out.IsTruncated = ptr(true)
				return nil
			}
			out.NextPartNumberMarker = ptr(strconv.Itoa(int(p.Number)))
			sum := sums{u.algorithm(): p.Sum}
			if u.Algorithm == "" {
				sum = nil
			}
			out.Parts = append(out.Parts, types.Part{
				PartNumber: ptr(p.Number), Size: ptr(p.Size), ETag: quoted(p.ETag), LastModified: ptr(p.Modified),
				ChecksumCRC32: sum.get("CRC32"), ChecksumCRC32C: sum.get("CRC32C"), ChecksumCRC64NVME: sum.get("CRC64NVME"), ChecksumMD5: sum.get("MD5"),
				ChecksumSHA1: sum.get("SHA1"), ChecksumSHA256: sum.get("SHA256"), ChecksumSHA512: sum.get("SHA512"),
			})
		}
		return nil
	})
}

// ListMultipartUploads lists the multipart uploads that are under way in a bucket.
func (s *Service) ListMultipartUploads(ctx context.Context, in *s3.ListMultipartUploadsInput) (*s3.ListMultipartUploadsOutput, error) {
	l, err := newListing(in.Prefix, in.Delimiter, in.EncodingType, in.MaxUploads)
	if err != nil {
		return nil, err
	}
	l.after = value(in.KeyMarker)
	out := &s3.ListMultipartUploadsOutput{
		Bucket: in.Bucket, Prefix: l.text(l.prefix), Delimiter: l.given(in.Delimiter), EncodingType: in.EncodingType, KeyMarker: l.text(l.after),
		UploadIdMarker: ptr(value(in.UploadIdMarker)), MaxUploads: ptr(int32(l.limit)), IsTruncated: &l.truncated, //nolint:gosec // at most 1000
	}
	return out, s.viewBucket(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx *store.Tx, b bucket) error {
		shown := map[string]bool{}
		for _, u := range s.uploads.Prefix(tx, b.Name+"/"+l.prefix) {
			if u.Key < l.after || u.Key == l.after && u.ID <= value(in.UploadIdMarker) || in.UploadIdMarker == nil && u.Key == l.after && l.after != "" {
				continue
			}
			p, common := l.common(u.Key)
			if common && (shown[p] || strings.HasPrefix(l.after, p)) {
				continue
			}
			if len(out.Uploads)+len(l.prefixes) == l.limit {
				l.truncated = l.limit > 0
				return nil
			}
			out.NextKeyMarker, out.NextUploadIdMarker = l.text(u.Key), ptr(u.ID)
			if common {
				shown[p] = true
				out.NextKeyMarker, out.NextUploadIdMarker = l.text(p), nil
				l.prefixes = append(l.prefixes, types.CommonPrefix{Prefix: l.text(p)})
				out.CommonPrefixes = l.prefixes
				continue
			}
			out.Uploads = append(out.Uploads, types.MultipartUpload{
				Key: l.text(u.Key), UploadId: ptr(u.ID), Initiated: ptr(u.Started), StorageClass: u.Class, Owner: owner(ctx),
				Initiator: &types.Initiator{ID: owner(ctx).ID}, ChecksumAlgorithm: u.Algorithm, ChecksumType: u.SumType,
			})
		}
		return nil
	})
}
