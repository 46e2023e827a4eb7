package table

import (
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

type (
	model struct {
		tf.Base
		tf.Tagged
		Name               basetypes.String       `tfsdk:"name"`
		TableName          basetypes.String       `tfsdk:"table_name"`
		PartitionKey       *keyModel              `tfsdk:"partition_key"`
		SortKey            *keyModel              `tfsdk:"sort_key"`
		LocalIndexes       map[string]localIndex  `tfsdk:"local_indexes"`
		GlobalIndexes      map[string]globalIndex `tfsdk:"global_indexes"`
		Capacity           *capacity              `tfsdk:"capacity"`
		Stream             basetypes.String       `tfsdk:"stream"`
		TTL                basetypes.String       `tfsdk:"ttl"`
		RecoveryDays       basetypes.Int64        `tfsdk:"point_in_time_recovery_days"`
		Encryption         *encryption            `tfsdk:"encryption"`
		Class              basetypes.String       `tfsdk:"class"`
		DeletionProtection basetypes.Bool         `tfsdk:"deletion_protection"`
		ARN                basetypes.String       `tfsdk:"arn"`
		StreamARN          basetypes.String       `tfsdk:"stream_arn"`
	}
	keyModel struct {
		Name basetypes.String `tfsdk:"name"`
		Type basetypes.String `tfsdk:"type"`
	}
	localIndex struct {
		SortKey    *keyModel        `tfsdk:"sort_key"`
		Projection *projectionModel `tfsdk:"projection"`
	}
	globalIndex struct {
		PartitionKey *keyModel        `tfsdk:"partition_key"`
		SortKey      *keyModel        `tfsdk:"sort_key"`
		Projection   *projectionModel `tfsdk:"projection"`
		Capacity     *capacity        `tfsdk:"capacity"`
	}
	projectionModel struct {
		Type       basetypes.String `tfsdk:"type"`
		Attributes basetypes.Set    `tfsdk:"attributes"`
	}
	capacity struct {
		OnDemand *onDemand `tfsdk:"on_demand"`
		Read     *units    `tfsdk:"read"`
		Write    *units    `tfsdk:"write"`
	}
	onDemand struct {
		MaxRead  basetypes.Int64 `tfsdk:"max_read"`
		MaxWrite basetypes.Int64 `tfsdk:"max_write"`
	}
	units struct {
		Units basetypes.Int64 `tfsdk:"units"`
	}
	encryption struct {
		AWSManaged basetypes.Bool   `tfsdk:"aws_managed"`
		KMSKeyARN  basetypes.String `tfsdk:"kms_key_arn"`
	}
)

// keys are the table's, partition key first.
func (m *model) keys() []*keyModel { return present(m.PartitionKey, m.SortKey) }

func (i globalIndex) keys() []*keyModel { return present(i.PartitionKey, i.SortKey) }

func present(keys ...*keyModel) []*keyModel {
	return slices.DeleteFunc(keys, func(k *keyModel) bool { return k == nil })
}

// definitions are the types of all attributes that are keys of the table or of
// one of these indexes.
func (m *model) definitions(global map[string]globalIndex) []types.AttributeDefinition {
	all := map[string]string{}
	add := func(keys ...*keyModel) {
		for _, k := range keys {
			all[k.Name.ValueString()] = k.Type.ValueString()
		}
	}
	add(m.keys()...)
	for _, i := range m.LocalIndexes {
		add(present(i.SortKey)...)
	}
	for _, i := range global {
		add(i.keys()...)
	}
	var out []types.AttributeDefinition
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, types.AttributeDefinition{AttributeName: aws.String(name), AttributeType: types.ScalarAttributeType(all[name])})
	}
	return out
}

// elements is a key schema: partition key first, then the sort key.
func elements(keys []*keyModel) []types.KeySchemaElement {
	var out []types.KeySchemaElement
	for i, k := range keys {
		kind := types.KeyTypeHash
		if i > 0 {
			kind = types.KeyTypeRange
		}
		out = append(out, types.KeySchemaElement{AttributeName: k.Name.ValueStringPointer(), KeyType: kind})
	}
	return out
}

