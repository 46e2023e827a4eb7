// Package s3 keeps states as objects of an S3 bucket, in the layout and under the
// locks of Terraform's backend of that name: a lock object written on condition
// that there is none, a DynamoDB item, or both. A state is written on condition
// that it is still the one that was read.
//
// It must not know providers or configuration.
package s3

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // the checksum that DynamoDB items hold
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend"
)

// A Backend keeps states in a bucket; make one with [New].
type Backend struct {
	config Config
	s3     *s3.Client
	tables *dynamodb.Client

	// Journals is the folder of the journals of this machine's runs.
	Journals string
	Codec    backend.Codec // nil: plain
}

var _ backend.Backend = &Backend{}

// key is the object of a workspace's state.
func (b *Backend) key(workspace string) string {
	if workspace == backend.DefaultWorkspace {
		return b.config.Key
	}
	return b.config.Prefix + "/" + workspace + "/" + b.config.Key
}

// Where implements [backend.Backend].
func (b *Backend) Where(workspace string) string {
	return "s3://" + b.config.Bucket + "/" + b.key(workspace)
}

func (b *Backend) object(workspace string) *object {
	return &object{backend: b, key: b.key(workspace), where: b.Where(workspace)}
}

func (b *Backend) journal(workspace string) string {
	sum := md5.Sum([]byte(b.Where(workspace))) //nolint:gosec // a short name
	return filepath.Join(b.Journals, hex.EncodeToString(sum[:8])+".journal")
}

// interval between snapshots; each is one more version of the object.
const interval = 20 * time.Second

// Open implements [backend.Backend].
func (b *Backend) Open(ctx context.Context, workspace string, o backend.Options) (*backend.Store, error) {
	o.Codec = b.Codec
	obj := b.object(workspace)
	if !o.NoLock {
		if err := obj.acquire(ctx, o); err != nil {
			return nil, err
		}
	}
	return backend.Open(ctx, obj, b.journal(workspace), interval, o)
}

// Read implements [backend.Backend].
func (b *Backend) Read(ctx context.Context, workspace string) (*state.File, error) {
	raw, err := b.object(workspace).Load(ctx)
	if err != nil {
		return nil, err
	}
	return backend.Peek(raw, b.journal(workspace), b.Where(workspace), b.Codec)
}

// Workspaces implements [backend.Backend].
func (b *Backend) Workspaces(ctx context.Context) ([]string, error) {
	prefix := b.config.Prefix + "/"
	names := []string{}
	pages := s3.NewListObjectsV2Paginator(b.s3, &s3.ListObjectsV2Input{Bucket: &b.config.Bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing the workspaces in the bucket %s: %w", b.config.Bucket, explain(err))
		}
		for _, o := range page.Contents {
			name, key, ok := strings.Cut(strings.TrimPrefix(*o.Key, prefix), "/")
			if ok && key == b.config.Key {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Insert(names, 0, backend.DefaultWorkspace), nil
}

// Create implements [backend.Backend]: it stores an empty state, by which the
// workspace is found.
func (b *Backend) Create(ctx context.Context, workspace string) error {
	codec := b.Codec
	if codec == nil {
		codec = backend.Plain{}
	}
	raw, err := codec.Encode(state.NewFile(""))
	if err != nil {
		return err
	}
	return b.object(workspace).Save(ctx, raw, nil)
}

// Delete implements [backend.Backend].
func (b *Backend) Delete(ctx context.Context, workspace string) error {
	o := b.object(workspace)
	if _, err := b.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.config.Bucket, Key: &o.key}); err != nil {
		return fmt.Errorf("removing %s: %w", o.where, explain(err))
	}
	return o.forgetDigest(ctx)
}

// object is the object of one workspace's state.
type object struct {
	backend    *Backend
	key, where string
	lock       held    // zero while no lock is held
	etag       *string // as last read or written; nil: there was none
}

// String implements [backend.Place].
func (o *object) String() string { return o.where }

const patience = 10 * time.Second // that an object and its checksum may differ

// Load implements [backend.Place].
func (o *object) Load(ctx context.Context) (raw []byte, err error) {
	err = backend.Wait(ctx, patience, func(ctx context.Context) error {
		if raw, err = o.get(ctx); err != nil {
			return err
		}
		want, err := o.digest(ctx)
		if err != nil || want == "" {
			return err
		}
		if got := digestOf(raw); got != want {
			return fmt.Errorf("%w: its checksum is %s, and the table %s says %s", errStale, got, o.backend.config.Table, want)
		}
		return nil
	})
	if errors.Is(err, errStale) {
		err = fmt.Errorf("the object %s is not the state that was written last%w. If it is known to be right, set the attribute Digest of the item LockID=%q to its checksum", o.where, strip(err), o.digestID())
	}
	return raw, err
}

// errStale has Load try again.
var errStale = fmt.Errorf("stale%w", backend.ErrHeld)

// strip hides that the error has others try again.
func strip(err error) error { return errors.New(strings.TrimPrefix(err.Error(), errStale.Error())) }

func (o *object) get(ctx context.Context) ([]byte, error) {
	c := o.backend.config
	in := &s3.GetObjectInput{Bucket: &c.Bucket, Key: &o.key}
	in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = c.customerKey()
	out, err := o.backend.s3.GetObject(ctx, in)
	if status(err) == http.StatusNotFound && code(err) != "NoSuchBucket" {
		o.etag = nil
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", o.where, explain(err))
	}
	defer out.Body.Close()
	raw, err := io.ReadAll(out.Body)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", o.where, err)
	}
	o.etag = out.ETag
	return raw, nil
}

