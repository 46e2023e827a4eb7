package addr_test

import (
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
)

func TestInstanceText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`aws_x.name`,
		`aws_x.name[0]`,
		`aws_x.name["k"]`,
		`aws_x.name["a \"quoted\" $${x} key"]`,
		`data.aws_x.name["k"]`,
		`module.a.aws_x.name`,
		`module.a[3].module.b["x.y"].data.aws_x.name[1]`,
	} {
		i, err := addr.ParseInstance(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := i.String(); got != text {
			t.Errorf("got %s, want %s", got, text)
		}
	}
	for _, text := range []string{``, `a`, `a.`, `a.b.c`, `a.b[-1]`, `a.b[1.5]`, `module.a`, `module`, `data.a`, `a.b[c]`} {
		if i, err := addr.ParseInstance(text); err == nil {
			t.Errorf("%q: got %s, want an error", text, i)
		}
	}
}

func TestConfigOfInstance(t *testing.T) {
	t.Parallel()
	i, err := addr.ParseInstance(`module.a[0].module.b["x"].aws_x.name[1]`)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := i.Config().String(), "module.a.module.b.aws_x.name"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestProviderText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"aws":                     "registry.terraform.io/hashicorp/aws",
		"tfserverless/serverless": "registry.terraform.io/tfserverless/serverless",
		"Example.com/NS/Type":     "example.com/ns/type",
	} {
		got, err := addr.ParseProvider(in)
		if err != nil || got.String() != want {
			t.Errorf("%s: got %s, %v, want %s", in, got, err, want)
		}
	}
	for _, in := range []string{"", "a/b/c/d", "a b", "/x", "a//c"} {
		if got, err := addr.ParseProvider(in); err == nil {
			t.Errorf("%q: got %s, want an error", in, got)
		}
	}
}

func TestProviderConfigText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`provider["registry.terraform.io/hashicorp/aws"]`,
		`provider["registry.terraform.io/hashicorp/aws"].west`,
		`module.a.module.b.provider["terraform.io/builtin/terraform"]`,
		`provider["registry.terraform.io/hashicorp/aws"].by["eu-west-1"]`,
	} {
		got, err := addr.ParseProviderConfig(text)
		if err != nil || got.String() != text {
			t.Errorf("got %s, %v, want %s", got, err, text)
		}
	}
	for _, text := range []string{"", "provider.aws", `provider["a/b/c"]x`, `provider["a/b/c"].`, `provider["a/b/c"`} {
		if got, err := addr.ParseProviderConfig(text); err == nil {
			t.Errorf("%q: got %s, want an error", text, got)
		}
	}
}

func TestOrder(t *testing.T) {
	t.Parallel()
	sorted := []string{`data.a.a`, `a.a`, `a.a[2]`, `a.a[10]`, `a.a["0"]`, `a.b`, `module.m.a.a`}
	for i := range len(sorted) - 1 {
		a, _ := addr.ParseInstance(sorted[i])
		b, _ := addr.ParseInstance(sorted[i+1])
		if a.Compare(b) >= 0 || b.Compare(a) <= 0 || a.Compare(a) != 0 {
			t.Errorf("%s must sort before %s", a, b)
		}
	}
}

func TestModuleInstanceParent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, parent, name string
		key                addr.Key
		config             string
	}{
		{`module.a`, ``, `a`, nil, `module.a`},
		{`module.module.module.b`, `module.module`, `b`, nil, `module.module.module.b`},
		{`module.a[3]`, ``, `a`, addr.IntKey(3), `module.a`},
		{`module.a[0].module.b`, `module.a[0]`, `b`, nil, `module.a.module.b`},
		{`module.a["x.module.y"].module.b["k]\"["]`, `module.a["x.module.y"]`, `b`, addr.StringKey(`k]"[`), `module.a.module.b`},
	} {
		m, err := addr.ParseModuleInstance(c.text)
		if err != nil {
			t.Fatal(err)
		}
		parent, name, key := m.Parent()
		if string(parent) != c.parent || name != c.name || key != c.key || string(m.Config()) != c.config {
			t.Errorf("%s: got %s, %s, %v, %s", c.text, parent, name, key, m.Config())
		}
	}
	parent, name := addr.Module("module.a.module.b").Parent()
	if parent != "module.a" || name != "b" {
		t.Errorf("got %s, %s", parent, name)
	}
	for _, c := range []struct {
		inner, outer addr.Module
		want         bool
	}{{"module.a", "", true}, {"module.a", "module.a", true}, {"module.a.module.b", "module.a", true}, {"module.ab", "module.a", false}, {"", "module.a", false}} {
		if got := c.inner.Within(c.outer); got != c.want {
			t.Errorf("%q within %q: got %v", c.inner, c.outer, got)
		}
	}
}
