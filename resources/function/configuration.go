package function

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// This file is the one place that maps the model to a function's configuration on
// AWS, and back. The environment is apart, because parts of it are secret.

// configuration is all that the model says of the configuration but the
// environment. What the model leaves out is sent as empty, which removes it.
func configuration(m *function) *lambda.UpdateFunctionConfigurationInput {
	in := &lambda.UpdateFunctionConfigurationInput{
		Description:       aws.String(m.Description.ValueString()),
		Role:              m.RoleARN.ValueStringPointer(),
		MemorySize:        number(m.Memory),
		Timeout:           number(m.Timeout),
		EphemeralStorage:  &types.EphemeralStorage{Size: number(m.EphemeralStorage)},
		TracingConfig:     &types.TracingConfig{Mode: types.TracingModePassThrough},
		LoggingConfig:     logging(m),
		Layers:            append([]string{}, tf.Texts(m.Layers)...), // in their order
		DeadLetterConfig:  &types.DeadLetterConfig{TargetArn: aws.String(m.DeadLetter.ValueString())},
		VpcConfig:         &types.VpcConfig{SubnetIds: []string{}, SecurityGroupIds: []string{}},
		FileSystemConfigs: []types.FileSystemConfig{},
		KMSKeyArn:         aws.String(m.KMSKeyARN.ValueString()),
		SnapStart:         &types.SnapStart{ApplyOn: types.SnapStartApplyOnNone},
	}
	if m.Tracing.ValueBool() {
		in.TracingConfig.Mode = types.TracingModeActive
	}
	if m.Publish != nil && m.Publish.SnapStart.ValueBool() {
		in.SnapStart.ApplyOn = types.SnapStartApplyOnPublishedVersions
	}
	if v := m.VPC; v != nil {
		in.VpcConfig.SubnetIds, in.VpcConfig.SecurityGroupIds = sorted(v.Subnets), sorted(v.SecurityGroups)
		if v.IPv6.ValueBool() {
			in.VpcConfig.Ipv6AllowedForDualStack = aws.Bool(true)
		}
	}
	for _, f := range m.FileSystems {
		in.FileSystemConfigs = append(in.FileSystemConfigs, types.FileSystemConfig{Arn: f.ARN.ValueStringPointer(), LocalMountPath: f.Mount.ValueStringPointer()})
	}
	if m.containers() {
		in.ImageConfig = &types.ImageConfig{Command: []string{}, EntryPoint: []string{}}
		if i := m.Image; i != nil {
			in.ImageConfig = &types.ImageConfig{Command: tf.Texts(i.Command), EntryPoint: tf.Texts(i.EntryPoint), WorkingDirectory: i.WorkingDir.ValueStringPointer()}
		}
	} else {
		in.Handler, in.Runtime = m.Handler.ValueStringPointer(), types.Runtime(m.Runtime.ValueString())
	}
	if d := m.Durable; d != nil {
		in.DurableConfig = &types.DurableConfig{ExecutionTimeout: number(d.Timeout), RetentionPeriodInDays: number(d.Retention), KMSKeyArn: d.KMSKeyARN.ValueStringPointer()}
	}
	if c := m.Capacity; c != nil {
		in.CapacityProviderConfig = &types.CapacityProviderConfig{
			LambdaManagedInstancesCapacityProviderConfig: &types.LambdaManagedInstancesCapacityProviderConfig{
				CapacityProviderArn:                   c.ARN.ValueStringPointer(),
				PerExecutionEnvironmentMaxConcurrency: number(c.MaxConcurrency),
			},
		}
		if !c.MemoryPerVCPU.IsNull() {
			in.CapacityProviderConfig.LambdaManagedInstancesCapacityProviderConfig.ExecutionEnvironmentMemoryGiBPerVCpu = aws.Float64(float64(c.MemoryPerVCPU.ValueInt64()))
		}
	}
	return in
}

func number(n tftypes.Int64) *int32 {
	if n.IsNull() || n.IsUnknown() {
		return nil
	}
	return aws.Int32(int32(n.ValueInt64()))
}

func logging(m *function) *types.LoggingConfig {
	if m.Log == nil { // of a state that was damaged
		return nil
	}
	group := m.LogGroupName
	if !m.Log.Group.IsNull() { // and the name may still be that of the own one, which is left
		group = m.Log.Group
	}
	return &types.LoggingConfig{
		LogFormat:           types.LogFormat(m.Log.Format.ValueString()),
		ApplicationLogLevel: types.ApplicationLogLevel(m.Log.ApplicationLevel.ValueString()),
		SystemLogLevel:      types.SystemLogLevel(m.Log.SystemLevel.ValueString()),
		LogGroup:            group.ValueStringPointer(),
	}
}

// creation puts a configuration into the call that makes a function, without what
// says that something is not there.
func creation(in *lambda.CreateFunctionInput, c *lambda.UpdateFunctionConfigurationInput) {
	if c.SnapStart.ApplyOn == types.SnapStartApplyOnNone {
		c.SnapStart = nil
	}
	tf.CopyGiven(in, c)
}

