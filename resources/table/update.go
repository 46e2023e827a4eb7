package table

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// update brings the table from prior to m in the order in which DynamoDB allows
// the steps; each waits until the table is active again, and steps without a
// change make no call.
func update(ctx context.Context, c *Clients, prior, m *model) error {
	for _, step := range []func(context.Context, *Clients, *model, *model) error{
		unprotect, unscale, dropReplicas, dropIndexes, dropVectors, changeClass, changeCapacity, changeLimits, warmUp, changeStream, addIndexes, addVectors, encrypt, expire,
		scale, addReplicas, govern, tell, observe, protectTime, protectTable,
	} {
		if err := step(ctx, c, prior, m); err != nil {
			return err
		}
	}
	return nil
}

// busy reports whether DynamoDB asks to wait for another change.
func busy(err error) bool {
	return tf.Is[*types.ResourceInUseException](err) || tf.Is[*types.LimitExceededException](err)
}

// change makes one UpdateTable call and waits for its end.
func change(ctx context.Context, c *Clients, m *model, in *dynamodb.UpdateTableInput) error {
	in.TableName = m.TableName.ValueStringPointer()
	err := tf.Retry(ctx, busy, func(ctx context.Context) error {
		_, err := c.DynamoDB.UpdateTable(ctx, in)
		return err
	})
	if err != nil {
		return err
	}
	return active(ctx, c, m)
}

// active waits until the table and all its indexes can be used and changed.
func active(ctx context.Context, c *Clients, m *model) error {
	const patience = 20 // reads, some 30 seconds, that may not see a new table yet
	missed, last := 0, ""
	err := tf.Poll(ctx, "table "+m.TableName.ValueString()+" to be active", func(ctx context.Context) (bool, error) {
		out, err := c.DynamoDB.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: m.TableName.ValueStringPointer()})
		if gone(err) && missed < patience {
			missed++
			return false, nil
		}
		if err != nil {
			return false, err
		}
		busy := unsettled(out.Table)
		if said := strings.Join(busy, ", "); said != last {
			last = said
			tf.Progress(ctx, "table %s: %s", m.TableName.ValueString(), said)
		}
		return len(busy) == 0, nil
	})
	if err != nil && last != "" {
		return fmt.Errorf("%w; at last %s", err, last)
	}
	return err
}

// unsettled says which parts of the table are being changed.
func unsettled(t *types.TableDescription) []string {
	var all []string
	if t.TableStatus != types.TableStatusActive {
		all = append(all, fmt.Sprintf("the table is %s", t.TableStatus))
	}
	for _, i := range t.GlobalSecondaryIndexes {
		if i.IndexStatus != types.IndexStatusActive {
			state := fmt.Sprintf("the index %s is %s", aws.ToString(i.IndexName), i.IndexStatus)
			if aws.ToBool(i.Backfilling) {
				state += " and is being filled"
			}
			all = append(all, state)
		}
	}
	for _, i := range t.VectorIndexes {
		if i.IndexStatus != types.IndexStatusActive {
			all = append(all, fmt.Sprintf("the vector index %s is %s", aws.ToString(i.IndexName), i.IndexStatus))
		}
	}
	for _, r := range t.Replicas {
		if r.ReplicaStatus != types.ReplicaStatusActive {
			all = append(all, fmt.Sprintf("the replica in %s is %s", aws.ToString(r.RegionName), r.ReplicaStatus))
		}
	}
	for _, w := range t.GlobalTableWitnesses {
		if w.WitnessStatus != types.WitnessStatusActive {
			all = append(all, fmt.Sprintf("the witness in %s is %s", aws.ToString(w.RegionName), w.WitnessStatus))
		}
	}
	if d := t.SSEDescription; d != nil && (d.Status == types.SSEStatusUpdating || d.Status == types.SSEStatusEnabling || d.Status == types.SSEStatusDisabling) {
		all = append(all, fmt.Sprintf("encryption is %s", d.Status))
	}
	return all
}

// changeClass is a call of its own because DynamoDB allows nothing beside it.
func changeClass(ctx context.Context, c *Clients, prior, m *model) error {
	if prior.Class.Equal(m.Class) {
		return nil
	}
	return change(ctx, c, m, &dynamodb.UpdateTableInput{TableClass: types.TableClass(m.Class.ValueString())})
}

