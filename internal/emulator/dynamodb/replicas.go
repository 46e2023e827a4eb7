package dynamodb

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// A global table, of the version 2019.11.21, is a table in several regions, each with
// its own items, streams and settings. A write in one region is a write in all of
// them, in the same commit, where AWS takes about a second.

// A replica is the table of the same name in another region.
type replica struct {
	Region string
	// From is the region whose table the replica was added at, and Since when.
	From  string
	Since time.Time
	// What it was given of its own.
	Class    types.TableClass                  `json:",omitempty"`
	KMSKey   string                            `json:",omitempty"`
	OnDemand *types.OnDemandThroughputOverride `json:",omitempty"`
}

// sourceRest is how long a region cannot leave that others were added at.
const sourceRest = 24 * time.Hour

// regionName is what the name of a region looks like.
var regionName = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)

// replicaKey is the store key of the table in another region.
func (t *table) replicaKey(region string) string {
	scope := arnScope(aws.ToString(t.Desc.TableArn))
	scope.Region = region
	return scope.Key(t.name())
}

func (t *table) region() string { return arnScope(aws.ToString(t.Desc.TableArn)).Region }

func (t *table) replicaAt(region string) int {
	return slices.IndexFunc(t.Replicas, func(r replica) bool { return r.Region == region })
}

// replicas yields the tables of the other regions.
func (s *Service) replicas(tx *store.Tx, t *table) []table {
	var others []table
	for _, r := range t.Replicas {
		if o, ok := s.tables.Get(tx, t.replicaKey(r.Region)); ok {
			others = append(others, o)
		}
	}
	return others
}

// replicate makes new of an item in the other regions.
func (s *Service) replicate(tx *store.Tx, t *table, old, new expr.Item) {
	if len(t.Replicas) == 0 {
		return
	}
	path := t.key().path(firstItem(old, new))
	for _, o := range s.replicas(tx, t) {
		// What is there is old, because every write comes here.
		there, err := s.item(tx, &o, path)
		if err != nil {
			s.env.Log.Error("replicating an item", "table", t.name(), "region", o.region(), "error", err)
			continue
		}
		s.log(tx, &o, there, new, false)
		s.store(tx, &o, there, new)
	}
}

// regroup carries out ReplicaUpdates, which stand alone in their request.
func (s *Service) regroup(ctx context.Context, tx *store.Tx, t *table, in *dynamodb.UpdateTableInput) error {
	u, err := checkReplicaUpdates(t.region(), in)
	if err != nil {
		return err
	}
	switch {
	case u.Create != nil:
		return s.addReplica(tx, t, u.Create)
	case u.Delete != nil:
		return s.dropReplica(ctx, tx, t, aws.ToString(u.Delete.RegionName))
	}
	return s.changeReplica(tx, t, u.Update)
}

// checkReplicaUpdates checks the request by itself and returns its only action.
func checkReplicaUpdates(local string, in *dynamodb.UpdateTableInput) (types.ReplicationGroupUpdate, error) {
	var none types.ReplicationGroupUpdate
	kinds := map[string]int{}
	for _, u := range in.ReplicaUpdates {
		set := 0
		for kind, region := range map[string]*string{"create": regionOfCreate(u.Create), "update": regionOfUpdate(u.Update), "delete": regionOfDelete(u.Delete)} {
			if region == nil {
				continue
			}
			set++
			kinds[kind]++
			switch {
			case *region == local:
				return none, invalid("Cannot add, delete, or update the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or UpdateTable as required.")
			case !regionName.MatchString(*region):
				return none, invalid("Region %s is not supported.", *region)
			}
		}
		if set == 0 {
			return none, invalid("There are no actions specified in the Replica Update Action of the request.")
		}
		if set > 1 {
			return none, invalid("Update table operation with more than one type of replica actions not allowed.")
		}
	}
	switch {
	case len(kinds) > 1:
		return none, invalid("Update table operation with more than one type of replica actions not allowed.")
	case kinds["create"] > 1 || kinds["delete"] > 1 || kinds["update"] > 1:
		return none, invalid("Update table operation with more than one create or delete replica actions not allowed")
	}
	return in.ReplicaUpdates[0], nil
}

