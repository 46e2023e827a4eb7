package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithytime "github.com/aws/smithy-go/time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// lookup returns the version that a request names, or the newest one.
func (s *Service) lookup(tx *store.Tx, bucket, key string, id *string) (version, error) {
	if id == nil {
		v, ok := s.newest(tx, bucket, key)
		switch {
		case !ok:
			return v, noSuchKey(key)
		case v.Marker:
			err := noSuchKey(key)
			err.Header = http.Header{"X-Amz-Delete-Marker": {"true"}, "X-Amz-Version-Id": {v.ID}}
			return v, err
		}
		return v, nil
	}
	v, ok := s.version(tx, bucket, key, *id)
	switch {
	case !ok && *id != "null" && len(*id) != versionLength:
		return v, invalidArgument("Invalid version id specified", "versionId", *id)
	case !ok:
		return v, failure(http.StatusNotFound, "NoSuchVersion", "The specified version does not exist.", "Key", key, "VersionId", *id)
	case v.Marker:
		err := failure(http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.", "Method", "GET", "ResourceType", "DeleteMarker")
		err.Header = http.Header{"X-Amz-Delete-Marker": {"true"}, "X-Amz-Version-Id": {v.ID}, "Allow": {"DELETE"}, "Last-Modified": {smithytime.FormatHTTPDate(v.Modified)}}
		return v, err
	}
	return v, nil
}

// versionID is the id of the version of that number, 32 characters long.
func versionID(number int64) string { return fmt.Sprintf("v%031d", number) }

const versionLength = 32

// A read is what GetObject and HeadObject have in common.
type read struct {
	v             version
	offset, n     int64
	contentRange  *string
	partsCount    *int32
	partial       bool
	showsChecksum bool
}

// prepare finds what a reader asks for and checks its conditions.
func (s *Service) prepare(ctx context.Context, in *s3.GetObjectInput) (read, error) {
	var r read
	err := s.viewBucket(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx *store.Tx, b bucket) (err error) {
		r.v, err = s.lookup(tx, b.Name, value(in.Key), in.VersionId)
		return err
	})
	if err != nil {
		return r, err
	}
	if err := readable(r.v, in.IfMatch, in.IfNoneMatch, in.IfModifiedSince, in.IfUnmodifiedSince); err != nil {
		return r, err
	}
	r.n = r.v.Size
	r.showsChecksum = in.ChecksumMode == types.ChecksumModeEnabled && in.Range == nil
	switch {
	case in.Range != nil && in.PartNumber != nil:
		return r, failure(http.StatusBadRequest, "InvalidRequest", "Cannot specify both Range header and partNumber query parameter")
	case in.PartNumber != nil:
		return r, r.part(int(*in.PartNumber))
	case in.Range != nil:
		return r, r.span(*in.Range)
	}
	return r, nil
}

// part narrows the read to one part of a multipart upload.
func (r *read) part(number int) error {
	if number < 1 || number > len(r.v.Parts) {
		return failure(http.StatusRequestedRangeNotSatisfiable, "InvalidPartNumber", "The requested partnumber is not satisfiable",
			"PartNumberRequested", strconv.Itoa(number), "ActualPartCount", strconv.Itoa(len(r.v.Parts)))
	}
	for _, p := range r.v.Parts[:number-1] {
		r.offset += p.Size
	}
	r.n, r.partial = r.v.Parts[number-1].Size, true
	if r.v.Multipart {
		r.partsCount = ptr(int32(len(r.v.Parts))) //nolint:gosec // at most 10,000
	}
	r.setRange()
	return nil
}

func (r *read) setRange() {
	r.contentRange = ptr(fmt.Sprintf("bytes %d-%d/%d", r.offset, r.offset+r.n-1, r.v.Size))
}

// span narrows the read to a range such as "bytes=0-99". What is no range is
// ignored, as S3 does.
func (r *read) span(text string) error {
	from, to, ok := strings.Cut(strings.TrimPrefix(text, "bytes="), "-")
	first, err1 := strconv.ParseInt(from, 10, 64)
	last, err2 := strconv.ParseInt(to, 10, 64)
	size := r.v.Size
	switch {
	case !ok || !strings.HasPrefix(text, "bytes=") || strings.Contains(text, ","):
		return nil //nolint:nilerr // such a header says nothing
	case from == "" && err2 == nil && last > 0: // the last bytes
		first, last = max(0, size-last), size-1
	case err1 == nil && to == "":
		last = size - 1
	case from == "" && err2 == nil: // the last 0 bytes
		first = size
	case err1 != nil || err2 != nil || last < first:
		return nil //nolint:nilerr // such a header says nothing
	}
	if first >= size {
		return failure(http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The requested range is not satisfiable",
			"RangeRequested", text, "ActualObjectSize", strconv.FormatInt(size, 10))
	}
	r.offset, r.n, r.partial = first, min(last, size-1)-first+1, true
	r.setRange()
	return nil
}

