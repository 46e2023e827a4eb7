package dynamodb

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

const (
	// maxBackups is how many backups ListBackups answers with.
	maxBackups = 100
	// systemLife is how long the backup of a deleted table is kept.
	systemLife = 35 * 24 * time.Hour
)

// A backup is a table as it was: its facts here, its items in the service's kept.
type backup struct {
	Details types.BackupDetails
	Table   table
}

func (b *backup) id() string {
	_, id, _ := strings.Cut(aws.ToString(b.Details.BackupArn), "/backup/")
	return id
}

// shelf is where backups of a type are: those that AWS makes itself count for
// nothing that anyone has deployed.
func (s *Service) shelf(kind types.BackupType) *store.Set[backup] {
	if kind == types.BackupTypeSystem {
		return s.archive
	}
	return s.backups
}

// backupKey is the store key of a backup; those of its items are behind it.
func backupKey(scope env.Scope, tableName, id string) string { return scope.Key(tableName, id, "") }

// backup finds a backup by its ARN, of which the region does not matter.
func (s *Service) backup(scope env.Scope, tx *store.Tx, arn *string) (string, backup, error) {
	parts := strings.SplitN(aws.ToString(arn), ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		return "", backup{}, invalid("Invalid Backup ARN")
	}
	name, id, ok := strings.Cut(strings.TrimPrefix(parts[5], "table/"), "/backup/")
	switch {
	case !strings.HasPrefix(parts[5], "table/") || !ok:
		return "", backup{}, invalid("Invalid Backup ARN")
	case parts[1] != env.Partition || parts[2] != "dynamodb":
		return "", backup{}, invalid("Invalid Request: BackupArn is not valid")
	}
	key := backupKey(scope, name, id)
	for _, kind := range []types.BackupType{types.BackupTypeUser, types.BackupTypeSystem} {
		if b, ok := s.shelf(kind).Get(tx, key); ok && !s.expired(b) {
			return key, b, nil
		}
	}
	return "", backup{}, &types.BackupNotFoundException{Message: aws.String("Backup not found: " + aws.ToString(arn))}
}

// expired reports whether a backup has come to its end.
func (s *Service) expired(b backup) bool {
	return b.Details.BackupExpiryDateTime != nil && !s.now().Before(*b.Details.BackupExpiryDateTime)
}

// backUp keeps a table as it is.
func (s *Service) backUp(tx *store.Tx, t *table, name string, kind types.BackupType) backup {
	now, random := s.now(), uuid.New()
	suffix := hex.EncodeToString(random[:4])
	b := backup{Table: *t}
	if kind == types.BackupTypeSystem {
		suffix = "00000000"
		b.Details.BackupExpiryDateTime = aws.Time(now.Add(systemLife))
	}
	id := fmt.Sprintf("%014d-%s", now.UnixMilli(), suffix)
	b.Details.BackupArn = aws.String(aws.ToString(t.Desc.TableArn) + "/backup/" + id)
	b.Details.BackupCreationDateTime = &now
	b.Details.BackupName = &name
	b.Details.BackupSizeBytes = t.Desc.TableSizeBytes
	b.Details.BackupStatus = types.BackupStatusAvailable
	b.Details.BackupType = kind
	key := backupKey(arnScope(aws.ToString(t.Desc.TableArn)), t.name(), id)
	prefix := s.prefix(t, "")
	for k, item := range s.items.Prefix(tx, prefix) {
		s.kept.Put(tx, key+k[len(prefix):], item)
	}
	s.shelf(kind).Put(tx, key, b)
	return b
}

// CreateBackup implements the operation of that name. Names need not be unique.
func (s *Service) CreateBackup(ctx context.Context, in *dynamodb.CreateBackupInput) (*dynamodb.CreateBackupOutput, error) {
	var b backup
	err := s.update(func(tx *store.Tx) error {
		t, ok := s.table(ctx, tx, in.TableName)
		if !ok || t.status(s.now()) == types.TableStatusCreating {
			return tableGone(in.TableName)
		}
		b = s.backUp(tx, &t, aws.ToString(in.BackupName), types.BackupTypeUser)
		return nil
	})
	if err != nil {
		return nil, err
	}
	b.Details.BackupStatus = types.BackupStatusCreating // in this answer only
	return &dynamodb.CreateBackupOutput{BackupDetails: &b.Details}, nil
}

