package sfn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/run"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// Objects is where distributed maps read items from and write results to.
type Objects interface {
	PutObject(context.Context, *s3.PutObjectInput) (*s3.PutObjectOutput, error)
	ListObjectsV2(context.Context, *s3.ListObjectsV2Input) (*s3.ListObjectsV2Output, error)
	// Open returns the bytes of an object; the version "" is the newest one.
	Open(ctx context.Context, bucket, key, version string) (body io.ReadCloser, size int64, versionID string, err error)
}

// storage is S3 as an execution sees it, in its role.
type storage struct {
	ctx     context.Context //nolint:containedctx // who reads is the execution, whatever wakes it
	objects Objects
}

// Open implements [run.Objects].
func (s storage) Open(bucket, key, version string) (io.ReadCloser, error) {
	body, _, _, err := s.objects.Open(s.ctx, bucket, key, version)
	return body, s3Cause(err)
}

// List implements [run.Objects].
func (s storage) List(bucket, prefix, after string) (page []run.Object, more bool, err error) {
	out, err := s.objects.ListObjectsV2(s.ctx, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: some(prefix), StartAfter: some(after)})
	if err != nil {
		return nil, false, s3Cause(err)
	}
	for _, o := range out.Contents {
		page = append(page, run.Object{
			Key: value(o.Key), ETag: value(o.ETag), StorageClass: string(o.StorageClass), Size: value(o.Size), LastModified: value(o.LastModified),
		})
	}
	return page, value(out.IsTruncated), nil
}

// Put implements [run.Objects].
func (s storage) Put(bucket, key string, body []byte) error {
	_, err := s.objects.PutObject(s.ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader(body)})
	return s3Cause(err)
}

// s3Cause words an error of S3 as AWS's client for Java does, whose text becomes
// the cause of the execution's failure.
func s3Cause(err error) error {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return err
	}
	status := 400
	var answer *wire.Error
	if errors.As(err, &answer) {
		status = answer.Status
	}
	return fmt.Errorf("%s (Service: Amazon S3; Status Code: %d; Error Code: %s; Request ID: %s; Proxy: null)", api.ErrorMessage(), status, api.ErrorCode(), uuid.NewString())
}