// readable checks a reader's conditions.
func readable(v version, match, noneMatch *string, modified, unmodified *time.Time) error {
	matches := func(list string) bool {
		return strings.TrimSpace(list) == "*" || slices.ContainsFunc(strings.Split(list, ","), func(e string) bool { return unquoted(e) == v.ETag })
	}
	switch {
	case match != nil && !matches(*match):
		return preconditionFailed("If-Match")
	case match == nil && unmodified != nil && v.Modified.After(*unmodified):
		return preconditionFailed("If-Unmodified-Since")
	case noneMatch != nil && matches(*noneMatch), noneMatch == nil && modified != nil && !v.Modified.After(*modified):
		return &wire.Error{
			Code: "NotModified", Message: "Not Modified", Status: http.StatusNotModified,
			Header: http.Header{"Etag": {*quoted(v.ETag)}, "Last-Modified": {smithytime.FormatHTTPDate(v.Modified)}},
		}
	}
	return nil
}

// steady finds a version and uses its bodies, anew when they are gone because
// another request has replaced it in between.
func steady(find func() (version, error), use func() error) error {
	for last := int64(0); ; {
		v, err := find()
		if err != nil {
			return err
		}
		if err := use(); !errors.Is(err, fs.ErrNotExist) || v.Number == last {
			return err
		}
		last = v.Number
	}
}

// GetObject reads an object.
func (s *Service) GetObject(ctx context.Context, in *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
	var r read
	var body io.ReadCloser
	err := steady(
		func() (_ version, err error) { r, err = s.prepare(ctx, in); return r.v, err },
		func() (err error) { body, err = s.blobs.open(r.v.Parts, r.offset, r.n); return err })
	if err != nil {
		return nil, err
	}
	v := r.v
	out := &s3.GetObjectOutput{
		AcceptRanges: ptr("bytes"), Body: body, ContentLength: &r.n, ContentRange: r.contentRange, PartsCount: r.partsCount,
		ETag: quoted(v.ETag), LastModified: &v.Modified, VersionId: v.shown(), Metadata: v.Metadata,
		ServerSideEncryption: types.ServerSideEncryptionAes256, StorageClass: v.class(), TagCount: v.tagCount(),
		WebsiteRedirectLocation: v.Redirect,
		CacheControl:            first(in.ResponseCacheControl, v.CacheControl), ContentDisposition: first(in.ResponseContentDisposition, v.ContentDisposition),
		ContentEncoding: first(in.ResponseContentEncoding, v.ContentEncoding), ContentLanguage: first(in.ResponseContentLanguage, v.ContentLanguage),
		ContentType: first(in.ResponseContentType, v.ContentType),
		Expires:     first(in.ResponseExpires, v.Expires), //nolint:staticcheck // the member that is written
	}
	if r.showsChecksum {
		sum := sums(v.Sums)
		out.ChecksumCRC32, out.ChecksumCRC32C, out.ChecksumCRC64NVME, out.ChecksumMD5 = sum.get("CRC32"), sum.get("CRC32C"), sum.get("CRC64NVME"), sum.get("MD5")
		out.ChecksumSHA1, out.ChecksumSHA256, out.ChecksumSHA512, out.ChecksumType = sum.get("SHA1"), sum.get("SHA256"), sum.get("SHA512"), v.SumType
	}
	return out, nil
}

// HeadObject reads what is known of an object.
func (s *Service) HeadObject(ctx context.Context, in *s3.HeadObjectInput) (*s3.HeadObjectOutput, error) {
	r, err := s.prepare(ctx, &s3.GetObjectInput{
		Bucket: in.Bucket, Key: in.Key, ChecksumMode: in.ChecksumMode, ExpectedBucketOwner: in.ExpectedBucketOwner,
		IfMatch: in.IfMatch, IfModifiedSince: in.IfModifiedSince, IfNoneMatch: in.IfNoneMatch, IfUnmodifiedSince: in.IfUnmodifiedSince,
		PartNumber: in.PartNumber, Range: in.Range, VersionId: in.VersionId,
	})
	if err != nil {
		return nil, err
	}
	v := r.v
	out := &s3.HeadObjectOutput{
		AcceptRanges: ptr("bytes"), ContentLength: &r.n, ContentRange: r.contentRange, PartsCount: r.partsCount,
		ETag: quoted(v.ETag), LastModified: &v.Modified, VersionId: v.shown(), Metadata: v.Metadata,
		ServerSideEncryption: types.ServerSideEncryptionAes256, StorageClass: v.class(), TagCount: v.tagCount(),
		WebsiteRedirectLocation: v.Redirect,
		CacheControl:            first(in.ResponseCacheControl, v.CacheControl), ContentDisposition: first(in.ResponseContentDisposition, v.ContentDisposition),
		ContentEncoding: first(in.ResponseContentEncoding, v.ContentEncoding), ContentLanguage: first(in.ResponseContentLanguage, v.ContentLanguage),
		ContentType: first(in.ResponseContentType, v.ContentType),
		Expires:     first(in.ResponseExpires, v.Expires), //nolint:staticcheck // the member that is written
	}
	if r.showsChecksum {
		sum := sums(v.Sums)
		out.ChecksumCRC32, out.ChecksumCRC32C, out.ChecksumCRC64NVME, out.ChecksumMD5 = sum.get("CRC32"), sum.get("CRC32C"), sum.get("CRC64NVME"), sum.get("MD5")
		out.ChecksumSHA1, out.ChecksumSHA256, out.ChecksumSHA512, out.ChecksumType = sum.get("SHA1"), sum.get("SHA256"), sum.get("SHA512"), v.SumType
	}
	return out, nil
}

