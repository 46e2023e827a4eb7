package acctest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/provider"
	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// deploy applies a configuration on e by our engine.
func deploy(t *testing.T, e provider.Emulator, config string) *Machine {
	t.Helper()
	m := &Machine{Serve: func() tfprotov6.ProviderServer { return providertest.Server(e) }}
	if _, err := m.Apply(t.Context(), "provider \"serverless\" {\n  region = \"eu-north-1\"\n}\n"+config); err != nil {
		t.Fatal(err)
	}
	return m
}

func names(all []Listed) string {
	var s []string
	for _, l := range all {
		s = append(s, l.Name)
	}
	return strings.Join(s, " ")
}

const threeTables = `
resource "serverless_table" "t" {
  for_each      = { a = "one", b = "one", c = "two" }
  name          = "shop-${each.key}"
  partition_key = { name = "id", type = "S" }
  tags          = { app = each.value }
}
resource "serverless_table" "other" {
  name          = "stock"
  partition_key = { name = "id", type = "S" }
}`

func TestListTables(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	deploy(t, e, threeTables)
	p := Speak(t, e, "")
	for _, c := range []struct {
		config string
		limit  int64
		want   string
	}{
		{`{}`, 0, "shop-a shop-b shop-c stock"},
		{`{}`, 2, "shop-a shop-b"},
		{`{ name_prefix = "shop-" }`, 0, "shop-a shop-b shop-c"},
		{`{ tags = { app = "one" } }`, 0, "shop-a shop-b"},
		{`{ tags = { app = "one" }, name_prefix = "shop-b" }`, 0, "shop-b"},
		{`{ tags = { app = "three" } }`, 0, ""},
		{`{ region = "eu-west-1" }`, 0, ""},
	} {
		found, err := p.List("serverless_table", c.config, false, c.limit)
		if err != nil || names(found) != c.want {
			t.Errorf("%s, at most %d: got %q (%v), want %q", c.config, c.limit, names(found), err, c.want)
		}
	}
	found, err := p.List("serverless_table", `{ name_prefix = "shop-c" }`, true, 0)
	if err != nil || len(found) != 1 {
		t.Fatalf("got %d, %v", len(found), err)
	}
	if got := found[0].Resource.GetAttr("partition_key").GetAttr("name"); !got.RawEquals(cty.StringVal("id")) {
		t.Errorf("the resource's key is %#v, want id", got)
	}
	if got := found[0].Identity.GetAttr("table_name"); !got.RawEquals(cty.StringVal("shop-c")) {
		t.Errorf("the identity's name is %#v, want shop-c", got)
	}
}

// TestReadTables reads tables by the data sources.
func TestReadTables(t *testing.T) {
	t.Parallel()
	m := deploy(t, providertest.Emulator(t), threeTables+`
data "serverless_tables" "one" {
  tags       = { app = "one" }
  depends_on = [serverless_table.t, serverless_table.other]
}
data "serverless_table" "c" {
  table_name = serverless_table.t["c"].table_name
}
resource "serverless_table" "copy" {
  name          = join("-and-", data.serverless_tables.one.table_names)
  partition_key = data.serverless_table.c.partition_key
  tags          = data.serverless_table.c.tags
}`)
	v := m.Value("serverless_table.copy")
	if got := fmt.Sprint(v.GetAttr("name").AsString(), v.GetAttr("tags").AsValueMap()["app"].AsString()); got != "shop-a-and-shop-btwo" {
		t.Errorf("got %s", got)
	}
	_, err := m.Plan(t.Context(), "provider \"serverless\" {\n  region = \"eu-north-1\"\n}\ndata \"serverless_table\" \"none\" {\n  table_name = \"none\"\n}")
	for _, part := range []string{"no serverless_table none", "eu-north-1", "region"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("a table that is not there: got %v, want a message with %q", err, part)
		}
	}
}

func TestMoveTable(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	was := deploy(t, e, threeTables).Value("serverless_table.other")
	p := Speak(t, e, "")
	got, err := p.Move("aws_dynamodb_table", "serverless_table", map[string]any{
		"name": "stock", "arn": was.GetAttr("arn").AsString(), "hash_key": "id", "billing_mode": "PAY_PER_REQUEST",
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range changed(was, got) {
		if name != "tags_all" && name != "tags" {
			t.Errorf("%s is %#v, want %#v", name, got.GetAttr(name), was.GetAttr(name))
		}
	}
	if _, err := p.Move("aws_dynamodb_table", "serverless_table", map[string]any{"hash_key": "id"}); err == nil || !strings.Contains(err.Error(), "no name") {
		t.Errorf("a state without a name: got %v", err)
	}
	if _, err := p.Move("aws_sqs_queue", "serverless_table", map[string]any{"name": "stock"}); err == nil {
		t.Error("the state of a queue became a table")
	}
}

func TestFunctions(t *testing.T) {
	t.Parallel()
	p := Speak(t, providertest.Emulator(t), "")
	typed, err := p.Call("dynamodb_encode", `{ id = "a", n = 12345678901234567890123456789012345678, gone = null, l = [true, { x = 0.1 }] }`)
	if err != nil {
		t.Fatal(err)
	}
	if got := typed.GetAttr("n").GetAttr("N"); !got.RawEquals(cty.StringVal("12345678901234567890123456789012345678")) {
		t.Errorf("n is %#v", got)
	}
	plain, err := p.Call("dynamodb_decode", `{ id = { S = "a" }, l = { L = [{ N = "0.1" }] }, none = { NULL = true } }`)
	if err != nil {
		t.Fatal(err)
	}
	if got := plain.GetAttr("l").Index(cty.NumberIntVal(0)); !got.RawEquals(cty.MustParseNumberVal("0.1")) {
		t.Errorf("l[0] is %#v", got)
	}
	if _, err := p.Call("dynamodb_decode", `"{\"id\":\"a\"}"`); err == nil || !strings.Contains(err.Error(), "one member, its type") {
		t.Errorf("untyped JSON: got %v", err)
	}
}
