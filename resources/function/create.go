package function

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework/path"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/artifact"
	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// create makes the role, the log group and the function, in this order, so that
// the function's first call finds its rights and where to log.
func create(ctx context.Context, c *Clients, m *function) error {
	resumed, err := resume(ctx, c, m)
	if err != nil {
		return err
	}
	code, err := packageOf(m)
	if err != nil {
		return err
	}
	role, group := ownRole(ctx, m), ownLogs(m)
	var madeRole, madeGroup bool
	undo := func(err error) error { // what was there before stays, a log group with its events above all
		return tf.Undo(ctx, err, func(ctx context.Context) error {
			if madeGroup {
				if err := parts.DeleteLogGroup(ctx, c.Logs, group.Name); err != nil {
					return err
				}
			}
			if madeRole {
				return parts.DeleteRole(ctx, c.IAM, role.Name)
			}
			return nil
		})
	}
	if role != nil {
		if role.Policy, err = rolePolicy(m, scopeOf(ctx)); err != nil {
			return err
		}
		var arn string
		if arn, madeRole, err = role.Create(ctx, c.IAM); err != nil {
			return undo(err)
		}
		m.RoleARN = tftypes.StringValue(arn)
	}
	if group != nil {
		if madeGroup, err = group.Create(ctx, c.Logs); err != nil {
			return undo(err)
		}
	}
	if !resumed {
		if err := createFunction(ctx, c, m, code); err != nil {
			return undo(err)
		}
	}
	m.ID = tftypes.StringValue(functionARN(ctx, m))
	if err := code.remember(ctx); err != nil {
		return err
	}
	if err := active(ctx, c, m); err != nil {
		return err
	}
	if m.ReservedConcurrency.ValueInt64() >= 0 {
		if err := reserve(ctx, c, m); err != nil {
			return err
		}
	}
	if m.Recursion.ValueString() != "terminate" {
		if err := recursion(ctx, c, m); err != nil {
			return err
		}
	}
	return nil
}

// finish removes the mark of a function that is being created.
func finish(ctx context.Context, c *Clients, m *function) error {
	_, err := c.Lambda.UntagResource(ctx, &lambda.UntagResourceInput{Resource: m.ID.ValueStringPointer(), TagKeys: []string{tf.MarkerKey}})
	return err
}

// resume looks whether the function is there already. One that carries this
// configuration's marker is its own, cut off while it was made, and is taken
// over; any other is a conflict, found before anything is touched.
func resume(ctx context.Context, c *Clients, m *function) (bool, error) {
	name := m.FunctionName.ValueString()
	out, err := c.Lambda.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: &name})
	switch {
	case tf.Is[*types.ResourceNotFoundException](err):
		return false, nil
	case err != nil:
		return false, err
	case out.Tags[tf.MarkerKey] == tf.Marker(ctx):
		return true, nil
	}
	return false, conflict(name, out.Tags)
}

func conflict(name string, tags map[string]string) error {
	return &tf.Problem{
		Summary: "The function " + name + " exists already",
		Detail:  tf.Origin(tags) + " Choose another name, delete that function, " + tf.TakeOver("function", name),
	}
}

func createFunction(ctx context.Context, c *Clients, m *function, code *code) error {
	tags := maps.Clone(m.All())
	tags[tf.MarkerKey] = tf.Marker(ctx)
	in := &lambda.CreateFunctionInput{
		FunctionName:     m.FunctionName.ValueStringPointer(),
		Description:      m.Description.ValueStringPointer(),
		Role:             m.RoleARN.ValueStringPointer(),
		Code:             &types.FunctionCode{ZipFile: code.zip},
		Handler:          m.Handler.ValueStringPointer(),
		Runtime:          types.Runtime(m.Runtime.ValueString()),
		Architectures:    []types.Architecture{types.Architecture(m.Architecture.ValueString())},
		MemorySize:       aws.Int32(int32(m.Memory.ValueInt64())),
		Timeout:          aws.Int32(int32(m.Timeout.ValueInt64())),
		EphemeralStorage: &types.EphemeralStorage{Size: aws.Int32(int32(m.EphemeralStorage.ValueInt64()))},
		LoggingConfig:    logging(m),
		TracingConfig:    &types.TracingConfig{Mode: tracing(m)},
		Tags:             tags,
	}
	env, err := effectiveEnvironment(ctx, m)
	if err != nil {
		return err
	}
	if len(env) > 0 {
		in.Environment = &types.Environment{Variables: env}
	}
	err = tf.Retry(ctx, notSettled, func(ctx context.Context) error {
		_, err := c.Lambda.CreateFunction(ctx, in)
		return err
	})
	if tf.Is[*types.ResourceConflictException](err) {
		// The call was carried out although its answer was lost, or somebody else
		// made the function meanwhile.
		if ours, again := resume(ctx, c, m); again != nil || ours {
			return again
		}
	}
	return err
}

// notSettled reports whether AWS does not know the role, or its rights, yet.
func notSettled(err error) bool {
	for _, text := range []string{
		"The role defined for the function cannot be assumed by Lambda",
		"The provided execution role does not have permissions",
		"throttled by EC2",
		"KMS key is invalid for CreateGrant",
	} {
		if tf.Says(err, "InvalidParameterValueException", text) {
			return true
		}
	}
	return parts.InProgress(err)
}

