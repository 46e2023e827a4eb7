package tf

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// An instance is a type as the framework sees it, connected to one provider.
type instance[C, M any] struct {
	Type[C, M]
	*codec[M]
	connect  Connector[C]
	provider *Provider
}

// instances returns what makes instances of the type.
func (t Type[C, M]) instances(connect Connector[C]) func() *instance[C, M] {
	model := newCodec[M](t.complete())
	return func() *instance[C, M] { return &instance[C, M]{Type: t, codec: model, connect: connect} }
}

// identityKind is the type of identities as raw values.
func (t Type[C, M]) identityKind() tftypes.Object {
	all := map[string]tftypes.Type{"account_id": tftypes.String, "region": tftypes.String}
	for _, name := range t.Import {
		all[name] = tftypes.String
	}
	return tftypes.Object{AttributeTypes: all}
}

func (t Type[C, M]) resource(connect Connector[C]) func() resource.Resource {
	one := t.instances(connect)
	return func() resource.Resource { return one() }
}

func (t Type[C, M]) defaults() (string, map[string]schema.Attribute) {
	all := map[string]schema.Attribute{}
	for _, name := range slices.Concat(t.Defaults, t.Merged) {
		all[name] = t.Schema.Attributes[name]
	}
	return t.Name, all
}

func (t Type[C, M]) flaws() []string {
	var all []string
	s := t.complete()
	flaw := func(format string, args ...any) {
		all = append(all, "serverless_"+t.Name+": "+fmt.Sprintf(format, args...))
	}
	has := func(list, name string) {
		root, _, _ := strings.Cut(name, ".")
		if _, ok := s.Attributes[root]; !ok && name != "*" {
			flaw("%s names %q, which is no attribute", list, name)
		}
	}
	for _, name := range t.Import {
		has("Import", name)
	}
	if t.Label != "" {
		has("Label", t.Label)
	}
	for _, name := range t.Replace {
		has("Replace", name)
	}
	for name, on := range t.Changes {
		has("Changes", name)
		for _, o := range on {
			has("Changes", o)
		}
	}
	for _, name := range t.Merged {
		has("Merged", name)
	}
	for _, names := range t.Alone {
		for _, name := range names {
			has("Alone", name)
		}
	}
	for _, name := range t.Within {
		has("Within", name)
	}
	for _, attributes := range t.Moves {
		for name := range attributes {
			has("Moves", name)
		}
	}
	for _, name := range t.Defaults {
		has("Defaults", name)
		if a := s.Attributes[name]; a != nil && (!a.IsOptional() || !a.IsComputed()) {
			flaw("Defaults names %q, which is not both optional and computed", name)
		}
	}
	if t.Physical != "" {
		has("Physical", t.Physical)
		has("Physical", "name")
	}
	if t.Gone == nil || t.Create == nil || t.Read == nil || t.Delete == nil {
		flaw("Gone, Create, Read and Delete must be given")
	}
	if _, tagged := s.Attributes["tags"]; tagged && t.Find != nil && t.Tag == nil {
		flaw("with Find and tags there must be Tag")
	}
	for name, a := range s.Attributes {
		if a.GetMarkdownDescription() == "" {
			flaw("the attribute %q has no description", name)
		}
	}
	ctx := context.Background()
	model := newCodec[M](s)
	empty := map[string]tftypes.Value{}
	for name, a := range model.kind().AttributeTypes {
		empty[name] = tftypes.NewValue(a, nil)
	}
	if _, ds := model.decode(ctx, tftypes.NewValue(model.kind(), empty)); ds.HasError() {
		flaw("the model does not fit the schema: %s", ds[0].Detail())
	}
	if model.paired() == nil {
		flaw("the model has a field of a type that only the framework decodes, slowly")
	}
	return all
}

// complete is the type's schema with the attributes that every type has.
func (t Type[C, M]) complete() schema.Schema {
	s := t.Schema
	s.Attributes = maps.Clone(s.Attributes)
	if _, own := s.Attributes["id"]; !own {
		s.Attributes["id"] = schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "The ARN, or the id where AWS gives no ARN.",
		}
	}
	s.Attributes["region"] = schema.StringAttribute{
		Optional: true, Computed: true,
		MarkdownDescription: "Region of the resource, such as `eu-north-1`. Default: the provider's region. Changing it replaces the resource.",
	}
	duration := func(of string, limit time.Duration) schema.StringAttribute {
		return schema.StringAttribute{
			Optional:            true,
			Validators:          []validator.String{durationValidator{}},
			MarkdownDescription: fmt.Sprintf("Longest time that %s may take, such as `90s` or `1h30m`. Default: `%s`.", of, short(limit)),
		}
	}
	s.Attributes["timeouts"] = schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "Limits of time; changing them changes nothing on AWS.",
		Attributes: map[string]schema.Attribute{
			"create": duration("creating", t.limits().Create),
			"update": duration("updating", t.limits().Update),
			"delete": duration("deleting", t.limits().Delete),
		},
	}
	if _, tagged := s.Attributes["tags"]; tagged {
		s.Attributes["tags_all"] = schema.MapAttribute{
			ElementType: types.StringType, Computed: true,
			MarkdownDescription: "All tags: `tags` and those of the provider block.",
		}
	}
	return s
}

