package function

import (
	"context"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

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
	code, err := packed(ctx, c, m)
	if err != nil {
		return err
	}
	role, group := ownRole(ctx, m), ownLogs(m)
	if role != nil {
		if role.Policy, err = rolePolicy(m, scopeOf(ctx)); err != nil {
			return err
		}
	}
	arn, undo, err := parts.Make(ctx, c.IAM, c.Logs, role, group)
	if err != nil {
		return err
	}
	if role != nil {
		m.RoleARN = tftypes.StringValue(arn)
	}
	if !resumed {
		if err := createFunction(ctx, c, m, code); err != nil {
			return undo(err)
		}
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
	case tf.Ours(ctx, out.Tags):
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
	in, err := creationOf(ctx, m, code)
	if err != nil {
		return err
	}
	err = tf.Retry(ctx, notSettled, func(ctx context.Context) error {
		_, err := c.Lambda.CreateFunction(ctx, in)
		return err
	})
	if tf.Is[*types.ResourceConflictException](err) {
		// The call was carried out although its answer was lost, or somebody else
		// made the function meanwhile.
		ours := false
		again := tf.Look(ctx, func(ctx context.Context) (_ bool, err error) {
			ours, err = resume(ctx, c, m)
			return ours, err
		})
		if again != nil || ours {
			return again
		}
	}
	return err
}

// creationOf is all that the call that makes a function can be told.
func creationOf(ctx context.Context, m *function, code *code) (*lambda.CreateFunctionInput, error) {
	tags := maps.Clone(m.All())
	tags[tf.MarkerKey] = tf.Marker(ctx)
	in := &lambda.CreateFunctionInput{
		FunctionName:         m.FunctionName.ValueStringPointer(),
		Code:                 &code.sent,
		Architectures:        []types.Architecture{types.Architecture(m.Architecture.ValueString())},
		CodeSigningConfigArn: m.CodeSigningConfigARN.ValueStringPointer(),
		Tags:                 tags,
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

// ownRole is the function's own role; nil if it runs as a role of the user's.
func ownRole(ctx context.Context, m *function) *parts.Role {
	if !m.RoleARN.IsUnknown() && !isOwnRole(ctx, m, m.RoleARN.ValueString()) {
		return nil
	}
	r := &parts.Role{
		Name:    roleName(ctx, m),
		Service: "lambda.amazonaws.com",
		Managed: tf.Texts(m.PolicyARNs),
		Tags:    m.All(),
	}
	if m.Role != nil {
		r.Path = m.Role.Path.ValueString()
	}
	r.Boundary = m.bounded(tf.Boundary(ctx)).ValueString()
	return r
}

// roleName is the name of the function's own role.
func roleName(ctx context.Context, m *function) string {
	if m.Role != nil && m.Role.Name.ValueString() != "" {
		return m.Role.Name.ValueString()
	}
	return parts.RoleName(m.FunctionName.ValueString(), tf.ScopeOf(ctx).Region)
}

// isOwnRole tells the function's own role by its path and name.
func isOwnRole(ctx context.Context, m *function, arn string) bool {
	path := "/"
	if m.Role != nil {
		path = orSlash(m.Role.Path.ValueString())
	}
	return strings.HasSuffix(arn, ":role"+path+roleName(ctx, m))
}

// ownLogs is the function's own log group; nil if it writes to one of the user's.
func ownLogs(m *function) *parts.LogGroup {
	if m.Log == nil || !m.Log.Group.IsNull() {
		return nil
	}
	return &parts.LogGroup{
		Name: m.LogGroupName.ValueString(), Days: m.Log.RetentionDays.ValueInt64(), Key: m.Log.KMSKeyARN.ValueString(),
		Class: m.Log.Class.ValueString(), Tags: m.All(),
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
