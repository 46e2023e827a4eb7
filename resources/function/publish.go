package function

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// publication is what is remembered of the last version that was published and
// could be started. A function that was changed since, by somebody else or by an
// apply that failed on the way, is published again.
type publication struct{ Version, LastModified string }

const publishedKey = "published"

// latest is the version of what is not published.
const latest = "$LATEST"

// planPublish plans the version that the alias will lead to, and what others
// should call.
func planPublish(ctx context.Context, p *tf.Plan[function]) error {
	version, target := tftypes.StringUnknown(), tftypes.StringUnknown()
	switch alias := p.Planned.alias(); {
	case p.Planned.Publish == nil && !p.Known("publish"):
	case p.Planned.Publish == nil:
		version = tftypes.StringValue(latest)
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
		if p.Prior != nil && p.Prior.Publish != nil && !republished(p) &&
			last.Version == p.Prior.Version.ValueString() && p.Prior.LastModified.ValueString() <= last.LastModified { // earlier where reads lag
			version = p.Prior.Version
		}
	}
	p.Set("version", version)
	p.Set("target_arn", target)
	return nil
}

// versioned are the attributes, beside those of the code and the environment, that
// a version consists of.
var versioned = []string{
	"capacity_provider", "dead_letter", "description", "durable", "ephemeral_storage", "file_systems", "handler", "image", "kms_key_arn", "layers", "log",
	"memory", "publish", "role_arn", "runtime", "tenancy", "timeout", "tracing", "vpc",
}

// republished reports whether the plan changes what a version consists of, or may
// do so when everything is known.
func republished(p *tf.Plan[function]) bool {
	for _, name := range []string{"code_sha256", "architecture", "environment_effective", "environment_wo_version", "source_kms_key_arn"} {
		if p.Changed(name) || !p.Known(name) {
			return true
		}
	}
	return slices.ContainsFunc(versioned, p.Pending) || anew(p.Prior, p.Planned) || tf.KeepChanged(configuration(p.Prior), configuration(p.Planned))
}

// publishVersion publishes what the function is now, if that was planned, and lets
// the alias lead to it when it can be called.
func publishVersion(ctx context.Context, c *Clients, was, m *function) error {
	if m.Publish == nil {
		m.Version = tftypes.StringValue(latest)
		return nil
	}
	r := m.reference("")
	if m.Version.IsUnknown() {
		var last publication
		err := tf.Retry(ctx, tf.Is[*types.PreconditionFailedException], func(ctx context.Context) error {
			now, err := settled(ctx, c, r)
			if err != nil {
				return err
			}
			// A read may lag behind the change before it: AWS refuses to publish another
			// revision than the one that was read, so that its LastModified is the version's.
			found, err := release(ctx, c, r, lambda.PublishVersionInput{RevisionId: now.RevisionId})
			if err == nil {
				last = publication{aws.ToString(found.Version), aws.ToString(now.LastModified)}
			}
			return err
		})
		if err != nil {
			return err
		}
		m.Version = tftypes.StringValue(last.Version)
		if err := tf.Remember(ctx, publishedKey, last); err != nil {
			return err
		}
	}
	if was.alias() != m.alias() || !m.Version.Equal(was.Version) || !maps.Equal(m.Publish.weights(), was.Publish.weights()) {
		if err := lead(ctx, c, was, m); err != nil {
			return err
		}
	}
	return provision(ctx, c, was, m)
}

// lead makes the alias lead to the version, and makes it where there is none.
func lead(ctx context.Context, c *Clients, was, m *function) error {
	r, routing := m.reference(""), &types.AliasRoutingConfiguration{AdditionalVersionWeights: m.Publish.weights()}
	move := func(ctx context.Context) error {
		_, err := c.Lambda.UpdateAlias(ctx, &lambda.UpdateAliasInput{
			FunctionName: r.name, Name: m.Publish.Alias.ValueStringPointer(), FunctionVersion: m.Version.ValueStringPointer(), RoutingConfig: routing,
		})
		return err
	}
	if was.alias() == m.alias() {
		_, err := strconv.Atoi(was.Version.ValueString())
		if m.Publish.Rollout != nil && err == nil && !was.Version.Equal(m.Version) {
			return m.Publish.Rollout.shift(ctx, c, m.reference(m.alias()), was.Version.ValueString(), m.Version.ValueString(), len(was.Publish.weights()) > 0)
		}
		return tf.Retry(ctx, allocating, move)
	}
	err := tf.Retry(ctx, parts.InProgress, func(ctx context.Context) error {
		in := &lambda.CreateAliasInput{FunctionName: r.name, Name: m.Publish.Alias.ValueStringPointer(), FunctionVersion: m.Version.ValueStringPointer()}
		if len(routing.AdditionalVersionWeights) > 0 {
			in.RoutingConfig = routing
		}
		_, err := c.Lambda.CreateAlias(ctx, in)
		return err
	})
	if exists(err) {
		return tf.Retry(ctx, allocating, move)
	}
	return err
}

