package table

import (
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"
)

// reads is what a copy of the table, or an index of it, may read; null is as in the
// table's own region. DynamoDB forgets a value that is the same there.
type reads struct {
	MaxRead   basetypes.Int64 `tfsdk:"max_read"`
	ReadUnits basetypes.Int64 `tfsdk:"read_units"`
}

// unlimited is a limit that there is not, as DynamoDB is told it.
const unlimited = -1

// readBase is what a capacity says of reads: the limit on demand, and the units.
func readBase(c *capacity) (limit, units int64) {
	limit = unlimited
	if l := c.limits(); l != nil {
		limit = *l.MaxReadRequestUnits
	}
	if c.provisioned() {
		units = aws.ToInt64(c.Read.from(0))
	}
	return limit, units
}

// override is what DynamoDB must be told so that reads becomes is where was applied
// over a capacity that has changed too; nil for nothing.
func (was reads) override(is reads, before, after *capacity) (o *types.OnDemandThroughputOverride, p *types.ProvisionedThroughputOverride) {
	limitBefore, unitsBefore := readBase(before)
	limitAfter, unitsAfter := readBase(after)
	change := func(was, is basetypes.Int64, before, after int64) *int64 {
		now, want := after, after
		if !was.IsNull() && was.ValueInt64() != before {
			now = was.ValueInt64()
		}
		if !is.IsNull() {
			want = is.ValueInt64()
		}
		if now == want {
			return nil
		}
		return &want
	}
	if after.provisioned() {
		if n := change(was.ReadUnits, is.ReadUnits, unitsBefore, unitsAfter); n != nil {
			p = &types.ProvisionedThroughputOverride{ReadCapacityUnits: n}
		}
		return nil, p
	}
	if n := change(was.MaxRead, is.MaxRead, limitBefore, limitAfter); n != nil {
		o = &types.OnDemandThroughputOverride{MaxReadRequestUnits: n}
	}
	return o, nil
}

// overrides are the overrides of a copy and its indexes.
func overrides(prior, m *model, was, is replica) (*types.OnDemandThroughputOverride, *types.ProvisionedThroughputOverride, []types.ReplicaGlobalSecondaryIndex) {
	o, p := was.override(is.reads, prior.Capacity, m.Capacity)
	stay := kept(prior, m)
	var indexes []types.ReplicaGlobalSecondaryIndex
	for _, name := range slices.Sorted(maps.Keys(m.GlobalIndexes)) {
		now, before := was.Indexes[name], prior.capacityOf(stay[name])
		if _, ok := stay[name]; !ok {
			now, before = reads{}, m.capacityOf(m.GlobalIndexes[name])
		}
		i := types.ReplicaGlobalSecondaryIndex{IndexName: aws.String(name)}
		i.OnDemandThroughputOverride, i.ProvisionedThroughputOverride = now.override(is.Indexes[name], before, m.capacityOf(m.GlobalIndexes[name]))
		if i.OnDemandThroughputOverride != nil || i.ProvisionedThroughputOverride != nil {
			indexes = append(indexes, i)
		}
	}
	return o, p, indexes
}

// readsRead is what there is of reads: an override, or the table's own where the
// configuration says that.
func (m *model) readsRead(was reads, o *types.OnDemandThroughputOverride, p *types.ProvisionedThroughputOverride, limits *types.OnDemandThroughput, units *types.ProvisionedThroughputDescription) reads {
	var r reads
	switch {
	case o != nil && aws.ToInt64(o.MaxReadRequestUnits) != unlimited:
		r.MaxRead = basetypes.Int64PointerValue(o.MaxReadRequestUnits)
	case o == nil && !was.MaxRead.IsNull() && limits != nil && aws.ToInt64(limits.MaxReadRequestUnits) > 0:
		r.MaxRead = basetypes.Int64PointerValue(limits.MaxReadRequestUnits)
	}
	switch {
	case p != nil:
		r.ReadUnits = basetypes.Int64PointerValue(p.ReadCapacityUnits)
	case !was.ReadUnits.IsNull() && units != nil && aws.ToInt64(units.ReadCapacityUnits) > 0:
		r.ReadUnits = basetypes.Int64PointerValue(units.ReadCapacityUnits)
	}
	return r
}

// indexReads is what there is of the copy's indexes: those that have something of
// their own or that the configuration names.
func (m *model) indexReads(was map[string]reads, found []types.ReplicaGlobalSecondaryIndexDescription, t *types.TableDescription) map[string]reads {
	var all map[string]reads
	for _, d := range found {
		name := aws.ToString(d.IndexName)
		at := slices.IndexFunc(t.GlobalSecondaryIndexes, func(g types.GlobalSecondaryIndexDescription) bool { return aws.ToString(g.IndexName) == name })
		if at < 0 {
			continue
		}
		g := t.GlobalSecondaryIndexes[at]
		before, named := was[name]
		r := m.readsRead(before, d.OnDemandThroughputOverride, d.ProvisionedThroughputOverride, g.OnDemandThroughput, g.ProvisionedThroughput)
		if !named && r.MaxRead.IsNull() && r.ReadUnits.IsNull() {
			continue
		}
		if all == nil {
			all = map[string]reads{}
		}
		all[name] = r
	}
	return all
}
