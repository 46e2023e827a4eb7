package statemachine

import (
	"context"
	"errors"
	"maps"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// publication is what is remembered of the last version that was published. A
// machine that was changed since, by somebody else or by an apply that failed on
// the way, is published again.
type publication struct{ Version, Revision string }

const publishedKey = "published"

// initial is what AWS calls the revision of a machine that was never changed.
const initial = "INITIAL"

// planPublish plans the version that the alias will lead to, and what others
// should start.
func planPublish(ctx context.Context, p *tf.Plan[machine], changes bool) error {
	version, target := tftypes.StringUnknown(), tftypes.StringUnknown()
	switch alias := p.Planned.alias(); {
	case p.Planned.Publish == nil && !p.Known("publish"):
	case p.Planned.Publish == nil:
		version = tftypes.StringNull()
		if p.Prior != nil {
			target = p.Prior.ARN
		}
	default:
		if p.Prior != nil && alias != "" {
			target = tftypes.StringValue(p.Prior.ARN.ValueString() + ":" + alias)
		}
		var last publication
		if _, err := tf.Recall(ctx, publishedKey, &last); err != nil {
			return err
		}
		if p.Prior != nil && p.Prior.Publish != nil && !changes &&
			last.Version == p.Prior.Version.ValueString() && last.Revision == p.Prior.Revision.ValueString() {
			version = p.Prior.Version
		}
	}
	p.Set("version", version)
	p.Set("target_arn", target)
	return nil
}

// follow publishes what the machine is now, if that was planned, lets the alias
// lead to it, and removes what was led by before.
func follow(ctx context.Context, c *Clients, was, m *machine) error {
	if m.Publish == nil {
		m.Version = tftypes.StringNull()
		return abandon(ctx, c, was, m)
	}
	fresh := m.Version.IsUnknown()
	if fresh {
		version, err := publishVersion(ctx, c, m)
		if err != nil {
			return err
		}
		m.Version = tftypes.StringValue(version)
	}
	if was.alias() != m.alias() || !m.Version.Equal(was.Version) || !maps.Equal(m.Publish.Weights, was.Publish.Weights) {
		if err := lead(ctx, c, was, m); err != nil {
			return err
		}
	}
	if err := abandon(ctx, c, was, m); err != nil {
		return err
	}
	if fresh || was.Publish == nil || !m.Publish.Keep.Equal(was.Publish.Keep) {
		return prune(ctx, c, m)
	}
	return nil
}

// publishVersion makes a version of the revision that the machine has now.
func publishVersion(ctx context.Context, c *Clients, m *machine) (version string, err error) {
	arn := machineARN(ctx, m)
	var last publication
	// A read may lag behind the change before it: AWS refuses to publish another
	// revision than the present one.
	began := time.Now()
	late := func(err error) bool {
		return tf.Is[*types.ConflictException](err) || tf.Is[*types.StateMachineDoesNotExist](err) && time.Since(began) < rightsLimit
	}
	err = tf.Retry(ctx, late, func(ctx context.Context) error {
		now, err := c.SFN.DescribeStateMachine(ctx, &sfn.DescribeStateMachineInput{StateMachineArn: &arn})
		if err != nil {
			return err
		}
		last.Revision = revision(now.RevisionId)
		out, err := c.SFN.PublishStateMachineVersion(ctx, &sfn.PublishStateMachineVersionInput{StateMachineArn: &arn, RevisionId: &last.Revision})
		if err == nil {
			last.Version = lastPart(aws.ToString(out.StateMachineVersionArn))
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return last.Version, tf.Remember(ctx, publishedKey, last)
}

func revision(id *string) string {
	if aws.ToString(id) == "" {
		return initial
	}
	return *id
}

func lastPart(arn string) string { return arn[strings.LastIndexByte(arn, ':')+1:] }

// routes are how executions are spread: what weights leave goes to the version.
func routes(machineARN, version string, weights map[string]tftypes.Int64) []types.RoutingConfigurationListItem {
	rest := int32(100)
	var others []types.RoutingConfigurationListItem
	for other, w := range weights {
		rest -= int32(w.ValueInt64())
		others = append(others, types.RoutingConfigurationListItem{StateMachineVersionArn: aws.String(machineARN + ":" + other), Weight: int32(w.ValueInt64())})
	}
	return append([]types.RoutingConfigurationListItem{{StateMachineVersionArn: aws.String(machineARN + ":" + version), Weight: rest}}, others...)
}

// spread is the reverse of routes; written are the weights of the configuration,
// which say which of two versions is the main one.
func spread(found []types.RoutingConfigurationListItem, written map[string]tftypes.Int64) (version string, weights map[string]tftypes.Int64) {
	for _, r := range found {
		v := lastPart(aws.ToString(r.StateMachineVersionArn))
		_, other := written[v]
		if version == "" && (!other || len(found) == 1) {
			version = v
			continue
		}
		if weights == nil {
			weights = map[string]tftypes.Int64{}
		}
		weights[v] = tftypes.Int64Value(int64(r.Weight))
	}
	return version, weights
}

// lead makes the alias lead to the version, and makes it where there is none. No read
// decides which: it may still show an alias that was deleted, with a machine of the same
// name, say.
func lead(ctx context.Context, c *Clients, was, m *machine) error {
	arn := machineARN(ctx, m)
	to := routes(arn, m.Version.ValueString(), m.Publish.Weights)
	if was.alias() != m.alias() {
		_, err := c.SFN.CreateStateMachineAlias(ctx, &sfn.CreateStateMachineAliasInput{Name: aws.String(m.alias()), RoutingConfiguration: to})
		if !tf.Is[*types.ConflictException](err) {
			return err
		}
	}
	_, err := c.SFN.UpdateStateMachineAlias(ctx, &sfn.UpdateStateMachineAliasInput{StateMachineAliasArn: aws.String(arn + ":" + m.alias()), RoutingConfiguration: to})
	return err
}

// getAlias returns an alias; nil if there is none.
func getAlias(ctx context.Context, c *Clients, arn string) (*sfn.DescribeStateMachineAliasOutput, error) {
	out, err := c.SFN.DescribeStateMachineAlias(ctx, &sfn.DescribeStateMachineAliasInput{StateMachineAliasArn: &arn})
	if tf.Is[*types.ResourceNotFound](err) {
		return nil, nil
	}
	return out, err
}

// abandon removes an alias that nothing of the machine is about any more.
func abandon(ctx context.Context, c *Clients, was, m *machine) error {
	if was.Publish == nil || was.alias() == m.alias() {
		return nil
	}
	arn := machineARN(ctx, m) + ":" + was.alias()
	_, err := c.SFN.DeleteStateMachineAlias(ctx, &sfn.DeleteStateMachineAliasInput{StateMachineAliasArn: &arn})
	if tf.Is[*types.ResourceNotFound](err) {
		return nil
	}
	return err
}

// prune deletes versions beyond those that are kept; AWS keeps those that an alias
// leads to.
func prune(ctx context.Context, c *Clients, m *machine) error {
	arn := machineARN(ctx, m)
	in := &sfn.ListStateMachineVersionsInput{StateMachineArn: &arn, MaxResults: 1000}
	var all []string // the newest first
	for {
		out, err := c.SFN.ListStateMachineVersions(ctx, in)
		if err != nil {
			return err
		}
		for _, v := range out.StateMachineVersions {
			all = append(all, aws.ToString(v.StateMachineVersionArn))
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
	}
	for i := int(m.Publish.Keep.ValueInt64()); i < len(all); i++ {
		_, err := c.SFN.DeleteStateMachineVersion(ctx, &sfn.DeleteStateMachineVersionInput{StateMachineVersionArn: &all[i]})
		if err != nil && !tf.Is[*types.ConflictException](err) {
			return err
		}
	}
	return nil
}

// readPublish reads what the alias leads to.
func readPublish(ctx context.Context, c *Clients, m *machine) error {
	m.Version, m.TargetARN = tftypes.StringNull(), m.ARN
	if m.Publish == nil {
		return nil
	}
	arn := m.ARN.ValueString() + ":" + m.alias()
	out, err := getAlias(ctx, c, arn)
	if err != nil {
		return err
	}
	if out == nil { // somebody deleted it
		m.Publish = nil
		return nil
	}
	now := *m.Publish
	version, weights := spread(out.RoutingConfiguration, now.Weights)
	if version == "" {
		return errors.New("the alias " + arn + " leads to no version")
	}
	m.Version, m.TargetARN, now.Weights = tftypes.StringValue(version), tftypes.StringValue(arn), weights
	m.Publish = &now
	return nil
}
