package plan

import (
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
)

var (
	optional = plugin.Attribute{Type: cty.String, Optional: true}
	computed = plugin.Attribute{Type: cty.String, Computed: true}
	both     = plugin.Attribute{Type: cty.String, Optional: true, Computed: true}
)

// elements is an object of one argument and one result, nested in an attribute.
func elements(n plugin.Nesting, attr plugin.Attribute) *plugin.Attribute {
	o := &plugin.ObjectType{Nesting: n, Attributes: map[string]*plugin.Attribute{"arg": &optional, "res": &computed}}
	attr.Nested = o
	ty := cty.Object(map[string]cty.Type{"arg": cty.String, "res": cty.String})
	switch n {
	case plugin.List:
		ty = cty.List(ty)
	case plugin.Set:
		ty = cty.Set(ty)
	case plugin.Map:
		ty = cty.Map(ty)
	}
	attr.Type = ty
	return &attr
}

func blocks(n plugin.Nesting) *plugin.NestedBlock {
	return &plugin.NestedBlock{Nesting: n, Block: plugin.Block{Attributes: map[string]*plugin.Attribute{"arg": &optional, "res": &computed}}}
}

func attribute(a *plugin.Attribute) *plugin.Block {
	return &plugin.Block{Attributes: map[string]*plugin.Attribute{"x": a}}
}

func block(n plugin.Nesting) *plugin.Block {
	return &plugin.Block{Blocks: map[string]*plugin.NestedBlock{"x": blocks(n)}}
}

