package tf

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"golang.org/x/sync/errgroup"
)

// Lists makes those of a family's types that have List into the framework's list
// resources, which answer queries for what there is.
func Lists[C any](connect Connector[C], family []Entry[C]) []func() list.ListResource {
	var all []func() list.ListResource
	for _, e := range family {
		if l := e.lister(connect); l != nil {
			all = append(all, l)
		}
	}
	return all
}

func (t Type[C, M]) lister(connect Connector[C]) func() list.ListResource {
	if t.List == nil {
		return nil
	}
	one := t.instances(connect)
	return func() list.ListResource { return one() }
}

// label is the attribute that people know an object by.
func (t Type[C, M]) label() string {
	if t.Label != "" {
		return t.Label
	}
	if t.Physical != "" {
		return t.Physical
	}
	return t.Import[len(t.Import)-1]
}

// filter describes the arguments that choose what is listed: for each attribute
// its description, and whether it is required.
func (t Type[C, M]) filter() map[string]filtered {
	all := map[string]filtered{
		"region": {about: "Region to look in, such as `eu-north-1`. Default: the provider's region."},
	}
	for _, name := range t.Within {
		all[name] = filtered{about: t.Schema.Attributes[name].GetMarkdownDescription(), required: true}
	}
	if len(t.Within) < len(t.Import) {
		all["name_prefix"] = filtered{about: "Only those whose `" + t.label() + "` begins so. Default: all."}
	}
	if _, tagged := t.Schema.Attributes["tags"]; tagged {
		all["tags"] = filtered{about: "Only those that have all of these tags. Default: all.", tags: true}
	}
	return all
}

type filtered struct {
	about          string
	required, tags bool
}

func (r *instance[C, M]) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	all := map[string]schema.Attribute{}
	for name, f := range r.filter() {
		if f.tags {
			all[name] = schema.MapAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: f.about}
			continue
		}
		all[name] = schema.StringAttribute{Required: f.required, Optional: !f.required, MarkdownDescription: f.about}
	}
	resp.Schema = schema.Schema{Attributes: all, MarkdownDescription: "Lists what there is of `" + r.typeName() + "` in a region."}
}

// errEnough ends a list whose reader wants no more.
var errEnough = errors.New("enough was listed")

func (r *instance[C, M]) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	stream.Results = func(push func(list.ListResult) bool) {
		var count int64
		err := r.find(ctx, fields(req.Config.Raw), req.IncludeResource, func(ctx context.Context, m *M) error {
			result := req.NewListResult(ctx)
			raw, ds := r.raw(ctx, m)
			result.Diagnostics.Append(ds...)
			result.DisplayName, _ = stringOf(fields(raw)[r.label()])
			r.identity(ctx, result.Identity, fields(raw))
			if req.IncludeResource {
				result.Resource.Raw = raw
			}
			if count++; !push(result) || req.Limit > 0 && count == req.Limit {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			var ds diag.Diagnostics
			report(&ds, "list "+r.typeName(), err)
			push(list.ListResult{Diagnostics: ds})
		}
	}
}

// abreast is how many objects are read at the same time while listing.
const abreast = 8

// find calls found for each object that the filter lets through, in the order of
// AWS's list. What the list does not tell is read only if it is asked for, or if
// the filter needs it.
func (r *instance[C, M]) find(ctx context.Context, filter map[string]tftypes.Value, complete bool, found func(context.Context, *M) error) error {
	in, err := r.within(ctx, filter, r.Within)
	if err != nil {
		return err
	}
	ctx, c, err := r.enter(ctx, baseOf(in), nil, nil)
	if err != nil {
		return err
	}
	baseOf(in).Region = types.StringValue(ScopeOf(ctx).Region)
	prefix, _ := stringOf(filter["name_prefix"])
	tags := map[string]string{}
	for k, v := range fields(filter["tags"]) {
		tags[k], _ = stringOf(v)
	}
	var waiting []*M
	flush := func() error {
		some, err := r.readAll(ctx, c, waiting, complete || len(tags) > 0 && !toldTags(waiting))
		waiting = nil
		for _, m := range some {
			if !hasTags(m, tags) {
				continue
			}
			if err := found(ctx, m); err != nil {
				return err
			}
		}
		return err
	}
	err = r.Type.List(ctx, c, in, func(m *M) error {
		baseOf(m).Region = baseOf(in).Region
		raw, ds := r.encode(ctx, m)
		if err := first(ds); err != nil {
			return err
		}
		if name, _ := stringOf(fields(raw)[r.label()]); !strings.HasPrefix(name, prefix) {
			return nil
		}
		if waiting = append(waiting, m); len(waiting) < abreast {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}

// within is a model with the region and those attributes that filter gives, and
// null for all others.
func (r *instance[C, M]) within(ctx context.Context, filter map[string]tftypes.Value, attributes []string) (*M, error) {
	all := map[string]tftypes.Value{}
	for name, t := range r.kind().AttributeTypes {
		all[name] = tftypes.NewValue(t, nil)
	}
	for _, name := range append([]string{"region"}, attributes...) {
		if v, ok := filter[name]; ok {
			all[name] = v
		}
	}
	m, ds := r.decode(ctx, tftypes.NewValue(r.kind(), all))
	return m, first(ds)
}

// readAll reads the objects, unless what the list told is enough. Those that have
// gone meanwhile are left out.
func (r *instance[C, M]) readAll(ctx context.Context, c C, all []*M, needed bool) ([]*M, error) {
	if !needed {
		return all, nil
	}
	there := make([]bool, len(all))
	g, sub := errgroup.WithContext(ctx)
	for i, m := range all {
		g.Go(func() error {
			err := r.Type.Read(sub, c, m)
			if r.Gone(err) {
				return nil
			}
			there[i] = err == nil
			if err != nil {
				return fmt.Errorf("reading one of them: %w", err)
			}
			return nil
		})
	}
	err := g.Wait()
	var left []*M
	for i, m := range all {
		if there[i] {
			left = append(left, m)
		}
	}
	return left, err
}

// tagged is a model that embeds [Tagged].
type tagged interface{ tagged() *Tagged }

// toldTags reports whether the list told the tags of all these objects.
func toldTags[M any](all []*M) bool {
	for _, m := range all {
		if t, ok := any(m).(tagged); ok && t.tagged().TagsAll.IsNull() {
			return false
		}
	}
	return true
}

func hasTags[M any](m *M, want map[string]string) bool {
	t, ok := any(m).(tagged)
	if len(want) == 0 || !ok {
		return true
	}
	all := t.tagged().All()
	maps.DeleteFunc(all, func(k, v string) bool { w, ok := want[k]; return !ok || v != w })
	return len(all) == len(want)
}
