package lambda

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/lambda/runtime"
)

// settings are what CreateFunction and UpdateFunctionConfiguration both set; nil
// or empty leaves what is there.
type settings struct {
	description, handler, role *string
	environment                *types.Environment
	storage                    *types.EphemeralStorage
	logging                    *types.LoggingConfig
	memory, timeout            *int32
	runtime                    types.Runtime
	snapStart                  *types.SnapStart
	tracing                    *types.TracingConfig
	layers                     []string
	vpc                        *types.VpcConfig
	key                        *string // of KMS
	deadLetters                *types.DeadLetterConfig
}

// configure checks the settings and carries them over to v.
func (s *Service) configure(ctx context.Context, v *version, in settings) error {
	c := &v.Configuration
	if err := checkRuntime(in.runtime); err != nil {
		return err
	}
	if err := checkVariables(in.environment); err != nil {
		return err
	}
	if in.role != nil {
		if err := s.roles.CanAssume(ctx, *in.role, Principal); err != nil {
			return invalid("The role defined for the function cannot be assumed by Lambda.")
		}
		c.Role = in.role
	}
	if in.tracing != nil && in.tracing.Mode != "" {
		c.TracingConfig = &types.TracingConfigResponse{Mode: in.tracing.Mode}
	}
	if in.description != nil {
		c.Description = in.description
	}
	if in.handler != nil {
		c.Handler = in.handler
	}
	if in.memory != nil {
		c.MemorySize = in.memory
	}
	if in.timeout != nil {
		c.Timeout = in.timeout
	}
	if in.storage != nil && in.storage.Size != nil {
		c.EphemeralStorage = &types.EphemeralStorage{Size: in.storage.Size}
	}
	if in.environment != nil {
		vars := maps.Clone(in.environment.Variables)
		if vars == nil {
			vars = map[string]string{}
		}
		c.Environment = &types.EnvironmentResponse{Variables: vars}
	}
	if in.key != nil {
		c.KMSKeyArn = in.key
	}
	if aws.ToString(c.KMSKeyArn) == "" || c.Environment == nil || len(c.Environment.Variables) == 0 {
		c.KMSKeyArn = nil // AWS keeps the key with the variables that it encrypts
	}
	if in.vpc != nil {
		c.VpcConfig = network(env.ScopeOf(ctx), c.VpcConfig, in.vpc)
	}
	if in.deadLetters != nil {
		if err := checkDeadLetters(aws.ToString(in.deadLetters.TargetArn)); err != nil {
			return err
		}
		if c.DeadLetterConfig = in.deadLetters; aws.ToString(in.deadLetters.TargetArn) == "" {
			c.DeadLetterConfig = nil
		}
	}
	if in.layers != nil {
		if err := s.use(ctx, v, in.layers); err != nil {
			return err
		}
	}
	if in.logging != nil {
		c.LoggingConfig = logging(*c.LoggingConfig, *in.logging)
	}
	if in.runtime != "" {
		c.Runtime = in.runtime
		c.RuntimeVersionConfig = runtimeVersion(env.ScopeOf(ctx).Region, in.runtime)
	}
	if in.snapStart != nil {
		c.SnapStart = snapStart(in.snapStart.ApplyOn, false)
	}
	if err := v.checkSnapStart(); err != nil {
		return err
	}
	return v.fits()
}

// checkDeadLetters refuses a target that could not take the events that failed.
func checkDeadLetters(arn string) error {
	switch kind := sourceKind(arn); {
	case arn == "", (kind == "sqs" || kind == "sns") && !strings.HasSuffix(arn, ".fifo"):
		return nil
	}
	return invalid("The dead letter target %s is invalid: it must be a standard SQS queue or a standard SNS topic", arn)
}

// network returns where a function says that it is. The emulator has no networks:
// it keeps these facts and gives them back, and one VPC stands for all of a scope's.
// Empty lists take the function out of it.
func network(scope env.Scope, old *types.VpcConfigResponse, in *types.VpcConfig) *types.VpcConfigResponse {
	c := types.VpcConfigResponse{Ipv6AllowedForDualStack: aws.Bool(false), SecurityGroupIds: []string{}, SubnetIds: []string{}, VpcId: aws.String("")}
	if old != nil {
		c = *old
	} else if len(in.SubnetIds)+len(in.SecurityGroupIds) == 0 {
		return nil
	}
	if in.Ipv6AllowedForDualStack != nil {
		c.Ipv6AllowedForDualStack = in.Ipv6AllowedForDualStack
	}
	if in.SecurityGroupIds != nil {
		c.SecurityGroupIds = in.SecurityGroupIds
	}
	if in.SubnetIds != nil {
		c.SubnetIds = in.SubnetIds
	}
	c.VpcId = aws.String("")
	if len(c.SubnetIds) > 0 {
		sum := sha256.Sum256([]byte(scope.Key("vpc")))
		c.VpcId = aws.String("vpc-" + hex.EncodeToString(sum[:])[:17])
	}
	return &c
}

