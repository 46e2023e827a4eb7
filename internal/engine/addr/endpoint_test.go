package addr_test

import (
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
)

func endpoint(t *testing.T, text string) addr.Endpoint {
	t.Helper()
	traversal, diags := hclsyntax.ParseTraversalAbs([]byte(text), "", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	e, err := addr.ParseEndpoint(traversal)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if e.String() != text {
		t.Errorf("got %s, want %s", e, text)
	}
	return e
}

func TestMove(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		around           addr.Module
		from, to         string
		address, becomes string // empty if it stays
	}{
		{"", `a.b`, `a.c`, `a.b`, `a.c`},
		{"", `a.b`, `a.c`, `a.b["k"]`, `a.c["k"]`},
		{"", `a.b`, `a.c`, `module.m.a.b`, ``},
		{"", `a.b`, `a.b[0]`, `a.b`, `a.b[0]`},
		{"", `a.b`, `a.b[0]`, `a.b[1]`, ``},
		{"", `a.b[1]`, `a.b["x"]`, `a.b[1]`, `a.b["x"]`},
		{"", `a.b["x"]`, `a.c`, `a.b["x"]`, `a.c`},
		{"", `a.b`, `d.e`, `a.b[2]`, `d.e[2]`},
		{"", `a.b`, `module.m["k"].a.b`, `a.b[2]`, `module.m["k"].a.b[2]`},
		{"", `module.m.a.b`, `a.b`, `module.m.a.b`, `a.b`},
		{"", `module.m.a.b`, `a.b`, `module.m[0].a.b`, ``},
		{"", `module.m`, `module.n`, `module.m["x"].module.o[1].a.b[2]`, `module.n["x"].module.o[1].a.b[2]`},
		{"", `module.m`, `module.m[0]`, `module.m.a.b`, `module.m[0].a.b`},
		{"", `module.m`, `module.m[0]`, `module.m[1].a.b`, ``},
		{"", `module.m[0].module.n`, `module.n`, `module.m[0].module.n["x"].a.b`, `module.n["x"].a.b`},
		{"module.m", `a.b`, `a.c`, `module.m["x"].a.b[1]`, `module.m["x"].a.c[1]`},
		{"module.m", `a.b`, `a.c`, `module.n.a.b`, ``},
		{"module.m", `module.n`, `module.o`, `module.m[3].module.n.a.b`, `module.m[3].module.o.a.b`},
	} {
		m := addr.Move{Around: c.around, From: endpoint(t, c.from), To: endpoint(t, c.to)}
		i, err := addr.ParseInstance(c.address)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := m.Apply(i)
		if ok != (c.becomes != "") || ok && got.String() != c.becomes {
			t.Errorf("%s -> %s in %q: %s: got %s, %v, want %q", c.from, c.to, c.around, c.address, got, ok, c.becomes)
		}
	}
}

func TestMoveBefore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to, from2, to2 string
		want                 bool
	}{
		{`a.b`, `a.c`, `a.c`, `a.d`, true},
		{`a.c`, `a.d`, `a.b`, `a.c`, false},
		{`a.b[0]`, `a.b[1]`, `a.b[1]`, `a.b[2]`, true},
		{`a.b[1]`, `a.b[2]`, `a.b[0]`, `a.b[1]`, false},
		{`a.b`, `a.c[0]`, `a.c`, `a.d`, true},
		{`module.m`, `module.n`, `module.n.a.b`, `a.b`, true},
		{`a.b`, `module.n.a.b`, `module.n`, `module.o`, true},
		{`module.m`, `module.n`, `module.m.a.b`, `a.b`, false},
	} {
		one := addr.Move{From: endpoint(t, c.from), To: endpoint(t, c.to)}
		other := addr.Move{From: endpoint(t, c.from2), To: endpoint(t, c.to2)}
		if got := one.Before(other); got != c.want {
			t.Errorf("%+v: got %v", c, got)
		}
	}
}
