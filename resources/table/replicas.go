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
	for _, region := range slices.Sorted(maps.Keys(prior.Replicas)) {
		if r, ok := m.Replicas[region]; ok && r.KMSKeyARN.Equal(prior.Replicas[region].KMSKeyARN) {
			continue
		}
		err := group(ctx, c, m, types.ReplicationGroupUpdate{Delete: &types.DeleteReplicationGroupMemberAction{RegionName: &region}})
		if err != nil {
			return err
		}
	}
	return nil
}

// addReplicas makes the copies that are new, one at a time, and changes the others.
func addReplicas(ctx context.Context, c *Clients, prior, m *model) error {
	for _, region := range slices.Sorted(maps.Keys(m.Replicas)) {
		r := m.Replicas[region]
		was, ok := prior.Replicas[region]
		ok = ok && was.KMSKeyARN.Equal(r.KMSKeyARN)
		class := types.TableClass(m.class(r))
		switch {
		case !ok:
			err := group(ctx, c, m, types.ReplicationGroupUpdate{Create: &types.CreateReplicationGroupMemberAction{
				RegionName: &region, KMSMasterKeyId: r.KMSKeyARN.ValueStringPointer(), TableClassOverride: class,
			}})
			if err != nil {
				return err
			}
			was = replica{RecoveryDays: basetypes.Int64Value(0)}
		case prior.class(was) != m.class(r):
			err := group(ctx, c, m, types.ReplicationGroupUpdate{Update: &types.UpdateReplicationGroupMemberAction{RegionName: &region, TableClassOverride: class}})
			if err != nil {
				return err
			}
		}
		if was.RecoveryDays.Equal(r.RecoveryDays) {
			continue
		}
		there, err := c.In(ctx, region)
		if err != nil {
			return err
		}
		if err := keepDays(ctx, there, m.TableName.ValueString(), r.RecoveryDays.ValueInt64()); err != nil {
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
		backups, err := there.DescribeContinuousBackups(ctx, &dynamodb.DescribeContinuousBackupsInput{TableName: t.TableName})
		r := replica{KMSKeyARN: tf.NonEmpty(d.KMSMasterKeyId), Class: was[region].Class, RecoveryDays: basetypes.Int64Value(0)}
		switch {
		case tf.Is[*types.TableNotFoundException](err): // the region does not show it yet
		case err != nil:
			return err
		default:
			r.RecoveryDays = basetypes.Int64Value(recoveryDays(backups.ContinuousBackupsDescription))
		}
		own := types.TableClassStandard
		if s := t.TableClassSummary; s != nil && s.TableClass != "" {
			own = s.TableClass
		}
		class := own
		if s := d.ReplicaTableClassSummary; s != nil && s.TableClass != "" {
			class = s.TableClass
		}
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
