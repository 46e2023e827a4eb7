package table

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/hashicorp/terraform-plugin-framework/path"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// strong says that the copies are consistent with the table at every moment.
type strong struct {
	Witness basetypes.String `tfsdk:"witness"`
}

// unite makes all copies in one call, as strong consistency demands.
func unite(ctx context.Context, c *Clients, m *model) error {
	in := &dynamodb.UpdateTableInput{MultiRegionConsistency: types.MultiRegionConsistencyStrong}
	for _, region := range slices.Sorted(maps.Keys(m.Replicas)) {
		in.ReplicaUpdates = append(in.ReplicaUpdates, types.ReplicationGroupUpdate{Create: created(m, region)})
	}
	if !m.Strong.Witness.IsNull() {
		in.GlobalTableWitnessUpdates = []types.GlobalTableWitnessGroupUpdate{{
			Create: &types.CreateGlobalTableWitnessGroupMemberAction{RegionName: m.Strong.Witness.ValueStringPointer()},
		}}
	}
	return change(ctx, c, m, in)
}

// dissolve deletes all copies in one call, and the witness with them.
func dissolve(ctx context.Context, c *Clients, prior, m *model, gone []types.ReplicationGroupUpdate) error {
	in := &dynamodb.UpdateTableInput{ReplicaUpdates: gone}
	if !prior.Strong.Witness.IsNull() {
		in.GlobalTableWitnessUpdates = []types.GlobalTableWitnessGroupUpdate{{
			Delete: &types.DeleteGlobalTableWitnessGroupMemberAction{RegionName: prior.Strong.Witness.ValueStringPointer()},
		}}
	}
	return change(ctx, c, m, in)
}

func strongRead(t *types.TableDescription) *strong {
	if t.MultiRegionConsistency != types.MultiRegionConsistencyStrong {
		return nil
	}
	s := &strong{}
	for _, w := range t.GlobalTableWitnesses {
		if w.WitnessStatus != types.WitnessStatusDeleting {
			s.Witness = basetypes.StringPointerValue(w.RegionName)
		}
	}
	return s
}

// checkStrong demands what strong consistency needs of other attributes.
func checkStrong(v *tf.Check, m *model) {
	at := path.Root("strong_consistency")
	if m.Strong == nil || !v.Known("strong_consistency") {
		return
	}
	if v.Known("replicas") {
		regions := len(m.Replicas)
		if !m.Strong.Witness.IsNull() {
			regions++
		}
		if regions != 2 {
			v.Error(at, "Strong consistency needs three regions", fmt.Sprintf("For strong_consistency DynamoDB wants two replicas beside the table, or one and a witness; here are %d of both together. Add or remove some.", regions))
		}
		if _, both := m.Replicas[m.Strong.Witness.ValueString()]; both {
			v.Error(at.AtName("witness"), "A witness where a replica is", "The region "+m.Strong.Witness.ValueString()+" is among the replicas. Choose another region for the witness.")
		}
	}
	if v.Known("ttl") && !m.TTL.IsNull() {
		v.Error(path.Root("ttl"), "Items of this table cannot expire", "DynamoDB has no ttl for tables with strong_consistency. Remove one of both.")
	}
	if v.Known("local_indexes") && len(m.LocalIndexes) > 0 {
		v.Error(path.Root("local_indexes"), "Local indexes with strong consistency", "DynamoDB has no local indexes for tables with strong_consistency. Make them global_indexes.")
	}
}

// checkReads demands that a copy's reads fit the table's capacity and indexes.
func checkReads(v *tf.Check, m *model) {
	if !v.Known("replicas") || !v.Known("capacity") || !v.Known("global_indexes") {
		return
	}
	check := func(at path.Path, r reads, c *capacity) {
		switch {
		case !r.MaxRead.IsNull() && c.provisioned():
			v.Error(at.AtName("max_read"), "A limit on demand for provisioned capacity", at.String()+".max_read is for capacity on demand, and the table's is provisioned. Use read_units, or remove capacity.")
		case !r.ReadUnits.IsNull() && !c.provisioned():
			v.Error(at.AtName("read_units"), "Read units on demand", at.String()+".read_units is for provisioned capacity, and the table's is on demand. Use the limit max_read, or give the table a capacity.")
		case !r.ReadUnits.IsNull() && c.Read.scales():
			v.Error(at.AtName("read_units"), "Read units where they scale", at.String()+".read_units is for a fixed number, and the reads scale. Remove it, or give capacity.read a fixed number of units.")
		}
	}
	for _, region := range slices.Sorted(maps.Keys(m.Replicas)) {
		at, r := path.Root("replicas").AtMapKey(region), m.Replicas[region]
		check(at, r.reads, m.Capacity)
		for _, name := range slices.Sorted(maps.Keys(r.Indexes)) {
			at := at.AtName("global_indexes").AtMapKey(name)
			i, ok := m.GlobalIndexes[name]
			if !ok {
				v.Error(at, "There is no such index", "The table has no global index "+name+". Correct the name, or add the index.")
				continue
			}
			check(at, r.Indexes[name], m.capacityOf(i))
		}
	}
}

// planStrong refuses changes of the regions that DynamoDB cannot make.
func planStrong(p *tf.Plan[model]) {
	was, is := p.Prior.Strong, p.Planned.Strong
	if was == nil && is == nil || !p.Known("strong_consistency") || !p.Known("replicas") {
		return
	}
	regions := func(m *model) (all []string) {
		for _, region := range slices.Sorted(maps.Keys(m.Replicas)) {
			all = append(all, region+" "+m.Replicas[region].KMSKeyARN.ValueString())
		}
		if m.Strong != nil {
			all = append(all, "witness "+m.Strong.Witness.ValueString())
		}
		return all
	}
	switch {
	case slices.Equal(regions(p.Prior), regions(p.Planned)): // nothing of it changes
	case was == nil && len(p.Prior.Replicas) == 0: // all are made
	case is == nil && len(p.Planned.Replicas) == 0: // all are removed
	default:
		p.Error(path.Root("strong_consistency"), "The regions of strong consistency cannot be changed",
			"DynamoDB makes them of an empty table, all at once, and can only end them all at once. Remove strong_consistency and replicas and apply, which leaves the table of this region with its items; an empty one can then be given others.")
	}
}
