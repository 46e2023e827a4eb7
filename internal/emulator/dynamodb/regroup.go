package dynamodb

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// regroup carries out ReplicaUpdates, which stand alone in their request but for
// what belongs to strong consistency.
func (s *Service) regroup(ctx context.Context, tx *store.Tx, t *table, in *dynamodb.UpdateTableInput, unscaled error) error {
	if err := checkReplicaUpdates(t.region(), in); err != nil {
		return err
	}
	u := in.ReplicaUpdates[0]
	if u.Update == nil && (t.Strong || in.MultiRegionConsistency != "" || len(in.GlobalTableWitnessUpdates) > 0) {
		if done, err := s.regroupStrong(ctx, tx, t, in, unscaled); done || err != nil {
			return err
		}
	}
	switch {
	case len(in.ReplicaUpdates) > 1:
		return invalid("Update table operation with more than one create or delete replica actions not allowed")
	case u.Create != nil:
		return s.addReplica(tx, t, u.Create, unscaled)
	case u.Delete != nil:
		return s.dropReplica(ctx, tx, t, aws.ToString(u.Delete.RegionName))
	}
	return s.changeReplica(tx, t, u.Update)
}

// checkReplicaUpdates checks the actions of a request by themselves: all are of one
// kind.
func checkReplicaUpdates(local string, in *dynamodb.UpdateTableInput) error {
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
				return invalid("Cannot add or delete the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or UpdateTable as required.")
			case !regionName.MatchString(*region):
				return invalid("Region %s is not supported.", *region)
			}
		}
		if set == 0 {
			return invalid("There are no actions specified in the Replica Update Action of the request.")
		}
		if set > 1 {
			return invalid("Update table operation with more than one type of replica actions not allowed.")
		}
	}
	if len(kinds) > 1 {
		return invalid("Update table operation with more than one type of replica actions not allowed.")
	}
	return nil
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

