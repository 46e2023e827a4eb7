package s3

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// A source is the version that a copy is made of.
type source struct {
	version
	versionID *string
}

// source finds what a copy's x-amz-copy-source names: BUCKET/KEY or
// BUCKET/KEY?versionId=ID, escaped as in URLs.
func (s *Service) source(ctx context.Context, text, owner, match, noneMatch *string, modified, unmodified *time.Time) (source, error) {
	path, query, _ := strings.Cut(strings.TrimPrefix(value(text), "/"), "?versionId=")
	path, err := url.PathUnescape(path)
	from, key, ok := strings.Cut(path, "/")
	if err != nil || !ok || key == "" {
		return source{}, invalidArgument("Copy Source must mention the source bucket and key: sourcebucket/sourcekey", "x-amz-copy-source", value(text))
	}
	var id *string
	if query != "" {
		id = &query
	}
	var src source
	err = s.viewBucket(ctx, &from, owner, func(tx *store.Tx, b bucket) (err error) {
		src.version, err = s.lookup(tx, b.Name, key, id)
		src.versionID = src.shown()
		return err
	})
	if err != nil {
		return src, err
	}
	err = readable(src.version, match, noneMatch, modified, unmodified)
	if own, ok := err.(*wire.Error); ok && own.Status == http.StatusNotModified { //nolint:errorlint // its own
		name := "x-amz-copy-source-If-None-Match"
		if noneMatch == nil {
			name = "x-amz-copy-source-If-Modified-Since"
		}
		return src, preconditionFailed(name)
	}
	return src, err
}

// CopyObject makes an object of another one's bytes.
func (s *Service) CopyObject(ctx context.Context, in *s3.CopyObjectInput) (*s3.CopyObjectOutput, error) {
	var src source
	var out *s3.CopyObjectOutput
	err := steady(
		func() (_ version, err error) {
			src, err = s.source(ctx, in.CopySource, in.ExpectedSourceBucketOwner, in.CopySourceIfMatch, in.CopySourceIfNoneMatch, in.CopySourceIfModifiedSince, in.CopySourceIfUnmodifiedSince)
			return src.version, err
		},
		func() (err error) { out, err = s.copyOf(ctx, in, src); return err })
	return out, err
}

func (s *Service) copyOf(ctx context.Context, in *s3.CopyObjectInput, src source) (*s3.CopyObjectOutput, error) {
	if src.Size > maxObject {
		return nil, failure(http.StatusBadRequest, "InvalidRequest", "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120")
	}
	replaces := in.MetadataDirective == types.MetadataDirectiveReplace
	if src.Bucket == value(in.Bucket) && src.Key == value(in.Key) && !replaces && in.StorageClass == "" && in.ServerSideEncryption == "" && in.WebsiteRedirectLocation == nil && !strings.Contains(*in.CopySource, "?versionId=") {
		return nil, failure(http.StatusBadRequest, "InvalidRequest", "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.")
	}
	a := src.about
	if replaces {
		a = about{
			CacheControl: in.CacheControl, ContentDisposition: in.ContentDisposition, ContentEncoding: in.ContentEncoding, ContentLanguage: in.ContentLanguage,
			ContentType: in.ContentType, Expires: in.Expires, Metadata: in.Metadata,
		}
	}
	a.Class, a.Redirect, a.Tags = in.StorageClass, in.WebsiteRedirectLocation, nil
	var tagging *string
	if in.TaggingDirective == types.TaggingDirectiveReplace {
		tagging = in.Tagging
	}
	if err := a.complete(in.ACL, in.ServerSideEncryption, tagging); err != nil {
		return nil, err
	}
	if in.TaggingDirective != types.TaggingDirectiveReplace {
		a.Tags = src.Tags
	}
	if err := checkKey(value(in.Key)); err != nil {
		return nil, err
	}
	if err := s.viewBucket(ctx, in.Bucket, in.ExpectedBucketOwner, func(*store.Tx, bucket) error { return nil }); err != nil {
		return nil, err
	}
	v := version{Bucket: *in.Bucket, Key: *in.Key, SumType: types.ChecksumTypeFullObject, about: a}
	if err := s.copyBytes(&v, src.version, string(in.ChecksumAlgorithm)); err != nil {
		return nil, err
	}
	if err := s.commit(ctx, &v, conditions{in.IfMatch, in.IfNoneMatch}, nil); err != nil {
		s.blobs.remove(v.blobs()...)
		return nil, err
	}
	sum := sums(v.Sums)
	return &s3.CopyObjectOutput{
		VersionId: v.shown(), CopySourceVersionId: src.versionID, ServerSideEncryption: types.ServerSideEncryptionAes256,
		CopyObjectResult: &types.CopyObjectResult{
			ETag: quoted(v.ETag), LastModified: &v.Modified, ChecksumType: v.SumType,
			ChecksumCRC32: sum.get("CRC32"), ChecksumCRC32C: sum.get("CRC32C"), ChecksumCRC64NVME: sum.get("CRC64NVME"), ChecksumMD5: sum.get("MD5"),
			ChecksumSHA1: sum.get("SHA1"), ChecksumSHA256: sum.get("SHA256"), ChecksumSHA512: sum.get("SHA512"),
		},
	}, nil
}

