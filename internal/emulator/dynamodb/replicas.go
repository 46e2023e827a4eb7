package dynamodb

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
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
	Class  types.TableClass `json:",omitempty"`
	KMSKey string           `json:",omitempty"`
	override
	Indexes map[string]override `json:",omitempty"`
}

// An override is the read capacity that a region's table or index has of its own;
// nil is that of the others.
type override struct {
	OnDemand    *types.OnDemandThroughputOverride    `json:",omitempty"`
	Provisioned *types.ProvisionedThroughputOverride `json:",omitempty"`
}

// over puts the override over capacities that are shared.
func (v override) over(p *types.ProvisionedThroughputDescription, o *types.OnDemandThroughput) (*types.ProvisionedThroughputDescription, *types.OnDemandThroughput) {
	if v.Provisioned != nil && p != nil {
		own := *p
		own.ReadCapacityUnits = v.Provisioned.ReadCapacityUnits
		p = &own
	}
	if v.OnDemand != nil {
		own := types.OnDemandThroughput{}
		if o != nil {
			own = *o
		}
		own.MaxReadRequestUnits = v.OnDemand.MaxReadRequestUnits
		o = &own
		if aws.ToInt64(o.MaxReadRequestUnits) == onDemandNever && (o.MaxWriteRequestUnits == nil || *o.MaxWriteRequestUnits == onDemandNever) {
			o = nil
		}
	}
	return p, o
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

// copyIndexes gives the table the indexes of another region's. Those that it has
// and that are not among changed keep their throughput.
func (t *table) copyIndexes(from *table, r replica, changed func(name string) bool) {
	arn := func(name *string) *string {
		return aws.String(aws.ToString(t.Desc.TableArn) + "/index/" + aws.ToString(name))
	}
	had := t.Desc.GlobalSecondaryIndexes
	t.Desc.LocalSecondaryIndexes = slices.Clone(from.Desc.LocalSecondaryIndexes)
	for i := range t.Desc.LocalSecondaryIndexes {
		l := &t.Desc.LocalSecondaryIndexes[i]
		l.IndexArn = arn(l.IndexName)
	}
	t.Desc.VectorIndexes = slices.Clone(from.Desc.VectorIndexes)
	for i := range t.Desc.VectorIndexes {
		v := &t.Desc.VectorIndexes[i]
		v.IndexArn = arn(v.IndexName)
	}
	t.Desc.GlobalSecondaryIndexes = slices.Clone(from.Desc.GlobalSecondaryIndexes)
	for i := range t.Desc.GlobalSecondaryIndexes {
		g := &t.Desc.GlobalSecondaryIndexes[i]
		g.IndexArn = arn(g.IndexName)
		name := aws.ToString(g.IndexName)
		at := slices.IndexFunc(had, func(h types.GlobalSecondaryIndexDescription) bool { return aws.ToString(h.IndexName) == name })
		if at >= 0 && !changed(name) {
			g.ProvisionedThroughput, g.OnDemandThroughput, g.WarmThroughput = had[at].ProvisionedThroughput, had[at].OnDemandThroughput, had[at].WarmThroughput
			continue
		}
		g.ProvisionedThroughput, g.OnDemandThroughput = r.Indexes[name].over(g.ProvisionedThroughput, g.OnDemandThroughput)
	}
}

// leaveGroup takes a table that is being deleted out of the lists of the other
// regions.
func (s *Service) leaveGroup(tx *store.Tx, t *table) error {
	region := t.region()
	if t.Strong {
		return lastTwo()
	}
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
	t.Replicas = slices.Clone(t.Replicas)
	for i := range t.Replicas {
		if in.TableClass != "" {
			t.Replicas[i].Class = "" // one class for all, until one is given another again
		}
	}
	for _, o := range s.replicas(tx, t) {
		was := map[string]bool{}
		for _, x := range o.indexes() {
			was[x.index] = true
		}
		o.share(t, in)
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

// share gives the table of a region what an update in another changed for all.
func (t *table) share(from *table, in *dynamodb.UpdateTableInput) {
	t.Desc.AttributeDefinitions = from.Desc.AttributeDefinitions
	own := from.Replicas[from.replicaAt(t.region())]
	rebilled := in.BillingMode != ""
	if rebilled || in.ProvisionedThroughput != nil {
		t.Desc.BillingModeSummary = from.Desc.BillingModeSummary
		t.Desc.ProvisionedThroughput, _ = own.over(from.Desc.ProvisionedThroughput, nil)
	}
	if rebilled || in.OnDemandThroughput != nil {
		_, t.Desc.OnDemandThroughput = own.over(nil, from.Desc.OnDemandThroughput)
	}
	t.Desc.WarmThroughput = from.Desc.WarmThroughput
	if in.TableClass != "" {
		t.Desc.TableClassSummary = from.Desc.TableClassSummary
		t.Replicas = slices.Clone(t.Replicas)
		for i := range t.Replicas {
			t.Replicas[i].Class = ""
		}
	}
	if in.SSESpecification != nil {
		t.Desc.SSEDescription = nil
		if aws.ToBool(in.SSESpecification.Enabled) {
			t.Desc.SSEDescription = encryption(arnScope(aws.ToString(t.Desc.TableArn)), &types.SSESpecification{Enabled: aws.Bool(true)})
		}
	}
	t.copyIndexes(from, own, func(name string) bool {
		return rebilled || slices.ContainsFunc(in.GlobalSecondaryIndexUpdates, func(u types.GlobalSecondaryIndexUpdate) bool {
			return u.Update != nil && aws.ToString(u.Update.IndexName) == name
		})
	})
}

// describeReplicas adds to a description what it says of the other regions.
func (t *table) describeReplicas(d *types.TableDescription) {
	if len(t.Replicas) == 0 {
		return
	}
	d.GlobalTableVersion = aws.String("2019.11.21")
	d.GlobalTableSettingsReplicationMode = types.GlobalTableSettingsReplicationModeEnabledWithOverrides
	if t.Strong {
		d.MultiRegionConsistency = types.MultiRegionConsistencyStrong
	}
	if t.Witness != "" {
		w := types.GlobalTableWitnessDescription{RegionName: &t.Witness, WitnessStatus: types.WitnessStatusActive}
		if d.TableStatus == types.TableStatusUpdating && slices.Contains(t.NewReplicas, t.Witness) {
			w.WitnessStatus = types.WitnessStatusCreating
		}
		d.GlobalTableWitnesses = append(d.GlobalTableWitnesses, w)
	}
	for _, r := range t.Replicas {
		out := types.ReplicaDescription{
			RegionName: aws.String(r.Region), ReplicaStatus: types.ReplicaStatusActive,
			OnDemandThroughputOverride: r.OnDemand, ProvisionedThroughputOverride: r.Provisioned,
			GlobalTableSettingsReplicationMode: types.GlobalTableSettingsReplicationModeEnabledWithOverrides, WarmThroughput: d.WarmThroughput,
		}
		for _, g := range t.Desc.GlobalSecondaryIndexes {
			own := r.Indexes[aws.ToString(g.IndexName)]
			out.GlobalSecondaryIndexes = append(out.GlobalSecondaryIndexes, types.ReplicaGlobalSecondaryIndexDescription{
				IndexName: g.IndexName, OnDemandThroughputOverride: own.OnDemand, ProvisionedThroughputOverride: own.Provisioned, WarmThroughput: g.WarmThroughput,
			})
		}
		if d.TableStatus == types.TableStatusUpdating && slices.Contains(t.NewReplicas, r.Region) {
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
