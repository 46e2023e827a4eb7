// Package s3 is S3: buckets and their objects, with versions, conditional writes,
// multipart uploads, tags and checksums. It must not know who keeps what in it.
// Bodies are files beside the store, so that an object of any size is never in
// memory. Access by policy or ACL, encryption by keys of others than S3, object
// lock, lifecycle, replication, notifications and directory buckets are not
// emulated, and refused by name.
package s3

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// A Service is S3.
type Service struct {
	env     *env.Env
	blobs   blobs
	buckets *store.Set[bucket]  // by name
	objects *store.Set[version] // see [versionKey]
	uploads *store.Set[upload]  // by bucket, key and id, as uploadKey says
	parts   *store.Set[part]    // by upload and number, as partKey says

	mu     sync.Mutex
	number int64 // of the last version
}

// bucket is a bucket.
type bucket struct {
	Name, Region string
	Created      time.Time
	Versioning   types.BucketVersioningStatus // "" until it is set
	Tags         []types.Tag
}

// A version is one version of an object, or a marker that it was deleted.
type version struct {
	Bucket, Key string
	ID          string // "null" when it was written without versioning
	Number      int64  // later versions have larger numbers
	Marker      bool
	Modified    time.Time
	Size        int64
	ETag        string // without quotes
	Sums        map[string]string
	SumType     types.ChecksumType
	Parts       []part // of multipart uploads; else one
	Multipart   bool
	about
}

// about is what a writer says of an object besides its bytes.
type about struct {
	CacheControl, ContentDisposition, ContentEncoding, ContentLanguage, ContentType, Redirect *string
	Expires                                                                                   *time.Time
	Metadata                                                                                  map[string]string
	Class                                                                                     types.StorageClass
	Tags                                                                                      []types.Tag
}

// New returns the service over the environment's store and folder.
func New(e *env.Env) (*Service, error) {
	s := &Service{env: e, blobs: blobs{dir: filepath.Join(e.Dir, "s3")}}
	var errs [4]error
	s.buckets, errs[0] = store.NewSet[bucket](e.Store, "s3.bucket")
	s.objects, errs[1] = store.NewSet[version](e.Store, "s3.object")
	s.uploads, errs[2] = store.NewSet[upload](e.Store, "s3.upload")
	s.parts, errs[3] = store.NewSet[part](e.Store, "s3.part")
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("opening the sets of S3: %w", err)
	}
	used := map[string]bool{}
	err := e.Store.View(func(tx *store.Tx) error {
		for _, v := range s.objects.From(tx, "") {
			s.number = max(s.number, v.Number)
			for _, p := range v.Parts {
				used[p.Blob] = true
			}
		}
		for _, p := range s.parts.From(tx, "") {
			used[p.Blob] = true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s, s.blobs.prune(used)
}

var (
	grants        = wire.Refuse("GrantFullControl", "GrantRead", "GrantReadACP", "GrantWriteACP", "RequestPayer")
	otherKeys     = wire.Refuse("SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5")
	kms           = wire.Refuse("BucketKeyEnabled", "SSEKMSEncryptionContext", "SSEKMSKeyId")
	copyKeys      = wire.Refuse("CopySourceSSECustomerAlgorithm", "CopySourceSSECustomerKey", "CopySourceSSECustomerKeyMD5")
	locks         = wire.Refuse("ObjectLockEventHold", "ObjectLockEventHoldDurationDays", "ObjectLockEventHoldDurationYears", "ObjectLockLegalHoldStatus", "ObjectLockMode", "ObjectLockRetainUntilDate")
	xxhash        = wire.Refuse("ChecksumXXHASH128", "ChecksumXXHASH3", "ChecksumXXHASH64")
	xxhashOfParts = wire.Refuse("MultipartUpload.Parts.ChecksumXXHASH128", "MultipartUpload.Parts.ChecksumXXHASH3", "MultipartUpload.Parts.ChecksumXXHASH64")
	payer         = wire.Refuse("RequestPayer")
	retention     = wire.Refuse("BypassGovernanceRetention", "MFA")
	conditionals  = wire.Refuse("Delete.Objects.ETag", "Delete.Objects.LastModifiedTime", "Delete.Objects.Size")
)

// Wire lists what the service serves.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name:     "s3",
		Protocol: wire.RESTXML,
		Version:  "2006-03-01",
		Operations: []wire.Operation{
			wire.RESTXMLOp(s.AbortMultipartUpload, payer, wire.Refuse("IfMatchInitiatedTime")),
			wire.RESTXMLOp(s.CompleteMultipartUpload, payer, otherKeys, xxhash, xxhashOfParts),
			wire.RESTXMLOp(s.CopyObject, grants, otherKeys, kms, copyKeys, locks, wire.Refuse("AnnotationDirective")),
			wire.RESTXMLOp(s.CreateBucket, wire.Refuse(
				"BucketNamespace", "CreateBucketConfiguration.Bucket", "CreateBucketConfiguration.Location",
				"GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP", "ObjectLockEnabledForBucket")),
			wire.RESTXMLOp(s.CreateMultipartUpload, grants, otherKeys, kms, locks),
			wire.RESTXMLOp(s.DeleteBucket),
			wire.RESTXMLOp(s.DeleteBucketTagging),
			wire.RESTXMLOp(s.DeleteObject, payer, retention, wire.Refuse("IfMatchLastModifiedTime", "IfMatchSize")),
			wire.RESTXMLOp(s.DeleteObjectTagging),
			wire.RESTXMLOp(s.DeleteObjects, payer, retention, conditionals),
			wire.RESTXMLOp(s.GetBucketLocation),
			wire.RESTXMLOp(s.GetBucketTagging),
			wire.RESTXMLOp(s.GetBucketVersioning),
			wire.RESTXMLOp(s.GetObject, payer, otherKeys),
			wire.RESTXMLOp(s.GetObjectAttributes, payer, otherKeys),
			wire.RESTXMLOp(s.GetObjectTagging, payer),
			wire.RESTXMLOp(s.HeadBucket),
			wire.RESTXMLOp(s.HeadObject, payer, otherKeys),
			wire.RESTXMLOp(s.ListBuckets),
			wire.RESTXMLOp(s.ListMultipartUploads, payer),
			wire.RESTXMLOp(s.ListObjectVersions, payer, wire.Refuse("OptionalObjectAttributes")),
			wire.RESTXMLOp(s.ListObjects, payer, wire.Refuse("OptionalObjectAttributes")),
			wire.RESTXMLOp(s.ListObjectsV2, payer, wire.Refuse("OptionalObjectAttributes")),
			wire.RESTXMLOp(s.ListParts, payer, otherKeys),
			wire.RESTXMLOp(s.PutBucketTagging),
			wire.RESTXMLOp(s.PutBucketVersioning, wire.Refuse("MFA", "VersioningConfiguration.MFADelete")),
			wire.RESTXMLOp(s.PutObject, grants, otherKeys, kms, locks, xxhash, wire.Refuse("WriteOffsetBytes")),
			wire.RESTXMLOp(s.PutObjectTagging, payer),
			wire.RESTXMLOp(s.UploadPart, payer, otherKeys, xxhash),
			wire.RESTXMLOp(s.UploadPartCopy, payer, otherKeys, copyKeys),
		},
	}
}