// addReplica makes the table of another region, with all items. unscaled says which
// provisioned writes do not scale, as copies demand.
func (s *Service) addReplica(tx *store.Tx, t *table, a *types.CreateReplicationGroupMemberAction, unscaled error) error {
	region, now := aws.ToString(a.RegionName), s.now()
	if _, ok := s.tables.Get(tx, t.replicaKey(region)); ok {
		return invalid("Failed to create a the new replica of table with name: ‘%s’ because one or more replicas already existed as tables.", t.name())
	}
	if !t.onDemand() && unscaled != nil {
		return unscaled
	}
	scope := arnScope(aws.ToString(t.Desc.TableArn))
	scope.Region = region
	r := replica{Region: region, From: t.region(), Since: now, Class: a.TableClassOverride, KMSKey: aws.ToString(a.KMSMasterKeyId)}
	if err := r.accept(t, a.OnDemandThroughputOverride, a.ProvisionedThroughputOverride, a.GlobalSecondaryIndexes); err != nil {
		return err
	}
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
	o.Desc.ProvisionedThroughput, o.Desc.OnDemandThroughput = r.over(t.Desc.ProvisionedThroughput, t.Desc.OnDemandThroughput)
	o.copyIndexes(t, r, nil)
	if r.Class != "" {
		o.Desc.TableClassSummary = &types.TableClassSummary{TableClass: r.Class}
	}
	if o.Desc.SSEDescription != nil {
		o.Desc.SSEDescription = encryption(scope, &types.SSESpecification{Enabled: aws.Bool(true), KMSMasterKeyId: &r.KMSKey})
	}
	o.openStream(t.Desc.StreamSpecification, now)
	// Each region's list of the others, in the order of their making.
	for _, m := range s.replicas(tx, t) {
		m.Replicas = append(slices.Clone(m.Replicas), r)
		s.tables.Put(tx, t.replicaKey(m.region()), m)
	}
	own := replica{Region: t.region(), Since: *t.Desc.CreationDateTime}
	o.Replicas = append([]replica{own}, t.Replicas...)
	t.Replicas = append(slices.Clone(t.Replicas), r)
	t.NewReplicas = append(slices.Clone(t.NewReplicas), region)
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

func noMember(region string) error {
	return invalid("Update global table operation failed because one or more replicas were not part of the global table. Please retry the request without these replicas: [%s].", region)
}

// accept takes over what a request gives of read capacities. One that is the
// table's own is none, for that is how AWS lets one be removed.
func (r *replica) accept(t *table, o *types.OnDemandThroughputOverride, p *types.ProvisionedThroughputOverride, indexes []types.ReplicaGlobalSecondaryIndex) error {
	own, err := r.merge(t, o, p, t.Desc.OnDemandThroughput, t.Desc.ProvisionedThroughput)
	if err != nil {
		return err
	}
	r.override = own
	r.Indexes = maps.Clone(r.Indexes)
	for _, i := range indexes {
		name := aws.ToString(i.IndexName)
		at := t.indexAt(name)
		switch {
		case at < 0:
			return t.noIndex(name, "update")
		case i.OnDemandThroughputOverride == nil && i.ProvisionedThroughputOverride == nil:
			return noReplicaAction()
		}
		g := t.Desc.GlobalSecondaryIndexes[at]
		own, err := r.Indexes[name].merge(t, i.OnDemandThroughputOverride, i.ProvisionedThroughputOverride, g.OnDemandThroughput, g.ProvisionedThroughput)
		if err != nil {
			return err
		}
		if r.Indexes == nil {
			r.Indexes = map[string]override{}
		}
		r.Indexes[name] = own
	}
	return nil
}

// merge is the override after a change, over the capacities that are shared.
func (v override) merge(t *table, o *types.OnDemandThroughputOverride, p *types.ProvisionedThroughputOverride, limits *types.OnDemandThroughput, units *types.ProvisionedThroughputDescription) (override, error) {
	if o != nil && o.MaxReadRequestUnits != nil {
		if !t.onDemand() {
			return v, invalid("MaxReadRequestUnits for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED")
		}
		shared := int64(onDemandNever)
		if limits != nil && limits.MaxReadRequestUnits != nil {
			shared = *limits.MaxReadRequestUnits
		}
		if v.OnDemand = o; *o.MaxReadRequestUnits == shared {
			v.OnDemand = nil
		}
	}
	if p != nil && p.ReadCapacityUnits != nil {
		if t.onDemand() {
			return v, parameter("Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
		}
		if v.Provisioned = p; *p.ReadCapacityUnits == aws.ToInt64(units.ReadCapacityUnits) {
			v.Provisioned = nil
		}
	}
	return v, nil
}

func noReplicaAction() error {
	return invalid("There are no actions specified in the Replica Update Action of the request.")
}

// changeReplica changes what a region's table has of its own.
func (s *Service) changeReplica(tx *store.Tx, t *table, a *types.UpdateReplicationGroupMemberAction) error {
	region := aws.ToString(a.RegionName)
	i := t.replicaAt(region)
	o, ok := s.tables.Get(tx, t.replicaKey(region))
	switch {
	case i < 0 || !ok:
		return noMember(region)
	case a.KMSMasterKeyId != nil: // AWS's answer to any key, even the same
		return parameter("KMSMasterKeyId must be specified for each replica.")
	case a.TableClassOverride == "" && a.OnDemandThroughputOverride == nil && a.ProvisionedThroughputOverride == nil && len(a.GlobalSecondaryIndexes) == 0:
		return noReplicaAction()
	}
	r := t.Replicas[i]
	if a.TableClassOverride != "" {
		r.Class = a.TableClassOverride
		now := s.now()
		o.Desc.TableClassSummary = &types.TableClassSummary{TableClass: r.Class, LastUpdateDateTime: &now}
	}
	if err := r.accept(t, a.OnDemandThroughputOverride, a.ProvisionedThroughputOverride, a.GlobalSecondaryIndexes); err != nil {
		return err
	}
	if a.OnDemandThroughputOverride != nil {
		_, o.Desc.OnDemandThroughput = r.over(nil, t.Desc.OnDemandThroughput)
	}
	if a.ProvisionedThroughputOverride != nil {
		o.Desc.ProvisionedThroughput, _ = r.over(t.Desc.ProvisionedThroughput, nil)
	}
	o.copyIndexes(t, r, func(name string) bool {
		return slices.ContainsFunc(a.GlobalSecondaryIndexes, func(g types.ReplicaGlobalSecondaryIndex) bool { return aws.ToString(g.IndexName) == name })
	})
	s.tables.Put(tx, t.replicaKey(region), o)
	// Every region's list says the same of that one.
	t.Replicas = slices.Clone(t.Replicas)
	t.Replicas[i] = r
	for _, m := range s.replicas(tx, t) {
		at := m.replicaAt(region)
		if at < 0 {
			continue
		}
		m.Replicas = slices.Clone(m.Replicas)
		r.From, r.Since = m.Replicas[at].From, m.Replicas[at].Since
		m.Replicas[at] = r
		s.tables.Put(tx, t.replicaKey(m.region()), m)
	}
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