// copyBytes gives v the bytes of src: the same file by another name, or one new
// file of the parts of a multipart upload, or when another checksum is wanted.
func (s *Service) copyBytes(v *version, src version, algorithm string) error {
	if algorithm != "" && wire.NewChecksum(algorithm) == nil {
		return badAlgorithm(algorithm)
	}
	if _, same := src.Sums[algorithm]; !src.Multipart && (algorithm == "" || same) {
		blob, err := s.blobs.link(src.Parts[0].Blob)
		if err != nil {
			return err
		}
		v.Parts = []part{{Blob: blob, Size: src.Size, ETag: src.ETag}}
		v.Size, v.ETag, v.Sums = src.Size, src.ETag, src.Sums
		return nil
	}
	if algorithm == "" {
		algorithm = defaultSum
		for name := range src.Sums {
			algorithm = name
		}
	}
	body, err := s.blobs.open(src.Parts, 0, src.Size)
	if err != nil {
		return err
	}
	defer body.Close()
	got, err := s.receive(body, nil, nil, nil, algorithm)
	if err != nil {
		return err
	}
	v.Parts, v.Size, v.ETag, v.Sums = []part{got.part}, got.Size, got.ETag, got.sums
	return nil
}

// UploadPartCopy makes a part of a multipart upload of another object's bytes.
func (s *Service) UploadPartCopy(ctx context.Context, in *s3.UploadPartCopyInput) (*s3.UploadPartCopyOutput, error) {
	if err := checkPartNumber(in.PartNumber); err != nil {
		return nil, err
	}
	u, err := s.viewUpload(ctx, in.Bucket, in.Key, in.UploadId, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	var src source
	var body io.ReadCloser
	err = steady(
		func() (_ version, err error) {
			src, err = s.source(ctx, in.CopySource, in.ExpectedSourceBucketOwner, in.CopySourceIfMatch, in.CopySourceIfNoneMatch, in.CopySourceIfModifiedSince, in.CopySourceIfUnmodifiedSince)
			return src.version, err
		},
		func() error {
			offset, n, err := partOf(src.version, in.CopySourceRange)
			if err == nil {
				body, err = s.blobs.open(src.Parts, offset, n)
			}
			return err
		})
	if err != nil {
		return nil, err
	}
	defer body.Close()
	got, err := s.receive(body, nil, nil, nil, u.algorithm())
	if err != nil {
		return nil, err
	}
	got.Number = *in.PartNumber
	if err := s.addPart(ctx, u, got.part); err != nil {
		return nil, err
	}
	out := &s3.UploadPartCopyOutput{
		CopySourceVersionId: src.versionID, ServerSideEncryption: types.ServerSideEncryptionAes256,
		CopyPartResult: &types.CopyPartResult{ETag: quoted(got.ETag), LastModified: ptr(s.now())},
	}
	if u.Algorithm != "" {
		r := out.CopyPartResult
		r.ChecksumCRC32, r.ChecksumCRC32C, r.ChecksumCRC64NVME, r.ChecksumMD5 = got.sums.get("CRC32"), got.sums.get("CRC32C"), got.sums.get("CRC64NVME"), got.sums.get("MD5")
		r.ChecksumSHA1, r.ChecksumSHA256, r.ChecksumSHA512 = got.sums.get("SHA1"), got.sums.get("SHA256"), got.sums.get("SHA512")
	}
	return out, nil
}

// partOf reads which bytes of src a part is a copy of: all, without a range.
func partOf(src version, span *string) (offset, n int64, err error) {
	if span == nil {
		return 0, src.Size, nil
	}
	from, to, ok := strings.Cut(strings.TrimPrefix(*span, "bytes="), "-")
	first, err1 := strconv.ParseInt(from, 10, 64)
	last, err2 := strconv.ParseInt(to, 10, 64)
	if !ok || err1 != nil || err2 != nil || last < first || !strings.HasPrefix(*span, "bytes=") {
		return 0, 0, invalidArgument("The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy", "x-amz-copy-source-range", *span)
	}
	if last >= src.Size {
		return 0, 0, invalidArgument("Range specified is not valid for source object of size: "+strconv.FormatInt(src.Size, 10), "x-amz-copy-source-range", *span)
	}
	return first, last - first + 1, nil
}
