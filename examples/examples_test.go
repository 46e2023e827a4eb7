// Package examples_test applies every example, as a user would: with the built
// binary, and with terraform and tofu where they are on PATH.
package examples_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/lambda/runtime"

	// The tests run the program that is built of these, so that they are to be run
	// again when it changes.
	_ "github.com/tfserverless/terraform-provider-serverless/internal/cli"
	_ "github.com/tfserverless/terraform-provider-serverless/provider"
)

// bin is the folder of the binary that TestMain builds.
var bin string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "examples")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		bin = dir
		if os.Getenv("MOODS") == "on" { // as in the proofs
			if err := os.Setenv("SERVERLESS_MOODS", "on"); err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
		}
		build := exec.Command("go", "build", "-o", filepath.Join(dir, "terraform-provider-serverless"), "..")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "building: %v\n%s", err, out)
			return 1
		}
		if err := os.Symlink("terraform-provider-serverless", filepath.Join(dir, "tfserverless")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

// block completes examples of single resource types, which do not say who
// provides them.
const block = `
terraform {
  required_providers {
    serverless = { source = "tfserverless/serverless" }
  }
}

provider "serverless" {
  region = "eu-north-1"
}
`

// An engine is a program that plans and applies.
type engine struct{ name, path string }

func engines(t *testing.T) []engine {
	t.Helper()
	all := []engine{{"tfserverless", filepath.Join(bin, "tfserverless")}}
	for _, name := range []string{"terraform", "tofu"} {
		path, err := exec.LookPath(name)
		if err != nil {
			path = "" // its test says so
		}
		all = append(all, engine{name, path})
	}
	return all
}

// share are the engines of example n in this run: ours and one of the others by turns,
// under which the proofs put each type, too; PROOFS=whole asks for all.
func share(t *testing.T, n int) []engine {
	t.Helper()
	all := engines(t)
	if os.Getenv("PROOFS") == "whole" {
		return all
	}
	others := slices.DeleteFunc(slices.Clone(all[1:]), func(e engine) bool { return e.path == "" })
	if len(others) == 0 {
		return all // whose tests say what is missing
	}
	return append(all[:1:1], others[n%len(others)])
}

// examples lists the folders of one kind of example.
func examples(t *testing.T, kind string) []string {
	t.Helper()
	dirs, err := filepath.Glob(kind + "/*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no examples of %s: %v", kind, err)
	}
	return dirs
}

func TestAccResources(t *testing.T) {
	for _, kind := range []string{"resources", "data-sources", "functions"} {
		for n, dir := range examples(t, kind) {
			each(t, dir, share(t, n), func(t *testing.T, w *work) { w.life() })
		}
	}
}

// TestAccActions applies the examples of actions and invokes what nothing triggers,
// with our engine alone: not each of the others has actions.
func TestAccActions(t *testing.T) {
	for _, dir := range examples(t, "actions") {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			w := start(t, dir, engines(t)[0])
			w.life(func() {
				w.run("apply", "-auto-approve", "-no-color", "-invoke=action."+filepath.Base(dir)+"."+w.label("action"))
			})
		})
	}
}

