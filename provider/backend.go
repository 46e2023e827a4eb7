package provider

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/datasources/access"
	"github.com/tfserverless/terraform-provider-serverless/internal/awsapi"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
	"github.com/tfserverless/terraform-provider-serverless/resources/api"
	"github.com/tfserverless/terraform-provider-serverless/resources/event"
	"github.com/tfserverless/terraform-provider-serverless/resources/function"
	"github.com/tfserverless/terraform-provider-serverless/resources/statemachine"
	"github.com/tfserverless/terraform-provider-serverless/resources/table"
)

// DefaultDataDir is the emulator's folder where the configuration names none.
const DefaultDataDir = ".serverless"

// config turns the settings and the environment into those of the backend.
func (p *Provider) config(ctx context.Context, s settings, ds *diag.Diagnostics) awsapi.Config {
	c := awsapi.Config{}
	if p.pending == "" {
		c = s.config(ctx, ds)
	}
	c.Version, c.Main = p.version, p.main
	dir, emulated := p.dataDir(s, ds)
	switch {
	case p.emulator != nil:
		c.Emulator, c.Endpoint, c.Endpoints = p.emulator, "", nil
	case emulated && (c.Endpoint != "" || len(c.Endpoints) > 0):
		ds.AddError("Two backends", "The emulator was chosen, by backend or by SERVERLESS_BACKEND, and endpoint or endpoints are set too. Remove one of them.")
	case emulated:
		c.DataDir = dir
	}
	if c.Emulator != nil || c.DataDir != "" {
		// The SDK's own configuration files are not for the emulator; these
		// variables are how people choose a region everywhere.
		for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION"} {
			if c.Region == "" {
				c.Region = os.Getenv(name)
			}
		}
	}
	return c
}

// dataDir returns the emulator's folder if the emulator is the backend.
func (p *Provider) dataDir(s settings, ds *diag.Diagnostics) (string, bool) {
	dir := os.Getenv("SERVERLESS_DATA_DIR")
	if dir == "" {
		dir = DefaultDataDir
	}
	if e, ok := s.Backend.Attributes()["emulator"].(types.Object); ok && !e.IsNull() {
		if d, ok := e.Attributes()["data_dir"].(types.String); ok && d.ValueString() != "" {
			dir = d.ValueString()
		}
		return dir, true
	}
	switch v := os.Getenv("SERVERLESS_BACKEND"); v {
	case "", "aws":
		return "", false
	case "emulator":
		return dir, true
	default:
		ds.AddError("Unknown backend", fmt.Sprintf("The environment variable SERVERLESS_BACKEND is %q; it may be \"emulator\" or \"aws\".", v))
		return "", false
	}
}

// ready refuses calls while something in the provider block is not known yet.
func (p *Provider) ready() error {
	if p.pending == "" {
		return nil
	}
	return &tf.Problem{
		Summary: "The provider's " + p.pending + " is not known yet",
		Detail:  "It comes from something that is not created yet, so nothing can be read. Give it a value that is known before the apply, or create that first with -target.",
	}
}

func (p *Provider) identity(ctx context.Context, region string) (partition, account string, err error) {
	if err := p.ready(); err != nil {
		return "", "", err
	}
	return p.backend.Identity(ctx, region)
}

// ignored reads which tags are others'.
func ignored(ctx context.Context, block types.Object, ds *diag.Diagnostics) func(key string) bool {
	var keys, prefixes []string
	for name, into := range map[string]*[]string{"keys": &keys, "key_prefixes": &prefixes} {
		if v, ok := block.Attributes()[name].(types.Set); ok && !v.IsUnknown() {
			ds.Append(v.ElementsAs(ctx, into, false)...)
		}
	}
	return func(key string) bool {
		return slices.Contains(keys, key) || slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(key, p) })
	}
}

// artifactsOf reads where large packages go.
func artifactsOf(block types.Object) function.Artifacts {
	a := function.Artifacts{Prefix: "serverless/"}
	if v, ok := block.Attributes()["bucket"].(types.String); ok {
		a.Bucket = v.ValueString()
	}
	if v, ok := block.Attributes()["prefix"].(types.String); ok && !v.IsNull() {
		a.Prefix = v.ValueString()
	}
	return a
}

// The functions below connect each family to its operations.

func (p *Provider) tables(ctx context.Context, region string) (*table.Clients, error) {
	if err := p.ready(); err != nil {
		return nil, err
	}
	c := &table.Clients{In: func(ctx context.Context, region string) (table.DynamoDB, error) {
		return p.backend.DynamoDB(ctx, region)
	}}
	var err error
	if c.DynamoDB, err = p.backend.DynamoDB(ctx, region); err != nil {
		return nil, err
	}
	c.Scaling, err = p.backend.AutoScaling(ctx, region)
	return c, err
}

func (p *Provider) functions(ctx context.Context, region string) (*function.Clients, error) {
	if err := p.ready(); err != nil {
		return nil, err
	}
	c := &function.Clients{Artifacts: p.artifacts}
	var err error
	if c.Lambda, err = p.backend.Lambda(ctx, region); err != nil {
		return nil, err
	}
	if c.IAM, err = p.backend.IAM(ctx, region); err != nil {
		return nil, err
	}
	if c.S3, err = p.backend.S3(ctx, region); err != nil {
		return nil, err
	}
	if c.Scaling, err = p.backend.AutoScaling(ctx, region); err != nil {
		return nil, err
	}
	if c.Alarms, err = p.backend.CloudWatch(ctx, region); err != nil {
		return nil, err
	}
	if c.Images, err = p.backend.ECR(ctx, region); err != nil {
		return nil, err
	}
	logs, err := p.backend.Logs(ctx, region)
	c.Logs, c.Events = logs, logs
	return c, err
}

func (p *Provider) events(ctx context.Context, region string) (*event.Clients, error) {
	if err := p.ready(); err != nil {
		return nil, err
	}
	c := &event.Clients{}
	var err error
	if c.Lambda, err = p.backend.Lambda(ctx, region); err != nil {
		return nil, err
	}
	c.IAM, err = p.backend.IAM(ctx, region)
	return c, err
}

func (p *Provider) machines(ctx context.Context, region string) (*statemachine.Clients, error) {
	if err := p.ready(); err != nil {
		return nil, err
	}
	c := &statemachine.Clients{}
	var err error
	if c.SFN, err = p.backend.SFN(ctx, region); err != nil {
		return nil, err
	}
	if c.IAM, err = p.backend.IAM(ctx, region); err != nil {
		return nil, err
	}
	c.Logs, err = p.backend.Logs(ctx, region)
	return c, err
}

func (p *Provider) apis(ctx context.Context, region string) (*api.Clients, error) {
	if err := p.ready(); err != nil {
		return nil, err
	}
	gateway, err := p.backend.APIGatewayV2(ctx, region)
	if err != nil {
		return nil, err
	}
	c := &api.Clients{Gateway: gateway, Siblings: &p.siblings, Credentials: gateway.Options().Credentials.Retrieve}
	if c.Logs, err = p.backend.Logs(ctx, region); err != nil {
		return nil, err
	}
	c.Lambda, err = p.backend.Lambda(ctx, region)
	return c, err
}

func (p *Provider) access(context.Context, string) (access.Backend, error) {
	return p.backend, p.ready()
}
