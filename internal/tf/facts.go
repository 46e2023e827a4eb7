package tf

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/defaults"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// facts are what the framework does with an attribute by itself, found out once
// for a schema.
type facts struct {
	name     string
	kind     attr.Type
	required bool
	readOnly bool
	warns    bool // a value of it gives a warning
	secret   bool // it is write-only
	inner    []facts
	deep     bool // something inside has a default
	nesting  nesting

	// initial is its default; nil if it has none.
	initial func(context.Context, path.Path) (tftypes.Value, bool)

	// check runs its validators, and reports whether all are silent; nil if it
	// has none.
	check func(context.Context, place, attr.Value) bool

	// each is check for the objects of a collection.
	each func(context.Context, place, types.Object) bool
}

type nesting byte

const (
	leaf nesting = iota
	single
	listed
	setOf
	mapped
)

// A place is where a value stands in a configuration.
type place struct {
	at     path.Path
	like   path.Expression
	config *validator.StringRequest // whose Config and ClientCapabilities count
}

// learn returns the facts of attributes. It reports false if one of them has
// something that is not provided for here, such as a plan modifier that may
// change what is as it was.
func learn(attributes map[string]schema.Attribute) ([]facts, bool) {
	all := make([]facts, 0, len(attributes))
	for name, a := range attributes {
		f, ok := factsOf(a)
		if !ok {
			return nil, false
		}
		f.name, f.kind, f.deep = name, a.GetType(), anyDefault(f.inner)
		f.required, f.readOnly = a.IsRequired(), a.IsComputed() && !a.IsOptional()
		f.warns, f.secret = a.GetDeprecationMessage() != "", a.IsWriteOnly()
		if f.secret && (f.required && a.IsOptional() || a.IsComputed()) || !f.required && !a.IsOptional() && !a.IsComputed() {
			return nil, false
		}
		all = append(all, f)
	}
	return all, true
}

func factsOf(a schema.Attribute) (f facts, ok bool) {
	switch a := a.(type) {
	case schema.StringAttribute:
		f.initial, f.check = initial(a.Default, stringDefault), check(a.Validators, checkString)
		return f, stays(a.PlanModifiers)
	case schema.BoolAttribute:
		f.initial, f.check = initial(a.Default, boolDefault), check(a.Validators, checkBool)
		return f, len(a.PlanModifiers) == 0
	case schema.Int64Attribute:
		f.initial, f.check = initial(a.Default, int64Default), check(a.Validators, checkInt64)
		return f, len(a.PlanModifiers) == 0
	case schema.Float64Attribute:
		f.check = check(a.Validators, checkFloat64)
		return f, a.Default == nil && len(a.PlanModifiers) == 0
	case schema.DynamicAttribute:
		return f, a.Default == nil && len(a.PlanModifiers) == 0 && len(a.Validators) == 0
	case schema.ListAttribute:
		f.initial, f.check = initial(a.Default, listDefault), check(a.Validators, checkList)
		return f, len(a.PlanModifiers) == 0
	case schema.SetAttribute:
		f.check = check(a.Validators, checkSet)
		return f, a.Default == nil && len(a.PlanModifiers) == 0
	case schema.MapAttribute:
		f.initial, f.check = initial(a.Default, mapDefault), check(a.Validators, checkMap)
		return f, len(a.PlanModifiers) == 0
	case schema.SingleNestedAttribute:
		f.initial, f.check = initial(a.Default, objectDefault), check(a.Validators, checkObject)
		f.nesting, f.inner, ok = nest(single, a.Attributes)
		return f, ok && len(a.PlanModifiers) == 0
	case schema.ListNestedAttribute:
		f.check = check(a.Validators, checkList)
		f.nesting, f.inner, ok = nest(listed, a.NestedObject.Attributes)
		f.each = checkEach(a.NestedObject)
		return f, ok && a.Default == nil && len(a.PlanModifiers) == 0 && plain(a.NestedObject)
	case schema.SetNestedAttribute:
		f.check = check(a.Validators, checkSet)
		f.nesting, f.inner, ok = nest(setOf, a.NestedObject.Attributes)
		f.each = checkEach(a.NestedObject)
		return f, ok && a.Default == nil && len(a.PlanModifiers) == 0 && plain(a.NestedObject) && !anyDefault(f.inner)
	case schema.MapNestedAttribute:
		f.check = check(a.Validators, checkMap)
		f.nesting, f.inner, ok = nest(mapped, a.NestedObject.Attributes)
		f.each = checkEach(a.NestedObject)
		return f, ok && a.Default == nil && len(a.PlanModifiers) == 0 && plain(a.NestedObject)
	}
	return f, false
}

