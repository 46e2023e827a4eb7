package dynamodb

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// UpdateItem implements the operation of that name.
func (s *Service) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
	key, e, err := readUpdate(in)
	if err != nil {
		return nil, detected(err)
	}
	out := &dynamodb.UpdateItemOutput{}
	return out, s.update(func(tx *store.Tx) error {
		t, old, err := s.target(ctx, tx, in.TableName, key)
		if err != nil {
			return err
		}
		if err := t.checkUpdate(e.update); err != nil {
			return err
		}
		if err := t.checkChanges(e.changes); err != nil {
			return err
		}
		if !e.holds(old) {
			return refused(old, in.ReturnValuesOnConditionCheckFailure)
		}
		item, err := t.updated(e.update, key, old)
		if err != nil {
			return err
		}
		u := usage{table: writeUnits(0)}
		if old != nil || item != nil {
			u = s.write(tx, &t, old, item)
		}
		out.Attributes = updateReturns(in.ReturnValues, e.update.Paths, old, item)
		out.ConsumedCapacity = consumed(in.ReturnConsumedCapacity, in.TableName, u)
		out.ItemCollectionMetrics = t.collection(in.ReturnItemCollectionMetrics, key)
		return s.charge(&t, u, writeSide)
	})
}

func readUpdate(in *dynamodb.UpdateItemInput) (key expr.Item, e expressions, err error) {
	l := legacy{updates: in.AttributeUpdates, expected: in.Expected, operator: in.ConditionalOperator}
	sources := []source{{expr.UpdateExpression, in.UpdateExpression}, {expr.ConditionExpression, in.ConditionExpression}}
	if err := l.check(sources...); err != nil {
		return nil, e, err
	}
	if key, err = itemOf(in.Key); err != nil {
		return nil, e, err
	}
	e, err = readRequest(l, in.ExpressionAttributeNames, in.ExpressionAttributeValues, sources...)
	return key, e, err
}

// checkUpdate checks that an update leaves the key alone.
func (t *table) checkUpdate(u expr.Update) error {
	key := t.key()
	for _, p := range u.Paths {
		if key.has(p[0].Name) {
			return parameter("Cannot update attribute %s. This attribute is part of the key", p[0].Name)
		}
	}
	return nil
}

// checkChanges checks the types of legacy updates of the keys of indexes.
func (t *table) checkChanges(changes []expr.Change) error {
	for _, x := range t.indexes() {
		for _, a := range x.attributes() {
			for _, c := range changes {
				if c.Attribute == a.name && c.Value != nil && c.Value.Type() != a.typ {
					return parameter("Type mismatch for Index Key %s Expected: %s Actual: %s IndexName: %s", a.name, a.typ, c.Value.Type(), x.index)
				}
			}
		}
	}
	return nil
}

// updated is what an update makes of an item, or of the key alone where there is
// none; nil when there is none and the update only takes away.
func (t *table) updated(u expr.Update, key, old expr.Item) (expr.Item, error) {
	if old == nil && u.Removes() {
		return nil, nil
	}
	item, err := u.Apply(firstItem(old, key))
	if err != nil {
		return nil, invalidErr(err)
	}
	for _, x := range t.indexes() {
		for _, a := range x.attributes() {
			v := item[a.name]
			if v == nil {
				continue
			}
			if v.Type() != a.typ {
				return nil, parameter("The update expression attempted to update the secondary index key to unsupported type")
			}
			if kind := empty(v); kind != "" {
				return nil, invalid("One or more parameter values are not valid. The update expression attempted to update a secondary index key to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty %s value.", kind)
			}
		}
		if err := x.checkEntry(item); err != nil {
			return nil, err
		}
	}
	if err := t.checkVectors(item); err != nil {
		return nil, err
	}
	if expr.ItemSize(item) > maxItem {
		return nil, invalid("Item size to update has exceeded the maximum allowed size")
	}
	return item, nil
}

// updateReturns is the Attributes of an update's answer; nil when there are none.
func updateReturns(want types.ReturnValue, paths []expr.Path, old, item expr.Item) map[string]types.AttributeValue {
	var part expr.Item
	switch want {
	case types.ReturnValueAllOld:
		part = old
	case types.ReturnValueAllNew:
		part = item
	case types.ReturnValueUpdatedOld:
		part = expr.Project(paths...).Of(old)
	case types.ReturnValueUpdatedNew:
		part = expr.Project(paths...).Of(item)
	}
	if len(part) == 0 {
		return nil
	}
	return attributesOf(part)
}
