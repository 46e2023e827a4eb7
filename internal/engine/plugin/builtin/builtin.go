// Package builtin is the provider that is part of the language itself,
// terraform.io/builtin/terraform: the resource type terraform_data, the data
// source terraform_remote_state, and functions that read and write the language.
//
// It must not know the engine that calls it, nor where states are kept, which
// States tells: it is a provider like any other.
package builtin

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// Server is a new instance of the provider that knows no backends.
func Server() (tfprotov6.ProviderServer, error) { return With(none{})() }

// With makes instances of the provider that read states by way of s.
func With(s States) func() (tfprotov6.ProviderServer, error) {
	return func() (tfprotov6.ProviderServer, error) {
		rest, err := providerserver.NewProtocol6WithError(terraform{s})()
		return data{rest}, err
	}
}

type terraform struct{ states States }

func (terraform) Metadata(_ context.Context, _ provider.MetadataRequest, out *provider.MetadataResponse) {
	out.TypeName = "terraform"
}

func (terraform) Schema(_ context.Context, _ provider.SchemaRequest, out *provider.SchemaResponse) {
	out.Schema = schema.Schema{}
}

func (terraform) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}

func (t terraform) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{func() datasource.DataSource { return remoteState(t) }}
}

// Resources are none: terraform_data is answered for without the framework.
func (terraform) Resources(context.Context) []func() resource.Resource { return nil }
