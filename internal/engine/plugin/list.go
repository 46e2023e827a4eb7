package plugin

import (
	"context"
	"errors"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"
)

// Listed is one object that a list found. Resource is null unless it was asked
// for.
type Listed struct {
	Name     string // for people
	Identity cty.Value
	Resource cty.Value
}

func (p *Provider) lists() (tfprotov6.ListResourceServer, error) {
	if s, ok := p.server.(tfprotov6.ListResourceServer); ok {
		return s, nil
	}
	return nil, errors.New("it declares lists, but has no calls for them")
}

// ValidateList checks the configuration of a list, which may hold unknowns.
func (p *Provider) ValidateList(ctx context.Context, typeName string, config, includeResource, limit cty.Value) hcl.Diagnostics {
	value, err := encode(config, p.schemas.Lists[typeName].Type)
	if err != nil {
		return p.broken(err)
	}
	include, err := encode(includeResource, cty.Bool)
	if err != nil {
		return p.broken(err)
	}
	most, err := encode(limit, cty.Number)
	if err != nil {
		return p.broken(err)
	}
	_, diags := call(p, "validating list."+typeName, func() (*tfprotov6.ValidateListResourceConfigResponse, error) {
		s, err := p.lists()
		if err != nil {
			return nil, err
		}
		return s.ValidateListResourceConfig(ctx, &tfprotov6.ValidateListResourceConfigRequest{
			TypeName: typeName, Config: value, IncludeResourceObject: include, Limit: most,
		})
	}, func(r *tfprotov6.ValidateListResourceConfigResponse) []*tfprotov6.Diagnostic { return r.Diagnostics })
	return diags
}

// List hands on what a list finds, at most limit objects, as it comes. The
// configuration must be wholly known. After the first error it ends.
func (p *Provider) List(ctx context.Context, typeName string, config cty.Value, includeResource bool, limit int64, found func(Listed)) hcl.Diagnostics {
	value, err := encode(config, p.schemas.Lists[typeName].Type)
	if err != nil {
		return p.broken(err)
	}
	of := p.schemas.Resources[typeName]
	if of == nil || of.Identity == cty.NilType {
		return p.broken(errors.New("it lists " + typeName + ", which is no resource type with an identity"))
	}
	ctx, done := p.untilStopped(ctx)
	defer done()
	_, diags := call(p, "listing "+typeName, func() (*completion, error) {
		s, err := p.lists()
		if err != nil {
			return nil, err
		}
		stream, err := s.ListResource(ctx, &tfprotov6.ListResourceRequest{
			TypeName: typeName, Config: value, IncludeResource: includeResource, Limit: limit,
		})
		if err != nil {
			return nil, err
		}
		if stream == nil || stream.Results == nil {
			return nil, errors.New("the answer is empty")
		}
		end := &completion{}
		n := int64(0)
		for result := range stream.Results {
			end.diagnostics = append(end.diagnostics, result.Diagnostics...)
			if failed(result.Diagnostics) {
				break
			}
			if result.Identity == nil && len(result.Diagnostics) > 0 {
				continue // only a warning
			}
			if n++; n > limit {
				break // it was told, but did not stop
			}
			one, err := listed(of, result, includeResource)
			if err != nil {
				return nil, err
			}
			found(one)
		}
		return end, nil
	}, func(c *completion) []*tfprotov6.Diagnostic { return c.diagnostics })
	return diags
}

func failed(in []*tfprotov6.Diagnostic) bool {
	for _, d := range in {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			return true
		}
	}
	return false
}

func listed(of *Schema, in tfprotov6.ListResourceResult, withResource bool) (Listed, error) {
	out := Listed{Name: in.DisplayName, Resource: cty.NullVal(of.Type)}
	if in.Identity == nil {
		return out, errors.New("a result has no identity")
	}
	var err error
	if out.Identity, err = decode(in.Identity.IdentityData, of.Identity); err != nil {
		return out, err
	}
	if out.Identity.IsNull() || !out.Identity.IsWhollyKnown() {
		return out, errors.New("the identity of a result is absent or not known")
	}
	if !withResource {
		return out, nil
	}
	if out.Resource, err = decode(in.Resource, of.Type); err != nil {
		return out, err
	}
	if !out.Resource.IsWhollyKnown() {
		return out, errors.New("the resource of a result is not wholly known")
	}
	return out, nil
}

// Generated is a configuration that describes an object, made by the provider
// from its value. It must be asked for only if Schemas.GenerateConfig is set.
func (p *Provider) Generated(ctx context.Context, typeName string, object cty.Value) (cty.Value, hcl.Diagnostics) {
	ty := p.schemas.Resources[typeName].Type
	value, err := encode(object, ty)
	if err != nil {
		return cty.NullVal(ty), p.broken(err)
	}
	resp, diags := call(p, "writing a configuration of "+typeName, func() (*tfprotov6.GenerateResourceConfigResponse, error) {
		return p.server.GenerateResourceConfig(ctx, &tfprotov6.GenerateResourceConfigRequest{TypeName: typeName, State: value})
	}, func(r *tfprotov6.GenerateResourceConfigResponse) []*tfprotov6.Diagnostic { return r.Diagnostics })
	if diags.HasErrors() {
		return cty.NullVal(ty), diags
	}
	out, err := decode(resp.Config, ty)
	if err != nil {
		return out, append(diags, p.broken(err)...)
	}
	return out, diags
}
