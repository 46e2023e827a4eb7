package examples_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/lambda/runtime"
)

// A snippet is a block of configuration in a guide, and what it takes to use it.
type snippet struct {
	around string            // the configuration, with the block in the place of %s
	file   string            // where it is, if not in main.tf
	files  map[string]string // others
	lines  bool              // each line is a block of its own
	only   string            // the engine that reads it; "" for all

	use        func(*work) // instead of a validation, with our engine alone
	everywhere bool        // with the other engines too
}

// inFunction is a function that has the block.
const inFunction = "resource \"serverless_function\" \"f\" {\n  name = \"f\"\n  runtime = \"nodejs22.x\"\n  handler = \"index.handler\"\n%s\n}\n"

// provided says who provides the blocks of a guide that does not show it.
const provided = "terraform {\n  required_providers {\n    serverless = { source = \"tfserverless/serverless\" }\n  }\n}\n"

const table = "resource \"serverless_table\" \"orders\" {\n  name = \"orders\"\n  partition_key = { name = \"id\", type = \"S\" }\n}\n"

// answers is the code of a function.
const answers = "export const handler = async (event) => ({ id: event.pathParameters?.id ?? null });\n"

// snippets are the blocks of terraform and hcl in each guide, in their order.
var snippets = map[string][]snippet{
	"README": {
		{around: block + "%s", files: map[string]string{
			"src/index.mjs":   answers,
			"fulfil.asl.json": `{"StartAt": "Keep", "States": {"Keep": {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:getItem", "Parameters": {"TableName": "${Orders}", "Key": {"id": {"S": "${Mail}"}}}, "End": true}}}`,
		}, use: func(w *work) {
			w.needs("nodejs22.x")
			w.life()
		}},
		{around: provided + "%s"},
	},
	"apis":      nil,
	"defaults":  {{around: provided + "%s"}},
	"emulator":  nil,
	"engine":    nil,
	"functions": nil,
	"from-aws": {
		{around: block + "%s", use: (*work).moved},
		{around: block + "%s", use: (*work).adopted, everywhere: true},
	},
	"from-sam": {
		{around: provided + "%s\noutput \"url\" {\n  value = serverless_http_api.api.url\n}\n", files: map[string]string{"src/index.mjs": answers}, use: func(w *work) {
			w.needs("nodejs22.x")
			w.life(func() { w.says(http.MethodGet, "/notes/1", `{"id":"1"}`) })
		}},
	},
	"getting-started": {{around: "%s", files: map[string]string{"src/index.mjs": ""}, use: (*work).started, everywhere: true}},
	"installing":      {{around: "%s", file: ".terraformrc", files: map[string]string{"main.tf": block}, only: "tfserverless"}},
	"packaging": {
		{around: block + "%s", files: map[string]string{"src/orders/index.mjs": answers, "src/orders/index.test.mjs": "no code", "src/orders/fixtures/a": ""}, use: (*work).lived},
		{around: block + inFunction, lines: true},
		{around: provided + "%s"},
		{around: block + fmt.Sprintf(inFunction, "source = { inline = { \"index.mjs\" = \"export const handler = async () => 1\" } }\n%s")},
	},
	"state": {{around: provided + "variable \"app\" {\n  default = \"shop\"\n  type = string\n}\n%s", only: "tfserverless"}},
	"state-machines": {{
		around: block + table + "%s", use: func(w *work) { w.life(w.inspected) },
		files: map[string]string{"order.asl.json": `{"StartAt": "Get", "States": {"Get": {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:getItem", "Parameters": {"TableName": "${Orders}", "Key": {"id": {"S": "a"}}}, "End": true}}}`},
	}},
	"testing": {
		{around: block + "resource \"serverless_http_api\" \"shop\" {\n  name = \"shop\"\n}\nresource \"serverless_route\" \"orders\" {\n  api = serverless_http_api.shop.id\n  route = \"GET /orders\"\n  http = { url = \"http://127.0.0.1:9/\" }\n}\n%s"},
		{around: "%s", file: "orders.tftest.hcl", files: map[string]string{"main.tf": block + `variable "name" {
  type = string
  validation {
    condition     = length(var.name) <= 10
    error_message = "The name has more than 10 characters."
  }
}
resource "serverless_table" "t" {
  name          = var.name
  partition_key = { name = "id", type = "S" }
}
output "name" {
  value = serverless_table.t.name
}
`}, use: func(w *work) { w.tested(); w.integrated() }},
		{around: "%s"},
		{around: "%s", file: "tests/hello.tftest.hcl", files: map[string]string{"main.tf": provided, "src/index.mjs": "", "tests/call/main.tf": provided + "variable \"url\" {}\n"}, use: func(w *work) {
			w.needs("nodejs22.x")
			w.write("main.tf", fenced(w.T, "getting-started", "terraform")[0])
			w.write("tests/call/main.tf", fenced(w.T, "testing", "terraform")[2])
			w.write("src/index.mjs", fenced(w.T, "getting-started", "javascript")[0])
			w.modules()
			w.tested()
		}},
	},
}

