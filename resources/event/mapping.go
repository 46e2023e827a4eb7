package event

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// This file is the one place that maps the model to an event source mapping on
// AWS, and back.

func number(n tftypes.Int64) *int32 {
	if n.IsNull() || n.IsUnknown() {
		return nil
	}
	return aws.Int32(int32(n.ValueInt64()))
}

func integer(n *int32) tftypes.Int64 {
	if n == nil {
		return tftypes.Int64Null()
	}
	return tftypes.Int64Value(int64(*n))
}

func sorted(set []tftypes.String) []string { return slices.Sorted(slices.Values(tf.Texts(set))) }

// settings is all of the mapping that can be changed. What the model leaves out is
// sent as empty, which removes it: AWS ignores what is not sent.
func (m *model) settings() *lambda.UpdateEventSourceMappingInput {
	in := &lambda.UpdateEventSourceMappingInput{
		FunctionName:          m.Function.ValueStringPointer(),
		Enabled:               aws.Bool(m.Enabled.ValueBool()),
		FilterCriteria:        &types.FilterCriteria{Filters: []types.Filter{}},
		FunctionResponseTypes: []types.FunctionResponseType{},
		KMSKeyArn:             aws.String(m.KMSKeyARN.ValueString()),
	}
	if m.Batch != nil {
		in.BatchSize, in.MaximumBatchingWindowInSeconds = number(m.Batch.Size), number(m.Batch.Window)
	}
	for _, f := range m.Filters {
		in.FilterCriteria.Filters = append(in.FilterCriteria.Filters, types.Filter{Pattern: f.ValueStringPointer()})
	}
	if m.ReportItems.ValueBool() {
		in.FunctionResponseTypes = append(in.FunctionResponseTypes, types.FunctionResponseTypeReportBatchItemFailures)
	}
	if p := m.Pollers; p != nil {
		in.ProvisionedPollerConfig = &types.ProvisionedPollerConfig{MinimumPollers: number(p.Min), MaximumPollers: number(p.Max), PollerGroupName: p.Group.ValueStringPointer()}
	} else if kind := m.kind(); kind == "msk" || kind == "kafka" {
		in.ProvisionedPollerConfig = &types.ProvisionedPollerConfig{}
	}
	if m.kind() != "mq" && m.kind() != "documentdb" {
		in.MetricsConfig = &types.EventSourceMappingMetricsConfig{Metrics: []types.EventSourceMappingMetric{}}
		for _, name := range sorted(m.Metrics) {
			in.MetricsConfig.Metrics = append(in.MetricsConfig.Metrics, types.EventSourceMappingMetric(name))
		}
	}
	if !m.LogLevel.IsNull() {
		in.LoggingConfig = &types.EventSourceMappingLoggingConfig{SystemLogLevel: types.EventSourceMappingSystemLogLevel(m.LogLevel.ValueString())}
	}
	switch {
	case m.SQS != nil:
		in.ScalingConfig = &types.ScalingConfig{MaximumConcurrency: number(m.SQS.MaxConcurrency)}
	case m.DynamoDB != nil:
		s := m.DynamoDB
		retrying(in, s.Bisect, s.MaxAge, s.MaxRetries, s.OnFailure)
		in.ParallelizationFactor, in.TumblingWindowInSeconds = number(s.Parallel), number(s.Tumbling)
	case m.Kinesis != nil:
		s := m.Kinesis
		retrying(in, s.Bisect, s.MaxAge, s.MaxRetries, s.OnFailure)
		in.ParallelizationFactor, in.TumblingWindowInSeconds = number(s.Parallel), number(s.Tumbling)
	case m.MSK != nil:
		s := m.MSK
		retrying(in, s.Bisect, s.MaxAge, s.MaxRetries, s.OnFailure)
		in.SourceAccessConfigurations = access(s.Access, nil, nil)
		in.AmazonManagedKafkaEventSourceConfig = &types.AmazonManagedKafkaEventSourceConfig{ConsumerGroupId: s.Group.ValueStringPointer(), SchemaRegistryConfig: s.Registry.sent()}
	case m.Kafka != nil:
		s := m.Kafka
		retrying(in, s.Bisect, s.MaxAge, s.MaxRetries, s.OnFailure)
		in.SourceAccessConfigurations = access(s.Access, s.Subnets, s.Groups)
		in.SelfManagedKafkaEventSourceConfig = &types.SelfManagedKafkaEventSourceConfig{ConsumerGroupId: s.Group.ValueStringPointer(), SchemaRegistryConfig: s.Registry.sent()}
	case m.MQ != nil:
		in.SourceAccessConfigurations = []types.SourceAccessConfiguration{{Type: types.SourceAccessTypeBasicAuth, URI: m.MQ.SecretARN.ValueStringPointer()}}
		if v := m.MQ.VirtualHost; !v.IsNull() {
			in.SourceAccessConfigurations = append(in.SourceAccessConfigurations, types.SourceAccessConfiguration{Type: types.SourceAccessTypeVirtualHost, URI: v.ValueStringPointer()})
		}
	case m.DocumentDB != nil:
		s := m.DocumentDB
		in.SourceAccessConfigurations = []types.SourceAccessConfiguration{{Type: types.SourceAccessTypeBasicAuth, URI: s.SecretARN.ValueStringPointer()}}
		in.DocumentDBEventSourceConfig = &types.DocumentDBEventSourceConfig{DatabaseName: s.Database.ValueStringPointer(), CollectionName: s.Collection.ValueStringPointer(), FullDocument: types.FullDocumentDefault}
		if s.Full.ValueBool() {
			in.DocumentDBEventSourceConfig.FullDocument = types.FullDocumentUpdateLookup
		}
	}
	return in
}