// active waits until the function can be called and changed. A failed state is an
// error at once, with AWS's reason.
func active(ctx context.Context, c *Clients, m *function) error {
	name := m.FunctionName.ValueString()
	return tf.Poll(ctx, "function "+name+" to be active", func(ctx context.Context) (bool, error) {
		out, err := c.Lambda.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &name})
		switch {
		case err != nil:
			return false, err
		case out.State == types.StateFailed:
			return false, fmt.Errorf("the function's state is Failed: %s (%s)", aws.ToString(out.StateReason), out.StateReasonCode)
		case out.LastUpdateStatus == types.LastUpdateStatusFailed:
			return false, fmt.Errorf("the function's update failed: %s (%s)", aws.ToString(out.LastUpdateStatusReason), out.LastUpdateStatusReasonCode)
		}
		return out.State != types.StatePending && out.LastUpdateStatus != types.LastUpdateStatusInProgress, nil
	})
}

func reserve(ctx context.Context, c *Clients, m *function) error {
	n := m.ReservedConcurrency.ValueInt64()
	if n < 0 {
		_, err := c.Lambda.DeleteFunctionConcurrency(ctx, &lambda.DeleteFunctionConcurrencyInput{FunctionName: m.FunctionName.ValueStringPointer()})
		return err
	}
	_, err := c.Lambda.PutFunctionConcurrency(ctx, &lambda.PutFunctionConcurrencyInput{
		FunctionName: m.FunctionName.ValueStringPointer(), ReservedConcurrentExecutions: aws.Int32(int32(n)),
	})
	return err
}

func recursion(ctx context.Context, c *Clients, m *function) error {
	mode := types.RecursiveLoopTerminate
	if m.Recursion.ValueString() == "allow" {
		mode = types.RecursiveLoopAllow
	}
	_, err := c.Lambda.PutFunctionRecursionConfig(ctx, &lambda.PutFunctionRecursionConfigInput{
		FunctionName: m.FunctionName.ValueStringPointer(), RecursiveLoop: mode,
	})
	return err
}

// A code is a function's package, ready to be sent.
type code struct {
	deployed
	zip []byte
}

// packageOf makes the package. Files that changed since the plan are an error:
// what is deployed is what was shown.
func packageOf(m *function) (*code, error) {
	var zip bytes.Buffer
	pkg, err := artifact.Write(&zip, m.Source.artifact())
	if err != nil {
		return nil, tf.At(path.Root("source"), err)
	}
	if planned := m.CodeSHA256; !planned.IsUnknown() && !planned.IsNull() && planned.ValueString() != pkg.SHA256 {
		return nil, tf.At(path.Root("source"), &tf.Problem{
			Summary: "The code changed since the plan",
			Detail: fmt.Sprintf("The package has the SHA-256 %s, the plan shows %s. Nothing was deployed. Plan again; "+
				"if something writes to the folder while the apply runs, exclude it or build before planning.", pkg.SHA256, planned.ValueString()),
		})
	}
	return &code{deployed{pkg.Digest, pkg.SHA256}, zip.Bytes()}, nil
}

func (c *code) remember(ctx context.Context) error { return tf.Remember(ctx, deployedKey, c.deployed) }

// ownRole is the function's own role; nil if it runs as a role of the user's.
func ownRole(ctx context.Context, m *function) *parts.Role {
	if !m.RoleARN.IsUnknown() && !isOwnRole(ctx, m, m.RoleARN.ValueString()) {
		return nil
	}
	return &parts.Role{
		Name:    parts.RoleName(m.FunctionName.ValueString(), tf.ScopeOf(ctx).Region),
		Service: "lambda.amazonaws.com",
		Managed: tf.Texts(m.PolicyARNs),
		Tags:    m.All(),
	}
}

// isOwnRole tells the function's own role by its name.
func isOwnRole(ctx context.Context, m *function, arn string) bool {
	return strings.HasSuffix(arn, ":role/"+parts.RoleName(m.FunctionName.ValueString(), tf.ScopeOf(ctx).Region))
}

// ownLogs is the function's own log group; nil if it writes to one of the user's.
func ownLogs(m *function) *parts.LogGroup {
	if !m.Log.Group.IsNull() {
		return nil
	}
	return &parts.LogGroup{Name: m.LogGroupName.ValueString(), Days: m.Log.RetentionDays.ValueInt64(), Tags: m.All()}
}

func logging(m *function) *types.LoggingConfig {
	return &types.LoggingConfig{
		LogFormat:           types.LogFormat(m.Log.Format.ValueString()),
		ApplicationLogLevel: types.ApplicationLogLevel(m.Log.ApplicationLevel.ValueString()),
		SystemLogLevel:      types.SystemLogLevel(m.Log.SystemLevel.ValueString()),
		LogGroup:            m.LogGroupName.ValueStringPointer(),
	}
}

func tracing(m *function) types.TracingMode {
	if m.Tracing.ValueBool() {
		return types.TracingModeActive
	}
	return types.TracingModePassThrough
}

func functionARN(ctx context.Context, m *function) string {
	return tf.ScopeOf(ctx).ARN("lambda", "function:"+m.FunctionName.ValueString())
}

// scopeOf is the beginning of ARNs of Lambda in the operation's scope.
func scopeOf(ctx context.Context) string {
	return strings.TrimSuffix(tf.ScopeOf(ctx).ARN("lambda", ""), ":")
}
