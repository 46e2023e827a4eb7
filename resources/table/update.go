package table

import (
	"context"
	"maps"
	"slices"

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
		dropIndexes, changeClass, restartStream, changeTable, addIndexes, encrypt, expire, tag, protectTime, protectTable,
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
	missed := 0
	return tf.Poll(ctx, "table "+m.TableName.ValueString()+" to be active", func(ctx context.Context) (bool, error) {
		out, err := c.DynamoDB.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: m.TableName.ValueStringPointer()})
		if gone(err) && missed < patience {
			missed++
			return false, nil
		}
		if err != nil {
			return false, err
		}
		settled := out.Table.TableStatus == types.TableStatusActive
		for _, i := range out.Table.GlobalSecondaryIndexes {
			settled = settled && i.IndexStatus == types.IndexStatusActive
		}
		if d := out.Table.SSEDescription; d != nil {
			settled = settled && d.Status != types.SSEStatusUpdating && d.Status != types.SSEStatusEnabling && d.Status != types.SSEStatusDisabling
		}
		return settled, nil
	})
}

// rebuilt reports whether the index must be made anew: DynamoDB can change
// nothing of an index but its capacity.
func rebuilt(a, b globalIndex) bool {
	same := func(a, b *keyModel) bool { return a == b || a != nil && b != nil && *a == *b }
	p, q := a.Projection.sent(), b.Projection.sent()
	return !same(a.PartitionKey, b.PartitionKey) || !same(a.SortKey, b.SortKey) ||
		p.ProjectionType != q.ProjectionType || !slices.Equal(p.NonKeyAttributes, q.NonKeyAttributes)
}

// kept are the indexes that are neither dropped nor rebuilt.
func kept(prior, m *model) map[string]globalIndex {
	all := maps.Clone(prior.GlobalIndexes)
	maps.DeleteFunc(all, func(name string, i globalIndex) bool {
		next, ok := m.GlobalIndexes[name]
		return !ok || rebuilt(i, next)
	})
	return all
}

func dropIndexes(ctx context.Context, c *Clients, prior, m *model) error {
	stay := kept(prior, m)
	for _, name := range slices.Sorted(maps.Keys(prior.GlobalIndexes)) {
		if _, ok := stay[name]; ok {
			continue
		}
		err := change(ctx, c, m, &dynamodb.UpdateTableInput{GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{
			Delete: &types.DeleteGlobalSecondaryIndexAction{IndexName: aws.String(name)},
		}}})
		if err != nil {
			return err
		}
	}
	return nil
}

// changeClass is a call of its own because DynamoDB allows nothing beside it.
func changeClass(ctx context.Context, c *Clients, prior, m *model) error {
	if prior.Class.Equal(m.Class) {
		return nil
	}
	return change(ctx, c, m, &dynamodb.UpdateTableInput{TableClass: types.TableClass(m.Class.ValueString())})
}

// restartStream ends a stream that is to tell something else; changeTable starts
// the new one.
func restartStream(ctx context.Context, c *Clients, prior, m *model) error {
	if prior.Stream.IsNull() || m.Stream.IsNull() || prior.Stream.Equal(m.Stream) {
		return nil
	}
	return change(ctx, c, m, &dynamodb.UpdateTableInput{StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(false)}})
}

// changeTable makes in one call all changes that may go together.
func changeTable(ctx context.Context, c *Clients, prior, m *model) error {
	in, any := &dynamodb.UpdateTableInput{}, false
	if prior.billing() != m.billing() {
		in.BillingMode, any = m.billing(), true
		in.ProvisionedThroughput = m.Capacity.throughput()
	}
	if p := m.Capacity.throughput(); p != nil && !sameThroughput(p, prior.Capacity.throughput()) {
		in.ProvisionedThroughput, any = p, true
	}
	if was, is := prior.Capacity.limits(), m.Capacity.limits(); is != nil && was != nil && !sameLimits(is, was) {
		in.OnDemandThroughput, any = is, true
	} else if was == nil && m.Capacity.newLimits() != nil {
		in.OnDemandThroughput, any = m.Capacity.newLimits(), true
	}
	if !prior.Stream.Equal(m.Stream) {
		in.StreamSpecification, any = &types.StreamSpecification{StreamEnabled: aws.Bool(false)}, true
		if v := m.Stream.ValueString(); v != "" {
			in.StreamSpecification = &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewType(v)}
		}
	}
	if prior.DeletionProtection.ValueBool() && !m.DeletionProtection.ValueBool() {
		in.DeletionProtectionEnabled, any = aws.Bool(false), true
	}
	stay := kept(prior, m)
	for _, name := range slices.Sorted(maps.Keys(stay)) {
		u := indexCapacity(prior, m, name)
		if u != nil {
			in.GlobalSecondaryIndexUpdates, any = append(in.GlobalSecondaryIndexUpdates, types.GlobalSecondaryIndexUpdate{Update: u}), true
		}
	}
	if !any {
		return nil
	}
	return change(ctx, c, m, in)
}