func (t Type[C, M]) limits() Limits {
	l := t.Timeouts
	for _, d := range []*time.Duration{&l.Create, &l.Update, &l.Delete} {
		if *d == 0 {
			*d = 20 * time.Minute
		}
	}
	return l
}

func (r *instance[C, M]) typeName() string { return "serverless_" + r.Name }

func (r *instance[C, M]) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = r.typeName()
}

func (r *instance[C, M]) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = r.schema
}

func (r *instance[C, M]) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	attributes := map[string]identityschema.Attribute{
		"account_id": identityschema.StringAttribute{OptionalForImport: true, Description: "Account of the object."},
		"region":     identityschema.StringAttribute{OptionalForImport: true, Description: "Region of the object."},
	}
	for _, name := range r.Import {
		attributes[name] = identityschema.StringAttribute{RequiredForImport: true}
	}
	resp.IdentitySchema = identityschema.Schema{Attributes: attributes}
}

func (r *instance[C, M]) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.provider, _ = req.ProviderData.(*Provider)
}

func (r *instance[C, M]) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	v := &Check{config: req.Config.Raw, ds: &resp.Diagnostics}
	v.tags(req.Config.Raw)
	if r.Validate == nil {
		return
	}
	m, ds := r.decode(ctx, req.Config.Raw)
	resp.Diagnostics.Append(ds...)
	if !resp.Diagnostics.HasError() {
		r.Validate(ctx, v, m)
	}
}

// baseOf returns the model's Base.
func baseOf[M any](m *M) *Base {
	b, ok := any(m).(interface{ base() *Base })
	if !ok {
		panic(fmt.Sprintf("%T does not embed tf.Base", *m))
	}
	return b.base()
}

// enter prepares an operation on the object with that base: it settles the region
// and the account, refuses an object of another account, and connects.
func (r *instance[C, M]) enter(ctx context.Context, b *Base, p private, id map[string]tftypes.Value) (context.Context, C, error) {
	ctx, c, err := enter(ctx, r.provider, r.connect, r.typeName(), b.Region, p)
	if err == nil {
		err = r.own(ctx, id)
	}
	return ctx, c, err
}

const accountKey = "account"

// own refuses objects of another account: looked for in this one they would seem
// to be gone, and be forgotten or made a second time.
func (r *instance[C, M]) own(ctx context.Context, id map[string]tftypes.Value) error {
	recorded, _ := stringOf(id["account_id"])
	if recorded == "" {
		if _, err := Recall(ctx, accountKey, &recorded); err != nil {
			return err
		}
	}
	here := ScopeOf(ctx).Account
	if recorded == "" || recorded == here {
		return nil
	}
	return &Problem{
		"The object belongs to another account",
		fmt.Sprintf("The state says that this %s is in account %s, but the provider works on %s, account %s. Nothing was read or changed. "+
			"Choose the backend, profile or credentials that the object was made with, or use another state file.",
			r.typeName(), recorded, r.provider.Where, here),
	}
}

func noRegion(unknown bool) error {
	if unknown {
		return &Problem{"The region is not known yet", "The provider's region comes from something that is not created yet. Give it a value that is known before the apply, or create that first with -target."}
	}
	return &Problem{"No region", "Set region in the provider block or on the resource, or the environment variable AWS_REGION, or region in the profile of ~/.aws/config."}
}

// identity is the object's identity, made from its state.
func (r *instance[C, M]) identity(ctx context.Context, id *tfsdk.ResourceIdentity, state map[string]tftypes.Value) {
	if id == nil {
		return
	}
	id.Raw = tftypes.NewValue(id.Schema.Type().TerraformType(ctx), r.identified(ctx, state))
}

func (r *instance[C, M]) identified(ctx context.Context, state map[string]tftypes.Value) map[string]tftypes.Value {
	scope := ScopeOf(ctx)
	all := map[string]tftypes.Value{"account_id": stringValue(scope.Account), "region": stringValue(scope.Region)}
	for _, name := range r.Import {
		all[name] = state[name]
	}
	return all
}

// known returns the attributes of an identity; nil if there is none yet.
func known(id *tfsdk.ResourceIdentity) map[string]tftypes.Value {
	if id == nil {
		return nil
	}
	return fields(id.Raw)
}