// retrying says what becomes of batches that fail.
func retrying(in *lambda.UpdateEventSourceMappingInput, bisect tftypes.Bool, age, retries tftypes.Int64, to tftypes.String) {
	in.BisectBatchOnFunctionError = bisect.ValueBoolPointer()
	in.MaximumRecordAgeInSeconds, in.MaximumRetryAttempts = number(age), number(retries)
	in.DestinationConfig = &types.DestinationConfig{OnFailure: &types.OnFailure{}}
	if !to.IsNull() {
		in.DestinationConfig.OnFailure.Destination = to.ValueStringPointer()
	}
}

func access(secrets map[string]tftypes.String, subnets, groups []tftypes.String) []types.SourceAccessConfiguration {
	all := []types.SourceAccessConfiguration{}
	for _, kind := range slices.Sorted(maps.Keys(secrets)) {
		all = append(all, types.SourceAccessConfiguration{Type: types.SourceAccessType(kind), URI: secrets[kind].ValueStringPointer()})
	}
	for _, id := range sorted(subnets) {
		all = append(all, types.SourceAccessConfiguration{Type: types.SourceAccessTypeVpcSubnet, URI: aws.String("subnet:" + id)})
	}
	for _, id := range sorted(groups) {
		all = append(all, types.SourceAccessConfiguration{Type: types.SourceAccessTypeVpcSecurityGroup, URI: aws.String("security_group:" + id)})
	}
	return all
}

func (r *registry) sent() *types.KafkaSchemaRegistryConfig {
	if r == nil {
		return nil
	}
	out := &types.KafkaSchemaRegistryConfig{SchemaRegistryURI: r.URI.ValueStringPointer(), EventRecordFormat: types.SchemaRegistryEventRecordFormat(r.Format.ValueString())}
	for _, a := range sorted(r.Validate) {
		out.SchemaValidationConfigs = append(out.SchemaValidationConfigs, types.KafkaSchemaValidationConfig{Attribute: types.KafkaSchemaValidationAttribute(a)})
	}
	for _, kind := range slices.Sorted(maps.Keys(r.Access)) {
		out.AccessConfigs = append(out.AccessConfigs, types.KafkaSchemaRegistryAccessConfig{Type: types.KafkaSchemaRegistryAuthType(kind), URI: r.Access[kind].ValueStringPointer()})
	}
	return out
}

