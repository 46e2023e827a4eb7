package statemachine

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// update changes what differs: rights are given before the change that needs them
// and taken away after the one that needed them is gone.
func update(ctx context.Context, c *Clients, prior, m *machine) error {
	if err := m.define(); err != nil {
		return err
	}
	trim, err := m.owner().Change(ctx, c.IAM, c.Logs, prior.owner())
	if err != nil {
		return err
	}
	in := settings(scopeOf(ctx), m)
	if tf.KeepChanged(settings(scopeOf(ctx), prior), in) {
		if err := send(ctx, c, m, in); err != nil {
			return err
		}
	}
	if err := follow(ctx, c, prior, m); err != nil {
		return err
	}
	return trim()
}

// tag changes the tags of a machine or an activity.
func tag(ctx context.Context, c *Clients, arn string, set map[string]string, remove []string) error {
	if len(remove) > 0 {
		if _, err := c.SFN.UntagResource(ctx, &sfn.UntagResourceInput{ResourceArn: &arn, TagKeys: remove}); err != nil {
			return err
		}
	}
	if len(set) > 0 {
		if _, err := c.SFN.TagResource(ctx, &sfn.TagResourceInput{ResourceArn: &arn, Tags: tagList(set)}); err != nil {
			return err
		}
	}
	return nil
}