func regionOfCreate(a *types.CreateReplicationGroupMemberAction) *string {
	if a == nil {
		return nil
	}
	return a.RegionName
}

func regionOfUpdate(a *types.UpdateReplicationGroupMemberAction) *string {
	if a == nil {
		return nil
	}
	return a.RegionName
}

func regionOfDelete(a *types.DeleteReplicationGroupMemberAction) *string {
	if a == nil {
		return nil
	}
	return a.RegionName
}

// addReplica makes the table of another region, with all items.
func (s *Service) addReplica(tx *store.Tx, t *table, a *types.CreateReplicationGroupMemberAction) error {
	region, now := aws.ToString(a.RegionName), s.now()
	if o, ok := s.tables.Get(tx, t.replicaKey(region)); ok && (o.Passing != types.TableStatusDeleting || now.Before(o.Until)) {
		return invalid("Failed to create a the new replica of table with name: ‘%s’ because one or more replicas already existed as tables.", t.name())
	}
	if !t.onDemand() {
		return invalid("Table write capacity should either be Pay-Per-Request or AutoScaled.")
	}
	scope := arnScope(aws.ToString(t.Desc.TableArn))
	scope.Region = region
	r := replica{Region: region, From: t.region(), Since: now, Class: a.TableClassOverride, KMSKey: aws.ToString(a.KMSMasterKeyId), OnDemand: a.OnDemandThroughputOverride}
	managed := t.Desc.SSEDescription != nil && aws.ToString(encryption(arnScope(aws.ToString(t.Desc.TableArn)), &types.SSESpecification{Enabled: aws.Bool(true)}).KMSMasterKeyArn) == aws.ToString(t.Desc.SSEDescription.KMSMasterKeyArn)
	switch {
	case t.Desc.SSEDescription != nil && !managed && r.KMSKey == "":
		return parameter("KMSMasterKeyId must be specified for each replica.")
	case t.Desc.SSEDescription == nil && r.KMSKey != "", managed && r.KMSKey != "":
		return parameter("All replica keys must either be Customer Managed CMK or AWS Managed CMK.")
	}
	if t.Desc.StreamSpecification == nil {
		t.openStream(&types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages}, now)
		s.openLog(tx, t)
	}
	o := table{Counted: t.Counted, TTL: t.TTL, TTLSince: t.TTLSince, Desc: t.Desc}
	o.Desc.TableArn, o.Desc.TableId = aws.String(scope.ARN("dynamodb", "table/"+t.name())), aws.String(uuid.NewString())
	o.Desc.CreationDateTime, o.Desc.DeletionProtectionEnabled = &now, aws.Bool(false)
	o.Desc.LocalSecondaryIndexes, o.Desc.GlobalSecondaryIndexes = nil, nil
	o.copyIndexes(t)
	o.override(scope, r)
	o.openStream(t.Desc.StreamSpecification, now)
	// Each region's list of the others, in the order of their making.
	for _, m := range s.replicas(tx, t) {
		m.Replicas = append(slices.Clone(m.Replicas), r)
		s.tables.Put(tx, t.replicaKey(m.region()), m)
	}
	own := replica{Region: t.region(), Since: *t.Desc.CreationDateTime}
	o.Replicas = append([]replica{own}, t.Replicas...)
	t.Replicas = append(slices.Clone(t.Replicas), r)
	t.NewReplica = region
	s.begin(&o, types.TableStatusCreating)
	s.openLog(tx, &o)
	from, to := s.prefix(t, ""), s.prefix(&o, "")
	for k, item := range s.items.Prefix(tx, from) {
		s.items.Put(tx, to+k[len(from):], item)
	}
	for _, x := range o.indexes() {
		if err := s.backfill(tx, &o, x); err != nil {
			return err
		}
	}
	s.tables.Put(tx, t.replicaKey(region), o)
	return nil
}

