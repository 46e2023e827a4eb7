package function

import (
	"context"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// follow makes the changes that have calls of their own, behind those of the
// configuration and the code: settings, then the version and its alias, then what
// calls the alias.
func follow(ctx context.Context, c *Clients, was, m *function) error {
	steps := []struct {
		changed bool
		make    func() error
	}{
		{!m.ReservedConcurrency.Equal(was.ReservedConcurrency), func() error { return reserve(ctx, c, m) }},
		{!m.Recursion.Equal(was.Recursion), func() error { return recursion(ctx, c, m) }},
		{!m.RuntimeUpdate.Equal(was.RuntimeUpdate), func() error { return manageRuntime(ctx, c, m) }},
		{true, func() error { return publishVersion(ctx, c, was, m) }},
		{true, func() error { return instances(ctx, c, was, m) }},
		{true, func() error { return expose(ctx, c, was, m) }},
		{true, func() error { return later(ctx, c, was, m) }},
		{true, func() error { return abandon(ctx, c, was, m) }},
		{m.Publish != nil && (!m.Version.Equal(was.Version) || !m.keeps(was)), func() error { return prune(ctx, c, m) }},
	}
	for _, s := range steps {
		if !s.changed {
			continue
		}
		if err := s.make(); err != nil {
			return err
		}
	}
	return nil
}

// keeps reports whether as many versions are kept as before.
func (m *function) keeps(was *function) bool {
	return was.Publish != nil && m.Publish.Keep.Equal(was.Publish.Keep)
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

func manageRuntime(ctx context.Context, c *Clients, m *function) error {
	in := &lambda.PutRuntimeManagementConfigInput{FunctionName: m.FunctionName.ValueStringPointer(), UpdateRuntimeOn: types.UpdateRuntimeOnAuto}
	switch v := m.RuntimeUpdate.ValueString(); v {
	case "", "auto":
	case "on_change":
		in.UpdateRuntimeOn = types.UpdateRuntimeOnFunctionUpdate
	default:
		in.UpdateRuntimeOn, in.RuntimeVersionArn = types.UpdateRuntimeOnManual, &v
	}
	return tf.Retry(ctx, parts.InProgress, func(ctx context.Context) error {
		_, err := c.Lambda.PutRuntimeManagementConfig(ctx, in)
		return err
	})
}

func readRuntimeUpdate(ctx context.Context, c *Clients, m *function) error {
	if m.Runtime.IsNull() { // an image brings its own
		m.RuntimeUpdate = tftypes.StringNull()
		return nil
	}
	out, err := c.Lambda.GetRuntimeManagementConfig(ctx, &lambda.GetRuntimeManagementConfigInput{FunctionName: m.FunctionName.ValueStringPointer()})
	if err != nil {
		return err
	}
	switch out.UpdateRuntimeOn {
	case types.UpdateRuntimeOnFunctionUpdate:
		m.RuntimeUpdate = tftypes.StringValue("on_change")
	case types.UpdateRuntimeOnManual:
		m.RuntimeUpdate = tftypes.StringPointerValue(out.RuntimeVersionArn)
	default:
		if !m.RuntimeUpdate.IsNull() {
			m.RuntimeUpdate = tftypes.StringValue("auto")
		}
	}
	return nil
}

// sign sets or removes whose code is accepted.
func sign(ctx context.Context, c *Clients, m *function) error {
	name := m.FunctionName.ValueStringPointer()
	return tf.Retry(ctx, parts.InProgress, func(ctx context.Context) error {
		if m.CodeSigningConfigARN.IsNull() {
			_, err := c.Lambda.DeleteFunctionCodeSigningConfig(ctx, &lambda.DeleteFunctionCodeSigningConfigInput{FunctionName: name})
			return err
		}
		_, err := c.Lambda.PutFunctionCodeSigningConfig(ctx, &lambda.PutFunctionCodeSigningConfigInput{FunctionName: name, CodeSigningConfigArn: m.CodeSigningConfigARN.ValueStringPointer()})
		return err
	})
}

func readCodeSigning(ctx context.Context, c *Clients, m *function) error {
	if m.Runtime.IsNull() { // an image is not signed
		m.CodeSigningConfigARN = tftypes.StringNull()
		return nil
	}
	out, err := c.Lambda.GetFunctionCodeSigningConfig(ctx, &lambda.GetFunctionCodeSigningConfigInput{FunctionName: m.FunctionName.ValueStringPointer()})
	if err != nil {
		return err
	}
	m.CodeSigningConfigARN = tf.NonEmpty(out.CodeSigningConfigArn)
	return nil
}

// expose settles the function's URL, which belongs to the alias if there is one.
func expose(ctx context.Context, c *Clients, was, m *function) error {
	before, r := was.reference(was.alias()), m.reference(m.alias())
	moved := was.alias() != m.alias()
	switch {
	case m.URL != nil && (was.URL == nil || moved):
		err := createURL(ctx, c, r, m.URL)
		if exists(err) { // since an apply that was cut off
			err = updateURL(ctx, c, r, &url{}, m.URL, false)
		} else if err == nil && m.URL.Auth.ValueString() == "NONE" {
			err = admit(ctx, c, r, true)
		}
		if err != nil {
			return err
		}
	case m.URL != nil:
		if err := updateURL(ctx, c, r, was.URL, m.URL, was.URL.Auth.ValueString() == "NONE"); err != nil {
			return err
		}
	}
	if was.URL == nil || m.URL != nil && !moved {
		return nil
	}
	err := deleteURL(ctx, c, before, was.URL.Auth.ValueString() != "AWS_IAM")
	if tf.Is[*types.ResourceNotFoundException](err) {
		return nil
	}
	return err
}

// readURL shows a URL that is for everybody, but whose policy does not say so, as
// one without auth, so that the next apply lets everybody in again.
func readURL(ctx context.Context, c *Clients, m *function) error {
	r, was := m.reference(m.alias()), m.URL
	m.URL = nil
	out, err := getURL(ctx, c, r)
	if err != nil || out == nil {
		return err
	}
	var written *cors
	if was != nil {
		written = was.CORS
	}
	m.URL = urlOf(out, written)
	if out.AuthType != types.FunctionUrlAuthTypeNone {
		return nil
	}
	all, err := admitted(ctx, c, r)
	if !all {
		m.URL.Auth = tftypes.StringNull()
	}
	return err
}

// later settles what becomes of calls that nobody waits for.
func later(ctx context.Context, c *Clients, was, m *function) error {
	moved := was.alias() != m.alias()
	if m.Async != nil && (moved || !reflect.DeepEqual(m.Async, was.Async)) {
		if err := putAsync(ctx, c, m.reference(m.alias()), m.Async); err != nil {
			return err
		}
	}
	if was.Async == nil || m.Async != nil && !moved {
		return nil
	}
	err := deleteAsync(ctx, c, was.reference(was.alias()))
	if tf.Is[*types.ResourceNotFoundException](err) {
		return nil
	}
	return err
}

func readAsync(ctx context.Context, c *Clients, m *function) (err error) {
	m.Async, err = getAsync(ctx, c, m.reference(m.alias()))
	return err
}

// instances publishes what runs on instances of the user's without an alias, which
// cannot be called otherwise, and settles how many environments there are.
func instances(ctx context.Context, c *Clients, was, m *function) error {
	if m.Capacity == nil {
		return nil
	}
	qualifier := m.Version.ValueString()
	if m.Publish == nil {
		qualifier = "$LATEST.PUBLISHED"
		if _, err := release(ctx, c, m.reference(""), lambda.PublishVersionInput{PublishTo: types.FunctionVersionLatestPublishedLatestPublished}); err != nil {
			return err
		}
	}
	least, most := m.Capacity.MinEnvironments, m.Capacity.MaxEnvironments
	if least.IsNull() && most.IsNull() && (was.Capacity == nil || was.Capacity.MinEnvironments.IsNull() && was.Capacity.MaxEnvironments.IsNull()) {
		return nil
	}
	r := m.reference(qualifier)
	return tf.Retry(ctx, parts.InProgress, func(ctx context.Context) error {
		_, err := c.Lambda.PutFunctionScalingConfig(ctx, &lambda.PutFunctionScalingConfigInput{
			FunctionName: r.name, Qualifier: r.qualifier,
			FunctionScalingConfig: &types.FunctionScalingConfig{MinExecutionEnvironments: number(least), MaxExecutionEnvironments: number(most)},
		})
		return err
	})
}

func readScaling(ctx context.Context, c *Clients, m *function) error {
	if m.Capacity.MinEnvironments.IsNull() && m.Capacity.MaxEnvironments.IsNull() {
		return nil
	}
	qualifier := m.Version.ValueString()
	if strings.HasPrefix(qualifier, "$") {
		qualifier = "$LATEST.PUBLISHED"
	}
	r := m.reference(qualifier)
	out, err := c.Lambda.GetFunctionScalingConfig(ctx, &lambda.GetFunctionScalingConfigInput{FunctionName: r.name, Qualifier: r.qualifier})
	if err != nil {
		return err
	}
	if s := out.RequestedFunctionScalingConfig; s != nil {
		m.Capacity.MinEnvironments, m.Capacity.MaxEnvironments = integer(s.MinExecutionEnvironments), integer(s.MaxExecutionEnvironments)
	}
	return nil
}
