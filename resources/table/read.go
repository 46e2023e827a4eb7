package table

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"
	"golang.org/x/sync/errgroup"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// read fills the model: the table, and at the same time its backups, expiry and
// tags, which DynamoDB tells separately.
func read(ctx context.Context, c *Clients, m *model) error {
	out, err := c.DynamoDB.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: m.TableName.ValueStringPointer()})
	if err != nil {
		return err
	}
	t := out.Table
	if t.TableStatus == types.TableStatusDeleting {
		return tf.ErrGone
	}
	fresh := m.ID.IsNull() // of which nothing is known, so that all is read
	g, sub := errgroup.WithContext(ctx)
	part := func(needed bool, read func(context.Context) error) {
		if needed {
			g.Go(func() error { return read(sub) })
		}
	}
	scales := scaling{}
	var tags map[string]string
	part(true, func(ctx context.Context) error { return m.readRecovery(ctx, c) })
	part(true, func(ctx context.Context) error { return m.readExpiry(ctx, c) })
	part(true, func(ctx context.Context) (err error) {
		tags, err = tagsOf(ctx, c, aws.ToString(t.TableArn))
		return err
	})
	part(!perRequest(t), func(ctx context.Context) (err error) {
		resources := []string{m.resource()}
		for _, i := range t.GlobalSecondaryIndexes {
			resources = append(resources, m.indexResource(aws.ToString(i.IndexName)))
		}
		scales, err = scalingOf(ctx, c, resources)
		return err
	})
	part(fresh || !m.ResourcePolicy.IsNull(), func(ctx context.Context) error { return m.readPolicy(ctx, c, t.TableArn) })
	part(fresh || m.KinesisStream != nil, func(ctx context.Context) error { return m.readKinesis(ctx, c) })
	part(fresh || !m.Insights.IsNull(), func(ctx context.Context) (err error) {
		m.Insights, err = m.insightsRead(ctx, c, nil)
		return err
	})
	counted := make([]basetypes.String, len(t.GlobalSecondaryIndexes)) // what of each index
	for n, i := range t.GlobalSecondaryIndexes {
		part(fresh || !m.GlobalIndexes[aws.ToString(i.IndexName)].Insights.IsNull(), func(ctx context.Context) (err error) {
			counted[n], err = m.insightsRead(ctx, c, i.IndexName)
			return err
		})
	}
	part(len(t.Replicas) > 0 || m.Replicas != nil, func(ctx context.Context) error { return m.readReplicas(ctx, c, t) })
	if err := g.Wait(); err != nil {
		return err
	}
	tf.SetTags(ctx, &m.Tagged, tags)
	m.describe(t, scales)
	for n, i := range t.GlobalSecondaryIndexes {
		if found, ok := m.GlobalIndexes[aws.ToString(i.IndexName)]; ok {
			found.Insights = counted[n]
			m.GlobalIndexes[aws.ToString(i.IndexName)] = found
		}
	}
	return m.readEncryption(ctx, t.SSEDescription)
}

func (m *model) readRecovery(ctx context.Context, c *Clients) error {
	out, err := c.DynamoDB.DescribeContinuousBackups(ctx, &dynamodb.DescribeContinuousBackupsInput{TableName: m.TableName.ValueStringPointer()})
	if err == nil {
		m.RecoveryDays = basetypes.Int64Value(recoveryDays(out.ContinuousBackupsDescription))
	}
	return err
}

func (m *model) readExpiry(ctx context.Context, c *Clients) error {
	out, err := c.DynamoDB.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: m.TableName.ValueStringPointer()})
	if err != nil {
		return err
	}
	m.TTL = basetypes.StringNull()
	if d := out.TimeToLiveDescription; d != nil && (d.TimeToLiveStatus == types.TimeToLiveStatusEnabled || d.TimeToLiveStatus == types.TimeToLiveStatusEnabling) {
		m.TTL = basetypes.StringPointerValue(d.AttributeName)
	}
	return nil
}

