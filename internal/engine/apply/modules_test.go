package apply_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// moduleScenario has modules within modules, repeated in both ways, that shrink.
var moduleScenario = []string{
	`
module "outer" {
  source   = "./outer"
  for_each = toset(["a", "b"])
  name     = each.key
  base     = test_thing.base.id
}
resource "test_thing" "base" { name = "base" }
output "names" { value = { for k, m in module.outer : k => m.names } }
output "one" { value = module.outer["b"].names[0] }
output "nothing" { value = module.outer["a"].nothing }
` + moduleFiles, `
module "outer" {
  source   = "./outer"
  for_each = toset(["b", "c"])
  name     = each.key
  base     = test_thing.base.id
  n        = 1
}
resource "test_thing" "base" {
  name = "base"
  kind = "other"
}
output "names" { value = { for k, m in module.outer : k => m.names } }
`, `
resource "test_thing" "base" { name = "base" }
`,
}

const moduleFiles = `
-- outer/main.tf --
variable "name" {
  type = string
  validation {
    condition     = length(var.name) < 3
    error_message = "too long"
  }
}
variable "base" {}
variable "n" { default = 2 }
locals { here = "${var.name}-${var.base}" }
resource "test_thing" "top" { name = local.here }
module "inner" {
  source = "../inner"
  count  = var.n
  text   = "${count.index}-${test_thing.top.id}"
  secret = sensitive("hidden")
}
module "empty" { source = "../empty" }
output "names" { value = module.inner[*].text }
output "nothing" { value = module.empty }
-- inner/main.tf --
variable "text" {}
variable "secret" {}
data "test_lookup" "it" { key = var.text }
resource "test_thing" "leaf" {
  name   = data.test_lookup.it.value
  secret = var.secret
}
output "text" { value = test_thing.leaf.name }
-- empty/main.tf --
locals { x = 1 }
`

// waitingScenario has depends_on of and on modules, and create_before_destroy that
// reaches into one.
var waitingScenario = []string{
	`
module "first" {
  source = "./m"
  name   = "first"
}
module "second" {
  source     = "./m"
  name       = "second"
  depends_on = [module.first]
}
resource "test_thing" "last" {
  name       = "last"
  depends_on = [module.second]
}
-- m/main.tf --
variable "name" {}
variable "kind" { default = "x" }
resource "test_thing" "a" {
  name = var.name
  kind = var.kind
}
data "test_lookup" "d" { key = var.name }
resource "test_thing" "b" { name = "b ${data.test_lookup.d.value} ${test_thing.a.id}" }
output "id" { value = test_thing.b.id }
`, `
module "first" {
  source = "./m"
  name   = "first"
  kind   = "y"
}
module "second" {
  source     = "./m"
  name       = "second"
  depends_on = [module.first]
}
resource "test_thing" "last" {
  name       = "last ${module.first.id}"
  depends_on = [module.second]
  lifecycle { create_before_destroy = true }
}
`, `
module "second" {
  source = "./m"
  name   = "second"
}
`,
}

// moveScenario renames in every way that moved blocks know, in chains too.
var moveScenario = []string{
	`
resource "test_thing" "plain" { name = "plain" }
resource "test_thing" "counted" {
  count = 2
  name  = "counted-${count.index}"
}
resource "test_thing" "single" { name = "single" }
resource "test_thing" "user" { name = "user of ${test_thing.plain.id}" }
module "m" {
  source = "./m"
  count  = 2
}
module "n" { source = "./m" }
-- m/main.tf --
resource "test_thing" "x" { name = "x" }
`, `
resource "test_thing" "renamed" { name = "plain" }
moved {
  from = test_thing.plain
  to   = test_thing.between
}
moved {
  from = test_thing.between
  to   = test_thing.renamed
}
resource "test_thing" "counted" {
  for_each = { zero = 0, one = 1 }
  name     = "counted-${each.value}"
}
moved {
  from = test_thing.counted[0]
  to   = test_thing.counted["zero"]
}
moved {
  from = test_thing.counted[1]
  to   = test_thing.counted["one"]
}
resource "test_thing" "single" {
  count = 1
  name  = "single"
}
resource "test_thing" "user" { name = "user of ${test_thing.renamed.id}" }
module "o" {
  source = "./m"
  count  = 2
}
moved {
  from = module.m
  to   = module.o
}
moved {
  from = module.n
  to   = module.p["k"]
}
module "p" {
  source   = "./m"
  for_each = toset(["k"])
}
-- m/main.tf --
resource "test_thing" "y" { name = "x" }
moved {
  from = test_thing.x
  to   = test_thing.y
}
`, `
resource "test_thing" "single" { name = "single" }
resource "test_thing" "out" { name = "x" }
moved {
  from = module.p["k"].test_thing.y
  to   = test_thing.out
}
module "in" { source = "./in" }
moved {
  from = test_thing.renamed
  to   = module.in.test_thing.here
}
-- m/main.tf --
resource "test_thing" "y" { name = "x" }
-- in/main.tf --
resource "test_thing" "here" { name = "plain" }
`,
}