// Save implements [backend.Place].
func (o *object) Save(ctx context.Context, raw, _ []byte) error {
	c := o.backend.config
	in := &s3.PutObjectInput{
		Bucket: &c.Bucket, Key: &o.key, Body: bytes.NewReader(raw), ContentType: aws.String("application/json"),
		ACL: types.ObjectCannedACL(c.ACL), Tagging: tagging(c.StateTags),
	}
	if in.IfMatch = o.etag; o.etag == nil {
		in.IfNoneMatch = aws.String("*")
	}
	c.encrypt(in)
	out, err := o.backend.s3.PutObject(ctx, in)
	if status(err) == http.StatusNotImplemented { // a server that knows no conditional writes
		in.IfMatch, in.IfNoneMatch, in.Body = nil, nil, bytes.NewReader(raw)
		out, err = o.backend.s3.PutObject(ctx, in)
	}
	switch {
	case status(err) == http.StatusPreconditionFailed:
		read := o.etag
		if now, reading := o.get(ctx); reading == nil && bytes.Equal(now, raw) {
			break // an attempt whose answer was lost
		}
		o.etag = read // a further attempt must not write over it either
		return fmt.Errorf("%s was changed by somebody else since it was read, in spite of the lock", o.where)
	case err != nil:
		return fmt.Errorf("writing %s: %w", o.where, explain(err))
	default:
		o.etag = out.ETag
	}
	return o.keepDigest(ctx, raw)
}

func digestOf(raw []byte) string {
	sum := md5.Sum(raw) //nolint:gosec // what the table's items hold
	return hex.EncodeToString(sum[:])
}

// status is the HTTP status of an AWS error, 0 for others.
func status(err error) int {
	var r *smithyhttp.ResponseError
	if errors.As(err, &r) {
		return r.HTTPStatusCode()
	}
	return 0
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// explain says what to do about an error of AWS's that people meet.
func explain(err error) error {
	switch code(err) {
	case "NoSuchBucket":
		return fmt.Errorf("the bucket does not exist; make it first, with versioning (%w)", err)
	case "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch":
		return fmt.Errorf("the credentials do not allow it (%w)", err)
	case "ExpiredToken", "ExpiredTokenException":
		return fmt.Errorf("the credentials have expired; get new ones and run the command again (%w)", err)
	}
	return err
}
