package plugin_test

import (
	"context"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	pschema "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
)

// shapes is a provider whose one resource has every kind of nesting, and with
// one function.
type shapes struct{ version int64 }

func (shapes) Metadata(context.Context, provider.MetadataRequest, *provider.MetadataResponse) {}
func (shapes) Schema(_ context.Context, _ provider.SchemaRequest, out *provider.SchemaResponse) {
	out.Schema = pschema.Schema{}
}
func (shapes) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}
func (shapes) DataSources(context.Context) []func() datasource.DataSource                        { return nil }
func (s shapes) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return shape(s) }}
}

func (shapes) Functions(context.Context) []func() function.Function {
	return []func() function.Function{func() function.Function { return shout{} }}
}

type shape struct{ version int64 }

func (shape) Metadata(_ context.Context, _ resource.MetadataRequest, out *resource.MetadataResponse) {
	out.TypeName = "shape"
}

func (s shape) Schema(_ context.Context, _ resource.SchemaRequest, out *resource.SchemaResponse) {
	nested := schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
		"open":   schema.StringAttribute{Optional: true},
		"secret": schema.StringAttribute{Optional: true, Sensitive: true},
	}}
	out.Schema = schema.Schema{
		Version: s.version,
		Attributes: map[string]schema.Attribute{
			"list":  schema.ListNestedAttribute{Optional: true, NestedObject: nested},
			"map":   schema.MapNestedAttribute{Optional: true, NestedObject: nested},
			"any":   schema.DynamicAttribute{Optional: true},
			"write": schema.StringAttribute{Optional: true, WriteOnly: true},
			"tags":  schema.MapAttribute{Optional: true, ElementType: types.StringType},
		},
		Blocks: map[string]schema.Block{
			"block": schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
				"secret": schema.StringAttribute{Optional: true, Sensitive: true},
			}}},
		},
	}
}

func (shape) Create(context.Context, resource.CreateRequest, *resource.CreateResponse) {
	panic("made to")
}
func (shape) Read(context.Context, resource.ReadRequest, *resource.ReadResponse)       {}
func (shape) Update(context.Context, resource.UpdateRequest, *resource.UpdateResponse) {}
func (shape) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

type shout struct{}

func (shout) Metadata(_ context.Context, _ function.MetadataRequest, out *function.MetadataResponse) {
	out.Name = "shout"
}

func (shout) Definition(_ context.Context, _ function.DefinitionRequest, out *function.DefinitionResponse) {
	out.Definition = function.Definition{Parameters: []function.Parameter{function.StringParameter{Name: "word"}}, Return: function.StringReturn{}}
}

func (shout) Run(ctx context.Context, in function.RunRequest, out *function.RunResponse) {
	var word string
	out.Error = function.ConcatFuncErrors(in.Arguments.Get(ctx, &word))
	if word == "" {
		out.Error = function.NewArgumentFuncError(0, "nothing to shout")
		return
	}
	out.Error = function.ConcatFuncErrors(out.Result.Set(ctx, strings.ToUpper(word)+"!"))
}

func start(t *testing.T) (*plugin.Provider, *plugin.Schema) {
	t.Helper()
	server, err := providerserver.NewProtocol6WithError(shapes{version: 3})()
	if err != nil {
		t.Fatal(err)
	}
	p := plugin.New("test/shapes", server)
	s, diags := p.Schemas(context.Background())
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return p, s.Resources["shape"]
}

func sample() cty.Value {
	str := cty.StringVal
	element := cty.ObjectVal(map[string]cty.Value{"open": str("o"), "secret": str("s")})
	return cty.ObjectVal(map[string]cty.Value{
		"list":  cty.ListVal([]cty.Value{element}),
		"map":   cty.MapVal(map[string]cty.Value{"k": element}),
		"any":   cty.TupleVal([]cty.Value{cty.True, str("x")}),
		"write": str("w"),
		"tags":  cty.NullVal(cty.Map(cty.String)),
		"block": cty.ListVal([]cty.Value{cty.ObjectVal(map[string]cty.Value{"secret": str("b")})}),
	})
}

func TestSchema(t *testing.T) {
	t.Parallel()
	_, s := start(t)
	if s.Version != 3 {
		t.Errorf("got version %d", s.Version)
	}
	empty := s.Empty()
	if !empty.Type().Equals(s.Type) || empty.GetAttr("block").LengthInt() != 0 || !empty.GetAttr("list").IsNull() {
		t.Errorf("got %#v", empty)
	}
	v := sample()
	marked := s.Secret(v, "hush")
	_, marks := marked.UnmarkDeepWithPaths()
	if len(marks) != 3 {
		t.Errorf("got marks %v, want the three secrets", marks)
	}
	if got := s.WithoutWriteOnly(v); !got.GetAttr("write").IsNull() || got.GetAttr("list").IsNull() {
		t.Errorf("got %#v", got)
	}
	if !s.WriteOnly(cty.GetAttrPath("write")) || s.WriteOnly(cty.GetAttrPath("list").IndexInt(0).GetAttr("open")) {
		t.Error("wrong attributes are write-only")
	}
	if a := s.AttributeAt(cty.GetAttrPath("map").IndexString("k").GetAttr("secret")); a == nil || !a.Sensitive {
		t.Errorf("got %+v", a)
	}
}

func TestPanicBecomesADiagnostic(t *testing.T) {
	t.Parallel()
	p, s := start(t)
	_, _, lost, diags := p.Apply(context.Background(), "shape", cty.NullVal(s.Type), plugin.Object{Value: s.WithoutWriteOnly(sample())}, sample(), nil)
	if !lost || !diags.HasErrors() || !strings.Contains(diags.Error(), "panicked while applying shape: made to") {
		t.Errorf("got %v, %v", lost, diags)
	}
}

func TestFunction(t *testing.T) {
	t.Parallel()
	p, _ := start(t)
	f := p.Functions(context.Background())["shout"]
	if got, err := f.Call([]cty.Value{cty.StringVal("hey")}); err != nil || got.AsString() != "HEY!" {
		t.Errorf("got %#v, %v", got, err)
	}
	if got, err := f.Call([]cty.Value{cty.UnknownVal(cty.String)}); err != nil || got.IsKnown() {
		t.Errorf("got %#v, %v", got, err)
	}
	if _, err := f.Call([]cty.Value{cty.StringVal("")}); err == nil || !strings.Contains(err.Error(), "nothing to shout") {
		t.Errorf("got %v", err)
	}
}
