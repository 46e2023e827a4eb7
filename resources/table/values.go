package table

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/dynamo"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// Attributes is an item as the SDK has it.
func Attributes(item expr.Item) map[string]types.AttributeValue {
	out := map[string]types.AttributeValue{}
	for name, v := range item {
		out[name] = attribute(v)
	}
	return out
}

func attribute(v expr.Value) types.AttributeValue {
	switch v := v.(type) {
	case expr.String:
		return &types.AttributeValueMemberS{Value: string(v)}
	case expr.Number:
		return &types.AttributeValueMemberN{Value: v.String()}
	case expr.Binary:
		return &types.AttributeValueMemberB{Value: []byte(v)}
	case expr.Bool:
		return &types.AttributeValueMemberBOOL{Value: bool(v)}
	case expr.List:
		l := []types.AttributeValue{}
		for _, e := range v {
			l = append(l, attribute(e))
		}
		return &types.AttributeValueMemberL{Value: l}
	case expr.Map:
		return &types.AttributeValueMemberM{Value: Attributes(v)}
	case expr.StringSet:
		return &types.AttributeValueMemberSS{Value: slices.Clone(v)}
	case expr.NumberSet:
		all := []string{}
		for _, n := range v {
			all = append(all, n.String())
		}
		return &types.AttributeValueMemberNS{Value: all}
	case expr.BinarySet:
		all := [][]byte{}
		for _, b := range v {
			all = append(all, []byte(b))
		}
		return &types.AttributeValueMemberBS{Value: all}
	}
	return &types.AttributeValueMemberNULL{Value: true}
}

// Item is an item from the SDK's form.
func Item(attributes map[string]types.AttributeValue) (expr.Item, error) {
	out := expr.Item{}
	for name, a := range attributes {
		v, err := value(a)
		if err != nil {
			return nil, err
		}
		out[name] = v
	}
	return out, nil
}

func value(a types.AttributeValue) (expr.Value, error) {
	switch a := a.(type) {
	case *types.AttributeValueMemberS:
		return expr.String(a.Value), nil
	case *types.AttributeValueMemberN:
		return expr.ParseNumber(a.Value)
	case *types.AttributeValueMemberB:
		return expr.Binary(a.Value), nil
	case *types.AttributeValueMemberBOOL:
		return expr.Bool(a.Value), nil
	case *types.AttributeValueMemberL:
		l := expr.List{}
		for _, e := range a.Value {
			v, err := value(e)
			if err != nil {
				return nil, err
			}
			l = append(l, v)
		}
		return l, nil
	case *types.AttributeValueMemberM:
		return Item(a.Value)
	case *types.AttributeValueMemberSS:
		return expr.StringSet(slices.Sorted(slices.Values(a.Value))), nil
	case *types.AttributeValueMemberNS:
		var all expr.NumberSet
		for _, s := range a.Value {
			n, err := expr.ParseNumber(s)
			if err != nil {
				return nil, err
			}
			all = append(all, n)
		}
		return all, nil
	case *types.AttributeValueMemberBS:
		var all expr.BinarySet
		for _, b := range a.Value {
			all = append(all, string(b))
		}
		return all, nil
	}
	return expr.Null{}, nil
}

// keyNames are the attributes of a table's key, the partition key first.
func keyNames(ctx context.Context, c *Clients, table string) ([]string, error) {
	out, err := c.DynamoDB.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &table})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range out.Table.KeySchema {
		names = append(names, aws.ToString(e.AttributeName))
	}
	return names, nil
}

// keyOf is the part of an item that says which it is.
func keyOf(item expr.Item, names []string) (expr.Item, error) {
	key := expr.Item{}
	for _, name := range names {
		v, ok := item[name]
		if !ok {
			return nil, &tf.Problem{
				Summary: "The item lacks a key",
				Detail:  "The table's key has the attribute " + name + ", and this item has none: " + dynamo.JSON(item) + " Add it.",
			}
		}
		key[name] = v
	}
	return key, nil
}

// Get returns the item of a key, nil if there is none.
func Get(ctx context.Context, c *Clients, table string, key expr.Item) (expr.Item, error) {
	out, err := c.DynamoDB.GetItem(ctx, &dynamodb.GetItemInput{TableName: &table, Key: Attributes(key), ConsistentRead: aws.Bool(true)})
	if err != nil || out.Item == nil {
		return nil, err
	}
	return Item(out.Item)
}
