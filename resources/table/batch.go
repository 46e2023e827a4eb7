package table

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/dynamo"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// How many items DynamoDB takes in one call.
const (
	mostWritten = 25
	mostRead    = 100
)

// writeItems puts items and deletes keys, as many at a time as DynamoDB takes. What
// it leaves undone is asked for again, after pauses.
func writeItems(ctx context.Context, c *Clients, table string, put byKey, drop []string) error {
	var all []types.WriteRequest
	for _, key := range put.keys() {
		all = append(all, types.WriteRequest{PutRequest: &types.PutRequest{Item: Attributes(put[key])}})
	}
	for _, text := range drop {
		key, err := dynamo.ParseItem(text)
		if err != nil {
			return err
		}
		all = append(all, types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: Attributes(key)}})
	}
	for some := range slices.Chunk(all, mostWritten) {
		left := map[string][]types.WriteRequest{table: some}
		err := tf.Poll(ctx, "DynamoDB to write all items of "+table, func(ctx context.Context) (bool, error) {
			out, err := c.DynamoDB.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: left})
			if err != nil {
				return false, err
			}
			left = out.UnprocessedItems
			return len(left) == 0, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// fetch reads the items of these keys that there are.
func fetch(ctx context.Context, c *Clients, table string, keys []string) (byKey, error) {
	all := byKey{}
	for some := range slices.Chunk(keys, mostRead) {
		var names []string
		yes := true
		asked := types.KeysAndAttributes{ConsistentRead: &yes}
		for _, text := range some {
			key, err := dynamo.ParseItem(text)
			if err != nil {
				return nil, err
			}
			if names == nil {
				for name := range key {
					names = append(names, name)
				}
			}
			asked.Keys = append(asked.Keys, Attributes(key))
		}
		left := map[string]types.KeysAndAttributes{table: asked}
		err := tf.Poll(ctx, "DynamoDB to read all items of "+table, func(ctx context.Context) (bool, error) {
			out, err := c.DynamoDB.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: left})
			if err != nil {
				return false, err
			}
			for _, attributes := range out.Responses[table] {
				item, err := Item(attributes)
				if err != nil {
					return false, err
				}
				key := expr.Item{}
				for _, name := range names {
					key[name] = item[name]
				}
				all[dynamo.JSON(key)] = item
			}
			left = out.UnprocessedKeys
			return len(left) == 0, nil
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}
