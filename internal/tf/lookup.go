package tf

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	resource "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Lookup makes a resource type into the data source of the same name: the
// attributes of Import say which object, and all others are computed, but for
// those left out, which AWS does not tell.
func Lookup[C, M any](t Type[C, M], without ...string) SourceEntry[C] {
	return twin[C, M]{t: t, without: append(without, "timeouts")}
}

type twin[C, M any] struct {
	t       Type[C, M]
	without []string
}

func (w twin[C, M]) source(connect Connector[C]) func() datasource.DataSource {
	one := w.t.instances(connect)
	s := schema.Schema{
		MarkdownDescription: "Reads what the resource type `serverless_" + w.t.Name + "` manages, wherever it comes from.",
		Attributes:          map[string]schema.Attribute{},
	}
	for name, a := range one().schema.Attributes {
		switch {
		case slices.Contains(w.without, name) || a.IsWriteOnly():
		case name == "region":
			s.Attributes[name] = schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: w.t.filter()[name].about}
		case slices.Contains(w.t.Import, name):
			s.Attributes[name] = schema.StringAttribute{Required: true, MarkdownDescription: told(a.GetMarkdownDescription())}
		default:
			s.Attributes[name] = asComputed(name, a)
		}
	}
	return func() datasource.DataSource {
		return &reading[C, M]{*one(), s, w.t.Name, w.read}
	}
}

func (w twin[C, M]) read(ctx context.Context, r *instance[C, M], config map[string]tftypes.Value) (map[string]tftypes.Value, error) {
	m, err := r.within(ctx, config, r.Import)
	if err != nil {
		return nil, err
	}
	ctx, c, err := r.enter(ctx, baseOf(m), nil, nil)
	if err != nil {
		return nil, err
	}
	baseOf(m).Region = types.StringValue(ScopeOf(ctx).Region)
	var found M
	gone := false
	err = Seek(ctx, func(ctx context.Context) (bool, error) {
		found = *m
		err := r.Type.Read(ctx, c, &found)
		if gone = err != nil && r.Gone(err); gone {
			return false, nil
		}
		return true, err
	})
	if err != nil {
		return nil, err
	}
	if gone {
		label, _ := stringOf(config[r.Import[len(r.Import)-1]])
		return nil, &Problem{
			"There is no " + r.typeName() + " " + label,
			fmt.Sprintf("It was looked for on %s in %s. Correct the name or the region, or create it first.", r.provider.Where, ScopeOf(ctx).Region),
		}
	}
	raw, ds := r.raw(ctx, &found)
	return fields(raw), first(ds)
}

// Listing makes a resource type with List into a data source of what there is: it
// filters by tags and by the beginning of names, and its attribute names has the
// last attribute of Import of each.
func Listing[C, M any](t Type[C, M], name, names string) SourceEntry[C] {
	return listing[C, M]{t, name, names}
}

type listing[C, M any] struct {
	t           Type[C, M]
	name, names string
}

func (l listing[C, M]) source(connect Connector[C]) func() datasource.DataSource {
	s := schema.Schema{
		MarkdownDescription: "Lists what there is of `serverless_" + l.t.Name + "` in a region, whoever made it.",
		Attributes: map[string]schema.Attribute{
			l.names: schema.ListAttribute{
				Computed: true, ElementType: types.StringType,
				MarkdownDescription: "The `" + l.t.Import[len(l.t.Import)-1] + "` of each, in AWS's order.",
			},
		},
	}
	for name, f := range l.t.filter() {
		if f.tags {
			s.Attributes[name] = schema.MapAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: f.about}
			continue
		}
		s.Attributes[name] = schema.StringAttribute{Required: f.required, Optional: !f.required, Computed: name == "region", MarkdownDescription: f.about}
	}
	one := l.t.instances(connect)
	return func() datasource.DataSource {
		return &reading[C, M]{*one(), s, l.name, l.read}
	}
}

