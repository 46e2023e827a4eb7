package function

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// anew reports whether AWS can only make a change by making the function anew. It
// is not a replacement for Terraform: the permissions that routes and others own in
// the function's policy would be lost with it.
func anew(prior, m *function) bool {
	return prior.Source != nil && prior.containers() != m.containers() ||
		(prior.Durable == nil) != (m.Durable == nil) ||
		(prior.Capacity == nil) != (m.Capacity == nil) ||
		!prior.Tenancy.Equal(m.Tenancy)
}

// belongings are what hangs on a function, whoever made it, and goes with it when
// it is deleted.
type belongings struct {
	policies map[string]map[string]statement // by alias, "" for the function itself
	aliases  []types.AliasConfiguration
	urls     []types.FunctionUrlConfig
	asyncs   []types.FunctionEventInvokeConfig
	started  map[string]int32 // how many are provisioned, by alias
	scale    *scale           // of the function's own alias
}

// rebuild deletes the function and makes it again under its name, with what hung
// on it, and returns the function as that leaves it. The package is made before
// anything is deleted.
func rebuild(ctx context.Context, c *Clients, prior, m *function) (*function, error) {
	code, err := packed(ctx, c, m)
	if err != nil {
		return nil, err
	}
	in, err := creationOf(ctx, m, code)
	if err != nil {
		return nil, err
	}
	all, err := collect(ctx, c, prior)
	if err != nil {
		return nil, err
	}
	if err := try(ctx, c, in); err != nil {
		return nil, err
	}
	delete(in.Tags, tf.MarkerKey) // it stays the object of the state
	// From here on the run must not stop half-way if it is canceled: what was
	// collected is nowhere else.
	ctx = context.WithoutCancel(ctx)
	name := m.FunctionName.ValueStringPointer()
	err = tf.Retry(ctx, parts.InProgress, func(ctx context.Context) error {
		_, err := c.Lambda.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: name})
		return err
	})
	if err != nil && !tf.Is[*types.ResourceNotFoundException](err) {
		return nil, err
	}
	err = tf.Retry(ctx, notSettled, func(ctx context.Context) error {
		_, err := c.Lambda.CreateFunction(ctx, in)
		return err
	})
	if err != nil {
		return nil, err
	}
	now := m.made()
	now.Publish, now.URL, now.Async = prior.Publish, prior.URL, prior.Async
	err = code.confirmed(ctx, c, m)
	return now, errors.Join(err, all.restore(ctx, c, now))
}

// try makes the function under another name and deletes that one again: what AWS
// refuses, it refuses before the function that is there is lost.
func try(ctx context.Context, c *Clients, in *lambda.CreateFunctionInput) error {
	trial, name := *in, *in.FunctionName
	name = name[:min(len(name), 58)] + "-trial"
	trial.FunctionName = &name
	drop := func(ctx context.Context) error {
		return tf.Retry(ctx, parts.InProgress, func(ctx context.Context) error {
			_, err := c.Lambda.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: &name})
			if tf.Is[*types.ResourceNotFoundException](err) {
				return nil
			}
			return err
		})
	}
	create := func() error {
		return tf.Retry(ctx, notSettled, func(ctx context.Context) error {
			_, err := c.Lambda.CreateFunction(ctx, &trial)
			return err
		})
	}
	err := create()
	if exists(err) { // of a run that was cut off, or of a call whose answer was lost
		out, other := c.Lambda.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: &name})
		if other != nil {
			return other
		}
		if out.Tags[tf.MarkerKey] != in.Tags[tf.MarkerKey] {
			return &tf.Problem{
				Summary: "The function " + name + " is in the way",
				Detail:  "The change is tried under that name before the function is made anew. Delete that function, or rename it.",
			}
		}
		err = nil
	}
	if err != nil {
		return err
	}
	if _, err := settled(ctx, c, reference{name: &name}); err != nil {
		return tf.Undo(ctx, err, drop)
	}
	return tf.Undo(ctx, nil, drop)
}

// collect notes what hangs on the function, and refuses to go on where that cannot
// be so on a function with a single version.
func collect(ctx context.Context, c *Clients, m *function) (*belongings, error) {
	name := m.FunctionName.ValueStringPointer()
	all := &belongings{policies: map[string]map[string]statement{}, started: map[string]int32{}}
	if m.Publish != nil {
		all.scale = m.Publish.Scale
	}
	aliases := lambda.NewListAliasesPaginator(c.Lambda, &lambda.ListAliasesInput{FunctionName: name})
	for aliases.HasMorePages() {
		out, err := aliases.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		all.aliases = append(all.aliases, out.Aliases...)
	}
	urls := lambda.NewListFunctionUrlConfigsPaginator(c.Lambda, &lambda.ListFunctionUrlConfigsInput{FunctionName: name})
	for urls.HasMorePages() {
		out, err := urls.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		all.urls = append(all.urls, out.FunctionUrlConfigs...)
	}
	asyncs := lambda.NewListFunctionEventInvokeConfigsPaginator(c.Lambda, &lambda.ListFunctionEventInvokeConfigsInput{FunctionName: name})
	for asyncs.HasMorePages() {
		out, err := asyncs.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		all.asyncs = append(all.asyncs, out.FunctionEventInvokeConfigs...)
	}
	started := lambda.NewListProvisionedConcurrencyConfigsPaginator(c.Lambda, &lambda.ListProvisionedConcurrencyConfigsInput{FunctionName: name})
	for started.HasMorePages() {
		out, err := started.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, p := range out.ProvisionedConcurrencyConfigs {
			all.started[aws.ToString(refer(tftypes.StringPointerValue(p.FunctionArn)).qualifier)] = aws.ToInt32(p.RequestedProvisionedConcurrentExecutions)
		}
	}
	maps.DeleteFunc(all.started, func(qualifier string, _ int32) bool { return !all.leads(qualifier) }) // a version's goes with it
	if err := all.fits(m); err != nil {
		return nil, err
	}
	qualifiers := []string{""}
	for _, a := range all.aliases {
		qualifiers = append(qualifiers, aws.ToString(a.Name))
	}
	for _, q := range qualifiers {
		have, err := statements(ctx, c, m.reference(q))
		if err != nil {
			return nil, err
		}
		all.policies[q] = have
	}
	return all, nil
}

