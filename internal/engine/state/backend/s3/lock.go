package s3

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend"
)

// A state has up to two locks: the object KEY.tflock, and the item BUCKET/KEY of a
// table. The object is taken first.

func (o *object) lockKey() string  { return o.key + ".tflock" }
func (o *object) lockID() string   { return o.backend.config.Bucket + "/" + o.key }
func (o *object) digestID() string { return o.lockID() + "-md5" }

// acquire takes the locks, waiting for at most the timeout of opts.
func (o *object) acquire(ctx context.Context, opts backend.Options) error {
	h := backend.NewHolder(opts, o.lockID())
	raw, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("describing the lock: %w", err)
	}
	err = backend.Wait(ctx, opts.LockTimeout, func(ctx context.Context) error { return o.tryLock(ctx, raw) })
	if errors.Is(err, backend.ErrHeld) {
		locked := &backend.LockError{Path: o.where}
		if other, err := o.holder(ctx); err == nil && other != nil {
			locked.Holder = *other
		}
		return locked
	}
	if err != nil {
		return fmt.Errorf("locking %s: %w", o.where, err)
	}
	o.lock.holder, o.lock.raw = h, raw
	o.keepAlive()
	return nil
}

func (o *object) tryLock(ctx context.Context, raw []byte) error {
	c := o.backend.config
	if c.LockFile {
		if err := o.putLock(ctx, raw); err != nil {
			return err
		}
	}
	if c.Table == "" {
		return nil
	}
	_, err := o.backend.tables.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &c.Table, ConditionExpression: aws.String("attribute_not_exists(LockID)"),
		Item: map[string]types.AttributeValue{"LockID": text(o.lockID()), "Info": text(string(raw))},
	})
	if err == nil {
		return nil
	}
	if taken := (*types.ConditionalCheckFailedException)(nil); errors.As(err, &taken) {
		err = backend.ErrHeld
	}
	if c.LockFile {
		err = errors.Join(err, o.deleteLock(context.WithoutCancel(ctx))) // an interrupt must not leave it
	}
	return err
}

func (o *object) putLock(ctx context.Context, raw []byte) error {
	c := o.backend.config
	key := o.lockKey()
	in := &s3.PutObjectInput{
		Bucket: &c.Bucket, Key: &key, Body: bytes.NewReader(raw), ContentType: aws.String("application/json"),
		ACL: s3types.ObjectCannedACL(c.ACL), IfNoneMatch: aws.String("*"), Tagging: tagging(c.LockTags),
	}
	c.encrypt(in)
	out, err := o.backend.s3.PutObject(ctx, in)
	switch status(err) {
	case http.StatusPreconditionFailed, http.StatusConflict:
		return backend.ErrHeld
	}
	if err != nil {
		return explain(err)
	}
	o.lock.tag = aws.ToString(out.ETag)
	return nil
}

func (o *object) deleteLock(ctx context.Context) error {
	key := o.lockKey()
	if _, err := o.backend.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &o.backend.config.Bucket, Key: &key}); err != nil {
		return fmt.Errorf("removing the lock of %s: %w", o.where, explain(err))
	}
	return nil
}

// holder reads who holds the lock; nil if nobody does.
func (o *object) holder(ctx context.Context) (*backend.Holder, error) {
	byFile, err := o.fileHolder(ctx)
	if byFile != nil || err != nil {
		return byFile, err
	}
	return o.itemHolder(ctx)
}

func (o *object) fileHolder(ctx context.Context) (*backend.Holder, error) {
	c := o.backend.config
	if !c.LockFile {
		return nil, nil
	}
	key := o.lockKey()
	in := &s3.GetObjectInput{Bucket: &c.Bucket, Key: &key}
	in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = c.customerKey()
	out, err := o.backend.s3.GetObject(ctx, in)
	if status(err) == http.StatusNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the lock of %s: %w", o.where, explain(err))
	}
	defer out.Body.Close()
	raw, err := io.ReadAll(out.Body)
	if err != nil {
		return nil, fmt.Errorf("reading the lock of %s: %w", o.where, err)
	}
	return holderIn(raw, o.where)
}