func (l listing[C, M]) read(ctx context.Context, r *instance[C, M], config map[string]tftypes.Value) (map[string]tftypes.Value, error) {
	names := []tftypes.Value{}
	if config["region"].IsNull() && r.provider != nil {
		config["region"] = stringValue(r.provider.Region.ValueString())
	}
	err := r.find(ctx, config, false, func(ctx context.Context, m *M) error {
		raw, ds := r.encode(ctx, m)
		names = append(names, fields(raw)[r.Import[len(r.Import)-1]])
		return first(ds)
	})
	config[l.names] = tftypes.NewValue(tftypes.List{ElementType: tftypes.String}, names)
	return config, err
}

// A reading is a data source made from a resource type, as the framework sees it.
type reading[C, M any] struct {
	of     instance[C, M]
	schema schema.Schema
	name   string
	read   func(context.Context, *instance[C, M], map[string]tftypes.Value) (map[string]tftypes.Value, error)
}

func (d *reading[C, M]) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "serverless_" + d.name
}

func (d *reading[C, M]) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = d.schema
}

func (d *reading[C, M]) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.of.provider, _ = req.ProviderData.(*Provider)
}

func (d *reading[C, M]) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	found, err := d.read(ctx, &d.of, fields(req.Config.Raw))
	if err != nil {
		report(&resp.Diagnostics, "read data serverless_"+d.name, err)
		return
	}
	out := map[string]tftypes.Value{}
	for name := range d.schema.Attributes {
		out[name] = found[name]
	}
	resp.State.Raw = tftypes.NewValue(d.schema.Type().TerraformType(ctx), out)
}

// advice are the sentences of a resource's description that say how to write it.
var advice = regexp.MustCompile(`(?:^| )(?:Default|Changing|Set it|Another value|AWS allows|Give )[^.]*(?:\.[^ ][^.]*)*\.`)

// told is a resource's description as that of something read.
func told(description string) string {
	return strings.TrimSpace(advice.ReplaceAllString(description, ""))
}

func asComputed(name string, a resource.Attribute) schema.Attribute {
	about := told(a.GetMarkdownDescription())
	nested := func(of map[string]resource.Attribute) map[string]schema.Attribute {
		all := map[string]schema.Attribute{}
		for name, a := range of {
			all[name] = asComputed(name, a)
		}
		return all
	}
	switch a := a.(type) {
	case resource.StringAttribute:
		return schema.StringAttribute{Computed: true, CustomType: a.CustomType, Sensitive: a.Sensitive, MarkdownDescription: about}
	case resource.BoolAttribute:
		return schema.BoolAttribute{Computed: true, MarkdownDescription: about}
	case resource.Int64Attribute:
		return schema.Int64Attribute{Computed: true, MarkdownDescription: about}
	case resource.Float64Attribute:
		return schema.Float64Attribute{Computed: true, MarkdownDescription: about}
	case resource.DynamicAttribute:
		return schema.DynamicAttribute{Computed: true, MarkdownDescription: about}
	case resource.ListAttribute:
		return schema.ListAttribute{Computed: true, ElementType: a.ElementType, MarkdownDescription: about}
	case resource.SetAttribute:
		return schema.SetAttribute{Computed: true, ElementType: a.ElementType, MarkdownDescription: about}
	case resource.MapAttribute:
		return schema.MapAttribute{Computed: true, ElementType: a.ElementType, MarkdownDescription: about}
	case resource.SingleNestedAttribute:
		return schema.SingleNestedAttribute{Computed: true, Attributes: nested(a.Attributes), MarkdownDescription: about}
	case resource.ListNestedAttribute:
		return schema.ListNestedAttribute{
			Computed: true, MarkdownDescription: about,
			NestedObject: schema.NestedAttributeObject{Attributes: nested(a.NestedObject.Attributes)},
		}
	case resource.MapNestedAttribute:
		return schema.MapNestedAttribute{
			Computed: true, MarkdownDescription: about,
			NestedObject: schema.NestedAttributeObject{Attributes: nested(a.NestedObject.Attributes)},
		}
	}
	panic(fmt.Sprintf("attribute %s: %T cannot be read by a data source", name, a))
}