// changeStream ends, begins or restarts the stream: one that is to tell something
// else is ended first.
func changeStream(ctx context.Context, c *Clients, prior, m *model) error {
	if prior.Stream.Equal(m.Stream) {
		return nil
	}
	if !prior.Stream.IsNull() {
		end := &types.StreamSpecification{StreamEnabled: aws.Bool(false)}
		if err := change(ctx, c, m, &dynamodb.UpdateTableInput{StreamSpecification: end}); err != nil || m.Stream.IsNull() {
			return err
		}
	}
	return change(ctx, c, m, &dynamodb.UpdateTableInput{StreamSpecification: &types.StreamSpecification{
		StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewType(m.Stream.ValueString()),
	}})
}

// unprotect turns deletion protection off; protectTable turns it on, at the end.
func unprotect(ctx context.Context, c *Clients, prior, m *model) error {
	if err := protect(ctx, c, prior, m, false); err != nil {
		return err
	}
	if !prior.DeletionProtection.ValueBool() || m.DeletionProtection.ValueBool() {
		return nil
	}
	return change(ctx, c, m, &dynamodb.UpdateTableInput{DeletionProtectionEnabled: aws.Bool(false)})
}

// changeCapacity changes how the table and its indexes are paid for, and what they
// have provisioned, together with the table's limits where DynamoDB allows that.
func changeCapacity(ctx context.Context, c *Clients, prior, m *model) error {
	now, err := unitsNow(ctx, c, prior, m)
	if err != nil {
		return err
	}
	in := &dynamodb.UpdateTableInput{}
	rebilled := prior.billing() != m.billing()
	if rebilled {
		in.BillingMode = m.billing()
	}
	if p := m.Capacity.throughput(now[""]); p != nil && (rebilled || !sameThroughput(p, now[""])) {
		in.ProvisionedThroughput = p
	}
	in.GlobalSecondaryIndexUpdates = indexUpdates(prior, m, func(name string, u *types.UpdateGlobalSecondaryIndexAction) bool {
		p := m.capacityOf(m.GlobalIndexes[name]).throughput(now[name])
		u.ProvisionedThroughput = p
		return p != nil && (rebilled || !sameThroughput(p, now[name]))
	})
	if limitsWithBilling(prior, m) {
		in.OnDemandThroughput = m.Capacity.changedLimits(prior.Capacity)
	}
	if in.BillingMode == "" && in.ProvisionedThroughput == nil && in.GlobalSecondaryIndexUpdates == nil {
		return nil
	}
	return change(ctx, c, m, in)
}

// limitsWithBilling reports whether the limits on demand go with the change to it:
// those of indexes do not.
func limitsWithBilling(prior, m *model) bool {
	return prior.billing() != m.billing() && indexLimits(prior, m) == nil
}

// changeLimits changes the limits on demand.
func changeLimits(ctx context.Context, c *Clients, prior, m *model) error {
	in := &dynamodb.UpdateTableInput{GlobalSecondaryIndexUpdates: indexLimits(prior, m)}
	if !limitsWithBilling(prior, m) {
		in.OnDemandThroughput = m.Capacity.changedLimits(prior.Capacity)
	}
	if in.OnDemandThroughput == nil && in.GlobalSecondaryIndexUpdates == nil {
		return nil
	}
	return change(ctx, c, m, in)
}

// warmUp changes the warm throughput.
func warmUp(ctx context.Context, c *Clients, prior, m *model) error {
	in := &dynamodb.UpdateTableInput{WarmThroughput: m.Warm.changed(prior.Warm)}
	in.GlobalSecondaryIndexUpdates = indexUpdates(prior, m, func(name string, u *types.UpdateGlobalSecondaryIndexAction) bool {
		u.WarmThroughput = m.GlobalIndexes[name].Warm.changed(prior.GlobalIndexes[name].Warm)
		return u.WarmThroughput != nil
	})
	if in.WarmThroughput == nil && in.GlobalSecondaryIndexUpdates == nil {
		return nil
	}
	return change(ctx, c, m, in)
}

