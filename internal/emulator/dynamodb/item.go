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
	e, err := readExpressions(in.ExpressionAttributeNames, nil, source{expr.ProjectionExpression, in.ProjectionExpression})
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
		out.ConsumedCapacity = consumed(in.ReturnConsumedCapacity, in.TableName, written{table: units})
		return nil
	})
}

// PutItem implements the operation of that name.
func (s *Service) PutItem(ctx context.Context, in *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
	item, err := itemOf(in.Item)
	if err != nil {
		return nil, err
	}
	if expr.ItemSize(item) > maxItem {
		return nil, invalid("Item size has exceeded the maximum allowed size")
	}
	if err := checkReturns(in.ReturnValues); err != nil {
		return nil, err
	}
	e, err := readExpressions(in.ExpressionAttributeNames, in.ExpressionAttributeValues,
		source{expr.ConditionExpression, in.ConditionExpression})
	if err != nil {
		return nil, err
	}
	out := &dynamodb.PutItemOutput{}
	return out, s.env.Store.Update(func(tx *store.Tx) error {
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
		return nil
	})
}
