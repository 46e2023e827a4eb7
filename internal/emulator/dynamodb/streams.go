package dynamodb

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/schemas"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// Streams is Amazon DynamoDB Streams: the changes of the tables of one [Service].
type Streams struct{ service *Service }

// Streams returns the service of the tables' streams.
func (s *Service) Streams() *Streams { return &Streams{s} }

// Wire lists what the service serves.
func (x *Streams) Wire() wire.Service {
	return wire.Service{
		Name:     "dynamodb",
		Protocol: wire.AWSJSON10,
		Schema:   schemas.DynamoDBStreams_20120810,
		Operations: []wire.Operation{
			wire.Op(schemas.DescribeStream, x.DescribeStream),
			wire.Op(schemas.GetRecords, x.GetRecords),
			wire.Op(schemas.GetShardIterator, x.GetShardIterator),
			wire.Op(schemas.ListStreams, x.ListStreams),
		},
		Unions: []wire.Union{
			wire.UnionOf[streamtypes.AttributeValue](
				&streamtypes.AttributeValueMemberB{}, &streamtypes.AttributeValueMemberBOOL{}, &streamtypes.AttributeValueMemberBS{},
				&streamtypes.AttributeValueMemberL{}, &streamtypes.AttributeValueMemberM{}, &streamtypes.AttributeValueMemberN{},
				&streamtypes.AttributeValueMemberNS{}, &streamtypes.AttributeValueMemberNULL{}, &streamtypes.AttributeValueMemberS{},
				&streamtypes.AttributeValueMemberSS{}),
		},
	}
}

// maxStreams is how many streams ListStreams answers with.
const maxStreams = 100

// regionOf is the region in a store key of a scope.
func regionOf(key string) string { return strings.SplitN(key, "\x00", 3)[1] }

func (st *stream) arn(scope env.Scope) *string {
	return aws.String(scope.ARN("dynamodb", "table/"+st.Table+"/stream/"+st.Label))
}

// ListStreams implements the operation of that name.
func (x *Streams) ListStreams(ctx context.Context, in *dynamodbstreams.ListStreamsInput) (*dynamodbstreams.ListStreamsOutput, error) {
	s, scope := x.service, env.ScopeOf(ctx)
	limit := maxStreams
	if in.Limit != nil {
		limit = int(*in.Limit)
	}
	out := &dynamodbstreams.ListStreamsOutput{Streams: []streamtypes.Stream{}}
	return out, s.env.Store.View(func(tx *store.Tx) error {
		prefix := scope.Key("")
		if in.TableName != nil {
			prefix = scope.Key(tableName(scope, in.TableName), "")
		}
		from := prefix
		if in.ExclusiveStartStreamArn != nil {
			key, _, err := s.stream(tx, *in.ExclusiveStartStreamArn)
			if err != nil {
				return err
			}
			from = max(from, after(key))
		}
		for _, st := range between(tx, s.streams, from, after(prefix), false) {
			if s.past(st) {
				continue
			}
			if len(out.Streams) == limit {
				out.LastEvaluatedStreamArn = out.Streams[limit-1].StreamArn
				break
			}
			out.Streams = append(out.Streams, streamtypes.Stream{
				StreamArn: st.arn(scope), StreamLabel: aws.String(st.Label), TableName: aws.String(st.Table),
			})
		}
		return nil
	})
}

// DescribeStream implements the operation of that name. A stream has one shard, which
// has no children.
func (x *Streams) DescribeStream(_ context.Context, in *dynamodbstreams.DescribeStreamInput) (*dynamodbstreams.DescribeStreamOutput, error) {
	s, arn := x.service, aws.ToString(in.StreamArn)
	out := &dynamodbstreams.DescribeStreamOutput{}
	return out, s.env.Store.View(func(tx *store.Tx) error {
		_, st, err := s.stream(tx, arn)
		if err != nil {
			return err
		}
		d := &streamtypes.StreamDescription{
			CreationRequestDateTime: &st.Opened,
			Shards:                  []streamtypes.Shard{},
			StreamArn:               in.StreamArn,
			StreamLabel:             aws.String(st.Label),
			StreamStatus:            streamtypes.StreamStatusEnabled,
			StreamViewType:          streamtypes.StreamViewType(st.View),
			TableName:               aws.String(st.Table),
		}
		for _, k := range st.Keys {
			d.KeySchema = append(d.KeySchema, streamtypes.KeySchemaElement{AttributeName: k.AttributeName, KeyType: streamtypes.KeyType(k.KeyType)})
		}
		shard := streamtypes.Shard{
			ShardId:             aws.String(st.shard()),
			SequenceNumberRange: &streamtypes.SequenceNumberRange{StartingSequenceNumber: aws.String(sequence(st.First))},
		}
		if !st.Closed.IsZero() {
			d.StreamStatus = streamtypes.StreamStatusDisabled
			shard.SequenceNumberRange.EndingSequenceNumber = aws.String(sequence(st.Last))
		}
		children := false
		if f := in.ShardFilter; f != nil {
			children = f.Type == streamtypes.ShardFilterTypeChildShards
			if children && aws.ToString(f.ShardId) != st.shard() {
				return noShard(aws.ToString(f.ShardId), arn)
			}
		}
		begun := in.ExclusiveStartShardId != nil && *in.ExclusiveStartShardId >= st.shard()
		if !children && !begun && (in.Limit == nil || *in.Limit > 0) {
			d.Shards = append(d.Shards, shard)
		}
		out.StreamDescription = d
		return nil
	})
}

