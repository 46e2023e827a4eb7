package dynamodb

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// DescribeTable implements the operation of that name.
func (s *Service) DescribeTable(ctx context.Context, in *dynamodb.DescribeTableInput) (*dynamodb.DescribeTableOutput, error) {
	var t table
	err := s.env.Store.View(func(tx *store.Tx) (err error) {
		t, err = s.known(ctx, tx, in.TableName)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &dynamodb.DescribeTableOutput{Table: t.describe(s.now())}, nil
}

// DeleteTable implements the operation of that name. The items go at once; the
// table shows DELETING for the settling time.
func (s *Service) DeleteTable(ctx context.Context, in *dynamodb.DeleteTableInput) (*dynamodb.DeleteTableOutput, error) {
	var t table
	err := s.env.Store.Update(func(tx *store.Tx) (err error) {
		if t, err = s.atRest(ctx, tx, in.TableName); err != nil {
			return err
		}
		if aws.ToBool(t.Desc.DeletionProtectionEnabled) {
			return invalid("Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
		}
		s.clear(tx, &t)
		s.begin(&t, types.TableStatusDeleting)
		if s.Settle == 0 {
			s.remove(ctx, tx, &t)
		} else {
			s.put(ctx, tx, t)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	d := t.Desc
	return &dynamodb.DeleteTableOutput{TableDescription: &types.TableDescription{
		BillingModeSummary:        d.BillingModeSummary,
		DeletionProtectionEnabled: d.DeletionProtectionEnabled,
		ItemCount:                 d.ItemCount,
		ProvisionedThroughput:     d.ProvisionedThroughput,
		TableArn:                  d.TableArn,
		TableId:                   d.TableId,
		TableName:                 d.TableName,
		TableSizeBytes:            d.TableSizeBytes,
		TableStatus:               types.TableStatusDeleting,
	}}, nil
}

// atRest is known for changes, which a table in a passing state refuses.
func (s *Service) atRest(ctx context.Context, tx *store.Tx, nameOrARN *string) (table, error) {
	t, err := s.known(ctx, tx, nameOrARN)
	if err != nil {
		return t, err
	}
	const busy = "Attempt to change a resource which is still in use: Table is being %s: %s"
	switch t.status(s.now()) {
	case types.TableStatusCreating:
		return t, inUse(busy, "created", t.name())
	case types.TableStatusUpdating:
		return t, inUse(busy, "updated", t.name())
	case types.TableStatusDeleting:
		return t, inUse(busy, "deleted", t.name())
	}
	return t, nil
}

// countEvery is how often DynamoDB counts a table's items.
const countEvery = 6 * time.Hour