func (o *object) itemHolder(ctx context.Context) (*backend.Holder, error) {
	info, err := o.item(ctx, o.lockID(), "Info")
	if info == "" || err != nil {
		return nil, err
	}
	return holderIn([]byte(info), o.where)
}

func holderIn(raw []byte, where string) (*backend.Holder, error) {
	h := &backend.Holder{}
	if err := json.Unmarshal(raw, h); err != nil {
		return nil, fmt.Errorf("reading the lock of %s: %w", where, err)
	}
	return h, nil
}

// item reads an attribute of an item of the table; "" if there is none, or no table.
func (o *object) item(ctx context.Context, id, attribute string) (string, error) {
	table := o.backend.config.Table
	if table == "" {
		return "", nil
	}
	out, err := o.backend.tables.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &table, ConsistentRead: aws.Bool(true), Key: map[string]types.AttributeValue{"LockID": text(id)},
	})
	if err != nil {
		return "", fmt.Errorf("reading the item %s of the table %s: %w", id, table, err)
	}
	if s, ok := out.Item[attribute].(*types.AttributeValueMemberS); ok {
		return s.Value, nil
	}
	return "", nil
}

// digest is the checksum of the state that was written last; "" if nobody keeps it.
func (o *object) digest(ctx context.Context) (string, error) {
	return o.item(ctx, o.digestID(), "Digest")
}

func (o *object) keepDigest(ctx context.Context, raw []byte) error {
	table := o.backend.config.Table
	if table == "" {
		return nil
	}
	_, err := o.backend.tables.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &table, Item: map[string]types.AttributeValue{"LockID": text(o.digestID()), "Digest": text(digestOf(raw))},
	})
	if err != nil {
		return fmt.Errorf("keeping the checksum of %s in the table %s: %w", o.where, table, err)
	}
	return nil
}

func (o *object) forgetDigest(ctx context.Context) error { return o.deleteItem(ctx, o.digestID()) }

func (o *object) deleteItem(ctx context.Context, id string) error {
	table := o.backend.config.Table
	if table == "" {
		return nil
	}
	_, err := o.backend.tables.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &table, Key: map[string]types.AttributeValue{"LockID": text(id)}})
	if err != nil {
		return fmt.Errorf("removing the item %s of the table %s: %w", id, table, err)
	}
	return nil
}

// Release implements [backend.Place].
func (o *object) Release(ctx context.Context) error {
	if o.lock.stop == nil {
		return nil
	}
	o.lock.stop()
	id := o.lock.holder.ID
	o.lock = held{}
	return o.unlock(ctx, id)
}

// unlock takes away the locks that have that id.
func (o *object) unlock(ctx context.Context, id string) error {
	byFile, err := o.fileHolder(ctx)
	if err != nil {
		return err
	}
	byItem, err := o.itemHolder(ctx)
	switch {
	case err != nil:
		return err
	case byFile == nil && byItem == nil:
		return fmt.Errorf("nobody holds the lock of %s", o.where)
	case byFile != nil && byFile.ID != id:
		return &backend.LockError{Path: o.where, Holder: *byFile}
	case byItem != nil && byItem.ID != id:
		return &backend.LockError{Path: o.where, Holder: *byItem}
	}
	var errs []error
	if byItem != nil {
		errs = append(errs, o.deleteItem(ctx, o.lockID()))
	}
	if byFile != nil {
		errs = append(errs, o.deleteLock(ctx))
	}
	return errors.Join(errs...)
}

// Holder implements [backend.Backend].
func (b *Backend) Holder(ctx context.Context, workspace string) (*backend.Holder, error) {
	return b.object(workspace).holder(ctx)
}

// Unlock implements [backend.Backend].
func (b *Backend) Unlock(ctx context.Context, workspace, id string) error {
	return b.object(workspace).unlock(ctx, id)
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