// list finds the tables of the region, by name only.
func list(ctx context.Context, c *Clients, in *model, found func(*model) error) error {
	pages := dynamodb.ListTablesInput{}
	for {
		out, err := c.DynamoDB.ListTables(ctx, &pages)
		if err != nil {
			return err
		}
		for _, name := range out.TableNames {
			m := *in
			m.TableName, m.ARN = basetypes.StringValue(name), basetypes.StringValue(tf.ScopeOf(ctx).ARN("dynamodb", "table/"+name))
			if err := found(&m); err != nil {
				return err
			}
		}
		if pages.ExclusiveStartTableName = out.LastEvaluatedTableName; pages.ExclusiveStartTableName == nil {
			return nil
		}
	}
}

func tagsOf(ctx context.Context, c *Clients, arn string) (map[string]string, error) {
	all := map[string]string{}
	pages := dynamodb.ListTagsOfResourceInput{ResourceArn: &arn}
	for {
		out, err := c.DynamoDB.ListTagsOfResource(ctx, &pages)
		if err != nil {
			return nil, err
		}
		for _, t := range out.Tags {
			all[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
		if pages.NextToken = out.NextToken; pages.NextToken == nil {
			return all, nil
		}
	}
}

func recoveryDays(d *types.ContinuousBackupsDescription) int64 {
	if d == nil || d.PointInTimeRecoveryDescription == nil ||
		d.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus != types.PointInTimeRecoveryStatusEnabled {
		return 0
	}
	if days := d.PointInTimeRecoveryDescription.RecoveryPeriodInDays; days != nil {
		return int64(*days)
	}
	return 35 // what AWS keeps where it does not say
}

// describe maps what DescribeTable tells.
func (m *model) describe(t *types.TableDescription, scales scaling) {
	m.ID, m.ARN = basetypes.StringPointerValue(t.TableArn), basetypes.StringPointerValue(t.TableArn)
	m.TableName = basetypes.StringPointerValue(t.TableName)
	kinds := map[string]types.ScalarAttributeType{}
	for _, d := range t.AttributeDefinitions {
		kinds[aws.ToString(d.AttributeName)] = d.AttributeType
	}
	k := keysOf(t.KeySchema, kinds)
	m.PartitionKey, m.SortKey = k.single()
	m.Class = basetypes.StringValue(string(types.TableClassStandard))
	if s := t.TableClassSummary; s != nil && s.TableClass != "" {
		m.Class = basetypes.StringValue(string(s.TableClass))
	}
	m.DeletionProtection = basetypes.BoolValue(aws.ToBool(t.DeletionProtectionEnabled))
	m.Stream, m.StreamARN = basetypes.StringNull(), basetypes.StringNull()
	if s := t.StreamSpecification; s != nil && aws.ToBool(s.StreamEnabled) {
		m.Stream, m.StreamARN = basetypes.StringValue(string(s.StreamViewType)), basetypes.StringPointerValue(t.LatestStreamArn)
	}
	m.Capacity = capacityRead(m.Capacity, perRequest(t), t.ProvisionedThroughput, t.OnDemandThroughput, scales, m.resource())
	if w := t.WarmThroughput; w != nil {
		m.Warm = warmRead(m.Warm, w.ReadUnitsPerSecond, w.WriteUnitsPerSecond)
	}
	m.Strong = strongRead(t)
	m.LocalIndexes = localRead(m.LocalIndexes, t.LocalSecondaryIndexes, kinds)
	m.GlobalIndexes = m.globalRead(t, kinds, scales)
	m.VectorIndexes = vectorsRead(m.VectorIndexes, t.VectorIndexes, kinds)
}

func perRequest(t *types.TableDescription) bool {
	return t.BillingModeSummary != nil && t.BillingModeSummary.BillingMode == types.BillingModePayPerRequest
}

func keysOf(elements []types.KeySchemaElement, kinds map[string]types.ScalarAttributeType) keySchema {
	var k keySchema
	for _, e := range elements {
		a := keyModel{Name: basetypes.StringPointerValue(e.AttributeName), Type: basetypes.StringValue(string(kinds[aws.ToString(e.AttributeName)]))}
		if e.KeyType == types.KeyTypeHash {
			k.partition = append(k.partition, a)
		} else {
			k.sort = append(k.sort, a)
		}
	}
	return k
}

// single is a key of one attribute each; nil for none or several.
func (k keySchema) single() (partition, sort *keyModel) {
	if len(k.partition) == 1 {
		partition = &k.partition[0]
	}
	if len(k.sort) == 1 {
		sort = &k.sort[0]
	}
	return partition, sort
}

func localRead(was map[string]localIndex, found []types.LocalSecondaryIndexDescription, kinds map[string]types.ScalarAttributeType) map[string]localIndex {
	if len(found) == 0 {
		return nil
	}
	all := map[string]localIndex{}
	for _, d := range found {
		_, sort := keysOf(d.KeySchema, kinds).single()
		name := aws.ToString(d.IndexName)
		all[name] = localIndex{SortKey: sort, Projection: projectionRead(was[name].Projection, d.Projection)}
	}
	return all
}

func (m *model) globalRead(t *types.TableDescription, kinds map[string]types.ScalarAttributeType, scales scaling) map[string]globalIndex {
	all := map[string]globalIndex{}
	for _, d := range t.GlobalSecondaryIndexes {
		if d.IndexStatus == types.IndexStatusDeleting {
			continue
		}
		name := aws.ToString(d.IndexName)
		was := m.GlobalIndexes[name]
		i := globalIndex{Projection: projectionRead(was.Projection, d.Projection)}
		i.setKey(keysOf(d.KeySchema, kinds), was)
		before := was.Capacity
		if before == nil && m.Capacity.provisioned() {
			before = m.Capacity
		}
		i.Capacity = capacityRead(before, perRequest(t), d.ProvisionedThroughput, d.OnDemandThroughput, scales, m.indexResource(name))
		// An index that says nothing has the table's provisioned capacity.
		if was.Capacity == nil && i.Capacity.provisioned() && i.Capacity.same(m.Capacity) {
			i.Capacity = nil
		}
		if w := d.WarmThroughput; w != nil {
			i.Warm = warmRead(was.Warm, w.ReadUnitsPerSecond, w.WriteUnitsPerSecond)
		}
		all[name] = i
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// setKey writes a key as it was written before: as one attribute, or as a list.
func (i *globalIndex) setKey(k keySchema, was globalIndex) {
	i.PartitionKey, i.SortKey = k.single()
	if i.PartitionKey == nil || was.PartitionKeys != nil {
		i.PartitionKey, i.PartitionKeys = nil, k.partition
	}
	if len(k.sort) > 0 && (i.SortKey == nil || was.SortKeys != nil) {
		i.SortKey, i.SortKeys = nil, k.sort
	}
}

func projectionRead(was *projectionModel, p *types.Projection) *projectionModel {
	if p == nil {
		return was
	}
	out := &projectionModel{Type: basetypes.StringValue(string(p.ProjectionType)), Attributes: basetypes.SetNull(basetypes.StringType)}
	if len(p.NonKeyAttributes) > 0 {
		var names []attr.Value
		for _, n := range p.NonKeyAttributes {
			names = append(names, basetypes.StringValue(n))
		}
		out.Attributes = basetypes.SetValueMust(basetypes.StringType, names)
	}
	return out
}

// managedKey is the private note of the key that AWS manages. DescribeTable only
// tells a key's ARN, so the one that is there after aws_managed was applied is
// noted, and any other ARN later is a drift.
const managedKey = "aws_managed_key"

func (m *model) readEncryption(ctx context.Context, d *types.SSEDescription) error {
	if d == nil || d.Status == types.SSEStatusDisabled || d.Status == types.SSEStatusDisabling {
		m.Encryption = nil
		return nil
	}
	found := aws.ToString(d.KMSMasterKeyArn)
	managed := ""
	noted, err := tf.Recall(ctx, managedKey, &managed)
	if err != nil {
		return err
	}
	if m.Encryption != nil && m.Encryption.AWSManaged.ValueBool() {
		if !noted || managed == "" {
			managed = found
			if err := tf.Remember(ctx, managedKey, found); err != nil {
				return err
			}
		}
		if managed == found {
			return nil
		}
	}
	m.Encryption = &encryption{KMSKeyARN: basetypes.StringValue(found)}
	return nil
}
