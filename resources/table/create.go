package table

import (
	"context"
	"errors"
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
// rest as an update. A table that cannot be finished is deleted again; deletion
// protection comes last so that it can be.
func create(ctx context.Context, c *Clients, m *model) error {
	out, err := createTable(ctx, c, m)
	if tf.Is[*types.ResourceInUseException](err) {
		return adopt(ctx, c, m, err)
	}
	if err != nil {
		return err
	}
	m.ID = basetypes.StringPointerValue(out.TableDescription.TableArn)
	m.ARN = m.ID
	made := *m
	made.TTL, made.RecoveryDays, made.DeletionProtection = basetypes.StringNull(), basetypes.Int64Value(0), basetypes.BoolValue(false)
	if err = active(ctx, c, m); err == nil {
		err = update(ctx, c, &made, m)
	}
	if err != nil {
		return tf.Undo(ctx, err, func(ctx context.Context) error { return discard(ctx, c, m) })
	}
	return nil
}

// unmark removes the mark of an unfinished table.
func unmark(ctx context.Context, c *Clients, m *model) error {
	_, err := c.DynamoDB.UntagResource(ctx, &dynamodb.UntagResourceInput{ResourceArn: m.ID.ValueStringPointer(), TagKeys: []string{tf.MarkerKey}})
	return err
}

func createTable(ctx context.Context, c *Clients, m *model) (out *dynamodb.CreateTableOutput, err error) {
	in := &dynamodb.CreateTableInput{
		TableName:             m.TableName.ValueStringPointer(),
		AttributeDefinitions:  m.definitions(m.GlobalIndexes),
		KeySchema:             elements(m.keys()),
		BillingMode:           m.billing(),
		ProvisionedThroughput: m.Capacity.throughput(),
		OnDemandThroughput:    m.Capacity.newLimits(),
		TableClass:            types.TableClass(m.Class.ValueString()),
		Tags:                  []types.Tag{{Key: aws.String(tf.MarkerKey), Value: aws.String(tf.Marker(ctx))}},
	}
	all := m.All()
	for _, k := range slices.Sorted(maps.Keys(all)) {
		in.Tags = append(in.Tags, types.Tag{Key: aws.String(k), Value: aws.String(all[k])})
	}
	for _, name := range slices.Sorted(maps.Keys(m.LocalIndexes)) {
		i := m.LocalIndexes[name]
		in.LocalSecondaryIndexes = append(in.LocalSecondaryIndexes, types.LocalSecondaryIndex{
			IndexName: aws.String(name), KeySchema: elements(present(m.PartitionKey, i.SortKey)), Projection: i.Projection.sent(),
		})
	}
	for _, name := range slices.Sorted(maps.Keys(m.GlobalIndexes)) {
		i := m.GlobalIndexes[name]
		in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{
			IndexName: aws.String(name), KeySchema: elements(i.keys()), Projection: i.Projection.sent(),
			ProvisionedThroughput: m.capacityOf(i).throughput(), OnDemandThroughput: m.capacityOf(i).newLimits(),
		})
	}
	if v := m.Stream.ValueString(); v != "" {
		in.StreamSpecification = &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewType(v)}
	}
	if m.Encryption != nil {
		in.SSESpecification = m.Encryption.sse()
	}
	err = tf.Retry(ctx, tf.Is[*types.LimitExceededException], func(ctx context.Context) error {
		out, err = c.DynamoDB.CreateTable(ctx, in)
		return err
	})
	return out, err
}

// adopt takes over the table that is in the way if it is this configuration's
// own, cut off while it was created: by a lost answer or a killed process. A
// finished table is never taken over, because another block or state has it.
func adopt(ctx context.Context, c *Clients, m *model, conflict error) error {
	found := &model{Base: m.Base, TableName: m.TableName, Encryption: m.Encryption}
	tags, err := tagsInPlace(ctx, c, m)
	if err != nil {
		return errors.Join(conflict, err)
	}
	if !ours(ctx, tags) {
		name := m.TableName.ValueString()
		return &tf.Problem{
			Summary: "There is a table " + name + " already",
			Detail: fmt.Sprintf("DynamoDB has a table of that name in %s. %s Choose another name, delete that table, %s",
				tf.ScopeOf(ctx).Region, tf.Origin(tags), tf.TakeOver("table", name)),
		}
	}
	if err := active(ctx, c, m); err != nil {
		return err
	}
	if err := read(ctx, c, found); err != nil {
		return err
	}
	m.ID, m.ARN = found.ID, found.ARN
	if m.permanent() != found.permanent() {
		return &tf.Problem{
			Summary: "The table " + m.TableName.ValueString() + " was left unfinished with other keys",
			Detail:  "An earlier apply was cut off while it created the table, with other keys or local indexes than the configuration has now. Apply again: the table is now marked to be replaced.",
		}
	}
	return update(ctx, c, found, m)
}

// tagsInPlace returns the tags of the table that has the name now.
func tagsInPlace(ctx context.Context, c *Clients, m *model) (map[string]string, error) {
	out, err := c.DynamoDB.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: m.TableName.ValueStringPointer()})
	if err != nil {
		return nil, err
	}
	return tagsOf(ctx, c, aws.ToString(out.Table.TableArn))
}

// ours reports whether the tags are those of a table whose creation by this
// configuration was cut off.
func ours(ctx context.Context, tags map[string]string) bool {
	return tags[tf.MarkerKey] == tf.Marker(ctx)
}

// permanent describes what cannot be changed about a table.
func (m *model) permanent() string {
	s := ""
	for _, k := range m.keys() {
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

// remove deletes the table and waits until it is gone.
func remove(ctx context.Context, c *Clients, m *model) error {
	err := tf.Retry(ctx, busy, func(ctx context.Context) error {
		_, err := c.DynamoDB.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: m.TableName.ValueStringPointer()})
		return err
	})
	if tf.Says(err, "ValidationException", "protected against deletion") {
		return &tf.Problem{
			Summary: "The table " + m.TableName.ValueString() + " is protected against deletion",
			Detail:  "Set deletion_protection = false, apply, and then destroy.",
		}
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