// providerScenario passes and inherits provider configurations. They say nothing,
// as terraform shares one provider that is attached among all of them.
var providerScenario = []string{
	`
terraform {
  required_providers {
    mine = { source = "hashicorp/test" }
  }
}
provider "mine" {}
provider "mine" { alias = "west" }
module "inherits" { source = "./m" }
module "given" {
  source    = "./m"
  providers = { test = mine.west }
}
module "both" {
  source    = "./both"
  providers = { test.a = mine, test.b = mine.west }
}
-- m/main.tf --
resource "test_thing" "x" { name = "x" }
module "deeper" { source = "../deeper" }
-- deeper/main.tf --
resource "test_thing" "x" { name = "deeper" }
-- both/main.tf --
terraform {
  required_providers {
    test = {
      source                = "hashicorp/test"
      configuration_aliases = [test.a, test.b]
    }
  }
}
resource "test_thing" "a" {
  provider = test.a
  name     = "a"
}
resource "test_thing" "b" {
  provider = test.b
  name     = "b"
}
`, `
terraform {
  required_providers {
    mine = { source = "hashicorp/test" }
  }
}
provider "mine" {}
provider "mine" { alias = "west" }
module "inherits" { source = "./m" }
`,
}

// removedScenario forgets what it does not destroy.
var removedScenario = []string{
	`
resource "test_thing" "kept" { name = "kept" }
resource "test_thing" "gone" { name = "gone" }
module "m" {
  source = "./m"
  count  = 2
}
-- m/main.tf --
resource "test_thing" "x" { name = "x" }
`, `
removed {
  from = test_thing.kept
  lifecycle { destroy = false }
}
removed {
  from = test_thing.gone
  lifecycle { destroy = true }
}
removed {
  from = module.m.test_thing.x
  lifecycle { destroy = false }
}
resource "test_thing" "other" { name = "other" }
`,
}

// importScenario takes over objects that were made and forgotten before.
var importScenario = []string{
	`
resource "test_thing" "a" { name = "a" }
resource "test_thing" "b" {
  name       = "b"
  depends_on = [test_thing.a]
}
resource "test_thing" "c" {
  name       = "c"
  kind       = "old"
  depends_on = [test_thing.b]
}
`, `
removed {
  from = test_thing.a
  lifecycle { destroy = false }
}
removed {
  from = test_thing.b
  lifecycle { destroy = false }
}
removed {
  from = test_thing.c
  lifecycle { destroy = false }
}
`, `
locals { names = { "id-1" = "a", "id-2" = "changed" } }
resource "test_thing" "x" {
  for_each = local.names
  name     = each.value
}
import {
  for_each = local.names
  to       = test_thing.x[each.key]
  id       = each.key
}
module "m" {
  source = "./m"
  count  = 1
}
import {
  to = module.m[0].test_thing.c
  id = "id-3"
}
-- m/main.tf --
resource "test_thing" "c" {
  name = "c"
  kind = "new"
}
`, `
locals { names = { "id-1" = "a", "id-2" = "changed" } }
resource "test_thing" "x" {
  for_each = local.names
  name     = each.value
}
import {
  for_each = local.names
  to       = test_thing.x[each.key]
  id       = each.key
}
`,
}

// typeScenario moves an object to another resource type of another provider.
var typeScenario = []string{
	`
resource "terraform_data" "a" { input = "x" }
resource "test_thing" "b" { name = "b ${terraform_data.a.id}" }
`, `
resource "test_thing" "a" { name = "moved" }
moved {
  from = terraform_data.a
  to   = test_thing.a
}
resource "test_thing" "b" { name = "b ${test_thing.a.id}" }
`,
}

