package function

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// Artifacts says where packages are put that are too large for a call.
type Artifacts struct {
	Bucket string // "" for one that is made when it is needed first
	Prefix string // of the keys
}

// bucket is the name of the bucket in the scope's region.
func (a Artifacts) bucket(scope tf.Scope) string {
	if a.Bucket != "" {
		return a.Bucket
	}
	return "serverless-artifacts-" + scope.Account + "-" + scope.Region
}

// upload puts a package into the bucket under its own hash, so that the same one is
// sent once, and returns where it is.
func upload(ctx context.Context, c *Clients, scope tf.Scope, zip []byte, sha string) (types.FunctionCode, error) {
	sum, err := base64.StdEncoding.DecodeString(sha)
	if err != nil {
		return types.FunctionCode{}, fmt.Errorf("reading the hash of the package: %w", err)
	}
	bucket, key := c.Artifacts.bucket(scope), c.Artifacts.Prefix+hex.EncodeToString(sum)+".zip"
	at := types.FunctionCode{S3Bucket: &bucket, S3Key: &key}
	// A bucket of that name may be somebody else's, who would get the code then.
	owner := aws.String(scope.Account)
	_, err = c.S3.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key, ExpectedBucketOwner: owner})
	if err == nil {
		return at, nil
	}
	// Who may not list the bucket hears Forbidden of what is not there.
	if !answers(err, "NotFound") && !answers(err, "Forbidden") {
		return at, stowed(bucket, err)
	}
	tf.Progress(ctx, "Sending the package, %d MB, to the bucket %s", len(zip)>>20, bucket)
	put := func(ctx context.Context) error {
		_, err := c.S3.PutObject(ctx, &s3.PutObjectInput{
			Bucket: &bucket, Key: &key, Body: bytes.NewReader(zip), ExpectedBucketOwner: owner, ContentType: aws.String("application/zip"), ChecksumSHA256: &sha,
		})
		return err
	}
	err = put(ctx)
	if answers(err, "NoSuchBucket") && c.Artifacts.Bucket == "" {
		if err := newBucket(ctx, c, scope, bucket); err != nil {
			return at, stowed(bucket, err)
		}
		err = tf.Retry(ctx, func(err error) bool { return answers(err, "NoSuchBucket") }, put) // it is not seen everywhere at once
	}
	return at, stowed(bucket, err)
}

// newBucket makes the bucket, private and encrypted as AWS makes all of them. Other
// functions of the same apply may make it at this moment, too.
func newBucket(ctx context.Context, c *Clients, scope tf.Scope, bucket string) error {
	in := &s3.CreateBucketInput{Bucket: &bucket}
	if region := scope.Region; region != "us-east-1" { // which alone must not be named
		in.CreateBucketConfiguration = &s3types.CreateBucketConfiguration{LocationConstraint: s3types.BucketLocationConstraint(region)}
	}
	err := tf.Retry(ctx, func(err error) bool { return answers(err, "OperationAborted") }, func(ctx context.Context) error {
		_, err := c.S3.CreateBucket(ctx, in)
		return err
	})
	if tf.Is[*s3types.BucketAlreadyOwnedByYou](err) {
		return nil
	}
	return err
}

// stowed says what to do if a package could not be put into the bucket.
func stowed(bucket string, err error) error {
	if err == nil {
		return nil
	}
	return &tf.Problem{
		Summary: "The package cannot be put into the bucket " + bucket,
		Detail: fmt.Sprintf("It has more than %d MB, which Lambda only takes from S3. Give the provider artifacts = { bucket = … }, the name of a bucket of this account in the function's region to which you may write. S3 says: %v",
			mostSent>>20, err),
	}
}

// answers reports whether AWS answered with that code.
func answers(err error, code string) bool {
	var e smithy.APIError
	return errors.As(err, &e) && e.ErrorCode() == code
}