// creation is all that the call that makes the mapping is told.
func (m *model) creation() (*lambda.CreateEventSourceMappingInput, error) {
	settings := m.settings()
	if m.SQS != nil && m.SQS.MaxConcurrency.IsNull() {
		settings.ScalingConfig = nil
	}
	in := &lambda.CreateEventSourceMappingInput{}
	tf.CopyGiven(in, settings)
	in.Enabled = aws.Bool(m.Enabled.ValueBool())
	in.EventSourceArn = m.sourceARN().ValueStringPointer()
	begin := func(position, at tftypes.String) error {
		in.StartingPosition = types.EventSourcePosition(position.ValueString())
		if at.IsNull() {
			return nil
		}
		t, err := time.Parse(time.RFC3339, at.ValueString())
		in.StartingPositionTimestamp = &t
		return err
	}
	switch {
	case m.DynamoDB != nil:
		return in, begin(m.DynamoDB.Start, tftypes.StringNull())
	case m.Kinesis != nil:
		return in, begin(m.Kinesis.Start, m.Kinesis.StartTime)
	case m.MSK != nil:
		in.Topics = []string{m.MSK.Topic.ValueString()}
		return in, begin(m.MSK.Start, m.MSK.StartTime)
	case m.Kafka != nil:
		in.Topics = []string{m.Kafka.Topic.ValueString()}
		in.SelfManagedEventSource = &types.SelfManagedEventSource{Endpoints: map[string][]string{"KAFKA_BOOTSTRAP_SERVERS": sorted(m.Kafka.Servers)}}
		return in, begin(m.Kafka.Start, m.Kafka.StartTime)
	case m.MQ != nil:
		in.Queues = []string{m.MQ.Queue.ValueString()}
	case m.DocumentDB != nil:
		return in, begin(m.DocumentDB.Start, m.DocumentDB.StartTime)
	}
	return in, nil
}

// read fills the model with a mapping. Settings that AWS has a default for, and
// that are not written, stay out of it.
func (m *model) read(f *lambda.GetEventSourceMappingOutput) {
	m.ID, m.ARN = tftypes.StringPointerValue(f.UUID), tftypes.StringPointerValue(f.EventSourceMappingArn)
	m.Function, m.FunctionARN = tftypes.StringPointerValue(f.FunctionArn), tftypes.StringPointerValue(f.FunctionArn)
	m.Batch = &batch{integer(f.BatchSize), integer(f.MaximumBatchingWindowInSeconds)}
	m.ReportItems = tftypes.BoolValue(slices.Contains(f.FunctionResponseTypes, types.FunctionResponseTypeReportBatchItemFailures))
	m.KMSKeyARN = tf.NonEmpty(f.KMSKeyArn)
	state := aws.ToString(f.State)
	m.Enabled = tftypes.BoolValue(state != "Disabled" && state != "Disabling")
	m.readFilters(f.FilterCriteria)
	m.Pollers, m.Metrics, m.LogLevel = nil, nil, tftypes.StringNull()
	if p := f.ProvisionedPollerConfig; p != nil && !tf.Silent(p) {
		m.Pollers = &pollers{integer(p.MinimumPollers), integer(p.MaximumPollers), tf.NonEmpty(p.PollerGroupName)}
	}
	if f.MetricsConfig != nil {
		for _, name := range f.MetricsConfig.Metrics {
			m.Metrics = append(m.Metrics, tftypes.StringValue(string(name)))
		}
	}
	if f.LoggingConfig != nil {
		m.LogLevel = tf.NonEmpty(aws.String(string(f.LoggingConfig.SystemLogLevel)))
	}
	m.readSource(f)
}

// readFilters keeps how patterns are written while they mean the same.
func (m *model) readFilters(f *types.FilterCriteria) {
	var found []tf.JSON
	if f != nil {
		for i, p := range f.Filters {
			if i < len(m.Filters) && tf.SameJSON(m.Filters[i].ValueString(), aws.ToString(p.Pattern)) {
				found = append(found, m.Filters[i])
				continue
			}
			found = append(found, tf.JSONValue(aws.ToString(p.Pattern)))
		}
	}
	m.Filters = found
}