// read fills the model with a function's configuration, without its environment,
// role and logs.
func (m *function) read(f *types.FunctionConfiguration) {
	m.FunctionName = tftypes.StringPointerValue(f.FunctionName)
	m.Description = tf.NonEmpty(f.Description)
	m.Handler = tf.NonEmpty(f.Handler)
	m.Runtime = tf.NonEmpty(aws.String(string(f.Runtime)))
	m.Architecture = tftypes.StringValue(string(types.ArchitectureX8664))
	if len(f.Architectures) == 1 {
		m.Architecture = tftypes.StringValue(string(f.Architectures[0]))
	}
	m.Memory = integer(f.MemorySize)
	m.Timeout = integer(f.Timeout)
	m.EphemeralStorage = tftypes.Int64Value(512)
	if f.EphemeralStorage != nil {
		m.EphemeralStorage = integer(f.EphemeralStorage.Size)
	}
	m.Tracing = tftypes.BoolValue(f.TracingConfig != nil && f.TracingConfig.Mode == types.TracingModeActive)
	m.CodeSHA256 = tftypes.StringPointerValue(f.CodeSha256)
	m.CodeSize = tftypes.Int64Value(f.CodeSize)
	m.LastModified = tftypes.StringPointerValue(f.LastModified)
	if !sameOrder(f.Layers, m.Layers) {
		m.Layers = nil
		for _, l := range f.Layers {
			m.Layers = append(m.Layers, tftypes.StringPointerValue(l.Arn))
		}
	}
	m.DeadLetter = tftypes.StringNull()
	if f.DeadLetterConfig != nil {
		m.DeadLetter = tf.NonEmpty(f.DeadLetterConfig.TargetArn)
	}
	if f.KMSKeyArn != nil || len(m.EnvironmentEffective) > 0 { // AWS drops the key of a function without variables
		m.KMSKeyARN = tf.NonEmpty(f.KMSKeyArn)
	}
	m.readVPC(f.VpcConfig)
	m.readFileSystems(f.FileSystemConfigs)
	m.readImage(f)
	m.readDurable(f.DurableConfig)
	m.readCapacity(f.CapacityProviderConfig)
	m.Tenancy = tftypes.StringNull()
	if f.TenancyConfig != nil && f.TenancyConfig.TenantIsolationMode == types.TenantIsolationModePerTenant {
		m.Tenancy = tftypes.StringValue("per_tenant")
	}
	if p := m.Publish; p != nil {
		now := *p
		now.SnapStart = tftypes.BoolValue(f.SnapStart != nil && f.SnapStart.ApplyOn == types.SnapStartApplyOnPublishedVersions)
		m.Publish = &now
	}
}

// sameOrder reports whether AWS has these layers; an empty list that is written is
// as good as none.
func sameOrder(found []types.Layer, written []tftypes.String) bool {
	if len(found) != len(written) {
		return false
	}
	for i, l := range found {
		if aws.ToString(l.Arn) != written[i].ValueString() {
			return false
		}
	}
	return true
}

func integer(n *int32) tftypes.Int64 {
	if n == nil {
		return tftypes.Int64Null()
	}
	return tftypes.Int64Value(int64(*n))
}

func (m *function) readVPC(f *types.VpcConfigResponse) {
	if f == nil || len(f.SubnetIds) == 0 {
		m.VPC = nil
		return
	}
	now := vpc{Subnets: tf.Strings(f.SubnetIds), SecurityGroups: tf.Strings(f.SecurityGroupIds), IPv6: tftypes.BoolValue(aws.ToBool(f.Ipv6AllowedForDualStack)), Detach: tftypes.BoolValue(true)}
	if m.VPC != nil && !m.VPC.Detach.IsNull() {
		now.Detach = m.VPC.Detach
	}
	m.VPC = &now
}

func (m *function) readFileSystems(found []types.FileSystemConfig) {
	m.FileSystems = nil
	for _, f := range found {
		m.FileSystems = append(m.FileSystems, fileSystem{tftypes.StringPointerValue(f.Arn), tftypes.StringPointerValue(f.LocalMountPath)})
	}
}

func (m *function) readImage(f *types.FunctionConfiguration) {
	if f.ImageConfigResponse == nil || f.ImageConfigResponse.ImageConfig == nil || tf.Silent(f.ImageConfigResponse.ImageConfig) {
		m.Image = nil
		return
	}
	i := f.ImageConfigResponse.ImageConfig
	m.Image = &image{Command: tf.Strings(i.Command), EntryPoint: tf.Strings(i.EntryPoint), WorkingDir: tf.NonEmpty(i.WorkingDirectory)}
}

func (m *function) readDurable(f *types.DurableConfig) {
	if f == nil {
		m.Durable = nil
		return
	}
	m.Durable = &durable{Timeout: integer(f.ExecutionTimeout), Retention: integer(f.RetentionPeriodInDays), KMSKeyARN: tf.NonEmpty(f.KMSKeyArn)}
}

func (m *function) readCapacity(f *types.CapacityProviderConfig) {
	if f == nil || f.LambdaManagedInstancesCapacityProviderConfig == nil {
		m.Capacity = nil
		return
	}
	l := f.LambdaManagedInstancesCapacityProviderConfig
	now := capacity{}
	if m.Capacity != nil {
		now = *m.Capacity
	}
	now.ARN = tftypes.StringPointerValue(l.CapacityProviderArn)
	if !now.MemoryPerVCPU.IsNull() || m.ID.IsNull() {
		now.MemoryPerVCPU = tftypes.Int64Null()
		if g := l.ExecutionEnvironmentMemoryGiBPerVCpu; g != nil {
			now.MemoryPerVCPU = tftypes.Int64Value(int64(*g))
		}
	}
	if !now.MaxConcurrency.IsNull() || m.ID.IsNull() {
		now.MaxConcurrency = integer(l.PerExecutionEnvironmentMaxConcurrency)
	}
	m.Capacity = &now
}