// DescribeBackup implements the operation of that name.
func (s *Service) DescribeBackup(ctx context.Context, in *dynamodb.DescribeBackupInput) (*dynamodb.DescribeBackupOutput, error) {
	out := &dynamodb.DescribeBackupOutput{}
	return out, s.env.Store.View(func(tx *store.Tx) error {
		_, b, err := s.backup(env.ScopeOf(ctx), tx, in.BackupArn)
		out.BackupDescription = b.describe()
		return err
	})
}

// DeleteBackup implements the operation of that name.
func (s *Service) DeleteBackup(ctx context.Context, in *dynamodb.DeleteBackupInput) (*dynamodb.DeleteBackupOutput, error) {
	out := &dynamodb.DeleteBackupOutput{}
	return out, s.update(func(tx *store.Tx) error {
		key, b, err := s.backup(env.ScopeOf(ctx), tx, in.BackupArn)
		switch {
		case err != nil:
			return err
		case b.Details.BackupType == types.BackupTypeSystem:
			return invalid("Invalid Request: User is not allowed to delete the system backup with arn %s. It will automatically expire on %s",
				aws.ToString(b.Details.BackupArn), b.Details.BackupExpiryDateTime.Format(time.RFC3339))
		case s.restoring(tx, b.Details.BackupArn):
			return &types.BackupInUseException{Message: aws.String("Backup is being used to restore table: " + aws.ToString(b.Details.BackupArn))}
		}
		s.discard(tx, key, b)
		b.Details.BackupStatus = types.BackupStatusDeleted
		out.BackupDescription = b.describe()
		return nil
	})
}

func (s *Service) discard(tx *store.Tx, key string, b backup) {
	clearSet(tx, s.kept, key)
	s.shelf(b.Details.BackupType).Delete(tx, key)
}

