package lambda

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
)

// Objects reads packages from S3.
type Objects interface {
	// Open returns the bytes of an object and their number. An empty version is the
	// newest one. Errors are S3's.
	Open(ctx context.Context, bucket, key, version string) (body io.ReadCloser, size int64, versionID string, err error)
}

// origin is where a request says that a package is.
type origin struct {
	zip                  []byte
	bucket, key, version *string
	mode                 types.S3ObjectStorageMode
}

// read returns the package. operation names the request, for the error about its size.
func (s *Service) read(ctx context.Context, operation string, in origin) ([]byte, error) {
	stored := aws.ToString(in.bucket) != "" || aws.ToString(in.key) != ""
	switch {
	case len(in.zip) > 0 && stored:
		return nil, invalid("Please do not provide other FunctionCode parameters when providing a ZipFile.")
	case len(in.zip) > 0:
		return in.zip, checkRequest(operation, in.zip)
	case !stored:
		return nil, invalid("Please provide a source for function code.")
	case aws.ToString(in.bucket) == "" || aws.ToString(in.key) == "":
		return nil, invalid("Please provide both S3Bucket and S3Key.")
	case in.mode == types.S3ObjectStorageModeReference:
		return nil, invalid("S3ObjectStorageMode REFERENCE is not emulated; COPY is")
	case s.Objects == nil:
		return nil, errors.New("packages in S3 need S3, which is not linked to Lambda")
	}
	body, size, _, err := s.Objects.Open(ctx, *in.bucket, *in.key, aws.ToString(in.version))
	if err != nil {
		var api smithy.APIError
		if errors.As(err, &api) {
			return nil, invalid("Error occurred while GetObject. S3 Error Code: %s. S3 Error Message: %s", api.ErrorCode(), api.ErrorMessage())
		}
		return nil, fmt.Errorf("reading a package from S3: %w", err)
	}
	defer func() { _ = body.Close() }()
	if size > maxUnzipped {
		return nil, errTooBig // a zip is hardly larger than what it holds
	}
	content, err := io.ReadAll(body)
	if err != nil {
		return nil, fmt.Errorf("reading a package from S3: %w", err)
	}
	return content, nil
}
