package function

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// find looks for the function that has the name now, and what of it Read does not
// tell: the kind of its package and, of one that was left unfinished, that nothing
// scales it yet.
func find(ctx context.Context, c *Clients, m *function) (bool, map[string]string, error) {
	out, err := c.Lambda.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: m.FunctionName.ValueStringPointer()})
	if err != nil {
		return false, nil, err
	}
	if image := out.Configuration.PackageType == types.PackageTypeImage; image != m.containers() {
		m.Source = &source{}
		if image && out.Code != nil {
			m.Source.Image = tftypes.StringPointerValue(out.Code.ImageUri)
		}
	}
	if m.Publish != nil && out.Tags[tf.MarkerKey] != "" {
		made := *m.Publish
		made.Scale = nil
		m.Publish = &made
	}
	return true, out.Tags, nil
}

// create makes the role, the log group and the function, in this order, so that
// the function's first call finds its rights and where to log.
func create(ctx context.Context, c *Clients, m *function) error {
	code, err := packed(ctx, c, m)
	if err != nil {
		return err
	}
	if err := m.owner().Make(ctx, c.IAM, c.Logs); err != nil {
		return err
	}
	in, err := creationOf(ctx, m, code)
	if err != nil {
		return err
	}
	err = tf.Retry(ctx, notSettled, func(ctx context.Context) error {
		_, err := c.Lambda.CreateFunction(ctx, in)
		return err
	})
	if err != nil {
		return err
	}
	m.ID = tftypes.StringValue(functionARN(ctx, m))
	if err := code.confirmed(ctx, c, m); err != nil {
		return err
	}
	if err := rememberSecrets(ctx, m); err != nil {
		return err
	}
	return follow(ctx, c, m.made(), m)
}

// made is the function as the call that makes it leaves it: without what further
// calls give it.
func (m *function) made() *function {
	made := *m
	made.ReservedConcurrency, made.Recursion, made.RuntimeUpdate = tftypes.Int64Value(-1), tftypes.StringValue("terminate"), tftypes.StringNull()
	made.Publish, made.URL, made.Async, made.Capacity = nil, nil, nil, nil
	made.Version = tftypes.StringValue(latest)
	return &made
}

// creationOf is all that the call that makes a function can be told.
func creationOf(ctx context.Context, m *function, code *code) (*lambda.CreateFunctionInput, error) {
	in := &lambda.CreateFunctionInput{
		FunctionName:         m.FunctionName.ValueStringPointer(),
		Code:                 &code.sent,
		Architectures:        []types.Architecture{types.Architecture(m.Architecture.ValueString())},
		CodeSigningConfigArn: m.CodeSigningConfigARN.ValueStringPointer(),
		Tags:                 m.Marked(ctx),
	}
	in.Code.SourceKMSKeyArn = m.SourceKMSKeyARN.ValueStringPointer()
	if m.containers() {
		in.PackageType = types.PackageTypeImage
	}
	if !m.Tenancy.IsNull() {
		in.TenancyConfig = &types.TenancyConfig{TenantIsolationMode: types.TenantIsolationModePerTenant}
	}
	creation(in, configuration(m))
	env, err := environment(ctx, m)
	if len(env) > 0 {
		in.Environment = &types.Environment{Variables: env}
	}
	return in, err
}

// notSettled reports whether AWS does not know the role, or its rights, yet.
func notSettled(err error) bool {
	for _, text := range []string{
		"The role defined for the function cannot be assumed by Lambda",
		"throttled by EC2",
		"KMS key is invalid for CreateGrant",
		"execution role does not have permissions",
	} {
		if tf.Says(err, "InvalidParameterValueException", text) {
			return true
		}
	}
	return parts.InProgress(err)
}

// packed makes the function's package, and looks whether the function can run it.
func packed(ctx context.Context, c *Clients, m *function) (*code, error) {
	code, err := m.Source.pack(ctx, c, m.Runtime.ValueString(), m.Architecture.ValueString(), m.CodeSHA256)
	if err != nil || code.contents == nil || m.Source.Build == nil {
		return code, err
	}
	if err := checkMachine(*code.contents, m.Architecture.ValueString()); err != nil {
		return nil, err
	}
	return code, checkHandler(m, *code.contents)
}

// confirmed waits until the function has the code, and remembers it. Of code that
// is not on this machine AWS tells the hash.
func (c *code) confirmed(ctx context.Context, clients *Clients, m *function) error {
	out, err := settled(ctx, clients, m.reference(""))
	if err != nil {
		return err
	}
	if c.SHA256 == "" {
		c.SHA256 = aws.ToString(out.CodeSha256)
	} else if m.CodeSHA256.IsUnknown() { // it was built
		m.CodeSHA256 = tftypes.StringValue(c.SHA256)
	}
	return c.remember(ctx)
}

// owner is what has the function's role and log group.
func (m *function) owner() parts.Owner {
	return parts.Owner{
		Own: &m.Own, Name: m.FunctionName, Region: m.Region, Service: "lambda.amazonaws.com", Logs: ownLogs(m), Tags: &m.Tagged,
		Policy: func(ctx context.Context) (string, error) { return rolePolicy(m, scopeOf(ctx)) },
	}
}

// ownLogs is the function's own log group; nil if it has none, because it writes to one
// of the user's. It still has the one that log_group_name names.
func ownLogs(m *function) *parts.LogGroup {
	if m.Log == nil {
		return nil
	}
	name := ownLogGroup(m.FunctionName.ValueString())
	if left := m.LogGroupName.ValueString() == name && m.Log.Group.ValueString() != name; !m.Log.Group.IsNull() && !left {
		return nil
	}
	return &parts.LogGroup{
		Name: name, Days: m.Log.RetentionDays.ValueInt64(), Key: m.Log.KMSKeyARN.ValueString(),
		Class: m.Log.Class.ValueString(), Tags: m.All(), Gone: m.Log.RetentionDays.IsNull(),
	}
}

func functionARN(ctx context.Context, m *function) string {
	return tf.ScopeOf(ctx).ARN("lambda", "function:"+m.FunctionName.ValueString())
}

// scopeOf is the beginning of ARNs of Lambda in the operation's scope.
func scopeOf(ctx context.Context) string {
	return strings.TrimSuffix(tf.ScopeOf(ctx).ARN("lambda", ""), ":")
}

// invokeARN is an ARN in the form that API Gateway's own resources take.
func invokeARN(ctx context.Context, arn string) string {
	scope := tf.ScopeOf(ctx)
	return "arn:" + scope.Partition + ":apigateway:" + scope.Region + ":lambda:path/2015-03-31/functions/" + arn + "/invocations"
}