// provision settles how many environments of the alias are kept started.
func provision(ctx context.Context, c *Clients, was, m *function) error {
	r := m.reference(m.alias())
	fixed, before := m.Publish.Provisioned, tftypes.Int64Null()
	scales, scaled := m.Publish.Scale, (*scale)(nil)
	if was.Publish != nil && was.alias() == m.alias() {
		before, scaled = was.Publish.Provisioned, was.Publish.Scale
	}
	if scaled != nil && scales == nil {
		if err := unscale(ctx, c, r); err != nil {
			return err
		}
	}
	fresh := false
	switch {
	case scales != nil && scaled == nil && before.IsNull():
		fresh = true
		if err := putProvisioned(ctx, c, r, scales.Min); err != nil {
			return err
		}
	case scales == nil && fixed.IsNull() && (scaled != nil || !before.IsNull()):
		return deleteProvisioned(ctx, c, r)
	case scales == nil && !fixed.IsNull() && !fixed.Equal(before):
		fresh = true
		if err := putProvisioned(ctx, c, r, fixed); err != nil {
			return err
		}
	}
	if scales != nil && (scaled == nil || *scales != *scaled) {
		if err := autoscale(ctx, c, r, scales); err != nil {
			return err
		}
	}
	if scales != nil || !fixed.IsNull() {
		return ready(ctx, c, r, fresh)
	}
	return nil
}

// abandon removes an alias that nothing of the function is about any more.
func abandon(ctx context.Context, c *Clients, was, m *function) error {
	if was.Publish == nil || was.alias() == m.alias() {
		return nil
	}
	r := was.reference(was.alias())
	if was.Publish.Scale != nil {
		if err := unscale(ctx, c, r); err != nil {
			return err
		}
	}
	if was.Publish.Scale != nil || !was.Publish.Provisioned.IsNull() {
		if err := deleteProvisioned(ctx, c, r); err != nil {
			return err
		}
	}
	return deleteAlias(ctx, c, was.reference(""), was.alias())
}

// prune deletes versions beyond those that are kept, if no alias leads to them.
func prune(ctx context.Context, c *Clients, m *function) error {
	r := m.reference("")
	var all []int
	err := eachVersion(ctx, c, r, func(v types.FunctionConfiguration) error {
		n, err := strconv.Atoi(aws.ToString(v.Version))
		all = append(all, n)
		return err
	})
	if err != nil {
		return err
	}
	slices.Sort(all)
	surplus := len(all) - int(m.Publish.Keep.ValueInt64())
	if surplus <= 0 {
		return nil
	}
	used := map[string]bool{m.Version.ValueString(): true}
	pages := lambda.NewListAliasesPaginator(c.Lambda, &lambda.ListAliasesInput{FunctionName: r.name})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, a := range out.Aliases {
			used[aws.ToString(a.FunctionVersion)] = true
			if a.RoutingConfig != nil {
				for version := range a.RoutingConfig.AdditionalVersionWeights {
					used[version] = true
				}
			}
		}
	}
	for _, n := range all[:surplus] {
		version := strconv.Itoa(n)
		if used[version] {
			continue
		}
		_, err := c.Lambda.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: r.name, Qualifier: &version})
		// One that an alias has just been given, or that is gone, is none of ours.
		if err != nil && !tf.Is[*types.ResourceNotFoundException](err) && !tf.Is[*types.ResourceConflictException](err) {
			return err
		}
	}
	return nil
}

// readPublish reads what the alias leads to.
func readPublish(ctx context.Context, c *Clients, m *function) error {
	m.Version, m.TargetARN = tftypes.StringValue(latest), m.ARN
	if m.Publish == nil {
		return nil
	}
	now := *m.Publish
	m.Publish = &now
	m.TargetARN = tftypes.StringValue(m.ARN.ValueString() + ":" + m.alias())
	out, err := getAlias(ctx, c, m.reference(""), m.alias())
	if err != nil {
		return err
	}
	if out == nil { // somebody deleted it
		m.Publish, m.TargetARN = nil, m.ARN
		return nil
	}
	m.Version = tftypes.StringPointerValue(out.FunctionVersion)
	now.Weights = readWeights(out.RoutingConfig)
	if now.Scale == nil && !now.Provisioned.IsNull() {
		n, err := getProvisioned(ctx, c, m.reference(m.alias()))
		if err != nil {
			return err
		}
		now.Provisioned = tftypes.Int64Null()
		if n > 0 {
			now.Provisioned = tftypes.Int64Value(int64(n))
		}
	}
	return nil
}

// reference names the function, or one of its aliases or versions.
func (m *function) reference(qualifier string) reference {
	r := reference{name: m.FunctionName.ValueStringPointer()}
	if qualifier != "" {
		r.qualifier = &qualifier
	}
	return r
}
