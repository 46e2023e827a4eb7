// Package dynamodb is Amazon DynamoDB: tables with their settings and indexes, the
// items in them, read and written with expressions, and the streams of changes.
//
// It answers with the SDK's types and AWS's messages. It must not know HTTP, which
// is wire's, nor other emulated services; the language of expressions is the
// package expr's.
package dynamodb

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/schemas"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// A Service is DynamoDB in all accounts and regions of one emulator.
type Service struct {
	// Settle is how long tables and indexes stay CREATING, UPDATING or DELETING.
	// At zero only the answer to the call that begins the change shows that state,
	// so that nobody has to wait for it. It must be set before the first call.
	Settle time.Duration
	// ExpiryRest is how long a change of a time to live stands before the next one
	// is accepted; AWS's is an hour. At zero nobody has to wait. It must be set
	// before the first call.
	ExpiryRest time.Duration
	// RecoveryLag is how far back the latest moment lies to which a table can be
	// restored; AWS's is five minutes. At zero it is now. It must be set before the
	// first call.
	RecoveryLag time.Duration

	// Objects is where exports go and imports come from; nil: they are refused. It
	// must be set before the first call.
	Objects Objects
	// Scaling tells which capacities scale, as global tables with provisioned capacity
	// demand; nil: none does. It must be set before the first call.
	Scaling Scaling
	// Throttle has the service refuse what is beyond the capacity of a table or
	// index, burst included. It must be set before the first call.
	Throttle bool

	env     *env.Env
	forgot  time.Time          // when expired tokens were deleted last
	tables  *store.Set[table]  // by scope and name
	items   *store.Set[[]byte] // by prefix and path
	entries *store.Set[string] // by prefix and path: the path of the item that an index lists
	claims  *store.Set[claim]  // by scope and ClientRequestToken

	backups *store.Set[backup] // by scope, table and id
	archive *store.Set[backup] // the same, of those that nobody asked for
	kept    *store.Set[[]byte] // items of backups, by the backup's key and path
	history *store.Set[past]   // by prefix and number

	exports *store.Set[job[types.ExportDescription]]      // by scope, table and id
	imports *store.Set[job[types.ImportTableDescription]] // by scope, table and id

	streams *store.Set[stream] // by scope, table and label
	records *store.Set[record] // by the stream's key and number
	feeds   feeds

	expiry   expiry
	throttle throttle
}

// New returns the service over the emulator's store.
func New(e *env.Env) (*Service, error) {
	s := &Service{env: e}
	var err error
	if s.tables, err = store.NewSet[table](e.Store, "dynamodb.table"); err != nil {
		return nil, err
	}
	clone := func(b []byte) ([]byte, error) { return append([]byte(nil), b...), nil }
	same := func(b []byte) ([]byte, error) { return b, nil }
	if s.items, err = store.NewSetWith(e.Store, "dynamodb.item", same, clone); err != nil {
		return nil, err
	}
	s.entries, err = store.NewSetWith(e.Store, "dynamodb.entry",
		func(k string) ([]byte, error) { return []byte(k), nil },
		func(b []byte) (string, error) { return string(b), nil })
	if err != nil {
		return nil, err
	}
	if s.claims, err = store.NewSet[claim](e.Store, "dynamodb.claim"); err != nil {
		return nil, err
	}
	if s.streams, err = store.NewSet[stream](e.Store, "dynamodb.stream"); err != nil {
		return nil, err
	}
	if s.records, err = store.NewSet[record](e.Store, "dynamodb.record"); err != nil {
		return nil, err
	}
	if s.kept, err = store.NewSetWith(e.Store, "dynamodb.kept", same, clone); err != nil {
		return nil, err
	}
	if s.backups, err = store.NewSet[backup](e.Store, "dynamodb.backup"); err != nil {
		return nil, err
	}
	if s.archive, err = store.NewSet[backup](e.Store, "dynamodb.archive"); err != nil {
		return nil, err
	}
	if s.history, err = store.NewSet[past](e.Store, "dynamodb.history"); err != nil {
		return nil, err
	}
	if s.exports, err = store.NewSet[job[types.ExportDescription]](e.Store, "dynamodb.export"); err != nil {
		return nil, err
	}
	if s.imports, err = store.NewSet[job[types.ImportTableDescription]](e.Store, "dynamodb.import"); err != nil {
		return nil, err
	}
	s.exports.Uncounted()
	s.imports.Uncounted()
	// These outlive their tables for a while, and nobody deployed them.
	s.claims.Uncounted()
	s.streams.Uncounted()
	s.records.Uncounted()
	s.archive.Uncounted()
	s.kept.Uncounted()
	s.history.Uncounted()
	if err := s.resume(); err != nil {
		return nil, err
	}
	if err := s.buryRest(); err != nil {
		return nil, err
	}
	return s, nil
}

