package function

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// counter is S3 that gives prepared answers, one after the other: the code of an
// error, or "" for success.
type counter struct {
	answers map[string][]string // by operation; success when they are used up
	calls   []string
	region  string // of a bucket that was asked for
	owners  []string
}

func (c *counter) answer(operation string) error {
	c.calls = append(c.calls, operation)
	left := c.answers[operation]
	if len(left) == 0 || left[0] == "" {
		c.answers[operation] = left[min(1, len(left)):]
		return nil
	}
	c.answers[operation] = left[1:]
	if left[0] == "BucketAlreadyOwnedByYou" {
		return &s3types.BucketAlreadyOwnedByYou{}
	}
	return &smithy.GenericAPIError{Code: left[0], Message: "no"}
}

func (c *counter) CreateBucket(_ context.Context, in *s3.CreateBucketInput, _ ...func(*s3.Options)) (*s3.CreateBucketOutput, error) {
	if in.CreateBucketConfiguration != nil {
		c.region = string(in.CreateBucketConfiguration.LocationConstraint)
	}
	return &s3.CreateBucketOutput{}, c.answer("create")
}

func (c *counter) HeadObject(_ context.Context, in *s3.HeadObjectInput, _ ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	c.owners = append(c.owners, *in.ExpectedBucketOwner)
	return &s3.HeadObjectOutput{}, c.answer("head")
}

func (c *counter) PutObject(_ context.Context, in *s3.PutObjectInput, _ ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	c.owners = append(c.owners, *in.ExpectedBucketOwner)
	return &s3.PutObjectOutput{}, c.answer("put")
}

// TestUpload: what stands in the way of a large package, and what does not.
func TestUpload(t *testing.T) {
	for name, row := range map[string]struct {
		region, bucket  string
		head, put, make []string
		want            string // the calls
		err             string
	}{
		"it is there":        {want: "head"},
		"it is not there":    {head: []string{"NotFound"}, want: "head put"},
		"it cannot be seen":  {head: []string{"Forbidden"}, want: "head put"},
		"nothing is allowed": {head: []string{"Forbidden"}, put: []string{"AccessDenied"}, want: "head put", err: "AccessDenied"},
		"elsewhere":          {head: []string{"MovedPermanently"}, want: "head", err: "MovedPermanently"},
		"no bucket":          {head: []string{"NotFound"}, put: []string{"NoSuchBucket"}, want: "head put create put"},
		"no bucket in the region without a name": {
			region: "us-east-1", head: []string{"NotFound"}, put: []string{"NoSuchBucket"}, want: "head put create put",
		},
		"another function makes the bucket": {
			head: []string{"NotFound"}, put: []string{"NoSuchBucket"}, make: []string{"OperationAborted", "BucketAlreadyOwnedByYou"}, want: "head put create create put",
		},
		"a bucket that is not seen at once": {
			head: []string{"NotFound"}, put: []string{"NoSuchBucket", "NoSuchBucket"}, want: "head put create put put",
		},
		"the name is taken":        {head: []string{"Forbidden"}, put: []string{"NoSuchBucket"}, make: []string{"BucketAlreadyExists"}, want: "head put create", err: "BucketAlreadyExists"},
		"a bucket that was named":  {bucket: "mine", head: []string{"NotFound"}, want: "head put"},
		"one that is not there":    {bucket: "mine", head: []string{"NotFound"}, put: []string{"NoSuchBucket"}, want: "head put", err: "bucket mine"},
		"what is refused outright": {head: []string{"NotFound"}, put: []string{"InvalidRequest"}, want: "head put", err: "InvalidRequest"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &counter{answers: map[string][]string{"head": row.head, "put": row.put, "create": row.make}}
				scope := tf.Scope{Region: "eu-north-1", Account: "123456789012"}
				if row.region != "" {
					scope.Region = row.region
				}
				at, err := upload(t.Context(), &Clients{S3: c, Artifacts: Artifacts{Bucket: row.bucket, Prefix: "p/"}}, scope, []byte("zip"), "AAEC")
				if (err == nil) != (row.err == "") || err != nil && !strings.Contains(err.Error(), row.err) {
					t.Errorf("got the error %v, want %q", err, row.err)
				}
				if got := strings.Join(c.calls, " "); got != row.want {
					t.Errorf("it called %q, want %q", got, row.want)
				}
				bucket := row.bucket
				if bucket == "" {
					bucket = "serverless-artifacts-123456789012-" + scope.Region
				}
				if *at.S3Bucket != bucket || *at.S3Key != "p/000102.zip" {
					t.Errorf("it is at %s %s", *at.S3Bucket, *at.S3Key)
				}
				if slices.ContainsFunc(c.owners, func(id string) bool { return id != scope.Account }) {
					t.Errorf("the owner of the bucket may be one of %v", c.owners)
				}
				if want := map[bool]string{false: "eu-north-1"}[row.region != ""]; slices.Contains(c.calls, "create") && c.region != want {
					t.Errorf("the bucket is made in %q, want %q", c.region, want)
				}
			})
		})
	}
}
