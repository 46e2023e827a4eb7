package s3

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend"
)

// beats is how often a lock says that its holder is still there.
const beats = time.Minute

// held is a lock that this process holds.
type held struct {
	holder backend.Holder
	raw    []byte // as it is stored
	tag    string // the ETag of the lock object
	stop   func() // ends the heartbeat, and waits for it
}

// keepAlive says in the lock that its holder is still there, until it is stopped.
func (o *object) keepAlive() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	o.lock.stop = func() {
		cancel()
		<-done
	}
	go func() {
		defer close(done)
		every := time.NewTicker(beats)
		defer every.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case now := <-every.C:
				if !o.beat(ctx, now) {
					return
				}
			}
		}
	}()
}

// beat writes the time into the lock, on condition that it is still the one that was
// written. Else somebody has taken it away: then writing the state, which has a
// condition of its own, tells.
func (o *object) beat(ctx context.Context, now time.Time) bool {
	h := o.lock.holder.HeardOf(now)
	raw, err := json.Marshal(h)
	if err != nil {
		return false
	}
	c := o.backend.config
	if c.LockFile {
		key := o.lockKey()
		in := &s3.PutObjectInput{
			Bucket: &c.Bucket, Key: &key, Body: bytes.NewReader(raw), ContentType: aws.String("application/json"),
			ACL: s3types.ObjectCannedACL(c.ACL), IfMatch: &o.lock.tag, Tagging: tagging(c.LockTags),
		}
		c.encrypt(in)
		out, err := o.backend.s3.PutObject(ctx, in)
		if err != nil {
			return passing(err)
		}
		o.lock.tag = aws.ToString(out.ETag)
	}
	if c.Table != "" {
		_, err := o.backend.tables.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: &c.Table, ConditionExpression: aws.String("Info = :old"),
			ExpressionAttributeValues: map[string]types.AttributeValue{":old": text(string(o.lock.raw))},
			Item:                      map[string]types.AttributeValue{"LockID": text(o.lockID()), "Info": text(string(raw))},
		})
		if err != nil {
			return passing(err)
		}
	}
	o.lock.holder, o.lock.raw = h, raw
	return true
}

// passing tells an error after which the next request may get through.
func passing(err error) bool { return status(err) == 0 || status(err) >= 500 }
