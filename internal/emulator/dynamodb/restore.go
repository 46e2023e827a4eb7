package dynamodb

import (
	"context"
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

// overrides are what a restore changes of the table that it makes.
type overrides struct {
	billing     types.BillingMode
	onDemand    *types.OnDemandThroughput
	provisioned *types.ProvisionedThroughput
	encryption  *types.SSESpecification
	global      []types.GlobalSecondaryIndex // nil: those of the source
	local       []types.LocalSecondaryIndex
}

// RestoreTableFromBackup implements the operation of that name.
func (s *Service) RestoreTableFromBackup(ctx context.Context, in *dynamodb.RestoreTableFromBackupInput) (*dynamodb.RestoreTableFromBackupOutput, error) {
	o := overrides{
		billing: in.BillingModeOverride, onDemand: in.OnDemandThroughputOverride, provisioned: in.ProvisionedThroughputOverride,
		encryption: in.SSESpecificationOverride, global: in.GlobalSecondaryIndexOverride, local: in.LocalSecondaryIndexOverride,
	}
	out := &dynamodb.RestoreTableFromBackupOutput{}
	return out, s.update(func(tx *store.Tx) error {
		scope := env.ScopeOf(ctx)
		from := scope
		if parts := strings.SplitN(aws.ToString(in.BackupArn), ":", 6); len(parts) == 6 {
			from.Region = parts[3] // backups can be restored in other regions
		}
		key, b, err := s.backup(from, tx, in.BackupArn)
		if err != nil {
			return err
		}
		if from != scope && o.encryption == nil {
			return invalid("Invalid Request: sseSpecificationOverride must be provided for cross-region restores")
		}
		if err := s.vacant(ctx, tx, in.TargetTableName); err != nil {
			return err
		}
		if s.restoring(tx, b.Details.BackupArn) {
			return &types.BackupInUseException{Message: aws.String("Backup is being used to restore another table: " + aws.ToString(b.Details.BackupArn))}
		}
		summary := &types.RestoreSummary{
			RestoreDateTime: b.Details.BackupCreationDateTime, SourceBackupArn: b.Details.BackupArn, SourceTableArn: b.Table.Desc.TableArn,
		}
		items := map[string][]byte{}
		for k, item := range s.kept.Prefix(tx, key) {
			items[k[len(key):]] = item
		}
		out.TableDescription, err = s.restore(ctx, tx, &b.Table, in.TargetTableName, &o, summary, items)
		return err
	})
}

// RestoreTableToPointInTime implements the operation of that name.
func (s *Service) RestoreTableToPointInTime(ctx context.Context, in *dynamodb.RestoreTableToPointInTimeInput) (*dynamodb.RestoreTableToPointInTimeOutput, error) {
	latest := aws.ToBool(in.UseLatestRestorableTime)
	switch {
	case in.SourceTableArn != nil && in.SourceTableName != nil:
		return nil, invalid("Must provide exactly one of: sourceTableArn, sourceTableName")
	case in.SourceTableArn == nil && in.SourceTableName == nil:
		return nil, invalid("The parameter 'TableName' is required but was not present in the request")
	case latest && in.RestoreDateTime != nil:
		return nil, invalid("Invalid Request: Both RestoreDateTime and UseLatestRestorableTime cannot be set for point-in-time restore request. Please specify either one.")
	case !latest && in.RestoreDateTime == nil:
		return nil, invalid("Invalid Request: Either one of RestoreDateTime or UseLatestRestorableTime must be specified, but not both")
	}
	o := overrides{
		billing: in.BillingModeOverride, onDemand: in.OnDemandThroughputOverride, provisioned: in.ProvisionedThroughputOverride,
		encryption: in.SSESpecificationOverride, global: in.GlobalSecondaryIndexOverride, local: in.LocalSecondaryIndexOverride,
	}
	out := &dynamodb.RestoreTableToPointInTimeOutput{}
	return out, s.update(func(tx *store.Tx) error {
		source, err := s.recoverable(ctx, tx, in)
		if err != nil {
			return err
		}
		if arnScope(aws.ToString(source.Desc.TableArn)) != env.ScopeOf(ctx) && o.encryption == nil {
			return invalid("Invalid Request: sseSpecificationOverride must be provided for cross-region restores")
		}
		earliest, at := source.Recovery.reach(s.now(), s.RecoveryLag)
		if !latest {
			if in.RestoreDateTime.Before(earliest) || in.RestoreDateTime.After(at) {
				moment := func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
				return &types.InvalidRestoreTimeException{Message: aws.String("RestoreDateTime '" + moment(*in.RestoreDateTime) +
					"' must be within EarliestRestorableDateTime '" + moment(earliest) + "' and LatestRestorableDateTime '" + moment(at) + "'")}
			}
			at = *in.RestoreDateTime
		}
		if err := s.vacant(ctx, tx, in.TargetTableName); err != nil {
			return err
		}
		summary := &types.RestoreSummary{RestoreDateTime: &at, SourceTableArn: source.Desc.TableArn}
		out.TableDescription, err = s.restore(ctx, tx, &source, in.TargetTableName, &o, summary, s.asOf(tx, &source, at))
		return err
	})
}

// recoverable returns the table that is to be restored, which must have
// point-in-time recovery.
func (s *Service) recoverable(ctx context.Context, tx *store.Tx, in *dynamodb.RestoreTableToPointInTimeInput) (table, error) {
	name := in.SourceTableName
	if arn := aws.ToString(in.SourceTableArn); in.SourceTableArn != nil {
		scope := env.ScopeOf(ctx)
		parts := strings.SplitN(arn, ":", 6)
		switch {
		case len(parts) < 6 || parts[0] != "arn" || !strings.HasPrefix(parts[5], "table/"):
			return table{}, invalid("Invalid Request: sourceTableArn is not a valid ARN")
		case parts[4] != scope.Account:
			return table{}, invalid("This action is only supported by accounts that match the resource owner’s account.")
		}
		scope.Region = parts[3]
		ctx = env.WithScope(ctx, scope)
		name = aws.String(strings.TrimPrefix(parts[5], "table/"))
	}
	t, ok := s.table(ctx, tx, name)
	if !ok {
		return t, tableGone(name)
	}
	if t.Recovery == nil {
		return t, &types.PointInTimeRecoveryUnavailableException{Message: aws.String("Point in time recovery is not enabled for table '" + t.name() + "'")}
	}
	return t, nil
}

// vacant checks that a restore can make a table of that name.
func (s *Service) vacant(ctx context.Context, tx *store.Tx, name *string) error {
	t, ok := s.table(ctx, tx, name)
	switch {
	case !ok:
		return nil
	case t.status(s.now()) == types.TableStatusCreating && t.Restored != nil && t.Restored.SourceBackupArn != nil:
		return &types.TableInUseException{Message: aws.String("Table: " + t.name() + " is already being restored from backup: " + *t.Restored.SourceBackupArn)}
	}
	return &types.TableAlreadyExistsException{Message: aws.String("Table already exists: " + t.name())}
}

// restoring reports whether a table is being restored from that backup.
func (s *Service) restoring(tx *store.Tx, backupARN *string) bool {
	for _, t := range s.tables.From(tx, "") {
		if t.Restored != nil && aws.ToString(t.Restored.SourceBackupArn) == *backupARN && t.status(s.now()) == types.TableStatusCreating {
			return true
		}
	}
	return false
}

// restore makes a table of a source's facts and those items. Streams, the time to
// live, recovery, tags, protection, the policy and the class do not come along.
func (s *Service) restore(ctx context.Context, tx *store.Tx, source *table, name *string, o *overrides, summary *types.RestoreSummary, items map[string][]byte) (*types.TableDescription, error) {
	scope, now := env.ScopeOf(ctx), s.now()
	was := source.Desc
	arn := scope.ARN("dynamodb", "table/"+aws.ToString(name))
	t := table{Restored: summary, Desc: types.TableDescription{
		AttributeDefinitions:      was.AttributeDefinitions,
		BillingModeSummary:        was.BillingModeSummary,
		CreationDateTime:          &now,
		DeletionProtectionEnabled: aws.Bool(false),
		ItemCount:                 aws.Int64(0),
		KeySchema:                 was.KeySchema,
		OnDemandThroughput:        was.OnDemandThroughput,
		ProvisionedThroughput:     capacityOf(throughput(was.ProvisionedThroughput)),
		SSEDescription:            was.SSEDescription,
		TableArn:                  &arn,
		TableId:                   aws.String(uuid.NewString()),
		TableName:                 name,
		TableSizeBytes:            aws.Int64(0),
	}}
	if err := o.apply(scope, source, &t, now); err != nil {
		return nil, err
	}
	t.warm(nil)
	s.begin(&t, types.TableStatusCreating)
	prefix := s.prefix(&t, "")
	for path, item := range items {
		s.items.Put(tx, prefix+path, item)
	}
	for _, x := range t.indexes() {
		if err := s.backfill(tx, &t, x); err != nil {
			return nil, err
		}
	}
	s.put(ctx, tx, t)
	return t.describeAs(types.TableStatusCreating), nil
}

// apply checks the overrides and makes the table so.
func (o *overrides) apply(scope env.Scope, source, t *table, now time.Time) error {
	if o.billing != "" {
		t.Desc.BillingModeSummary = &types.BillingModeSummary{BillingMode: o.billing}
		if o.billing == types.BillingModePayPerRequest {
			t.Desc.BillingModeSummary.LastUpdateToPayPerRequestDateTime = &now
		}
	}
	onDemand := t.onDemand()
	switch {
	case o.billing == types.BillingModePayPerRequest && o.provisioned != nil:
		return invalid("Invalid Request: Cannot override ProvisionedThroughput if BillingMode is overridden to PAY_PER_REQUEST")
	case onDemand && o.provisioned != nil:
		return invalid("Invalid Request: Cannot override ProvisionedThroughput unless BillingMode is PROVISIONED")
	case o.billing == types.BillingModeProvisioned && o.provisioned == nil:
		return invalid("Invalid Request: Must override ProvisionedThroughput if BillingMode is overridden to PROVISIONED")
	case !onDemand && o.onDemand != nil && o.onDemand.MaxReadRequestUnits != nil:
		return invalid("Invalid Request: Cannot override MaxReadRequestUnits for OnDemandThroughput unless BillingModeOverride is PAY_PER_REQUEST")
	case !onDemand && o.onDemand != nil:
		return invalid("Invalid Request: Cannot override MaxWriteRequestUnits for OnDemandThroughput unless BillingModeOverride is PAY_PER_REQUEST")
	}
	if o.onDemand != nil {
		t.Desc.OnDemandThroughput = o.onDemand
	}
	switch {
	case onDemand:
		t.Desc.ProvisionedThroughput = capacityOf(nil)
	case o.provisioned != nil:
		t.Desc.ProvisionedThroughput, t.Desc.OnDemandThroughput = capacityOf(o.provisioned), nil
	}
	if o.encryption != nil {
		if err := checkEncryption(o.encryption); err != nil {
			return err
		}
		t.Desc.SSEDescription = encryption(scope, o.encryption)
	}
	if err := o.localIndexes(source, t); err != nil {
		return err
	}
	if err := o.globalIndexes(source, t, onDemand); err != nil {
		return err
	}
	used := t.keyNames()
	t.Desc.AttributeDefinitions = slices.DeleteFunc(slices.Clone(t.Desc.AttributeDefinitions), func(d types.AttributeDefinition) bool {
		return !slices.Contains(used, aws.ToString(d.AttributeName))
	})
	return nil
}

func unknownIndex(name *string) error {
	return invalid("Invalid Request: Index %s does not match a secondary index that existed in the source table and cannot be created during the restore operation", aws.ToString(name))
}

func (o *overrides) localIndexes(source, t *table) error {
	wanted := o.local
	if wanted == nil {
		for _, l := range source.Desc.LocalSecondaryIndexes {
			wanted = append(wanted, types.LocalSecondaryIndex{IndexName: l.IndexName, KeySchema: l.KeySchema, Projection: l.Projection})
		}
	}
	for _, l := range wanted {
		if !slices.ContainsFunc(source.Desc.LocalSecondaryIndexes, func(d types.LocalSecondaryIndexDescription) bool {
			return sameIndex(l.KeySchema, d.KeySchema, l.Projection, d.Projection)
		}) {
			return unknownIndex(l.IndexName)
		}
		t.Desc.LocalSecondaryIndexes = append(t.Desc.LocalSecondaryIndexes, types.LocalSecondaryIndexDescription{
			IndexArn: aws.String(aws.ToString(t.Desc.TableArn) + "/index/" + aws.ToString(l.IndexName)), IndexName: l.IndexName,
			IndexSizeBytes: aws.Int64(0), ItemCount: aws.Int64(0), KeySchema: l.KeySchema, Projection: l.Projection,
		})
	}
	return nil
}

func (o *overrides) globalIndexes(source, t *table, onDemand bool) error {
	wanted := o.global
	if wanted == nil {
		for _, g := range source.Desc.GlobalSecondaryIndexes {
			w := types.GlobalSecondaryIndex{IndexName: g.IndexName, KeySchema: g.KeySchema, Projection: g.Projection, OnDemandThroughput: g.OnDemandThroughput}
			if !onDemand && aws.ToInt64(g.ProvisionedThroughput.ReadCapacityUnits) > 0 {
				w.ProvisionedThroughput = throughput(g.ProvisionedThroughput)
			}
			wanted = append(wanted, w)
		}
	}
	for _, g := range wanted {
		switch {
		case !slices.ContainsFunc(source.Desc.GlobalSecondaryIndexes, func(d types.GlobalSecondaryIndexDescription) bool {
			return sameIndex(g.KeySchema, d.KeySchema, g.Projection, d.Projection)
		}):
			return unknownIndex(g.IndexName)
		case onDemand && g.ProvisionedThroughput != nil:
			return invalid("Invalid Request: Cannot override ProvisionedThroughput if BillingMode is overridden to PAY_PER_REQUEST for index %s", aws.ToString(g.IndexName))
		case !onDemand && g.ProvisionedThroughput == nil:
			return invalid("Invalid Request: Must specify provisioned throughput for index %s", aws.ToString(g.IndexName))
		}
		t.Desc.GlobalSecondaryIndexes = append(t.Desc.GlobalSecondaryIndexes, t.newIndex(types.CreateGlobalSecondaryIndexAction{
			IndexName: g.IndexName, KeySchema: g.KeySchema, Projection: g.Projection, OnDemandThroughput: g.OnDemandThroughput,
			ProvisionedThroughput: g.ProvisionedThroughput, WarmThroughput: g.WarmThroughput,
		}))
	}
	for _, v := range source.Desc.VectorIndexes {
		v.IndexArn = aws.String(aws.ToString(t.Desc.TableArn) + "/index/" + aws.ToString(v.IndexName))
		t.Desc.VectorIndexes = append(t.Desc.VectorIndexes, v)
	}
	return nil
}

// sameIndex reports whether two indexes have the same keys and project the same.
func sameIndex(a, b []types.KeySchemaElement, p, q *types.Projection) bool {
	if p == nil || q == nil || p.ProjectionType != q.ProjectionType || len(p.NonKeyAttributes) != len(q.NonKeyAttributes) {
		return false
	}
	for _, name := range p.NonKeyAttributes {
		if !slices.Contains(q.NonKeyAttributes, name) {
			return false
		}
	}
	return slices.EqualFunc(a, b, func(x, y types.KeySchemaElement) bool {
		return aws.ToString(x.AttributeName) == aws.ToString(y.AttributeName) && x.KeyType == y.KeyType
	})
}
