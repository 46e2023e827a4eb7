package table

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// create makes the table with all that one call can give it, and then treats the
// rest as an update. A table that cannot be finished is deleted again; deletion
// protection comes last so that it can be.
func create(ctx context.Context, c *Clients, m *model) error {
	made := m.made()
	var began time.Time // of a restore where there was no table
	var err error
	switch {
	case m.Restore != nil:
		if _, _, missing := inPlace(ctx, c, m); gone(missing) {
			began = time.Now()
		}
		err = restoreTable(ctx, c, m)
	case m.Import != nil:
		err = importTable(ctx, c, m)
	default:
		err = createTable(ctx, c, m)
	}
	if tf.Is[*types.ResourceInUseException](err) || tf.Is[*types.TableAlreadyExistsException](err) {
		return adopt(ctx, c, m, began, err)
	}
	if err != nil {
		return err
	}
	if err = active(ctx, c, m); err == nil && (m.Restore != nil || m.Import != nil) {
		made, err = found(ctx, c, m)
	}
	if err == nil {
		err = update(ctx, c, made, m)
	}
	if err != nil {
		return tf.Undo(ctx, err, func(ctx context.Context) error { return discard(ctx, c, m) })
	}
	return nil
}

// made is the table as the call that creates it leaves it.
func (m *model) made() *model {
	made := *m
	made.TTL, made.RecoveryDays, made.DeletionProtection = basetypes.StringNull(), basetypes.Int64Value(0), basetypes.BoolValue(false)
	made.ResourcePolicy, made.KinesisStream, made.Insights, made.Replicas = tf.JSONNull(), nil, basetypes.StringNull(), nil
	made.Strong = nil
	made.Capacity = m.Capacity.unscaled()
	made.GlobalIndexes = maps.Clone(m.GlobalIndexes)
	for name, i := range made.GlobalIndexes {
		i.Capacity, i.Insights = m.capacityOf(i).unscaled(), basetypes.StringNull()
		made.GlobalIndexes[name] = i
	}
	return &made
}

// unmark removes the mark of an unfinished table.
func unmark(ctx context.Context, c *Clients, m *model) error {
	_, err := c.DynamoDB.UntagResource(ctx, &dynamodb.UntagResourceInput{ResourceArn: m.ID.ValueStringPointer(), TagKeys: []string{tf.MarkerKey}})
	return err
}

func createTable(ctx context.Context, c *Clients, m *model) error {
	in := m.creation(ctx)
	return tf.Retry(ctx, tf.Is[*types.LimitExceededException], func(ctx context.Context) error {
		out, err := c.DynamoDB.CreateTable(ctx, in)
		if err == nil {
			m.named(out.TableDescription)
		}
		return err
	})
}

// creation is all that the call that creates a table can be told.
func (m *model) creation(ctx context.Context) *dynamodb.CreateTableInput {
	in := &dynamodb.CreateTableInput{
		TableName:             m.TableName.ValueStringPointer(),
		AttributeDefinitions:  m.definitions(m.GlobalIndexes, m.VectorIndexes),
		KeySchema:             m.key().elements(),
		BillingMode:           m.billing(),
		ProvisionedThroughput: m.Capacity.throughput(nil),
		OnDemandThroughput:    m.Capacity.newLimits(),
		TableClass:            types.TableClass(m.Class.ValueString()),
		WarmThroughput:        m.Warm.sent(),
		Tags:                  []types.Tag{{Key: aws.String(tf.MarkerKey), Value: aws.String(tf.Marker(ctx))}},
	}
	all := m.All()
	for _, k := range slices.Sorted(maps.Keys(all)) {
		in.Tags = append(in.Tags, types.Tag{Key: aws.String(k), Value: aws.String(all[k])})
	}
	for _, name := range slices.Sorted(maps.Keys(m.LocalIndexes)) {
		i := m.LocalIndexes[name]
		in.LocalSecondaryIndexes = append(in.LocalSecondaryIndexes, types.LocalSecondaryIndex{
			IndexName: aws.String(name), KeySchema: keySchema{one(m.PartitionKey), one(i.SortKey)}.elements(), Projection: i.Projection.sent(),
		})
	}
	for _, name := range slices.Sorted(maps.Keys(m.GlobalIndexes)) {
		i := m.GlobalIndexes[name]
		in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{
			IndexName: aws.String(name), KeySchema: i.key().elements(), Projection: i.Projection.sent(),
			ProvisionedThroughput: m.capacityOf(i).throughput(nil), OnDemandThroughput: m.capacityOf(i).newLimits(), WarmThroughput: i.Warm.sent(),
		})
	}
	for _, name := range slices.Sorted(maps.Keys(m.VectorIndexes)) {
		in.VectorIndexes = append(in.VectorIndexes, m.VectorIndexes[name].sent(name))
	}
	if v := m.Stream.ValueString(); v != "" {
		in.StreamSpecification = &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewType(v)}
	}
	if m.Encryption != nil {
		in.SSESpecification = m.Encryption.sse()
	}
	return in
}

