package dynamodb

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// GetItem implements the operation of that name.
func (s *Service) GetItem(ctx context.Context, in *dynamodb.GetItemInput) (*dynamodb.GetItemOutput, error) {
	e, err := readRequest(legacy{attributes: in.AttributesToGet},
		in.ExpressionAttributeNames, nil, source{expr.ProjectionExpression, in.ProjectionExpression})
	if err != nil {
		return nil, err
	}
	key, err := itemOf(in.Key)
	if err != nil {
		return nil, err
	}
	out := &dynamodb.GetItemOutput{}
	return out, s.env.Store.View(func(tx *store.Tx) error {
		t, err := s.usable(ctx, tx, in.TableName)
		if err != nil {
			return err
		}
		path, err := t.keyed(key)
		if err != nil {
			return err
		}
		item, err := s.item(tx, &t, path)
		if err != nil {
			return err
		}
		if item != nil {
			out.Item = attributesOf(e.projection.Of(item))
		}
		units := readUnits(expr.ItemSize(item), aws.ToBool(in.ConsistentRead))
		u := usage{table: units}
		out.ConsumedCapacity = consumed(in.ReturnConsumedCapacity, in.TableName, u)
		return s.charge(&t, u, readSide)
	})
}

// PutItem implements the operation of that name.
func (s *Service) PutItem(ctx context.Context, in *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
	item, e, err := readPut(in)
	if err != nil {
		return nil, detected(err)
	}
	out := &dynamodb.PutItemOutput{}
	return out, s.update(func(tx *store.Tx) error {
		t, err := s.usable(ctx, tx, in.TableName)
		if err != nil {
			return err
		}
		if err := t.check(item); err != nil {
			return err
		}
		old, err := s.item(tx, &t, t.key().path(item))
		if err != nil {
			return err
		}
		if !e.holds(old) {
			return refused(old, in.ReturnValuesOnConditionCheckFailure)
		}
		w := s.write(tx, &t, old, item)
		if in.ReturnValues == types.ReturnValueAllOld {
			out.Attributes = attributesOf(old)
		}
		out.ConsumedCapacity = consumed(in.ReturnConsumedCapacity, in.TableName, w)
		out.ItemCollectionMetrics = t.collection(in.ReturnItemCollectionMetrics, item)
		return s.charge(&t, w, writeSide)
	})
}

func readPut(in *dynamodb.PutItemInput) (item expr.Item, e expressions, err error) {
	l := legacy{expected: in.Expected, operator: in.ConditionalOperator}
	condition := source{expr.ConditionExpression, in.ConditionExpression}
	if err := l.check(condition); err != nil {
		return nil, e, err
	}
	if item, err = itemOf(in.Item); err != nil {
		return nil, e, err
	}
	if err := checkReturns(in.ReturnValues); err != nil {
		return nil, e, err
	}
	e, err = readRequest(l, in.ExpressionAttributeNames, in.ExpressionAttributeValues, condition)
	return item, e, err
}

// DeleteItem implements the operation of that name.
func (s *Service) DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput) (*dynamodb.DeleteItemOutput, error) {
	key, e, err := readDelete(in)
	if err != nil {
		return nil, detected(err)
	}
	out := &dynamodb.DeleteItemOutput{}
	return out, s.update(func(tx *store.Tx) error {
		t, old, err := s.target(ctx, tx, in.TableName, key)
		if err != nil {
			return err
		}
		if !e.holds(old) {
			return refused(old, in.ReturnValuesOnConditionCheckFailure)
		}
		u := usage{table: writeUnits(0)}
		if old != nil {
			u = s.write(tx, &t, old, nil)
		}
		if in.ReturnValues == types.ReturnValueAllOld {
			out.Attributes = attributesOf(old)
		}
		out.ConsumedCapacity = consumed(in.ReturnConsumedCapacity, in.TableName, u)
		out.ItemCollectionMetrics = t.collection(in.ReturnItemCollectionMetrics, key)
		return s.charge(&t, u, writeSide)
	})
}

func readDelete(in *dynamodb.DeleteItemInput) (key expr.Item, e expressions, err error) {
	l := legacy{expected: in.Expected, operator: in.ConditionalOperator}
	condition := source{expr.ConditionExpression, in.ConditionExpression}
	if err := l.check(condition); err != nil {
		return nil, e, err
	}
	if key, err = itemOf(in.Key); err != nil {
		return nil, e, err
	}
	if err := checkReturns(in.ReturnValues); err != nil {
		return nil, e, err
	}
	e, err = readRequest(l, in.ExpressionAttributeNames, in.ExpressionAttributeValues, condition)
	return key, e, err
}

// target returns a table and its item of that key, or nil.
func (s *Service) target(ctx context.Context, tx *store.Tx, name *string, key expr.Item) (table, expr.Item, error) {
	t, err := s.usable(ctx, tx, name)
	if err != nil {
		return t, nil, err
	}
	path, err := t.keyed(key)
	if err != nil {
		return t, nil, err
	}
	item, err := s.item(tx, &t, path)
	return t, item, err
}