func noShard(shard, arn string) error {
	return &streamtypes.ResourceNotFoundException{Message: aws.String("Requested resource not found: Shard: " + shard + " in Stream: " + arn + " not found")}
}

// GetShardIterator implements the operation of that name.
func (x *Streams) GetShardIterator(_ context.Context, in *dynamodbstreams.GetShardIteratorInput) (*dynamodbstreams.GetShardIteratorOutput, error) {
	s, arn := x.service, aws.ToString(in.StreamArn)
	i := iterator{Made: s.now()}
	err := s.env.Store.View(func(tx *store.Tx) error {
		key, st, err := s.stream(tx, arn)
		if err != nil {
			return err
		}
		if aws.ToString(in.ShardId) != st.shard() {
			return noShard(aws.ToString(in.ShardId), arn)
		}
		i.At, err = s.place(tx, key, st, in)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &dynamodbstreams.GetShardIteratorOutput{ShardIterator: aws.String(i.text(arn))}, nil
}

// place is the number of the first record that an iterator of the kind asked for
// reads; 0 for the oldest one.
func (s *Service) place(tx *store.Tx, key string, st stream, in *dynamodbstreams.GetShardIteratorInput) (int64, error) {
	kind := in.ShardIteratorType
	wantsNumber := kind == streamtypes.ShardIteratorTypeAtSequenceNumber || kind == streamtypes.ShardIteratorTypeAfterSequenceNumber
	wantsTime := kind == streamtypes.ShardIteratorTypeAtTimestamp
	switch {
	case wantsNumber != (in.SequenceNumber != nil):
		return 0, invalid("SequenceNumber must be given with AT_SEQUENCE_NUMBER and AFTER_SEQUENCE_NUMBER, and not with %s", kind)
	case wantsTime != (in.Timestamp != nil):
		return 0, invalid("Timestamp must be given with AT_TIMESTAMP, and not with %s", kind)
	case wantsNumber:
		n, ok := numberOf(*in.SequenceNumber)
		if !ok || n < st.First || n > max(s.newest(tx, key, st)+1, st.Last) {
			return 0, invalid("Invalid SequenceNumber: %s is not in the range of the shard", *in.SequenceNumber)
		}
		if n <= st.Trimmed {
			return 0, trimmedError()
		}
		if r, ok := s.records.Get(tx, numbered(key, n)); ok && !r.At.After(s.now().Add(-streamLife)) {
			return 0, trimmedError()
		}
		if kind == streamtypes.ShardIteratorTypeAfterSequenceNumber {
			n++
		}
		return n, nil
	case wantsTime:
		for k, r := range s.records.Prefix(tx, key) {
			if !r.At.Before(*in.Timestamp) && r.At.After(s.now().Add(-streamLife)) {
				n, _ := numberOf(k[len(key):])
				return n, nil
			}
		}
		return s.newest(tx, key, st) + 1, nil
	case kind == streamtypes.ShardIteratorTypeLatest:
		return s.newest(tx, key, st) + 1, nil
	}
	return 0, nil
}

// GetRecords implements the operation of that name.
func (x *Streams) GetRecords(_ context.Context, in *dynamodbstreams.GetRecordsInput) (*dynamodbstreams.GetRecordsOutput, error) {
	s := x.service
	arn, i, err := readIterator(aws.ToString(in.ShardIterator))
	if err != nil {
		return nil, err
	}
	if s.now().Sub(i.Made) >= iteratorLife {
		return nil, &streamtypes.ExpiredIteratorException{Message: aws.String("The shard iterator has expired. Shard iterators are valid for 15 minutes")}
	}
	limit := maxRecords
	if in.Limit != nil {
		limit = int(*in.Limit)
	}
	var key string
	err = s.env.Store.View(func(tx *store.Tx) (err error) {
		key, _, err = s.stream(tx, arn)
		return err
	})
	if err != nil {
		return nil, err
	}
	b, err := x.read(key, i.At, limit)
	if err != nil {
		return nil, err
	}
	out := &dynamodbstreams.GetRecordsOutput{Records: b.records}
	if !b.ended {
		out.NextShardIterator = aws.String(iterator{At: b.next, Made: s.now()}.text(arn))
	}
	return out, nil
}
