package dynamodb

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// DescribeTable implements the operation of that name.
func (s *Service) DescribeTable(ctx context.Context, in *dynamodb.DescribeTableInput) (*dynamodb.DescribeTableOutput, error) {
	t, err := s.find(ctx, in.TableName)
	if err == nil && s.now().Sub(t.Counted) >= countEvery {
		t, err = s.count(ctx, in.TableName)
	}
	if err != nil {
		return nil, err
	}
	return &dynamodb.DescribeTableOutput{Table: t.describe(s.now())}, nil
}

// countEvery is how often DynamoDB counts the items of a table and its indexes;
// what DescribeTable answers in between is as old as the last time.
const countEvery = 6 * time.Hour

// count counts a table's items and their bytes.
func (s *Service) count(ctx context.Context, name *string) (t table, err error) {
	err = s.update(func(tx *store.Tx) error {
		if t, err = s.known(ctx, tx, name); err != nil {
			return err
		}
		indexes, primary := t.indexes(), t.key()
		counts := make([]struct{ items, bytes int64 }, 1+len(indexes))
		t.Desc.VectorIndexes = slices.Clone(t.Desc.VectorIndexes)
		for i := range t.Desc.VectorIndexes {
			v := &t.Desc.VectorIndexes[i]
			v.ItemCount, v.IndexSizeBytes = aws.Int64(0), aws.Int64(0)
		}
		for _, b := range s.items.Prefix(tx, s.prefix(&t, "")) {
			item, err := decodeItem(b)
			if err != nil {
				return err
			}
			counts[0].items++
			counts[0].bytes += int64(expr.ItemSize(item))
			for _, v := range t.Desc.VectorIndexes {
				if indexed(v, item) != nil {
					*v.ItemCount++
					*v.IndexSizeBytes += int64(expr.ItemSize(t.projected(v, item)))
				}
			}
			for i, x := range indexes {
				if x.lists(item) {
					counts[1+i].items++
					counts[1+i].bytes += int64(expr.ItemSize(x.of(primary, item)))
				}
			}
		}
		t.Counted = s.now()
		t.Desc.ItemCount, t.Desc.TableSizeBytes = &counts[0].items, &counts[0].bytes
		t.Desc.LocalSecondaryIndexes = slices.Clone(t.Desc.LocalSecondaryIndexes)
		t.Desc.GlobalSecondaryIndexes = slices.Clone(t.Desc.GlobalSecondaryIndexes)
		local := len(t.Desc.LocalSecondaryIndexes)
		for i := range indexes {
			c := &counts[1+i]
			if i < local {
				d := &t.Desc.LocalSecondaryIndexes[i]
				d.ItemCount, d.IndexSizeBytes = &c.items, &c.bytes
			} else {
				d := &t.Desc.GlobalSecondaryIndexes[i-local]
				d.ItemCount, d.IndexSizeBytes = &c.items, &c.bytes
			}
		}
		s.put(ctx, tx, t)
		return nil
	})
	return t, err
}

// maxTables is how many names ListTables answers with.
const maxTables = 100

// ListTables implements the operation of that name.
func (s *Service) ListTables(ctx context.Context, in *dynamodb.ListTablesInput) (*dynamodb.ListTablesOutput, error) {
	limit := maxTables
	if in.Limit != nil {
		limit = int(*in.Limit)
	}
	scope := env.ScopeOf(ctx)
	out := &dynamodb.ListTablesOutput{TableNames: []string{}}
	return out, s.env.Store.View(func(tx *store.Tx) error {
		from := aws.ToString(in.ExclusiveStartTableName)
		for key, t := range s.tables.From(tx, scope.Key(from)) {
			if !strings.HasPrefix(key, scope.Key("")) {
				break
			}
			if _, ok := s.table(ctx, tx, t.Desc.TableName); !ok || t.name() == from {
				continue
			}
			if len(out.TableNames) == limit {
				out.LastEvaluatedTableName = aws.String(out.TableNames[limit-1])
				break
			}
			out.TableNames = append(out.TableNames, t.name())
		}
		return nil
	})
}

// DeleteTable implements the operation of that name. The items go at once; the
// table shows DELETING for the settling time.
func (s *Service) DeleteTable(ctx context.Context, in *dynamodb.DeleteTableInput) (*dynamodb.DeleteTableOutput, error) {
	var t table
	err := s.update(func(tx *store.Tx) (err error) {
		if t, err = s.atRest(ctx, tx, in.TableName); err != nil {
			return err
		}
		if aws.ToBool(t.Desc.DeletionProtectionEnabled) {
			return invalid("Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
		}
		if err := s.leaveGroup(tx, &t); err != nil {
			return err
		}
		t.Replicas = nil
		s.empty(tx, &t)
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
	if s.Settle > 0 {
		s.buryLater(&t)
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

// empty takes everything out of a table that is being deleted. One with point-in-time
// recovery leaves a backup.
func (s *Service) empty(tx *store.Tx, t *table) {
	if t.Recovery != nil {
		s.backUp(tx, t, t.name()+"$DeletedTableBackup", types.BackupTypeSystem)
	}
	s.clear(tx, t)
	s.leaveLog(tx, t)
}

// buryLater removes a table once it has shown DELETING for long enough.
func (s *Service) buryLater(gone *table) {
	ctx := env.WithScope(context.Background(), arnScope(aws.ToString(gone.Desc.TableArn)))
	s.env.Clock.AfterFunc(gone.Until.Sub(s.now()), func() {
		err := s.update(func(tx *store.Tx) error {
			t, ok := s.tables.Get(tx, env.ScopeOf(ctx).Key(gone.name()))
			if ok && aws.ToString(t.Desc.TableId) == aws.ToString(gone.Desc.TableId) {
				s.remove(ctx, tx, gone)
			}
			return nil
		})
		if err != nil {
			s.env.Log.Error("removing a deleted table", "table", gone.name(), "error", err)
		}
	})
}

// buryRest ends the deletions that an earlier process began.
func (s *Service) buryRest() error {
	return s.env.Store.View(func(tx *store.Tx) error {
		for _, t := range s.tables.From(tx, "") {
			if t.Passing == types.TableStatusDeleting {
				s.buryLater(&t)
			}
		}
		return nil
	})
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
