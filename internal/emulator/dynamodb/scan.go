package dynamodb

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
)

// Scan implements the operation of that name.
func (s *Service) Scan(ctx context.Context, in *dynamodb.ScanInput) (*dynamodb.ScanOutput, error) {
	r := read{choice: in.Select, consistent: aws.ToBool(in.ConsistentRead), limit: aws.ToInt32(in.Limit)}
	if err := checkSegments(in); err != nil {
		return nil, err
	}
	var err error
	if r.start, err = startOf(in.ExclusiveStartKey); err != nil {
		return nil, inOlder(err)
	}
	l := legacy{attributes: in.AttributesToGet, filterName: "ScanFilter", filter: in.ScanFilter, operator: in.ConditionalOperator}
	r.expressions, err = readRequest(l, in.ExpressionAttributeNames, in.ExpressionAttributeValues,
		source{expr.ProjectionExpression, in.ProjectionExpression},
		source{expr.FilterExpression, in.FilterExpression})
	if err != nil {
		return nil, inOlder(err)
	}
	if err := checkSelect(in.Select, in.IndexName, in.ProjectionExpression, in.AttributesToGet); err != nil {
		return nil, err
	}
	p, err := s.search(ctx, &r, in.TableName, in.IndexName, func(prefix string) error {
		r.low, r.high = prefix, after(prefix)
		if in.Segment != nil {
			r.low, r.high = segment(prefix, *in.Segment, *in.TotalSegments)
			r.outside = fmt.Sprintf("The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. TotalSegments: %d Segment: %d", *in.TotalSegments, *in.Segment)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &dynamodb.ScanOutput{
		Items: p.items, Count: p.count, ScannedCount: p.scanned, LastEvaluatedKey: p.last,
		ConsumedCapacity: consumed(in.ReturnConsumedCapacity, in.TableName, p.usage),
	}, nil
}

func checkSegments(in *dynamodb.ScanInput) error {
	switch {
	case in.TotalSegments == nil && in.Segment == nil:
		return nil
	case in.Segment == nil:
		return invalid("The Segment parameter is required but was not present in the request when parameter TotalSegments is present")
	case in.TotalSegments == nil:
		return invalid("The TotalSegments parameter is required but was not present in the request when Segment parameter is present")
	case *in.Segment < 0 || *in.TotalSegments < 1 || *in.Segment >= *in.TotalSegments:
		return invalid("The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: %d is not less than TotalSegments: %d", *in.Segment, *in.TotalSegments)
	}
	return nil
}