// fits checks the size of a version's package together with its layers.
func (v *version) fits() error {
	total := v.Unzipped
	for _, l := range v.Layers {
		total += l.Unzipped
	}
	if total > maxUnzipped {
		return invalid("Function code combined with layers exceeds the maximum allowed size of %d bytes. The actual size is %d bytes.", maxUnzipped, total)
	}
	return nil
}

// logging returns old with what in sets. Only the JSON format has levels.
func logging(old, in types.LoggingConfig) *types.LoggingConfig {
	if in.LogFormat != "" {
		old.LogFormat = in.LogFormat
	}
	if aws.ToString(in.LogGroup) != "" {
		old.LogGroup = in.LogGroup
	}
	if old.LogFormat != types.LogFormatJson {
		return &types.LoggingConfig{LogFormat: old.LogFormat, LogGroup: old.LogGroup}
	}
	first := func(levels ...string) string {
		return levels[slices.IndexFunc(levels, func(l string) bool { return l != "" })]
	}
	old.ApplicationLogLevel = types.ApplicationLogLevel(first(string(in.ApplicationLogLevel), string(old.ApplicationLogLevel), "INFO"))
	old.SystemLogLevel = types.SystemLogLevel(first(string(in.SystemLogLevel), string(old.SystemLogLevel), "INFO"))
	return &old
}

// retired are runtimes that AWS takes no more.
var retired = []types.Runtime{
	types.RuntimeNodejs, types.RuntimeNodejs43, types.RuntimeNodejs43edge, types.RuntimeNodejs610, types.RuntimeNodejs810,
	types.RuntimeNodejs10x, types.RuntimeNodejs12x, types.RuntimeNodejs14x, types.RuntimeJava8,
	types.RuntimePython27, types.RuntimePython36, types.RuntimePython37,
	types.RuntimeDotnetcore10, types.RuntimeDotnetcore20, types.RuntimeDotnetcore21, types.RuntimeDotnetcore31,
	types.RuntimeGo1x, types.RuntimeRuby25, types.RuntimeRuby27, types.RuntimeProvided,
}

// supported are the runtimes for new functions and layers, as AWS prints them. The
// order of AWS's lists is no order.
const supported = "nodejs20.x, python3.14, provided.al2023, python3.12, python3.13, nodejs24.x, nodejs22.x, java25, python3.10, python3.11, java21, ruby3.3, ruby3.4, ruby3.2, python3.8, python3.9, java17, nodejs16.x, dotnet10, dotnet8, java11, dotnet6, nodejs18.x, provided.al2, java8.al2"

// checkRuntime returns AWS's errors for runtimes that AWS does not have, and one of
// our own for those that are not emulated. That an interpreter is not installed is told
// to those who invoke the function.
func checkRuntime(r types.Runtime) error {
	if r == "" {
		return nil
	}
	if slices.Contains(retired, r) {
		return invalid("The runtime parameter of %s is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.", r)
	}
	if !slices.Contains(r.Values(), r) {
		return invalid("Value %s at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [%s] or be a valid ARN", r, supported)
	}
	if !runtime.Emulated(string(r)) {
		return invalid("the runtime %s is not emulated", r)
	}
	return nil
}

// reserved are the variables that Lambda sets itself.
var reserved = []string{
	"_HANDLER", "_X_AMZN_TRACE_ID", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV",
	"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE",
	"AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API", "AWS_REGION", "AWS_SECRET_ACCESS_KEY",
	"AWS_SESSION_TOKEN", "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT",
}

func checkVariables(e *types.Environment) error {
	if e == nil {
		return nil
	}
	var taken []string
	for _, k := range slices.Sorted(maps.Keys(e.Variables)) {
		if slices.Contains(reserved, k) {
			taken = append(taken, k)
		}
	}
	if len(taken) > 0 {
		return invalid("Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: %s", strings.Join(taken, ", "))
	}
	text, err := json.Marshal(e.Variables)
	if err != nil {
		return err
	}
	if len(e.Variables) > 0 && len(text) > 4096 {
		return invalid("Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: %s", text)
	}
	return nil
}
