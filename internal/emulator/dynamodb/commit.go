package dynamodb

import (
	"bytes"
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// maxItem is the size in bytes that an item can have.
const maxItem = 400 << 10

// arnScope is the scope of an ARN that this package made.
func arnScope(arn string) env.Scope {
	parts := strings.SplitN(arn, ":", 6)
	return env.Scope{Region: parts[3], Account: parts[4]}
}

// item returns the item at a path of the table's key, or nil.
func (s *Service) item(tx *store.Tx, t *table, path string) (expr.Item, error) {
	b, ok := s.items.Get(tx, s.prefix(t, "")+path)
	if !ok {
		return nil, nil
	}
	return decodeItem(b)
}

// write makes new of the item old, either of which is nil where there is none; both
// have the same key. It is the only place where items change: the entries of the
// indexes and the stream's record follow within the transaction, which must be one
// of s.update. It returns what was written.
func (s *Service) write(tx *store.Tx, t *table, old, new expr.Item) usage {
	return s.writeAs(tx, t, old, new, false)
}

// writeAs is write, which says whether it deletes what has expired.
func (s *Service) writeAs(tx *store.Tx, t *table, old, new expr.Item, expired bool) usage {
	s.log(tx, t, old, new, expired)
	s.replicate(tx, t, old, new)
	return s.store(tx, t, old, new)
}

// store is write in this region alone, and without the stream.
func (s *Service) store(tx *store.Tx, t *table, old, new expr.Item) usage {
	primary := t.key()
	path := primary.path(firstItem(old, new))
	w := usage{table: writeUnits(max(expr.ItemSize(old), expr.ItemSize(new)))}
	for _, x := range t.indexes() {
		if n := s.list(tx, t, &x, primary, path, old, new); n > 0 {
			w.indexes = append(w.indexes, spent{x.index, x.global, n})
		}
	}
	s.remember(tx, t, path, old)
	key := s.prefix(t, "") + path
	if new == nil {
		if old != nil {
			s.items.Delete(tx, key)
		}
		return w
	}
	s.items.Put(tx, key, encodeItem(new))
	return w
}

// list brings one index in step with a change of an item and returns the write
// units that this takes: none when nothing that the index holds has changed.
func (s *Service) list(tx *store.Tx, t *table, x *index, primary keySchema, path string, old, new expr.Item) float64 {
	prefix := s.prefix(t, x.index)
	var was, is string
	var wasPart, isPart expr.Item
	if old != nil && x.lists(old) {
		was, wasPart = prefix+x.path(old)+path, x.of(primary, old)
	}
	if new != nil && x.lists(new) {
		is, isPart = prefix+x.path(new)+path, x.of(primary, new)
	}
	if was == is {
		if was == "" || bytes.Equal(encodeItem(wasPart), encodeItem(isPart)) {
			return 0
		}
		return writeUnits(max(expr.ItemSize(wasPart), expr.ItemSize(isPart)))
	}
	units := 0.0
	if was != "" {
		s.entries.Delete(tx, was)
		units += writeUnits(expr.ItemSize(wasPart))
	}
	if is != "" {
		s.entries.Put(tx, is, path)
		units += writeUnits(expr.ItemSize(isPart))
	}
	return units
}

func firstItem(a, b expr.Item) expr.Item {
	if a != nil {
		return a
	}
	return b
}

// check checks a whole item before it is written.
func (t *table) check(item expr.Item) error {
	if err := t.key().checkItem(item); err != nil {
		return err
	}
	for _, x := range t.indexes() {
		if err := x.checkEntry(item); err != nil {
			return err
		}
	}
	if err := t.checkVectors(item); err != nil {
		return err
	}
	if expr.ItemSize(item) > maxItem {
		return invalid("Item size has exceeded the maximum allowed size")
	}
	return nil
}

// clear deletes a table's items, what they were, and index entries.
func (s *Service) clear(tx *store.Tx, t *table) {
	clearSet(tx, s.history, s.prefix(t, ""))
	clearSet(tx, s.items, s.prefix(t, ""))
	for _, x := range t.indexes() {
		clearSet(tx, s.entries, s.prefix(t, x.index))
	}
}

func clearSet[T any](tx *store.Tx, set *store.Set[T], prefix string) {
	var keys []string
	for k := range set.Prefix(tx, prefix) {
		keys = append(keys, k)
	}
	for _, k := range keys {
		set.Delete(tx, k)
	}
}

// remove deletes the table itself.
func (s *Service) remove(ctx context.Context, tx *store.Tx, t *table) {
	s.tables.Delete(tx, env.ScopeOf(ctx).Key(t.name()))
}

// refused is the error for a condition that does not hold for the item.
func refused(item expr.Item, returns types.ReturnValuesOnConditionCheckFailure) error {
	e := &types.ConditionalCheckFailedException{Message: aws.String("The conditional request failed")}
	if returns == types.ReturnValuesOnConditionCheckFailureAllOld {
		e.Item = attributesOf(item)
	}
	return e
}