// indexCapacity is the change of an index's capacity, nil if there is none.
func indexCapacity(prior, m *model, name string) *types.UpdateGlobalSecondaryIndexAction {
	was, is := prior.capacityOf(prior.GlobalIndexes[name]), m.capacityOf(m.GlobalIndexes[name])
	u := &types.UpdateGlobalSecondaryIndexAction{IndexName: aws.String(name)}
	if p := is.throughput(); p != nil && (prior.billing() != m.billing() || !sameThroughput(p, was.throughput())) {
		u.ProvisionedThroughput = p
		return u
	}
	if o := is.limits(); o != nil && (was.limits() != nil && !sameLimits(o, was.limits()) || was.limits() == nil && is.newLimits() != nil) {
		u.OnDemandThroughput = o
		return u
	}
	return nil
}

func addIndexes(ctx context.Context, c *Clients, prior, m *model) error {
	have := kept(prior, m)
	if have == nil {
		have = map[string]globalIndex{}
	}
	for _, name := range slices.Sorted(maps.Keys(m.GlobalIndexes)) {
		if _, ok := have[name]; ok {
			continue
		}
		i := m.GlobalIndexes[name]
		have[name] = i
		err := change(ctx, c, m, &dynamodb.UpdateTableInput{
			AttributeDefinitions: m.definitions(have),
			GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{Create: &types.CreateGlobalSecondaryIndexAction{
				IndexName: aws.String(name), KeySchema: elements(i.keys()), Projection: i.Projection.sent(),
				ProvisionedThroughput: m.capacityOf(i).throughput(), OnDemandThroughput: m.capacityOf(i).newLimits(),
			}}},
		})
		if err != nil {
			return err
		}
	}
	return nil
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

func tag(ctx context.Context, c *Clients, prior, m *model) error {
	set, gone := m.Changed(&prior.Tagged)
	if len(gone) > 0 {
		slices.Sort(gone)
		if _, err := c.DynamoDB.UntagResource(ctx, &dynamodb.UntagResourceInput{ResourceArn: m.ID.ValueStringPointer(), TagKeys: gone}); err != nil {
			return err
		}
	}
	if len(set) == 0 {
		return nil
	}
	in := &dynamodb.TagResourceInput{ResourceArn: m.ID.ValueStringPointer()}
	for _, k := range slices.Sorted(maps.Keys(set)) {
		in.Tags = append(in.Tags, types.Tag{Key: aws.String(k), Value: aws.String(set[k])})
	}
	_, err := c.DynamoDB.TagResource(ctx, in)
	return err
}

func protectTime(ctx context.Context, c *Clients, prior, m *model) error {
	if prior.RecoveryDays.Equal(m.RecoveryDays) {
		return nil
	}
	days := m.RecoveryDays.ValueInt64()
	spec := &types.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: aws.Bool(days > 0)}
	if days > 0 {
		spec.RecoveryPeriodInDays = aws.Int32(int32(days))
	}
	// A new table answers "Backups are being enabled for the table" for a while.
	return tf.Retry(ctx, tf.Is[*types.ContinuousBackupsUnavailableException], func(ctx context.Context) error {
		_, err := c.DynamoDB.UpdateContinuousBackups(ctx, &dynamodb.UpdateContinuousBackupsInput{
			TableName: m.TableName.ValueStringPointer(), PointInTimeRecoverySpecification: spec,
		})
		return err
	})
}

// protectTable turns deletion protection on, after all that may fail.
func protectTable(ctx context.Context, c *Clients, prior, m *model) error {
	if prior.DeletionProtection.ValueBool() || !m.DeletionProtection.ValueBool() {
		return nil
	}
	return change(ctx, c, m, &dynamodb.UpdateTableInput{DeletionProtectionEnabled: aws.Bool(true)})
}
