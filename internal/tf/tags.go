package tf

import (
	"context"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Tagged has the attributes of types whose objects have tags. Embed it in a model
// beside Base, and put "tags" with [TagsAttribute] into the schema.
type Tagged struct {
	Tags    types.Map `tfsdk:"tags"`
	TagsAll types.Map `tfsdk:"tags_all"`
}

func (t *Tagged) tagged() *Tagged { return t }

// TagsAttribute is the attribute "tags" of a type whose objects have tags.
func TagsAttribute() schema.MapAttribute {
	return schema.MapAttribute{
		ElementType: types.StringType, Optional: true,
		MarkdownDescription: "Tags; they count over those of the provider block.",
	}
}

// Prefix is the provider's name_prefix in the operation that ctx belongs to.
func Prefix(ctx context.Context) string { return operationOf(ctx).provider.NamePrefix.ValueString() }

// Boundary is the provider's permissions_boundary in the operation that ctx belongs to.
func Boundary(ctx context.Context) types.String { return operationOf(ctx).provider.Boundary }

// MarkerKey is the tag on an object that is still being created. Create adds it
// with the value of [Marker], and the last step removes it.
const MarkerKey = "serverless:creating"

// Marker is the value of MarkerKey for objects that this configuration creates:
// the provider's stack, or, without one, a value that only this run knows; after a run
// that was cut off, the one that the engine's journal has of that. When a
// create finds its object already there it takes it over if this marker is on it,
// because then it is its own, cut off; any other object is a conflict.
func Marker(ctx context.Context) string {
	if e := earlier(ctx); e != nil {
		return e.Mark
	}
	p := operationOf(ctx).provider
	if s := p.Stack.ValueString(); s != "" {
		return s
	}
	return p.Run
}

// Origin says where an object that is in the way comes from, as far as its tags
// tell: a sentence for the diagnostic.
func Origin(tags map[string]string) string {
	if tags[MarkerKey] != "" {
		return "An apply that was cut off left it unfinished. (Where the provider block names a stack, the next apply takes such an object over by itself.)"
	}
	return "Somebody else made it, or an apply that was cut off before it could record it."
}

// StackKey is the tag that stays on objects whose names are not unique, with the
// value of [Owner]: a second one is not made for the same resource when the first
// was finished but never reached the state.
const StackKey = "serverless:stack"

// NoteKey begins the keys of tags that a change leaves on an object until it is
// complete, so that one who comes after a run that was cut off ends it.
const NoteKey = "serverless:note:"

// Owner is the value of StackKey for this configuration's object of that name;
// empty without a stack, which leaves such objects without the tag.
func Owner(ctx context.Context, name string) string {
	if s := operationOf(ctx).provider.Stack.ValueString(); s != "" {
		return s + "/" + name
	}
	return ""
}

// Claim reports whether the object of that id is still free in this run, and takes
// it. Types whose names are not unique claim what they make and what they take
// over, so that two resources of one name never take the same object. An ARN of this
// account and region in the id is the same as the name that it ends in.
func Claim(ctx context.Context, id string) bool {
	_, taken := operationOf(ctx).provider.claims.LoadOrStore(named(ScopeOf(ctx), id), true)
	return !taken
}

// release lets another block of this run make what was deleted anew.
func (r *instance[C, M]) release(ctx context.Context, m *M) {
	s := ScopeOf(ctx)
	operationOf(ctx).provider.claims.Delete(named(s, r.Name+" "+s.Region+" "+r.importID(ctx, m)))
}

// named is an id with names in place of the ARNs of a scope.
func named(s Scope, id string) string {
	before, arn, found := strings.Cut(id, "arn:")
	if !found || s.Account == "" {
		return id
	}
	_, name, own := strings.Cut(arn, ":"+s.Region+":"+s.Account+":")
	if !own {
		return id
	}
	if at := strings.IndexAny(name, ":/"); at >= 0 && name[at] == ':' { // the kind of thing
		name = name[at+1:]
	}
	return before + name
}

// All returns all tags, those of the provider block included.
func (t *Tagged) All() map[string]string { return stringMap(t.TagsAll) }

// Changed returns which of the tags must be set and which removed to come from
// prior to t.
func (t *Tagged) Changed(prior *Tagged) (set map[string]string, remove []string) {
	set = map[string]string{}
	was, is := prior.All(), t.All()
	for k, v := range is {
		if w, ok := was[k]; !ok || w != v {
			set[k] = v
		}
	}
	for k := range was {
		if _, ok := is[k]; !ok {
			remove = append(remove, k)
		}
	}
	slices.Sort(remove)
	return set, remove
}

// SetTags fills t with the tags that the object has on AWS. Tags that come from
// the provider block are only among tags_all. So is the mark of an unfinished creation
// on an object that was imported: a plan shows it, and the apply takes it off.
func SetTags(ctx context.Context, t *Tagged, actual map[string]string) {
	given, own := stringMap(operationOf(ctx).provider.Tags), stringMap(t.Tags)
	all, tags := map[string]attr.Value{}, map[string]attr.Value{}
	others := operationOf(ctx).provider.Ignored
	if others == nil {
		others = func(string) bool { return false }
	}
	if mark, unfinished := actual[MarkerKey]; unfinished && Refreshing(ctx) {
		if _, known := t.TagsAll.Elements()[MarkerKey]; known || t.TagsAll.IsNull() {
			all[MarkerKey] = types.StringValue(mark)
		}
	}
	for k, v := range actual {
		if k == MarkerKey || k == StackKey || strings.HasPrefix(k, NoteKey) || strings.HasPrefix(k, "aws:") {
			continue
		}
		_, mine := own[k]
		if _, everywhere := given[k]; !mine && !everywhere && others(k) {
			continue
		}
		all[k] = types.StringValue(v)
		if mine || given[k] != v {
			tags[k] = types.StringValue(v)
		}
	}
	t.TagsAll = types.MapValueMust(types.StringType, all)
	if len(tags) == 0 && t.Tags.IsNull() {
		t.Tags = types.MapNull(types.StringType)
		return
	}
	t.Tags = types.MapValueMust(types.StringType, tags)
}

// Foreign are the keys of an object's tags that tell of another owner, in order: those
// that ours do not say, unless the provider ignores them.
func Foreign(ctx context.Context, actual, ours map[string]string) []string {
	var all []string
	ignored := operationOf(ctx).provider.Ignored
	for k, v := range actual {
		if w, ok := ours[k]; ok && w == v || k == MarkerKey && v == Marker(ctx) || ignored != nil && ignored(k) {
			continue
		}
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

// stringMap returns the known elements of a map of strings.
func stringMap(m types.Map) map[string]string {
	all := map[string]string{}
	for k, v := range m.Elements() {
		if s, ok := v.(types.String); ok && !s.IsUnknown() && !s.IsNull() {
			all[k] = s.ValueString()
		}
	}
	return all
}

// mergedTags is the planned tags_all: the provider's tags and over them the
// resource's.
func mergedTags(ctx context.Context, given types.Map, tags tftypes.Value) tftypes.Value {
	unknown := tftypes.NewValue(tftypes.Map{ElementType: tftypes.String}, tftypes.UnknownValue)
	if given.IsUnknown() || !tags.IsKnown() {
		return unknown
	}
	all := map[string]tftypes.Value{}
	for k, v := range given.Elements() {
		raw, err := v.ToTerraformValue(ctx)
		if err != nil {
			return unknown
		}
		all[k] = raw
	}
	for k, v := range fields(tags) {
		all[k] = v
	}
	return tftypes.NewValue(tftypes.Map{ElementType: tftypes.String}, all)
}
