package acctest

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

const filledTable = itemTable + `
resource "serverless_table_items" "i" {
  table = serverless_table.t.table_name
  items = [for n in range(5) : { id = "a", n = n, total = n * 10, tags = toset(["x"]) }]
}
`

// outcome is a table whose name shows the values of expressions, and what must be
// there before.
func outcome(t *testing.T, data, expression string) (string, error) {
	t.Helper()
	m := deploy(t, providertest.Emulator(t), filledTable)
	_, err := m.Apply(t.Context(), "provider \"serverless\" {\n  region = \"eu-north-1\"\n}\n"+filledTable+data+`
resource "serverless_table" "shown" {
  name          = `+expression+`
  partition_key = { name = "id", type = "S" }
}`)
	if err != nil {
		return "", err
	}
	return m.Value("serverless_table.shown").GetAttr("name").AsString(), nil
}

func TestReadItems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, data, expression, want string }{
		{"an item", `data "serverless_table_item" "d" {
			table      = serverless_table.t.table_name
			key        = { id = "a", n = 3 }
			depends_on = [serverless_table_items.i]
		}`, `"${data.serverless_table_item.d.exists}-${data.serverless_table_item.d.item.total}-${join("", data.serverless_table_item.d.item.tags)}"`, "true-30-x"},
		{"no item", `data "serverless_table_item" "d" {
			table      = serverless_table.t.table_name
			key_json   = jsonencode({ id = { S = "none" }, n = { N = "3" } })
			depends_on = [serverless_table_items.i]
		}`, `"${data.serverless_table_item.d.exists}-${data.serverless_table_item.d.item == null}"`, "false-true"},
		{"a query", `data "serverless_table_query" "d" {
			table         = serverless_table.t.table_name
			key_condition = "id = :id AND n >= :least"
			filter        = "#t < :most"
			names         = { "#t" = "total" }
			values        = { ":id" = "a", ":least" = 1, ":most" = 40 }
			projection    = "n"
			descending    = true
			depends_on    = [serverless_table_items.i]
		}`, `join("-", concat(["n"], [for i in data.serverless_table_query.d.items : i.n], [data.serverless_table_query.d.item_count]))`, "n-3-2-1-3"},
		{"a query with a limit", `data "serverless_table_query" "d" {
			table         = serverless_table.t.table_name
			key_condition = "id = :id"
			values        = { ":id" = "a" }
			limit         = 2
			depends_on    = [serverless_table_items.i]
		}`, `join("-", concat(["n"], [for i in data.serverless_table_query.d.items_json : jsondecode(i).n.N]))`, "n-0-1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got, err := outcome(t, c.data, c.expression); err != nil || got != c.want {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestBadQueries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		arguments string
		says      []string
	}{
		{`key_condition = "id = :id"`, []string{"key_condition", ":id"}},
		{"key_condition = \"id = :id OR n = :id\"\nvalues = { \":id\" = \"a\" }", []string{"key_condition", "OR"}},
		{"key_condition = \"id = :id\"\nvalues = { \":id\" = \"a\", \":x\" = 1 }", []string{":x", "Remove it"}},
		{"key_condition = \"id = :id\"\nfilter = \"size = 1\"\nvalues = { \":id\" = \"a\" }", []string{"filter"}},
		{"key_condition = \"id = :id\"\nvalues = { \":id\" = toset([]) }", []string{"values", ":id", "empty sets"}},
	} {
		_, err := here(t).Plan(t.Context(), "provider \"serverless\" {\n  region = \"eu-north-1\"\n}\ndata \"serverless_table_query\" \"q\" {\n  table = \"none\"\n"+c.arguments+"\n}")
		for _, part := range c.says {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%s: got %v, want a message with %q", c.arguments, err, part)
			}
		}
	}
}

func here(t *testing.T) *Machine { return deploy(t, providertest.Emulator(t), "") }

func TestPutItems(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	deploy(t, e, filledTable)
	p := Speak(t, e, "")
	said, err := p.Invoke("serverless_put_items", `{ table = "orders", items = [{ id = "a", n = 0, new = true }, { id = "b", n = 0 }] }`)
	if err != nil || strings.Join(said, " ") != "Wrote 2 of 2 items into orders." {
		t.Errorf("got %q, %v", said, err)
	}
	said, err = p.Invoke("serverless_put_items", `{ table = "orders", overwrite = false, items = [{ id = "a", n = 1, new = true }, { id = "c", n = 0 }] }`)
	if err != nil || strings.Join(said, " ") != "Wrote 1 items into orders; 1 were there already." {
		t.Errorf("got %q, %v", said, err)
	}
	found, err := p.List("serverless_table_item", `{ table = "orders" }`, true, 0)
	if err != nil || len(found) != 7 {
		t.Fatalf("got %d items, %v, want 7", len(found), err)
	}
	for _, f := range found {
		item := f.Resource.GetAttr("item")
		if isNew := item.Type().HasAttribute("new"); isNew != (f.Name == `{"id":{"S":"a"},"n":{"N":"0"}}`) {
			t.Errorf("%s: new is %v", f.Name, isNew)
		}
	}
	for config, want := range map[string]string{
		`{ table = "orders" }`:                                     "exactly one",
		`{ table = "orders", items = ["a"] }`:                      "items[0]",
		`{ table = "none", items = [{ id = "a", n = 1 }] }`:        "DescribeTable answered ResourceNotFoundException",
		`{ table = "orders", items = [{ id = "a" }] }`:             "attribute n",
		`{ table = "orders", items = [{ id = "a", n = "text" }] }`: "BatchWriteItem answered ValidationException",
	} {
		if _, err := p.Invoke("serverless_put_items", config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want a message with %q", config, err, want)
		}
	}
}