func (m *model) readSource(f *lambda.GetEventSourceMappingOutput) {
	was := *m
	m.SQS, m.DynamoDB, m.Kinesis, m.MSK, m.Kafka, m.MQ, m.DocumentDB = nil, nil, nil, nil, nil, nil, nil
	arn, from, at := tftypes.StringPointerValue(f.EventSourceArn), tftypes.StringValue(string(f.StartingPosition)), timestamp(f.StartingPositionTimestamp)
	failed := tftypes.StringNull()
	if d := f.DestinationConfig; d != nil && d.OnFailure != nil {
		failed = tf.NonEmpty(d.OnFailure.Destination)
	}
	bisect := tftypes.BoolValue(aws.ToBool(f.BisectBatchOnFunctionError))
	topic := tftypes.StringNull()
	if len(f.Topics) > 0 {
		topic = tftypes.StringValue(f.Topics[0])
	}
	switch service := strings.SplitN(arn.ValueString()+":::", ":", 4)[2]; service {
	case "sqs":
		m.SQS = &queue{ARN: arn}
		if f.ScalingConfig != nil {
			m.SQS.MaxConcurrency = integer(f.ScalingConfig.MaximumConcurrency)
		}
	case "dynamodb":
		m.DynamoDB = &tableStream{arn, from, integer(f.ParallelizationFactor), bisect, integer(f.MaximumRecordAgeInSeconds), integer(f.MaximumRetryAttempts), zero(f.TumblingWindowInSeconds), failed}
	case "kinesis":
		m.Kinesis = &dataStream{arn, from, at, integer(f.ParallelizationFactor), bisect, integer(f.MaximumRecordAgeInSeconds), integer(f.MaximumRetryAttempts), zero(f.TumblingWindowInSeconds), failed}
		if was.Kinesis != nil && sameTime(was.Kinesis.StartTime, at) {
			m.Kinesis.StartTime = was.Kinesis.StartTime
		}
	case "kafka":
		m.MSK = &cluster{ARN: arn, Topic: topic, Start: from, StartTime: at, OnFailure: failed}
		written := was.MSK
		if written == nil {
			written = &cluster{}
		}
		if sameTime(written.StartTime, at) {
			m.MSK.StartTime = written.StartTime
		}
		m.MSK.Bisect, m.MSK.MaxAge, m.MSK.MaxRetries = optionally(written.Bisect, f.BisectBatchOnFunctionError), optional32(written.MaxAge, f.MaximumRecordAgeInSeconds), optional32(written.MaxRetries, f.MaximumRetryAttempts)
		m.MSK.Access, _, _ = readAccess(f.SourceAccessConfigurations)
		if k := f.AmazonManagedKafkaEventSourceConfig; k != nil {
			m.MSK.Registry = registryOf(k.SchemaRegistryConfig)
			if !written.Group.IsNull() || was.MSK == nil {
				m.MSK.Group = tf.NonEmpty(k.ConsumerGroupId)
			}
		}
	case "mq":
		m.MQ = &broker{ARN: arn}
		if len(f.Queues) > 0 {
			m.MQ.Queue = tftypes.StringValue(f.Queues[0])
		}
		for _, a := range f.SourceAccessConfigurations {
			switch a.Type {
			case types.SourceAccessTypeBasicAuth:
				m.MQ.SecretARN = tftypes.StringPointerValue(a.URI)
			case types.SourceAccessTypeVirtualHost:
				m.MQ.VirtualHost = tftypes.StringPointerValue(a.URI)
			}
		}
	case "rds":
		m.DocumentDB = &collection{ARN: arn, Start: from, StartTime: at, Full: tftypes.BoolValue(false)}
		if was.DocumentDB != nil && sameTime(was.DocumentDB.StartTime, at) {
			m.DocumentDB.StartTime = was.DocumentDB.StartTime
		}
		if d := f.DocumentDBEventSourceConfig; d != nil {
			m.DocumentDB.Database, m.DocumentDB.Collection = tftypes.StringPointerValue(d.DatabaseName), tf.NonEmpty(d.CollectionName)
			m.DocumentDB.Full = tftypes.BoolValue(d.FullDocument == types.FullDocumentUpdateLookup)
		}
		for _, a := range f.SourceAccessConfigurations {
			m.DocumentDB.SecretARN = tftypes.StringPointerValue(a.URI)
		}
	default:
		m.readKafka(f, was.Kafka, topic, from, at, failed)
	}
}

