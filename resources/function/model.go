package function

import (
	"maps"
	"slices"

	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

type (
	// function is the model of serverless_function.
	function struct {
		tf.Base
		tf.Tagged
		parts.Own
		Name                 tftypes.String       `tfsdk:"name"`
		FunctionName         tftypes.String       `tfsdk:"function_name"`
		Description          tftypes.String       `tfsdk:"description"`
		Source               *source              `tfsdk:"source"`
		SourceKMSKeyARN      tftypes.String       `tfsdk:"source_kms_key_arn"`
		Handler              tftypes.String       `tfsdk:"handler"`
		Runtime              tftypes.String       `tfsdk:"runtime"`
		RuntimeUpdate        tftypes.String       `tfsdk:"runtime_update"`
		Image                *image               `tfsdk:"image"`
		Layers               []tftypes.String     `tfsdk:"layers"`
		Architecture         tftypes.String       `tfsdk:"architecture"`
		Memory               tftypes.Int64        `tfsdk:"memory"`
		Timeout              tftypes.Int64        `tfsdk:"timeout"`
		EphemeralStorage     tftypes.Int64        `tfsdk:"ephemeral_storage"`
		Environment          variables            `tfsdk:"environment"`
		Secrets              variables            `tfsdk:"environment_wo"`
		SecretsVersion       tftypes.Int64        `tfsdk:"environment_wo_version"`
		EnvironmentEffective variables            `tfsdk:"environment_effective"`
		KMSKeyARN            tftypes.String       `tfsdk:"kms_key_arn"`
		Links                map[string]link      `tfsdk:"links"`
		Templates            map[string]variables `tfsdk:"policy_templates"`
		Log                  *log                 `tfsdk:"log"`
		LogGroupName         tftypes.String       `tfsdk:"log_group_name"`
		Tracing              tftypes.Bool         `tfsdk:"tracing"`
		VPC                  *vpc                 `tfsdk:"vpc"`
		FileSystems          []fileSystem         `tfsdk:"file_systems"`
		ReservedConcurrency  tftypes.Int64        `tfsdk:"reserved_concurrency"`
		Recursion            tftypes.String       `tfsdk:"recursion"`
		DeadLetter           tftypes.String       `tfsdk:"dead_letter"`
		Async                *async               `tfsdk:"async"`
		URL                  *url                 `tfsdk:"url"`
		Publish              *publish             `tfsdk:"publish"`
		Durable              *durable             `tfsdk:"durable"`
		Tenancy              tftypes.String       `tfsdk:"tenancy"`
		Capacity             *capacity            `tfsdk:"capacity_provider"`
		CodeSigningConfigARN tftypes.String       `tfsdk:"code_signing_config_arn"`
		ARN                  tftypes.String       `tfsdk:"arn"`
		TargetARN            tftypes.String       `tfsdk:"target_arn"`
		InvokeARN            tftypes.String       `tfsdk:"invoke_arn"`
		Version              tftypes.String       `tfsdk:"version"`
		CodeSHA256           tftypes.String       `tfsdk:"code_sha256"`
		CodeSize             tftypes.Int64        `tfsdk:"code_size"`
		LastModified         tftypes.String       `tfsdk:"last_modified"`
	}
	// link is an element of the attribute links.
	link struct {
		parts.LinkTo
		Env tftypes.Bool `tfsdk:"env"`
	}
	log struct {
		Format           tftypes.String `tfsdk:"format"`
		ApplicationLevel tftypes.String `tfsdk:"application_level"`
		SystemLevel      tftypes.String `tfsdk:"system_level"`
		RetentionDays    tftypes.Int64  `tfsdk:"retention_days"`
		KMSKeyARN        tftypes.String `tfsdk:"kms_key_arn"`
		Group            tftypes.String `tfsdk:"group"`
		Class            tftypes.String `tfsdk:"class"`
	}
	// image are the settings of a container image that count over its own.
	image struct {
		Command    []tftypes.String `tfsdk:"command"`
		EntryPoint []tftypes.String `tfsdk:"entry_point"`
		WorkingDir tftypes.String   `tfsdk:"working_dir"`
	}
	vpc struct {
		Subnets        []tftypes.String `tfsdk:"subnet_ids"`
		SecurityGroups []tftypes.String `tfsdk:"security_group_ids"`
		IPv6           tftypes.Bool     `tfsdk:"ipv6"`
		Detach         tftypes.Bool     `tfsdk:"detach_on_destroy"`
	}
	fileSystem struct {
		ARN   tftypes.String `tfsdk:"arn"`
		Mount tftypes.String `tfsdk:"mount"`
	}
	durable struct {
		Timeout   tftypes.Int64  `tfsdk:"execution_timeout"`
		Retention tftypes.Int64  `tfsdk:"retention_days"`
		KMSKeyARN tftypes.String `tfsdk:"kms_key_arn"`
	}
	capacity struct {
		ARN             tftypes.String `tfsdk:"arn"`
		MemoryPerVCPU   tftypes.Int64  `tfsdk:"memory_gib_per_vcpu"`
		MaxConcurrency  tftypes.Int64  `tfsdk:"max_concurrency"`
		MinEnvironments tftypes.Int64  `tfsdk:"min_environments"`
		MaxEnvironments tftypes.Int64  `tfsdk:"max_environments"`
	}
	// publish says how versions are published and what leads to them.
	publish struct {
		Alias       tftypes.String             `tfsdk:"alias"`
		Keep        tftypes.Int64              `tfsdk:"keep_versions"`
		Weights     map[string]tftypes.Float64 `tfsdk:"weights"`
		Provisioned tftypes.Int64              `tfsdk:"provisioned_concurrency"`
		Scale       *scale                     `tfsdk:"autoscale"`
		SnapStart   tftypes.Bool               `tfsdk:"snap_start"`
		Rollout     *rollout                   `tfsdk:"rollout"`
	}
	scale struct {
		Min    tftypes.Int64 `tfsdk:"min"`
		Max    tftypes.Int64 `tfsdk:"max"`
		Target tftypes.Int64 `tfsdk:"target"`
	}
)

// variables are environment variables, or inline files by path.
type variables map[string]tftypes.String

func (v variables) values() map[string]string {
	if v == nil {
		return nil
	}
	all := make(map[string]string, len(v))
	for k, s := range v {
		all[k] = s.ValueString()
	}
	return all
}

func variablesOf(all map[string]string) variables {
	v := variables{}
	for k, s := range all {
		v[k] = tftypes.StringValue(s)
	}
	return v
}

// sorted are the strings of a set, in an order that does not depend on how they
// are written.
func sorted(set []tftypes.String) []string { return slices.Sorted(slices.Values(tf.Texts(set))) }

// packageType is what AWS calls the kind of package.
func (m *function) containers() bool { return m.Source != nil && !m.Source.Image.IsNull() }

// scoped reports whether the function's versions are chosen by an alias.
func (m *function) alias() string {
	if m.Publish == nil {
		return ""
	}
	return m.Publish.Alias.ValueString()
}

// weights are how much of the calls go to other versions than the alias's own.
func (p *publish) weights() map[string]float64 {
	all := map[string]float64{}
	for version, w := range maps.All(p.Weights) {
		all[version] = w.ValueFloat64()
	}
	return all
}
