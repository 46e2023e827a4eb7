package s3

import (
	"context"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// A listing is a page of the keys of a bucket, in order. Keys that go on with the
// delimiter after the prefix show as one common prefix each.
type listing struct {
	prefix, delimiter string
	after             string // the key or common prefix that came last
	limit             int
	encode            bool // keys are escaped as in URLs

	keys      []version
	prefixes  []types.CommonPrefix
	last      string
	truncated bool
}

const maxListed = 1000

// newListing checks what the listings have in common.
func newListing(prefix, delimiter *string, encoding types.EncodingType, limit *int32) (*listing, error) {
	if encoding != "" && encoding != types.EncodingTypeUrl {
		return nil, invalidArgument("Invalid Encoding Method specified in Request", "encoding-type", string(encoding))
	}
	n := int32(maxListed)
	if limit != nil {
		n = *limit
	}
	if n < 0 {
		return nil, invalidArgument("Argument maxKeys must be an integer between 0 and 2147483647", "maxKeys", "")
	}
	return &listing{prefix: value(prefix), delimiter: value(delimiter), limit: int(min(n, maxListed)), encode: encoding != ""}, nil
}

// text writes a key, prefix or delimiter as the client asked for it.
func (l *listing) text(s string) *string {
	if l.encode {
		s = strings.ReplaceAll(url.QueryEscape(s), "%2F", "/")
	}
	return &s
}

func (l *listing) given(s *string) *string {
	if s == nil {
		return nil
	}
	return l.text(*s)
}

// common returns the common prefix that a key belongs to.
func (l *listing) common(key string) (string, bool) {
	if l.delimiter == "" {
		return "", false
	}
	head, _, ok := strings.Cut(key[len(l.prefix):], l.delimiter)
	return l.prefix + head + l.delimiter, ok
}

// full takes note of what would be listed next, and reports whether the page has no
// room for it.
func (l *listing) full(next string) bool {
	if len(l.keys)+len(l.prefixes) >= l.limit {
		l.truncated = l.limit > 0
		return true
	}
	l.last = next
	return false
}

// run collects the page.
func (l *listing) run(s *Service, tx *store.Tx, bucket string) {
	from := bucket + "/" + max(l.prefix, l.after)
	for {
		v, ok := s.at(tx, from)
		if !ok || v.Bucket != bucket || !strings.HasPrefix(v.Key, l.prefix) {
			return
		}
		if p, ok := l.common(v.Key); ok {
			from = bucket + "/" + p + "\xff" // behind every key that begins like that
			if p > l.after {
				if l.full(p) {
					return
				}
				l.prefixes = append(l.prefixes, types.CommonPrefix{Prefix: l.text(p)})
			}
			continue
		}
		from = bucket + "/" + v.Key + "\x01" // behind the older versions
		if v.Key <= l.after || v.Marker {
			continue
		}
		if l.full(v.Key) {
			return
		}
		l.keys = append(l.keys, v)
	}
}

// at returns the first version at from or after it.
func (s *Service) at(tx *store.Tx, from string) (version, bool) {
	for _, v := range s.objects.From(tx, from) {
		return v, true
	}
	return version{}, false
}

// contents are the keys as clients are told them.
func (l *listing) contents(owner *types.Owner) []types.Object {
	out := make([]types.Object, len(l.keys))
	for i, v := range l.keys {
		out[i] = types.Object{
			Key: l.text(v.Key), ETag: quoted(v.ETag), LastModified: ptr(v.Modified), Size: ptr(v.Size),
			StorageClass: types.ObjectStorageClass(v.Class), Owner: owner, ChecksumType: v.SumType,
		}
		for name := range v.Sums {
			out[i].ChecksumAlgorithm = append(out[i].ChecksumAlgorithm, types.ChecksumAlgorithm(name))
		}
	}
	return out
}

// ListObjectsV2 lists a bucket.
func (s *Service) ListObjectsV2(ctx context.Context, in *s3.ListObjectsV2Input) (*s3.ListObjectsV2Output, error) {
	l, err := newListing(in.Prefix, in.Delimiter, in.EncodingType, in.MaxKeys)
	if err != nil {
		return nil, err
	}
	l.after = value(in.StartAfter)
	if in.ContinuationToken != nil {
		if l.after, err = token(in.ContinuationToken); err != nil {
			return nil, err
		}
	}
	err = s.viewBucket(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx *store.Tx, b bucket) error {
		l.run(s, tx, b.Name)
		return nil
	})
	if err != nil {
		return nil, err
	}
	var by *types.Owner
	if value(in.FetchOwner) {
		by = owner(ctx)
	}
	out := &s3.ListObjectsV2Output{
		Name: in.Bucket, Prefix: l.text(l.prefix), Delimiter: l.given(in.Delimiter), EncodingType: in.EncodingType, StartAfter: l.given(in.StartAfter),
		ContinuationToken: in.ContinuationToken, MaxKeys: ptr(int32(l.limit)), Contents: l.contents(by), CommonPrefixes: l.prefixes, //nolint:gosec // at most 1000
		KeyCount: ptr(int32(len(l.keys) + len(l.prefixes))), IsTruncated: &l.truncated, //nolint:gosec // at most 1000
	}
	if l.truncated {
		out.NextContinuationToken = nextToken(l.last)
	}
	return out, nil
}

