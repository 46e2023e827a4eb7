package s3

import (
	"context"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

const (
	maxKey      = 1024    // bytes
	maxObject   = 5 << 30 // bytes that one request may carry
	maxMetadata = 2 << 10 // bytes of names and values
)

// PutObject stores an object.
func (s *Service) PutObject(ctx context.Context, in *s3.PutObjectInput) (*s3.PutObjectOutput, error) {
	a := about{
		CacheControl: in.CacheControl, ContentDisposition: in.ContentDisposition, ContentEncoding: in.ContentEncoding,
		ContentLanguage: in.ContentLanguage, ContentType: in.ContentType, Redirect: in.WebsiteRedirectLocation,
		Expires: in.Expires, Metadata: in.Metadata, Class: in.StorageClass,
	}
	if err := a.complete(in.ACL, in.ServerSideEncryption, in.Tagging); err != nil {
		return nil, err
	}
	if value(in.ContentLength) > maxObject {
		return nil, failure(http.StatusBadRequest, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", "MaxSizeAllowed", "5368709120")
	}
	if err := checkKey(value(in.Key)); err != nil {
		return nil, err
	}
	if err := s.viewBucket(ctx, in.Bucket, in.ExpectedBucketOwner, func(*store.Tx, bucket) error { return nil }); err != nil {
		return nil, err // before the body is read
	}
	given := claims(in.ChecksumCRC32, in.ChecksumCRC32C, in.ChecksumCRC64NVME, in.ChecksumMD5, in.ChecksumSHA1, in.ChecksumSHA256, in.ChecksumSHA512)
	if err := checkAlgorithm(in.ChecksumAlgorithm, given, in.Body); err != nil {
		return nil, err
	}
	got, err := s.receive(in.Body, in.ContentLength, in.ContentMD5, given, defaultSum)
	if err != nil {
		return nil, err
	}
	v := version{
		Bucket: *in.Bucket, Key: *in.Key, Size: got.Size, ETag: got.ETag, Parts: []part{got.part},
		Sums: got.sums, SumType: types.ChecksumTypeFullObject, about: a,
	}
	if err := s.commit(ctx, &v, conditions{in.IfMatch, in.IfNoneMatch}, nil); err != nil {
		s.blobs.remove(got.Blob)
		return nil, err
	}
	return &s3.PutObjectOutput{
		ETag: quoted(v.ETag), VersionId: v.shown(), ServerSideEncryption: types.ServerSideEncryptionAes256, ChecksumType: v.SumType,
		ChecksumCRC32: got.sums.get("CRC32"), ChecksumCRC32C: got.sums.get("CRC32C"), ChecksumCRC64NVME: got.sums.get("CRC64NVME"), ChecksumMD5: got.sums.get("MD5"),
		ChecksumSHA1: got.sums.get("SHA1"), ChecksumSHA256: got.sums.get("SHA256"), ChecksumSHA512: got.sums.get("SHA512"),
	}, nil
}

// conditions say what a write demands of the object that is there.
type conditions struct{ match, noneMatch *string }

// hold checks the conditions against the newest version.
func (c conditions) hold(key string, v version, there bool) error {
	there = there && !v.Marker
	if c.noneMatch != nil && *c.noneMatch != "*" {
		return failure(http.StatusNotImplemented, "NotImplemented", "A header you provided implies functionality that is not implemented", "Header", "If-None-Match")
	}
	if c.noneMatch != nil && there {
		return preconditionFailed("If-None-Match")
	}
	if c.match == nil {
		return nil
	}
	if !there {
		return noSuchKey(key)
	}
	if *c.match != "*" && unquoted(*c.match) != v.ETag {
		return preconditionFailed("If-Match")
	}
	return nil
}

func preconditionFailed(condition string) error {
	return failure(http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold", "Condition", condition)
}

// commit makes v the newest version of its object, if the conditions hold and more,
// which may be nil, agrees within the same commit. It sets the version's id, number and time,
// and removes the bodies that nobody has afterwards.
func (s *Service) commit(ctx context.Context, v *version, c conditions, more func(tx *store.Tx) error) error {
	var gone []string
	err := s.env.Store.Update(func(tx *store.Tx) error {
		gone = nil
		b, err := s.find(ctx, tx, &v.Bucket, nil)
		if err != nil {
			return err
		}
		old, there := s.newest(tx, v.Bucket, v.Key)
		if err := c.hold(v.Key, old, there); err != nil {
			return err
		}
		if more != nil {
			if err := more(tx); err != nil {
				return err
			}
		}
		gone = s.supersede(tx, b, v)
		return nil
	})
	if err == nil {
		s.blobs.remove(gone...)
	}
	return err
}

// supersede puts v into its bucket and returns the bodies of what it replaces: the
// version "null", unless versioning is enabled.
func (s *Service) supersede(tx *store.Tx, b bucket, v *version) (gone []string) {
	v.Number, v.Modified, v.ID = s.next(), s.now(), "null"
	if b.Versioning == types.BucketVersioningStatusEnabled {
		v.ID = versionID(v.Number)
	} else if old, ok := s.version(tx, b.Name, v.Key, "null"); ok {
		s.objects.Delete(tx, versionKey(b.Name, v.Key, old.Number))
		gone = old.blobs()
	}
	s.objects.Put(tx, versionKey(b.Name, v.Key, v.Number), *v)
	return gone
}

// shown is the version's id as clients are told it; nil for one without versioning.
func (v version) shown() *string {
	if v.ID == "null" {
		return nil
	}
	return &v.ID
}

func (v version) blobs() []string {
	names := make([]string, len(v.Parts))
	for i, p := range v.Parts {
		names[i] = p.Blob
	}
	return names
}

// complete checks what a writer says of an object, and fills in what S3 does.
func (a *about) complete(acl types.ObjectCannedACL, encryption types.ServerSideEncryption, tagging *string) error {
	if acl != "" && acl != types.ObjectCannedACLPrivate && acl != types.ObjectCannedACLBucketOwnerFullControl {
		return failure(http.StatusBadRequest, "AccessControlListNotSupported", "The bucket does not allow ACLs")
	}
	if encryption != "" && encryption != types.ServerSideEncryptionAes256 {
		return failure(http.StatusNotImplemented, "NotImplemented", "The emulator does not implement the member ServerSideEncryption as "+string(encryption)+", only as AES256")
	}
	if a.Class == "" {
		a.Class = types.StorageClassStandard
	}
	if !slices.Contains(a.Class.Values(), a.Class) {
		return failure(http.StatusBadRequest, "InvalidStorageClass", "The storage class you specified is not valid", "StorageClassRequested", string(a.Class))
	}
	if slices.Contains(archives, a.Class) {
		return failure(http.StatusNotImplemented, "NotImplemented", "The emulator does not implement the member StorageClass as "+string(a.Class))
	}
	if a.ContentType == nil {
		a.ContentType = ptr("binary/octet-stream")
	}
	// An encoding of the request alone is none of the object.
	if e := value(a.ContentEncoding); strings.Contains(e, "aws-chunked") {
		parts := slices.DeleteFunc(strings.Split(e, ","), func(p string) bool { return strings.TrimSpace(p) == "aws-chunked" })
		a.ContentEncoding = text(strings.TrimSpace(strings.Join(parts, ",")))
	}
	n := 0
	for k, v := range a.Metadata {
		n += len(k) + len(v)
	}
	if n > maxMetadata {
		return failure(http.StatusBadRequest, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size", "MaxSizeAllowed", "2048")
	}
	dec := mime.WordDecoder{}
	a.Metadata = maps.Clone(a.Metadata) // of a copy it is the source's, which others read
	for k, v := range a.Metadata {
		if d, err := dec.DecodeHeader(v); err == nil {
			a.Metadata[k] = d
		}
	}
	if tagging == nil {
		return nil
	}
	form, err := url.ParseQuery(*tagging)
	if err != nil {
		return invalidArgument("The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.", "x-amz-tagging", *tagging)
	}
	for k, vs := range form {
		if len(vs) > 1 {
			return invalidArgument("The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.", "x-amz-tagging", *tagging)
		}
		a.Tags = append(a.Tags, types.Tag{Key: ptr(k), Value: ptr(vs[0])})
	}
	return checkTags(a.Tags, maxObjectTags)
}

// archives are the classes whose objects must be restored before they are read.
var archives = []types.StorageClass{types.StorageClassGlacier, types.StorageClassDeepArchive, types.StorageClassOutposts, types.StorageClassSnow, types.StorageClassExpressOnezone, types.StorageClassFsxOpenzfs}

func checkKey(key string) error {
	switch {
	case len(key) > maxKey:
		return failure(http.StatusBadRequest, "KeyTooLongError", "Your key is too long", "Size", strconv.Itoa(len(key)), "MaxSizeAllowed", "1024")
	case strings.ContainsRune(key, 0):
		return failure(http.StatusBadRequest, "InvalidURI", "Couldn't parse the specified URI.")
	}
	return nil
}

// checkAlgorithm demands the checksum that a request says it has.
func checkAlgorithm(algorithm types.ChecksumAlgorithm, given sums, body any) error {
	if algorithm == "" {
		return nil
	}
	if wire.NewChecksum(string(algorithm)) == nil {
		return badAlgorithm(string(algorithm))
	}
	if len(given) > 0 {
		return nil
	}
	if b, ok := body.(interface{ Trailer() http.Header }); ok && len(b.Trailer()) > 0 {
		return nil
	}
	return failure(http.StatusBadRequest, "InvalidRequest", "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.")
}

func badAlgorithm(name string) error {
	return failure(http.StatusBadRequest, "InvalidRequest", "Checksum algorithm provided is unsupported. Please try again with any of the valid types: ["+strings.Join(wire.Checksums, ", ")+"]", "ChecksumAlgorithm", name)
}

func quoted(etag string) *string { return ptr(`"` + etag + `"`) }

func unquoted(etag string) string {
	return strings.Trim(strings.TrimPrefix(strings.TrimSpace(etag), "W/"), `"`)
}
