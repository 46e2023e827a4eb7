// Package provider is the Terraform provider: its configuration, its choice of
// backend, and the lists of what it offers.
//
// It must not know how any resource type works, nor the protocol with Terraform,
// which the plugin framework speaks.
package provider

import (
	"context"
	"crypto/rand"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tfserverless/terraform-provider-serverless/internal/awsapi"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
	"github.com/tfserverless/terraform-provider-serverless/resources/access"
	"github.com/tfserverless/terraform-provider-serverless/resources/api"
	"github.com/tfserverless/terraform-provider-serverless/resources/function"
)

// Address is where registries have the provider.
const Address = "registry.terraform.io/tfserverless/serverless"

// A Provider is the provider; make one with [New].
type Provider struct {
	version   string
	main      string
	emulator  Emulator
	backend   *awsapi.Backend // nil until it is configured
	shared    *tf.Provider    // as backend
	siblings  api.Siblings    // what resources of one API share
	granting  access.Roles    // what grants of one role share
	artifacts function.Artifacts
	described *tf.Described // nil if it is not shared
	pending   string        // the attribute that is not known yet and without which nothing can be called
}

// An Emulator is one in this process, or something before it.
type Emulator = awsapi.Emulator

// An Option changes how a provider is made.
type Option func(*Provider)

// On makes the provider use an emulator in this process, whatever its
// configuration says about backend and endpoints.
func On(e Emulator) Option { return func(p *Provider) { p.emulator = e } }

// Described is what providers of one version say of themselves.
type Described = tf.Described

// Sharing makes providers of one version share what they say of themselves, where one
// process has many of them.
func Sharing(d *Described) Option { return func(p *Provider) { p.described = d } }

// New returns the provider. version is that of the release; main is the path of
// this project's binary, which it starts as the emulator where the configuration
// asks for one, "" to only use one that runs.
func New(version, main string, opts ...Option) *Provider {
	p := &Provider{version: version, main: main}
	for _, o := range opts {
		o(p)
	}
	return p
}

// Server returns the provider as a server of Terraform's protocol 6.
func (p *Provider) Server() tfprotov6.ProviderServer {
	return tf.Shortcut(providerserver.NewProtocol6(p)(), p.Resources(context.Background()), func() *tf.Provider { return p.shared }, p.described)
}

// Metadata names the provider.
func (p *Provider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName, resp.Version = "serverless", p.version
}

// settings is the provider block.
type settings struct {
	Session
	Backend    types.Object `tfsdk:"backend"`
	NamePrefix types.String `tfsdk:"name_prefix"`
	Stack      types.String `tfsdk:"stack"`
	Tags       types.Map    `tfsdk:"tags"`
	IgnoreTags types.Object `tfsdk:"ignore_tags"`
	Boundary   types.String `tfsdk:"permissions_boundary"`
	Artifacts  types.Object `tfsdk:"artifacts"`
	Defaults   types.Object `tfsdk:"defaults"`
}

// Configure reads the provider block and the environment. It calls nobody.
func (p *Provider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	ds := &resp.Diagnostics
	var s settings
	ds.Append(req.Config.Get(ctx, &s)...)
	if ds.HasError() {
		return
	}
	p.pending = s.unknown(ctx)
	c := p.config(ctx, s, ds)
	if ds.HasError() {
		return
	}
	var err error
	if p.backend, err = awsapi.New(c); err != nil {
		ds.AddAttributeError(path.Root("endpoints"), "Bad endpoints", err.Error()+".")
		return
	}
	p.artifacts = artifactsOf(s.Artifacts)
	region := s.Region
	if region.IsNull() && p.pending == "" {
		found, err := p.backend.Region(ctx)
		if err != nil {
			ds.AddError("Cannot read AWS's configuration", err.Error())
			return
		}
		if found != "" {
			region = types.StringValue(found)
		}
	}
	shared := &tf.Provider{
		Region: region, NamePrefix: s.NamePrefix, Tags: s.Tags, Stack: s.Stack, Run: rand.Text(),
		Defaults: bounded(defaultValues(req.Config.Raw), attributes(req.Config.Raw)["permissions_boundary"]),
		Identity: p.identity,
		Where:    p.backend.Where(),
		Ignored:  ignored(ctx, s.IgnoreTags, ds),
		Boundary: s.Boundary,
	}
	p.shared = shared
	resp.ResourceData, resp.DataSourceData, resp.ListResourceData, resp.ActionData = shared, shared, shared, shared
	resp.EphemeralResourceData = shared
}

// unknown names an attribute that must be known to call AWS and is not; "" if
// there is none.
func (s settings) unknown(ctx context.Context) string {
	switch {
	case !known(ctx, s.Backend):
		return "backend"
	case !known(ctx, s.Artifacts):
		return "artifacts"
	case !known(ctx, s.IgnoreTags):
		return "ignore_tags"
	}
	return s.Session.unknown(ctx)
}

// defaultValues returns the values of the defaults block by type and attribute.
func defaultValues(config tftypes.Value) map[string]map[string]tftypes.Value {
	all := map[string]map[string]tftypes.Value{}
	for name, v := range attributes(attributes(config)["defaults"]) {
		all[name] = attributes(v)
	}
	return all
}

// bounded is the defaults with the provider's boundary for roles that are resources.
func bounded(all map[string]map[string]tftypes.Value, boundary tftypes.Value) map[string]map[string]tftypes.Value {
	if role := all["role"]; role["permissions_boundary"].IsNull() && !boundary.IsNull() {
		if role == nil {
			role = map[string]tftypes.Value{}
			all["role"] = role
		}
		role["permissions_boundary"] = boundary
	}
	return all
}

// attributes returns those of a known object; nothing for any other value.
func attributes(v tftypes.Value) map[string]tftypes.Value {
	var m map[string]tftypes.Value
	if v.Type() == nil || v.IsNull() || !v.IsKnown() || v.As(&m) != nil {
		return nil
	}
	return maps.Clone(m)
}
