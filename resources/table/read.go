package table

import (
	"context"
	"maps"

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
	var backups *dynamodb.DescribeContinuousBackupsOutput
	var ttl *dynamodb.DescribeTimeToLiveOutput
	var tags map[string]string
	g, sub := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		backups, err = c.DynamoDB.DescribeContinuousBackups(sub, &dynamodb.DescribeContinuousBackupsInput{TableName: t.TableName})
		return err
	})
	g.Go(func() (err error) {
		ttl, err = c.DynamoDB.DescribeTimeToLive(sub, &dynamodb.DescribeTimeToLiveInput{TableName: t.TableName})
		return err
	})
	g.Go(func() (err error) {
		tags, err = tagsOf(sub, c, aws.ToString(t.TableArn))
		return err
	})
	if err := g.Wait(); err != nil {
		return err
	}
	tf.SetTags(ctx, &m.Tagged, tags)
	m.RecoveryDays = basetypes.Int64Value(recoveryDays(backups.ContinuousBackupsDescription))
	m.TTL = basetypes.StringNull()
	if d := ttl.TimeToLiveDescription; d != nil && (d.TimeToLiveStatus == types.TimeToLiveStatusEnabled || d.TimeToLiveStatus == types.TimeToLiveStatusEnabling) {
		m.TTL = basetypes.StringPointerValue(d.AttributeName)
	}
	m.describe(t)
	return m.readEncryption(ctx, t.SSEDescription)
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
			m.ID = m.ARN
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
func (m *model) describe(t *types.TableDescription) {
	m.ID, m.ARN = basetypes.StringPointerValue(t.TableArn), basetypes.StringPointerValue(t.TableArn)
	m.TableName = basetypes.StringPointerValue(t.TableName)
	kinds := map[string]types.ScalarAttributeType{}
	for _, d := range t.AttributeDefinitions {
		kinds[aws.ToString(d.AttributeName)] = d.AttributeType
	}
	m.PartitionKey, m.SortKey = keysOf(t.KeySchema, kinds)
	m.Class = basetypes.StringValue(string(types.TableClassStandard))
	if s := t.TableClassSummary; s != nil && s.TableClass != "" {
		m.Class = basetypes.StringValue(string(s.TableClass))
	}
	m.DeletionProtection = basetypes.BoolValue(aws.ToBool(t.DeletionProtectionEnabled))
	m.Stream, m.StreamARN = basetypes.StringNull(), basetypes.StringNull()
	if s := t.StreamSpecification; s != nil && aws.ToBool(s.StreamEnabled) {
		m.Stream, m.StreamARN = basetypes.StringValue(string(s.StreamViewType)), basetypes.StringPointerValue(t.LatestStreamArn)
	}
	perRequest := t.BillingModeSummary != nil && t.BillingModeSummary.BillingMode == types.BillingModePayPerRequest
	m.Capacity = capacityRead(m.Capacity, perRequest, t.ProvisionedThroughput, t.OnDemandThroughput)
	m.LocalIndexes = localRead(m.LocalIndexes, t.LocalSecondaryIndexes, kinds)
	m.GlobalIndexes = m.globalRead(t.GlobalSecondaryIndexes, kinds, perRequest)
}

func keysOf(elements []types.KeySchemaElement, kinds map[string]types.ScalarAttributeType) (partition, sort *keyModel) {
	for _, e := range elements {
		k := &keyModel{Name: basetypes.StringPointerValue(e.AttributeName), Type: basetypes.StringValue(string(kinds[aws.ToString(e.AttributeName)]))}
		if e.KeyType == types.KeyTypeHash {
			partition = k
		} else {
			sort = k
		}
	}
	return partition, sort
}

// capacityRead keeps was where it says the same in another way: no attribute and
// an on_demand without limits are both on demand without limits.
func capacityRead(was *capacity, perRequest bool, p *types.ProvisionedThroughputDescription, o *types.OnDemandThroughput) *capacity {
	if !perRequest {
		if p == nil {
			return nil
		}
		return &capacity{
			Read:  &units{Units: basetypes.Int64PointerValue(p.ReadCapacityUnits)},
			Write: &units{Units: basetypes.Int64PointerValue(p.WriteCapacityUnits)},
		}
	}
	limit := func(n *int64) basetypes.Int64 {
		if n == nil || *n < 0 {
			return basetypes.Int64Null()
		}
		return basetypes.Int64Value(*n)
	}
	d := &onDemand{}
	if o != nil {
		d = &onDemand{MaxRead: limit(o.MaxReadRequestUnits), MaxWrite: limit(o.MaxWriteRequestUnits)}
	}
	if d.MaxRead.IsNull() && d.MaxWrite.IsNull() && !was.provisioned() {
		if was != nil && was.OnDemand != nil {
			return &capacity{OnDemand: d}
		}
		return was
	}
	if d.MaxRead.IsNull() && d.MaxWrite.IsNull() {
		return nil
	}
	return &capacity{OnDemand: d}
}

func localRead(was map[string]localIndex, found []types.LocalSecondaryIndexDescription, kinds map[string]types.ScalarAttributeType) map[string]localIndex {
	if len(found) == 0 {
		return nil
	}
	all := map[string]localIndex{}
	for _, d := range found {
		_, sort := keysOf(d.KeySchema, kinds)
		name := aws.ToString(d.IndexName)
		all[name] = localIndex{SortKey: sort, Projection: projectionRead(was[name].Projection, d.Projection)}
	}
	return all
}

func (m *model) globalRead(found []types.GlobalSecondaryIndexDescription, kinds map[string]types.ScalarAttributeType, perRequest bool) map[string]globalIndex {
	was := maps.Clone(m.GlobalIndexes)
	all := map[string]globalIndex{}
	for _, d := range found {
		if d.IndexStatus == types.IndexStatusDeleting {
			continue
		}
		name := aws.ToString(d.IndexName)
		i := globalIndex{Projection: projectionRead(was[name].Projection, d.Projection)}
		i.PartitionKey, i.SortKey = keysOf(d.KeySchema, kinds)
		i.Capacity = capacityRead(was[name].Capacity, perRequest, d.ProvisionedThroughput, d.OnDemandThroughput)
		// An index that says nothing has the table's provisioned capacity.
		if was[name].Capacity == nil && sameThroughput(i.Capacity.throughput(), m.Capacity.throughput()) && i.Capacity.provisioned() {
			i.Capacity = nil
		}
		all[name] = i
	}
	if len(all) == 0 {
		return nil
	}
	return all
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
