package dynamodb

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

const (
	maxBatchGet   = 100
	maxBatchWrite = 25
	// maxResponse is how many bytes of items one BatchGetItem returns; the other
	// keys are answered as unprocessed.
	maxResponse = 16 << 20
)

// BatchGetItem implements the operation of that name.
func (s *Service) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error) {
	names := slices.Sorted(maps.Keys(in.RequestItems))
	count := 0
	read := map[string]expressions{}
	for _, name := range names {
		r := in.RequestItems[name]
		e, err := readRequest(legacy{attributes: r.AttributesToGet}, r.ExpressionAttributeNames, nil, source{expr.ProjectionExpression, r.ProjectionExpression})
		if err != nil {
			return nil, err
		}
		read[name] = e
		count += len(r.Keys)
	}
	if count > maxBatchGet {
		return nil, invalid("Too many items requested for the BatchGetItem call")
	}
	out := &dynamodb.BatchGetItemOutput{
		Responses:       map[string][]map[string]types.AttributeValue{},
		UnprocessedKeys: map[string]types.KeysAndAttributes{},
	}
	return out, s.env.Store.View(func(tx *store.Tx) error {
		size := 0
		for _, name := range names {
			u, err := s.batchGet(ctx, tx, name, in.RequestItems[name], read[name].projection, out, &size)
			if err != nil {
				return err
			}
			if c := consumed(in.ReturnConsumedCapacity, &name, u); c != nil {
				out.ConsumedCapacity = append(out.ConsumedCapacity, *c)
			}
		}
		return nil
	})
}

// batchGet adds the items of one table to a batch's answer, of which size bytes are
// full already.
func (s *Service) batchGet(ctx context.Context, tx *store.Tx, name string, r types.KeysAndAttributes, projection expr.Projection, out *dynamodb.BatchGetItemOutput, size *int) (usage, error) {
	t, err := s.usable(ctx, tx, &name)
	if err != nil {
		return usage{}, err
	}
	paths := make([]string, len(r.Keys))
	for i, k := range r.Keys {
		key, err := itemOf(k)
		if err != nil {
			return usage{}, err
		}
		if paths[i], err = t.keyed(key); err != nil {
			return usage{}, err
		}
	}
	if repeated(paths) {
		return usage{}, invalid("Provided list of item keys contains duplicates")
	}
	var u usage
	items := []map[string]types.AttributeValue{}
	for i, path := range paths {
		item, err := s.item(tx, &t, path)
		if err != nil {
			return u, err
		}
		one := usage{table: readUnits(expr.ItemSize(item), aws.ToBool(r.ConsistentRead))}
		denied := s.charge(&t, one, readSide)
		if denied != nil && i == 0 && len(out.Responses) == 0 {
			return u, denied // nothing at all can be read
		}
		if denied != nil || *size+expr.ItemSize(item) > maxResponse {
			rest := r
			rest.Keys = r.Keys[i:]
			out.UnprocessedKeys[name] = rest
			break
		}
		*size += expr.ItemSize(item)
		u.add(one)
		if item != nil {
			items = append(items, attributesOf(projection.Of(item)))
		}
	}
	out.Responses[name] = items
	return u, nil
}

// minimum is less than any request takes.
const minimum = 1e-9

// A batchWrite is one checked request of a batch: item is nil for a deletion.
type batchWrite struct {
	table table
	key   expr.Item
	item  expr.Item
}

// BatchWriteItem implements the operation of that name.
func (s *Service) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
	names := slices.Sorted(maps.Keys(in.RequestItems))
	count := 0
	for _, name := range names {
		if len(in.RequestItems[name]) == 0 {
			return nil, parameter("The batch write request list for a table cannot be null or empty: %s", name)
		}
		count += len(in.RequestItems[name])
	}
	if count > maxBatchWrite {
		return nil, invalid("Too many items requested for the BatchWriteItem call")
	}
	out := &dynamodb.BatchWriteItemOutput{UnprocessedItems: map[string][]types.WriteRequest{}}
	return out, s.update(func(tx *store.Tx) error {
		for _, name := range names {
			writes, err := s.batchWrites(ctx, tx, name, in.RequestItems[name])
			if err != nil {
				return err
			}
			var u usage
			for i, w := range writes {
				// What a write costs is known behind it, so one is let through
				// while anything is left of the capacity.
				if denied := s.charge(&w.table, usage{table: minimum}, writeSide); denied != nil {
					if i == 0 && name == names[0] {
						return denied // nothing at all can be written
					}
					out.UnprocessedItems[name] = in.RequestItems[name][i:]
					break
				}
				old, err := s.item(tx, &w.table, w.table.key().path(w.key))
				if err != nil {
					return err
				}
				one := usage{table: writeUnits(0)}
				if old != nil || w.item != nil {
					one = s.write(tx, &w.table, old, w.item)
				}
				u.add(one)
				_ = s.charge(&w.table, one, writeSide) // the next write sees it
				if m := w.table.collection(in.ReturnItemCollectionMetrics, w.key); m != nil {
					if out.ItemCollectionMetrics == nil {
						out.ItemCollectionMetrics = map[string][]types.ItemCollectionMetrics{}
					}
					out.ItemCollectionMetrics[name] = append(out.ItemCollectionMetrics[name], *m)
				}
			}
			if c := consumed(in.ReturnConsumedCapacity, &name, u); c != nil {
				out.ConsumedCapacity = append(out.ConsumedCapacity, *c)
			}
		}
		return nil
	})
}

// batchWrites checks all requests for one table before any is carried out.
func (s *Service) batchWrites(ctx context.Context, tx *store.Tx, name string, requests []types.WriteRequest) ([]batchWrite, error) {
	t, err := s.usable(ctx, tx, &name)
	if err != nil {
		return nil, err
	}
	writes := make([]batchWrite, len(requests))
	paths := make([]string, len(requests))
	for i, r := range requests {
		w := batchWrite{table: t}
		switch {
		case r.PutRequest != nil && r.DeleteRequest != nil:
			return nil, invalid("Supplied WriteRequest has more than one of PutRequest and DeleteRequest set, must contain exactly one")
		case r.PutRequest != nil:
			if w.item, err = itemOf(r.PutRequest.Item); err != nil {
				return nil, inOlder(err)
			}
			if err := t.checkBatched(w.item); err != nil {
				return nil, err
			}
			w.key = t.key().keyOf(w.item)
		case r.DeleteRequest != nil:
			if w.key, err = itemOf(r.DeleteRequest.Key); err != nil {
				return nil, inOlder(err)
			}
			if err := t.key().checkKey(w.key); err != nil {
				return nil, err
			}
		default:
			return nil, invalid("Supplied WriteRequest is empty, must contain exactly one of PutRequest and DeleteRequest")
		}
		writes[i], paths[i] = w, t.key().path(w.key)
	}
	if repeated(paths) {
		return nil, invalid("Provided list of item keys contains duplicates")
	}
	return writes, nil
}

// checkBatched is check with BatchWriteItem's text for a missing or wrong key,
// which is that of operations with a Key.
func (t *table) checkBatched(item expr.Item) error {
	for _, a := range t.key().attributes() {
		if v := item[a.name]; v == nil || v.Type() != a.typ {
			return invalid(mismatch)
		}
	}
	return t.check(item)
}