// checkScenario has conditions of all kinds: that hold, that do not, and that are
// known only later.
var checkScenario = []string{
	`
variable "v" {
  default = 1
  validation {
    condition     = var.v > 0
    error_message = "not positive"
  }
}
resource "test_thing" "a" {
  count = 2
  name  = "a${count.index}"
  lifecycle {
    precondition {
      condition     = var.v == 1
      error_message = "must be 1"
    }
    postcondition {
      condition     = self.version == 1
      error_message = "must be new"
    }
  }
}
check "good" {
  data "test_lookup" "now" { key = "now" }
  assert {
    condition     = data.test_lookup.now.value == "value of now"
    error_message = "wrong value"
  }
}
check "bad" {
  assert {
    condition     = test_thing.a[0].name == "b"
    error_message = "it is ${test_thing.a[0].name}"
  }
  assert {
    condition     = test_thing.a[1].version > 1
    error_message = "old"
  }
}
output "o" {
  value = var.v
  precondition {
    condition     = test_thing.a[0].id != ""
    error_message = "no id"
  }
}
module "m" { source = "./m" }
-- m/main.tf --
check "inner" {
  assert {
    condition     = path.module != ""
    error_message = "elsewhere"
  }
}
`, `
resource "test_thing" "a" {
  count = 2
  name  = "a${count.index}"
}
`,
}

// TestProviderRepetition makes objects by the instances of a provider block, chosen
// by a resource itself and by the call of its module.
func TestProviderRepetition(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src := func(regions, more string) string {
		return `
variable "regions" { default = ` + regions + ` }
provider "test" {
  alias    = "by"
  for_each = var.regions
  prefix   = "${each.key}-${each.value}-"
}
` + more
	}
	users := `
resource "test_thing" "own" {
  for_each = var.users
  provider = test.by[each.key]
  name     = each.key
}
module "m" {
  source    = "./m"
  for_each  = var.users
  providers = { test = test.by[each.value] }
}
variable "users" { default = { a = "b", b = "a" } }
-- m/main.tf --
resource "test_thing" "x" { name = "x" }
module "n" { source = "../n" }
-- n/main.tf --
resource "test_thing" "y" { name = "y" }
`
	b.mustRun(src(`{ a = 1, b = 2 }`, users))
	got := map[string]string{}
	for _, e := range b.state.Entries() {
		var v struct{ ID string }
		if err := json.Unmarshal(e.Object.Attributes, &v); err != nil {
			t.Fatal(err)
		}
		got[e.Addr.String()] = e.Provider.String() + " " + v.ID[:4]
	}
	want := func(key, prefix string) string {
		return `provider["registry.terraform.io/hashicorp/test"].by["` + key + `"] ` + prefix
	}
	for at, w := range map[string]string{
		`test_thing.own["a"]`: want("a", "a-1-"), `test_thing.own["b"]`: want("b", "b-2-"),
		`module.m["a"].test_thing.x`: want("b", "b-2-"), `module.m["b"].module.n.test_thing.y`: want("a", "a-1-"),
	} {
		if got[at] != w {
			t.Errorf("%s: got %s, want %s", at, got[at], w)
		}
	}
	// The state says it per instance, as OpenTofu writes it.
	file, err := state.Decode(encode(t, b.state))
	if err != nil {
		t.Fatal(err)
	}
	b.state = file.State
	if _, p := b.mustPlan(""); !p.Empty() {
		t.Errorf("got %s", actions(p))
	}
	// What a provider made is destroyed by it, as long as it is there.
	b.write("main.tf", src(`{ a = 1, b = 2 }`, users))
	b.write("terraform.tfvars", `users = { a = "b" }`)
	b.mustRun("")
	if n := len(b.state.Entries()); n != 3 {
		t.Errorf("got %d objects, want 3", n)
	}
	b.write("terraform.tfvars", "users = {}\nregions = { a = 1 }")
	if _, _, diags := b.plan(""); !strings.Contains(text(diags), "Provider instance not present") {
		t.Errorf("got %s", text(diags))
	}
	for more, want := range map[string]string{
		"resource \"test_thing\" \"a\" {\n  provider = test.by\n  name = \"a\"\n}":        "Provider instance not chosen",
		"resource \"test_thing\" \"a\" {\n  provider = test[\"a\"]\n  name = \"a\"\n}":    "Unexpected provider instance key",
		"resource \"test_thing\" \"a\" {\n  provider = test.by[\"c\"]\n  name = \"a\"\n}": "Provider instance not present",
	} {
		c := newBench(t)
		if _, _, diags := c.plan(src(`{ a = 1 }`, more)); !strings.Contains(text(diags), want) {
			t.Errorf("%s: got %s, want %s", more, text(diags), want)
		}
	}
}