// copyIndexes gives the table the indexes of another region's.
func (t *table) copyIndexes(from *table) {
	arn := func(name *string) *string {
		return aws.String(aws.ToString(t.Desc.TableArn) + "/index/" + aws.ToString(name))
	}
	t.Desc.LocalSecondaryIndexes = slices.Clone(from.Desc.LocalSecondaryIndexes)
	for i := range t.Desc.LocalSecondaryIndexes {
		l := &t.Desc.LocalSecondaryIndexes[i]
		l.IndexArn = arn(l.IndexName)
	}
	t.Desc.GlobalSecondaryIndexes = slices.Clone(from.Desc.GlobalSecondaryIndexes)
	for i := range t.Desc.GlobalSecondaryIndexes {
		g := &t.Desc.GlobalSecondaryIndexes[i]
		g.IndexArn = arn(g.IndexName)
	}
}

// override gives a region's table what it has of its own.
func (t *table) override(scope env.Scope, r replica) {
	if r.Class != "" {
		t.Desc.TableClassSummary = &types.TableClassSummary{TableClass: r.Class}
	}
	if t.Desc.SSEDescription != nil {
		key := r.KMSKey
		t.Desc.SSEDescription = encryption(scope, &types.SSESpecification{Enabled: aws.Bool(true), KMSMasterKeyId: &key})
	}
	if r.OnDemand != nil {
		o := types.OnDemandThroughput{}
		if t.Desc.OnDemandThroughput != nil {
			o = *t.Desc.OnDemandThroughput
		}
		o.MaxReadRequestUnits = r.OnDemand.MaxReadRequestUnits
		t.Desc.OnDemandThroughput = &o
	}
}

func noMember(region string) error {
	return invalid("Update global table operation failed because one or more replicas were not part of the global table. Please retry the request without these replicas: [%s].", region)
}

// changeReplica changes what a region's table has of its own.
func (s *Service) changeReplica(tx *store.Tx, t *table, a *types.UpdateReplicationGroupMemberAction) error {
	region := aws.ToString(a.RegionName)
	i := t.replicaAt(region)
	o, ok := s.tables.Get(tx, t.replicaKey(region))
	switch {
	case i < 0 || !ok:
		return noMember(region)
	case a.TableClassOverride == "" && a.OnDemandThroughputOverride == nil:
		return invalid("There are no actions specified in the Replica Update Action of the request.")
	}
	t.Replicas = slices.Clone(t.Replicas)
	r := &t.Replicas[i]
	if a.TableClassOverride != "" {
		r.Class = a.TableClassOverride
	}
	if a.OnDemandThroughputOverride != nil {
		r.OnDemand = a.OnDemandThroughputOverride
	}
	o.override(arnScope(aws.ToString(o.Desc.TableArn)), *r)
	s.tables.Put(tx, t.replicaKey(region), o)
	return nil
}

// dropReplica deletes the table of another region.
func (s *Service) dropReplica(ctx context.Context, tx *store.Tx, t *table, region string) error {
	o, ok := s.tables.Get(tx, t.replicaKey(region))
	if t.replicaAt(region) < 0 || !ok {
		return noMember(region)
	}
	if aws.ToBool(o.Desc.DeletionProtectionEnabled) {
		return invalid("Cannot delete table %s in region %s because it has deletion protection enabled. Disable deletion protection first.", o.name(), region)
	}
	if err := s.leaveGroup(tx, &o); err != nil {
		return err
	}
	s.empty(tx, &o)
	scope := env.ScopeOf(ctx)
	scope.Region = region
	s.remove(env.WithScope(ctx, scope), tx, &o)
	// The list of this region has been put by leaveGroup.
	if mine, ok := s.tables.Get(tx, t.replicaKey(t.region())); ok {
		t.Replicas = mine.Replicas
	}
	return nil
}