// value reads an expression as a value of b's type; unk stands for unknown.
func value(t *testing.T, b *plugin.Block, src string) cty.Value {
	t.Helper()
	if src == "null" {
		return cty.NullVal(b.ImpliedType())
	}
	e, diags := hclsyntax.ParseExpression([]byte(src), "", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	v, diags := e.Value(&hcl.EvalContext{Variables: map[string]cty.Value{"unk": cty.DynamicVal}})
	if diags.HasErrors() {
		t.Fatalf("%s: %v", src, diags)
	}
	v, err := convert.Convert(v, loose(b))
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return v
}

// loose is b's type with arg and res optional everywhere.
func loose(b *plugin.Block) cty.Type {
	ty := b.ImpliedType().AttributeType("x")
	o := cty.ObjectWithOptionalAttrs(map[string]cty.Type{"arg": cty.String, "res": cty.String}, []string{"arg", "res"})
	switch {
	case ty.IsObjectType():
		ty = o
	case ty.IsListType():
		ty = cty.List(o)
	case ty.IsSetType():
		ty = cty.Set(o)
	case ty.IsMapType() && ty.ElementType().IsObjectType():
		ty = cty.Map(o)
	}
	return cty.Object(map[string]cty.Type{"x": ty})
}

func TestPropose(t *testing.T) {
	t.Parallel()
	opt := plugin.Attribute{Optional: true}
	optComputed := plugin.Attribute{Optional: true, Computed: true}
	for _, c := range []struct {
		name                string
		block               *plugin.Block
		prior, config, want string
	}{
		{"argument", attribute(&optional), `{x="a"}`, `{x="b"}`, `{x="b"}`},
		{"argument removed", attribute(&optional), `{x="a"}`, `{x=null}`, `{x=null}`},
		{"argument of a new object", attribute(&optional), `null`, `{x="b"}`, `{x="b"}`},
		{"argument unknown", attribute(&optional), `{x="a"}`, `{x=unk}`, `{x=unk}`},
		{"result", attribute(&computed), `{x="a"}`, `{x=null}`, `{x="a"}`},
		{"result of a new object", attribute(&computed), `null`, `{x=null}`, `{x=null}`},
		{"either, configured", attribute(&both), `{x="a"}`, `{x="b"}`, `{x="b"}`},
		{"either, left out", attribute(&both), `{x="a"}`, `{x=null}`, `{x="a"}`},

		{"nested single", attribute(elements(plugin.Single, opt)), `{x={arg="a",res="r"}}`, `{x={arg="b"}}`, `{x={arg="b",res="r"}}`},
		{"nested single new", attribute(elements(plugin.Single, opt)), `{x=null}`, `{x={arg="b"}}`, `{x={arg="b"}}`},
		{"nested single removed", attribute(elements(plugin.Single, opt)), `{x={arg="a",res="r"}}`, `{x=null}`, `{x=null}`},
		{"nested single unknown", attribute(elements(plugin.Single, opt)), `{x={arg="a",res="r"}}`, `{x=unk}`, `{x=unk}`},
		{"nested computed, once configured", attribute(elements(plugin.Single, optComputed)), `{x={arg="a",res="r"}}`, `{x=null}`, `{x=null}`},
		{"nested computed, never configured", attribute(elements(plugin.Single, optComputed)), `{x={res="r"}}`, `{x=null}`, `{x={res="r"}}`},
		{"nested list computed, once configured", attribute(elements(plugin.List, optComputed)), `{x=[{res="r"},{arg="a"}]}`, `{x=null}`, `{x=null}`},
		{"nested list", attribute(elements(plugin.List, opt)), `{x=[{arg="a",res="r"},{arg="b",res="s"}]}`, `{x=[{arg="c"}]}`, `{x=[{arg="c",res="r"}]}`},
		{"nested list longer", attribute(elements(plugin.List, opt)), `{x=[{arg="a",res="r"}]}`, `{x=[{arg="a"},{arg="b"}]}`, `{x=[{arg="a",res="r"},{arg="b"}]}`},
		{"nested map", attribute(elements(plugin.Map, opt)), `{x={k={arg="a",res="r"},l={arg="b",res="s"}}}`, `{x={k={arg="c"},m={arg="d"}}}`, `{x={k={arg="c",res="r"},m={arg="d"}}}`},
		{"nested set", attribute(elements(plugin.Set, opt)), `{x=[{arg="a",res="r"},{arg="b",res="s"}]}`, `{x=[{arg="b"},{arg="c"}]}`, `{x=[{arg="b",res="s"},{arg="c"}]}`},
		{"nested set unknown element", attribute(elements(plugin.Set, opt)), `{x=[{arg="a",res="r"}]}`, `{x=[{arg=unk}]}`, `{x=[{arg=unk}]}`},

		{"block single", block(plugin.Single), `{x={arg="a",res="r"}}`, `{x={arg="b"}}`, `{x={arg="b",res="r"}}`},
		{"block single removed", block(plugin.Single), `{x={arg="a",res="r"}}`, `{x=null}`, `{x=null}`},
		{"block group", block(plugin.Group), `{x={arg="a",res="r"}}`, `{x={}}`, `{x={res="r"}}`},
		{"block list", block(plugin.List), `{x=[{arg="a",res="r"}]}`, `{x=[{arg="b"},{arg="c"}]}`, `{x=[{arg="b",res="r"},{arg="c"}]}`},
		{"block list unknown", block(plugin.List), `{x=[{arg="a",res="r"}]}`, `{x=unk}`, `{x=unk}`},
		{"block map", block(plugin.Map), `{x={k={arg="a",res="r"}}}`, `{x={k={arg="b"}}}`, `{x={k={arg="b",res="r"}}}`},
		{"block set", block(plugin.Set), `{x=[{arg="a",res="r"},{arg="b",res="s"}]}`, `{x=[{arg="a"}]}`, `{x=[{arg="a",res="r"}]}`},
		{"block set of a new object", block(plugin.Set), `null`, `{x=[{arg="a"}]}`, `{x=[{arg="a"}]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := propose(c.block, value(t, c.block, c.prior), value(t, c.block, c.config))
			if want := value(t, c.block, c.want); !got.RawEquals(want) {
				t.Errorf("got %#v\nwant %#v", got, want)
			}
		})
	}
}

// TestProposeForData has nothing prior to look at: what is computed is unknown.
func TestProposeForData(t *testing.T) {
	t.Parallel()
	b := attribute(elements(plugin.List, plugin.Attribute{Optional: true}))
	got := propose(b, cty.UnknownVal(b.ImpliedType()), value(t, b, `{x=[{arg="a"}]}`)).GetAttr("x").Index(cty.Zero)
	if got.GetAttr("arg").AsString() != "a" || got.GetAttr("res").IsKnown() {
		t.Errorf("got %#v", got)
	}
	b = attribute(&computed)
	if got := propose(b, cty.UnknownVal(b.ImpliedType()), value(t, b, `{x=null}`)); got.GetAttr("x").IsKnown() {
		t.Errorf("got %#v", got)
	}
}

func TestUnfaithful(t *testing.T) {
	t.Parallel()
	opt := plugin.Attribute{Optional: true}
	writeOnly := optional
	writeOnly.WriteOnly = true
	for _, c := range []struct {
		name                   string
		block                  *plugin.Block
		prior, config, planned string
		ok                     bool
	}{
		{"kept", attribute(&optional), `null`, `{x="a"}`, `{x="a"}`, true},
		{"as before", attribute(&optional), `{x="A"}`, `{x="a"}`, `{x="A"}`, true},
		{"changed", attribute(&optional), `null`, `{x="a"}`, `{x="b"}`, false},
		{"made up", attribute(&optional), `null`, `{x=null}`, `{x="b"}`, false},
		{"computed", attribute(&both), `null`, `{x=null}`, `{x="b"}`, true},
		{"computed but configured", attribute(&both), `null`, `{x="a"}`, `{x="b"}`, false},
		{"unknown although configured", attribute(&both), `null`, `{x="a"}`, `{x=unk}`, false},
		{"known although unknown", attribute(&optional), `null`, `{x=unk}`, `{x="b"}`, false},
		{"write-only", attribute(&writeOnly), `null`, `{x="a"}`, `{x=null}`, true},
		{"write-only kept", attribute(&writeOnly), `null`, `{x="a"}`, `{x="a"}`, false},
		{"nested result", attribute(elements(plugin.Single, opt)), `null`, `{x={arg="a"}}`, `{x={arg="a",res="r"}}`, true},
		{"nested argument", attribute(elements(plugin.Single, opt)), `null`, `{x={arg="a"}}`, `{x={arg="b"}}`, false},
		{"nested dropped", attribute(elements(plugin.Single, opt)), `null`, `{x={arg="a"}}`, `{x=null}`, false},
		{"list shortened", attribute(elements(plugin.List, opt)), `null`, `{x=[{arg="a"},{arg="b"}]}`, `{x=[{arg="a"}]}`, false},
		{"map key renamed", attribute(elements(plugin.Map, opt)), `null`, `{x={k={arg="a"}}}`, `{x={l={arg="a"}}}`, false},
		{"set grown", attribute(elements(plugin.Set, opt)), `null`, `{x=[{arg="a"}]}`, `{x=[{arg="a"},{arg="b"}]}`, false},
		{"block added", block(plugin.List), `null`, `{x=[]}`, `{x=[{arg="a"}]}`, false},
		{"block filled in", block(plugin.List), `null`, `{x=[{arg="a"}]}`, `{x=[{arg="a",res="r"}]}`, true},
		{"blocks unknown", block(plugin.List), `null`, `{x=[{arg="a"}]}`, `{x=unk}`, false},
		{"blocks of unknown number", block(plugin.List), `null`, `{x=unk}`, `{x=unk}`, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := unfaithful(c.block, value(t, c.block, c.prior), value(t, c.block, c.config), value(t, c.block, c.planned))
			if (len(got) == 0) != c.ok {
				t.Errorf("got %v, want ok %v", got, c.ok)
			}
		})
	}
}

func TestDiverged(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		planned, got string
		want         int
	}{
		{`"a"`, `"a"`, 0}, {`"a"`, `"b"`, 1}, {`unk`, `"b"`, 0}, {`null`, `"b"`, 1}, {`"a"`, `null`, 1}, {`"a"`, `unk`, 1},
		{`{a=1,b=unk}`, `{a=1,b=2}`, 0}, {`{a=1,b=unk}`, `{a=2,b=2}`, 1},
		{`["a","b"]`, `["a","c"]`, 1},
	} {
		var v [2]cty.Value
		for i, src := range []string{c.planned, c.got} {
			e, _ := hclsyntax.ParseExpression([]byte(src), "", hcl.InitialPos)
			v[i], _ = e.Value(&hcl.EvalContext{Variables: map[string]cty.Value{"unk": cty.DynamicVal}})
		}
		if got := Diverged(v[0], v[1]); len(got) != c.want {
			t.Errorf("%s, %s: got %v", c.planned, c.got, got)
		}
	}
	set := func(v ...cty.Value) cty.Value { return cty.SetVal(v) }
	a, b, unk := cty.StringVal("a"), cty.StringVal("b"), cty.UnknownVal(cty.String)
	for _, c := range []struct {
		planned, got cty.Value
		want         int
	}{
		{set(a, unk), set(a, b), 0}, {set(a, unk), set(a), 0}, {set(a), set(a, b), 1}, {set(a), set(b), 1},
	} {
		if got := Diverged(c.planned, c.got); len(got) != c.want {
			t.Errorf("%#v, %#v: got %v", c.planned, c.got, got)
		}
	}
}

func TestIgnorePath(t *testing.T) {
	t.Parallel()
	str := func(m map[string]cty.Value) cty.Value {
		if len(m) == 0 {
			return cty.MapValEmpty(cty.String)
		}
		return cty.MapVal(m)
	}
	a, b := cty.StringVal("a"), cty.StringVal("b")
	null := cty.NullVal(cty.Map(cty.String))
	path := cty.GetAttrPath("m").IndexString("k")
	for _, c := range []struct{ prior, wanted, want cty.Value }{
		{str(map[string]cty.Value{"k": a}), str(map[string]cty.Value{"k": b}), str(map[string]cty.Value{"k": a})},
		{str(map[string]cty.Value{"k": a}), str(map[string]cty.Value{"l": b}), str(map[string]cty.Value{"k": a, "l": b})},
		{str(map[string]cty.Value{"l": a}), str(map[string]cty.Value{"k": b}), str(nil)},
		{null, str(map[string]cty.Value{"k": b, "l": b}), str(map[string]cty.Value{"l": b})},
		{str(map[string]cty.Value{"k": a}), null, str(map[string]cty.Value{"k": a})},
		{null, null, null},
		{str(map[string]cty.Value{"k": a}), cty.UnknownVal(cty.Map(cty.String)), cty.UnknownVal(cty.Map(cty.String))},
	} {
		wrap := func(v cty.Value) cty.Value { return cty.ObjectVal(map[string]cty.Value{"m": v}) }
		if got := ignorePath(wrap(c.prior), wrap(c.wanted), path).GetAttr("m"); !got.RawEquals(c.want) {
			t.Errorf("%#v, %#v: got %#v, want %#v", c.prior, c.wanted, got, c.want)
		}
	}
}