// nest returns the facts of inner attributes, which must not be write-only: only
// outer ones are left out of comparisons.
func nest(n nesting, attributes map[string]schema.Attribute) (nesting, []facts, bool) {
	inner, ok := learn(attributes)
	for _, f := range inner {
		ok = ok && !f.secret
	}
	return n, inner, ok
}

func attributeTypes(all []facts) map[string]attr.Type {
	kinds := make(map[string]attr.Type, len(all))
	for _, f := range all {
		kinds[f.name] = f.kind
	}
	return kinds
}

func plain(o schema.NestedAttributeObject) bool {
	return len(o.PlanModifiers) == 0 && o.CustomType == nil
}

func anyDefault(all []facts) bool {
	for _, f := range all {
		if f.initial != nil || anyDefault(f.inner) {
			return true
		}
	}
	return false
}

// stays reports whether the modifiers leave a plan as it is when it is the same as
// the state.
func stays(modifiers []planmodifier.String) bool {
	for _, m := range modifiers {
		switch m.(type) {
		case keep, keepJSON:
		default:
			return false
		}
	}
	return true
}

// initial makes a default of the framework into a function; nil for none.
func initial[D comparable](d D, value func(context.Context, path.Path, D) (attr.Value, int)) func(context.Context, path.Path) (tftypes.Value, bool) {
	var none D
	if d == none {
		return nil
	}
	return func(ctx context.Context, at path.Path) (tftypes.Value, bool) {
		v, said := value(ctx, at, d)
		raw, err := v.ToTerraformValue(ctx)
		return raw, err == nil && said == 0
	}
}

func stringDefault(ctx context.Context, at path.Path, d defaults.String) (attr.Value, int) {
	var resp defaults.StringResponse
	d.DefaultString(ctx, defaults.StringRequest{Path: at}, &resp)
	return resp.PlanValue, len(resp.Diagnostics)
}

func boolDefault(ctx context.Context, at path.Path, d defaults.Bool) (attr.Value, int) {
	var resp defaults.BoolResponse
	d.DefaultBool(ctx, defaults.BoolRequest{Path: at}, &resp)
	return resp.PlanValue, len(resp.Diagnostics)
}

func int64Default(ctx context.Context, at path.Path, d defaults.Int64) (attr.Value, int) {
	var resp defaults.Int64Response
	d.DefaultInt64(ctx, defaults.Int64Request{Path: at}, &resp)
	return resp.PlanValue, len(resp.Diagnostics)
}

func listDefault(ctx context.Context, at path.Path, d defaults.List) (attr.Value, int) {
	var resp defaults.ListResponse
	d.DefaultList(ctx, defaults.ListRequest{Path: at}, &resp)
	return resp.PlanValue, len(resp.Diagnostics)
}

func mapDefault(ctx context.Context, at path.Path, d defaults.Map) (attr.Value, int) {
	var resp defaults.MapResponse
	d.DefaultMap(ctx, defaults.MapRequest{Path: at}, &resp)
	return resp.PlanValue, len(resp.Diagnostics)
}

func objectDefault(ctx context.Context, at path.Path, d defaults.Object) (attr.Value, int) {
	var resp defaults.ObjectResponse
	d.DefaultObject(ctx, defaults.ObjectRequest{Path: at}, &resp)
	return resp.PlanValue, len(resp.Diagnostics)
}

// check makes validators into one function; nil for none.
func check[V any](all []V, one func(context.Context, place, attr.Value, V) bool) func(context.Context, place, attr.Value) bool {
	if len(all) == 0 {
		return nil
	}
	return func(ctx context.Context, p place, v attr.Value) bool {
		for _, x := range all {
			if !one(ctx, p, v, x) {
				return false
			}
		}
		return true
	}
}