// TestBackupAndRestore makes a backup by the action, and tables of it and of a
// moment.
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	m := deploy(t, e, filledTable)
	p := Speak(t, e, "")
	said, err := p.Invoke("serverless_backup_table", `{ table = "orders", name = "before" }`)
	if err != nil || len(said) != 2 || !strings.HasSuffix(said[1], "complete.") {
		t.Fatalf("got %q, %v", said, err)
	}
	_, arn, _ := strings.Cut(strings.TrimSuffix(said[0], "."), "made: ")
	settings := "provider \"serverless\" {\n  region = \"eu-north-1\"\n  tags = { app = \"shop\" }\n}\n"
	restored := func(arguments string) string {
		return settings + filledTable + `
resource "serverless_table" "back" {
  name           = "orders-back"
  partition_key  = { name = "id", type = "S" }
  sort_key       = { name = "n", type = "N" }
  global_indexes = { by_total = { partition_key = { name = "total", type = "N" } } }
  ttl            = "until"
  ` + arguments + `
}`
	}
	for _, from := range []string{`restore = { backup_arn = "` + arn + `" }`, `restore = { table = "orders" }`} {
		if _, err := m.Apply(t.Context(), restored(from)); err != nil {
			t.Fatalf("%s: %v", from, err)
		}
		found, err := p.List("serverless_table_item", `{ table = "orders-back" }`, false, 0)
		if err != nil || len(found) != 5 {
			t.Errorf("%s: got %d items, %v, want 5", from, len(found), err)
		}
		changes, err := m.Plan(t.Context(), restored(from))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range changes {
			if c.Action != "no-op" {
				t.Errorf("%s: plan after apply: %s of %s because of %v", from, c.Action, c.Address, c.Changed)
			}
		}
		if changes, err = m.Plan(t.Context(), restored("")); err != nil || action(changes, "serverless_table.back") != "update" {
			t.Errorf("without %s: %s (%v), want an update that changes nothing on AWS", from, action(changes, "serverless_table.back"), err)
		}
	}
	other := strings.Replace(restored(`restore = { table = "orders" }`), `"orders-back"`, `"orders-other"`, 1)
	other = strings.Replace(other, `sort_key       = { name = "n", type = "N" }`, "", 1)
	if _, err := m.Apply(t.Context(), other); err == nil || !strings.Contains(err.Error(), "other keys") {
		t.Errorf("a restore with other keys: got %v", err)
	}
	found, err := p.List("serverless_table", `{ name_prefix = "orders-other" }`, false, 0)
	if err != nil || len(found) != 0 {
		t.Errorf("what was restored with other keys is left: %q, %v", names(found), err)
	}
}

// TestImportFromS3 makes tables of objects.
func TestImportFromS3(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	id, secret := e.Credentials()
	url, err := e.URL()
	if err != nil {
		t.Fatal(err)
	}
	files := s3.New(s3.Options{Region: "eu-north-1", BaseEndpoint: &url, UsePathStyle: true, Credentials: credentials.NewStaticCredentialsProvider(id, secret, "")})
	if _, err := files.CreateBucket(t.Context(), &s3.CreateBucketInput{
		Bucket: aws.String("data"), CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: "eu-north-1"},
	}); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"json/a.json": "{\"Item\":{\"id\":{\"S\":\"a\"},\"total\":{\"N\":\"1.5\"}}}\n{\"Item\":{\"id\":{\"S\":\"b\"}}}\n",
		"csv/a.csv":   "a;1\nb;2\n",
		"bad/a.json":  "{\"Item\":{\"other\":{\"S\":\"a\"}}}\n",
	} {
		if _, err := files.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("data"), Key: &name, Body: strings.NewReader(text)}); err != nil {
			t.Fatal(err)
		}
	}
	m, p := deploy(t, e, ""), Speak(t, e, "")
	config := func(from string) string {
		return `
provider "serverless" {
  region = "eu-north-1"
}
resource "serverless_table" "t" {
  name           = "imported"
  partition_key  = { name = "id", type = "S" }
  global_indexes = { by_total = { partition_key = { name = "total", type = "N" } } }
  tags           = { app = "shop" }
  stream         = "KEYS_ONLY"
  import         = { bucket = "data", ` + from + ` }
}`
	}
	for _, from := range []string{`prefix = "json/", format = "DYNAMODB_JSON"`, `prefix = "csv/", format = "CSV", csv = { delimiter = ";", header = ["id", "total"] }`} {
		if _, err := m.Apply(t.Context(), config(from)); err != nil {
			t.Fatalf("%s: %v", from, err)
		}
		found, err := p.List("serverless_table_item", `{ table = "imported" }`, false, 0)
		if err != nil || len(found) != 2 {
			t.Errorf("%s: got %d items, %v, want 2", from, len(found), err)
		}
		changes, err := m.Plan(t.Context(), config(from))
		if err != nil || action(changes, "serverless_table.t") != "no-op" {
			t.Errorf("%s: the plan after the apply is %v, %v", from, changes, err)
		}
	}
	for from, want := range map[string]string{
		`prefix = "bad/", format = "DYNAMODB_JSON"`:                                 "refused 1, more than max_errors",
		`prefix = "json/", format = "DYNAMODB_JSON", bucket_owner = "111111111111"`: "The import failed",
	} {
		if _, err := m.Apply(t.Context(), config(from)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want a message with %q", from, err, want)
		}
		if found, err := Speak(t, e, "").List("serverless_table", `{}`, false, 0); err != nil || len(found) != 0 {
			t.Errorf("%s: left %q, %v", from, names(found), err)
		}
	}
}

func action(all []Change, address string) string {
	for _, c := range all {
		if c.Address == address {
			return c.Action
		}
	}
	return "none"
}
