package table

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// replica is the table's copy in another region.
type replica struct {
	KMSKeyARN    basetypes.String `tfsdk:"kms_key_arn"`
	Class        basetypes.String `tfsdk:"class"`
	RecoveryDays basetypes.Int64  `tfsdk:"point_in_time_recovery_days"`
	Protection   basetypes.Bool   `tfsdk:"deletion_protection"`
	Tags         basetypes.Bool   `tfsdk:"propagate_tags"`
	reads
	Indexes map[string]reads `tfsdk:"global_indexes"`
}

// class is the copy's class: its own, or else the table's.
func (m *model) class(r replica) string {
	if r.Class.IsNull() {
		return m.Class.ValueString()
	}
	return r.Class.ValueString()
}

// group makes one change of the copies, which DynamoDB wants to stand alone.
func group(ctx context.Context, c *Clients, m *model, u types.ReplicationGroupUpdate) error {
	return change(ctx, c, m, &dynamodb.UpdateTableInput{ReplicaUpdates: []types.ReplicationGroupUpdate{u}})
}

// dropReplicas deletes the copies that are to be no longer, or with another key.
func dropReplicas(ctx context.Context, c *Clients, prior, m *model) error {
	var gone []types.ReplicationGroupUpdate
	for _, region := range slices.Sorted(maps.Keys(prior.Replicas)) {
		if r, ok := m.Replicas[region]; ok && r.KMSKeyARN.Equal(prior.Replicas[region].KMSKeyARN) {
			continue
		}
		if prior.Replicas[region].Protection.ValueBool() {
			return &tf.Problem{
				Summary: "The copy of " + m.TableName.ValueString() + " in " + region + " is protected against deletion",
				Detail:  "Set deletion_protection = false for it, apply, and then remove it, give it another key, or destroy the table.",
			}
		}
		gone = append(gone, types.ReplicationGroupUpdate{Delete: &types.DeleteReplicationGroupMemberAction{RegionName: &region}})
	}
	if prior.Strong != nil && len(gone) > 0 {
		return dissolve(ctx, c, prior, m, gone)
	}
	for _, u := range gone {
		if err := group(ctx, c, m, u); err != nil {
			return err
		}
	}
	return nil
}

// addReplicas makes the copies that are new, one at a time, and changes the others.
func addReplicas(ctx context.Context, c *Clients, prior, m *model) error {
	together := m.Strong != nil && prior.Strong == nil
	if together {
		if err := unite(ctx, c, m); err != nil {
			return err
		}
	}
	for _, region := range slices.Sorted(maps.Keys(m.Replicas)) {
		r := m.Replicas[region]
		was, ok := prior.Replicas[region]
		ok = ok && was.KMSKeyARN.Equal(r.KMSKeyARN)
		if ok {
			if u := updated(prior, m, region); u != nil {
				if err := group(ctx, c, m, types.ReplicationGroupUpdate{Update: u}); err != nil {
					return err
				}
			}
		} else {
			if !together {
				if err := group(ctx, c, m, types.ReplicationGroupUpdate{Create: created(m, region)}); err != nil {
					return err
				}
			}
			was = replica{RecoveryDays: basetypes.Int64Value(0), Protection: basetypes.BoolValue(false), Tags: basetypes.BoolValue(false)}
		}
		if err := equip(ctx, c, prior, m, region, was, r); err != nil {
			return err
		}
	}
	return nil
}

// created is a new copy.
func created(m *model, region string) *types.CreateReplicationGroupMemberAction {
	r := m.Replicas[region]
	a := &types.CreateReplicationGroupMemberAction{
		RegionName: &region, KMSMasterKeyId: r.KMSKeyARN.ValueStringPointer(), TableClassOverride: types.TableClass(m.class(r)),
	}
	a.OnDemandThroughputOverride, a.ProvisionedThroughputOverride, a.GlobalSecondaryIndexes = overrides(&model{Capacity: m.Capacity, GlobalIndexes: m.GlobalIndexes}, m, replica{}, r)
	return a
}

// updated is the change of a copy; nil if there is none. What the table itself was
// changed to has reached the copy already, where that has nothing of its own.
func updated(prior, m *model, region string) *types.UpdateReplicationGroupMemberAction {
	was, is := prior.Replicas[region], m.Replicas[region]
	a := &types.UpdateReplicationGroupMemberAction{RegionName: &region}
	now := prior.class(was)
	if !prior.Class.Equal(m.Class) {
		now = m.Class.ValueString() // another class of the table is that of all copies
	}
	if class := m.class(is); class != now {
		a.TableClassOverride = types.TableClass(class)
	}
	a.OnDemandThroughputOverride, a.ProvisionedThroughputOverride, a.GlobalSecondaryIndexes = overrides(prior, m, was, is)
	if a.TableClassOverride == "" && a.OnDemandThroughputOverride == nil && a.ProvisionedThroughputOverride == nil && a.GlobalSecondaryIndexes == nil {
		return nil
	}
	return a
}