// leaveGroup takes a table that is being deleted out of the lists of the other
// regions.
func (s *Service) leaveGroup(tx *store.Tx, t *table) error {
	region := t.region()
	for _, r := range t.Replicas {
		if r.From == region && s.now().Sub(r.Since) < sourceRest {
			return invalid("Replica cannot be deleted because it has acted as a source region for new replica(s) being added to the table in the last 24 hours.")
		}
	}
	for _, o := range s.replicas(tx, t) {
		o.Replicas = slices.DeleteFunc(slices.Clone(o.Replicas), func(r replica) bool { return r.Region == region })
		s.tables.Put(tx, t.replicaKey(o.region()), o)
	}
	return nil
}

// follow gives the tables of the other regions the settings that all share.
func (s *Service) follow(tx *store.Tx, t *table, in *dynamodb.UpdateTableInput) error {
	for _, o := range s.replicas(tx, t) {
		was := map[string]bool{}
		for _, x := range o.indexes() {
			was[x.index] = true
		}
		o.Desc.AttributeDefinitions = t.Desc.AttributeDefinitions
		o.Desc.BillingModeSummary, o.Desc.ProvisionedThroughput, o.Desc.WarmThroughput = t.Desc.BillingModeSummary, t.Desc.ProvisionedThroughput, t.Desc.WarmThroughput
		if in.OnDemandThroughput != nil {
			o.Desc.OnDemandThroughput = t.Desc.OnDemandThroughput
		}
		if in.TableClass != "" {
			o.Desc.TableClassSummary = t.Desc.TableClassSummary
		}
		if in.SSESpecification != nil {
			o.Desc.SSEDescription = nil
			if aws.ToBool(in.SSESpecification.Enabled) {
				o.Desc.SSEDescription = encryption(arnScope(aws.ToString(o.Desc.TableArn)), &types.SSESpecification{Enabled: aws.Bool(true)})
			}
		}
		o.copyIndexes(t)
		o.Passing, o.Until, o.NewIndex, o.GoneIndex = t.Passing, t.Until, t.NewIndex, t.GoneIndex
		for _, x := range o.indexes() {
			if !was[x.index] {
				if err := s.backfill(tx, &o, x); err != nil {
					return err
				}
			}
			delete(was, x.index)
		}
		for gone := range was {
			clearSet(tx, s.entries, s.prefix(&o, gone))
		}
		s.tables.Put(tx, t.replicaKey(o.region()), o)
	}
	return nil
}

// describeReplicas adds to a description what it says of the other regions.
func (t *table) describeReplicas(d *types.TableDescription) {
	if len(t.Replicas) == 0 {
		return
	}
	d.GlobalTableVersion = aws.String("2019.11.21")
	d.GlobalTableSettingsReplicationMode = types.GlobalTableSettingsReplicationModeEnabledWithOverrides
	for _, r := range t.Replicas {
		out := types.ReplicaDescription{RegionName: aws.String(r.Region), ReplicaStatus: types.ReplicaStatusActive, OnDemandThroughputOverride: r.OnDemand}
		if d.TableStatus == types.TableStatusUpdating && t.NewReplica == r.Region {
			out.ReplicaStatus = types.ReplicaStatusCreating
		}
		if r.Class != "" {
			out.ReplicaTableClassSummary = &types.TableClassSummary{TableClass: r.Class}
		}
		if r.KMSKey != "" {
			key := r.KMSKey
			if !strings.HasPrefix(key, "arn:") {
				scope := arnScope(aws.ToString(d.TableArn))
				scope.Region = r.Region
				key = aws.ToString(encryption(scope, &types.SSESpecification{Enabled: aws.Bool(true), KMSMasterKeyId: &key}).KMSMasterKeyArn)
			}
			out.KMSMasterKeyId = &key
		}
		d.Replicas = append(d.Replicas, out)
	}
}