func (p *projectionModel) sent() *types.Projection {
	out := &types.Projection{ProjectionType: types.ProjectionType(p.Type.ValueString())}
	for _, v := range p.Attributes.Elements() {
		if s, ok := v.(basetypes.String); ok {
			out.NonKeyAttributes = append(out.NonKeyAttributes, s.ValueString())
		}
	}
	slices.Sort(out.NonKeyAttributes)
	return out
}

// provisioned reports whether the capacity is paid for all the time.
func (c *capacity) provisioned() bool { return c != nil && (c.Read != nil || c.Write != nil) }

func (m *model) billing() types.BillingMode {
	if m.Capacity.provisioned() {
		return types.BillingModeProvisioned
	}
	return types.BillingModePayPerRequest
}

// throughput is what AWS is told about provisioned capacity; nil on demand.
func (c *capacity) throughput() *types.ProvisionedThroughput {
	if !c.provisioned() {
		return nil
	}
	return &types.ProvisionedThroughput{
		ReadCapacityUnits:  c.Read.Units.ValueInt64Pointer(),
		WriteCapacityUnits: c.Write.Units.ValueInt64Pointer(),
	}
}

// limits is what AWS is told about limits on demand: always both, because -1 is
// how one is removed; nil when provisioned.
func (c *capacity) limits() *types.OnDemandThroughput {
	if c.provisioned() {
		return nil
	}
	read, write := aws.Int64(-1), aws.Int64(-1)
	if c != nil && c.OnDemand != nil {
		if p := c.OnDemand.MaxRead.ValueInt64Pointer(); p != nil {
			read = p
		}
		if p := c.OnDemand.MaxWrite.ValueInt64Pointer(); p != nil {
			write = p
		}
	}
	return &types.OnDemandThroughput{MaxReadRequestUnits: read, MaxWriteRequestUnits: write}
}

// newLimits is limits for something new, which has none to remove.
func (c *capacity) newLimits() *types.OnDemandThroughput {
	l := c.limits()
	if l == nil || *l.MaxReadRequestUnits < 0 && *l.MaxWriteRequestUnits < 0 {
		return nil
	}
	return l
}

func sameThroughput(a, b *types.ProvisionedThroughput) bool {
	return a == nil && b == nil || a != nil && b != nil &&
		*a.ReadCapacityUnits == *b.ReadCapacityUnits && *a.WriteCapacityUnits == *b.WriteCapacityUnits
}

func sameLimits(a, b *types.OnDemandThroughput) bool {
	return a == nil && b == nil || a != nil && b != nil &&
		*a.MaxReadRequestUnits == *b.MaxReadRequestUnits && *a.MaxWriteRequestUnits == *b.MaxWriteRequestUnits
}

// capacityOf is the capacity of an index: its own, or else the table's.
func (m *model) capacityOf(i globalIndex) *capacity {
	switch {
	case i.Capacity != nil:
		return i.Capacity
	case m.Capacity.provisioned():
		return m.Capacity
	}
	return nil
}

// sse is what AWS is told about encryption.
func (e *encryption) sse() *types.SSESpecification {
	switch {
	case e == nil:
		return &types.SSESpecification{Enabled: aws.Bool(false)}
	case e.KMSKeyARN.ValueString() != "":
		return &types.SSESpecification{Enabled: aws.Bool(true), SSEType: types.SSETypeKms, KMSMasterKeyId: e.KMSKeyARN.ValueStringPointer()}
	}
	return &types.SSESpecification{Enabled: aws.Bool(true), SSEType: types.SSETypeKms}
}

func (e *encryption) same(o *encryption) bool {
	return e == nil && o == nil || e != nil && o != nil &&
		e.AWSManaged.ValueBool() == o.AWSManaged.ValueBool() && e.KMSKeyARN.ValueString() == o.KMSKeyARN.ValueString()
}
