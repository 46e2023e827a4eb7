package dynamodb

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// A table is a table's facts. A stored one is not changed: its operations put a
// changed copy, with new slices and pointers where they differ.
type table struct {
	// Desc is what DescribeTable answers once the table is at rest.
	Desc types.TableDescription
	// Passing is CREATING, UPDATING or DELETING until the moment Until.
	Passing types.TableStatus `json:",omitempty"`
	Until   time.Time
	// NewIndex is the index that is being made, and GoneIndex the description of
	// the one that is being deleted, until then.
	NewIndex  string                                 `json:",omitempty"`
	GoneIndex *types.GlobalSecondaryIndexDescription `json:",omitempty"`
	// Counted is when the items of the table and its indexes were counted last.
	Counted time.Time

	Tags     []types.Tag `json:",omitempty"`
	TTL      string      `json:",omitempty"` // the attribute; empty when disabled
	TTLSince time.Time   `json:",omitzero"`  // when it changed last
	Recovery *recovery   `json:",omitempty"` // nil while point-in-time recovery is off
	Policy   string      `json:",omitempty"`
	PolicyID string      `json:",omitempty"`
	Replicas []replica   `json:",omitempty"` // the other regions of a global table
	// NewReplicas are the regions of the replicas that are being made, until then.
	NewReplicas []string `json:",omitempty"`
	// Strong says that the regions are consistent with each other, and Witness which
	// region takes part without a table, if one does.
	Strong  bool   `json:",omitempty"`
	Witness string `json:",omitempty"`
	// Insights are those that are on, by the index; "" for the table itself.
	Insights     map[string]insight                   `json:",omitempty"`
	Destinations []types.KinesisDataStreamDestination `json:",omitempty"`
	// Restored says what a restored table was made of; it shows until it is ACTIVE.
	Restored *types.RestoreSummary `json:",omitempty"`
}

// tableName is the name in a TableName member, which may be an ARN of this scope.
func tableName(scope env.Scope, nameOrARN *string) string {
	s := aws.ToString(nameOrARN)
	return strings.TrimPrefix(s, scope.ARN("dynamodb", "table/"))
}

// table returns the table of that name or ARN, if there is one.
func (s *Service) table(ctx context.Context, tx *store.Tx, nameOrARN *string) (table, bool) {
	scope := env.ScopeOf(ctx)
	return s.tables.Get(tx, scope.Key(tableName(scope, nameOrARN)))
}

// known is table for the operations on tables.
func (s *Service) known(ctx context.Context, tx *store.Tx, nameOrARN *string) (table, error) {
	t, ok := s.table(ctx, tx, nameOrARN)
	if !ok {
		return t, noTable(tableName(env.ScopeOf(ctx), nameOrARN))
	}
	return t, nil
}

// usable is table for the operations on items, which a table serves once it has
// been created.
func (s *Service) usable(ctx context.Context, tx *store.Tx, nameOrARN *string) (table, error) {
	t, ok := s.table(ctx, tx, nameOrARN)
	if !ok {
		return t, noResource()
	}
	switch t.status(s.now()) {
	case types.TableStatusCreating, types.TableStatusDeleting:
		return t, noResource()
	}
	return t, nil
}

// put stores a changed copy of a table.
func (s *Service) put(ctx context.Context, tx *store.Tx, t table) {
	s.tables.Put(tx, env.ScopeOf(ctx).Key(t.name()), t)
}

func (t *table) name() string { return aws.ToString(t.Desc.TableName) }

func (t *table) onDemand() bool {
	return t.Desc.BillingModeSummary != nil && t.Desc.BillingModeSummary.BillingMode == types.BillingModePayPerRequest
}

func (t *table) status(now time.Time) types.TableStatus {
	if t.Passing == types.TableStatusDeleting || t.Passing != "" && now.Before(t.Until) {
		return t.Passing
	}
	return types.TableStatusActive
}

// begin sets a passing state that lasts for the service's settling time.
func (s *Service) begin(t *table, passing types.TableStatus) {
	t.Passing, t.Until = passing, s.now().Add(s.Settle)
	t.NewIndex, t.GoneIndex, t.NewReplicas = "", nil, nil
}

// describe is the table's description as of now, for output.
func (t *table) describe(now time.Time) *types.TableDescription { return t.describeAs(t.status(now)) }

// describeAs is the description with that status, for output: the answer to the
// call that begins a change shows it, however soon it is over.
func (t *table) describeAs(status types.TableStatus) *types.TableDescription {
	d := t.Desc
	d.TableStatus = status
	d.GlobalSecondaryIndexes = slices.Clone(d.GlobalSecondaryIndexes)
	for i := range d.GlobalSecondaryIndexes {
		g := &d.GlobalSecondaryIndexes[i]
		g.IndexStatus = types.IndexStatusActive
		switch {
		case status == types.TableStatusCreating:
			g.IndexStatus = types.IndexStatusCreating
		case status == types.TableStatusUpdating && t.NewIndex == aws.ToString(g.IndexName):
			g.IndexStatus = types.IndexStatusCreating
			g.Backfilling = aws.Bool(true)
		}
	}
	d.VectorIndexes = slices.Clone(d.VectorIndexes)
	for i := range d.VectorIndexes {
		v := &d.VectorIndexes[i]
		v.IndexStatus = types.IndexStatusActive
		switch {
		case status == types.TableStatusCreating:
			v.IndexStatus = types.IndexStatusCreating
		case status == types.TableStatusUpdating && t.NewIndex == aws.ToString(v.IndexName):
			v.IndexStatus, v.Backfilling = types.IndexStatusCreating, aws.Bool(true)
		}
	}
	t.describeReplicas(&d)
	if status == types.TableStatusCreating && t.Restored != nil {
		summary := *t.Restored
		summary.RestoreInProgress = aws.Bool(true)
		d.RestoreSummary = &summary
	}
	if status == types.TableStatusUpdating && t.GoneIndex != nil {
		gone := *t.GoneIndex
		gone.IndexStatus = types.IndexStatusDeleting
		d.GlobalSecondaryIndexes = append(d.GlobalSecondaryIndexes, gone)
	}
	return &d
}