// stock is what the queries of the examples find.
const stock = `resource "serverless_table" "t" {
  for_each      = toset(["shop-a", "settings"])
  name          = each.key
  partition_key = { name = "id", type = "S" }
  tags          = { app = "shop" }
}
resource "serverless_table_item" "i" {
  table = serverless_table.t["settings"].table_name
  item  = { id = "a" }
}
resource "serverless_function" "f" {
  name    = "shop-a"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async () => {}" } }
  publish = { alias = "live", provisioned_concurrency = 1 }
  url     = {}
  async   = { max_retries = 1 }
}
resource "serverless_layer" "l" {
  name   = "shop-a"
  retain = false
  source = { inline = { "a.txt" = "a" } }
}
resource "serverless_function_permission" "p" {
  function  = serverless_function.f.function_name
  principal = "events.amazonaws.com"
}
resource "serverless_layer_permission" "p" {
  layer_name   = serverless_layer.l.layer_name
  version      = serverless_layer.l.version
  statement_id = "shop-a"
  principal    = "123456789012"
}
resource "serverless_queue" "q" {
  name = "shop-a"
  tags = { app = "shop" }
}
resource "serverless_http_api" "a" {
  name = "shop-a"
  tags = { app = "shop" }
}
resource "serverless_route" "r" {
  api      = serverless_http_api.a.id
  route    = "GET /shop-a"
  function = serverless_function.f.target_arn
}
resource "serverless_authorizer" "a" {
  api  = serverless_http_api.a.id
  name = "shop-a"
  jwt  = { issuer = "https://example.com", audience = ["shop-a"] }
}
resource "serverless_websocket_api" "w" {
  name = "shop-a"
  tags = { app = "shop" }
}
resource "serverless_vpc_link" "l" {
  name       = "shop-a"
  subnet_ids = ["subnet-1"]
}
resource "serverless_domain" "d" {
  domain_name     = "shop-a.example.com"
  certificate_arn = "arn:aws:acm:eu-north-1:000000000000:certificate/a"
  routing_mode    = "ROUTING_RULE_THEN_API_MAPPING"
  tags            = { app = "shop" }
}
resource "serverless_domain_mapping" "m" {
  domain = serverless_domain.d.domain_name
  api    = serverless_http_api.a.id
  stage  = serverless_http_api.a.stage
}
resource "serverless_routing_rule" "r" {
  domain   = serverless_domain.d.domain_name
  priority = 1
  api      = "a1b2c3d4e5"
  stage    = "live"
}
resource "serverless_state_machine" "m" {
  name       = "shop-a"
  tags       = { app = "shop" }
  definition = jsonencode({ StartAt = "A", States = { A = { Type = "Succeed" } } })
  publish    = { alias = "shop-a" }
}
resource "serverless_activity" "a" {
  name = "shop-a"
}
resource "serverless_event_source" "s" {
  function = serverless_function.f.target_arn
  sqs      = { queue_arn = serverless_queue.q.arn }
}
resource "serverless_role" "r" {
  name     = "shop-a"
  services = ["lambda.amazonaws.com"]
  policies = [jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:ListAllMyBuckets", Resource = "*" }] })]
}
resource "serverless_grant" "g" {
  from   = serverless_role.r.arn
  to     = [serverless_queue.q.arn]
  access = ["send"]
}
resource "serverless_log_group" "g" {
  name = "shop-a"
}
`

// TestAccLists asks the queries of the examples, all of one deployment and with our
// engine alone.
func TestAccLists(t *testing.T) {
	dirs := examples(t, "list-resources")
	w := start(t, dirs[0], engines(t)[0])
	w.write("what-is-there.tf", stock)
	w.life(func() {
		for _, dir := range dirs {
			t.Run(filepath.Base(dir), func(t *testing.T) {
				const file = "list-resource.tfquery.hcl"
				query, err := os.ReadFile(filepath.Join(dir, file))
				if err != nil {
					t.Fatal(err)
				}
				q := &work{T: t, dir: w.dir, engine: w.engine, env: w.env}
				q.write(file, string(query))
				if out := q.run("query", "-no-color"); !strings.Contains(out, "list."+filepath.Base(dir)+".") {
					t.Errorf("the query found\n%s", out)
				}
			})
		}
	})
}

func TestAccStacks(t *testing.T) {
	dirs, err := filepath.Glob("stacks/*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no stacks: %v", err)
	}
	for _, dir := range dirs {
		each(t, dir, engines(t), func(t *testing.T, w *work) {
			needs(t, dir)
			w.build(dir)
			if filepath.Base(dir) == "orders" {
				w.shop()
			}
			use := w.notes
			if own := uses[filepath.Base(dir)]; own != nil {
				use = func() { own(w) }
			}
			w.life(use)
		})
	}
}

// needs skips a stack whose function needs what this machine lacks.
func needs(t *testing.T, dir string) {
	t.Helper()
	language := map[string]string{"stacks/notes-node": "nodejs", "stacks/notes-python": "python", "stacks/orders": "nodejs", "stacks/saga": "nodejs", "stacks/stream-processor": "python"}[filepath.ToSlash(dir)]
	if language == "" {
		return
	}
	runtimeID := map[string]string{"nodejs": "nodejs22.x", "python": "python3.13"}[language]
	if _, err := runtime.Interpreter(runtimeID); err != nil {
		t.Skipf("%v", err)
	}
	if filepath.Base(dir) == "saga" {
		return // its function has no use for the SDK
	}
	sdk, err := runtime.SDKDir(language)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(sdk); err != nil {
		t.Skipf("the AWS SDK of %s is not installed: tfserverless emulator runtime install %s", language, language)
	}
}

// each runs a test of one example under engines, with an emulator of its own each.
func each(t *testing.T, dir string, engines []engine, test func(*testing.T, *work)) {
	for _, e := range engines {
		t.Run(filepath.Base(dir)+"/"+e.name, func(t *testing.T) {
			if e.path == "" {
				t.Skipf("%s is not on PATH", e.name)
			}
			test(t, start(t, dir, e))
		})
	}
}

// A work is a copy of an example under way with one engine.
type work struct {
	*testing.T
	dir    string
	engine engine
	env    []string
	issuer *issuer // of the orders stack
}