// ListBackups implements the operation of that name: those that users made, unless
// another type is asked for, each table's in the order of their making.
func (s *Service) ListBackups(ctx context.Context, in *dynamodb.ListBackupsInput) (*dynamodb.ListBackupsOutput, error) {
	if lower, upper := in.TimeRangeLowerBound, in.TimeRangeUpperBound; lower != nil && upper != nil && lower.After(*upper) {
		return nil, parameter("Time range lower bound must be less than or equal to upper bound")
	}
	limit, scope := maxBackups, env.ScopeOf(ctx)
	if in.Limit != nil {
		limit = int(*in.Limit)
	}
	from := ""
	if in.ExclusiveStartBackupArn != nil {
		rest, ok := strings.CutPrefix(*in.ExclusiveStartBackupArn, scope.ARN("dynamodb", "table/"))
		name, id, cut := strings.Cut(rest, "/backup/")
		if !ok || !cut {
			return nil, invalid("Invalid Request: The supplied ExclusiveStartBackupArn does not match the region")
		}
		from = backupKey(scope, name, id)
	}
	prefix := scope.Key("")
	if in.TableName != nil {
		prefix = scope.Key(tableName(scope, in.TableName), "")
	}
	var found []backup
	err := s.env.Store.View(func(tx *store.Tx) error {
		for _, set := range []*store.Set[backup]{s.backups, s.archive} {
			for _, b := range set.Prefix(tx, prefix) {
				if !s.expired(b) && wants(in, &b.Details) {
					found = append(found, b)
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	place := func(b backup) string { return backupKey(scope, b.Table.name(), b.id()) }
	slices.SortFunc(found, func(a, b backup) int { return strings.Compare(place(a), place(b)) })
	out := &dynamodb.ListBackupsOutput{BackupSummaries: []types.BackupSummary{}}
	for _, b := range found {
		if place(b) <= from {
			continue
		}
		if len(out.BackupSummaries) == limit {
			out.LastEvaluatedBackupArn = out.BackupSummaries[limit-1].BackupArn
			break
		}
		d := b.Details
		out.BackupSummaries = append(out.BackupSummaries, types.BackupSummary{
			BackupArn: d.BackupArn, BackupCreationDateTime: d.BackupCreationDateTime, BackupExpiryDateTime: d.BackupExpiryDateTime,
			BackupName: d.BackupName, BackupSizeBytes: d.BackupSizeBytes, BackupStatus: d.BackupStatus, BackupType: d.BackupType,
			TableArn: b.Table.Desc.TableArn, TableId: b.Table.Desc.TableId, TableName: b.Table.Desc.TableName,
		})
	}
	return out, nil
}

// wants reports whether a backup is among those that are listed.
func wants(in *dynamodb.ListBackupsInput, d *types.BackupDetails) bool {
	switch kind := in.BackupType; {
	case kind == "" && d.BackupType != types.BackupTypeUser,
		kind != "" && kind != types.BackupTypeFilterAll && string(kind) != string(d.BackupType):
		return false
	case in.TimeRangeLowerBound != nil && d.BackupCreationDateTime.Before(*in.TimeRangeLowerBound):
		return false
	}
	return in.TimeRangeUpperBound == nil || d.BackupCreationDateTime.Before(*in.TimeRangeUpperBound)
}

// describe is a backup for output.
func (b *backup) describe() *types.BackupDescription {
	d, t := b.Table.Desc, &b.Table
	if d.TableName == nil {
		return nil
	}
	mode := types.BillingModeProvisioned
	if t.onDemand() {
		mode = types.BillingModePayPerRequest
	}
	features := &types.SourceTableFeatureDetails{SSEDescription: d.SSEDescription, StreamDescription: d.StreamSpecification}
	if t.TTL != "" {
		features.TimeToLiveDescription = &types.TimeToLiveDescription{AttributeName: &t.TTL, TimeToLiveStatus: types.TimeToLiveStatusEnabled}
	}
	for _, l := range d.LocalSecondaryIndexes {
		features.LocalSecondaryIndexes = append(features.LocalSecondaryIndexes, types.LocalSecondaryIndexInfo{
			IndexName: l.IndexName, KeySchema: l.KeySchema, Projection: l.Projection,
		})
	}
	for _, g := range d.GlobalSecondaryIndexes {
		features.GlobalSecondaryIndexes = append(features.GlobalSecondaryIndexes, types.GlobalSecondaryIndexInfo{
			IndexName: g.IndexName, KeySchema: g.KeySchema, Projection: g.Projection,
			OnDemandThroughput: g.OnDemandThroughput, ProvisionedThroughput: throughput(g.ProvisionedThroughput),
		})
	}
	if b.Details.BackupType == types.BackupTypeSystem {
		features = &types.SourceTableFeatureDetails{}
	}
	return &types.BackupDescription{
		BackupDetails: &b.Details,
		SourceTableDetails: &types.SourceTableDetails{
			BillingMode: mode, ItemCount: d.ItemCount, KeySchema: d.KeySchema, OnDemandThroughput: d.OnDemandThroughput,
			ProvisionedThroughput: throughput(d.ProvisionedThroughput), TableArn: d.TableArn, TableCreationDateTime: d.CreationDateTime,
			TableId: d.TableId, TableName: d.TableName, TableSizeBytes: d.TableSizeBytes,
		},
		SourceTableFeatureDetails: features,
	}
}

// throughput is the setting behind a description of provisioned throughput.
func throughput(d *types.ProvisionedThroughputDescription) *types.ProvisionedThroughput {
	if d == nil {
		return nil
	}
	return &types.ProvisionedThroughput{ReadCapacityUnits: d.ReadCapacityUnits, WriteCapacityUnits: d.WriteCapacityUnits}
}