// leads reports whether there is an alias of that name.
func (b *belongings) leads(name string) bool {
	return slices.ContainsFunc(b.aliases, func(a types.AliasConfiguration) bool { return aws.ToString(a.Name) == name })
}

// fits refuses what needs two versions, of which the new function has but one.
func (b *belongings) fits(m *function) error {
	for _, a := range b.aliases {
		if name := aws.ToString(a.Name); name != m.alias() && a.RoutingConfig != nil && len(a.RoutingConfig.AdditionalVersionWeights) > 0 {
			return &tf.Problem{
				Summary: "The alias " + name + " divides its calls among versions",
				Detail:  "AWS can only make this change by making the function anew, and its versions go with it. Nothing was changed. Let the alias lead to one version, then apply again.",
			}
		}
	}
	if len(b.started) > 1 {
		return &tf.Problem{
			Summary: "Several aliases have provisioned concurrency",
			Detail: "AWS can only make this change by making the function anew, with one version, of which AWS lets a single alias keep environments started. Nothing was changed. " +
				"Leave it to one of the aliases " + strings.Join(slices.Sorted(maps.Keys(b.started)), ", ") + ", then apply again.",
		}
	}
	return nil
}

// restore hangs everything on the new function. Aliases lead to its first version,
// because all others are gone; the model is told of it. What fails keeps nothing
// else from being restored.
func (b *belongings) restore(ctx context.Context, c *Clients, m *function) error {
	var errs []error
	r := m.reference("")
	if len(b.aliases) > 0 {
		errs = append(errs, b.restoreAliases(ctx, c, m))
	}
	for _, q := range slices.Sorted(maps.Keys(b.policies)) {
		for _, id := range slices.Sorted(maps.Keys(b.policies[q])) {
			errs = append(errs, b.policies[q][id].add(ctx, c, m.reference(q)))
		}
	}
	for _, u := range b.urls {
		_, err := c.Lambda.CreateFunctionUrlConfig(ctx, &lambda.CreateFunctionUrlConfigInput{
			FunctionName: r.name, Qualifier: refer(tftypes.StringPointerValue(u.FunctionArn)).qualifier, AuthType: u.AuthType, InvokeMode: u.InvokeMode, Cors: u.Cors,
		})
		if !exists(err) {
			errs = append(errs, err)
		}
	}
	for _, a := range b.asyncs {
		q := refer(tftypes.StringPointerValue(a.FunctionArn)).qualifier
		if aws.ToString(q) == latest {
			q = nil
		}
		_, err := c.Lambda.PutFunctionEventInvokeConfig(ctx, &lambda.PutFunctionEventInvokeConfigInput{
			FunctionName: r.name, Qualifier: q, MaximumEventAgeInSeconds: a.MaximumEventAgeInSeconds,
			MaximumRetryAttempts: a.MaximumRetryAttempts, DestinationConfig: a.DestinationConfig,
		})
		errs = append(errs, err)
	}
	for qualifier, n := range b.started {
		errs = append(errs, putProvisioned(ctx, c, m.reference(qualifier), tftypes.Int64Value(int64(n))))
	}
	if b.scale != nil && b.leads(m.alias()) {
		errs = append(errs, autoscale(ctx, c, m.reference(m.alias()), b.scale))
	}
	return errors.Join(errs...)
}

func (b *belongings) restoreAliases(ctx context.Context, c *Clients, m *function) error {
	r := m.reference("")
	first, err := release(ctx, c, r, lambda.PublishVersionInput{})
	if err != nil {
		return err
	}
	if m.Publish != nil {
		now := *m.Publish
		now.Weights = nil
		m.Publish, m.Version = &now, tftypes.StringPointerValue(first.Version)
	}
	var errs []error
	for _, a := range b.aliases {
		_, err := c.Lambda.CreateAlias(ctx, &lambda.CreateAliasInput{FunctionName: r.name, Name: a.Name, FunctionVersion: first.Version, Description: given(aws.ToString(a.Description))})
		if !exists(err) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