func start(t *testing.T, dir string, e engine) *work {
	w := &work{T: t, dir: t.TempDir(), engine: e}
	if err := os.CopyFS(w.dir, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	os.RemoveAll(filepath.Join(w.dir, ".serverless")) // of somebody's demo
	_, whole := os.Stat(filepath.Join(w.dir, "main.tf"))
	if _, function := os.Stat(filepath.Join(w.dir, "function.tf")); whole != nil && function != nil {
		w.write("provider.tf", block)
	}
	rc := w.write("cli.tfrc", fmt.Sprintf("provider_installation {\n  dev_overrides {\n    %q = %q\n  }\n  direct {}\n}\n", "tfserverless/serverless", bin))
	w.env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+rc, "CHECKPOINT_DISABLE=1", "SERVERLESS_BACKEND=emulator", "AWS_EC2_METADATA_DISABLED=true")
	t.Cleanup(func() {
		stop := exec.Command(filepath.Join(bin, "tfserverless"), "emulator", "stop", "-data-dir", filepath.Join(w.dir, ".serverless"))
		if out, err := stop.CombinedOutput(); err != nil {
			t.Errorf("stopping the emulator: %v\n%s", err, out)
		}
	})
	return w
}

func (w *work) write(name, content string) string {
	w.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		w.Fatal(err)
	}
	return path
}

// label is the name of the example's first block of that kind.
func (w *work) label(kind string) string {
	w.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, kind+".tf"))
	if err != nil {
		w.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^` + kind + ` "[^"]+" "([^"]+)"`).FindSubmatch(text)
	if found == nil {
		w.Fatalf("%s.tf has no block %s", kind, kind)
	}
	return string(found[1])
}

// build makes the executable that a stack's function is, as make demo does.
func (w *work) build(dir string) {
	w.Helper()
	if _, err := os.Stat(filepath.Join(dir, "function")); err != nil {
		return
	}
	c := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -buildid=", "-o", filepath.Join(w.dir, "build", "bootstrap"), "./"+filepath.ToSlash(filepath.Join(dir, "function")))
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		w.Fatalf("building the function: %v\n%s", err, out)
	}
}

// run runs the engine and returns what it prints.
func (w *work) run(args ...string) string {
	w.Helper()
	c := exec.CommandContext(context.Background(), w.engine.path, args...)
	c.Dir, c.Env = w.dir, w.env
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		w.Fatalf("%s %s: %v\n%s%s", w.engine.name, strings.Join(args, " "), err, out.String(), errs.String())
	}
	return out.String()
}

// try runs the engine, which may end with an error, and returns all that it says.
func (w *work) try(args ...string) (string, error) {
	w.Helper()
	c := exec.CommandContext(context.Background(), w.engine.path, args...)
	c.Dir, c.Env = w.dir, w.env
	out, err := c.CombinedOutput()
	return string(out), err
}

// life applies, uses, plans again, which must show no change, and destroys.
func (w *work) life(use ...func()) {
	w.Helper()
	w.run("apply", "-auto-approve", "-no-color", "-input=false")
	for _, f := range use {
		f()
	}
	w.unchanged()
	w.run("destroy", "-auto-approve", "-no-color", "-input=false")
}

// unchanged plans, which must show no change. What a check block reads, terraform and
// tofu call a change in every plan; they say so behind each such reading.
func (w *work) unchanged() {
	w.Helper()
	out, err := w.try("plan", "-detailed-exitcode", "-no-color", "-input=false")
	if err == nil {
		return
	}
	readings := strings.Count(out, "# (config will be reloaded to verify a check block)")
	if w.engine.name == "tfserverless" || readings == 0 || readings != strings.Count(out, "\n  # data.") ||
		!strings.Contains(out, "Plan: 0 to add, 0 to change, 0 to destroy.") {
		w.Fatalf("the second plan of %s is not empty: %v\n%s", w.engine.name, err, out)
	}
}

// notes uses the notes stack: what is posted is got back, through the deployed
// URL, the function and the table.
func (w *work) notes() {
	w.Helper()
	url := strings.TrimSpace(w.run("output", "-raw", "url"))
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{http.MethodGet, "/notes/1", "", http.StatusNotFound, "no note 1"},
		{http.MethodPost, "/notes", `{"id":"1","text":"hello"}`, http.StatusCreated, "hello"},
		{http.MethodGet, "/notes/1", "", http.StatusOK, "hello"},
		{http.MethodPost, "/notes", `{}`, http.StatusBadRequest, "send"},
		{http.MethodGet, "/other", "", http.StatusNotFound, "Not Found"},
	} {
		req, err := http.NewRequest(c.method, url+c.path, strings.NewReader(c.body))
		if err != nil {
			w.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			w.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			w.Fatal(err)
		}
		if resp.StatusCode != c.status || !strings.Contains(string(got), c.want) {
			w.Errorf("%s %s: got %d %s, want %d with %q", c.method, c.path, resp.StatusCode, got, c.status, c.want)
		}
	}
}
