package dynamodb

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

const (
	// iteratorLife is how long a shard iterator can be used.
	iteratorLife = 15 * time.Minute
	// maxRecords and maxRecordBytes are what one GetRecords answers with.
	maxRecords     = 1000
	maxRecordBytes = 1 << 20
)

// An iterator is a place in a stream's shard, as clients hold it.
type iterator struct {
	At   int64 // the number of the next record; 0 for the oldest one
	Made time.Time
}

// text is the iterator as clients see it.
func (i iterator) text(arn string) string {
	b, err := json.Marshal(i)
	if err != nil {
		panic("dynamodb: an iterator is a number and a time: " + err.Error())
	}
	return arn + "|1|" + base64.StdEncoding.EncodeToString(b)
}

// readIterator is the inverse of text.
func readIterator(text string) (arn string, i iterator, err error) {
	arn, rest, ok := strings.Cut(text, "|1|")
	b, err := base64.StdEncoding.DecodeString(rest)
	if !ok || err != nil || json.Unmarshal(b, &i) != nil {
		return "", i, invalid("Invalid ShardIterator")
	}
	return arn, i, nil
}

// noStream is the error for a stream that is not there.
func noStream(arn string) error {
	return &streamtypes.ResourceNotFoundException{Message: aws.String("Requested resource not found: Stream: " + arn + " not found")}
}

// stream finds a stream by its ARN, and the store key of it.
func (s *Service) stream(tx *store.Tx, arn string) (key string, st stream, err error) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" || parts[2] != "dynamodb" {
		return "", st, invalid("Invalid StreamArn")
	}
	name, label, ok := strings.Cut(strings.TrimPrefix(parts[5], "table/"), "/stream/")
	if !ok || !strings.HasPrefix(parts[5], "table/") {
		return "", st, invalid("Invalid StreamArn")
	}
	key = arnScope(arn).Key(name, label, "")
	st, ok = s.streams.Get(tx, key)
	if !ok || s.past(st) {
		return "", st, noStream(arn)
	}
	return key, st, nil
}

// past reports whether a closed stream can no longer be seen.
func (s *Service) past(st stream) bool {
	return !st.Closed.IsZero() && s.now().Sub(st.Closed) >= streamLife
}

// shard is the name of the stream's only shard.
func (st *stream) shard() string {
	sum := md5.Sum([]byte(st.Table + "/" + st.Label))
	return "shardId-" + sequence(st.Opened.UnixMilli())[1:] + "-" + hex.EncodeToString(sum[:4])
}

// A batch is what one reading of a stream has found.
type batch struct {
	records []streamtypes.Record
	next    int64 // where the next reading begins
	ended   bool  // nothing will follow
}

// read reads up to limit records from the number at; 0 stands for the oldest one.
func (x *Streams) read(key string, at int64, limit int) (batch, error) {
	s := x.service
	b := batch{records: []streamtypes.Record{}, next: at}
	return b, s.env.Store.View(func(tx *store.Tx) error {
		st, ok := s.streams.Get(tx, key)
		if !ok || s.past(st) {
			b.ended = true
			return nil
		}
		trimmed := at != 0 && at <= st.Trimmed
		oldest, size, full := s.now().Add(-streamLife), int64(0), false
		for k, r := range between(tx, s.records, numbered(key, at), after(key), false) {
			if !r.At.After(oldest) {
				trimmed = trimmed || at != 0
				continue
			}
			if full = len(b.records) == limit || len(b.records) > 0 && size+r.Size > maxRecordBytes; full {
				break
			}
			out, err := s.recordOf(key, k[len(key):], st, r)
			if err != nil {
				return err
			}
			n, _ := numberOf(k[len(key):])
			b.records, b.next, size = append(b.records, out), n+1, size+r.Size
		}
		if trimmed {
			return trimmedError()
		}
		b.ended = !full && !st.Closed.IsZero()
		return nil
	})
}

func trimmedError() error {
	return &streamtypes.TrimmedDataAccessException{Message: aws.String("The operation attempted to read past the oldest stream record in a shard.")}
}

// recordOf is a record for output.
func (s *Service) recordOf(key, sequence string, st stream, r record) (streamtypes.Record, error) {
	id := md5.Sum([]byte(key + sequence))
	created := r.At.Truncate(time.Second)
	d := &streamtypes.StreamRecord{
		ApproximateCreationDateTime: &created,
		SequenceNumber:              aws.String(sequence),
		SizeBytes:                   aws.Int64(r.Size),
		StreamViewType:              streamtypes.StreamViewType(st.View),
	}
	for _, part := range []struct {
		from []byte
		into *map[string]streamtypes.AttributeValue
	}{{r.Keys, &d.Keys}, {r.Old, &d.OldImage}, {r.New, &d.NewImage}} {
		if part.from == nil {
			continue
		}
		item, err := decodeItem(part.from)
		if err != nil {
			return streamtypes.Record{}, err
		}
		*part.into = imageOf(item)
	}
	out := streamtypes.Record{
		AwsRegion:    aws.String(regionOf(key)),
		Dynamodb:     d,
		EventID:      aws.String(hex.EncodeToString(id[:])),
		EventName:    streamtypes.OperationType(r.Event),
		EventSource:  aws.String("aws:dynamodb"),
		EventVersion: aws.String("1.1"),
	}
	if r.Expired {
		out.UserIdentity = &streamtypes.Identity{PrincipalId: aws.String("dynamodb.amazonaws.com"), Type: aws.String("Service")}
	}
	return out, nil
}

// imageOf is attributesOf with the types of the streams' client.
func imageOf(item expr.Item) map[string]streamtypes.AttributeValue {
	image := make(map[string]streamtypes.AttributeValue, len(item))
	for name, v := range item {
		image[name] = imageValue(attributeOf(v))
	}
	return image
}

func imageValue(v types.AttributeValue) streamtypes.AttributeValue {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return &streamtypes.AttributeValueMemberS{Value: v.Value}
	case *types.AttributeValueMemberN:
		return &streamtypes.AttributeValueMemberN{Value: v.Value}
	case *types.AttributeValueMemberB:
		return &streamtypes.AttributeValueMemberB{Value: v.Value}
	case *types.AttributeValueMemberBOOL:
		return &streamtypes.AttributeValueMemberBOOL{Value: v.Value}
	case *types.AttributeValueMemberSS:
		return &streamtypes.AttributeValueMemberSS{Value: v.Value}
	case *types.AttributeValueMemberNS:
		return &streamtypes.AttributeValueMemberNS{Value: v.Value}
	case *types.AttributeValueMemberBS:
		return &streamtypes.AttributeValueMemberBS{Value: v.Value}
	case *types.AttributeValueMemberL:
		list := make([]streamtypes.AttributeValue, len(v.Value))
		for i, e := range v.Value {
			list[i] = imageValue(e)
		}
		return &streamtypes.AttributeValueMemberL{Value: list}
	case *types.AttributeValueMemberM:
		m := make(map[string]streamtypes.AttributeValue, len(v.Value))
		for name, e := range v.Value {
			m[name] = imageValue(e)
		}
		return &streamtypes.AttributeValueMemberM{Value: m}
	}
	return &streamtypes.AttributeValueMemberNULL{Value: true}
}
