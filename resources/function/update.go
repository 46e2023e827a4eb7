package function

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// update changes what differs: rights are given before the change that needs them
// and taken away after the one that needed them is gone.
func update(ctx context.Context, c *Clients, prior, m *function) error {
	trim, err := m.owner().Change(ctx, c.IAM, c.Logs, prior.owner())
	if err != nil {
		return err
	}
	was := prior
	if anew(prior, m) {
		if was, err = rebuild(ctx, c, prior, m); err != nil {
			return err
		}
	} else if err := change(ctx, c, prior, m); err != nil {
		return err
	}
	if err := rememberSecrets(ctx, m); err != nil {
		return err
	}
	if err := follow(ctx, c, was, m); err != nil {
		return err
	}
	return trim()
}

func tag(ctx context.Context, c *Clients, m *function, set map[string]string, remove []string) error {
	arn := functionARN(ctx, m)
	if len(remove) > 0 {
		if _, err := c.Lambda.UntagResource(ctx, &lambda.UntagResourceInput{Resource: &arn, TagKeys: remove}); err != nil {
			return err
		}
	}
	if len(set) == 0 {
		return nil
	}
	_, err := c.Lambda.TagResource(ctx, &lambda.TagResourceInput{Resource: &arn, Tags: set})
	return err
}

// resumed reports whether the update goes on from where a create was cut off. Nothing is
// remembered of such a function's code and secrets then, and it may not have started.
func (m *function) resumed() bool { return m.ARN.IsUnknown() }

// change sends what differs of the configuration, and then of the code.
func change(ctx context.Context, c *Clients, prior, m *function) error {
	in := configuration(m)
	changed := tf.KeepChanged(configuration(prior), in)
	in.FunctionName = m.FunctionName.ValueStringPointer()
	env, err := environmentChange(ctx, prior, m)
	if err != nil {
		return err
	}
	if env != nil {
		in.Environment, changed = &types.Environment{Variables: env}, true // empty removes them
	}
	if changed {
		err := tf.Retry(ctx, notSettled, func(ctx context.Context) error {
			_, err := c.Lambda.UpdateFunctionConfiguration(ctx, in)
			return err
		})
		if err != nil {
			return err
		}
		if _, err := settled(ctx, c, m.reference("")); err != nil {
			return err
		}
	}
	if !m.CodeSigningConfigARN.Equal(prior.CodeSigningConfigARN) {
		if err := sign(ctx, c, m); err != nil {
			return err
		}
	}
	if !m.resumed() && m.CodeSHA256.Equal(prior.CodeSHA256) && m.Architecture.Equal(prior.Architecture) && m.SourceKMSKeyARN.Equal(prior.SourceKMSKeyARN) {
		return nil
	}
	return updateCode(ctx, c, m)
}

func updateCode(ctx context.Context, c *Clients, m *function) error {
	code, err := packed(ctx, c, m)
	if err != nil {
		return err
	}
	sent := code.sent
	err = tf.Retry(ctx, parts.InProgress, func(ctx context.Context) error {
		_, err := c.Lambda.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{
			FunctionName: m.FunctionName.ValueStringPointer(),
			ZipFile:      sent.ZipFile, ImageUri: sent.ImageUri, S3Bucket: sent.S3Bucket, S3Key: sent.S3Key, S3ObjectVersion: sent.S3ObjectVersion,
			SourceKMSKeyArn: m.SourceKMSKeyARN.ValueStringPointer(),
			Architectures:   []types.Architecture{types.Architecture(m.Architecture.ValueString())},
		})
		return err
	})
	if err != nil {
		return err
	}
	return code.confirmed(ctx, c, m)
}
