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
		VectorIndexes      map[string]vectorIndex `tfsdk:"vector_indexes"`
		Capacity           *capacity              `tfsdk:"capacity"`
		Stream             basetypes.String       `tfsdk:"stream"`
		TTL                basetypes.String       `tfsdk:"ttl"`
		RecoveryDays       basetypes.Int64        `tfsdk:"point_in_time_recovery_days"`
		Encryption         *encryption            `tfsdk:"encryption"`
		Class              basetypes.String       `tfsdk:"class"`
		DeletionProtection basetypes.Bool         `tfsdk:"deletion_protection"`
		Warm               *warm                  `tfsdk:"warm"`
		ResourcePolicy     tf.JSON                `tfsdk:"resource_policy"`
		KinesisStream      *kinesisStream         `tfsdk:"kinesis_stream"`
		Insights           basetypes.String       `tfsdk:"contributor_insights"`
		Replicas           map[string]replica     `tfsdk:"replicas"`
		Strong             *strong                `tfsdk:"strong_consistency"`
		Import             *importing             `tfsdk:"import"`
		Restore            *restore               `tfsdk:"restore"`
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
		PartitionKey  *keyModel        `tfsdk:"partition_key"`
		PartitionKeys []keyModel       `tfsdk:"partition_keys"`
		SortKey       *keyModel        `tfsdk:"sort_key"`
		SortKeys      []keyModel       `tfsdk:"sort_keys"`
		Projection    *projectionModel `tfsdk:"projection"`
		Capacity      *capacity        `tfsdk:"capacity"`
		Warm          *warm            `tfsdk:"warm"`
		Insights      basetypes.String `tfsdk:"contributor_insights"`
	}
	projectionModel struct {
		Type       basetypes.String `tfsdk:"type"`
		Attributes basetypes.Set    `tfsdk:"attributes"`
	}
	encryption struct {
		AWSManaged basetypes.Bool   `tfsdk:"aws_managed"`
		KMSKeyARN  basetypes.String `tfsdk:"kms_key_arn"`
	}
)

// A keySchema is the attributes of a key: one or more for the partition, and any
// number for the order within it.
type keySchema struct{ partition, sort []keyModel }

// key is the table's.
func (m *model) key() keySchema { return keySchema{one(m.PartitionKey), one(m.SortKey)} }

func (i globalIndex) key() keySchema {
	return keySchema{slices.Concat(one(i.PartitionKey), i.PartitionKeys), slices.Concat(one(i.SortKey), i.SortKeys)}
}

func one(k *keyModel) []keyModel {
	if k == nil {
		return nil
	}
	return []keyModel{*k}
}

func (k keySchema) same(o keySchema) bool {
	return slices.Equal(k.partition, o.partition) && slices.Equal(k.sort, o.sort)
}

// elements are the key as AWS is told it: the partition's attributes first.
func (k keySchema) elements() []types.KeySchemaElement {
	var out []types.KeySchemaElement
	for _, p := range k.partition {
		out = append(out, types.KeySchemaElement{AttributeName: p.Name.ValueStringPointer(), KeyType: types.KeyTypeHash})
	}
	for _, s := range k.sort {
		out = append(out, types.KeySchemaElement{AttributeName: s.Name.ValueStringPointer(), KeyType: types.KeyTypeRange})
	}
	return out
}

// definitions are the types of all attributes that are keys of the table or of
// one of these indexes.
func (m *model) definitions(global map[string]globalIndex, vectors map[string]vectorIndex) []types.AttributeDefinition {
	all := map[string]string{}
	add := func(s keySchema) {
		for _, k := range slices.Concat(s.partition, s.sort) {
			all[k.Name.ValueString()] = k.Type.ValueString()
		}
	}
	add(m.key())
	for _, i := range m.LocalIndexes {
		add(keySchema{sort: one(i.SortKey)})
	}
	for _, i := range global {
		add(i.key())
	}
	for _, i := range vectors {
		add(keySchema{sort: i.searched()})
	}
	var out []types.AttributeDefinition
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, types.AttributeDefinition{AttributeName: aws.String(name), AttributeType: types.ScalarAttributeType(all[name])})
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

func (p *projectionModel) same(o *projectionModel) bool {
	a, b := p.sent(), o.sent()
	return a.ProjectionType == b.ProjectionType && slices.Equal(a.NonKeyAttributes, b.NonKeyAttributes)
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
