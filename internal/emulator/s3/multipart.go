package s3

import (
	"cmp"
	"context"
	"crypto/md5" //nolint:gosec // what ETags are
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// An upload is a multipart upload under way.
type upload struct {
	ID, Bucket, Key string
	Started         time.Time
	Algorithm       types.ChecksumAlgorithm // "" until the upload says
	SumType         types.ChecksumType
	about
}

// A part is some of an object's bytes.
type part struct {
	Number   int32
	Blob     string
	Size     int64
	ETag     string
	Sum      string // of the upload's algorithm
	Modified time.Time
}

const (
	maxParts = 10000
	minPart  = 5 << 20 // bytes, of all parts but the last
)

func uploadKey(bucket, key, id string) string { return bucket + "/" + key + "\x00" + id }
func partKey(id string, number int32) string  { return fmt.Sprintf("%s/%05d", id, number) }

// CreateMultipartUpload begins a multipart upload.
func (s *Service) CreateMultipartUpload(ctx context.Context, in *s3.CreateMultipartUploadInput) (*s3.CreateMultipartUploadOutput, error) {
	a := about{
		CacheControl: in.CacheControl, ContentDisposition: in.ContentDisposition, ContentEncoding: in.ContentEncoding,
		ContentLanguage: in.ContentLanguage, ContentType: in.ContentType, Redirect: in.WebsiteRedirectLocation,
		Expires: in.Expires, Metadata: in.Metadata, Class: in.StorageClass,
	}
	if err := cmp.Or(a.complete(in.ACL, in.ServerSideEncryption, in.Tagging), checkKey(value(in.Key))); err != nil {
		return nil, err
	}
	sumType := in.ChecksumType
	switch algorithm := string(in.ChecksumAlgorithm); {
	case algorithm == "" && sumType != "":
		return nil, failure(http.StatusBadRequest, "InvalidRequest", "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.")
	case algorithm != "" && wire.NewChecksum(algorithm) == nil:
		return nil, badAlgorithm(algorithm)
	case sumType == "" && algorithm == defaultSum:
		sumType = types.ChecksumTypeFullObject
	case sumType == "" && algorithm != "":
		sumType = types.ChecksumTypeComposite
	case sumType == types.ChecksumTypeFullObject && !strings.HasPrefix(algorithm, "CRC"), sumType == types.ChecksumTypeComposite && algorithm == defaultSum:
		return nil, failure(http.StatusBadRequest, "InvalidRequest", "The "+string(sumType)+" checksum type cannot be used with the "+strings.ToLower(algorithm)+" checksum algorithm.")
	}
	u := upload{
		ID: strings.ReplaceAll(uuid.NewString()+uuid.NewString(), "-", ""), Bucket: value(in.Bucket), Key: *in.Key, Started: s.now(),
		Algorithm: in.ChecksumAlgorithm, SumType: sumType, about: a,
	}
	err := s.env.Store.Update(func(tx *store.Tx) error {
		if _, err := s.find(ctx, tx, in.Bucket, in.ExpectedBucketOwner); err != nil {
			return err
		}
		s.uploads.Put(tx, uploadKey(u.Bucket, u.Key, u.ID), u)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &s3.CreateMultipartUploadOutput{
		Bucket: in.Bucket, Key: in.Key, UploadId: &u.ID, ServerSideEncryption: types.ServerSideEncryptionAes256,
		ChecksumAlgorithm: u.Algorithm, ChecksumType: u.SumType,
	}, nil
}

// upload finds a multipart upload.
func (s *Service) upload(ctx context.Context, tx *store.Tx, bucketName, key, id, owner *string) (upload, error) {
	b, err := s.find(ctx, tx, bucketName, owner)
	if err != nil {
		return upload{}, err
	}
	u, ok := s.uploads.Get(tx, uploadKey(b.Name, value(key), value(id)))
	if !ok {
		return u, failure(http.StatusNotFound, "NoSuchUpload",
			"The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.", "UploadId", value(id))
	}
	return u, nil
}

func (s *Service) viewUpload(ctx context.Context, bucketName, key, id, owner *string) (u upload, err error) {
	err = s.env.Store.View(func(tx *store.Tx) error {
		u, err = s.upload(ctx, tx, bucketName, key, id, owner)
		return err
	})
	return u, err
}

// addPart stores a part, in place of the one of its number.
func (s *Service) addPart(ctx context.Context, u upload, p part) error {
	p.Modified = s.now()
	old := ""
	err := s.env.Store.Update(func(tx *store.Tx) error {
		if _, err := s.upload(ctx, tx, &u.Bucket, &u.Key, &u.ID, nil); err != nil {
			return err
		}
		if was, ok := s.parts.Get(tx, partKey(u.ID, p.Number)); ok {
			old = was.Blob
		}
		s.parts.Put(tx, partKey(u.ID, p.Number), p)
		return nil
	})
	if err != nil {
		s.blobs.remove(p.Blob)
		return err
	}
	if old != "" {
		s.blobs.remove(old)
	}
	return nil
}

// algorithm is that of the upload's parts.
func (u upload) algorithm() string { return cmp.Or(string(u.Algorithm), defaultSum) }

func checkPartNumber(n *int32) error {
	if value(n) < 1 || *n > maxParts {
		return invalidArgument("Part number must be an integer between 1 and 10000, inclusive", "partNumber", strconv.Itoa(int(value(n))))
	}
	return nil
}

// UploadPart stores one part of a multipart upload.
func (s *Service) UploadPart(ctx context.Context, in *s3.UploadPartInput) (*s3.UploadPartOutput, error) {
	if err := checkPartNumber(in.PartNumber); err != nil {
		return nil, err
	}
	u, err := s.viewUpload(ctx, in.Bucket, in.Key, in.UploadId, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	given := claims(in.ChecksumCRC32, in.ChecksumCRC32C, in.ChecksumCRC64NVME, in.ChecksumMD5, in.ChecksumSHA1, in.ChecksumSHA256, in.ChecksumSHA512)
	if err := checkAlgorithm(in.ChecksumAlgorithm, given, in.Body); err != nil {
		return nil, err
	}
	got, err := s.receive(in.Body, in.ContentLength, in.ContentMD5, given, u.algorithm())
	if err != nil {
		return nil, err
	}
	if _, ok := got.sums[u.algorithm()]; !ok && u.Algorithm != "" {
		s.blobs.remove(got.Blob)
		return nil, failure(http.StatusBadRequest, "InvalidRequest", "Checksum Type mismatch occurred, expected checksum Type: "+strings.ToLower(u.algorithm()))
	} else if !ok { // the whole object's checksum is not made of this one
		got.Sum = ""
	}
	got.Number = *in.PartNumber
	if err := s.addPart(ctx, u, got.part); err != nil {
		return nil, err
	}
	return &s3.UploadPartOutput{
		ETag: quoted(got.ETag), ServerSideEncryption: types.ServerSideEncryptionAes256,
		ChecksumCRC32: got.sums.get("CRC32"), ChecksumCRC32C: got.sums.get("CRC32C"), ChecksumCRC64NVME: got.sums.get("CRC64NVME"), ChecksumMD5: got.sums.get("MD5"),
		ChecksumSHA1: got.sums.get("SHA1"), ChecksumSHA256: got.sums.get("SHA256"), ChecksumSHA512: got.sums.get("SHA512"),
	}, nil
}

// CompleteMultipartUpload makes an object of parts.
func (s *Service) CompleteMultipartUpload(ctx context.Context, in *s3.CompleteMultipartUploadInput) (*s3.CompleteMultipartUploadOutput, error) {
	if in.MultipartUpload == nil || len(in.MultipartUpload.Parts) == 0 {
		return nil, malformed()
	}
	u, err := s.viewUpload(ctx, in.Bucket, in.Key, in.UploadId, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if in.ChecksumType != "" && u.SumType != "" && in.ChecksumType != u.SumType {
		return nil, failure(http.StatusBadRequest, "InvalidRequest", "The upload was created using the "+string(u.SumType)+" checksum mode. The complete request must use the same checksum mode.")
	}
	v := version{Bucket: u.Bucket, Key: u.Key, Multipart: true, SumType: cmp.Or(u.SumType, types.ChecksumTypeFullObject), about: u.about}
	if err := s.assemble(&v, u, in.MultipartUpload.Parts); err != nil {
		return nil, err
	}
	if in.MpuObjectSize != nil && *in.MpuObjectSize != v.Size {
		return nil, failure(http.StatusBadRequest, "InvalidRequest", "The provided 'x-amz-mp-object-size' header value "+strconv.FormatInt(*in.MpuObjectSize, 10)+" does not match what was computed: "+strconv.FormatInt(v.Size, 10))
	}
	sum := composite(u.algorithm(), v.Parts)
	if v.SumType == types.ChecksumTypeFullObject {
		if sum, err = s.whole(u.algorithm(), v.Parts); err != nil {
			return nil, err
		}
	}
	v.Sums = sums{u.algorithm(): sum}
	given := claims(in.ChecksumCRC32, in.ChecksumCRC32C, in.ChecksumCRC64NVME, in.ChecksumMD5, in.ChecksumSHA1, in.ChecksumSHA256, in.ChecksumSHA512)
	for name, want := range given {
		if name != u.algorithm() || want != sum && want+"-"+strconv.Itoa(len(v.Parts)) != sum {
			return nil, failure(http.StatusBadRequest, "BadDigest", "The "+name+" you specified did not match the calculated checksum.")
		}
	}
	var unused []string
	err = s.commit(ctx, &v, conditions{in.IfMatch, in.IfNoneMatch}, func(tx *store.Tx) error {
		unused = nil
		if !s.uploads.Delete(tx, uploadKey(u.Bucket, u.Key, u.ID)) {
			_, err := s.upload(ctx, tx, in.Bucket, in.Key, in.UploadId, nil)
			return err // another request completed or aborted it meanwhile
		}
		used := map[string]bool{}
		for _, b := range v.blobs() {
			used[b] = true
		}
		for k, p := range s.parts.Prefix(tx, u.ID+"/") {
			s.parts.Delete(tx, k)
			if !used[p.Blob] {
				unused = append(unused, p.Blob)
			}
			delete(used, p.Blob)
		}
		if len(used) > 0 {
			return errInvalidPart() // uploaded again meanwhile
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.blobs.remove(unused...)
	shown := sums(v.Sums)
	return &s3.CompleteMultipartUploadOutput{
		Bucket: in.Bucket, Key: in.Key, ETag: quoted(v.ETag), VersionId: v.shown(), Location: ptr("http://" + u.Bucket + ".s3.amazonaws.com/" + u.Key),
		ServerSideEncryption: types.ServerSideEncryptionAes256, ChecksumType: v.SumType,
		ChecksumCRC32: shown.get("CRC32"), ChecksumCRC32C: shown.get("CRC32C"), ChecksumCRC64NVME: shown.get("CRC64NVME"), ChecksumMD5: shown.get("MD5"),
		ChecksumSHA1: shown.get("SHA1"), ChecksumSHA256: shown.get("SHA256"), ChecksumSHA512: shown.get("SHA512"),
	}, nil
}

func errInvalidPart() *wire.Error {
	return failure(http.StatusBadRequest, "InvalidPart",
		"One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.")
}

// assemble collects the parts that the client lists, which must be those that it
// uploaded.
func (s *Service) assemble(v *version, u upload, listed []types.CompletedPart) error {
	digests := md5.New() //nolint:gosec // what ETags are
	if !slices.IsSortedFunc(listed, func(a, b types.CompletedPart) int {
		return cmp.Or(cmp.Compare(value(a.PartNumber), value(b.PartNumber)), -1)
	}) {
		return failure(http.StatusBadRequest, "InvalidPartOrder", "The list of parts was not in ascending order. Parts must be ordered by part number.", "UploadId", u.ID)
	}
	return s.env.Store.View(func(tx *store.Tx) error {
		for i, c := range listed {
			number := value(c.PartNumber)
			p, ok := s.parts.Get(tx, partKey(u.ID, number))
			given := claims(c.ChecksumCRC32, c.ChecksumCRC32C, c.ChecksumCRC64NVME, c.ChecksumMD5, c.ChecksumSHA1, c.ChecksumSHA256, c.ChecksumSHA512)
			sum, claimed := given[u.algorithm()]
			if !ok || unquoted(value(c.ETag)) != p.ETag || claimed && p.Sum != "" && sum != p.Sum {
				err := errInvalidPart()
				err.Detail = append(err.Detail, wire.Detail{Name: "UploadId", Value: u.ID}, wire.Detail{Name: "PartNumber", Value: strconv.Itoa(int(number))}, wire.Detail{Name: "ETag", Value: unquoted(value(c.ETag))})
				return err
			}
			if u.SumType == types.ChecksumTypeComposite && !claimed {
				return failure(http.StatusBadRequest, "InvalidRequest", "The upload was created using a "+strings.ToLower(u.algorithm())+
					" checksum. The complete request must include the checksum for each part. It was missing for part "+strconv.Itoa(int(number))+" in the request.")
			}
			if p.Size < minPart && i < len(listed)-1 {
				return failure(http.StatusBadRequest, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size",
					"ProposedSize", strconv.FormatInt(p.Size, 10), "MinSizeAllowed", strconv.Itoa(minPart), "PartNumber", strconv.Itoa(int(number)), "ETag", p.ETag)
			}
			raw, _ := hex.DecodeString(p.ETag) // ETags are ours
			digests.Write(raw)
			v.Parts = append(v.Parts, p)
			v.Size += p.Size
		}
		v.ETag = hex.EncodeToString(digests.Sum(nil)) + "-" + strconv.Itoa(len(listed))
		return nil
	})
}

// AbortMultipartUpload forgets a multipart upload and its parts.
func (s *Service) AbortMultipartUpload(ctx context.Context, in *s3.AbortMultipartUploadInput) (*s3.AbortMultipartUploadOutput, error) {
	var gone []string
	err := s.env.Store.Update(func(tx *store.Tx) error {
		u, err := s.upload(ctx, tx, in.Bucket, in.Key, in.UploadId, in.ExpectedBucketOwner)
		if err != nil {
			return err
		}
		s.uploads.Delete(tx, uploadKey(u.Bucket, u.Key, u.ID))
		for k, p := range s.parts.Prefix(tx, u.ID+"/") {
			s.parts.Delete(tx, k)
			gone = append(gone, p.Blob)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.blobs.remove(gone...)
	return nil, nil
}