// named records what says which table it is.
func (m *model) named(t *types.TableDescription) {
	m.ID = basetypes.StringPointerValue(t.TableArn)
	m.ARN = m.ID
}

// adopt takes over the table that is in the way if it is this configuration's
// own, cut off while it was created: by a lost answer or a killed process. A
// finished table is never taken over, because another block or state has it.
func adopt(ctx context.Context, c *Clients, m *model, began time.Time, conflict error) error {
	found := *m
	found.ID = basetypes.StringNull() // so that all is read
	t, tags, err := inPlace(ctx, c, m)
	if err != nil {
		return errors.Join(conflict, err)
	}
	if !ours(ctx, tags) && !restoredSince(ctx, t, began) {
		name := m.TableName.ValueString()
		return &tf.Problem{
			Summary: "There is a table " + name + " already",
			Detail: fmt.Sprintf("DynamoDB has a table of that name in %s. %s Choose another name, delete that table, %s",
				tf.ScopeOf(ctx).Region, tf.Origin(tags), tf.TakeOver("table", tf.ImportID(ctx, name))),
		}
	}
	if err := active(ctx, c, m); err != nil {
		return err
	}
	if err := read(ctx, c, &found); err != nil {
		return err
	}
	m.ID, m.ARN = found.ID, found.ARN
	if m.permanent() != found.permanent() {
		return &tf.Problem{
			Summary: "The table " + m.TableName.ValueString() + " was left unfinished with other keys",
			Detail:  "An earlier apply was cut off while it created the table, with other keys or local indexes than the configuration has now. Apply again: the table is now marked to be replaced.",
		}
	}
	return update(ctx, c, &found, m)
}

// inPlace returns the table that has the name now, and its tags.
func inPlace(ctx context.Context, c *Clients, m *model) (*types.TableDescription, map[string]string, error) {
	out, err := c.DynamoDB.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: m.TableName.ValueStringPointer()})
	if err != nil {
		return nil, nil, err
	}
	tags, err := tagsOf(ctx, c, aws.ToString(out.Table.TableArn))
	return out.Table, tags, err
}

// skew is how far AWS's clock may be from this machine's.
const skew = 5 * time.Minute

// restoredSince reports whether t is what this create has restored, although the
// answer was lost: a restore cannot be marked from the start. There was no table of
// the name when the create began, and no other resource of this run has made it.
func restoredSince(ctx context.Context, t *types.TableDescription, began time.Time) bool {
	return !began.IsZero() && t.CreationDateTime != nil && t.CreationDateTime.After(began.Add(-skew)) && tf.Claim(ctx, aws.ToString(t.TableArn))
}

// ours reports whether the tags are those of a table whose creation by this
// configuration was cut off.
func ours(ctx context.Context, tags map[string]string) bool {
	return tags[tf.MarkerKey] == tf.Marker(ctx)
}

// permanent describes what cannot be changed about a table.
func (m *model) permanent() string {
	s := ""
	for _, k := range slices.Concat(m.key().partition, m.key().sort) {
		s += k.Name.ValueString() + " " + k.Type.ValueString() + ";"
	}
	for _, name := range slices.Sorted(maps.Keys(m.LocalIndexes)) {
		i := m.LocalIndexes[name]
		p := i.Projection.sent()
		s += fmt.Sprint(name, " ", i.SortKey.Name, " ", i.SortKey.Type, " ", p.ProjectionType, p.NonKeyAttributes, ";")
	}
	return s
}

// discard deletes a table that could not be finished, and forgets it.
func discard(ctx context.Context, c *Clients, m *model) error {
	if err := remove(ctx, c, m); err != nil && !gone(err) {
		return err
	}
	m.ID = basetypes.StringNull()
	return nil
}

// remove deletes the table, after its replicas and what lets it scale, and waits
// until it is gone.
func remove(ctx context.Context, c *Clients, m *model) error {
	if m.DeletionProtection.ValueBool() && len(m.Replicas) > 0 {
		return protected(m) // before any copy of it is deleted
	}
	bare := *m
	bare.Replicas, bare.Strong, bare.GlobalIndexes, bare.Capacity = nil, nil, nil, nil
	if err := unscale(ctx, c, m, &bare); err != nil {
		return err
	}
	if err := dropReplicas(ctx, c, m, &bare); err != nil {
		return err
	}
	err := tf.Retry(ctx, busy, func(ctx context.Context) error {
		_, err := c.DynamoDB.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: m.TableName.ValueStringPointer()})
		return err
	})
	if tf.Says(err, "ValidationException", "protected against deletion") {
		return protected(m)
	}
	if err != nil {
		return err
	}
	return tf.Poll(ctx, "table "+m.TableName.ValueString()+" to be deleted", func(ctx context.Context) (bool, error) {
		_, err := c.DynamoDB.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: m.TableName.ValueStringPointer()})
		if gone(err) {
			return true, nil
		}
		return false, err
	})
}

func protected(m *model) error {
	return &tf.Problem{
		Summary: "The table " + m.TableName.ValueString() + " is protected against deletion",
		Detail:  "Set deletion_protection = false, apply, and then destroy.",
	}
}