func checkEach(o schema.NestedAttributeObject) func(context.Context, place, types.Object) bool {
	f := check(o.Validators, checkObject)
	if f == nil {
		return nil
	}
	return func(ctx context.Context, p place, v types.Object) bool { return f(ctx, p, v) }
}

func checkString(ctx context.Context, p place, v attr.Value, x validator.String) bool {
	given, ok := v.(basetypes.StringValuable)
	if !ok {
		return false
	}
	value, ds := given.ToStringValue(ctx)
	var resp validator.StringResponse
	x.ValidateString(ctx, validator.StringRequest{
		Config: p.config.Config, ClientCapabilities: p.config.ClientCapabilities, Path: p.at, PathExpression: p.like, ConfigValue: value,
	}, &resp)
	return len(ds)+len(resp.Diagnostics) == 0
}

func checkBool(ctx context.Context, p place, v attr.Value, x validator.Bool) bool {
	value, ok := v.(types.Bool)
	var resp validator.BoolResponse
	x.ValidateBool(ctx, validator.BoolRequest{
		Config: p.config.Config, ClientCapabilities: p.config.ClientCapabilities, Path: p.at, PathExpression: p.like, ConfigValue: value,
	}, &resp)
	return ok && len(resp.Diagnostics) == 0
}

func checkInt64(ctx context.Context, p place, v attr.Value, x validator.Int64) bool {
	value, ok := v.(types.Int64)
	var resp validator.Int64Response
	x.ValidateInt64(ctx, validator.Int64Request{
		Config: p.config.Config, ClientCapabilities: p.config.ClientCapabilities, Path: p.at, PathExpression: p.like, ConfigValue: value,
	}, &resp)
	return ok && len(resp.Diagnostics) == 0
}

func checkFloat64(ctx context.Context, p place, v attr.Value, x validator.Float64) bool {
	value, ok := v.(types.Float64)
	var resp validator.Float64Response
	x.ValidateFloat64(ctx, validator.Float64Request{
		Config: p.config.Config, ClientCapabilities: p.config.ClientCapabilities, Path: p.at, PathExpression: p.like, ConfigValue: value,
	}, &resp)
	return ok && len(resp.Diagnostics) == 0
}

func checkList(ctx context.Context, p place, v attr.Value, x validator.List) bool {
	value, ok := v.(types.List)
	var resp validator.ListResponse
	x.ValidateList(ctx, validator.ListRequest{
		Config: p.config.Config, ClientCapabilities: p.config.ClientCapabilities, Path: p.at, PathExpression: p.like, ConfigValue: value,
	}, &resp)
	return ok && len(resp.Diagnostics) == 0
}

func checkSet(ctx context.Context, p place, v attr.Value, x validator.Set) bool {
	value, ok := v.(types.Set)
	var resp validator.SetResponse
	x.ValidateSet(ctx, validator.SetRequest{
		Config: p.config.Config, ClientCapabilities: p.config.ClientCapabilities, Path: p.at, PathExpression: p.like, ConfigValue: value,
	}, &resp)
	return ok && len(resp.Diagnostics) == 0
}

func checkMap(ctx context.Context, p place, v attr.Value, x validator.Map) bool {
	value, ok := v.(types.Map)
	var resp validator.MapResponse
	x.ValidateMap(ctx, validator.MapRequest{
		Config: p.config.Config, ClientCapabilities: p.config.ClientCapabilities, Path: p.at, PathExpression: p.like, ConfigValue: value,
	}, &resp)
	return ok && len(resp.Diagnostics) == 0
}

func checkObject(ctx context.Context, p place, v attr.Value, x validator.Object) bool {
	value, ok := v.(types.Object)
	var resp validator.ObjectResponse
	x.ValidateObject(ctx, validator.ObjectRequest{
		Config: p.config.Config, ClientCapabilities: p.config.ClientCapabilities, Path: p.at, PathExpression: p.like, ConfigValue: value,
	}, &resp)
	return ok && len(resp.Diagnostics) == 0
}
