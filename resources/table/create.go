package table

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// create makes the table with all that one call can give it, and then treats the
// rest as an update. Deletion protection comes last, so that a table which cannot be
// finished can be deleted again.
func create(ctx context.Context, c *Clients, m *model) error {
	made, make := m.made(), createTable
	switch {
	case m.Restore != nil:
		make = restoreTable
	case m.Import != nil:
		make = importTable
	}
	if err := make(ctx, c, m); err != nil {
		return err
	}
	if err := active(ctx, c, m); err != nil {
		return err
	}
	if m.Restore != nil || m.Import != nil {
		var err error
		if made, err = found(ctx, c, m); err != nil {
			return err
		}
	}
	return update(ctx, c, made, m)
}

// find returns the tags of the table that has the name now. One that is being made is
// waited for.
func find(ctx context.Context, c *Clients, m *model) (bool, map[string]string, error) {
	out, err := c.DynamoDB.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: m.TableName.ValueStringPointer()})
	if err != nil {
		return false, nil, err
	}
	tags, err := tagsOf(ctx, c, aws.ToString(out.Table.TableArn))
	if err == nil && (tf.Ours(ctx, tags) || out.Table.TableStatus == types.TableStatusCreating) {
		err = active(ctx, c, m)
	}
	return true, tags, err
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
		Tags:                  tagList(m.Marked(ctx)),
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

// undo deletes a table that could not be finished. It was made a moment ago, so that
// reads may not show it yet.
func undo(ctx context.Context, c *Clients, m *model) error {
	if m.ID.ValueString() == "" {
		return nil
	}
	err := drop(ctx, c, m)
	if err == nil {
		err = away(ctx, c, m, 5)
	}
	if err != nil && !gone(err) {
		return err
	}
	m.ID = basetypes.StringNull()
	return nil
}

// remove deletes the table and waits until it is gone.
func remove(ctx context.Context, c *Clients, m *model) error {
	if err := drop(ctx, c, m); err != nil {
		return err
	}
	return away(ctx, c, m, 0)
}

// drop deletes the table, after its replicas and what lets it scale.
func drop(ctx context.Context, c *Clients, m *model) error {
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
	return err
}

// away waits until a table is gone that was deleted. So many reads that do not find it
// may be of before it was made; none is once it was seen.
func away(ctx context.Context, c *Clients, m *model, early int) error {
	return tf.Poll(ctx, "table "+m.TableName.ValueString()+" to be deleted", func(ctx context.Context) (bool, error) {
		_, err := c.DynamoDB.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: m.TableName.ValueStringPointer()})
		if !gone(err) {
			early = 0
			return false, err
		}
		early--
		return early < 0, nil
	})
}

func protected(m *model) error {
	return &tf.Problem{
		Summary: "The table " + m.TableName.ValueString() + " is protected against deletion",
		Detail:  "Set deletion_protection = false, apply, and then destroy.",
	}
}
