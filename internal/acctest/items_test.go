package acctest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

var itemsSubject = Subject{
	Type:   "serverless_table_items",
	Again:  theSame,
	Before: itemTable,
	Base: Arguments{
		"table": `serverless_table.t.table_name`,
		"items": `[{ id = "a", n = 1 }, { id = "b", n = 1, price = 0.1 }]`,
	},
	Import: []string{`{table}`, `{table}@{region}`},
	// An import cannot know how the items were written.
	Unimported: []string{"items"},
	Edits: []Edit{
		{Argument: "items", To: `[{ id = "a", n = 1, x = true }, { id = "b", n = 1, price = 0.1 }]`, With: []string{"content_sha256"}, Writes: []string{"BatchWriteItem"}},
		{Argument: "items", To: `[{ id = "a", n = 1 }]`, With: []string{"content_sha256", "item_count"}, Writes: []string{"BatchWriteItem"}},
		{Argument: "items", To: `concat([{ id = "a", n = 1 }], [for n in range(60) : { id = "c", n = n }])`, With: []string{"content_sha256", "item_count"}, Writes: []string{"BatchWriteItem", "BatchWriteItem", "BatchWriteItem"}},
		{Argument: "on_destroy", To: `"keep"`, From: Arguments{"on_destroy": `"delete"`}, Local: true, Writes: []string{}},
	},
	Together: Arguments{"items": `{ one = { id = "a", n = 1, x = true }, two = { id = "d", n = 1 } }`},
	Invalid: []Invalid{
		{"table", `"a b"`, []string{"table", "3 to 255 characters"}},
		{"items", ``, []string{"items", "file", "exactly one"}},
		{"items", `"a"`, []string{"items", "a list of objects"}},
		{"items", `[{ id = "a", n = 1 }, "b"]`, []string{"items[1]", "an object"}},
		{"file", `"items.jsonl"`, []string{"exactly one"}},
		{"on_destroy", `"forget"`, []string{"on_destroy", "delete", "keep"}},
	},
	Unmarked: true,
}

func TestTableItems(t *testing.T) { Prove(t, itemsSubject) }

// TestFilesOfItems writes the items of files, and what is wrong with some.
func TestFilesOfItems(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	e := providertest.Emulator(t)
	m := deploy(t, e, itemTable)
	config := func(name string) string {
		return "provider \"serverless\" {\n  region = \"eu-north-1\"\n}\n" + itemTable + fmt.Sprintf(`
resource "serverless_table_items" "i" {
  table = serverless_table.t.table_name
  file  = %q
}`, name)
	}
	for name, text := range map[string]string{
		"a.jsonl": "{\"id\":\"a\",\"n\":1,\"price\":0.10}\n\n{\"id\":\"b\",\"n\":2}\n",
		"b.jsonl": "{\"Item\":{\"id\":{\"S\":\"a\"},\"n\":{\"N\":\"1\"},\"price\":{\"N\":\"0.1\"}}}\n{\"Item\":{\"id\":{\"S\":\"b\"},\"n\":{\"N\":\"2\"}}}\n",
		"c.csv":   "id,n:N,price:N\na,1,0.1\nb,2,\n",
	} {
		if _, err := m.Apply(t.Context(), config(file(name, text))); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		found, err := Speak(t, e, "").List("serverless_table_item", `{ table = "orders" }`, true, 0)
		if err != nil || len(found) != 2 {
			t.Fatalf("%s: got %d items, %v", name, len(found), err)
		}
		for _, f := range found {
			item := f.Resource.GetAttr("item")
			if item.GetAttr("id").AsString() == "a" && !item.GetAttr("price").RawEquals(cty.MustParseNumberVal("0.1")) {
				t.Errorf("%s: got %#v", name, item)
			}
		}
	}
	for _, c := range []struct{ name, text, want string }{
		{"d.jsonl", "{\"id\":\"a\"}\n[1]\n", "line 2"},
		{"e.csv", "id,n:X\na,1\n", "type S or N"},
		{"f.csv", "id,n:N\na,one\n", "line 2, column n"},
		{"g.txt", "a", "neither .jsonl nor .csv"},
		{"h.jsonl", "{\"id\":\"a\",\"n\":1}\n{\"id\":\"a\",\"n\":1.0}\n", "Two of the items have the key"},
		{"i.jsonl", "{\"id\":\"a\"}\n", "has the attribute n"},
	} {
		if _, err := m.Apply(t.Context(), config(file(c.name, c.text))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want a message with %q", c.name, err, c.want)
		}
	}
	if _, err := m.Apply(t.Context(), config(filepath.Join(dir, "none.jsonl"))); err == nil || !strings.Contains(err.Error(), "none.jsonl") {
		t.Errorf("a file that is not there: got %v", err)
	}
}

// TestItemsLeaveOthersAlone demands that only what the resource wrote is changed.
func TestItemsLeaveOthersAlone(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	settings := "provider \"serverless\" {\n  region = \"eu-north-1\"\n}\n"
	other := itemTable + `
resource "serverless_table_item" "other" {
  table = serverless_table.t.table_name
  item  = { id = "other", n = 1 }
}`
	m := deploy(t, e, other)
	items := func(list string) string {
		return settings + other + "\nresource \"serverless_table_items\" \"i\" {\n  table = serverless_table.t.table_name\n  items = " + list + "\n}"
	}
	_, err := m.Apply(t.Context(), items(`[{ id = "other", n = 1, mine = true }]`))
	if err == nil || !strings.Contains(err.Error(), "item of this key already") {
		t.Errorf("writing over another's item: got %v", err)
	}
	for _, list := range []string{`[{ id = "a", n = 1 }]`, `[]`, `[{ id = "b", n = 1 }]`} {
		if _, err := m.Apply(t.Context(), items(list)); err != nil {
			t.Fatalf("%s: %v", list, err)
		}
	}
	found, err := Speak(t, e, "").List("serverless_table_item", `{ table = "orders" }`, false, 0)
	if err != nil || len(found) != 2 {
		t.Errorf("got %q, %v, want b and other", names(found), err)
	}
	if _, err := m.Apply(t.Context(), settings+other); err != nil {
		t.Fatal(err)
	}
	found, err = Speak(t, e, "").List("serverless_table_item", `{ table = "orders" }`, false, 0)
	if err != nil || len(found) != 1 {
		t.Errorf("got %q, %v, want other alone", names(found), err)
	}
}