func encrypt(ctx context.Context, c *Clients, prior, m *model) error {
	if prior.Encryption.same(m.Encryption) {
		return nil
	}
	if err := tf.Remember(ctx, managedKey, ""); err != nil {
		return err
	}
	return change(ctx, c, m, &dynamodb.UpdateTableInput{SSESpecification: m.Encryption.sse()})
}

// expire changes the attribute that items expire by. DynamoDB takes up to an hour
// to begin or to end with it, which is not waited for, except between both.
func expire(ctx context.Context, c *Clients, prior, m *model) error {
	if prior.TTL.Equal(m.TTL) {
		return nil
	}
	if !prior.TTL.IsNull() {
		if err := expireBy(ctx, c, m, prior.TTL.ValueStringPointer(), false); err != nil || m.TTL.IsNull() {
			return err
		}
		err := tf.Poll(ctx, "items of "+m.TableName.ValueString()+" to expire no longer", func(ctx context.Context) (bool, error) {
			out, err := c.DynamoDB.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: m.TableName.ValueStringPointer()})
			return err == nil && out.TimeToLiveDescription.TimeToLiveStatus == types.TimeToLiveStatusDisabled, err
		})
		if err != nil {
			return err
		}
	}
	return expireBy(ctx, c, m, m.TTL.ValueStringPointer(), true)
}

func expireBy(ctx context.Context, c *Clients, m *model, attribute *string, enabled bool) error {
	_, err := c.DynamoDB.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName:               m.TableName.ValueStringPointer(),
		TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: attribute, Enabled: aws.Bool(enabled)},
	})
	if tf.Says(err, "ValidationException", "multiple times within a fixed interval") {
		return tf.At(path.Root("ttl"), &tf.Problem{
			Summary: "DynamoDB allows one change of ttl per hour",
			Detail:  "The last change was less than an hour ago. What was changed so far stays; apply again later. (" + err.Error() + ")",
		})
	}
	return err
}

func tag(ctx context.Context, c *Clients, m *model, set map[string]string, remove []string) error {
	if len(remove) > 0 {
		if _, err := c.DynamoDB.UntagResource(ctx, &dynamodb.UntagResourceInput{ResourceArn: m.ID.ValueStringPointer(), TagKeys: remove}); err != nil {
			return err
		}
	}
	if len(set) == 0 {
		return nil
	}
	_, err := c.DynamoDB.TagResource(ctx, &dynamodb.TagResourceInput{ResourceArn: m.ID.ValueStringPointer(), Tags: tagList(set)})
	return err
}

func tagList(tags map[string]string) []types.Tag {
	var all []types.Tag
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		all = append(all, types.Tag{Key: aws.String(k), Value: aws.String(tags[k])})
	}
	return all
}

func protectTime(ctx context.Context, c *Clients, prior, m *model) error {
	if prior.RecoveryDays.Equal(m.RecoveryDays) {
		return nil
	}
	return keepDays(ctx, c.DynamoDB, m.TableName.ValueString(), m.RecoveryDays.ValueInt64())
}

// keepDays sets how far back a table can be restored; 0 days turns it off.
func keepDays(ctx context.Context, c DynamoDB, table string, days int64) error {
	spec := &types.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: aws.Bool(days > 0)}
	if days > 0 {
		spec.RecoveryPeriodInDays = aws.Int32(int32(days))
	}
	// A new table answers "Backups are being enabled for the table" for a while.
	return tf.Retry(ctx, tf.Is[*types.ContinuousBackupsUnavailableException], func(ctx context.Context) error {
		_, err := c.UpdateContinuousBackups(ctx, &dynamodb.UpdateContinuousBackupsInput{
			TableName: &table, PointInTimeRecoverySpecification: spec,
		})
		return err
	})
}

// protectTable turns deletion protection on, after all that may fail.
func protectTable(ctx context.Context, c *Clients, prior, m *model) error {
	if err := protect(ctx, c, prior, m, true); err != nil {
		return err
	}
	if prior.DeletionProtection.ValueBool() || !m.DeletionProtection.ValueBool() {
		return nil
	}
	return change(ctx, c, m, &dynamodb.UpdateTableInput{DeletionProtectionEnabled: aws.Bool(true)})
}