// find returns the bucket of that name, which must be of the request's region and,
// where the caller says whose it must be, of the only account.
func (s *Service) find(ctx context.Context, tx *store.Tx, name, owner *string) (bucket, error) {
	b, ok := s.buckets.Get(tx, value(name))
	scope := env.ScopeOf(ctx)
	switch {
	case !ok:
		return b, failure(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist", "BucketName", value(name))
	case owner != nil && *owner != scope.Account:
		return b, failure(http.StatusForbidden, "AccessDenied", "Access Denied")
	case b.Region != scope.Region:
		err := failure(http.StatusBadRequest, "AuthorizationHeaderMalformed",
			"The authorization header is malformed; the region '"+scope.Region+"' is wrong; expecting '"+b.Region+"'", "Region", b.Region)
		err.Header = http.Header{"X-Amz-Bucket-Region": {b.Region}}
		return b, err
	}
	return b, nil
}

// updateBucket changes a bucket within one commit.
func (s *Service) updateBucket(ctx context.Context, name, owner *string, f func(tx *store.Tx, b *bucket) error) error {
	return s.env.Store.Update(func(tx *store.Tx) error {
		b, err := s.find(ctx, tx, name, owner)
		if err != nil {
			return err
		}
		if err := f(tx, &b); err != nil {
			return err
		}
		s.buckets.Put(tx, b.Name, b)
		return nil
	})
}

// viewBucket calls f with a bucket.
func (s *Service) viewBucket(ctx context.Context, name, owner *string, f func(tx *store.Tx, b bucket) error) error {
	return s.env.Store.View(func(tx *store.Tx) error {
		b, err := s.find(ctx, tx, name, owner)
		if err != nil {
			return err
		}
		return f(tx, b)
	})
}

// next numbers a version.
func (s *Service) next() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.number = max(s.number+1, s.env.Clock.Now().UnixNano())
	return s.number
}

// now is the time as S3 keeps it: in whole seconds.
func (s *Service) now() time.Time { return s.env.Clock.Now().UTC().Truncate(time.Second) }

// versionKey is a version's key in the store: later versions of an object first.
func versionKey(bucket, key string, number int64) string {
	return objectKey(bucket, key) + fmt.Sprintf("%016x", uint64(1)<<63-uint64(number)) //nolint:gosec // numbers are positive
}

func objectKey(bucket, key string) string { return bucket + "/" + key + "\x00" }

// newest returns the newest version of an object, a marker perhaps.
func (s *Service) newest(tx *store.Tx, bucket, key string) (version, bool) {
	for _, v := range s.objects.Prefix(tx, objectKey(bucket, key)) {
		return v, true
	}
	return version{}, false
}

// version returns the version of an object that has that id.
func (s *Service) version(tx *store.Tx, bucket, key, id string) (version, bool) {
	for _, v := range s.objects.Prefix(tx, objectKey(bucket, key)) {
		if v.ID == id {
			return v, true
		}
	}
	return version{}, false
}

// failure is an error of S3's; more are names and values of its further elements.
func failure(status int, code, message string, more ...string) *wire.Error {
	err := &wire.Error{Code: code, Message: message, Status: status}
	for i := 0; i+1 < len(more); i += 2 {
		err.Detail = append(err.Detail, wire.Detail{Name: more[i], Value: more[i+1]})
	}
	return err
}

func invalidArgument(message, name, val string) *wire.Error {
	return failure(http.StatusBadRequest, "InvalidArgument", message, "ArgumentName", name, "ArgumentValue", val)
}

func noSuchKey(key string) *wire.Error {
	return failure(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.", "Key", key)
}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func ptr[T any](v T) *T { return &v }

// text is v, or nil where there is none.
func text[T ~string](v T) *T {
	if v == "" {
		return nil
	}
	return &v
}

func or[T comparable](p *T, otherwise T) T { return cmp.Or(value(p), otherwise) }
