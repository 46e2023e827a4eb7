package acctest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// itemTable is a table for items.
const itemTable = `
resource "serverless_table" "t" {
  name          = "orders"
  partition_key = { name = "id", type = "S" }
  sort_key      = { name = "n", type = "N" }
}
`

var itemSubject = Subject{
	Type:   "serverless_table_item",
	Before: itemTable,
	Base: Arguments{
		"table": `serverless_table.t.table_name`,
		"item": `{ id = "a", n = 12345678901234567890123456789012345678, price = 0.1, tags = toset(["x", "y"]), sizes = toset([1, 2]),
			lines = [{ sku = "s", count = 2 }, "free text"], gone = null, ok = true }`,
	},
	Import: []string{`{table}/{key}`, `{table}/{key}@{region}`},
	// Sets of equal elements and lists come back as they are; the form is the item's own.
	Edits: []Edit{
		{Argument: "item", To: `{ id = "a", n = 12345678901234567890123456789012345678, price = 0.2 }`, Writes: []string{"PutItem"}},
		{Argument: "item", To: `{ id = "b", n = 12345678901234567890123456789012345678 }`, Replace: true},
		{Argument: "item", To: `{ id = "a", n = 2 }`, Replace: true},
		{Argument: "item_json", To: `jsonencode({ id = { S = "c" }, n = { N = "1" }, data = { B = "AQI=" }, all = { BS = ["AQI="] } })`,
			From: Arguments{"item": "", "item_json": `jsonencode({ id = { S = "c" }, n = { N = "1" } })`}, Writes: []string{"PutItem"}},
		{Argument: "item_json", Same: true, To: `"{ \"n\": {\"N\": \"1\"}, \"id\": {\"S\": \"c\"} }"`,
			From: Arguments{"item": "", "item_json": `jsonencode({ id = { S = "c" }, n = { N = "1" } })`}},
		{Argument: "item_wo_version", To: `2`, Local: true, From: secretItem(`{ id = "a", n = 1, pin = "1234" }`), Writes: []string{"PutItem"}},
		{Argument: "item_wo", Same: true, To: `{ id = "a", n = 1, pin = "5678" }`, From: secretItem(`{ id = "a", n = 1, pin = "1234" }`)},
		{Argument: "item_wo", To: `{ id = "a", n = 2, pin = "1234" }`, From: secretItem(`{ id = "a", n = 1, pin = "1234" }`), Replace: true},
		{Argument: "on_destroy", To: `"keep"`, Local: true, Writes: []string{}, From: Arguments{"on_destroy": `"delete"`}},
	},
	Together: Arguments{"item": `{ id = "a", n = 12345678901234567890123456789012345678, price = 0.2 }`},
	Invalid: []Invalid{
		{"table", `"a b"`, []string{"table", "3 to 255 characters"}},
		{"item", ``, []string{"item", "item_json", "exactly one"}},
		{"item_wo", `{ id = "a", n = 1 }`, []string{"item_wo_version", "go together"}},
		{"item", `"a"`, []string{"item", "an object"}},
		{"item", `{ id = "a", n = 1, bad = toset([]) }`, []string{"item", "bad", "empty sets", "leave the attribute out"}},
		{"item_json", `jsonencode({ id = { S = "a" } })`, []string{"exactly one"}},
		{"on_destroy", `"forget"`, []string{"on_destroy", "delete", "keep"}},
	},
	Unmarked: true,
}

// secretItem are arguments of a write-only item.
func secretItem(item string) Arguments {
	return Arguments{"item": "", "item_wo": item, "item_wo_version": "1"}
}

func TestTableItem(t *testing.T) { Prove(t, itemSubject) }

// TestItemConflicts demands that an item of somebody else is not written over, and
// that the message says how to take it over.
func TestItemConflicts(t *testing.T) {
	t.Parallel()
	m := deploy(t, providertest.Emulator(t), itemTable)
	settings := "provider \"serverless\" {\n  region = \"eu-north-1\"\n}\n"
	one := `
resource "serverless_table_item" "one" {
  table = serverless_table.t.table_name
  item  = { id = "a", n = 1, by = "one" }
}`
	if _, err := m.Apply(t.Context(), settings+itemTable+one); err != nil {
		t.Fatal(err)
	}
	two := `
resource "serverless_table_item" "two" {
  table = serverless_table.t.table_name
  item  = { id = "a", n = 1, by = "two" }
}`
	_, err := m.Apply(t.Context(), settings+itemTable+one+two)
	for _, part := range []string{"already", `{"id":{"S":"a"},"n":{"N":"1"}}`, "import"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("got %v, want a message with %q", err, part)
		}
	}
	bad := strings.Replace(two, `n = 1, by = "two"`, `by = "two"`, 1)
	if _, err := m.Apply(t.Context(), settings+itemTable+one+bad); err == nil || !strings.Contains(err.Error(), "has the attribute n") {
		t.Errorf("an item without its key: got %v", err)
	}
}

// TestKeptItems demands that on_destroy = "keep" leaves what it says.
func TestKeptItems(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	m := deploy(t, e, itemTable+`
resource "serverless_table_item" "i" {
  table      = serverless_table.t.table_name
  item       = { id = "a", n = 1 }
  on_destroy = "keep"
}`)
	if _, err := m.Apply(t.Context(), "provider \"serverless\" {\n  region = \"eu-north-1\"\n}\n"+itemTable); err != nil {
		t.Fatal(err)
	}
	found, err := Speak(t, e, "").List("serverless_table_item", `{ table = "orders" }`, true, 0)
	if err != nil || names(found) != `{"id":{"S":"a"},"n":{"N":"1"}}` {
		t.Fatalf("got %q, %v", names(found), err)
	}
	if got := found[0].Resource.GetAttr("item").GetAttr("n"); !got.RawEquals(cty.NumberIntVal(1)) {
		t.Errorf("n is %#v, want 1", got)
	}
}

func TestMoveItem(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	item := `{"id":{"S":"a"},"n":{"N":"1"}}`
	deploy(t, e, itemTable+fmt.Sprintf(`
resource "serverless_table_item" "i" {
  table     = serverless_table.t.table_name
  item_json = %q
}`, item))
	got, err := Speak(t, e, "").Move("aws_dynamodb_table_item", "serverless_table_item", map[string]any{
		"table_name": "orders", "hash_key": "id", "range_key": "n", "item": item, "region": "eu-north-1",
	})
	if err != nil {
		t.Fatal(err)
	}
	if key := got.GetAttr("key").AsString(); key != item {
		t.Errorf("the key is %s, want %s", key, item)
	}
}

// TestSecretItem demands that a write-only item is in the table, and nothing of it
// but its key in the state.
func TestSecretItem(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	m := deploy(t, e, itemTable+`
resource "serverless_table_item" "i" {
  table           = serverless_table.t.table_name
  item_wo         = { id = "a", n = 1, pin = "1234" }
  item_wo_version = 1
}`)
	if s := m.Value("serverless_table_item.i").GoString(); strings.Contains(s, "1234") || strings.Contains(s, "pin") {
		t.Errorf("the state has %s", s)
	}
	found, err := Speak(t, e, "").List("serverless_table_item", `{ table = "orders" }`, true, 0)
	if err != nil || len(found) != 1 {
		t.Fatalf("got %q, %v", names(found), err)
	}
	if got := found[0].Resource.GetAttr("item").GetAttr("pin"); !got.RawEquals(cty.StringVal("1234")) {
		t.Errorf("pin is %#v, want 1234", got)
	}
}