// equip changes what the copy has in its own region: its recovery and tags.
func equip(ctx context.Context, c *Clients, prior, m *model, region string, was, is replica) error {
	there, err := c.In(ctx, region)
	if err != nil {
		return err
	}
	if !was.RecoveryDays.Equal(is.RecoveryDays) {
		if err := keepDays(ctx, there, m.TableName.ValueString(), is.RecoveryDays.ValueInt64()); err != nil {
			return err
		}
	}
	if is.Tags.ValueBool() {
		before, copied := &prior.Tagged, *m
		if !was.Tags.ValueBool() {
			before = &tf.Tagged{}
		}
		set, remove := m.Changed(before)
		copied.ID = basetypes.StringValue(m.copyARN(ctx, region))
		return tag(ctx, &Clients{DynamoDB: there}, &copied, set, remove)
	}
	return nil
}

// copyARN is the ARN of the copy in another region.
func (m *model) copyARN(ctx context.Context, region string) string {
	s := tf.ScopeOf(ctx)
	s.Region = region
	return s.ARN("dynamodb", m.resource())
}

// protect sets the protection of the copies that are there and should have on.
func protect(ctx context.Context, c *Clients, prior, m *model, on bool) error {
	for _, region := range slices.Sorted(maps.Keys(m.Replicas)) {
		was, kept := prior.Replicas[region]
		if m.Replicas[region].Protection.ValueBool() != on || was.Protection.ValueBool() == on || !on && !kept {
			continue
		}
		there, err := c.In(ctx, region)
		if err != nil {
			return err
		}
		if err := change(ctx, &Clients{DynamoDB: there}, m, &dynamodb.UpdateTableInput{DeletionProtectionEnabled: &on}); err != nil {
			return err
		}
	}
	return nil
}

// readReplicas reads the copies, each also in its own region.
func (m *model) readReplicas(ctx context.Context, c *Clients, t *types.TableDescription) error {
	was := m.Replicas
	m.Replicas = nil
	for _, d := range t.Replicas {
		region := aws.ToString(d.RegionName)
		if d.ReplicaStatus == types.ReplicaStatusDeleting || region == tf.ScopeOf(ctx).Region {
			continue
		}
		there, err := c.In(ctx, region)
		if err != nil {
			return err
		}
		local := &Clients{DynamoDB: there}
		backups, err := there.DescribeContinuousBackups(ctx, &dynamodb.DescribeContinuousBackupsInput{TableName: t.TableName})
		r := replica{reads: m.readsRead(was[region].reads, d.OnDemandThroughputOverride, d.ProvisionedThroughputOverride, t.OnDemandThroughput, t.ProvisionedThroughput), KMSKeyARN: tf.NonEmpty(d.KMSMasterKeyId), Class: was[region].Class, RecoveryDays: basetypes.Int64Value(0), Protection: basetypes.BoolValue(false), Tags: basetypes.BoolValue(false)}
		switch {
		case tf.Is[*types.TableNotFoundException](err): // the region does not show it yet
		case err != nil:
			return err
		default:
			r.RecoveryDays = basetypes.Int64Value(recoveryDays(backups.ContinuousBackupsDescription))
			if err := m.readCopy(ctx, local, region, &r, was[region].Tags.ValueBool()); err != nil {
				return err
			}
		}
		own := types.TableClassStandard
		if s := t.TableClassSummary; s != nil && s.TableClass != "" {
			own = s.TableClass
		}
		class := own
		if s := d.ReplicaTableClassSummary; s != nil && s.TableClass != "" {
			class = s.TableClass
		}
		r.Indexes = m.indexReads(was[region].Indexes, d.GlobalSecondaryIndexes, t)
		if !r.Class.IsNull() || class != own {
			r.Class = basetypes.StringValue(string(class))
		}
		if m.Replicas == nil {
			m.Replicas = map[string]replica{}
		}
		m.Replicas[region] = r
	}
	return nil
}

// readCopy reads what the copy has in its own region. Whose tags it has is asked
// only where they should be the table's.
func (m *model) readCopy(ctx context.Context, local *Clients, region string, r *replica, tagged bool) error {
	out, err := local.DynamoDB.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: m.TableName.ValueStringPointer()})
	switch {
	case gone(err):
		return nil // the region does not show it yet
	case err != nil:
		return err
	}
	r.Protection = basetypes.BoolValue(aws.ToBool(out.Table.DeletionProtectionEnabled))
	if !tagged {
		return nil
	}
	there, err := tagsOf(ctx, local, m.copyARN(ctx, region))
	if err != nil {
		return err
	}
	r.Tags = basetypes.BoolValue(true)
	for k, v := range m.All() {
		if there[k] != v {
			r.Tags = basetypes.BoolValue(false)
		}
	}
	return nil
}