// Open returns the bytes of an object, for services that read on someone's behalf.
// An empty version is the newest one. Errors are S3's.
func (s *Service) Open(ctx context.Context, bucketName, key, id string) (body io.ReadCloser, size int64, versionID string, err error) {
	var v version
	find := func(tx *store.Tx) (err error) {
		b, ok := s.buckets.Get(tx, bucketName)
		if !ok {
			return failure(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist", "BucketName", bucketName)
		}
		if r := env.ScopeOf(ctx).Region; b.Region != r {
			return failure(http.StatusMovedPermanently, "PermanentRedirect", "The bucket is in this region: "+b.Region+". Please use this region to retry the request", "BucketName", bucketName)
		}
		v, err = s.lookup(tx, b.Name, key, text(id))
		return err
	}
	err = steady(
		func() (version, error) { err := s.env.Store.View(find); return v, err },
		func() (err error) { body, err = s.blobs.open(v.Parts, 0, v.Size); return err })
	return body, v.Size, value(v.shown()), err
}

// class is the storage class as clients are told it: the standard one is not.
func (v version) class() types.StorageClass {
	if v.Class == types.StorageClassStandard {
		return ""
	}
	return v.Class
}

func (v version) tagCount() *int32 {
	if len(v.Tags) == 0 {
		return nil
	}
	return ptr(int32(len(v.Tags))) //nolint:gosec // at most 10
}

func first[T any](a, b *T) *T {
	if a != nil {
		return a
	}
	return b
}

// GetObjectAttributes reads the attributes of an object that the caller names.
func (s *Service) GetObjectAttributes(ctx context.Context, in *s3.GetObjectAttributesInput) (*s3.GetObjectAttributesOutput, error) {
	var v version
	err := s.viewBucket(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx *store.Tx, b bucket) (err error) {
		v, err = s.lookup(tx, b.Name, value(in.Key), in.VersionId)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &s3.GetObjectAttributesOutput{LastModified: &v.Modified, VersionId: v.shown()}
	for _, a := range in.ObjectAttributes {
		switch a {
		case types.ObjectAttributesEtag:
			out.ETag = &v.ETag
		case types.ObjectAttributesObjectSize:
			out.ObjectSize = &v.Size
		case types.ObjectAttributesStorageClass:
			out.StorageClass = v.Class
		case types.ObjectAttributesChecksum:
			sum := sums(v.Sums)
			out.Checksum = &types.Checksum{
				ChecksumCRC32: sum.get("CRC32"), ChecksumCRC32C: sum.get("CRC32C"), ChecksumCRC64NVME: sum.get("CRC64NVME"), ChecksumMD5: sum.get("MD5"),
				ChecksumSHA1: sum.get("SHA1"), ChecksumSHA256: sum.get("SHA256"), ChecksumSHA512: sum.get("SHA512"), ChecksumType: v.SumType,
			}
		case types.ObjectAttributesObjectParts:
			if out.ObjectParts, err = v.listParts(in.MaxParts, in.PartNumberMarker); err != nil {
				return nil, err
			}
		default:
			return nil, invalidArgument("Invalid attribute name specified.", "x-amz-object-attributes", string(a))
		}
	}
	return out, nil
}

func (v version) listParts(limit *int32, marker *string) (*types.GetObjectAttributesParts, error) {
	if !v.Multipart {
		return nil, nil
	}
	after, err := strconv.Atoi(or(marker, "0"))
	if err != nil {
		return nil, invalidArgument("Provided part-number-marker not an integer or within integer range", "part-number-marker", *marker)
	}
	n := or(limit, 1000)
	out := &types.GetObjectAttributesParts{TotalPartsCount: ptr(int32(len(v.Parts))), MaxParts: &n, PartNumberMarker: ptr(strconv.Itoa(after)), IsTruncated: ptr(false)} //nolint:gosec // at most 10,000
	for i, p := range v.Parts {
		if i+1 <= after {
			continue
		}
		if len(out.Parts) == int(n) {
			out.IsTruncated = ptr(true)
			break
		}
		out.Parts = append(out.Parts, types.ObjectPart{PartNumber: ptr(int32(i + 1)), Size: ptr(p.Size)}) //nolint:gosec // at most 10,000
		out.NextPartNumberMarker = ptr(strconv.Itoa(i + 1))
	}
	return out, nil
}