func (m *model) readKafka(f *lambda.GetEventSourceMappingOutput, was *brokers, topic, from, at, failed tftypes.String) {
	if f.SelfManagedEventSource == nil {
		return
	}
	written := was
	if written == nil {
		written = &brokers{}
	}
	m.Kafka = &brokers{Topic: topic, Start: from, StartTime: at, OnFailure: failed, Servers: tf.Strings(f.SelfManagedEventSource.Endpoints["KAFKA_BOOTSTRAP_SERVERS"])}
	if sameTime(written.StartTime, at) {
		m.Kafka.StartTime = written.StartTime
	}
	m.Kafka.Bisect, m.Kafka.MaxAge, m.Kafka.MaxRetries = optionally(written.Bisect, f.BisectBatchOnFunctionError), optional32(written.MaxAge, f.MaximumRecordAgeInSeconds), optional32(written.MaxRetries, f.MaximumRetryAttempts)
	m.Kafka.Access, m.Kafka.Subnets, m.Kafka.Groups = readAccess(f.SourceAccessConfigurations)
	if k := f.SelfManagedKafkaEventSourceConfig; k != nil {
		m.Kafka.Registry = registryOf(k.SchemaRegistryConfig)
		if !written.Group.IsNull() || was == nil {
			m.Kafka.Group = tf.NonEmpty(k.ConsumerGroupId)
		}
	}
}

// optionally is what AWS has if it is written, or if AWS does it all the same.
func optionally(written tftypes.Bool, found *bool) tftypes.Bool {
	if written.IsNull() && !aws.ToBool(found) {
		return tftypes.BoolNull()
	}
	return tftypes.BoolValue(aws.ToBool(found))
}

func optional32(written tftypes.Int64, found *int32) tftypes.Int64 {
	if written.IsNull() {
		return tftypes.Int64Null()
	}
	return integer(found)
}

func zero(n *int32) tftypes.Int64 { return tftypes.Int64Value(int64(aws.ToInt32(n))) }

func readAccess(all []types.SourceAccessConfiguration) (secrets map[string]tftypes.String, subnets, groups []tftypes.String) {
	for _, a := range all {
		switch uri := aws.ToString(a.URI); a.Type {
		case types.SourceAccessTypeVpcSubnet:
			subnets = append(subnets, tftypes.StringValue(strings.TrimPrefix(uri, "subnet:")))
		case types.SourceAccessTypeVpcSecurityGroup:
			groups = append(groups, tftypes.StringValue(strings.TrimPrefix(uri, "security_group:")))
		default:
			if secrets == nil {
				secrets = map[string]tftypes.String{}
			}
			secrets[string(a.Type)] = tftypes.StringValue(uri)
		}
	}
	return secrets, subnets, groups
}

func registryOf(f *types.KafkaSchemaRegistryConfig) *registry {
	if f == nil {
		return nil
	}
	r := &registry{URI: tftypes.StringPointerValue(f.SchemaRegistryURI), Format: tftypes.StringValue(string(f.EventRecordFormat))}
	for _, v := range f.SchemaValidationConfigs {
		r.Validate = append(r.Validate, tftypes.StringValue(string(v.Attribute)))
	}
	for _, a := range f.AccessConfigs {
		if r.Access == nil {
			r.Access = map[string]tftypes.String{}
		}
		r.Access[string(a.Type)] = tftypes.StringPointerValue(a.URI)
	}
	return r
}

func timestamp(t *time.Time) tftypes.String {
	if t == nil {
		return tftypes.StringNull()
	}
	return tftypes.StringValue(t.UTC().Format(time.RFC3339Nano))
}

func sameTime(written, found tftypes.String) bool {
	a, err := time.Parse(time.RFC3339, written.ValueString())
	if err != nil {
		return false
	}
	b, err := time.Parse(time.RFC3339, found.ValueString())
	return err == nil && a.Equal(b)
}