// page reads a guide.
func page(t *testing.T, guide string) string {
	t.Helper()
	path := "../templates/guides/" + guide + ".md"
	if guide == "README" {
		path = "../README.md"
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// fenced are the blocks of some languages in a guide.
func fenced(t *testing.T, guide string, languages ...string) []string {
	t.Helper()
	var all []string
	for _, b := range regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```$").FindAllStringSubmatch(page(t, guide), -1) {
		if slices.Contains(languages, b[1]) {
			all = append(all, b[2])
		}
	}
	return all
}

// TestAccGuides uses each block of configuration of each guide as its reader would: all
// are validated by each engine, and what the table says of them is done by ours.
func TestAccGuides(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("../templates/guides/*.md")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no guides: %v", err)
	}
	for _, path := range append(paths, "README.md") {
		guide := strings.TrimSuffix(filepath.Base(path), ".md")
		known, ok := snippets[guide]
		blocks := fenced(t, guide, "terraform", "hcl")
		if !ok || len(blocks) != len(known) {
			t.Errorf("%s has %d blocks of configuration, and the table knows of %d", guide, len(blocks), len(known))
			continue
		}
		for i, s := range known {
			texts := []string{blocks[i]}
			if s.lines {
				texts = strings.Split(strings.TrimSpace(blocks[i]), "\n")
			}
			for n, text := range texts {
				for _, e := range engines(t) {
					if s.only == "" || s.only == e.name {
						t.Run(fmt.Sprintf("%s/%d.%d/%s", guide, i+1, n+1, e.name), func(t *testing.T) { t.Parallel(); s.run(t, e, text) })
					}
				}
			}
		}
	}
}

func (s snippet) run(t *testing.T, e engine, text string) {
	if e.path == "" {
		t.Skipf("%s is not on PATH", e.name)
	}
	file := s.file
	if file == "" {
		file = "main.tf"
	}
	dir, files := t.TempDir(), maps.Clone(s.files)
	if files == nil {
		files = map[string]string{}
	}
	files[file] = strings.Replace(s.around, "%s", text, 1)
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o750), os.WriteFile(path, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	w := start(t, dir, e)
	if strings.HasSuffix(file, "tfrc") {
		w.env = append(w.env, "TF_CLI_CONFIG_FILE="+filepath.Join(w.dir, file))
	}
	if s.use != nil && (s.everywhere || e.name == "tfserverless") {
		s.use(w)
		return
	}
	if strings.HasSuffix(file, ".tftest.hcl") {
		w.modules()
	}
	w.run("validate", "-no-color")
}

// needs skips what runs functions of a runtime whose interpreter is missing.
func (w *work) needs(id string) {
	w.Helper()
	if _, err := runtime.Interpreter(id); err != nil {
		w.Skipf("%v", err)
	}
}

// started does what "Getting started" says, step by step.
func (w *work) started() {
	w.needs("nodejs22.x")
	code := fenced(w.T, "getting-started", "javascript")[0]
	w.write("src/index.mjs", code)
	w.life(func() {
		w.says(http.MethodGet, "/hello/ann", `{"hello":"ann"}`)
		w.write("src/index.mjs", strings.Replace(code, "hello:", "welcome:", 1))
		if out := w.run("plan", "-no-color", "-input=false"); !strings.Contains(out, "code_sha256") || !strings.Contains(out, "Plan: 0 to add, 1 to change, 0 to destroy.") {
			w.Errorf("the plan of a change shows\n%s", out)
		}
		w.run("apply", "-auto-approve", "-no-color", "-input=false")
		w.says(http.MethodGet, "/hello/ann", `{"welcome":"ann"}`)
	})
}

// moved gives the object of the block the state that hashicorp/aws would have, and lets
// the block take it over.
func (w *work) moved() {
	whole, err := os.ReadFile(filepath.Join(w.dir, "main.tf"))
	if err != nil {
		w.Fatal(err)
	}
	old, _, _ := strings.Cut(string(whole), "moved {")
	w.write("main.tf", old)
	w.run("apply", "-auto-approve", "-no-color")
	path := filepath.Join(w.dir, "terraform.tfstate")
	text, err := os.ReadFile(path)
	if err != nil {
		w.Fatal(err)
	}
	var state map[string]any
	if err := json.Unmarshal(text, &state); err != nil {
		w.Fatal(err)
	}
	table := state["resources"].([]any)[0].(map[string]any)
	table["type"], table["provider"] = "aws_dynamodb_table", `provider["registry.terraform.io/hashicorp/aws"]`
	table["instances"] = []any{map[string]any{"schema_version": 1, "attributes": map[string]any{"id": "orders", "name": "orders", "hash_key": "id"}}}
	if text, err = json.Marshal(state); err != nil {
		w.Fatal(err)
	}
	w.write("terraform.tfstate", string(text))
	w.write("main.tf", string(whole))
	out := w.run("plan", "-no-color")
	if !strings.Contains(out, "serverless_table.orders has moved from aws_dynamodb_table.orders") || !strings.Contains(out, "Plan: 0 to add, 0 to change, 0 to destroy.") {
		w.Errorf("the plan of a move shows\n%s", out)
	}
	w.run("apply", "-auto-approve", "-no-color")
	w.unchanged()
	w.run("destroy", "-auto-approve", "-no-color")
}

// adopted imports a table that somebody else made, with its configuration written.
func (w *work) adopted() {
	cli := *w
	cli.engine.path = filepath.Join(bin, "tfserverless")
	cli.run("emulator", "start")
	_, err := dynamodb.NewFromConfig(w.emulator()).CreateTable(w.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("orders"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
	})
	if err != nil {
		w.Fatal(err)
	}
	w.run("plan", "-no-color", "-generate-config-out=imported.tf")
	if out := w.run("apply", "-auto-approve", "-no-color"); !strings.Contains(out, "1 imported, 0 added, 0 changed, 0 destroyed") {
		w.Errorf("the apply of an import says\n%s", out)
	}
	w.unchanged()
	w.run("destroy", "-auto-approve", "-no-color")
}

// tested runs the tests beside a configuration.
func (w *work) tested() {
	w.Helper()
	w.Cleanup(func() {
		stop := exec.CommandContext(context.WithoutCancel(w.Context()), filepath.Join(bin, "tfserverless"), "emulator", "stop", "-data-dir", filepath.Join(w.dir, ".serverless-test"))
		if out, err := stop.CombinedOutput(); err != nil {
			w.Errorf("stopping the emulator of the tests: %v\n%s", err, out)
		}
	})
	if out := w.run("test", "-no-color"); !strings.Contains(out, "Success!") {
		w.Errorf("%s test says\n%s", w.engine.name, out)
	}
}

// integrated runs what the guide has a CI run.
func (w *work) integrated() {
	w.Helper()
	steps := regexp.MustCompile(`(?m)^ *- run: tfserverless (.*)$`).FindAllStringSubmatch(fenced(w.T, "testing", "yaml")[0], -1)
	if len(steps) == 0 {
		w.Error("the guide has no steps for a CI")
	}
	for _, s := range steps {
		w.run(strings.Fields(s[1])...)
	}
}

// inspected runs the commands that the guide has for executions.
func (w *work) inspected() {
	w.Helper()
	arn := "arn:aws:states:eu-north-1:000000000000:stateMachine:order"
	if _, err := sfn.NewFromConfig(w.emulator()).StartExecution(w.Context(), &sfn.StartExecutionInput{StateMachineArn: &arn, Name: aws.String("dear")}); err != nil {
		w.Fatal(err)
	}
	for line := range strings.Lines(fenced(w.T, "state-machines", "shell")[0]) {
		command, _, _ := strings.Cut(line, "#")
		if out := w.run(strings.Fields(command)[1:]...); out == "" && !strings.Contains(command, "-svg") {
			w.Errorf("%s says nothing", command)
		}
	}
}

// TestGuideGo compiles the Go of the guides in the place of the package's own example.
func TestGuideGo(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("the program go is not on PATH")
	}
	example, err := filepath.Abs("../provider/providertest/example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	text := `package providertest_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

const notes = ""

` + fenced(t, "testing", "go")[0]
	dir := t.TempDir()
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {example: filepath.Join(dir, "guide.go")}})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"guide.go": text, "overlay.json": string(overlay)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.CommandContext(t.Context(), "go", "vet", "-overlay", filepath.Join(dir, "overlay.json"), "./provider/providertest")
	c.Dir = ".."
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("go vet: %v\n%s", err, out)
	}
}

// attributes is a part of a schema as JSON.
type attributes map[string]struct {
	Description string
	NestedType  *struct{ Attributes attributes } `json:"nested_type"`
}

// TestGuideDefaults holds the guide's table against what the schemas say.
func TestGuideDefaults(t *testing.T) {
	t.Parallel()
	w := start(t, "stacks/notes", engines(t)[0])
	var said struct {
		Providers map[string]struct {
			Provider struct {
				Block struct{ Attributes attributes }
			}
			Types map[string]struct {
				Block struct{ Attributes attributes }
			} `json:"resource_schemas"`
		} `json:"provider_schemas"`
	}
	out := w.run("providers", "schema", "-json")
	if err := json.Unmarshal([]byte(out), &said); err != nil {
		t.Fatal(err)
	}
	ours := said.Providers["registry.terraform.io/tfserverless/serverless"]
	rows := regexp.MustCompile("(?m)^\\| `(serverless_(\\w+))` \\| `([a-z_.]+)`( \\*)? \\| (.+?) \\|").FindAllStringSubmatch(page(t, "defaults"), -1)
	if len(rows) < 20 {
		t.Fatalf("the table has %d rows", len(rows))
	}
	for _, row := range rows {
		in, about := ours.Types[row[1]].Block.Attributes, ""
		for name := range strings.SplitSeq(row[3], ".") {
			about = in[name].Description
			if nested := in[name].NestedType; nested != nil {
				in = nested.Attributes
			}
		}
		_, says, _ := strings.Cut(about, "Default: ")
		if plain := strings.NewReplacer("`", ""); !strings.HasPrefix(plain.Replace(says), plain.Replace(row[5])) {
			t.Errorf("%s.%s: the guide says %s, and the schema %q", row[1], row[3], row[5], about)
		}
		shared := ours.Provider.Block.Attributes["defaults"].NestedType.Attributes[row[2]]
		if once := shared.NestedType != nil && has(shared.NestedType.Attributes, row[3]); once != (row[4] != "") {
			t.Errorf("%s.%s: the provider's defaults have it: %t; the guide has a star: %t", row[1], row[3], once, row[4] != "")
		}
	}
}

// has reports whether the first part of a path is among them.
func has(all attributes, path string) bool {
	root, _, _ := strings.Cut(path, ".")
	_, ok := all[root]
	return ok
}

func (w *work) lived() { w.life() }