// ListObjects lists a bucket, as it was done before ListObjectsV2.
func (s *Service) ListObjects(ctx context.Context, in *s3.ListObjectsInput) (*s3.ListObjectsOutput, error) {
	l, err := newListing(in.Prefix, in.Delimiter, in.EncodingType, in.MaxKeys)
	if err != nil {
		return nil, err
	}
	l.after = value(in.Marker)
	err = s.viewBucket(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx *store.Tx, b bucket) error {
		l.run(s, tx, b.Name)
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &s3.ListObjectsOutput{
		Name: in.Bucket, Prefix: l.text(l.prefix), Marker: l.text(l.after), Delimiter: l.given(in.Delimiter), EncodingType: in.EncodingType,
		MaxKeys: ptr(int32(l.limit)), Contents: l.contents(owner(ctx)), CommonPrefixes: l.prefixes, IsTruncated: &l.truncated, //nolint:gosec // at most 1000
	}
	if l.truncated && l.delimiter != "" {
		out.NextMarker = l.text(l.last)
	}
	return out, nil
}

// ListObjectVersions lists all versions of a bucket's objects, and the markers of
// deletions among them.
func (s *Service) ListObjectVersions(ctx context.Context, in *s3.ListObjectVersionsInput) (*s3.ListObjectVersionsOutput, error) {
	l, err := newListing(in.Prefix, in.Delimiter, in.EncodingType, in.MaxKeys)
	if err != nil {
		return nil, err
	}
	if in.VersionIdMarker != nil && in.KeyMarker == nil {
		return nil, invalidArgument("A version-id marker cannot be specified without a key marker.", "version-id-marker", *in.VersionIdMarker)
	}
	l.after = value(in.KeyMarker)
	out := &s3.ListObjectVersionsOutput{
		Name: in.Bucket, Prefix: l.text(l.prefix), KeyMarker: l.text(l.after), VersionIdMarker: ptr(value(in.VersionIdMarker)), Delimiter: l.given(in.Delimiter),
		EncodingType: in.EncodingType, MaxKeys: ptr(int32(l.limit)), IsTruncated: &l.truncated, //nolint:gosec // at most 1000
	}
	return out, s.viewBucket(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx *store.Tx, b bucket) error {
		from, latest := b.Name+"/"+max(l.prefix, l.after), ""
		next := func() { // where the next page begins, if there is one
			if !l.truncated {
				return
			}
			out.NextKeyMarker = l.text(l.last)
			if n := len(l.keys); n > 0 && l.keys[n-1].Key == l.last {
				out.NextVersionIdMarker = &l.keys[n-1].ID
			}
		}
		if in.VersionIdMarker != nil {
			v, ok := s.version(tx, b.Name, l.after, *in.VersionIdMarker)
			if !ok {
				return invalidArgument("Invalid version id specified", "version-id-marker", *in.VersionIdMarker)
			}
			from, latest = versionKey(b.Name, v.Key, v.Number)+"\x00", v.Key
		}
		for {
			v, ok := s.at(tx, from)
			if !ok || v.Bucket != b.Name || !strings.HasPrefix(v.Key, l.prefix) {
				return nil
			}
			from = versionKey(b.Name, v.Key, v.Number) + "\x00"
			if p, ok := l.common(v.Key); ok {
				from = b.Name + "/" + p + "\xff"
				if p > l.after {
					if l.full(p) {
						next()
						return nil
					}
					l.prefixes = append(l.prefixes, types.CommonPrefix{Prefix: l.text(p)})
					out.CommonPrefixes = l.prefixes
				}
				continue
			}
			if in.VersionIdMarker == nil && v.Key <= l.after {
				continue
			}
			if l.full(v.Key) {
				next()
				return nil
			}
			l.keys = append(l.keys, v)
			isLatest := v.Key != latest
			latest = v.Key
			if v.Marker {
				out.DeleteMarkers = append(out.DeleteMarkers, types.DeleteMarkerEntry{
					Key: l.text(v.Key), VersionId: ptr(v.ID), IsLatest: &isLatest, LastModified: ptr(v.Modified), Owner: owner(ctx),
				})
				continue
			}
			out.Versions = append(out.Versions, types.ObjectVersion{
				Key: l.text(v.Key), VersionId: ptr(v.ID), IsLatest: &isLatest, LastModified: ptr(v.Modified), Owner: owner(ctx),
				ETag: quoted(v.ETag), Size: ptr(v.Size), StorageClass: types.ObjectVersionStorageClass(v.Class), ChecksumType: v.SumType,
			})
		}
	})
}
