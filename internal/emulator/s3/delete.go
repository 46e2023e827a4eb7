package s3

import (
	"context"
	"errors"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// A removal is what a deletion did.
type removal struct {
	id     *string // of the version that was deleted, or of the marker that was made
	marker bool    // a marker was deleted or made
	blobs  []string
}

// remove deletes one version, or puts a marker in front of all of them.
func (s *Service) remove(tx *store.Tx, b bucket, key string, id *string, c conditions) (removal, error) {
	old, there := s.newest(tx, b.Name, key)
	if err := c.hold(key, old, there); err != nil {
		return removal{}, err
	}
	if id != nil {
		v, ok := s.version(tx, b.Name, key, *id)
		if !ok {
			if *id != "null" && len(*id) != versionLength {
				return removal{}, invalidArgument("Invalid version id specified", "versionId", *id)
			}
			return removal{id: id}, nil
		}
		s.objects.Delete(tx, versionKey(b.Name, key, v.Number))
		return removal{id: id, marker: v.Marker, blobs: v.blobs()}, nil
	}
	if b.Versioning == "" {
		if there {
			s.objects.Delete(tx, versionKey(b.Name, key, old.Number))
		}
		return removal{blobs: old.blobs()}, nil
	}
	m := version{Bucket: b.Name, Key: key, Marker: true}
	gone := s.supersede(tx, b, &m)
	return removal{id: &m.ID, marker: true, blobs: gone}, nil
}

// DeleteObject deletes an object or one of its versions.
func (s *Service) DeleteObject(ctx context.Context, in *s3.DeleteObjectInput) (*s3.DeleteObjectOutput, error) {
	var r removal
	err := s.env.Store.Update(func(tx *store.Tx) error {
		b, err := s.find(ctx, tx, in.Bucket, in.ExpectedBucketOwner)
		if err != nil {
			return err
		}
		r, err = s.remove(tx, b, value(in.Key), in.VersionId, conditions{match: in.IfMatch})
		return err
	})
	if err != nil {
		return nil, err
	}
	s.blobs.remove(r.blobs...)
	out := &s3.DeleteObjectOutput{VersionId: r.id}
	if r.marker {
		out.DeleteMarker = ptr(true)
	}
	return out, nil
}

const maxDeletions = 1000

// DeleteObjects deletes up to 1000 objects or versions, each for itself.
func (s *Service) DeleteObjects(ctx context.Context, in *s3.DeleteObjectsInput) (*s3.DeleteObjectsOutput, error) {
	if in.Delete == nil || len(in.Delete.Objects) == 0 || len(in.Delete.Objects) > maxDeletions {
		return nil, malformed()
	}
	if in.ChecksumAlgorithm != "" && wire.NewChecksum(string(in.ChecksumAlgorithm)) == nil {
		return nil, badAlgorithm(string(in.ChecksumAlgorithm))
	}
	out := &s3.DeleteObjectsOutput{}
	var gone []string
	err := s.env.Store.Update(func(tx *store.Tx) error {
		b, err := s.find(ctx, tx, in.Bucket, in.ExpectedBucketOwner)
		if err != nil {
			return err
		}
		for _, o := range in.Delete.Objects {
			r, err := s.remove(tx, b, value(o.Key), o.VersionId, conditions{})
			if own := (*wire.Error)(nil); errors.As(err, &own) {
				out.Errors = append(out.Errors, types.Error{Code: &own.Code, Message: &own.Message, Key: o.Key, VersionId: o.VersionId})
				continue
			}
			if err != nil {
				return err
			}
			gone = append(gone, r.blobs...)
			if value(in.Delete.Quiet) {
				continue
			}
			d := types.DeletedObject{Key: o.Key, VersionId: o.VersionId}
			if r.marker {
				d.DeleteMarker, d.DeleteMarkerVersionId = ptr(true), r.id
			}
			out.Deleted = append(out.Deleted, d)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.blobs.remove(gone...)
	return out, nil
}

func malformed() error {
	return failure(http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
}