// now is the time to the millisecond, which is what DynamoDB's answers carry.
func (s *Service) now() time.Time { return s.env.Clock.Now().UTC().Truncate(time.Millisecond) }

// Wire lists what the service serves.
func (s *Service) Wire() wire.Service {
	// AWS does not say what a bulk operation writes into the bucket of its results.
	const bulk = "use BatchWriteItem, or ImportTable for a new table"
	return wire.Service{
		Name:     "dynamodb",
		Protocol: wire.AWSJSON10,
		Schema:   schemas.DynamoDB_20120810,
		Operations: []wire.Operation{
			wire.Op(schemas.BatchExecuteStatement, s.BatchExecuteStatement),
			wire.Op(schemas.BatchGetItem, s.BatchGetItem),
			wire.Op(schemas.BatchWriteItem, s.BatchWriteItem),
			wire.Op(schemas.CreateBackup, s.CreateBackup),
			wire.Op(schemas.CreateGlobalTable, s.CreateGlobalTable),
			wire.Op(schemas.CreateTable, s.CreateTable, wire.Refuse("GlobalTableSettingsReplicationMode", "GlobalTableSourceArn")),
			wire.Op(schemas.DeleteBackup, s.DeleteBackup),
			wire.Op(schemas.DeleteItem, s.DeleteItem),
			wire.Op(schemas.DeleteResourcePolicy, s.DeleteResourcePolicy),
			wire.Op(schemas.DeleteTable, s.DeleteTable),
			wire.Op(schemas.DescribeBackup, s.DescribeBackup),
			wire.Op(schemas.DescribeContinuousBackups, s.DescribeContinuousBackups),
			wire.Op(schemas.DescribeContributorInsights, s.DescribeContributorInsights),
			wire.Op(schemas.DescribeEndpoints, s.DescribeEndpoints),
			wire.Op(schemas.DescribeExport, s.DescribeExport),
			wire.Op(schemas.DescribeGlobalTable, s.DescribeGlobalTable),
			wire.Op(schemas.DescribeGlobalTableSettings, s.DescribeGlobalTableSettings),
			wire.Op(schemas.DescribeImport, s.DescribeImport),
			wire.Op(schemas.DescribeKinesisStreamingDestination, s.DescribeKinesisStreamingDestination),
			wire.Op(schemas.DescribeLimits, s.DescribeLimits),
			wire.Op(schemas.DescribeTable, s.DescribeTable),
			wire.Op(schemas.DescribeTableReplicaAutoScaling, s.DescribeTableReplicaAutoScaling),
			wire.Op(schemas.DescribeTimeToLive, s.DescribeTimeToLive),
			wire.Op(schemas.DisableKinesisStreamingDestination, s.DisableKinesisStreamingDestination),
			wire.Op(schemas.EnableKinesisStreamingDestination, s.EnableKinesisStreamingDestination),
			wire.Op(schemas.ExecuteStatement, s.ExecuteStatement),
			wire.Op(schemas.ExecuteTransaction, s.ExecuteTransaction),
			wire.Op(schemas.ExportTableToPointInTime, s.ExportTableToPointInTime, wire.Refuse("FilterSpecification")),
			wire.Op(schemas.GetItem, s.GetItem),
			wire.Op(schemas.GetResourcePolicy, s.GetResourcePolicy),
			wire.Op(schemas.ImportTable, s.ImportTable, wire.Refuse("TableCreationParameters.VectorIndexes")),
			wire.Op(schemas.ListBackups, s.ListBackups),
			wire.Op(schemas.ListContributorInsights, s.ListContributorInsights),
			wire.Op(schemas.ListExports, s.ListExports),
			wire.Op(schemas.ListGlobalTables, s.ListGlobalTables),
			wire.Op(schemas.ListImports, s.ListImports),
			wire.Op(schemas.ListTables, s.ListTables),
			wire.Op(schemas.ListTagsOfResource, s.ListTagsOfResource),
			wire.Op(schemas.PutItem, s.PutItem),
			wire.Op(schemas.PutResourcePolicy, s.PutResourcePolicy, wire.Refuse("ConfirmRemoveSelfResourceAccess")),
			wire.Op(schemas.Query, s.Query),
			wire.Op(schemas.RestoreTableFromBackup, s.RestoreTableFromBackup, wire.Refuse("VectorIndexOverride")),
			wire.Op(schemas.RestoreTableToPointInTime, s.RestoreTableToPointInTime, wire.Refuse("VectorIndexOverride")),
			wire.Op(schemas.Scan, s.Scan),
			wire.Op(schemas.SearchVectors, s.SearchVectors),
			wire.Op(schemas.TagResource, s.TagResource),
			wire.Op(schemas.TransactGetItems, s.TransactGetItems),
			wire.Op(schemas.TransactWriteItems, s.TransactWriteItems),
			wire.Op(schemas.UntagResource, s.UntagResource),
			wire.Op(schemas.UpdateContinuousBackups, s.UpdateContinuousBackups),
			wire.Op(schemas.UpdateContributorInsights, s.UpdateContributorInsights),
			wire.Op(schemas.UpdateGlobalTable, s.UpdateGlobalTable),
			wire.Op(schemas.UpdateGlobalTableSettings, s.UpdateGlobalTableSettings),
			wire.Op(schemas.UpdateItem, s.UpdateItem),
			wire.Op(schemas.UpdateKinesisStreamingDestination, s.UpdateKinesisStreamingDestination),
			wire.Op(schemas.UpdateTable, s.UpdateTable, wire.Refuse("DisassociationProtectionEnabled", "GlobalTableSettingsReplicationMode", "ReplicaUpdates.Disassociate")),
			wire.Op(schemas.UpdateTableReplicaAutoScaling, s.UpdateTableReplicaAutoScaling, wire.Refuse(
				"ProvisionedWriteCapacityAutoScalingUpdate.AutoScalingRoleArn", "GlobalSecondaryIndexUpdates.ProvisionedWriteCapacityAutoScalingUpdate.AutoScalingRoleArn",
				"ReplicaUpdates.ReplicaProvisionedReadCapacityAutoScalingUpdate.AutoScalingRoleArn",
				"ReplicaUpdates.ReplicaGlobalSecondaryIndexUpdates.ProvisionedReadCapacityAutoScalingUpdate.AutoScalingRoleArn")),
			wire.Op(schemas.UpdateTimeToLive, s.UpdateTimeToLive),
		},
		Unions: []wire.Union{
			wire.UnionOf[types.AttributeValue](
				&types.AttributeValueMemberB{}, &types.AttributeValueMemberBOOL{}, &types.AttributeValueMemberBS{},
				&types.AttributeValueMemberL{}, &types.AttributeValueMemberM{}, &types.AttributeValueMemberN{},
				&types.AttributeValueMemberNS{}, &types.AttributeValueMemberNULL{}, &types.AttributeValueMemberS{},
				&types.AttributeValueMemberSS{}),
		},
		Unserved: map[string]string{
			"CancelBulkOperation": bulk, "DescribeBulkOperation": bulk, "ListBulkOperations": bulk, "StartBulkPutItems": bulk,
		},
	}
}
